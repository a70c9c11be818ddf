// Enseña el dibujo que manda Python. Aquí se elige el objetivo, se va de un nodo a otro y se abre lo que dice cada uno.

function render({ model, el }) {
  const root = panel(el, "mtg", model.get("name"));
  const nodes = model.get("nodes");
  const targets = model.get("targets");
  const words = model.get("words");
  const order = model.get("order");

  const head = element("div", "mtg-head");
  const select = element("select");
  targets.forEach(({ label }, n) => select.append(element("option", "", label, { value: n })));
  const pick = element("label", "mtg-pick");
  pick.append(element("span", "", "Objetivo"), select);
  pick.hidden = targets.length < 2; // y sin dibujo solo hay uno
  head.append(element("div", "mtg-title", model.get("name"), { role: "heading", "aria-level": 3 }), pick);
  const says = element("p", "mtg-says", "", { role: "status" });
  const left = element("ul", "mtg-left");
  const scroll = element("div", "mtg-scroll");
  scroll.innerHTML = model.get("picture"); // lo escribe Python, con los textos ya escapados
  const detail = element("div", "mtg-detail", "", { role: "group" });
  detail.hidden = true;
  const legend = element("ul", "mtg-legend");
  for (const each of words.legend) legend.append(Object.assign(element("li"), { innerHTML: each }));
  const all = element("ul", "mtg-all");
  for (const each of words.sentences) all.append(element("li", "", each));
  all.hidden = !words.sentences.length;
  const notes = element("div", "mtg-notes");
  for (const each of words.notes) notes.append(element("p", "", each));
  root.append(head, says, left, scroll, detail, legend, all, notes);

  const svg = scroll.querySelector("svg");
  const drawn = order.map((n) => scroll.querySelector(`[data-n="${n}"]`)).filter(Boolean);
  if (svg) {
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", "Dibujo: con las flechas se va de un nodo a otro, y con Intro se abre");
    for (const edge of svg.querySelectorAll(".mtg-edge")) edge.setAttribute("aria-hidden", true); // lo dice cada detalle
  }

  const now = () => targets[model.get("target")];
  const letter = (n) => now().letters[n];
  const reason = (n) => (letter(n) === "S" ? nodes[n].only : words.reasons[letter(n)] || "");
  const named = (n) => nodes[n].subject.replace(/^La etapa/, "Etapa").replace(/,$/, "");
  const mark = (n) => words.marks[letter(n)];
  const spoken = (n) => mark(n).replace(/^\S+ /, "");

  function drawTarget() {
    select.value = model.get("target");
    setText(says, now().says);
    const skipped = nodes.map((_, n) => n).filter(reason);
    left.replaceChildren(...skipped.map((n) => element("li", "", `${nodes[n].subject} no se hace: ${reason(n)}.`)));
    left.hidden = !skipped.length;
    for (const node of drawn) {
      const n = Number(node.dataset.n);
      const off = words.off.includes(letter(n));
      node.classList.toggle("mtg-off", off);
      node.classList.toggle("mtg-on", letter(n) === "T");
      setText(node.querySelector(".mtg-mark"), mark(n));
    }
    for (const edge of scroll.querySelectorAll("[data-to]")) {
      edge.classList.toggle("mtg-off", words.off.includes(letter(Number(edge.dataset.to))));
    }
    if (!detail.hidden) open(Number(detail.dataset.n));
  }

  function list(title, items) {
    if (!items.length) return [];
    const box = element("ul");
    for (const each of items) box.append(element("li", "", each));
    return [element("p", "", title), box];
  }

  function open(n) {
    const node = nodes[n];
    const top = element("div", "mtg-detailhead");
    const close = element("button", "mtg-close", "Cerrar", { type: "button" });
    close.addEventListener("click", shut);
    top.append(element("strong", "", named(n)), close);
    const why = reason(n) ? `No se hace: ${reason(n)}.` : `${spoken(n)[0].toUpperCase()}${spoken(n).slice(1)}.`;
    const said = element("div", "mtg-code");
    for (const [line, text] of node.says) said.append(element("span", "", line ? String(line) : ""), element("code", "", text));
    const code = node.says.length ? [element("p", "", "Lo que dice, con su línea:"), said] : [];
    const about = node.about ? [element("p", "", node.about)] : [];
    detail.replaceChildren(
      top, ...about, element("p", "", why), ...code,
      ...list("Qué toma:", node.takes), ...list("Quién la usa:", node.gives),
    );
    detail.setAttribute("aria-label", `Detalle de ${node.name}`);
    detail.dataset.n = n;
    detail.hidden = false;
    point(n);
  }

  function shut() {
    if (detail.hidden) return;
    detail.hidden = true;
    point(-1);
    reach(drawn.find((node) => node.dataset.n === detail.dataset.n));
  }

  function point(n) {
    for (const node of drawn) {
      const here = Number(node.dataset.n) === n;
      node.classList.toggle("mtg-open", here);
      node.setAttribute("aria-expanded", here);
    }
  }

  function reach(node) {
    if (!node) return;
    drawn.forEach((each) => each.setAttribute("tabindex", each === node ? 0 : -1));
    node.focus();
  }

  // Arriba y abajo, el más cercano de la fila de al lado; a los lados, el siguiente en el orden en que se lee.
  function next(from, key) {
    const at = drawn.indexOf(from);
    const ends = { Home: 0, End: drawn.length - 1, ArrowLeft: at - 1, ArrowRight: at + 1 };
    if (key in ends) return drawn[ends[key]];
    const middle = (node) => {
      const { x, y, width, height } = node.querySelector(".mtg-box").getBBox();
      return [x + width / 2, y + height / 2];
    };
    const [x, y] = middle(from);
    const way = key === "ArrowDown" ? 1 : -1;
    const far = (node) => {
      const [nx, ny] = middle(node);
      return way * (ny - y) > 1 ? Math.abs(ny - y) * 1000 + Math.abs(nx - x) : Infinity;
    };
    const best = drawn.reduce((one, other) => (far(other) < far(one) ? other : one));
    return far(best) < Infinity ? best : null;
  }

  drawn.forEach((node, n) => {
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", n ? -1 : 0);
    node.addEventListener("click", () => {
      reach(node);
      open(Number(node.dataset.n));
    });
    node.addEventListener("keydown", (event) => {
      if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        open(Number(node.dataset.n));
        detail.querySelector("button").focus();
      } else if (/^(Arrow|Home$|End$)/.test(event.key)) {
        event.preventDefault();
        reach(next(node, event.key));
      }
    });
  });
  point(-1);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
  });
  select.addEventListener("change", () => {
    model.set("target", Number(select.value));
    model.save_changes();
  });
  return wire(model, { target: drawTarget });
}

export default { render };
