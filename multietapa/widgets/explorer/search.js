// La búsqueda: primero, entre lo que ya está; enseguida, lo que el kernel encuentra en toda la imagen.

const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function searchPanel(state, list, { ask, jump, leave }) {
  const box = element("label", "mte-find", "Buscar ");
  const input = element("input", "", "", { type: "search", "aria-label": "Buscar en toda la imagen", spellcheck: "false" });
  const found = element("ul", "mte-found", "", { "aria-label": "Resultados" });
  let timer = 0;
  box.append(input);

  function result(path, bytes, layer, lost) {
    const item = element("li");
    item.append(element("b", "", size(bytes)), button("mte-go", `/${path}`, () => jump(path, layer, false)), soft(`capa ${layer + 1}${lost ? " · ⊘ se pierde" : ""}`));
    return item;
  }

  function show(items, text) {
    found.replaceChildren(soft(text, "li"), ...items);
    found.hidden = false;
    list.hidden = true;
  }

  function seek() {
    const words = plain(input.value.trim());
    clearTimeout(timer);
    if (!words) return finish();
    const hits = [];
    const walk = (node) => node.kids.forEach((kid) => (kid.kind === "f" && kid.change !== "x" && plain(`/${kid.path}`).includes(words) && hits.push(kid), walk(kid)));
    state.base.forEach(walk);
    hits.sort(bySize);
    show(hits.slice(0, 100).map((hit) => result(hit.path, hit.bytes, hit.layer, hit.why)), `${fileCount(hits.length)} entre lo que ya está aquí`);
    timer = setTimeout(() => ask({ buscar: input.value.trim() }, (answer) => {
      if (plain(input.value.trim()) !== words) return;
      const items = answer.filas.map((line) => {
        const [path, bytes, layer, lost] = line.split("\t");
        return result(path, base36(bytes), Number(layer), lost);
      });
      show(items, answer.text);
    }), 200);
  }

  function finish() {
    clearTimeout(timer);
    input.value = "";
    found.hidden = true;
    list.hidden = false;
  }

  input.addEventListener("input", seek);
  for (const node of [input, found]) node.addEventListener("keydown", (event) => event.key === "Escape" && (finish(), leave()));
  finish();
  return { box, found, finish, focus: () => input.focus(), stop: () => clearTimeout(timer) };
}
