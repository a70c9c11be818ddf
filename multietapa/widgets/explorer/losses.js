// La lista de lo que se pierde: cuánto, quién lo puso y quién lo esconde; cada una lleva a su sitio.

function lossesPanel(model, told, jump) {
  const box = element("div", "mte-waste");

  function loss(line) {
    const [path, bytes, layer, by, why, many, folder] = line.split("\t");
    const words = model.get("head").whys[why];
    const name = element("div");
    const go = button("mte-go", `/${path}${folder ? "/" : ""}`, () => jump(path, Number(layer), Boolean(folder)));
    name.append(go, soft(many > 1 ? ` · ${fileCount(Number(many))}` : ""));
    const cause = `${words[0].toUpperCase()}${words.slice(1)} en la ${told.layerWords(Number(by))}`;
    const item = element("li");
    item.append(element("b", "", size(base36(bytes))), name, element("span", "", cause), soft(`Lo puso la ${told.layerWords(Number(layer))}`));
    return item;
  }

  function draw() {
    const now = model.get("waste");
    box.hidden = !now.title;
    if (box.hidden) return;
    const list = element("ul", "mte-losses", "", { "aria-label": "Lo que se pierde" });
    list.append(...now.rows.map(loss));
    const rest = now.more ? [soft(now.more, "p")] : [];
    const fold = details("mte-fold", [element("strong", "", now.title), soft(now.about)], ...(now.rows.length ? [list] : []), ...rest);
    fold.open = now.rows.length > 0;
    box.replaceChildren(fold);
  }

  return { box, draw };
}
