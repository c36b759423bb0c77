// Figures by plotly, dressed in the page's colors, one switch for a solver in all of them.

const hiddenSolvers = new Set();
const drawn = new Set();
const options = { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"] };

function dress(layout) {
  const style = getComputedStyle(document.documentElement);
  const color = (name) => style.getPropertyValue(name).trim();
  const axis = (given) => ({
    ...given, gridcolor: color("--line"), linecolor: color("--muted"), tickcolor: color("--muted"),
    tickfont: { size: 12 }, title: { ...given.title, font: { size: 12.5 } },
  });
  return {
    ...layout,
    font: { family: getComputedStyle(document.body).fontFamily, size: 12.5, color: color("--ink") },
    xaxis: axis(layout.xaxis),
    yaxis: axis(layout.yaxis),
    hoverlabel: { font: { size: 12.5 } },
    modebar: { bgcolor: "rgba(0,0,0,0)", color: color("--muted"), activecolor: color("--ink") },
    showlegend: false,
  };
}

// Traces carry their solver in `legendgroup`.
function draw(place, data, layout) {
  const traces = data.map((trace) => ({ ...trace, visible: !hiddenSolvers.has(trace.legendgroup) }));
  place.bareLayout = layout;
  drawn.add(place);
  return Plotly.react(place, traces, dress(layout), options);
}

function discard(place) {
  drawn.delete(place);
  Plotly.purge(place);
}

function drawAgain() {
  for (const place of drawn) draw(place, place.data, place.bareLayout);
}

function markLegends() {
  for (const button of document.querySelectorAll(".legend button")) {
    button.setAttribute("aria-pressed", String(!hiddenSolvers.has(button.dataset.solver)));
  }
  drawAgain();
}

// A double click is two clicks first, which undo each other.
function connectLegend(legend) {
  const buttons = [...legend.querySelectorAll("button")];
  const names = buttons.map((button) => button.dataset.solver);
  for (const button of buttons) {
    const { solver } = button.dataset;
    button.setAttribute("aria-pressed", String(!hiddenSolvers.has(solver)));
    button.addEventListener("click", () => {
      if (!hiddenSolvers.delete(solver)) hiddenSolvers.add(solver);
      markLegends();
    });
    button.addEventListener("dblclick", () => {
      const others = names.filter((name) => name !== solver);
      const alone = others.every((name) => hiddenSolvers.has(name));
      hiddenSolvers.delete(solver);
      others.forEach((name) => (alone ? hiddenSolvers.delete(name) : hiddenSolvers.add(name)));
      markLegends();
    });
  }
}

// Plotly reads names and texts as a markup of its own.
function plain(text) {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
// Paper is white. The figures are drawn before the style of the print applies.
for (const [event, printing] of [["beforeprint", true], ["afterprint", false]]) {
  window.addEventListener(event, () => {
    document.documentElement.classList.toggle("printing", printing);
    drawAgain();
  });
}
