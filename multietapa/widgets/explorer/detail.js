// El detalle de lo elegido: quién lo puso, qué le pasó, quién lo trajo y, si se pide, su contenido.

const MOST_LOOSE = 3000; // cuántas cosas de una carpeta se piden sueltas
const FULL = "Ya van sueltos los que más pesan y caben: a los demás se llega buscándolos.";

function detailPanel(model, state, told, { ask, enter }) {
  const [box, content] = [element("div", "mte-detail"), element("div", "mte-content")];

  function facts(sight) {
    const { whys } = model.get("head");
    const found = sight.kind === "r" ? [`Lo que no se enseña suelto: ${fileCount(sight.files)}.`] : [];
    found.push(...sight.layers.filter((n) => n !== null).slice(0, 3).map((n) => {
      const { stage } = state.layers()[n];
      return `${told.layerWords(n)}${stage ? `, copiado de la etapa «${stage}»` : ""}`;
    }));
    if (sight.layers.length > 3) found.push(`y ${count(sight.layers.length - 3, "capa", "capas")} más`);
    if (sight.why) found.push(`⊘ Se pierde: ${whys[sight.why[0]]}, en la ${told.layerWords(base36(sight.why.slice(1)))}`);
    else if (sight.kind === "f" && CHANGES[sight.change]) found.push(`${CHANGES[sight.change].join(" ")} por esa capa`);
    else if (sight.waste) found.push(`⊘ Se pierden ${size(sight.waste)}`);
    return found.map((fact) => element("li", "", fact));
  }

  function draw(chosen) {
    const { here } = state;
    const sight = chosen || (here.up ? here : null);
    content.replaceChildren();
    box.hidden = !model.get("layers").length;
    if (!sight) return box.replaceChildren(soft(state.measured() ? "Cada rectángulo es una carpeta o un archivo, tan grande como lo que pesa. Un clic (o Intro) entra; Escape sube; si escribes, se busca." : "Cada rectángulo es una capa.", "p"));
    const [line, list, buttons] = [element("div", "mte-about"), element("ul", "mte-facts"), element("div", "mte-buttons")];
    line.append(element("code", "", `/${sight.path}${sight.kind === "d" && sight.path ? "/" : ""}`), element("b", "", size(sight.bytes)), soft(told.origin(sight)), buttons);
    list.append(...facts(sight));
    if (sight.kind === "r" && sight.up.full) list.append(element("li", "", FULL));
    else if (sight.kind !== "f" && here.key !== sight.key) buttons.append(button("mte-button", sight.kind === "d" ? "Entrar" : sight.entries < MOST_LOOSE ? "Enseñar todos" : `Enseñar los ${number(MOST_LOOSE)} mayores`, () => enter(sight)));
    if (sight.kind === "f" && sight.change !== "x") buttons.append(button("mte-button", "Ver contenido", () => read(sight)));
    box.replaceChildren(line, list);
    if (sight.kind === "f") ask({ ficha: sight.path, capa: sight.layer }, (answer) => answer.text && list.append(element("li", "", answer.text)), true);
  }

  function read(sight) {
    content.replaceChildren(soft("Pidiendo el contenido…", "p"));
    ask({ contenido: sight.path, capa: sight.layer }, (answer) => {
      const found = answer.note ? [soft(answer.note, "p")] : [];
      if (answer.text !== null) found.push(element("pre", "", answer.text, { tabindex: 0, role: "group", "aria-label": `Contenido de ${sight.name}` }));
      content.replaceChildren(...found);
    }) || content.replaceChildren();
  }

  return { box, content, draw };
}
