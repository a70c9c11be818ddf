// Lo único que lleva cada vista: pide su dibujo al modelo que comparten las de su clase (drawing.py) y lo usa.
const modules = (globalThis[Symbol.for("multietapa.modules")] ??= new Map());

function load(esm, css) {
  if (!modules.has(esm)) {
    const style = document.createElement("style");
    style.textContent = css;
    document.head.append(style);
    const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
    modules.set(esm, import(url));
  }
  return modules.get(esm);
}

async function render({ model, el }) {
  const kernel = await model.widget_manager.get_model(model.get("shared").replace("IPY_MODEL_", ""));
  const { default: view } = await load(kernel.get("esm"), kernel.get("css"));
  return view.render({ model, el, kernel });
}

export default { render };
