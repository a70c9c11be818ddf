// Dibuja la comparación que manda Python. Aquí solo se elige la medida y la escala, y se señala un tramo.

const FEW_CHANGES = 3; // con más, van juntas en un desplegable
const exact = (bytes) => count(bytes, "byte", "bytes");

function render({ model, el, kernel }) {
  const root = panel(el, "mtc");
  const header = headPanel(model, root, kernel, (title) => {
    const measure = chosen();
    title.replaceChildren(measure.headline, element("span", "", ` ·\u00a0${measure.name}`));
  });
  const progress = progressPanel(model, "progress", kernel, "Avance de la medida", () => drawHead());

  const controls = element("div", "mtc-controls");
  const known = model.get("head").measures;
  const measures = choice(model, "measure", "Medida", known.map(({ key, name }) => [key, name]));
  const splits = new Map(known.map(({ key, name, splits: [...options] }) => {
    const group = choice(model, `${key}_split`, "Reparto", options.map(([value, label]) => [value, label]));
    return [key, group];
  }));
  const scales = choice(model, "relative", "Escala", [[false, "Tamaño"], [true, "100 %"]]);
  const meaning = element("p", "mtc-meaning");
  controls.append(measures.box, ...[...splits.values()].map(({ box }) => box), scales.box, meaning);

  const key = element("ul", "mtc-legend mtc-key"); // con muchas imágenes, una leyenda para todas
  const chart = element("div", "mtc-chart");
  const guess = element("p", "mtc-guess");
  const effects = element("div", "mtc-effects");
  const about = { tabindex: 0, role: "group", "aria-label": "Tabla de la comparación" };
  const scroller = element("div", "mtc-scroll", "", about);
  const twin = details("mtc-twin", "Ver como tabla", scroller);
  const tip = element("div", "mtc-tip", "", { "aria-hidden": true }); // lo mismo está en la etiqueta de cada tramo
  tip.hidden = true;
  const changes = element("div", "mtc-changes");
  root.append(header.box, progress.box, header.reason, controls, key, chart, guess, effects, changes, twin, header.notes, tip);

  let rows = [];
  const chosen = () => model.get("head").measures.find(({ key }) => key === model.get("measure"));

  const split = () => model.get(`${model.get("measure")}_split`);
  const parts = (figure) => (figure ? figure.splits[split()] || figure.splits[chosen().splits[0][0]] : []);
  const compact = () => rows.length > model.get("head").many;
  const idOf = ([name, , , , id]) => id || name;

  function point(part, target) {
    root.querySelectorAll("[data-part]").forEach((node) => {
      node.classList.toggle("mtc-dim", Boolean(part) && node.dataset.part !== part);
    });
    tip.hidden = !target || !target.dataset.tip;
    if (tip.hidden) return;
    const [head, ...rest] = target.dataset.tip.split("\n");
    tip.replaceChildren(element("strong", "", head), ...rest.map((line) => element("div", "", line)));
    const box = root.getBoundingClientRect();
    const place = target.getBoundingClientRect();
    const left = place.left - box.left + place.width / 2 - tip.offsetWidth / 2;
    tip.style.left = `${Math.max(4, Math.min(left, box.width - tip.offsetWidth - 6))}px`;
    tip.style.top = `${place.top - box.top - tip.offsetHeight - 6}px`;
  }

  const over = (event) => {
    const target = event.target.closest && event.target.closest("[data-part]");
    point(target ? target.dataset.part : "", target);
  };
  const leave = () => {
    const focused = root.contains(document.activeElement) && document.activeElement.closest("[data-part]");
    point(focused ? focused.dataset.part : "", focused);
  };
  chart.addEventListener("pointerover", over);
  chart.addEventListener("pointerleave", leave);
  chart.addEventListener("focusin", over);
  chart.addEventListener("focusout", () => point("", null));
  chart.addEventListener("keydown", (event) => {
    if (event.key === "Escape") return point("", null);
    const moves = { ArrowLeft: -1, ArrowRight: 1, Home: -99, End: 99 };
    const parts = [...(event.target.closest(".mtc-bar")?.children || [])];
    if (!(event.key in moves) || !parts.length) return;
    event.preventDefault();
    const at = parts.indexOf(event.target) + moves[event.key];
    const next = parts[Math.max(0, Math.min(at, parts.length - 1))];
    parts.forEach((part) => (part.tabIndex = part === next ? 0 : -1));
    next.focus();
  });

  function segment(row, measure, figure, part, first) {
    const [name, paint, bytes, share, , said] = part;
    const more = said ? `; ${said}` : "";
    const label = `${name}: ${size(bytes)}, ${share} de ${figure.size} de ${measure.name}; ${exact(bytes)}${more}`;
    const node = element("div", `mtc-part mt-${paint}`, "", { role: "img", "aria-label": label });
    node.style.flexGrow = bytes;
    node.dataset.part = idOf(part);
    node.dataset.tip = [name, `${size(bytes)} · ${share} de ${row.name}`, `${exact(bytes)} · ${measure.name}`, said]
      .filter(Boolean).join("\n");
    node.tabIndex = first ? 0 : -1;
    node.append(element("span", "", share));
    return node;
  }

  function legendItem(part) {
    const [name, paint, bytes, share, , said] = part;
    const item = element("li", bytes ? "" : "mtc-none");
    item.dataset.part = idOf(part);
    const what = element("span", "mtc-what", name);
    if (said) what.append(element("small", "", said));
    item.append(element("i", `mtc-swatch mt-${paint}`), what);
    item.append(element("b", "", size(bytes)), element("span", "mtc-share", bytes ? share : ""));
    return item;
  }

  function waste([sentence, ...blames]) {
    const box = element("div", "mtc-waste");
    box.append(element("p", "", sentence));
    const list = element("ul");
    list.append(...blames.map((blame) => element("li", "", blame)));
    if (split() === "seen") box.append(list);
    return box;
  }

  function drawRow(row, scale, used, first) {
    const measure = chosen();
    const figure = row.figures && row.figures[model.get("measure")];
    const box = element("div", "mtc-row");
    const top = element("div", "mtc-rowhead");
    const label = element("div", "mtc-name");
    label.append(element("strong", "", row.name), element("span", "mtc-details", row.details));
    const total = element("div", "mtc-total");
    if (row.mark) total.append(element("span", "mtc-mark", row.mark));
    const shown = figure
      ? { label: measure.name, ...figure }
      : row.reported || { label: measure.name, size: row.pending, bytes: 0 };
    total.append(element("span", "mtc-measure", shown.label), element("strong", "", shown.size));
    top.append(label, total);

    const track = element("div", "mtc-track");
    const about = figure
      ? `${row.name}: ${figure.size} de ${measure.name}. Las flechas recorren sus tramos.`
      : `${row.name}: ${shown.size}, ${shown.label}`;
    const look = figure ? "mtc-bar" : `mtc-bar ${row.reported ? "mtc-waiting" : "mtc-pending"}`;
    const bar = element("div", look, "", { role: "group", "aria-label": about });
    const { bytes } = shown;
    bar.style.width = `${model.get("relative") && bytes ? 100 : (100 * bytes) / scale}%`;
    track.append(bar);
    box.append(top, track);
    if (figure) {
      const drawn = parts(figure).filter((part) => part[2]);
      bar.append(...drawn.map((part, n) => segment(row, measure, figure, part, n === 0)));
      const legend = element("ul", "mtc-legend");
      legend.append(...parts(figure).filter((part) => used.has(idOf(part))).map(legendItem));
      if (!compact()) box.append(legend);
      if (row.waste && model.get("measure") === "unpacked") box.append(waste(row.waste));
    }
    const head = model.get("head");
    if (first && figure && head.guess && model.get("measure") === "unpacked" && !model.get("relative")) {
      const at = (100 * head.guess) / scale;
      const mark = element("div", at > 50 ? "mtc-marker mtc-left" : "mtc-marker");
      mark.style.left = `${at}%`;
      mark.append(element("span", "", head.guessed));
      track.classList.add("mtc-marked");
      track.append(mark);
    }
    return box;
  }

  function drawChart() {
    rows = model.get("rows");
    const { grid, guess: predicted, layers } = model.get("head");
    const unpacked = model.get("measure") === "unpacked";
    const figure = (row) => (row.figures || {})[model.get("measure")];
    const bytes = (row) => (figure(row) || row.reported || { bytes: 0 }).bytes;
    const marked = rows[0].figures && unpacked && !model.get("relative") ? predicted : 0;
    const scale = Math.max(1, marked, ...rows.map(bytes));
    const used = new Set(rows.flatMap((row) => parts(figure(row)))
      .filter((part) => part[2]).map(idOf));
    const named = new Map(rows.flatMap((row) => parts(figure(row))).filter((part) => part[2])
      .map((part) => [idOf(part), part]));
    const shown = split() === "layer" ? layers : [...named.values()];
    key.replaceChildren(...shown.map(([name, paint, , , id]) => {
      const item = element("li");
      if (split() !== "layer") item.dataset.part = id || name;
      item.append(element("i", `mtc-swatch mt-${paint}`), element("span", "mtc-what", name));
      return item;
    }));
    key.hidden = !compact() || !shown.length;
    chart.classList.toggle("mtc-compact", compact());
    const drawn = rows.map((row, n) => drawRow(row, scale, used, n === 0));
    chart.classList.toggle("mtc-grid", grid.length > 0);
    if (grid.length) {
      const [above, across] = grid;
      const corner = [element("span"), ...across.map((name) => element("div", "mtc-across", name))];
      corner.forEach((node) => node.setAttribute("aria-hidden", "true")); // cada casilla dice las dos cosas
      const bands = above.flatMap((name, n) => {
        const band = element("div", "mtc-down", name, { "aria-hidden": true });
        return [band, ...drawn.slice(2 * n, 2 * n + 2)];
      });
      chart.replaceChildren(...corner, ...bands);
    } else {
      chart.replaceChildren(...drawn);
    }
    point("", null);
  }

  function drawHead() {
    const head = model.get("head");
    const measure = chosen();
    header.draw();
    setText(meaning, measure.splits.find(([key]) => key === split())[2]);
    splits.forEach(({ box }, key) => (box.hidden = key !== measure.key));
    drawChanges(head);
    guess.replaceChildren(element("span", "", `${head.predicted}: `), `${head.prediction}.`);
    guess.hidden = !head.prediction;
    effects.innerHTML = measure.effects; // la escribe y la escapa Python
    effects.hidden = !measure.effects;
  }

  function drawChanges(head) {
    const open = [...changes.querySelectorAll("details > .mtc-scroll")].map((inside) => inside.parentElement.open);
    const boxes = head.changes.map(([summary, table], n) => {
      const inside = element("div", "mtc-scroll", "", { tabindex: 0, role: "group", "aria-label": summary });
      inside.innerHTML = table; // la escribe y la escapa Python
      const box = details("mtc-change", summary, inside);
      box.open = Boolean(open[n]);
      return box;
    });
    const [first] = rows;
    const all = `Qué desaparece de ${first && first.name} a cada una de las otras ${boxes.length}`;
    changes.replaceChildren(...(boxes.length > FEW_CHANGES ? [details("mtc-change", all, ...boxes)] : boxes));
    if (head.how) changes.append(element("p", "mtc-how", head.how));
  }

  function drawAll() {
    rows = model.get("rows");
    drawHead();
    drawChart();
  }

  const drawTable = () => (scroller.innerHTML = model.get("table")); // la escribe y la escapa Python
  const switched = () => {
    measures.show();
    splits.forEach((group) => group.show());
    scales.show();
    drawAll();
  };

  const draws = {
    head: drawAll,
    rows: drawChart,
    table: drawTable,
    progress: progress.draw,
    measure: switched,
    unpacked_split: switched,
    transfer_split: switched,
    relative: switched,
  };
  return wire(model, draws, progress.tick, 500);
}

export default { render };
