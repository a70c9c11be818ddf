// El explorador de una imagen: el mapa y la tabla son la misma carpeta, y lo que no viaja se le pide al kernel.

const PATIENCE_MS = 900;
const OWN_PAINTS = ["diagonal", "puntos", "contra", "rayas", "cuadros"];
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
const nothing = () => ({ layer: null, origin: null, change: "", waste: false });

function render({ model, el, kernel }) {
  const root = panel(el, "mte");
  const make = (tag, name, attributes) => element(tag, `mte-${name}`, "", attributes);
  const head = make("div", "head");
  const title = make("div", "title", { role: "heading", "aria-level": 3 });
  const [phase, engine, reason] = [make("span", "phase", { role: "status" }), make("div", "engine"), make("p", "reason")];
  head.append(title, phase, engine);
  const progress = progressPanel(model, "progress", kernel, "Avance", () => drawHead());
  const tools = make("div", "tools");
  const groupings = radios("Agrupar por", [["folders", "carpetas"], ["layers", "capas"]], (value) => regroup(value));
  const colours = radios("Color por", [["origin", "origen"], ["layer", "capa"]], (value) => ((state.colour = value), drawLegend(), draw()));
  const searchLabel = element("label", "mte-find", "Buscar ");
  const search = element("input", "", "", { type: "search", "aria-label": "Buscar en toda la imagen", spellcheck: "false" });
  searchLabel.append(search);
  const what = element("label", "mte-find", "Ver ");
  const happened = element("select", "", "", { "aria-label": "Ver" });
  what.append(happened);
  tools.append(groupings.box, colours.box, what, searchLabel);
  const legend = make("div", "legend", { role: "group", "aria-label": "Leyenda: cada botón enseña solo lo suyo" });
  const crumbs = make("div", "crumbs");
  const said = make("p", "said", { role: "status" });
  const split = make("div", "split");
  const map = make("div", "map", { role: "listbox", tabindex: 0 });
  const blank = make("p", "blank");
  const left = make("div", "left");
  const right = make("div", "right");
  const found = make("ul", "found", { "aria-label": "Resultados" });
  const list = table({ select, enter, toggle, sort });
  left.append(map, blank);
  const detail = make("div", "detail");
  const content = make("div", "content");
  right.append(list.box, found, detail);
  split.append(left, right);
  const waste = make("div", "waste");
  const notes = make("ul", "notes");
  root.append(head, progress.box, reason, tools, legend, crumbs, said, split, content, waste, notes);

  const state = { grouping: "folders", colour: "origin", filter: nothing(), trail: [], chosen: "", sorting: ["bytes", true], expanded: new Set() };
  let [base, filtered, here, tops] = [[], null, null, []];
  let [asked, pending, timer] = [0, new Map(), 0];

  // --- Lo que se sabe, y cómo se mira ---

  const info = () => model.get("layers").map((line, n) => {
    const [bytes, files, lost, flags, at, stage, told] = line.split("\t");
    return { n, bytes: base36(bytes), files: base36(files), waste: base36(lost), inBase: flags.includes("b"), line: at, stage, told };
  });
  const filtering = () => JSON.stringify(state.filter) !== JSON.stringify(nothing());

  function shelf(rows) {
    return info().map((layer) => {
      const kids = decode(rows[layer.n] || "", layer.n, "");
      const node = { kind: "d", isLayer: true, name: `${layer.n + 1} · ${layer.stage ? "⇢ " : ""}${layer.told}`, path: "", layer: layer.n, kids, mixed: true, change: "" };
      const whole = rows === model.get("rows");
      const sum = (field) => (whole ? layer[field] : kids.reduce((all, kid) => all + kid[field], 0));
      const weights = new Map();
      for (const kid of kids) weights.set(kid.origin, (weights.get(kid.origin) || 0) + kid.bytes);
      const origin = [...weights].sort((a, b) => b[1] - a[1])[0]?.[0] ?? -1;
      return { ...node, origin, bytes: sum("bytes"), files: sum("files"), waste: sum("waste"), crossed: layer.stage };
    });
  }

  function look() {
    const filter = filtered ? { ...nothing(), none: true } : { ...state.filter, none: !filtering() };
    filter.sums = new Map();
    const shelves = filtered || base;
    const byLayer = state.grouping === "layers" || !shelves.some((node) => node.kids.length);
    const sum = (field) => shelves.reduce((all, node) => all + node[field], 0);
    const whole = { kind: "d", name: "", path: "", layer: null, mixed: true, kids: shelves, change: "", bytes: sum("bytes"), files: sum("files"), waste: sum("waste") };
    here = new Sight(byLayer ? [whole] : shelves, filter, byLayer);
    const reached = [];
    for (const key of state.trail) {
      const next = here.kids.find((kid) => kid.key === key);
      if (!next) break;
      here = next;
      reached.push(key);
    }
    state.trail = reached;
  }

  const above = () => {
    const chain = [];
    for (let at = here; at; at = at.up) chain.unshift(at);
    return chain;
  };

  // --- Lo que se dice de cada cosa ---

  const pattern = (layer) => {
    const layers = info();
    if (!layers[layer] || layers[layer].inBase) return "mt-liso";
    return `mt-${OWN_PAINTS[layers.slice(0, layer).filter((one) => !one.inBase).length % OWN_PAINTS.length]}`;
  };
  const origins = () => model.get("head").origins;
  const fill = (sight) => (state.colour === "layer" ? pattern(sight.layer) : sight.origin < 0 ? "mte-none" : `mt-${origins()[sight.origin].paint}`);
  const named = (sight) => (sight.kind === "r" ? `y ${number(sight.entries)} más` : sight.path || sight.parts[0].isLayer && sight.byLayer ? sight.name : "imagen");
  const told = {
    fill,
    name: (sight) => named(sight) + (sight.kind === "d" && sight.path ? "/" : ""),
    layer: (sight) => (sight.kind === "d" && sight.parts[0].isLayer ? "" : sight.layers.length > 1 ? "varias" : sight.layer === null ? "" : `${sight.layer + 1}`),
    origin: (sight) => (sight.origin < 0 ? "" : sight.mixed ? "varios" : origins()[sight.origin].name),
    change: (sight) => (sight.crossed && !sight.path ? `⇢ de ${sight.crossed}` : sight.kind !== "f" ? (sight.waste ? `⊘ ${size(sight.waste)}` : "") : sight.why ? "⊘ se pierde" : (CHANGES[sight.change] || []).join(" ")),
  };
  const paint = { fill, label(sight, deep) {
    const number_ = state.colour === "layer" && !sight.parts[0].isLayer && sight.layers.length === 1 ? `${sight.layer + 1} · ` : "";
    return number_ + named(sight) + (deep === sight ? "" : deep.path.slice(sight.path.length));
  } };
  const layerWords = (n) => {
    const layer = info()[n];
    return `capa ${n + 1}${layer.inBase ? ", de la base" : ""}${layer.told ? ` · ${layer.told}` : ""}${layer.line ? ` (línea ${layer.line})` : ""}`;
  };
  const spoken = (sight) => [told.name(sight), size(sight.bytes), sight.waste ? `se pierden ${size(sight.waste)}` : "", told.origin(sight), sight.layers.length > 1 ? "" : `capa ${sight.layer + 1}`].filter(Boolean).join(", ");

  // --- Se dibuja ---

  function drawMap() {
    blank.hidden = here.bytes > 0;
    map.hidden = !here.bytes;
    setText(blank, filtering() ? "Nada que enseñar con ese filtro." : here.bytes ? "" : "Aquí no hay ningún byte.");
    map.setAttribute("aria-label", `Mapa de ${here.path ? `/${here.path}` : "la imagen"}: flechas para recorrerlo, Intro para entrar, Escape para subir`);
    tops = here.bytes ? drawTreemap(map, here, paint) : [];
    for (const [n, node] of tops.entries()) {
      node.id = `${map.dataset.id}-${n}`;
      node.setAttribute("role", "option");
      node.prepend(element("span", "mte-spoken", spoken(node.sight)));
    }
    mark();
  }

  function mark() {
    let active = "";
    for (const node of map.querySelectorAll(".mte-rect")) {
      const chosen = node.sight.key === state.chosen;
      node.classList.toggle("mte-chosen", chosen);
      if (!node.id) continue;
      node.setAttribute("aria-selected", chosen);
      if (chosen) active = node.id;
    }
    if (active) map.setAttribute("aria-activedescendant", active);
    else map.removeAttribute("aria-activedescendant");
  }

  function drawCrumbs() {
    const chain = above();
    const parts = chain.map((sight, n) => {
      const last = n === chain.length - 1;
      const node = element(last ? "strong" : "button", last ? "" : "mte-crumb", named(sight), last ? { "aria-current": "location" } : { type: "button" });
      if (!last) node.addEventListener("click", () => climb(n));
      return node;
    });
    const sizes = `${size(here.bytes)}${here.files ? ` · ${count(here.files, "archivo", "archivos")}` : ""}${here.waste ? ` · se pierden ${size(here.waste)}` : ""}`;
    crumbs.replaceChildren(...parts.flatMap((part, n) => (n ? [element("span", "mte-soft", "›", { "aria-hidden": true }), part] : [part])), element("span", "mte-soft mte-sum", sizes));
  }

  function drawLegend() {
    const [field, entries] = state.colour === "layer"
      ? ["layer", info().filter((one) => one.bytes).map((one) => [one.n, `${one.n + 1}`, one.told, one.bytes, pattern(one.n)])]
      : ["origin", origins().map((one, n) => [n, "", one.name, one.bytes, `mt-${one.paint}`]).filter((one) => one[3])];
    legend.replaceChildren(...entries.map(([value, mark_, name, bytes, css]) => {
      const button = element("button", "mte-key", "", { type: "button", "aria-pressed": state.filter[field] === value, title: name });
      button.append(element("span", `mte-swatch ${css}`, mark_), element("span", "mte-keyname", name), element("span", "mte-soft", size(bytes)));
      button.addEventListener("click", () => filterBy({ [field]: state.filter[field] === value ? null : value }));
      return button;
    }));
    legend.hidden = !entries.length;
  }

  function draw() {
    look();
    drawCrumbs();
    drawMap();
    list.draw(here, { ...told, empty: filtering() ? "Nada que enseñar con ese filtro." : "" }, state.expanded, state.sorting);
    list.mark(state.chosen);
  }

  function drawHead() {
    const now = model.get("head");
    const lost = now.phase === "looking" && orphan(kernel);
    root.dataset.phase = lost ? "failed" : now.phase;
    root.setAttribute("aria-label", now.about);
    setText(title, now.headline);
    setText(engine, now.engine);
    setText(phase, lost ? "✗ sin terminar" : now.status);
    setText(reason, lost ? "No llegó a terminar: su kernel ya no está. Vuelve a ejecutar la celda." : now.reason);
    reason.hidden = !reason.textContent;
    notes.replaceChildren(...now.notes.map((note) => element("li", "", note)));
    notes.hidden = !now.notes.length;
    happened.replaceChildren(...now.choices.map(([value, name]) => element("option", "", name, { value })));
    drawWaste();
  }

  function drawAll() {
    base = shelf(model.get("rows"));
    filtered = null;
    tools.hidden = !Object.keys(model.get("rows")).length;
    groupings.mark(state.grouping);
    colours.mark(tools.hidden ? "layer" : state.colour);
    if (tools.hidden) state.colour = "layer";
    drawLegend();
    draw();
    drawDetail(null);
  }

  function drawWaste() {
    const now = model.get("waste");
    waste.hidden = !now.title;
    if (waste.hidden) return;
    const [whys, items] = [model.get("head").whys, element("ul", "mte-losses", "", { "aria-label": "Lo que se pierde" })];
    items.append(...now.rows.map((line) => {
      const [path, bytes, layer, by, why, many, folder] = line.split("\t");
      const item = element("li");
      const go = element("button", "mte-go", `/${path}${folder ? "/" : ""}`, { type: "button" });
      go.addEventListener("click", () => jump(path, Number(layer), Boolean(folder)));
      const many_ = Number(many) > 1 ? ` · ${count(Number(many), "archivo", "archivos")}` : "";
      const name = element("div");
      name.append(go, element("span", "mte-soft", many_));
      const cause = `${whys[why][0].toUpperCase()}${whys[why].slice(1)} en la ${layerWords(Number(by))}`;
      item.append(element("b", "", size(base36(bytes))), name, element("span", "", cause), element("span", "mte-soft", `Lo puso la ${layerWords(Number(layer))}`));
      return item;
    }));
    const rest = now.more ? [element("p", "mte-soft", now.more)] : [];
    const inside = now.rows.length ? [items] : [];
    waste.replaceChildren(details("mte-fold", [element("strong", "", now.title), element("span", "mte-soft", now.about)], ...inside, ...rest));
    waste.firstChild.open = now.rows.length > 0;
  }

  function drawDetail(chosen) {
    const sight = chosen || (here.up ? here : null);
    content.replaceChildren();
    detail.hidden = !model.get("layers").length;
    if (!sight) return detail.replaceChildren(element("p", "mte-soft", tools.hidden ? "Cada rectángulo es una capa." : "Cada rectángulo es una carpeta o un archivo, tan grande como lo que pesa. Un clic (o Intro) entra; Escape sube; si escribes, se busca."));
    const { whys } = model.get("head");
    const facts = [];
    if (sight.kind === "r") facts.push(`Lo que no se enseña suelto: ${count(sight.files, "archivo", "archivos")}.`);
    facts.push(...sight.layers.filter((n) => n !== null).slice(0, 3).map((n) => {
      const { stage } = info()[n];
      return `${layerWords(n)}${stage ? `, copiado de la etapa «${stage}»` : ""}`;
    }));
    if (sight.layers.length > 3) facts.push(`y ${count(sight.layers.length - 3, "capa", "capas")} más`);
    if (sight.why) facts.push(`⊘ Se pierde: ${whys[sight.why[0]]}, en la ${layerWords(base36(sight.why.slice(1)))}`);
    else if (sight.kind === "f" && CHANGES[sight.change]) facts.push(`${CHANGES[sight.change].join(" ")} por esa capa`);
    else if (sight.waste) facts.push(`⊘ Se pierden ${size(sight.waste)}`);
    const line = element("div", "mte-about");
    line.append(element("code", "", `/${sight.path}${sight.kind === "d" && sight.path ? "/" : ""}`), element("b", "", size(sight.bytes)), element("span", "mte-soft", told.origin(sight)));
    const told_ = element("ul", "mte-facts");
    told_.append(...facts.map((fact) => element("li", "", fact)));
    const buttons = element("div", "mte-buttons");
    const button = (words, act) => {
      const node = element("button", "mte-button", words, { type: "button" });
      node.addEventListener("click", act);
      buttons.append(node);
    };
    if (sight.kind !== "f" && here.key !== sight.key) button(sight.kind === "r" ? "Enseñar todos" : "Entrar", () => enter(sight));
    if (sight.kind === "f" && sight.change !== "x") button("Ver contenido", () => read(sight));
    line.append(buttons);
    detail.replaceChildren(line, told_);
    if (sight.kind === "f") ask({ ficha: sight.path, capa: sight.layer }, (answer) => answer.text && told_.append(element("li", "", answer.text)), true);
  }

  // --- Lo que hace quien mira ---

  function select(sight) {
    state.chosen = sight.key;
    mark();
    list.mark(sight.key)?.scrollIntoView({ block: "nearest" });
    drawDetail(sight);
  }

  function keysTo(sight) {
    const keys = [];
    for (let at = sight; at && at !== here; at = at.up) keys.unshift(at.key);
    return keys;
  }

  function enter(sight) {
    if (sight.kind === "r") return fetchFolder(sight.path, sight.byLayer ? sight.layer : null, true);
    if (sight.kind === "f") return select(sight);
    state.trail.push(...keysTo(sight));
    arrive(sight);
  }

  function arrive(sight) {
    state.chosen = "";
    draw();
    drawDetail(null);
    if (here.kids.length) state.chosen = tops[0]?.sight.key ?? here.kids[0].key;
    mark();
    list.mark(state.chosen);
    if (sight && !sight.known && (sight.files || sight.bytes)) fetchFolder(sight.path, sight.byLayer ? sight.layer : null, false);
  }

  function climb(level) {
    const back = state.trail[level];
    state.trail = state.trail.slice(0, level);
    draw();
    state.chosen = back ?? "";
    mark();
    list.mark(state.chosen);
    drawDetail(null);
  }

  function toggle(sight) {
    const opening = !state.expanded.delete(sight.key);
    if (opening) state.expanded.add(sight.key);
    draw();
    if (opening && !sight.known && sight.files) fetchFolder(sight.path, sight.byLayer ? sight.layer : null, false);
  }

  function sort(field) {
    state.sorting = [field, state.sorting[0] === field ? !state.sorting[1] : field === "bytes"];
    draw();
  }

  function regroup(value) {
    Object.assign(state, { grouping: value, trail: [], chosen: "" });
    draw();
    drawDetail(null);
  }

  function filterBy(change) {
    state.filter = { ...state.filter, ...change };
    filtered = null;
    say("");
    drawLegend();
    draw();
    const sent = filtering() && ask({ filtro: state.filter }, (answer) => {
      filtered = shelf(answer.filas);
      draw();
    });
    if (filtering() && !sent && here.unknown) say(`El kernel ya no está: con ese filtro quedan ${size(here.unknown)} sin repartir, que van agrupados.`);
  }

  // El camino hasta una ruta, con lo que falte por saber; se llega cuando está.
  function jump(path, layer, folder) {
    finish();
    Object.assign(state, { filter: nothing(), grouping: "folders" });
    filtered = null;
    groupings.mark("folders");
    happened.value = "";
    drawLegend();
    const parts = path.split("/");
    const inside = folder ? parts : parts.slice(0, -1);
    const go = () => {
      state.trail = inside.map((_, n) => `d:${parts.slice(0, n + 1).join("/")}`);
      draw();
      const wanted = here.kids.find((kid) => kid.key === `f${layer}:${path}`);
      if (wanted) select(wanted);
      else drawDetail(folder ? here : null);
      return state.trail.length === inside.length && (folder || wanted);
    };
    if (!go()) ask({ camino: path }, (answer) => {
      for (const one of answer.carpetas) adopt(base, one.ruta, one.filas);
      go();
    });
    map.focus();
  }

  function read(sight) {
    content.replaceChildren(element("p", "mte-soft", "Pidiendo el contenido…"));
    ask({ contenido: sight.path, capa: sight.layer }, (answer) => {
      const box = [element("p", "mte-soft", answer.note)];
      if (answer.text !== null) box.push(element("pre", "", answer.text, { tabindex: 0, role: "group", "aria-label": `Contenido de ${sight.name}` }));
      content.replaceChildren(...box.filter((each) => each.textContent || each.tagName === "PRE"));
    }) || content.replaceChildren();
  }

  // --- El kernel, si está ---

  function say(words) {
    setText(said, words);
    said.hidden = !words;
  }

  function ask(what_, done, quietly = false) {
    if (orphan(kernel) || model.get("head").phase !== "done") {
      if (!quietly) say(orphan(kernel) ? "El kernel ya no está: se enseña lo que se guardó. Vuelve a ejecutar la celda para pedir más." : "Todavía se está leyendo: espera a que acabe.");
      return false;
    }
    asked += 1;
    pending.set(asked, [done, quietly]);
    model.send({ id: asked, ...what_ });
    if (!quietly) {
      clearTimeout(timer);
      timer = setTimeout(() => say("El kernel está ocupado con otra celda: mientras, se enseña lo que ya se sabe."), PATIENCE_MS);
    }
    return true;
  }

  function receive(answer) {
    const [done, quietly] = pending.get(answer.id) || [];
    pending.delete(answer.id);
    if (!done) return;
    if (!quietly) {
      clearTimeout(timer);
      say(answer.error || "");
    }
    if (!answer.error) done(answer);
  }

  function adopt(shelves, path, rows) {
    for (const top of shelves) {
      let node = top;
      for (const name of path ? path.split("/") : []) node = node?.kids.find((kid) => kid.kind === "d" && kid.name === name);
      if (!node || rows[top.layer] === undefined) continue;
      const before = new Map(node.kids.filter((kid) => kid.kind === "d").map((kid) => [kid.name, kid]));
      node.kids = decode(rows[top.layer], top.layer, path);
      for (const kid of node.kids) if (kid.kind === "d" && !kid.kids.length) kid.kids = before.get(kid.name)?.kids || [];
    }
  }

  function fetchFolder(path, layer, all) {
    ask({ carpeta: path, todo: all, filtro: state.filter }, (answer) => {
      adopt(filtered || base, path, answer.filas);
      draw();
      if (!state.chosen || all) state.chosen = tops[0]?.sight.key ?? "";
      mark();
    });
  }

  // --- Buscar ---

  function result(path, bytes, layer, lost) {
    const item = element("li");
    const go = element("button", "mte-go", `/${path}`, { type: "button" });
    go.addEventListener("click", () => jump(path, layer, false));
    item.append(element("b", "", size(bytes)), go, element("span", "mte-soft", `capa ${layer + 1}${lost ? " · ⊘ se pierde" : ""}`));
    return item;
  }

  function seek() {
    const words = plain(search.value.trim());
    clearTimeout(seek.timer);
    if (!words) return finish();
    const hits = [];
    const walk = (node) => node.kids.forEach((kid) => (kid.kind === "f" && kid.change !== "x" && plain(`/${kid.path}`).includes(words) && hits.push(kid), walk(kid)));
    base.forEach(walk);
    hits.sort(bySize);
    const show = (items, text) => {
      found.replaceChildren(element("li", "mte-soft", text), ...items);
      found.hidden = false;
      list.box.hidden = true;
    };
    show(hits.slice(0, 100).map((hit) => result(hit.path, hit.bytes, hit.layer, hit.why)), `${count(hits.length, "archivo", "archivos")} entre lo que ya está aquí`);
    seek.timer = setTimeout(() => ask({ buscar: search.value.trim() }, (answer) => {
      if (plain(search.value.trim()) !== words) return;
      const items = answer.filas.map((line) => {
        const [path, bytes, layer, lost] = line.split("\t");
        return result(path, base36(bytes), Number(layer), lost);
      });
      show(items, answer.text);
    }), 200);
  }

  function finish() {
    clearTimeout(seek.timer);
    search.value = "";
    found.hidden = true;
    list.box.hidden = false;
  }

  // --- Los mandos ---

  map.dataset.id = `mte-${Math.random().toString(36).slice(2)}`;
  map.addEventListener("click", (event) => {
    const node = event.target.closest(".mte-rect");
    if (!node) return;
    if (node.sight.kind === "d") enter(node.deep);
    else if (node.sight.kind === "r") (select(node.sight), enter(node.sight));
    else select(node.sight);
  });
  map.addEventListener("pointerover", (event) => {
    const node = event.target.closest(".mte-rect");
    if (node && !node.title) node.title = `/${node.sight.path} · ${size(node.sight.bytes)}`;
  });
  function typed(event) {
    if (event.key.length !== 1 || event.key === " " || event.ctrlKey || event.metaKey || event.altKey) return false;
    search.focus();
    return true;
  }
  split.addEventListener("keydown", (event) => {
    if (event.target.closest(".mte-found")) {
      if (event.key === "Escape") (finish(), map.focus());
      return;
    }
    if (event.key === "Escape" && state.trail.length) {
      event.preventDefault();
      climb(state.trail.length - 1);
      if (event.target !== map) list.focus();
      return;
    }
    if (typed(event)) return;
    if (event.target !== map) return;
    const at = tops.findIndex((node) => node.sight.key === state.chosen);
    const steps = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: tops.length - 1 };
    if (event.key in steps) {
      const next = tops[Math.max(0, Math.min(tops.length - 1, steps[event.key]))];
      if (next) select(next.sight);
    } else if (event.key === "Enter" && tops[at]) enter(tops[at].deep);
    else return;
    event.preventDefault();
  });
  search.addEventListener("input", seek);
  search.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    finish();
    map.focus();
  });
  happened.addEventListener("change", () => filterBy({ change: happened.value === "waste" ? "" : happened.value, waste: happened.value === "waste" }));
  const resized = new ResizeObserver(() => here && map.clientWidth !== resized.width && ((resized.width = map.clientWidth), drawMap()));
  resized.observe(map);
  model.on("msg:custom", receive);
  say("");
  found.hidden = true;
  const stop = wire(model, { head: drawHead, layers: () => {}, rows: drawAll, waste: drawWaste, progress: progress.draw }, progress.tick, 500);
  return () => {
    clearTimeout(timer);
    clearTimeout(seek.timer);
    resized.disconnect();
    model.off("msg:custom", receive);
    stop();
  };
}

export default { render };
