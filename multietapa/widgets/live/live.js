// Dibuja lo que manda Python mientras se construye; aquí solo corren los relojes, se abre un nodo y se elige una línea.

function render({ model, el, kernel }) {
  const root = panel(el, "mtv");
  const info = model.get("info");
  const order = model.get("order");

  const badge = element("div", "mt-grabacion");
  const top = element("div", "mtv-head");
  const heading = element("div", "mtv-heading");
  const [title, context] = [element("strong", "mtv-title"), element("div", "mtv-context")];
  heading.append(title, context);
  const state = element("span", "mtv-phase", "", { role: "status" });
  const clock = element("span", "mtv-clock", "", { role: "timer" });
  const watched = watch(model, kernel);
  top.append(heading, state, clock, watched.cancel);
  const going = element("div", "mtv-going");
  const [says, bar] = [element("span"), element("progress", "", "", { max: 1, "aria-label": "Pasos hechos" })];
  going.append(says, bar);
  const news = element("div", "mtv-news", "", { "aria-live": "polite" });
  const scroll = element("div", "mtg-scroll");
  scroll.innerHTML = model.get("picture"); // lo escribe Python, con los textos ya escapados
  const detail = element("div", "mtv-detail", "", { role: "group" });
  detail.hidden = true;
  const lanes = strip("Cuándo trabajó cada etapa");
  const legend = element("ul", "mtv-legend");
  for (const each of info.legend) legend.append(Object.assign(element("li"), { innerHTML: each }));
  legend.append(element("li", "", `${info.strip.join("; ")}.`));
  const notes = element("div", "mtv-notes");
  for (const each of info.notes) notes.append(element("p", "", each));
  const warnings = element("ul", "mtv-warnings");
  const after = element("div", "mtv-after");
  const about = "Registro de la construcción: últimas líneas";
  const pre = element("pre", "", "", { tabindex: 0, role: "log", "aria-live": "off", "aria-label": about });
  const log = details("mtv-log", "Registro", pre);
  const result = element("p", "mtv-result");
  root.append(badge, top, watched.hint, going, news, scroll, detail, lanes.box, after, legend, notes, warnings, log, result);

  const path = details("mtv-path", "Camino crítico");
  const pathList = element("ol");
  const facts = element("ul", "mtv-facts");
  const select = element("select");
  const pick = element("label", "mtv-pick");
  pick.append(element("span", "", "Si cambiara la"), select);
  const changeSays = element("p", "mtv-change", "", { role: "status" });
  const changeSteps = element("ul");
  const calculated = element("p", "mtv-soft");
  after.append(path, facts, pick, changeSays, changeSteps, calculated);

  const svg = scroll.querySelector("svg");
  const drawn = order.map((n) => scroll.querySelector(`[data-n="${n}"]`)).filter(Boolean);
  const byNumber = (n) => drawn.find((node) => Number(node.dataset.n) === n);
  const looks = new Map(drawn.map((node) => [node, { mark: node.querySelector(".mtg-mark"), more: node.querySelector(".mtg-more") }]));
  if (svg) {
    svg.setAttribute("role", "group");
    svg.setAttribute("aria-label", "Dibujo: con las flechas se va de un nodo a otro, y con Intro se abre");
    for (const edge of svg.querySelectorAll(".mtg-edge")) edge.setAttribute("aria-hidden", true); // lo dice cada detalle
  }
  let phase = "";
  let [pending, told] = [[], 0];
  const ticking = [];

  const chosen = () => (model.get("after").changes || []).find(({ line }) => line === model.get("change"));

  function drawNodes() {
    const again = new Map((chosen()?.stages || []).map(([n, , said]) => [n, said]));
    const hot = model.get("after").hot || [];
    ticking.length = 0;
    model.get("nodes").forEach((now, n) => {
      const node = byNumber(n);
      if (!node) return;
      node.dataset.status = now.status;
      node.classList.toggle("mtg-again", again.has(n));
      node.classList.toggle("mtg-hot", hot.includes(n) && !again.size);
      const { mark, more } = looks.get(node);
      setText(mark, `${hot.includes(n) ? "◆ " : ""}${now.mark}`);
      setText(more, again.get(n) ? `↻ ${again.get(n)}` : now.more);
      if (now.open !== undefined) ticking.push({ node: mark, text: now.mark, work: now.work, open: now.open });
    });
    tick();
  }

  function drawAmounts() {
    for (const [at, said] of model.get("amounts")) {
      const node = scroll.querySelector(`[data-e="${at}"] .mtg-bytes`);
      if (node) setText(node, said);
    }
  }

  function drawLanes() {
    lanes.draw(model.get("lanes"));
    const head = model.get("head");
    if (!["running", "cancelling"].includes(head.phase)) lanes.scale(Math.max(head.elapsed, 0.1));
    const again = new Set((chosen()?.stages || []).map(([, lane]) => lane));
    lanes.rows().forEach((row, n) => row.item.classList.toggle("mtl-again", again.has(n)));
    tick();
  }

  function tick() {
    const since = watched.since();
    if (pending.length && Date.now() - told > 3000) {
      setText(news, pending.splice(0).slice(-4).join(" "));
      told = Date.now();
    }
    if (since === null) return;
    const now = (model.get("head").elapsed || 0) + since * model.get("rate");
    setText(clock, duration(now));
    lanes.grow(now);
    for (const { node, text, work, open } of ticking) setText(node, `${text} ${duration(work + Math.max(0, now - open))}`);
    for (const each of detail.querySelectorAll("[data-open]")) setText(each, duration(now - Number(each.dataset.open)));
  }

  function drawHead() {
    const head = model.get("head");
    watched.draw(head.phase);
    badge.hidden = !head.recording;
    setText(badge, head.recording);
    setText(title, head.title);
    setText(context, head.context);
    root.dataset.phase = head.phase;
    root.setAttribute("aria-label", `Etapas de ${head.title}`);
    setText(state, `${head.icon} ${head.word}`);
    setText(clock, duration(head.elapsed));
    setText(says, head.says);
    bar.value = head.fraction;
    bar.hidden = !["running", "cancelling"].includes(head.phase);
    if (head.phase !== phase) log.open = ["failed", "cancelled"].includes(head.phase);
    if (head.phase !== phase) drawLanes();
    phase = head.phase;
    drawResult();
  }

  function drawResult() {
    const head = model.get("head");
    const parts = [head.result, model.get("summary") || head.provisional].filter(Boolean);
    setText(result, parts.join(" · "));
    result.hidden = !parts.length;
  }

  function drawLog() {
    const lines = model.get("log");
    const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
    if (log.open) setText(pre, lines.join("\n"));
    log.hidden = !lines.length;
    if (log.open && atEnd) pre.scrollTop = pre.scrollHeight;
  }

  function drawWarnings() {
    warnings.replaceChildren(
      ...model.get("warnings").map((warning) => {
        const item = element("li", "", `⚠ ${warning.text} `);
        const where = { href: warning.url, target: "_blank", rel: "noopener noreferrer" };
        if (/^https:\/\//.test(warning.url)) item.append(element("a", "", "Más información", where));
        return item;
      }),
    );
  }

  function drawNews() {
    if (model.get("news")) pending.push(model.get("news"));
  }

  function drawAfter() {
    const now = model.get("after");
    after.hidden = !now.path;
    if (!now.path) return;
    setText(path.querySelector("summary"), now.path);
    pathList.replaceChildren(...now.steps.map(([stage, text, took]) => stepItem(stage, text, took)));
    path.append(pathList);
    facts.replaceChildren(...now.notes.map((each) => element("li", "", each)));
    const none = element("option", "", "… (elige una línea)", { value: 0 });
    select.replaceChildren(none, ...now.changes.map(({ line, label }) => element("option", "", label, { value: line })));
    pick.hidden = !now.changes.length;
    drawNodes();
    drawChange();
  }

  function stepItem(stage, text, took) {
    const item = element("li");
    item.append(element("span", "mtv-took", took), stage ? `${stage}: ` : "", element("code", "", text));
    return item;
  }

  function drawChange() {
    const [now, steps] = [chosen(), model.get("steps")];
    select.value = now ? now.line : 0;
    setText(changeSays, now ? now.says : "");
    changeSteps.replaceChildren(...(now?.steps || []).map((at) => stepItem(steps[at].stage, steps[at].text, steps[at].took)));
    setText(calculated, now ? model.get("after").calculated : "");
    drawNodes();
    drawLanes();
  }

  function drawDetail() {
    if (!detail.hidden) open(Number(detail.dataset.n));
  }

  function open(n) {
    const [node, now] = [info.nodes[n], model.get("nodes")[n]];
    const focused = detail.contains(root.ownerDocument.activeElement);
    const head = element("div", "mtv-detailhead");
    const close = element("button", "mtv-close", "Cerrar", { type: "button" });
    close.addEventListener("click", shut);
    head.append(element("strong", "", node.title), close);
    const list = element("ul", "mtv-steps");
    for (const step of model.get("steps").filter((each) => each.n === n)) {
      const item = element("li", "", "", { "data-status": step.status });
      const took = element("span", "mtv-took", step.took);
      if (step.open !== undefined) took.dataset.open = step.open;
      item.append(element("span", "mtv-mark", step.mark), element("code", "", step.text), took);
      if (step.doing) item.append(element("span", "mtv-doing", step.doing));
      list.append(item);
    }
    const says = [now.mark.replace(/^\S+ /, ""), now.more].filter(Boolean).join(", ");
    detail.replaceChildren(head, element("p", "", says && `${says[0].toUpperCase()}${says.slice(1)}.`));
    if (node.takes.length) detail.append(element("p", "", `${node.title} ${node.takes.join("; ")}.`));
    detail.append(list);
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
    reach(byNumber(Number(detail.dataset.n)));
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

  drawn.forEach((node, at) => {
    node.setAttribute("role", "button");
    node.setAttribute("tabindex", at ? -1 : 0);
    const act = () => {
      reach(node);
      open(Number(node.dataset.n));
    };
    node.addEventListener("click", act);
    node.addEventListener("keydown", (event) => {
      if (event.shiftKey || event.ctrlKey || event.metaKey || event.altKey) return;
      const moves = { Home: 0, End: drawn.length - 1, ArrowLeft: at - 1, ArrowRight: at + 1, ArrowUp: at - 1, ArrowDown: at + 1 };
      if (event.key === "Enter" || event.key === " ") {
        event.preventDefault();
        act();
        detail.querySelector("button").focus();
      } else if (event.key in moves) {
        event.preventDefault();
        reach(drawn[moves[event.key]]);
      }
    });
  });
  point(-1);
  root.addEventListener("keydown", (event) => {
    if (event.key === "Escape") shut();
  });
  select.addEventListener("change", () => {
    model.set("change", Number(select.value));
    model.save_changes();
  });
  log.addEventListener("toggle", () => {
    drawLog();
    pre.scrollTop = pre.scrollHeight;
  });

  const draws = {
    head: drawHead, nodes: drawNodes, amounts: drawAmounts, lanes: drawLanes, steps: drawDetail, log: drawLog,
    warnings: drawWarnings, news: drawNews, after: drawAfter, change: drawChange, summary: drawResult,
  };
  return wire(model, draws, tick, 200);
}

export default { render };
