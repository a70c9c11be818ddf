// Las franjas de tiempo de unas etapas, todas sobre el mismo eje. Las barras se colocan con una variable de CSS: al
// crecer el eje solo cambia ella.

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600];

function strip(label) {
  const box = element("div", "mtl-strip");
  const rows = element("ul", "mtl-lanes", "", { "aria-label": label });
  const axis = element("div", "mtl-axis", "", { "aria-hidden": true });
  box.append(rows, axis);
  const views = [];
  let [total, open] = [0, []];

  function row() {
    const item = element("li");
    const [name, track, mark] = [element("span", "mtl-name"), element("span", "mtl-track"), element("span", "mtl-mark")];
    track.setAttribute("role", "img");
    item.append(name, track, mark);
    rows.append(item);
    return { item, name, track, mark, last: "" };
  }

  function bar([start, end, kind]) {
    const node = element("i", `mtl-${kind}`);
    node.style.left = `calc(var(--mtl-k) * ${start})`;
    if (end !== null) node.style.width = `calc(var(--mtl-k) * ${Math.max(end - start, 0)})`;
    return node;
  }

  function drawLane(view, lane) {
    const key = JSON.stringify(lane);
    if (key === view.last) return;
    view.last = key;
    view.item.dataset.status = lane.status;
    setText(view.name, lane.name);
    setText(view.mark, `${lane.hot ? "◆ " : ""}${lane.mark}`);
    view.track.setAttribute("aria-label", lane.says);
    const running = lane.open === undefined ? [] : [bar([lane.open, null, 0])];
    view.open = running.length ? { node: running[0], start: lane.open } : null;
    view.track.replaceChildren(...lane.pieces.map(bar), ...running);
  }

  function scale(seconds) {
    if (seconds === total) return;
    total = seconds;
    box.style.setProperty("--mtl-k", `${100 / total}%`);
    const step = STEPS.find((each) => total / each <= 8) || total / 8;
    const marks = [];
    for (let at = 0; at <= total * 1.0001; at += step) {
      const mark = element("span", "", step < 1 ? `${number(at, 1)} s` : duration(at).replace(/,0 s/, " s"));
      mark.style.left = `${(100 * at) / total}%`;
      marks.push(mark);
    }
    axis.replaceChildren(element("span"), ...[element("div")].map((track) => (track.append(...marks), track)));
  }

  function draw(lanes) {
    lanes.forEach((lane, n) => {
      if (!views[n]) views.push(row());
      drawLane(views[n], lane);
    });
    while (views.length > lanes.length) views.pop().item.remove();
    open = views.filter((view) => view.open);
  }

  // Mientras corre, el eje crece a saltos; al final mide lo que duró.
  function grow(now) {
    if (now > total) scale(Math.max(2, now * 1.25));
    for (const { open: { node, start } } of open) node.style.width = `calc(var(--mtl-k) * ${Math.max(now - start, 0)})`;
  }

  return { box, draw, scale, grow, rows: () => views };
}
