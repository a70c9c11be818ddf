// El control de una predicción: un deslizador y una casilla del navegador, que ya saben de teclado y de nombres.

function render({ model, el, kernel }) {
  const name = model.get("label");
  const root = panel(el, "mtp", name);
  const limits = { min: 0, max: model.get("maximum") };
  const slider = element("input", "mtp-slider", "", { ...limits, type: "range", step: model.get("step") });
  const box = element("input", "mtp-box", "", { ...limits, type: "number", step: 1 });
  slider.setAttribute("aria-label", `${name}, en MB`);
  box.setAttribute("aria-label", `${name}, en MB, con un número`);
  const said = element("span", "mtp-said", "", { role: "status" });
  root.append(element("span", "mtp-name", name), slider, box, element("span", "mtp-unit", "MB"), said);

  function draw() {
    const value = model.get("value");
    slider.value = value;
    slider.setAttribute("aria-valuetext", `${number(value)} MB`);
    box.value = value;
    hint();
  }

  // Sin kernel, moverlo no serviría de nada.
  function hint() {
    const lost = orphan(kernel);
    slider.disabled = box.disabled = lost;
    const ask = model.get("value") ? "" : "Muévelo, o escribe un número.";
    setText(said, lost ? "Para cambiarla, vuelve a ejecutar la celda." : ask);
  }

  function choose(value) {
    const guess = Math.min(Math.max(Number(value) || 0, 0), limits.max);
    model.set("value", guess);
    model.set("said", `${name}: ${guess ? `${number(guess)} MB` : "todavía sin hacer"}`);
    draw();
  }

  slider.addEventListener("input", () => choose(slider.value));
  box.addEventListener("change", () => choose(box.value));
  for (const input of [slider, box]) input.addEventListener("change", () => model.save_changes());
  return wire(model, { value: draw }, hint, 1000);
}

export default { render };
