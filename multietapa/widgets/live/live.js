// Dibuja lo que manda Python; aquí corren los relojes y se abre un nodo.

function render({ model, el, kernel }) {
  const [info, first] = [model.get("info"), model.get("head")];
  const root = panel(el, "mtv", `Etapas de ${first.title}`);
  const box = (name, attributes, tag = "div") => element(tag, `mtv-${name}`, "", attributes);
  const fill = (node, items, make) => node.replaceChildren(...items.map(make));

  const badge = element("div", "mt-grabacion", first.recording);
  badge.hidden = !first.recording;
  const [top, heading] = [box("head"), box("heading")];
  heading.append(element("strong", "mtv-title", first.title), element("div", "mtv-context", first.context));
  const [state, clock] = [box("phase", { role: "status" }, "span"), box("clock", { role: "timer" }, "span")];
  const watched = watch(model, kernel);
  top.append(heading, state, clock, watched.cancel);
  const [going, says] = [box("going"), element("span")];
  const bar = element("progress", "", "", { max: 1, "aria-label": "Pasos hechos" });
  going.append(says, bar);
  const news = box("news", { "aria-live": "polite" });
  const scroll = element("div", "mtg-scroll");
  scroll.innerHTML = model.get("picture"); // lo escribe Python, con los textos ya escapados
  const detail = box("detail", { role: "group" });
  detail.hidden = true;
  const lanes = strip("Cuándo trabajó cada etapa");
  const legend = box("legend", {}, "ul");
  fill(legend, info.legend, (each) => Object.assign(element("li"), { innerHTML: each }));
  const notes = box("notes");
  fill(notes, info.notes, (each) => element("p", "", each));
  const [warnings, after, result] = [box("warnings", {}, "ul"), box("after"), box("result", {}, "p")];
  const about = "Registro de la construcción: últimas líneas";
  const pre = element("pre", "", "", { tabindex: 0, role: "log", "aria-live": "off", "aria-label": about });
  const log = details("mtv-log", "Registro", pre);
  root.append(badge, top, watched.hint, going, news, scroll, detail, lanes.box, after, legend, notes, warnings, log, result);

  const pathList = element("ol");
  const path = details("mtv-path", "", pathList);
  const [facts, select, pick, changeSteps] = [element("ul"), element("select"), box("pick", {}, "label"), element("ul")];
  pick.append("Si cambiara la", select);
  const [changeSays, calculated] = [box("change", { role: "status" }, "p"), box("soft", {}, "p")];
  after.append(path, facts, pick, changeSays, changeSteps, calculated);

  const find = (n) => scroll.querySelector(`[data-n="${n}"]`);
  const drawn = model.get("order").map(find).filter(Boolean);
  const live = () => ["running", "cancelling"].includes(model.get("head").phase);
  const chosen = () => (model.get("after").changes || []).find(({ line }) => line === model.get("change"));
  let [phase, told, pending, ticking] = ["", 0, [], []];

  function drawNodes() {
    const again = new Map((chosen()?.stages || []).map(([n, , said]) => [n, said]));
    const hot = model.get("after").hot || [];
    ticking = [];
    model.get("nodes").forEach((now, n) => {
      const node = find(n);
      if (!node) return;
      node.dataset.status = now.status;
      node.classList.toggle("mtg-again", again.has(n));
      node.classList.toggle("mtg-hot", hot.includes(n) && !again.size);
      const [mark, more] = [".mtg-mark", ".mtg-more"].map((name) => node.querySelector(name));
      if (now.open === undefined) setText(mark, `${hot.includes(n) ? "◆ " : ""}${now.mark}`);
      else ticking.push([mark, now]);
      setText(more, again.has(n) ? `↻ ${again.get(n)}` : now.more);
    });
    tick();
  }

  function drawAmounts() {
    for (const node of scroll.querySelectorAll(".mtg-bytes")) setText(node, model.get("amounts")[node.dataset.e]);
  }

  function drawLanes() {
    lanes.draw(model.get("lanes"));
    if (!live()) lanes.scale(Math.max(model.get("head").elapsed, 0.1));
    const again = (chosen()?.stages || []).map(([, lane]) => lane);
    lanes.rows().forEach((row, n) => row.item.classList.toggle("mtl-again", again.includes(n)));
    tick();
  }

  function tick() {
    if (pending.length && Date.now() - told > 3000) {
      setText(news, pending.splice(0).slice(-4).join(" "));
      told = Date.now();
    }
    const since = watched.since();
    if (since === null) return;
    const now = (model.get("head").elapsed || 0) + since * model.get("rate");
    const spent = (start) => Math.max(0, now - start);
    setText(clock, duration(now));
    lanes.grow(now);
    for (const [node, { mark, work, open }] of ticking) setText(node, `${mark} ${duration(work + spent(open))}`);
    for (const each of detail.querySelectorAll("[data-open]")) setText(each, duration(spent(each.dataset.open)));
  }

  function drawHead() {
    const head = model.get("head");
    watched.draw(head.phase);
    root.dataset.phase = head.phase;
    setText(state, `${head.icon} ${head.word}`);
    setText(clock, duration(head.elapsed));
    setText(says, head.says);
    bar.value = head.fraction;
    bar.hidden = !live();
    if (head.phase !== phase) {
      phase = head.phase;
      log.open ||= ["failed", "cancelled"].includes(phase);
      drawLanes();
    }
    const parts = [head.result, model.get("summary") || head.provisional].filter(Boolean);
    setText(result, parts.join(" · "));
    result.hidden = !parts.length;
  }

  function drawLog() {
    const lines = model.get("log");
    log.hidden = !lines.length;
    if (!log.open) return;
    const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
    setText(pre, lines.join("\n"));
    if (atEnd) pre.scrollTop = pre.scrollHeight;
  }

  function drawWarnings() {
    fill(warnings, model.get("warnings"), ({ text, url }) => {
      const item = element("li", "", `⚠ ${text} `);
      const link = { href: url, target: "_blank", rel: "noopener noreferrer" };
      if (/^https:/.test(url)) item.append(element("a", "", "Más información", link));
      return item;
    });
  }

  function stepItem({ stage, text, took }) {
    const item = element("li");
    item.append(box("took", {}, "span"), stage ? `${stage}: ` : "", element("code", "", text));
    setText(item.firstChild, took);
    return item;
  }

  function drawAfter() {
    const now = model.get("after");
    after.hidden = !now.changes;
    if (after.hidden) return;
    path.hidden = !now.path;
    setText(path.firstChild, now.path);
    fill(pathList, now.steps, stepItem);
    fill(facts, now.notes, (each) => element("li", "", each));
    const options = [{ line: 0, label: "… (elige una línea)" }, ...now.changes];
    fill(select, options, ({ line, label }) => element("option", "", label, { value: line }));
    pick.hidden = !now.changes.length;
    drawChange();
  }

  function drawChange() {
    const [now, steps] = [chosen(), model.get("steps")];
    select.value = now ? now.line : 0;
    setText(changeSays, now ? now.says : "");
    fill(changeSteps, now ? now.steps : [], (at) => stepItem(steps[at]));
    setText(calculated, now ? model.get("after").calculated : "");
    drawNodes();
    drawLanes();
  }

  function open(n) {
    const [node, now] = [info.nodes[n], model.get("nodes")[n]];
    const focused = detail.contains(root.ownerDocument.activeElement);
    const [head, list] = [box("detailhead"), box("steps", {}, "ul")];
    const close = element("button", "mtv-close", "Cerrar", { type: "button" });
    close.addEventListener("click", shut);
    head.append(element("strong", "", node.title), close);
    fill(list, model.get("steps").filter((each) => each.n === n), (step) => {
      const item = element("li");
      const took = element("span", "mtv-took", step.took);
      if (step.open !== undefined) took.dataset.open = step.open;
      item.append(element("span", "", step.mark), element("code", "", step.text), took);
      if (step.doing) item.append(element("span", "mtv-doing", step.doing));
      return item;
    });
    const said = [now.mark, now.more, node.takes].filter(Boolean).join(". ");
    detail.replaceChildren(head, element("p", "", said), list);
    detail.setAttribute("aria-label", `Detalle de ${node.name}`);
    detail.dataset.n = n;
    detail.hidden = false;
    point(n);
    tick();
    if (focused) close.focus();
  }

  function shut() {
    if (detail.hidden) return;
    detail.hidden = true;
    point(-1);
    reach(find(detail.dataset.n));
  }

  function point(n) {
    for (const node of drawn) node.setAttribute("aria-expanded", Number(node.dataset.n) === n);
  }

  function reach(node) {
    if (!node) return;
    drawn.forEach((each) => each.setAttribute("tabindex", each === node ? 0 : -1));
    node.focus();
  }

  drawn.forEach((node, at) => {
    node.setAttribute("tabindex", at ? -1 : 0);
    const moves = { Home: 0, End: drawn.length - 1, ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowDown: at + 1 };
    const act = () => {
      reach(node);
      open(Number(node.dataset.n));
    };
    node.addEventListener("click", act);
    node.addEventListener("keydown", (event) => {
      if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      const moving = event.key in moves;
      if (!moving && event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      if (moving) return reach(drawn[moves[event.key]]);
      act();
      detail.querySelector("button").focus();
    });
  });
  root.addEventListener("keydown", (event) => event.key === "Escape" && shut());
  select.addEventListener("change", () => {
    model.set("change", Number(select.value));
    model.save_changes();
  });
  log.addEventListener("toggle", () => {
    drawLog();
    pre.scrollTop = pre.scrollHeight;
  });

  const draws = {
    head: drawHead, nodes: drawNodes, amounts: drawAmounts, lanes: drawLanes, log: drawLog, warnings: drawWarnings,
    after: drawAfter, change: drawChange, summary: drawHead,
    steps: () => detail.hidden || open(Number(detail.dataset.n)),
    news: () => model.get("news") && pending.push(model.get("news")),
  };
  return wire(model, draws, tick, 200);
}

export default { render };
