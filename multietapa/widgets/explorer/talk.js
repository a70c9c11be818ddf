// Lo que se le pide al kernel, y la línea que avisa si no está, si está ocupado o si algo no se puede.

const PATIENCE_MS = 900;

function talk(model, kernel) {
  const said = element("p", "mte-said", "", { role: "status" });
  let [asked, pending, timer] = [0, new Map(), 0];

  function say(words) {
    setText(said, words);
    said.hidden = !words;
  }

  // Lo pide y, cuando llega, llama a done; dice si se ha podido pedir.
  function ask(what, done, quietly = false) {
    if (orphan(kernel) || model.get("head").phase !== "done") {
      if (!quietly) say(orphan(kernel) ? "El kernel ya no está: se enseña lo que se guardó. Vuelve a ejecutar la celda para pedir más." : "Todavía se está leyendo: espera a que acabe.");
      return false;
    }
    asked += 1;
    pending.set(asked, [done, quietly]);
    model.send({ id: asked, ...what });
    if (!quietly) {
      clearTimeout(timer);
      timer = setTimeout(() => say("El kernel está ocupado con otra celda: mientras, se enseña lo que ya se sabe."), PATIENCE_MS);
    }
    return true;
  }

  function receive(answer) {
    const [done, quietly] = pending.get(answer.id) || [];
    pending.delete(answer.id);
    if (!done) return;
    if (!quietly) {
      clearTimeout(timer);
      say(answer.error || "");
    }
    if (!answer.error) done(answer);
  }

  model.on("msg:custom", receive);
  say("");
  const stop = () => {
    clearTimeout(timer);
    model.off("msg:custom", receive);
  };
  return { said, say, ask, stop };
}
