// Varias construcciones terminadas, con sus franjas sobre un mismo eje.

function render({ model, el }) {
  const root = panel(el, "mtl", "Tiempos de varias construcciones");
  const shown = model.get("shown");
  root.append(element("p", "mtl-says", shown.says));
  for (const build of shown.builds) {
    const box = element("div", "mtl-build", "", { role: "group", "aria-label": build.title });
    const badge = element("div", "mt-grabacion", build.recording);
    badge.hidden = !build.recording;
    const lanes = strip(`Etapas de ${build.title}`);
    lanes.draw(build.lanes);
    lanes.scale(shown.total || 1);
    box.append(badge, element("strong", "", build.title), element("p", "mtl-about", build.about));
    box.append(element("p", "", build.result), lanes.box, ...build.notes.map((note) => element("p", "mtl-note", note)));
    root.append(box);
  }
  root.append(element("p", "mtl-legend", shown.legend.join(" ")));
  return wire(model, {});
}

export default { render };
