// La cabecera: el titular, en qué está y con qué motor; y, al pie, lo que hay que saber.

function headPanel(model, root, kernel) {
  const box = element("div", "mte-head");
  const title = element("div", "mte-title", "", { role: "heading", "aria-level": 3 });
  const phase = element("span", "mte-phase", "", { role: "status" });
  const [engine, grouped] = [element("div", "mte-engine"), element("p", "mte-grouped")];
  const [reason, notes] = [element("p", "mte-reason"), element("ul", "mte-notes")];
  box.append(title, phase, engine, grouped);

  function draw() {
    const now = model.get("head");
    const lost = now.phase === "looking" && orphan(kernel);
    root.dataset.phase = lost ? "failed" : now.phase;
    root.setAttribute("aria-label", now.about);
    setText(title, now.headline);
    setText(engine, now.engine);
    setText(phase, lost ? "✗ sin terminar" : now.status);
    setText(reason, lost ? "No llegó a terminar: su kernel ya no está. Vuelve a ejecutar la celda." : now.reason);
    setText(grouped, now.grouped);
    grouped.hidden = !now.grouped;
    reason.hidden = !reason.textContent;
    notes.replaceChildren(...now.notes.map((note) => element("li", "", note)));
    notes.hidden = !now.notes.length;
  }

  return { box, reason, notes, draw };
}
