// El mapa: rectángulos tan cuadrados como se puede (el algoritmo de Bruls, Huizing y van Wijk), unos dentro de
// otros. squarify.py coloca los del gemelo igual que squarify coloca estos (lo comprueba test_explorer_view.py).

const MOST_RECTANGLES = 400;
const HEADER = 18;

// De mayor a menor, en una caja: un [x, y, ancho, alto] por cada tamaño.
function squarify(sizes, x, y, width, height) {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const areas = sizes.map((size) => (total ? (size * width * height) / total : 0));
  const placed = [];
  let first = 0;
  while (first < areas.length) {
    const side = Math.min(width, height);
    let sum = areas[first];
    let last = first + 1;
    let worst = worstRatio(areas[first], areas[first], sum, side);
    for (; last < areas.length; last++) {
      const ratio = worstRatio(areas[first], areas[last], sum + areas[last], side);
      if (ratio > worst) break;
      [worst, sum] = [ratio, sum + areas[last]];
    }
    const thick = side ? sum / side : 0;
    let along = 0;
    for (let n = first; n < last; n++) {
      const long = thick ? areas[n] / thick : 0;
      placed.push(width >= height ? [x, y + along, thick, long] : [x + along, y, long, thick]);
      along += long;
    }
    if (width >= height) [x, width] = [x + thick, Math.max(width - thick, 0)];
    else [y, height] = [y + thick, Math.max(height - thick, 0)];
    first = last;
  }
  return placed;
}

// Lo más alargado que queda un rectángulo de la fila; de mayor a menor, es el primero o el último.
function worstRatio(biggest, smallest, sum, side) {
  if (!sum || !smallest) return Infinity;
  return Math.max((side * side * biggest) / (sum * sum), (sum * sum) / (side * side * smallest));
}

// Una carpeta que solo lleva otra se dibuja como una: usr/share/doc.
function deepest(sight) {
  let at = sight;
  while (at.kids.length === 1 && at.kids[0].open && at.kids[0].known) [at] = at.kids;
  return at;
}

// Dibuja en box lo que cuelga de sight. paint da la clase y el rótulo de cada uno; devuelve los de primer nivel.
function drawTreemap(box, sight, paint) {
  const [width, height] = [box.clientWidth, box.clientHeight];
  // La mitad de los rectángulos son para lo que cuelga de of y el resto, para lo de dentro, según lo que pesa: ninguna
  // carpeta deja sin sitio a sus hermanas, y los que no caben van en uno.
  function fill(parent, of, w, h, level, lost, room) {
    const found = of.kids.filter((kid) => kid.bytes > 0).sort((a, b) => b.bytes - a.bytes);
    const kids = found.slice(0, found.length > room / 2 + 1 ? Math.floor(room / 2) : undefined);
    const cut = found.slice(kids.length);
    const weight = (sights) => sights.reduce((sum, kid) => sum + kid.bytes, 0);
    const whole = weight(found);
    if (cut.length) kids.push({ cut, bytes: weight(cut) });
    kids.sort((a, b) => b.bytes - a.bytes);
    const boxes = squarify(kids.map((kid) => kid.bytes), 0, 0, w, h);
    const drawn = [];
    for (const [n, [x, y, wide, high]] of boxes.entries()) {
      if (level && (wide < 3 || high < 3)) break;
      const kid = kids[n];
      const within = Math.floor(((room - kids.length) * kid.bytes) / whole);
      const node = element("div", "mte-rect");
      const [inner, tall] = [wide - 1, high - 1];
      Object.assign(node.style, { left: `${x}px`, top: `${y}px`, width: `${Math.max(inner, 1)}px`, height: `${Math.max(tall, 1)}px` });
      parent.append(node);
      if (kid.cut) {
        Object.assign(node, { sight: of, deep: of, title: `${number(kid.cut.length)} más, que no caben: ${size(kid.bytes)}` });
        const paints = new Set(kid.cut.map(paint.fill));
        node.className += ` mte-rest mte-cut ${paints.size > 1 ? "mte-none" : [...paints][0]}`;
        node.setAttribute("aria-hidden", true);
        if (inner > 60 && tall > 13) node.append(element("span", "mte-label", `y ${number(kid.cut.length)} más`));
        continue;
      }
      const deep = kid.open ? deepest(kid) : kid;
      Object.assign(node, { sight: kid, deep, corner: [Math.round(y), Math.round(x)] });
      const nested = kid.open && kid.known && inner > 46 && tall > HEADER + 22 && level < 5 && within > 1;
      node.className += nested ? " mte-folder" : ` ${paint.fill(kid)}`;
      if (kid.kind === "r") node.className += " mte-rest";
      const gone = kid.waste === kid.bytes;
      if (gone && !lost) node.className += " mte-lost";
      if (inner > 34 && tall > 13) {
        const label = element("span", "mte-label", paint.label(kid, deep), { "aria-hidden": true });
        if (!nested && tall > 32) label.append(element("small", "", size(kid.bytes)));
        if (nested && inner > 110) label.append(element("small", "", ` ${size(kid.bytes)}`));
        node.append(label);
      }
      if (nested) {
        const inside = element("div", "mte-inside", "", { "aria-hidden": true });
        node.append(inside);
        fill(inside, deep, inner - 6, tall - HEADER - 4, level + 1, lost || gone, within);
      }
      drawn.push(node);
    }
    return drawn;
  }
  box.replaceChildren();
  return fill(box, sight, width, height, 0, false, MOST_RECTANGLES).sort(({ corner: [top, left] }, { corner: [below, right] }) => top - below || left - right);
}
