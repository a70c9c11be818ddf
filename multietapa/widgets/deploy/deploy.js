function render({ model, el }) {
  const root = panel(el, "mtd", "Despliegue");
  return wire(model, { head: () => setText(root, model.get("head").title) });
}
export default { render };
