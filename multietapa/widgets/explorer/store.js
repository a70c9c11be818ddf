// El árbol que viaja, capa por capa, y las dos maneras de mirarlo: por carpetas y por capas.

const CHANGES = { a: ["+", "añadido"], c: ["≠", "cambiado"], m: ["≈", "permisos"], x: ["−", "borrado"] };
const FIELDS = ["bytes", "files", "waste", "unknown"];
const base36 = (text) => parseInt(text || "0", 36);
const bySize = (a, b) => (a.kind === "r") - (b.kind === "r") || b.bytes - a.bytes || (a.name < b.name ? -1 : 1);

// Cada renglón es su profundidad (base 36), su clase (d carpeta, f archivo, r resto) y sus campos.
function decode(text, layer, path) {
  const open = [{ path, kids: [] }];
  for (const line of text ? text.split("\n") : []) {
    const depth = base36(line[0]);
    const [name, bytes, files, origin, waste, change = "", why = ""] = line.slice(2).split("\t");
    const parent = open[depth];
    const node = { kind: line[1], name, layer, change, why, kids: [], path: [parent.path, name].filter(Boolean).join("/") };
    Object.assign(node, { bytes: base36(bytes), files: base36(files), waste: base36(waste), mixed: origin.endsWith("~"), origin: parseInt(origin || "-1", 10) });
    if (node.kind === "r") [node.entries, node.change] = [base36(change), ""];
    parent.kids.push(node);
    open[depth + 1] = node;
  }
  return open[0].kids;
}

// Si un nodo entero cumple un filtro: true, false, o null si solo en parte o no se sabe.
function matches(node, filter) {
  if (filter.layer !== null && node.layer !== filter.layer) return false;
  let sure = true;
  if (filter.origin !== null) {
    if (node.mixed) sure = null;
    else if (node.origin !== filter.origin) return false;
  }
  if (filter.change) {
    if (node.change) {
      if (node.change !== filter.change) return false;
    } else sure = null;
  }
  if (filter.waste) {
    if (!node.waste) return false;
    if (node.waste < node.bytes) sure = null;
  }
  return sure;
}

// Lo que suma un nodo con un filtro; unknown es lo que no se puede repartir, porque no se sabe qué lleva dentro.
function sumOf(node, filter) {
  const known = filter.sums.get(node);
  if (known) return known;
  const whole = matches(node, filter);
  const sum = { bytes: 0, files: 0, waste: 0, unknown: 0 };
  if (whole) Object.assign(sum, { bytes: node.bytes, files: node.files, waste: node.waste });
  else if (whole === null && !node.kids.length) sum.unknown = node.bytes;
  else if (whole === null) for (const kid of node.kids) for (const field of FIELDS) sum[field] += sumOf(kid, filter)[field];
  filter.sums.set(node, sum);
  return sum;
}

// Lo que se ve de los nodos de una misma ruta, que pueden estar en varias capas.
class Sight {
  constructor(parts, filter, byLayer) {
    const [first] = parts;
    Object.assign(this, { parts, filter, byLayer, name: first.name, path: first.path, kind: first.kind, why: first.why, stage: first.stage });
    for (const field of FIELDS) this[field] = parts.reduce((all, part) => all + sumOf(part, filter)[field], 0);
    const biggest = parts.reduce((most, part) => (part.bytes > most.bytes ? part : most), first);
    Object.assign(this, { origin: biggest.origin, layer: biggest.layer, layers: [...new Set(parts.map((part) => part.layer))] });
    this.entries = parts.reduce((all, part) => all + (part.entries || 0), 0);
    this.mixed = parts.some((part) => part.mixed || part.origin !== this.origin);
    this.change = parts.every((part) => part.change === first.change) ? first.change : "";
    this.key = `${this.kind}${byLayer || this.kind === "f" ? this.layer : ""}:${this.path}`;
  }

  get open() {
    return this.kind === "d";
  }

  get known() {
    return this.parts.some((part) => part.kids.length);
  }

  // Ya se pidió lo que cabe: lo que aún vaya agrupado no se puede enseñar suelto.
  get full() {
    return this.parts.some((part) => part.full);
  }

  get kids() {
    return (this.sights ??= this.open ? this.look() : []);
  }

  look() {
    const groups = new Map();
    this.parts.flatMap((part) => part.kids).forEach((node, n) => {
      const key = node.kind === "f" || node.isLayer ? n : node.kind + node.name;
      groups.set(key, [...(groups.get(key) || []), node]);
    });
    const found = [...groups.values()].map((parts) => Object.assign(new Sight(parts, this.filter, this.byLayer), { up: this }));
    // Por carpetas, lo borrado ya está con sus bytes: no se enseñan las marcas, ni agrupadas.
    const marks = (sight) => this.byLayer || (sight.kind === "r" ? sight.files > 0 : sight.change !== "x");
    return found.filter((sight) => marks(sight) && (this.filter.none || sight.files || sight.bytes)).sort(bySize);
  }
}
