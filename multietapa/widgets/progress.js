// Lo que comparten los dibujos de las vistas que leen imágenes enteras: cómo van y cómo acaban (progress.py).

// La cabecera: el titular, que escribe titled, en qué está y con qué motor. Aparte, por qué no acabó y, para el pie,
// lo que hay que saber.
function headPanel(model, root, kernel, titled = (title, now) => setText(title, now.headline)) {
  const title = element("div", "mt-title", "", { role: "heading", "aria-level": 3 });
  const phase = element("span", "mt-phase", "", { role: "status" });
  const [box, engine] = [element("div", "mt-head"), element("div", "mt-engine")];
  const [reason, notes] = [element("p", "mt-reason"), element("ul", "mt-notes")];
  box.append(title, phase, engine);

  function draw() {
    const now = model.get("head");
    const lost = now.phase === "working" && orphan(kernel);
    root.dataset.phase = lost ? "failed" : now.phase;
    root.setAttribute("aria-label", now.about);
    titled(title, now);
    setText(engine, now.engine);
    setText(phase, lost ? "✗ sin terminar" : now.status);
    setText(reason, lost ? "No llegó a terminar: su kernel ya no está. Vuelve a ejecutar la celda." : now.reason);
    reason.hidden = !reason.textContent;
    notes.replaceChildren(...now.notes.map((note) => element("li", "", note)));
    notes.hidden = !now.notes.length;
  }

  return { box, reason, notes, draw };
}

// La caja de un rasgo que dice por dónde va algo, con su reloj; lost se llama al ver que ya no hay kernel que
// termine el trabajo.
function progressPanel(model, trait, kernel, name, lost) {
  const box = element("div", "mt-progress");
  const bar = element("progress", "", "", { max: 1, "aria-label": name });
  const [doing, clock, step, why] = [element("strong"), element("span"), element("span"), element("span", "mt-why")];
  box.append(doing, clock, bar, step, why);
  let origin = Date.now();
  function tick() {
    const now = model.get(trait);
    if (!now.text) return;
    if (orphan(kernel)) {
      box.hidden = true;
      lost();
    } else setText(clock, duration(now.elapsed + (Date.now() - origin) / 1000));
  }
  function draw() {
    const now = model.get(trait);
    origin = Date.now();
    box.hidden = !now.text;
    if (!now.text) return;
    setText(doing, now.text);
    setText(step, now.step);
    setText(why, now.why);
    if (now.fraction === undefined) bar.removeAttribute("value");
    else bar.value = now.fraction;
    tick();
  }
  return { box, draw, tick };
}
