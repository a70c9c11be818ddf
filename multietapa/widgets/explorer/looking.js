// Lo que se mira: las capas que viajan, con qué filtro, agrupadas cómo y en qué carpeta. No dibuja nada.

const NO_FILTER = { layer: null, origin: null, change: "", waste: false };

function looking(model) {
  const state = { grouping: "folders", colour: "origin", filter: NO_FILTER, trail: [], chosen: "", sorting: ["bytes", true], expanded: new Set(), base: [], filtered: null, here: null };

  const layers = () => model.get("layers").map((line, n) => {
    const [bytes, files, lost, flags, at, stage, told] = line.split("\t");
    return { n, bytes: base36(bytes), files: base36(files), waste: base36(lost), inBase: flags.includes("b"), line: at, stage, told };
  });
  const filtering = () => JSON.stringify(state.filter) !== JSON.stringify(NO_FILTER);
  const measured = () => Object.keys(model.get("rows")).length > 0;

  const folder = (kids) => ({ kind: "d", path: "", kids, mixed: true, change: "" });
  const totals = (nodes) => Object.fromEntries(["bytes", "files", "waste"].map((field) => [field, nodes.reduce((all, node) => all + node[field], 0)]));

  // Las capas con lo que llevan; con un filtro, lo que pesa cada una es lo que suman sus renglones.
  function shelf(rows) {
    const whole = rows === model.get("rows");
    return layers().map((layer) => {
      const kids = decode(rows[layer.n] || "", layer.n, "");
      const weights = new Map();
      for (const kid of kids) weights.set(kid.origin, (weights.get(kid.origin) || 0) + kid.bytes);
      const origin = [...weights].sort((a, b) => b[1] - a[1])[0]?.[0] ?? -1;
      const name = `${layer.n + 1} · ${layer.stage ? "⇢ " : ""}${layer.told}`;
      return { ...layer, ...folder(kids), ...(whole ? {} : totals(kids)), isLayer: true, name, layer: layer.n, origin };
    });
  }

  function look() {
    const { filtered, base } = state;
    const filter = filtered ? { ...NO_FILTER, none: true } : { ...state.filter, none: !filtering() };
    filter.sums = new Map();
    const shelves = filtered || base;
    const byLayer = state.grouping === "layers" || !measured();
    let here = new Sight(byLayer ? [{ ...folder(shelves), ...totals(shelves), name: "", layer: null }] : shelves, filter, byLayer);
    const reached = [];
    for (const key of state.trail) {
      const next = here.kids.find((kid) => kid.key === key);
      if (!next) break;
      here = next;
      reached.push(key);
    }
    Object.assign(state, { here, trail: reached });
  }

  // De la imagen a una cosa: todo lo que hay por encima de ella, y ella.
  function chain(sight) {
    const found = [];
    for (let at = sight; at; at = at.up) found.unshift(at);
    return found;
  }

  // Lo que el kernel sabe de una carpeta, en su sitio; lo que ya se sabía de sus carpetas se queda.
  function adopt(shelves, path, rows, full) {
    for (const top of shelves) {
      let node = top;
      for (const name of path ? path.split("/") : []) node = node?.kids.find((kid) => kid.kind === "d" && kid.name === name);
      if (!node || rows[top.layer] === undefined) continue;
      const before = new Map(node.kids.filter((kid) => kid.kind === "d").map((kid) => [kid.name, kid]));
      node.kids = decode(rows[top.layer], top.layer, path);
      node.full = full;
      for (const kid of node.kids) if (kid.kind === "d" && !kid.kids.length) kid.kids = before.get(kid.name)?.kids || [];
    }
  }

  return Object.assign(state, { layers, filtering, measured, shelf, look, chain, adopt });
}
