// La tabla: lo que cuelga de una carpeta, con lo que se despliega dentro. Una fila es la misma cosa que su rectángulo.

const MOST_ROWS = 200;
const spanish = new Intl.Collator("es");
const byName = (a, b) => spanish.compare(a.name, b.name);
const COLUMNS = [["name", "Nombre"], ["bytes", "Tamaño"], ["", "%"], ["", "Capa"], ["", "Origen"], ["", "Cambio"]];

function table(act) {
  const box = element("div", "mte-table");
  const grid = element("table", "", "", { role: "treegrid", "aria-label": "Lo que hay aquí dentro" });
  const head = element("tr", "", "", { role: "row" });
  const body = element("tbody", "", "", { role: "rowgroup" });
  const top = element("thead", "", "", { role: "rowgroup" });
  const sorts = COLUMNS.map(([field, title]) => {
    const cell = element("th", field ? "" : "mte-th", field ? "" : title, { role: "columnheader", scope: "col" });
    if (field) cell.append(button("mte-sort", title, () => act.sort(field)));
    head.append(cell);
    return [field, cell];
  });
  top.append(head);
  grid.append(top, body);
  const more = element("p", "mte-soft mte-more");
  box.append(grid, more);
  let [rows, chosen] = [[], ""];

  function cells(row, sight, level, whole, told) {
    const name = element("td", "mte-name", "", { role: "gridcell" });
    name.style.paddingLeft = `${level * 14 + 4}px`;
    const twist = element("span", "mte-twist", sight.open ? (row.ariaExpanded === "true" ? "▾" : "▸") : "");
    twist.addEventListener("click", (event) => {
      event.stopPropagation();
      act.toggle(sight);
    });
    name.append(twist, element("span", `mte-swatch ${told.fill(sight)}`), element("span", "mte-what", told.name(sight)));
    name.title = sight.path ? `/${sight.path}` : sight.name;
    const share = whole ? (100 * sight.bytes) / whole : 0;
    const part = element("td", "mte-share", sight.bytes && share < 0.05 ? "< 0,1" : number(share, share < 10 ? 1 : 0), { role: "gridcell" });
    part.style.setProperty("--mte-part", `${Math.min(share, 100)}%`);
    const text = [size(sight.bytes), null, told.layer(sight), told.origin(sight), told.change(sight)];
    row.append(name, ...text.map((words) => (words === null ? part : element("td", "", words, { role: "gridcell" }))));
  }

  function add(sight, level, whole, told, expanded) {
    const row = element("tr", "mte-row", "", { role: "row", "aria-level": level + 1, "aria-selected": false, tabindex: -1 });
    if (sight.open) row.ariaExpanded = String(expanded.has(sight.key));
    row.sight = sight;
    cells(row, sight, level, whole, told);
    row.addEventListener("click", () => act.select(sight));
    row.addEventListener("dblclick", () => act.enter(sight));
    rows.push(row);
  }

  function draw(sight, told, expanded, sorting) {
    const focused = body.contains(document.activeElement);
    rows = [];
    let cut = 0;
    const order = ([field, down]) => (a, b) => (a.kind === "r") - (b.kind === "r") || (field === "name" ? byName(a, b) : a.bytes - b.bytes || byName(b, a)) * (down ? -1 : 1);
    function fill(kids, level) {
      for (const kid of [...kids].sort(order(sorting))) {
        if (rows.length >= MOST_ROWS && kid.kind !== "r") {
          cut += 1;
          continue;
        }
        add(kid, level, sight.bytes, told, expanded);
        if (kid.open && expanded.has(kid.key)) fill(kid.kids, level + 1);
      }
    }
    fill(sight.kids, 0);
    body.replaceChildren(...rows);
    for (const [field, cell] of sorts) {
      if (!field) continue;
      if (field === sorting[0]) cell.setAttribute("aria-sort", sorting[1] ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    }
    setText(more, cut ? `Se ven ${MOST_ROWS} filas de ${number(MOST_ROWS + cut)}: ordénalas de otro modo, entra en una carpeta o busca.` : rows.length ? "" : told.empty);
    more.hidden = !more.textContent;
    mark(chosen);
    if (focused) rows.find((row) => row.tabIndex === 0)?.focus();
  }

  function mark(key) {
    chosen = key;
    let current = rows.find((row) => row.sight.key === key);
    for (const row of rows) row.ariaSelected = String(row === current);
    current ??= rows[0];
    for (const row of rows) row.tabIndex = row === current ? 0 : -1;
    return current;
  }

  body.addEventListener("keydown", (event) => {
    const at = rows.indexOf(document.activeElement);
    if (at < 0) return;
    const { sight } = rows[at];
    const expanded = rows[at].ariaExpanded;
    const steps = { ArrowDown: 1, ArrowUp: -1, Home: -at, End: rows.length - 1 - at, PageDown: 10, PageUp: -10 };
    if (event.key in steps) {
      const next = rows[Math.max(0, Math.min(rows.length - 1, at + steps[event.key]))];
      next.focus();
      act.select(next.sight);
    } else if (event.key === "ArrowRight" && expanded === "false") act.toggle(sight);
    else if (event.key === "ArrowLeft" && expanded === "true") act.toggle(sight);
    else if (event.key === "Enter") act.enter(sight);
    else return;
    event.preventDefault();
  });
  return { box, draw, mark, focus: () => rows.find((row) => row.tabIndex === 0)?.focus() };
}
