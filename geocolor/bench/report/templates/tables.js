// Tables whose columns sort. A cell is sorted by its data-order, empty ones last either way.

function makeSortable(table) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    const button = heading.querySelector("button");
    if (button) button.addEventListener("click", () => sortBy(table, headings, column));
  });
}

function sortBy(table, headings, column) {
  const heading = headings[column];
  const before = heading.getAttribute("aria-sort");
  const first = "descending" in heading.dataset ? "descending" : "ascending";
  const other = first === "ascending" ? "descending" : "ascending";
  const direction = before === first ? other : first;
  headings.forEach((one) => one.hasAttribute("aria-sort") && one.setAttribute("aria-sort", "none"));
  heading.setAttribute("aria-sort", direction);
  const keyed = [...table.tBodies[0].rows].map((row) => [row.cells[column].dataset.order ?? "", row]);
  const numeric = keyed.every(([key]) => key === "" || Number.isFinite(Number(key)));
  const sign = direction === "ascending" ? 1 : -1;
  const collator = new Intl.Collator("en", { numeric: true });
  keyed.sort(([a], [b]) => {
    if (a === "" || b === "") return (a === "") - (b === "");
    return sign * (numeric ? a - b : collator.compare(a, b));
  });
  table.tBodies[0].append(...keyed.map(([, row]) => row));
}

// Columns: {heading, title, figure, descending, cell(item) -> {order, content, class, title}}.
function sortableTable(columns, items, label) {
  const headings = columns.map(({ heading, title, figure, descending, look }) => {
    const button = element("button", { type: "button", title });
    if (look) button.append(swatch(look));
    button.append(heading);
    const classes = figure ? "figure" : null;
    return element("th", { scope: "col", "aria-sort": "none", class: classes, "data-descending": descending }, button);
  });
  const rows = items.map((item) => {
    const cells = columns.map(({ cell, figure, row }) => {
      const { order, content, title, style, ...more } = cell(item);
      const classes = [figure ? "figure" : "", more.class ?? ""].join(" ").trim();
      const made = element(row ? "th" : "td", { scope: row ? "row" : null, class: classes || null, title }, content);
      made.dataset.order = order ?? "";
      if (style) made.style.setProperty(...style);
      return made;
    });
    return element("tr", {}, ...cells);
  });
  const table = element(
    "table",
    { class: "sortable", "aria-label": label },
    element("thead", {}, element("tr", {}, ...headings)),
    element("tbody", {}, ...rows),
  );
  makeSortable(table);
  return table;
}
