// Lo que se dice de cada cosa, y de qué color va, en el mapa, en la tabla y en el detalle.

const OWN_PAINTS = ["diagonal", "puntos", "contra", "rayas", "cuadros"];

function telling(model, state) {
  const origins = () => model.get("head").origins;

  const pattern = (layer) => {
    const layers = state.layers();
    if (!layers[layer] || layers[layer].inBase) return "mt-liso";
    return `mt-${OWN_PAINTS[layers.slice(0, layer).filter((one) => !one.inBase).length % OWN_PAINTS.length]}`;
  };
  const named = (sight) => (sight.kind === "r" ? `y ${number(sight.entries)} más` : sight.path || sight.parts[0].isLayer && sight.byLayer ? sight.name : "imagen");
  const layerWords = (n) => {
    const layer = state.layers()[n];
    return `capa ${n + 1}${layer.inBase ? ", de la base" : ""}${layer.told ? ` · ${layer.told}` : ""}${layer.line ? ` (línea ${layer.line})` : ""}`;
  };
  const told = {
    origins, pattern, named, layerWords,
    fill: (sight) => (state.colour === "layer" ? pattern(sight.layer) : sight.origin < 0 ? "mte-none" : `mt-${origins()[sight.origin].paint}`),
    name: (sight) => named(sight) + (sight.kind === "d" && sight.path ? "/" : ""),
    layer: (sight) => (sight.kind === "d" && sight.parts[0].isLayer ? "" : sight.layers.length > 1 ? "varias" : sight.layer === null ? "" : `${sight.layer + 1}`),
    origin: (sight) => (sight.origin < 0 ? "" : sight.mixed ? "varios" : origins()[sight.origin].name),
    change: (sight) => (sight.stage && !sight.path ? `⇢ de ${sight.stage}` : sight.kind !== "f" ? (sight.waste ? `⊘ ${size(sight.waste)}` : "") : sight.why ? "⊘ se pierde" : (CHANGES[sight.change] || []).join(" ")),
    label(sight, deep) {
      const layer = state.colour === "layer" && !sight.parts[0].isLayer && sight.layers.length === 1 ? `${sight.layer + 1} · ` : "";
      return layer + named(sight) + (deep === sight ? "" : deep.path.slice(sight.path.length));
    },
    spoken: (sight) => [told.name(sight), size(sight.bytes), sight.waste ? `se pierden ${size(sight.waste)}` : "", told.origin(sight), sight.layers.length > 1 ? "" : `capa ${sight.layer + 1}`].filter(Boolean).join(", "),
    get empty() {
      return state.filtering() ? "Nada que enseñar con ese filtro." : "";
    },
  };
  return told;
}
