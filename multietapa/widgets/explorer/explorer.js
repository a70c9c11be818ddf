// El explorador de una imagen: reúne sus partes y va de una carpeta a otra; el mapa y la tabla son la misma.

function render({ model, el, kernel }) {
  const root = panel(el, "mte");
  const state = looking(model);
  const told = telling(model, state);
  const { said, say, ask, stop: hush } = talk(model, kernel);
  const head = headPanel(model, root, kernel, (title, now) => {
    setText(title, now.headline);
    setText(grouped, now.grouped);
    grouped.hidden = !now.grouped;
  });
  const grouped = element("p", "mte-grouped");
  head.box.append(grouped);
  const progress = progressPanel(model, "progress", kernel, "Avance", head.draw);
  const filters = filterPanel(model, state, told, { regroup, draw, say, ask });
  const list = table({ select, enter, toggle, sort });
  const map = mapPanel(state, told, { select, enter });
  const search = searchPanel(state, list.box, { ask, jump, leave: map.focus });
  const detail = detailPanel(model, state, told, { ask, enter });
  const losses = lossesPanel(model, told, jump);
  const [crumbs, split, right] = ["crumbs", "split", "right"].map((name) => element("div", `mte-${name}`));
  filters.tools.append(search.box);
  right.append(list.box, search.found, detail.box);
  split.append(map.box, right);
  root.append(head.box, progress.box, head.reason, filters.tools, filters.legend, crumbs, said, split, detail.content, losses.box, head.notes);

  // --- Se dibuja ---

  function drawCrumbs() {
    const { here } = state;
    const parts = state.chain(here).map((sight, n) => (sight === here
      ? element("strong", "", told.named(sight), { "aria-current": "location" })
      : button("mte-crumb", told.named(sight), () => climb(n))));
    const sizes = `${size(here.bytes)}${here.files ? ` · ${fileCount(here.files)}` : ""}${here.waste ? ` · se pierden ${size(here.waste)}` : ""}`;
    crumbs.replaceChildren(...parts.flatMap((part, n) => (n ? [element("span", "mte-soft", "›", { "aria-hidden": true }), part] : [part])), element("span", "mte-soft mte-sum", sizes));
  }

  function draw() {
    state.look();
    drawCrumbs();
    map.draw();
    drawList();
  }

  function drawList() {
    list.draw(state.here, told, state.expanded, state.sorting);
    list.mark(state.chosen);
  }

  // Marca lo elegido en el mapa y en la tabla; devuelve su fila.
  function choose(key) {
    state.chosen = key;
    map.mark();
    return list.mark(key);
  }

  function drawHead() {
    head.draw();
    filters.choices();
    losses.draw();
  }

  function drawAll() {
    Object.assign(state, { base: state.shelf(model.get("rows")), filtered: null });
    filters.offer();
    draw();
    detail.draw();
  }

  // --- Lo que hace quien mira ---

  function select(sight) {
    choose(sight.key)?.scrollIntoView({ block: "nearest" });
    detail.draw(sight);
  }

  function enter(sight) {
    if (sight.kind === "r") return sight.up.full ? say(FULL) : fetchFolder(sight.path, MOST_LOOSE);
    if (sight.kind === "f") return select(sight);
    const chain = state.chain(sight);
    state.trail.push(...chain.slice(chain.indexOf(state.here) + 1).map((each) => each.key));
    state.chosen = "";
    draw();
    detail.draw();
    choose(state.here.kids.length ? map.first() ?? state.here.kids[0].key : "");
    if (!sight.known && (sight.files || sight.bytes)) fetchFolder(sight.path, 0);
  }

  function climb(level) {
    const back = state.trail[level];
    state.trail = state.trail.slice(0, level);
    draw();
    choose(back ?? "");
    detail.draw();
  }

  function toggle(sight) {
    const opening = !state.expanded.delete(sight.key);
    if (opening) state.expanded.add(sight.key);
    drawList();
    if (opening && !sight.known && sight.files) fetchFolder(sight.path, 0);
  }

  function sort(field) {
    state.sorting = [field, state.sorting[0] === field ? !state.sorting[1] : field === "bytes"];
    drawList();
  }

  function regroup(value) {
    Object.assign(state, { grouping: value, trail: [], chosen: "" });
    draw();
    detail.draw();
  }

  // El camino hasta una ruta, con lo que falte por saber; se llega cuando está.
  function jump(path, layer, folder) {
    search.finish();
    filters.clear();
    const parts = path.split("/");
    const inside = folder ? parts : parts.slice(0, -1);
    const go = () => {
      state.trail = inside.map((_, n) => `d:${parts.slice(0, n + 1).join("/")}`);
      draw();
      const wanted = state.here.kids.find((kid) => kid.key === `f${layer}:${path}`);
      if (wanted) select(wanted);
      else detail.draw(folder ? state.here : null);
      return state.trail.length === inside.length && (folder || wanted);
    };
    if (!go()) ask({ camino: path }, (answer) => {
      for (const one of answer.carpetas) state.adopt(state.base, one.ruta, one.filas);
      go();
    });
    map.focus();
  }

  function fetchFolder(path, most) {
    ask({ carpeta: path, sueltos: most, filtro: state.filter }, (answer) => {
      state.adopt(state.filtered || state.base, path, answer.filas, most > 0);
      draw();
      if (!state.chosen || most) state.chosen = map.first() ?? "";
      map.mark();
    });
  }

  // Se sube con Escape y, al escribir, se busca.
  split.addEventListener("keydown", (event) => {
    if (search.found.contains(event.target)) return;
    if (event.key === "Escape" && state.trail.length) {
      event.preventDefault();
      climb(state.trail.length - 1);
      if (!map.box.contains(event.target)) list.focus();
    } else if (event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey) search.focus();
  });
  const stop = wire(model, { head: drawHead, rows: drawAll, waste: losses.draw, progress: progress.draw }, progress.tick, 500);
  return () => {
    for (const quit of [hush, search.stop, map.stop, stop]) quit();
  };
}

export default { render };
