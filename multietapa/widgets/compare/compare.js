// Dibuja la comparación que manda Python. Aquí solo se elige la medida y la escala, y se señala un tramo.

const NARROW = "\u202f";

function element(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function exact(bytes) {
  return `${String(bytes).replace(/\B(?=(\d{3})+$)/g, NARROW)} ${bytes === 1 ? "byte" : "bytes"}`;
}

function duration(seconds) {
  const whole = Math.round(Math.max(seconds, 0));
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

// Un grupo de opciones excluyentes: botones de radio de verdad, así que las flechas ya funcionan.
function choice(title, options, chosen, choose) {
  const box = element("fieldset", "mtc-choice");
  box.append(element("legend", "", title));
  const group = `mtc-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value, label]) => {
    const input = element("input");
    input.type = "radio";
    input.name = group;
    input.addEventListener("change", () => choose(value));
    const wrap = element("label");
    wrap.append(input, element("span", "", label));
    box.append(wrap);
    return [value, input];
  });
  const show = () => inputs.forEach(([value, input]) => (input.checked = value === chosen()));
  show();
  return { box, show };
}

function render({ model, el }) {
  const root = element("section", "mt mtc");
  root.dataset.lmSuppressShortcuts = "true"; // las flechas son de esta vista, no del cuaderno
  const header = element("header", "mtc-head");
  const title = element("div", "mtc-title");
  title.setAttribute("role", "heading");
  title.setAttribute("aria-level", "3");
  const phase = element("span", "mtc-phase");
  phase.setAttribute("role", "status");
  const engine = element("div", "mtc-engine");
  header.append(title, phase, engine);

  const progress = element("div", "mtc-progress");
  const bar = element("progress");
  bar.max = 1;
  bar.setAttribute("aria-label", "Avance de la medida");
  const doing = element("strong");
  const step = element("span");
  const clock = element("span", "mtc-clock");
  progress.append(doing, clock, bar, step);
  const reason = element("p", "mtc-reason");

  const controls = element("div", "mtc-controls");
  const set = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  const names = Object.entries(model.get("head").measures).map(([key, measure]) => [key, measure.name]);
  const measures = choice("Medida", names, () => model.get("measure"), (value) => set("measure", value));
  const scales = choice(
    "Escala",
    [[false, "Tamaño"], [true, "100 %"]],
    () => model.get("relative"),
    (value) => set("relative", value),
  );
  const meaning = element("p", "mtc-meaning");
  controls.append(measures.box, scales.box, meaning);

  const chart = element("div", "mtc-chart");
  const guess = element("p", "mtc-guess");
  const effects = element("div", "mtc-effects");
  const twin = element("details", "mtc-twin");
  const scroller = element("div", "mtc-scroll");
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "region");
  scroller.setAttribute("aria-label", "Tabla de la comparación");
  twin.append(element("summary", "", "Ver como tabla"), scroller);
  const notes = element("ul", "mtc-notes");
  const tip = element("div", "mtc-tip");
  tip.setAttribute("aria-hidden", "true"); // lo mismo está en la etiqueta de cada tramo
  tip.hidden = true;
  root.append(header, progress, reason, controls, chart, guess, effects, twin, notes, tip);
  el.append(root);

  let rows = [];

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

  function segment(row, measure, figure, [name, paint, bytes, size, share], first) {
    const node = element("div", `mtc-part mtc-${paint}`);
    node.style.flexGrow = bytes;
    node.dataset.part = name;
    node.dataset.tip = `${name}\n${size} · ${share} de ${row.name}\n${exact(bytes)} · ${measure.name}`;
    node.tabIndex = first ? 0 : -1;
    node.setAttribute("role", "img");
    node.setAttribute("aria-label", `${name}: ${size}, ${share} de ${figure.size} de ${measure.name}; ${exact(bytes)}`);
    const label = element("span", "", share);
    node.append(label);
    return node;
  }

  function legendItem([name, paint, bytes, size, share]) {
    const item = element("li", bytes ? "" : "mtc-none");
    item.dataset.part = name;
    item.append(element("i", `mtc-swatch mtc-${paint}`), element("span", "mtc-what", name));
    item.append(element("b", "", size), element("span", "mtc-share", bytes ? share : ""));
    return item;
  }

  function drawRow(row, scale, used, first) {
    const measure = model.get("head").measures[model.get("measure")];
    const figure = row.figures && row.figures[model.get("measure")];
    const box = element("div", "mtc-row");
    const top = element("div", "mtc-rowhead");
    const label = element("div", "mtc-name");
    label.append(element("strong", "", row.name), element("span", "mtc-details", row.details));
    const total = element("div", "mtc-total");
    if (row.mark) total.append(element("span", "mtc-mark", row.mark));
    total.append(element("span", "mtc-measure", figure ? measure.name : row.reported.label));
    total.append(element("strong", "", figure ? figure.size : row.reported.size));
    top.append(label, total);

    const track = element("div", "mtc-track");
    const bar = element("div", figure ? "mtc-bar" : "mtc-bar mtc-waiting");
    const bytes = figure ? figure.bytes : row.reported.bytes;
    bar.style.width = `${model.get("relative") && bytes ? 100 : (100 * bytes) / scale}%`;
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", figure
      ? `${row.name}: ${figure.size} de ${measure.name}. Las flechas recorren sus tramos.`
      : `${row.name}: ${row.reported.size}, ${row.reported.label}`);
    track.append(bar);
    box.append(top, track);
    if (figure) {
      const drawn = figure.parts.filter((part) => part[2]);
      bar.append(...drawn.map((part, n) => segment(row, measure, figure, part, n === 0)));
      const legend = element("ul", "mtc-legend");
      legend.append(...figure.parts.filter((part) => used.has(part[0])).map(legendItem));
      box.append(legend);
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
    const { grid, guess: predicted } = model.get("head");
    const key = model.get("measure");
    const size = (row) => (row.figures ? row.figures[key].bytes : row.reported.bytes);
    const marked = rows[0].figures && key === "unpacked" && !model.get("relative") ? predicted : 0;
    const scale = Math.max(1, marked, ...rows.map(size));
    const used = new Set(rows.flatMap((row) => (row.figures ? row.figures[key].parts : []))
      .filter((part) => part[2]).map((part) => part[0]));
    const drawn = rows.map((row, n) => drawRow(row, scale, used, n === 0));
    chart.classList.toggle("mtc-grid", grid.length > 0);
    if (grid.length) {
      const [above, across] = grid;
      const corner = [element("span"), ...across.map((name) => element("div", "mtc-across", name))];
      corner.forEach((node) => node.setAttribute("aria-hidden", "true")); // cada casilla dice las dos cosas
      const bands = above.flatMap((name, n) => {
        const band = element("div", "mtc-down", name);
        band.setAttribute("aria-hidden", "true");
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
    const measure = head.measures[model.get("measure")];
    root.dataset.phase = head.phase;
    root.setAttribute("aria-label", "Comparación de imágenes");
    title.replaceChildren(measure.headline, element("span", "", ` ·\u00a0${measure.name}`));
    setText(engine, head.engine);
    setText(phase, head.status);
    setText(reason, head.reason);
    reason.hidden = !head.reason;
    setText(meaning, measure.meaning);
    guess.replaceChildren(element("span", "", `${head.predicted}: `), `${head.prediction}.`);
    guess.hidden = !head.prediction;
    effects.innerHTML = measure.effects; // la escribe y la escapa Python
    effects.hidden = !measure.effects;
    notes.replaceChildren(...head.notes.map((note) => element("li", "", note)));
    notes.hidden = !head.notes.length;
  }

  function drawAll() {
    drawHead();
    drawChart();
  }

  let origin = Date.now();
  function tick() {
    const now = model.get("progress");
    if (now.text) setText(clock, duration(now.elapsed + (Date.now() - origin) / 1000));
  }

  function drawProgress() {
    const now = model.get("progress");
    origin = Date.now();
    progress.hidden = !now.text;
    if (!now.text) return;
    setText(doing, now.text);
    setText(step, now.step);
    if (now.fraction === undefined) bar.removeAttribute("value");
    else bar.value = now.fraction;
    tick();
  }

  const drawTable = () => (scroller.innerHTML = model.get("table")); // la escribe y la escapa Python
  const switched = () => {
    measures.show();
    scales.show();
    drawAll();
  };

  const draws = {
    "change:head": drawAll,
    "change:rows": drawChart,
    "change:table": drawTable,
    "change:progress": drawProgress,
    "change:measure": switched,
    "change:relative": switched,
  };
  for (const [event, draw] of Object.entries(draws)) {
    model.on(event, draw);
    draw();
  }
  const timer = setInterval(tick, 500);
  return () => {
    clearInterval(timer);
    for (const [event, draw] of Object.entries(draws)) model.off(event, draw);
  };
}

export default { render };
