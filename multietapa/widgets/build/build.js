// Dibuja el estado que manda Python; aquí no se decide nada, salvo hacer correr los relojes.

// Una orden larga se parte entre palabras, nunca detrás de un guion.
function setWords(node, text) {
  if (node.textContent === text) return;
  const whole = (word) => (word.trim() && word.length < 30 ? element("span", "", word) : word);
  node.replaceChildren(...text.split(/( )/).map(whole));
}

function stepRow() {
  const row = element("li", "mtb-step");
  const state = element("span", "mtb-state");
  const name = element("code", "mtb-name");
  const size = element("span", "mtb-size", "", { title: "Lo que añade a la imagen, según el motor" });
  const line = element("span", "mtb-line");
  const time = element("span", "mtb-time");
  const activity = element("span", "mtb-activity");
  const bar = element("progress", "", "", { max: 1 });
  const label = element("span");
  activity.append(bar, label);
  const detail = element("span", "mtb-detail");
  const why = element("span", "mtb-why", "", { title: "Por qué no salió de la caché" });
  const layers = element("ul", "mtb-layers", "", { "aria-label": "Capas que se bajan" });
  row.append(state, name, size, line, time, activity, detail, why, layers);
  return { row, state, name, size, line, time, activity, bar, label, detail, why, layers, last: "", step: null };
}

function drawStep(view, step) {
  view.step = step;
  const key = JSON.stringify(step);
  if (key === view.last) return;
  view.last = key;
  view.row.dataset.status = step.status;
  setText(view.state, `${step.icon} ${step.word}`);
  setWords(view.name, step.text);
  view.name.title = step.text;
  setText(view.size, step.size);
  setText(view.line, step.line ? `línea ${step.line}` : "");
  if (step.status !== "running") setText(view.time, step.took);
  view.activity.hidden = !step.activity;
  setText(view.label, step.activity || "");
  view.bar.hidden = step.fraction === undefined;
  if (step.fraction !== undefined) view.bar.value = step.fraction;
  view.bar.setAttribute("aria-label", step.text);
  view.detail.hidden = !step.detail;
  setText(view.detail, step.detail);
  view.why.hidden = !step.why;
  setText(view.why, step.why || "");
  view.layers.hidden = !step.layers.length;
  while (view.layers.children.length > step.layers.length) view.layers.lastChild.remove();
  step.layers.forEach((text, n) => {
    if (!view.layers.children[n]) view.layers.append(element("li"));
    setText(view.layers.children[n], text);
  });
}

function groupView(group) {
  const title = element("strong");
  const note = element("span", "mtb-note");
  const list = element("ul");
  const box = details("mtb-group", [title, note], list);
  box.open = !group.inner;
  return { box, title, note, list, rows: [], opened: false };
}

function drawGroup(view, group) {
  setText(view.title, group.title);
  setText(view.note, group.note);
  group.steps.forEach((step, n) => {
    if (!view.rows[n]) {
      view.rows[n] = stepRow();
      view.list.append(view.rows[n].row);
    }
    drawStep(view.rows[n], step);
  });
  while (view.rows.length > group.steps.length) view.rows.pop().row.remove();
  // Los pasos internos van plegados: se abren si fallan o cuentan su avance, y se pliegan al acabar bien.
  const failed = group.steps.some((s) => s.status === "failed");
  const telling = failed || group.steps.some((s) => s.status === "running" && s.activity);
  if (group.inner && telling !== view.opened) {
    view.box.open = telling;
    view.opened = telling;
  }
}

function render({ model, el, kernel }) {
  const root = panel(el, "mtb");
  const badge = element("div", "mt-grabacion");
  const header = element("div", "mtb-head");
  const heading = element("div", "mtb-heading");
  const title = element("strong", "mtb-title");
  const context = element("div", "mtb-context");
  heading.append(title, context);
  const state = element("span", "mtb-phase", "", { role: "status" });
  const clock = element("span", "mtb-clock", "", { role: "timer" });
  const watched = watch(model, kernel);
  header.append(heading, state, clock, watched.cancel);
  const plan = element("div", "mtb-plan");
  const warnings = element("ul", "mtb-warnings");
  const about = "Registro de la construcción: últimas líneas";
  const pre = element("pre", "", "", { tabindex: 0, role: "log", "aria-live": "off", "aria-label": about });
  const log = details("mtb-log", "Registro", pre);
  const result = element("p", "mtb-result");
  root.append(badge, header, watched.hint, plan, warnings, log, result);

  const groups = [];
  let phase = "";

  function tick() {
    const since = watched.since();
    if (since === null) return;
    const now = (model.get("head").elapsed || 0) + since * model.get("rate");
    setText(clock, duration(now));
    for (const group of groups) {
      for (const view of group.rows) {
        if (view.step && view.step.started !== undefined) setText(view.time, duration(now - view.step.started));
      }
    }
  }

  function drawHead() {
    const head = model.get("head");
    watched.draw(head.phase);
    badge.hidden = !head.recording;
    setText(badge, head.recording);
    setText(title, head.title);
    setText(context, head.context);
    root.dataset.phase = head.phase;
    root.setAttribute("aria-label", `Construcción de ${head.title}`);
    setText(state, `${head.icon} ${head.word}`);
    setText(clock, duration(head.elapsed));
    if (head.phase !== phase) log.open = head.phase !== "done";
    phase = head.phase;
    drawResult();
  }

  function drawResult() {
    const head = model.get("head");
    const parts = [head.result, model.get("summary") || head.provisional].filter(Boolean);
    setText(result, parts.join(" · "));
    result.hidden = !parts.length;
  }

  function drawGroups() {
    const wanted = model.get("groups");
    wanted.forEach((group, n) => {
      // Un grupo nuevo puede entrar antes que otros: se reconocen por su título.
      let at = groups.findIndex((view) => view.title.textContent === group.title);
      if (at < 0) {
        groups.push(groupView(group));
        at = groups.length - 1;
      }
      const view = groups[at];
      if (at !== n) {
        groups.splice(at, 1);
        groups.splice(n, 0, view);
      }
      if (plan.children[n] !== view.box) plan.insertBefore(view.box, plan.children[n] || null);
      drawGroup(view, group);
    });
    while (groups.length > wanted.length) groups.pop().box.remove();
    tick();
  }

  function drawLog() {
    const lines = model.get("log");
    const atEnd = pre.scrollHeight - pre.scrollTop - pre.clientHeight < 24;
    setText(pre, lines.join("\n"));
    log.hidden = !lines.length;
    if (atEnd) pre.scrollTop = pre.scrollHeight;
  }

  function drawWarnings() {
    warnings.replaceChildren(
      ...model.get("warnings").map((warning) => {
        const item = element("li", "", `⚠ ${warning.text} `);
        if (/^https:\/\//.test(warning.url)) {
          const where = { href: warning.url, target: "_blank", rel: "noopener noreferrer" };
          item.append(element("a", "", "Más información", where));
        }
        return item;
      }),
    );
  }

  log.addEventListener("toggle", () => (pre.scrollTop = pre.scrollHeight));

  const draws = { head: drawHead, groups: drawGroups, log: drawLog, warnings: drawWarnings, summary: drawResult };
  return wire(model, draws, tick, 200);
}

export default { render };
