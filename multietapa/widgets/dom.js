// Lo que comparten los dibujos de todas las vistas: base.py lo pone delante del de cada una.

// Estas cuatro escriben siempre lo mismo que las de multietapa/text.py (lo comprueba test_dom.py).
function number(value, decimals = 0) {
  const scale = 10 ** decimals;
  const units = Math.floor(Math.abs(value) * scale + 0.5);
  const whole = String(Math.floor(units / scale)).replace(/\B(?=(\d{3})+$)/g, "\u202f");
  const rest = decimals ? `,${String(units % scale).padStart(decimals, "0")}` : "";
  return `${value < 0 && units ? "-" : ""}${whole}${rest}`;
}

function size(bytes) {
  if (Math.abs(bytes) < 1000) return `${bytes} B`;
  const units = [["kB", 1e3], ["MB", 1e6], ["GB", 1e9]];
  const [unit, scale] = units.find(([name, each]) => name === "GB" || Math.abs(bytes / each) < 999.5);
  const value = bytes / scale;
  return `${number(value, unit === "GB" ? 2 : Math.abs(value) < 99.95 ? 1 : 0)} ${unit}`;
}

function duration(seconds) {
  if (seconds < 9.95) return `${number(Math.max(seconds, 0), 1)} s`;
  const whole = Math.floor(seconds + 0.5);
  return whole < 60 ? `${whole} s` : `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
}

function count(amount, one, many) {
  return `${number(amount)} ${amount === 1 ? one : many}`;
}

function element(tag, className, text, attributes) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text) node.textContent = text;
  for (const [name, value] of Object.entries(attributes || {})) node.setAttribute(name, value);
  return node;
}

function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

// La caja de una vista, ya en su sitio; name es cómo la llama un lector de pantalla. Las teclas que se pulsan en ella son suyas: JupyterLab, que escucha en
// el documento, saltaría de celda con una flecha y la borraría con «d d». Los atajos con Ctrl o Alt y los que
// ejecutan la celda sí le llegan.
function panel(el, className, name = "") {
  const root = element("div", `mt ${className}`, "", { role: "group", "aria-label": name });
  root.addEventListener("keydown", (event) => {
    const shortcut = event.ctrlKey || event.metaKey || event.altKey || (event.shiftKey && event.key === "Enter");
    if (!shortcut) event.stopPropagation();
  });
  el.append(root);
  return root;
}

// Si detrás de la vista ya no hay kernel: el cuaderno se reabrió, o el kernel se reinició.
function orphan(kernel) {
  return Boolean(kernel) && !kernel.comm_live;
}

// Un plegable; el título puede ser un texto o varios nodos.
function details(className, title, ...inside) {
  const box = element("details", className);
  const summary = element("summary");
  summary.append(...[title].flat());
  box.append(summary, ...inside);
  return box;
}

// Se elige entre varios valores: botones de radio de verdad, así que las flechas ya funcionan.
function radios(title, options, act) {
  const box = element("fieldset", "mt-choice");
  box.append(element("legend", "", title));
  const group = `mt-${Math.random().toString(36).slice(2)}`;
  const inputs = options.map(([value, label]) => {
    const input = element("input", "", "", { type: "radio", name: group });
    input.addEventListener("change", () => act(value));
    const wrap = element("label");
    wrap.append(input, element("span", "", label));
    box.append(wrap);
    return [value, input];
  });
  const mark = (chosen) => inputs.forEach(([value, input]) => (input.checked = value === chosen));
  return { box, mark };
}

// Un rasgo que se elige así.
function choice(model, trait, title, options) {
  const { box, mark } = radios(title, options, (value) => {
    model.set(trait, value);
    model.save_changes();
  });
  return { box, show: () => mark(model.get(trait)) };
}

const CANCEL_PATIENCE_MS = 4000;
const SILENCE_MS = 15000; // Python manda la hora cada 3 s (HEARTBEAT en build/follow.py), aunque nada cambie

// Lo que acompaña a algo en marcha: el botón Cancelar y una línea que avisa si el kernel no está o no contesta.
// draw recibe la fase cada vez que llegan noticias; since, los segundos desde entonces, o null si ya no corre.
function watch(model, kernel) {
  const cancel = element("button", "mt-cancel", "Cancelar", { type: "button" });
  const hint = element("p", "mt-hint", "", { role: "alert" });
  let [phase, heard, asked] = ["", Date.now(), 0];
  const going = () => ["running", "cancelling"].includes(phase);

  function say(text) {
    setText(hint, text);
    hint.hidden = !text;
  }

  function wait() {
    cancel.disabled = true;
    setText(cancel, "Cancelando…");
  }

  function draw(now) {
    [phase, heard] = [now, Date.now()];
    if (phase !== "running" || !asked) say("");
    cancel.hidden = !going();
    if (phase !== "running") wait();
  }

  function since() {
    if (!going()) return null;
    if (orphan(kernel)) {
      cancel.hidden = true;
      say("No llegó a terminar: su kernel ya no está. Vuelve a ejecutar la celda.");
      return null;
    }
    if (Date.now() - heard > SILENCE_MS) {
      say("El kernel no da noticias: puede que se haya reiniciado. Si es así, vuelve a ejecutar la celda.");
      return null;
    }
    if (asked && phase === "running" && Date.now() - asked > CANCEL_PATIENCE_MS) {
      say("La cancelación espera a que acabe la celda. Para cancelar ya, interrumpe el kernel (botón ■).");
    }
    return (Date.now() - heard) / 1000;
  }

  cancel.addEventListener("click", () => {
    asked = Date.now();
    wait();
    model.send({ type: "cancelar" });
  });
  say("");
  return { cancel, hint, draw, since };
}

// Dibuja cada rasgo ahora y cuando cambie, y llama a tick cada every ms. Devuelve cómo dejar de hacerlo.
function wire(model, draws, tick, every) {
  const events = Object.entries(draws).map(([trait, draw]) => [`change:${trait}`, draw]);
  for (const [event, draw] of events) {
    model.on(event, draw);
    draw();
  }
  const timer = tick && setInterval(tick, every);
  return () => {
    clearInterval(timer);
    for (const [event, draw] of events) model.off(event, draw);
  };
}
