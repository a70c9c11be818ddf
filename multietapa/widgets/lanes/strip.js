// Las franjas de tiempo de unas etapas, sobre un mismo eje. Al crecer el eje solo cambia una variable de CSS.

const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 30, 60, 120, 300, 600, 1200, 3600];

function strip(label) {
  const box = element("div", "mtl-strip");
  const rows = element("ul", "mtl-lanes", "", { "aria-label": label });
  const axis = element("div", "mtl-axis", "", { "aria-hidden": true });
  box.append(rows, axis);
  const views = [];
  let total = 0;

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
    node.style.width = `calc(var(--mtl-k) * ${end - start})`;
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
    view.track.replaceChildren(...lane.pieces.map(bar));
    view.open = lane.open === undefined ? null : bar([lane.open, lane.open, 0]);
    if (view.open) view.track.append(view.open);
    view.start = lane.open;
  }

  function scale(seconds) {
    if (seconds === total) return;
    total = seconds;
    box.style.setProperty("--mtl-k", `${100 / total}%`);
    const step = STEPS.find((each) => total / each <= 8) || total / 8;
    const marks = [];
    for (let at = 0; at < total * 0.95; at += step) {
      const mark = element("span", "", duration(at).replace(step < 1 ? "" : ",0", ""));
      mark.style.left = `${(100 * at) / total}%`;
      marks.push(mark);
    }
    const track = element("div");
    track.append(...marks);
    axis.replaceChildren(element("span"), track);
  }

  function draw(lanes) {
    lanes.forEach((lane, n) => {
      if (!views[n]) views.push(row());
      drawLane(views[n], lane);
    });
    while (views.length > lanes.length) views.pop().item.remove();
  }

  // Mientras corre, el eje crece a saltos; al final mide lo que duró.
  function grow(now) {
    if (now > total) scale(Math.max(2, now * 1.25));
    for (const { open, start } of views) if (open) open.style.width = `calc(var(--mtl-k) * ${Math.max(now - start, 0)})`;
  }

  return { box, draw, scale, grow, rows: () => views };
}
