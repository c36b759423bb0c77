// The traces of the runs on an instance. A trace is a flat list: time, value, time, value, ...

function steps(flat, start, end) {
  const x = [];
  const y = [];
  for (let at = 0; at < flat.length; at += 2) {
    x.push(Math.max(flat[at], start));
    y.push(flat[at + 1]);
  }
  if (x.length) {
    x.push(Math.max(end, x.at(-1)));
    y.push(y.at(-1));
  }
  return { x, y };
}

function valueAt(flat, time) {
  let value = Infinity;
  for (let at = 0; at < flat.length && flat[at] <= time; at += 2) value = flat[at + 1];
  return value;
}

// Median over runs at each moment one of them improves; a run without an answer has an infinite one.
function medianSteps(runs) {
  const traces = runs.map((run) => run.objectives);
  const times = [...new Set(traces.flatMap((flat) => flat.filter((_, at) => at % 2 === 0)))].sort((a, b) => a - b);
  const flat = [];
  for (const time of times) {
    const values = traces.map((trace) => valueAt(trace, time)).sort((a, b) => a - b);
    const median = (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2;
    if (Number.isFinite(median) && median !== flat.at(-1)) flat.push(time, median);
  }
  return flat;
}

function drawTraces(data, place, instance, runs) {
  const times = runs.flatMap((run) => [...run.objectives, ...run.bounds].filter((_, at) => at % 2 === 0));
  const positive = times.filter((time) => time > 0);
  const first = Math.max(data.timeLimit * 1e-6, Math.min(data.timeLimit / 10, ...positive));
  const start = 10 ** Math.floor(Math.log10(first));
  const last = Math.max(data.timeLimit, ...runs.map((run) => run.runtime));
  const traces = data.solvers.flatMap((look) => tracesOf(look, runs.filter((run) => run.solver === look), start));
  const layout = structuredClone(data.traceAxes[instance.kind].layout);
  layout.xaxis.range = [Math.log10(start), Math.log10(last * 1.05)];
  const { value, proven, infeasible } = instance.reference;
  if (value !== null && !infeasible) addReference(layout, value, proven ? "optimum" : "best known");
  draw(place, traces, layout);
}

function tracesOf(look, runs, start) {
  const common = { mode: "lines", legendgroup: look.name, type: "scatter" };
  const line = (width, dash) => ({ color: look.color, width, dash, shape: "hv" });
  const traces = [];
  for (const run of runs) {
    const label = `${plain(look.name)}, seed ${run.seed}`;
    if (run.objectives.length) {
      const { x, y } = steps(run.objectives, start, run.runtime);
      traces.push({
        ...common, x, y, name: label, mode: "lines+markers", line: line(1, "solid"), opacity: runs.length > 1 ? 0.45 : 1,
        marker: { symbol: look.symbol, size: x.map((_, at) => (at === x.length - 1 ? 7 : 0)), color: look.color },
        hovertemplate: "%{y} after %{x:.3~g} s",
      });
    }
    if (run.bounds.length) {
      const { x, y } = steps(run.bounds, start, run.runtime);
      traces.push({ ...common, x, y, name: `${label}, bound`, line: line(1.2, "dot"), opacity: 0.8, hovertemplate: "bound %{y} after %{x:.3~g} s" });
    }
  }
  const median = medianSteps(runs);
  if (median.length && runs.length > 1) {
    const end = Math.max(...runs.map((run) => run.runtime));
    const { x, y } = steps(median, start, end);
    traces.push({ ...common, x, y, name: `${plain(look.name)}, median`, line: line(3, look.dash), hovertemplate: "median %{y} after %{x:.3~g} s" });
  }
  return traces;
}

function addReference(layout, value, word) {
  const color = getComputedStyle(document.documentElement).getPropertyValue("--muted").trim();
  layout.shapes = [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: value, y1: value, layer: "below", line: { color, width: 1.5, dash: "longdash" } }];
  layout.annotations = [{
    xref: "paper", x: 0.005, xanchor: "left", y: value, yanchor: "bottom", showarrow: false,
    text: `${word} ${number(value)}`, font: { size: 12, color },
  }];
}
