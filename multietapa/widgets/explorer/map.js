// El mapa en la página: una lista de rectángulos que se recorre con el ratón y con el teclado.

function mapPanel(state, told, { select, enter }) {
  const [box, blank] = [element("div", "mte-left"), element("p", "mte-blank")];
  const map = element("div", "mte-map", "", { role: "listbox", tabindex: 0 });
  const id = `mte-${Math.random().toString(36).slice(2)}`;
  let [tops, width] = [[], 0];
  box.append(map, blank);

  function draw() {
    const { here } = state;
    blank.hidden = here.bytes > 0;
    map.hidden = !here.bytes;
    setText(blank, told.empty || "Aquí no hay ningún byte.");
    map.setAttribute("aria-label", `Mapa de ${here.path ? `/${here.path}` : "la imagen"}: flechas para recorrerlo, Intro para entrar, Escape para subir`);
    tops = here.bytes ? drawTreemap(map, here, told) : [];
    for (const [n, node] of tops.entries()) {
      node.id = `${id}-${n}`;
      node.setAttribute("role", "option");
      node.prepend(element("span", "mte-spoken", told.spoken(node.sight)));
    }
    mark();
  }

  function mark() {
    let active = "";
    for (const node of map.querySelectorAll(".mte-rect:not(.mte-cut)")) {
      const chosen = node.sight.key === state.chosen;
      node.classList.toggle("mte-chosen", chosen);
      if (!node.id) continue;
      node.setAttribute("aria-selected", chosen);
      if (chosen) active = node.id;
    }
    if (active) map.setAttribute("aria-activedescendant", active);
    else map.removeAttribute("aria-activedescendant");
  }

  map.addEventListener("click", (event) => {
    const node = event.target.closest(".mte-rect");
    if (!node) return;
    if (node.sight.kind !== "d") select(node.sight);
    if (node.sight.kind !== "f") enter(node.deep);
  });
  map.addEventListener("pointerover", (event) => {
    const node = event.target.closest(".mte-rect");
    if (node && !node.title) node.title = `/${node.sight.path} · ${size(node.sight.bytes)}`;
  });
  map.addEventListener("keydown", (event) => {
    const at = tops.findIndex((node) => node.sight.key === state.chosen);
    const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: tops.length - 1 };
    if (event.key in steps) {
      const next = tops[Math.max(0, Math.min(tops.length - 1, steps[event.key]))];
      if (next) select(next.sight);
    } else if (event.key === "Enter" && tops[at]) enter(tops[at].deep);
    else return;
    event.preventDefault();
  });
  const resized = new ResizeObserver(() => state.here && map.clientWidth !== width && ((width = map.clientWidth), draw()));
  resized.observe(map);
  return { box, draw, mark, focus: () => map.focus(), first: () => tops[0]?.sight.key, stop: () => resized.disconnect() };
}
