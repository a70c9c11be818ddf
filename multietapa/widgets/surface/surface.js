// Lo que deja a mano cada imagen: una fila por clase, que se abre en su lista. Se filtra y se busca aquí.

const PAINTS = ["diagonal", "puntos", "contra", "rayas", "cuadros", "liso"];
const STATES = { g: ["−", "se va", "Se van"], k: ["=", "sigue", "Siguen"], c: ["≠", "cambia", "Cambian"], n: ["+", "llega", "Llegan"] };
const STEP = 100; // líneas que se dibujan de una vez
const FEW = 10; // hasta aquí no hace falta buscar

// Cada nombre dice cuántas letras repite del anterior, y el resto.
function rowsOf(section) {
  let name = "";
  return section.rows.split("\n").map((line) => {
    const [state, rest, detail = "", place = "0", before, from = "0"] = line.split("\t");
    name = name.slice(0, parseInt(rest[0], 36)) + rest.slice(1);
    return { state, name, detail, place: Number(place), before, from: Number(from), text: `${name} ${detail}`.toLowerCase() };
  });
}

function render({ model, el, kernel }) {
  const root = panel(el, "mtf");
  const header = headPanel(model, root, kernel);
  const progress = progressPanel(model, "progress", kernel, "Avance", () => drawHead());
  const faces = element("div", "mtf-faces");
  const bars = element("p", "mtf-soft");
  const chart = element("div", "mtf-chart");
  const saving = element("div", "mtf-saving");
  const said = element("span", "mtf-said", "", { role: "status" });
  root.append(header.box, progress.box, header.reason, faces, bars, chart, saving, header.notes);
  const opened = new Map(); // qué filas se abrieron o se cerraron: siguen así cuando llega otra imagen

  function drawFace(face, n) {
    const box = element("div", "mtf-face");
    const name = element("div", "mtf-name");
    name.append(element("i", `mtf-swatch mt-${PAINTS[n % PAINTS.length]}`), element("strong", "", face.name));
    name.append(element("span", "mtf-soft", face.details));
    const told = (words, warn) => element("p", warn ? "mtf-warn" : "", `${warn ? "⚠ " : ""}${words}`);
    box.append(name, told(face.user, face.root), ...face.runtimes.map((life) => told(life.text, life.ended)));
    return box;
  }

  function drawCell(kind, face, n) {
    const amount = kind.counts[n];
    const cell = element("div", "mtf-cell");
    cell.append(element("span", "mtf-of", face.name, { title: face.name }));
    if (typeof amount === "string") {
      cell.append(element("em", "mtf-unknown", amount));
      return cell;
    }
    const track = element("span", "mtf-track");
    const bar = element("i", `mtf-bar mt-${PAINTS[n % PAINTS.length]}`);
    bar.style.width = `${(100 * amount) / Math.max(kind.most, 1)}%`;
    bar.hidden = !amount;
    track.append(bar);
    cell.append(track, element("b", "", number(amount)));
    return cell;
  }

  function drawItem(row) {
    const item = element("li");
    if (row.state) {
      const [sign, word] = STATES[row.state];
      item.append(element("span", `mtf-state mtf-${row.state}`, `${sign} ${word}`));
    }
    const detail = row.before === undefined ? row.detail : `${row.before || "nada"} → ${row.detail || "nada"}`;
    const places = model.get("places");
    const now = places[row.place];
    const moved = row.before !== undefined && row.from !== row.place;
    item.append(element("code", "mtf-what", row.name), element("span", "mtf-detail", detail));
    item.append(element("span", "mtf-place", moved ? `antes, ${places[row.from]}; ahora, ${now}` : now));
    return item;
  }

  // La lista de una fila, con su buscador; solo se hace cuando se abre.
  function drawList(kind) {
    const lists = kind.sections.map((section) => ({ ...section, all: rowsOf(section) }));
    let list = lists[0];
    let state = "";
    let found = [];
    let drawn = 0;
    const tools = element("div", "mtf-tools");
    const label = element("label", "mtf-search", "Buscar ");
    const search = element("input", "", "", { type: "search", "aria-label": `Buscar en ${kind.title}` });
    const shown = element("span", "mtf-soft", "", { role: "status" });
    const items = element("ul", "mtf-list", "", { tabindex: 0, "aria-label": kind.title });
    const more = element("button", "mtf-button", "Ver más", { type: "button" });
    const missing = element("p", "mtf-soft");
    label.append(search);

    function extend(focus) {
      const next = found.slice(drawn, drawn + STEP).map(drawItem);
      items.append(...next);
      drawn += next.length;
      more.hidden = drawn >= found.length;
      setText(shown, found.length ? `Se ven ${number(drawn)} de ${number(found.length)}` : "Nada que enseñar con ese filtro");
      if (focus && next.length) {
        next[0].tabIndex = -1;
        next[0].focus();
      }
    }
    function filter() {
      const words = search.value.trim().toLowerCase();
      found = list.all.filter((row) => (!state || row.state === state) && row.text.includes(words));
      drawn = 0;
      items.replaceChildren();
      setText(missing, list.missing);
      missing.hidden = !list.missing;
      extend(false);
    }
    const present = Object.keys(STATES).filter((key) => list.all.some((row) => row.state === key));
    const only = (key) => `${STATES[key][2]} ${number(list.all.filter((row) => row.state === key).length)}`;
    if (present.length > 1) {
      const options = [["", `Todo ${number(list.all.length)}`], ...present.map((key) => [key, only(key)])];
      const chosen = radios("Qué pasa", options, (value) => ((state = value), filter()));
      chosen.mark("");
      tools.append(chosen.box);
    } else if (lists.length > 1) {
      const options = lists.map((each) => [each.name, `${each.name} ${number(each.all.length)}`]);
      const chosen = radios("Imagen", options, (value) => ((list = lists.find(({ name }) => name === value)), filter()));
      chosen.mark(list.name);
      tools.append(chosen.box);
    }
    if (lists.some((each) => each.all.length > FEW)) tools.append(label);
    tools.append(shown);
    search.addEventListener("input", filter);
    more.addEventListener("click", () => extend(true));
    filter();
    const whose = lists.length === 1 && list.name && kind.counts.length > 1 ? `La lista de ${list.name}` : "";
    return [...(whose ? [element("p", "mtf-soft", whose)] : []), tools, items, more, missing];
  }

  function drawKind(kind) {
    const { faces: shown } = model.get("head");
    const cells = element("div", "mtf-cells");
    cells.append(...kind.counts.map((_, n) => drawCell(kind, shown[n], n)));
    const read = kind.notes.length ? count(kind.notes.length, "nota", "notas") : "";
    const below = [kind.tally, read].filter(Boolean).join(" · ");
    if (below) cells.append(element("div", "mtf-soft", below));
    cells.append(...kind.whys.map((why) => element("div", "mtf-soft", why)));
    const name = element("span", "mtf-kindname", kind.title);
    if (!kind.sections.length && !kind.notes.length) {
      const row = element("div", "mtf-kind mtf-closed");
      row.append(name, cells);
      return row;
    }
    const inside = element("div", "mtf-inside");
    const box = details("mtf-kind", [name, cells], inside);
    const fill = () => {
      opened.set(kind.title, box.open);
      if (!box.open || inside.childElementCount) return;
      inside.append(element("p", "mtf-soft", kind.meaning), ...kind.notes.map((note) => element("p", "", note)));
      if (kind.sections.length) inside.append(...drawList(kind));
    };
    box.addEventListener("toggle", fill);
    box.open = opened.get(kind.title) ?? kind.open;
    return box;
  }

  function drawSaving() {
    const head = model.get("head");
    saving.hidden = head.phase !== "done";
    const lost = orphan(kernel);
    const buttons = head.faces.map((face) => {
      const button = element("button", "mtf-button", `Guardar la lista de ${face.name}`, { type: "button" });
      button.disabled = lost;
      button.addEventListener("click", () => {
        if (orphan(kernel)) return drawSaving(); // se paró mientras se miraba
        setText(said, `Preparando la lista de ${face.name}…`);
        model.send({ sbom: face.name });
      });
      return button;
    });
    const why = lost ? "Para guardarla desde aquí hace falta el kernel: vuelve a ejecutar la celda." : "";
    setText(said, why);
    saving.replaceChildren(element("p", "mtf-soft", head.export), ...buttons, said);
  }

  function receive(message) {
    if (message.sbom === undefined) return;
    if (message.error) return setText(said, message.error);
    const link = element("a", "", "", { download: message.file });
    link.href = URL.createObjectURL(new Blob([message.text], { type: "application/vnd.cyclonedx+json" }));
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10000);
    setText(said, `Guardada en tus descargas: ${message.file}`);
  }

  function drawHead() {
    const head = model.get("head");
    header.draw();
    faces.replaceChildren(...head.faces.map(drawFace));
    setText(bars, head.bars);
    bars.hidden = !head.faces.length;
    drawSaving();
  }

  const drawKinds = () => chart.replaceChildren(...model.get("kinds").map(drawKind));
  model.on("msg:custom", receive);
  const stop = wire(model, { head: drawHead, kinds: drawKinds, progress: progress.draw }, progress.tick, 500);
  return () => {
    model.off("msg:custom", receive);
    stop();
  };
}

export default { render };
