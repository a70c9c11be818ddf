// Dibuja los despliegues que manda Python, hace correr los relojes y calcula lo que costarían muchos.

// Estas cuatro dicen lo mismo que registry/projection.py y estimate.py (lo comprueba test_projection.py).
function project(bytes, rest, mbps, replicas, deployments, price) {
  const seconds = (replicas * bytes * 8) / (mbps * 1e6) + rest;
  const traffic = replicas * bytes * deployments;
  const cost = price === null ? null : (traffic / 1e9) * price;
  return { seconds, traffic, hours: (seconds * deployments) / 3600, cost };
}

function speedWords(mbps) {
  return `${number(mbps, mbps >= 100 || Number.isInteger(mbps) ? 0 : mbps >= 1 ? 1 : 3)} Mb/s`;
}

function hoursWords(hours) {
  return hours >= 1 ? `${number(hours, 1)} h` : duration(hours * 3600);
}

function planWords(mbps, replicas, deployments) {
  const monthly = count(deployments, "despliegue", "despliegues");
  return `con un enlace de ${speedWords(mbps)}, ${count(replicas, "réplica", "réplicas")} y ${monthly} al mes`;
}

// El precio como lo escribe cada uno, con su moneda o sin ella. null: no se entiende.
function money(text) {
  if (!text.trim()) return { price: null };
  const parts = /^\s*([^\d+.,-]{0,6})(\d+(?:[.,]\d+)?)(\D{0,12})$/.exec(text);
  return parts && { price: Number(parts[2].replace(",", ".")), before: parts[1], after: parts[3].trimEnd() };
}

function nest(tag, className, ...inside) {
  const node = element(tag, className);
  node.append(...inside);
  return node;
}

function put(node, text) {
  setText(node, text);
  node.hidden = !text;
}

const scrolling = (name) => element("div", "mtd-scroll", "", { tabindex: 0, role: "group", "aria-label": name });
const soft = (text) => element("span", "mtd-soft", text ? ` (${text})` : "");

function layerRow() {
  const [id, bar] = [element("code"), element("progress", "", "", { max: 1 })];
  const [word, bytes] = [element("span", "mtd-word"), element("span", "mtd-bytes")];
  const row = nest("li", "mtd-layer", id, bar, word, bytes);
  const draw = ([layer, state, said, share, amount]) => {
    row.dataset.state = state;
    setText(id, layer);
    bar.value = share;
    bar.setAttribute("aria-label", `Capa ${layer}, ${said}`);
    setText(word, said);
    setText(bytes, amount);
  };
  return { row, draw };
}

function imageView() {
  const [name, word] = [element("strong", "mtd-name"), element("span", "mtd-phase")];
  const [clock, total] = [element("span", "mtd-clock", "", { role: "timer" }), element("span", "mtd-total")];
  const doing = element("p");
  const layers = element("ul");
  const more = element("p", "mtd-soft");
  const track = element("div", "mtd-track", "", { "aria-hidden": true }); // lo mismo dice la lista de debajo
  const phases = element("ul", "mtd-legend");
  const [moved, list] = [element("span"), element("ul")];
  const all = details("mtd-all", moved, list);
  const reason = element("p", "mtd-reason");
  const log = element("pre", "", "", { tabindex: 0, role: "group", "aria-label": "Registro de la aplicación" });
  const mark = element("span", "mtd-mark");
  const head = nest("div", "mtd-imagehead", name, mark, word, clock, total);
  const box = nest("div", "mtd-image", head, doing, layers, more, track, phases, all, reason, log);
  const rows = [];
  let drawn = "";

  function draw(image) {
    box.dataset.phase = image.phase;
    setText(name, image.name);
    put(mark, image.mark);
    setText(word, image.word);
    put(doing, image.doing);
    image.layers.forEach((layer, n) => {
      if (!rows[n]) layers.append((rows[n] = layerRow()).row);
      rows[n].draw(layer);
    });
    while (rows.length > image.layers.length) rows.pop().row.remove();
    layers.hidden = !rows.length;
    layers.setAttribute("aria-label", `Capas de ${image.name}`);
    put(more, image.more);
    put(reason, image.reason);
    put(log, image.detail);
    clock.hidden = !["pushing", "running"].includes(image.phase);
    const key = JSON.stringify(image.bar);
    if (key !== drawn) drawBar(image.bar);
    drawn = key;
  }

  function drawBar(bar) {
    total.hidden = track.hidden = phases.hidden = all.hidden = !bar.parts;
    if (!bar.parts) return;
    total.replaceChildren(element("strong", "", bar.total), " hasta la primera respuesta", soft(bar.spread));
    const parts = bar.parts.map(([, paint, seconds, took]) => {
      const part = nest("div", `mtd-part mt-${paint}`, element("span", "", took));
      part.style.flexGrow = seconds;
      return part;
    });
    const line = nest("div", "mtd-bar", ...parts);
    line.style.width = `${100 * bar.share}%`;
    track.replaceChildren(line);
    phases.replaceChildren(
      ...bar.parts.map(([phase, paint, , took], n) => {
        const swatch = element("span", `mtd-swatch mt-${paint}`);
        return nest("li", "", swatch, `${phase} `, element("b", "", took), soft(bar.spreads[n]));
      }),
    );
    setText(moved, `${bar.moved} · ${bar.note}`);
    list.replaceChildren(
      ...bar.layers.map(([id, amount, how]) => nest("li", "", element("code", "", id), `: ${amount}, ${how}`)),
    );
  }

  return { box, draw, clock };
}

// El bloque de lo calculado: controles del navegador, y una tabla que se rehace al moverlos.
function estimator(model) {
  const { label, title, about, fields, limits, rows, assumed, wrong } = model.get("words");
  const input = (type, name, more) => element("input", `mtd-${type}`, "", { type, "aria-label": name, ...more });
  const traits = ["speed", "replicas", "deployments"];
  const boxes = traits.map((_, n) => {
    const [min, max] = limits[n];
    return input("number", fields[n], { min, max, step: n ? 1 : "any" });
  });
  const [low, high] = limits[0].map((mbps) => 100 * Math.log10(mbps)); // el deslizador va por potencias
  const slider = input("range", `${fields[0]}, deslizador`, { min: low, max: high, step: 5 });
  const price = input("text", fields[3], { inputmode: "decimal", maxlength: 20 });
  const alarm = element("span", "mtd-wrong", "", { role: "alert" });
  const places = [[slider, boxes[0]], [boxes[1]], [boxes[2]], [price, alarm]];
  const controls = places.map((inside, n) => nest("label", "", element("span", "", fields[n]), ...inside));
  const table = scrolling("Tabla del cálculo");
  const top = nest("p", "mtd-calctitle", element("b", "", label), element("strong", "", title));
  const last = element("p", "mtd-soft", assumed);
  const box = nest("div", "mtd-calc", top, nest("div", "mtd-controls", ...controls), table, last);
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", about);
  let written = "";
  const plan = () => traits.map((trait) => model.get(trait));

  function results() {
    const paid = money(model.get("price")) || { price: null };
    return model.get("head").estimate.map(([name, bytes, rest]) => {
      const { seconds, traffic, hours, cost } = project(bytes, rest, ...plan(), paid.price);
      const said = [duration(seconds), size(traffic), hoursWords(hours)];
      if (cost !== null) said.push(`${paid.before}${number(cost, 2)}${paid.after}`);
      return { name, seconds, said };
    });
  }

  function draw() {
    const found = results();
    box.hidden = !found.length;
    slider.value = Math.round(100 * Math.log10(model.get("speed")));
    slider.setAttribute("aria-valuetext", speedWords(model.get("speed")));
    [...boxes, price].forEach((place, n) => {
      if (place !== document.activeElement) place.value = [...plan(), model.get("price")][n];
    });
    const fine = Boolean(money(model.get("price")));
    price.setAttribute("aria-invalid", !fine);
    setText(alarm, fine ? "" : wrong);
    if (found.length) fill(found);
  }

  function fill(found) {
    const { estimated } = model.get("head");
    if (estimated !== written) table.innerHTML = written = estimated; // la escribe y la escapa Python
    const most = Math.max(...found.map(({ seconds }) => seconds));
    setText(table.querySelector("caption"), `Cálculo ${planWords(...plan())}`);
    table.querySelectorAll("tbody tr").forEach((line, n) => {
      line.hidden = n >= found[0].said.length;
      line.querySelectorAll("td").forEach((cell, k) => {
        setText(cell, found[k].said[n] || "");
        cell.style.setProperty("--mtd-share", found[k].seconds / most);
      });
    });
  }

  function choose(trait, value) {
    model.set(trait, value);
    const lines = results().map(({ name, said }) => {
      return `${label}: ${name}. ${said.map((each, n) => `${rows[n]}: ${each}`).join("; ")}.`;
    });
    model.set("added", [`Cálculo con lo que elegiste, ${planWords(...plan())}:`, ...lines].join("\n"));
    draw();
  }

  slider.addEventListener("input", () => choose("speed", Number((10 ** (slider.value / 100)).toPrecision(2))));
  boxes.forEach((place, n) => {
    const [min, max] = limits[n];
    place.addEventListener("input", () => {
      const value = Math.min(Math.max(Number(place.value) || plan()[n], min), max);
      choose(traits[n], n ? Math.round(value) : value);
    });
    place.addEventListener("change", () => (place.value = plan()[n]));
  });
  price.addEventListener("input", () => choose("price", price.value));
  box.addEventListener("change", () => model.save_changes());
  return { box, draw };
}

function render({ model, el, kernel }) {
  const root = panel(el, "mtd");
  const [title, context] = [element("strong", "mtd-title"), element("div", "mtd-soft")];
  const word = element("span", "mtd-state", "", { role: "status" });
  const clock = element("span", "mtd-clock", "", { role: "timer" });
  const watched = watch(model, kernel);
  const header = nest("div", "mtd-head", nest("div", "mtd-heading", title, context), word, clock, watched.cancel);
  const said = { node: element("p", "mtd-soft"), preparing: element("p", "mtd-preparing") };
  const [sentence, how, note] = ["mtd-sentence", "mtd-soft", "mtd-soft"].map((kind) => element("p", kind));
  const list = element("div", "mtd-images");
  const scroller = scrolling("Tabla de lo medido");
  const twin = details("mtd-twin", "Ver lo medido como tabla", scroller);
  const estimate = estimator(model);
  root.append(header, watched.hint, ...Object.values(said), list, sentence, how, note, twin, estimate.box);

  const views = [];

  function tick() {
    const since = watched.since();
    if (since === null) return;
    const [whole, each] = model.get("clock").map((seconds) => duration(seconds + since));
    setText(clock, whole);
    for (const view of views) setText(view.clock, each);
  }

  function drawClock() {
    watched.draw(model.get("head").phase);
    tick();
  }

  function drawHead() {
    const head = model.get("head");
    root.dataset.phase = head.phase;
    root.setAttribute("aria-label", head.title);
    setText(title, head.title);
    setText(context, head.context);
    setText(word, head.word);
    for (const [name, place] of Object.entries({ ...said, sentence, how, note })) put(place, head[name]);
    clock.hidden = head.phase !== "running";
    watched.draw(head.phase);
    estimate.draw();
  }

  function drawImages() {
    model.get("images").forEach((image, n) => {
      if (!views[n]) list.append((views[n] = imageView()).box);
      views[n].draw(image);
    });
    tick();
  }

  function drawTable() {
    scroller.innerHTML = model.get("table"); // la escribe y la escapa Python
    twin.hidden = !model.get("table");
  }

  const draws = { head: drawHead, images: drawImages, clock: drawClock, table: drawTable };
  for (const trait of ["speed", "replicas", "deployments", "price"]) draws[trait] = estimate.draw;
  return wire(model, draws, tick, 200);
}

export default { render };
