"use strict";
// Elements and figures. Names come from outside, so text is set as text, never as markup.

function element(name, properties = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (key === "class") made.className = value;
    else if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

const NONE = "\u2013";

// Whole numbers whole, others to six digits or more.
function number(value) {
  if (value === null) return NONE;
  if (Number.isInteger(value)) return String(value);
  return String(Number(Math.abs(value) < 1e6 ? value.toPrecision(6) : value.toFixed()));
}

function percent(value) {
  return value === null ? NONE : `${(100 * value).toFixed(2)}%`;
}

function seconds(value) {
  return value === null ? NONE : value.toFixed(3);
}

function duration(value) {
  if (value < 1) return `${Number((1000 * value).toPrecision(3))} ms`;
  return value < 120 ? `${Number(value.toPrecision(3))} s` : `${Number((value / 60).toPrecision(3))} min`;
}

function swatch(look) {
  const dashes = { solid: "none", dash: "6 3", dot: "2 3", dashdot: "7 3 2 3" };
  const space = "http://www.w3.org/2000/svg";
  const picture = document.createElementNS(space, "svg");
  const line = document.createElementNS(space, "line");
  const set = (node, values) => Object.entries(values).forEach(([key, value]) => node.setAttribute(key, value));
  set(picture, { class: "swatch", viewBox: "0 0 22 8", "aria-hidden": "true" });
  set(line, { x1: 0, y1: 4, x2: 22, y2: 4, stroke: look.color, "stroke-width": 3, "stroke-dasharray": dashes[look.dash] });
  picture.append(line);
  return picture;
}

function outcomeLabel(outcome) {
  return element("span", {}, element("i", { class: `dot ${outcome.replaceAll(" ", "-")}` }), outcome);
}
