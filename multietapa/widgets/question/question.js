// Una pregunta corta: botones de radio o casillas del navegador, que ya saben de teclado y de nombres, y el
// botón que comprueba. Las respuestas viajan con ella: no hace falta esperar al kernel.

// Lo que va entre comillas invertidas es código; el resto se escribe tal cual.
function marked(node, words) {
  const parts = words.split("`").map((part, n) => (n % 2 ? element("code", "", part) : part));
  node.replaceChildren(...parts);
  return node;
}

function judge(choices, chosen, several) {
  const surplus = choices.some((each) => !each.right && chosen.includes(each.letter));
  const missing = choices.some((each) => each.right && !chosen.includes(each.letter));
  if (!chosen.length) return "EMPTY";
  if (!surplus && !missing) return "RIGHT";
  if (!several) return "WRONG";
  return surplus && missing ? "BOTH" : surplus ? "SURPLUS" : "MISSING";
}

// Las líneas que se leen después de comprobar: las mismas que answer_lines, de words.py.
function answerLines(asked, chosen) {
  const verdict = judge(asked.choices, chosen, asked.several);
  if (verdict === "EMPTY") return [asked.words.EMPTY];
  const of = (mine) => asked.choices.filter((each) => chosen.includes(each.letter) === mine);
  const letters = of(true).map((each) => each.letter);
  const listed = [letters.slice(0, -1).join(", "), letters.at(-1)].filter(Boolean).join(" y ");
  const rest = verdict === "RIGHT" ? of(false) : [];
  return [
    `${asked.yours}: ${listed}. ${asked.words[verdict]}`,
    ...of(true).map((each) => each.says),
    ...(rest.length ? [asked.rest] : []),
    ...rest.map((each) => each.says),
  ];
}

function render({ model, el }) {
  const asked = model.get("asked");
  const root = panel(el, "mtq", asked.name);
  const box = element("fieldset", "mtq-box");
  const title = element("legend", "mtq-title");
  title.append(element("span", "mtq-name", asked.name), marked(element("span"), asked.title));
  box.append(title, ...asked.body.map((words) => marked(element("p"), words)));
  if (asked.code) box.append(element("pre", "mtq-code", asked.code));
  box.append(element("p", "mtq-how", asked.how));
  const group = `mtq-${Math.random().toString(36).slice(2)}`;
  const inputs = asked.choices.map((each) => {
    const type = asked.several ? "checkbox" : "radio";
    const input = element("input", "", "", { type, name: group, value: each.letter });
    const label = element("label", "mtq-choice");
    const words = element("span");
    words.append(`${each.letter}) `, marked(element("span"), each.text));
    label.append(input, words);
    box.append(label);
    return input;
  });
  const check = element("button", "mtq-check", "Comprobar", { type: "button" });
  const said = element("div", "mtq-said", "", { role: "status", "aria-live": "polite", "aria-atomic": "true" });
  root.append(box, check, said);

  const chosen = () => inputs.filter((input) => input.checked).map((input) => input.value);

  function drawChosen() {
    const now = model.get("chosen");
    for (const input of inputs) input.checked = now.includes(input.value);
  }

  // Lo primero, cómo va; después, por qué. Se escribe entero cada vez, para que se vuelva a anunciar.
  function say(lines, verdict) {
    said.dataset.verdict = verdict;
    said.replaceChildren(...lines.map((line, n) => marked(element("p", n ? "" : "mtq-verdict"), line)));
  }

  function drawAnswered() {
    const letters = model.get("answered");
    if (letters.length) say(answerLines(asked, letters), judge(asked.choices, letters, asked.several));
    else say([], "");
  }

  function answer() {
    const letters = chosen();
    if (!letters.length) return say(answerLines(asked, letters), "EMPTY");
    model.set("chosen", letters);
    model.set("added", answerLines(asked, letters).join("\n"));
    model.set("answered", letters);
    drawAnswered(); // también si es la misma respuesta, que no cambia el rasgo
    model.save_changes();
  }

  for (const input of inputs) {
    input.addEventListener("change", () => {
      model.set("chosen", chosen());
      model.save_changes();
    });
  }
  // Intro en una opción comprueba, como en cualquier formulario.
  box.addEventListener("keydown", (event) => {
    const plain = !(event.shiftKey || event.ctrlKey || event.metaKey || event.altKey);
    if (event.key === "Enter" && plain) answer();
  });
  check.addEventListener("click", answer);
  return wire(model, { chosen: drawChosen, answered: drawAnswered });
}

export default { render };
