// Los mandos de encima del mapa y la leyenda: cómo se agrupa y se colorea, y qué se enseña.

function filterPanel(model, state, told, act) {
  const tools = element("div", "mte-tools");
  const legend = element("div", "mte-legend", "", { role: "group", "aria-label": "Leyenda: cada botón enseña solo lo suyo" });
  const groupings = radios("Agrupar por", [["folders", "carpetas"], ["layers", "capas"]], act.regroup);
  const colours = radios("Color por", [["origin", "origen"], ["layer", "capa"]], (value) => ((state.colour = value), draw(), act.draw()));
  const label = element("label", "mte-find", "Ver ");
  const happened = element("select", "", "", { "aria-label": "Ver" });
  label.append(happened);
  tools.append(groupings.box, colours.box, label);

  function draw() {
    const [field, entries] = state.colour === "layer"
      ? ["layer", state.layers().map((one) => [one.n, `${one.n + 1}`, one.told, one.bytes, told.pattern(one.n)])]
      : ["origin", told.origins().map((one, n) => [n, "", one.name, one.bytes, `mt-${one.paint}`])];
    const keys = entries.filter((one) => one[3]).map(([value, mark, name, bytes, css]) => {
      const on = state.filter[field] === value;
      const key = button("mte-key", "", () => filterBy({ [field]: on ? null : value }), { "aria-pressed": on, title: name });
      key.append(element("span", `mte-swatch ${css}`, mark), element("span", "mte-keyname", name), soft(size(bytes)));
      return key;
    });
    legend.replaceChildren(...keys);
    legend.hidden = !keys.length;
  }

  function filterBy(change) {
    Object.assign(state, { filter: { ...state.filter, ...change }, filtered: null });
    act.say("");
    draw();
    act.draw();
    const sent = state.filtering() && act.ask({ filtro: state.filter }, (answer) => {
      state.filtered = state.shelf(answer.filas);
      act.draw();
    });
    const { unknown } = state.here;
    if (state.filtering() && !sent && unknown) act.say(`El kernel ya no está: con ese filtro quedan ${size(unknown)} sin repartir, que van agrupados.`);
  }

  function clear() {
    Object.assign(state, { filter: NO_FILTER, filtered: null, grouping: "folders" });
    groupings.mark("folders");
    happened.value = "";
    draw();
  }

  function choices() {
    happened.replaceChildren(...model.get("head").choices.map(([value, name]) => element("option", "", name, { value })));
  }

  // Mientras no se ha leído solo hay capas: no se ofrece nada, y van de su color.
  function offer() {
    const only = tools.hidden;
    tools.hidden = !state.measured();
    if (tools.hidden) state.colour = "layer";
    else if (only) state.colour = "origin";
    groupings.mark(state.grouping);
    colours.mark(state.colour);
    draw();
  }

  happened.addEventListener("change", () => filterBy({ change: happened.value === "waste" ? "" : happened.value, waste: happened.value === "waste" }));
  return { tools, legend, clear, choices, offer };
}
