// The page as a whole: what is shown, and how the address says so.

const data = JSON.parse(document.getElementById("data").textContent);
const overview = document.getElementById("overview");
const view = document.getElementById("instance");
const title = document.title;
const WENT_WRONG = new Set(["crashed", "wrong", "unreadable", "out of memory"]);
const AT_ONCE = 200;
let overviewScroll = 0;

function showFigures() {
  for (const place of document.querySelectorAll("[data-figure]")) {
    const { data: traces, layout } = data.figures[place.dataset.figure];
    draw(place, traces, layout);
  }
  document.querySelectorAll("#overview .legend").forEach(connectLegend);
}

function showInstances() {
  const table = instanceTable(data, data.instances);
  document.getElementById("instance-table").append(table);
  const rows = [...table.tBodies[0].rows];
  const texts = data.instances.map(({ name, kind, tags }) => [name, kind, ...tags].join(" ").toLowerCase());
  const input = document.getElementById("filter");
  const wanted = new Set();
  const filter = () => {
    const parts = input.value.toLowerCase().split(/\s+/);
    let shown = 0;
    data.instances.forEach(({ tags }, at) => {
      const fits = parts.every((part) => texts[at].includes(part)) && [...wanted].every((tag) => tags.includes(tag));
      rows[at].hidden = !fits;
      shown += fits;
    });
    document.getElementById("shown").textContent = `${shown} of ${rows.length}`;
  };
  const tags = [...new Set(data.instances.flatMap((instance) => instance.tags))].sort();
  document.getElementById("tags").append(...tags.map((tag) => element("button", {
    type: "button", class: "chip", "aria-pressed": "false",
    onclick: ({ currentTarget }) => {
      if (!wanted.delete(tag)) wanted.add(tag);
      currentTarget.setAttribute("aria-pressed", String(wanted.has(tag)));
      filter();
    },
  }, tag)));
  input.addEventListener("input", filter);
  filter();
}

function showWrongRuns() {
  const place = document.getElementById("wrong-table");
  const wrong = data.instances.flatMap((instance) => runsOf(data, instance)).filter((run) => WENT_WRONG.has(run.outcome));
  if (!wrong.length) {
    place.append(element("p", { class: "muted" }, "None: no run crashed, ran out of memory, or gave an answer that is wrong or unreadable."));
    return;
  }
  const columns = runColumns(data);
  const pick = (heading) => columns.find((column) => column.heading === heading);
  const instance = { heading: "Instance", cell: (run) => ({ order: run.instance, content: linkTo(run.instance) }) };
  const chosen = [pick("Solver"), instance, ...["Seed", "Outcome", "Clock, s", "MB", "Message", "Key"].map(pick)];
  const show = (runs) => {
    const scroll = element("div", { class: "scroll" }, sortableTable(chosen, runs, "Runs that went wrong"));
    place.replaceChildren(scroll);
  };
  show(wrong.slice(0, AT_ONCE));
  if (wrong.length > AT_ONCE) {
    const more = element("button", { type: "button", class: "more", onclick: () => show(wrong) }, `Show all ${wrong.length}, not only the first ${AT_ONCE}`);
    place.append(more);
  }
}

function wantedInstance() {
  const match = /^#instance=(.*)$/.exec(location.hash);
  if (!match) return null;
  try {
    return decodeURIComponent(match[1]);
  } catch {
    return match[1];
  }
}

function route() {
  const name = wantedInstance();
  const leaving = !overview.hidden;
  if (name !== null && leaving) overviewScroll = window.scrollY;
  overview.hidden = name !== null;
  view.hidden = name === null;
  if (name === null) {
    document.title = title;
    if (!leaving) window.scrollTo(0, overviewScroll);
    return;
  }
  document.title = `${name} \u2013 ${title}`;
  showInstance(data, view, name);
  window.scrollTo(0, 0);
  view.querySelector("h1")?.focus({ preventScroll: true });
}

document.querySelectorAll("table.sortable").forEach(makeSortable);
showFigures();
showInstances();
showWrongRuns();
window.addEventListener("hashchange", route);
route();
