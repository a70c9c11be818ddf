// Las piezas con que se hacen las partes: un botón, un texto suave, una cuenta de archivos.

function button(className, text, act, attributes) {
  const node = element("button", className, text, { type: "button", ...attributes });
  node.addEventListener("click", act);
  return node;
}

const soft = (text, tag = "span") => element(tag, "mte-soft", text);
const fileCount = (amount) => count(amount, "archivo", "archivos");
