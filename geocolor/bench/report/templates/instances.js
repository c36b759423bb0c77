// The table of instances, and the view of one: its facts, its traces, its runs.

function named(fields, list) {
  return Object.fromEntries(fields.map((field, place) => [field, list[place]]));
}

function runsOf(data, instance) {
  const runs = instance.runs.map((list) => {
    const run = named(data.runFields, list);
    for (const field of ["outcome", "status", "stop", "message", "host"]) run[field] = data.words[run[field]];
    return { ...run, instance: instance.name, solver: data.solvers[run.solver], place: run.solver };
  });
  return runs.sort((a, b) => a.place - b.place || a.seed - b.seed);
}

function addressOf(name) {
  return `#instance=${encodeURIComponent(name)}`;
}

function linkTo(name) {
  return element("a", { href: addressOf(name) }, name);
}

function referenceText({ value, infeasible }) {
  return infeasible ? "infeasible" : number(value);
}

function sourceText(reference) {
  if (reference.infeasible) return "no answer exists";
  if (reference.value === null) return "nobody has an answer";
  const proof = reference.proven ? "proven" : "not proven";
  return `${proof}, ${reference.source}${reference.by ? ` (${reference.by})` : ""}`;
}

function sizeText(instance) {
  return instance.k === null ? instance.kind : `${instance.kind}, k = ${instance.k}`;
}

function solverCell(cell) {
  if (!cell) return { order: "", content: NONE, class: "muted", title: "no run" };
  const { best, median, gap, runs, reached, proofs } = cell;
  const text = element("span", {}, best === median ? number(best) : `${number(best)} / ${number(median)}`);
  if (cell.wrong) text.append(element("small", {}, `${cell.wrong} wrong`));
  const title = `best ${number(best)}, median ${number(median)}, mean gap ${percent(gap)}, ` +
    `${reached} of ${runs} runs reached the target, ${proofs} with a proof, ${cell.wrong} wrong`;
  const style = gap ? ["--gap", Math.sqrt(gap)] : null;
  const classes = [gap ? "gap" : "", reached === runs ? "reached" : ""].join(" ").trim();
  return { order: gap, content: text, title, style, class: classes };
}

function instanceTable(data, instances) {
  const cells = new Map(instances.map((instance) => {
    const found = instance.cells.map((list) => named(data.cellFields, list));
    return [instance, new Map(found.map((cell) => [cell.solver, cell]))];
  }));
  const columns = [
    { heading: "Instance", row: true, cell: (one) => ({ order: one.name, content: linkTo(one.name) }) },
    { heading: "Problem", cell: (one) => ({ order: sizeText(one), content: sizeText(one) }) },
    { heading: "Nodes", figure: true, cell: (one) => ({ order: one.nodes, content: one.nodes }) },
    {
      heading: "Best known", figure: true, title: "Best value known beforehand or found by any run.",
      cell: ({ reference }) => ({ order: reference.value, content: referenceText(reference) }),
    },
    {
      heading: "Whose it is",
      cell: ({ reference }) => {
        const text = sourceText(reference);
        return { order: text, content: element("span", { class: "short" }, text), class: "muted", title: text };
      },
    },
    ...data.solvers.map((look, place) => ({
      heading: look.name, look, figure: true, title: "Best / median objective; sorted by mean gap.",
      cell: (one) => solverCell(cells.get(one).get(place)),
    })),
  ];
  return sortableTable(columns, instances, "Instances");
}

function runColumns({ timeLimit }) {
  const figure = (heading, of, write, title) => ({
    heading, title, figure: true, cell: (run) => ({ order: of(run), content: write(of(run)) }),
  });
  return [
    {
      heading: "Solver", row: true,
      cell: ({ solver }) => ({ order: solver.name, content: element("span", {}, swatch(solver), solver.name) }),
    },
    figure("Seed", (run) => run.seed, String),
    { heading: "Outcome", cell: ({ outcome }) => ({ order: outcome, content: outcomeLabel(outcome) }) },
    {
      heading: "Status", title: "In the solver's words, with why it stopped.",
      cell: ({ status, stop }) => {
        const text = [status, stop].filter(Boolean).join(", ").toLowerCase();
        return { order: text, content: text || NONE };
      },
    },
    figure("Objective", (run) => run.objective, number),
    figure("Bound", (run) => run.bound, number, "Lower bound, as the solver claims it."),
    figure("Gap", (run) => run.gap, percent, "To the best known value."),
    figure("To target, s", (run) => run.toTarget, seconds, "Seconds until the target was reached."),
    figure("To proof, s", (run) => run.toProof, seconds, "Seconds until there was a proof."),
    figure("Clock, s", (run) => run.runtime, seconds, `Seconds on the clock; the limit is ${duration(timeLimit)}.`),
    figure("Setup, s", (run) => run.setup, seconds, "Seconds before the clock."),
    figure("CPU, s", (run) => run.cpu, seconds, "Processor seconds, setup included."),
    figure("MB", (run) => run.memory, (bytes) => (bytes / 1e6).toFixed(0), "Most memory seen."),
    { heading: "Message", cell: ({ message }) => ({ order: message, content: message, class: "message" }) },
    {
      heading: "Key", title: "Begins the run's key in the journal.",
      cell: ({ key, host }) => ({ order: key, content: element("code", {}, key), title: host ? `on ${host}` : null }),
    },
  ];
}

function instanceFacts(instance) {
  const { reference, known } = instance;
  const fact = (name, value) => [element("dt", {}, name), element("dd", {}, value)];
  return element(
    "dl",
    {},
    ...fact("Problem", sizeText(instance)),
    ...fact("Size", `${instance.nodes} nodes, ${instance.conflicts} conflicts, ${instance.weights} weights`),
    ...fact("Best known", `${referenceText(reference)}: ${sourceText(reference)}`),
    ...(known ? fact("Known beforehand", `${number(known.value)}, ${known.proven ? "proven" : "not proven"}${known.by ? ` (${known.by})` : ""}`) : []),
    ...(instance.tags.length ? fact("Tags", instance.tags.join(", ")) : []),
    ...fact("File", instance.file),
    ...fact("Fingerprint", element("code", {}, instance.fingerprint)),
  );
}

function showInstance(data, place, name) {
  for (const plot of place.querySelectorAll(".plot")) discard(plot);
  const at = data.instances.findIndex((instance) => instance.name === name);
  const back = element("a", { href: "#", class: "home" }, "\u2190 All instances");
  if (at < 0) {
    place.replaceChildren(element("nav", { class: "back" }, back), element("p", { class: "notice" }, `There is no instance named ${name} here.`));
    return;
  }
  const instance = data.instances[at];
  const neighbour = (step, text) => {
    const other = data.instances[at + step];
    return other ? element("a", { href: addressOf(other.name), title: other.name }, text) : null;
  };
  const runs = runsOf(data, instance);
  const parts = [
    element("nav", { class: "back", "aria-label": "Instances" }, back, neighbour(-1, "Previous"), neighbour(1, "Next")),
    element("p", { class: "kicker" }, "Instance"),
    element("h1", { tabindex: "-1" }, name),
    instanceFacts(instance),
  ];
  place.replaceChildren(...parts);
  if (runs.length) {
    const plot = element("div", { class: "plot tall", role: "img", "aria-label": "Objective over time" });
    const legend = element("div", { class: "legend", role: "group", "aria-label": "Solvers shown in the figure" });
    const taking = data.solvers.filter((look) => runs.some((run) => run.solver === look));
    legend.append(...taking.map((look) => element("button", { type: "button", "data-solver": look.name, title: "Click: show or hide. Double click: show this one alone, or all." }, swatch(look), look.name)));
    connectLegend(legend);
    place.append(
      element("h2", {}, "Objective over time"),
      element("p", { class: "footnote" }, "Thin: a run each, with a mark where it ended. Thick: median over seeds, where more than half have an answer. Dotted: lower bounds, as claimed. Lower is better."),
      legend,
      plot,
      element("h2", {}, "Runs"),
      element("div", { class: "scroll" }, sortableTable(runColumns(data), runs, "Runs")),
    );
    drawTraces(data, plot, instance, runs);
  } else {
    place.append(element("p", { class: "notice" }, "There is no run on this instance yet."));
  }
}
