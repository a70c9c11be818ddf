// Dibuja lo que viaja de una carpeta y lo que no. Las frases las escribe Python; aquí solo se filtra por nombre.

function table(title, heads, rows, look) {
  const box = element("table", "mtx-table");
  const head = element("tr");
  head.append(...heads.map((name) => element("th", "", name, { scope: "col" })));
  const top = element("thead");
  top.append(head);
  const body = element("tbody");
  body.append(...rows.map((row) => {
    const line = element("tr", look ? look(row) : "");
    line.append(...heads.map((_, n) => element("td", "", String(row[n]))));
    return line;
  }));
  box.append(element("caption", "", title), top, body);
  const scroller = element("div", "mtx-scroll", "", { tabindex: 0, role: "group", "aria-label": title });
  scroller.append(box);
  return { scroller, body };
}

const more = (words) => (words ? [element("p", "mtx-more", words)] : []);

// Un nivel de carpetas: un plegable si tiene otras dentro. La raya es cuánto ocupa, frente a la mayor.
function branch({ inside, more: rest }, biggest) {
  const list = element("ul", "mtx-tree");
  list.append(...inside.map(([name, bytes, size, fate, below]) => {
    const item = element("li");
    const bar = element("i", "mtx-share", "", { "aria-hidden": true });
    bar.style.width = `${biggest ? (100 * bytes) / biggest : 0}%`;
    const head = element("span", "mtx-folder");
    head.append(element("strong", "", name), element("span", "mtx-size", size), element("span", "mtx-fate", fate), bar);
    if (below.inside.length) item.append(details("", head, branch(below, biggest)));
    else item.append(head);
    return item;
  }));
  if (rest) list.append(element("li", "mtx-more", rest));
  return list;
}

function bars(rows) {
  const box = element("div", "mtx-bars");
  const most = Math.max(1, ...rows.map(([, , bytes]) => bytes));
  for (const [name, paint, bytes, said] of rows) {
    const track = element("div", "mtx-track", "", { "aria-hidden": true });
    const bar = element("div", `mtx-bar mt-${paint}`);
    bar.style.width = `${(100 * bytes) / most}%`;
    bar.hidden = !bytes;
    track.append(bar);
    const line = element("p", "mtx-total");
    line.append(element("strong", "", name), element("span", "", said));
    box.append(line, track);
  }
  return box;
}

function files(look) {
  const heads = ["Archivo", "Tamaño", "Qué pasa"];
  const { scroller, body } = table(look.titles.files, heads, look.files, (row) => (row[3] ? "" : "mtx-out"));
  const wanted = element("label", "mtx-filter", "Filtrar por nombre ");
  const input = element("input", "", "", { type: "search", autocomplete: "off", spellcheck: "false" });
  const said = element("span", "mtx-said", "", { role: "status" });
  wanted.append(input);
  input.addEventListener("input", () => {
    const asked = input.value.trim().toLowerCase();
    let left = 0;
    look.files.forEach(([name], n) => {
      const seen = name.toLowerCase().includes(asked);
      body.children[n].hidden = !seen;
      left += seen;
    });
    setText(said, asked ? `${number(left)} de ${number(look.files.length)}` : "");
  });
  const box = details("mtx-files", look.titles.files, wanted, said, scroller, ...more(look.filesMore));
  return look.files.length ? [box] : [];
}

function named(title, className, rows, rest) {
  if (!rows.length) return [];
  const list = element("ul", className);
  list.append(...rows);
  return [element("h4", "mtx-heading", title), list, ...more(rest)];
}

function noticed([name, why, said, secret]) {
  const item = element("li", secret ? "mtx-secret" : "");
  if (secret) item.append(element("span", "mtx-mark", "secreto"), " ");
  item.append(element("strong", "", name), `: ${why} `);
  if (said) item.append(element("span", "mtx-fate", `(${said})`));
  return item;
}

function render({ model, el }) {
  const root = panel(el, "mtx", model.get("look").about);
  function draw() {
    const look = model.get("look");
    root.setAttribute("aria-label", look.about);
    const rules = look.rules.length
      ? [table(look.titles.rules, ["Línea", "Texto", "Qué hace"], look.rules, (row) => (row[4] ? "mtx-hinted" : `mtx-${row[3]}`)).scroller]
      : [];
    const biggest = Math.max(0, ...look.tree.inside.map((one) => one[1]));
    const tree = look.tree.inside.length
      ? [element("h4", "mtx-heading", look.titles.folders), branch(look.tree, biggest)]
      : [];
    const notes = element("ul", "mtx-notes");
    notes.append(...look.notes.map((note) => element("li", "", note)));
    root.replaceChildren(
      element("div", "mtx-title", look.title, { role: "heading", "aria-level": 3 }),
      element("p", "mtx-meaning", look.meaning),
      bars(look.bars),
      ...named(look.titles.suspects, "mtx-list", look.suspects.map(noticed), look.suspectsMore),
      ...named(look.titles.problems, "mtx-list", look.problems.map((one) => noticed([...one, "", false])), look.problemsMore),
      ...rules,
      ...more(look.rulesMore),
      ...tree,
      ...files(look),
      notes,
    );
  }
  return wire(model, { look: draw });
}

export default { render };
