"""Junta lo visto en las capas con lo que dice la historia: cada secreto, con quién lo dejó y si se borró.

Un secreto está en la imagen aunque una capa posterior lo borre o lo tape, o aunque un ``ENV`` posterior le
cambie el valor: quien descarga la imagen descarga todas sus capas y su historia.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from multietapa.image.history import instruction, keyword
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import Layer
from multietapa.image.secrets.looking import FileHit, LayerLook, SetAside, Unseen
from multietapa.image.secrets.masking import Mark, Masked, hidden, mask, without_marked, without_values
from multietapa.image.secrets.steps import StepHit, environment, in_steps
from multietapa.keywords import WITH_LAYER

FILE, HISTORY, CONFIG = "archivo", "historia", "configuración"
SEEN, DELETED, SHADOWED = "a la vista", "borrado después", "tapado después"
CHANGED = "cambiado después"
_MOST_INSTRUCTION = 500  # caracteres


@dataclass(frozen=True)
class Secret:
    """Un secreto que se escapa con la imagen. Su valor no está: ``shown`` dice cómo empieza y cuánto mide.

    ``place`` es ``FILE``, ``HISTORY`` o ``CONFIG``; ``where``, la ruta (con ``/`` delante), o el nombre de la
    variable, o ``""``. ``layer`` es su capa, desde 0, o ``None`` si no dejó ninguna o no se sabe;
    ``instruction``, la que lo dejó, sin valores. ``state`` es ``SEEN`` o por qué ya no se ve en un
    contenedor; si otra capa lo borró o lo tapó, ``gone_layer`` y ``gone_by`` dicen cuál. ``names`` son sus
    otros nombres, si es un archivo con enlaces duros.
    """

    kind: str
    place: str
    where: str
    layer: int | None
    instruction: str
    shown: Masked
    state: str = SEEN
    gone_layer: int | None = None
    gone_by: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class SecretReport:
    """Los secretos de una imagen y lo que no se miró. No lleva ningún valor.

    ``archives`` y ``binaries`` son (cuántos, bytes): los primeros no se abren; en los segundos solo se buscan
    claves PEM. ``instructions`` son las que hicieron cada capa, sin los valores que lleven escritos.
    """

    secrets: tuple[Secret, ...]
    set_aside: tuple[SetAside, ...]
    unseen: tuple[Unseen, ...]
    archives: tuple[int, int]
    binaries: tuple[int, int]
    instructions: tuple[str, ...]


def leaked(
    image: MeasuredImage,
    looks: Mapping[str, LayerLook],
    *,
    history: Sequence[str],
    config: Mapping[str, Any],
) -> SecretReport:
    """Los secretos de ``image``. ``looks`` es lo visto en cada capa, por su ``diff_id``.

    ``history`` es el ``created_by`` de todos los pasos, de abajo arriba, también los que no dejan capa;
    ``config``, la configuración de la imagen (``ArchivedImage`` trae los dos). Lanza ``KeyError`` si falta
    mirar una capa.
    """
    layers = image.layers
    seen = {layer.diff_id: looks[layer.diff_id] for layer in layers}
    steps = in_steps(history, config)
    told = _Told(steps, [hit.mark for look in seen.values() for hit in look.hits])
    fate = Fate(layers)
    secrets = [_of_step(step, history, config, layers, told) for step in steps]
    for layer in layers:
        secrets.extend(_of_file(hit, layer, layers, fate, told) for hit in seen[layer.diff_id].hits)
    return SecretReport(
        tuple(secrets),
        tuple(replace(item, layer=layer.index) for layer in layers for item in seen[layer.diff_id].set_aside),
        tuple(replace(item, layer=layer.index) for layer in layers for item in seen[layer.diff_id].unseen),
        _sum([look.archives for look in seen.values()]),
        _sum([look.binaries for look in seen.values()]),
        tuple(told(layer.created_by) for layer in layers),
    )


class _Told:
    """Cómo se cuenta una instrucción: sin los valores encontrados en ella ni los que están en archivos."""

    def __init__(self, steps: Sequence[StepHit], marks: Sequence[Mark]) -> None:
        self._values = [step.hit.value for step in steps]
        self._marks = marks
        self._known: dict[str, str] = {}

    def __call__(self, created_by: str) -> str:
        if created_by not in self._known:
            safe = without_marked(without_values(created_by, self._values), self._marks)
            line = instruction(safe)
            self._known[created_by] = (
                line if len(line) <= _MOST_INSTRUCTION else f"{line[:_MOST_INSTRUCTION]}…"
            )
        return self._known[created_by]


class Fate:
    """Qué fue de una ruta de una capa: si se ve al final y, si no, qué capa la quitó y cómo."""

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._erased: list[set[str]] = []
        self._emptied: list[set[str]] = []
        self._written: list[dict[str, str]] = []
        for layer in layers:
            self._erased.append({entry.path for entry in layer.files if entry.kind == "whiteout"})
            self._emptied.append({entry.path for entry in layer.files if entry.kind == "opaque"})
            self._written.append({})
        self._layers = layers

    def after(self, path: str, layer: int) -> tuple[str, int | None]:
        """El estado de ``path``, que está en ``layer``, y la capa que la quitó (``None`` si se ve)."""
        above = _above(path)
        for index in range(layer + 1, len(self._layers)):
            kind = self._kinds(index).get(path)
            if kind is not None:
                return SHADOWED, index
            if any(self._kinds(index).get(parent, "dir") != "dir" for parent in above):
                return SHADOWED, index
            gone = path in self._erased[index] or any(parent in self._erased[index] for parent in above)
            if gone or any(parent in self._emptied[index] for parent in ("", *above)):
                return DELETED, index
        return SEEN, None

    def names(self, path: str, layer: int) -> tuple[str, ...]:
        """Los otros nombres que un archivo tiene en su capa."""
        files = self._layers[layer].files
        return tuple(entry.path for entry in files if entry.kind == "hardlink" and entry.link == path)

    def _kinds(self, index: int) -> dict[str, str]:
        if not self._written[index]:
            files = self._layers[index].files
            self._written[index] = {e.path: e.kind for e in files if e.kind not in ("whiteout", "opaque")}
        return self._written[index]


def _of_file(hit: FileHit, layer: Layer, layers: Sequence[Layer], fate: Fate, told: _Told) -> Secret:
    names = fate.names(hit.path, layer.index)
    fates = [fate.after(path, layer.index) for path in (hit.path, *names)]
    state, gone = next((one for one in fates if one[0] == SEEN), max(fates, key=lambda one: one[1] or 0))
    return Secret(
        hit.kind,
        FILE,
        f"/{hit.path}",
        layer.index,
        told(layer.created_by),
        hit.shown,
        state,
        gone,
        told(layers[gone].created_by) if gone is not None else "",
        tuple(f"/{name}" for name in names),
    )


def _of_step(
    step: StepHit, history: Sequence[str], config: Mapping[str, Any], layers: Sequence[Layer], told: _Told
) -> Secret:
    hit = step.hit
    shown = hidden(hit.value) if hit.key else mask(hit.value)
    if step.step < 0:
        return Secret(hit.kind, CONFIG, step.name, None, "", shown)
    created_by = history[step.step]
    state = SEEN
    if keyword(created_by) == "ENV" and not any(hit.value in value for value in environment(config).values()):
        state = CHANGED
    return Secret(
        hit.kind, HISTORY, step.name, _layer_of(step.step, history, layers), told(created_by), shown, state
    )


def _layer_of(step: int, history: Sequence[str], layers: Sequence[Layer]) -> int | None:
    """La capa que dejó un paso, que lleva su misma instrucción; ``None`` si no dejó ninguna o no se sabe."""
    if keyword(history[step]) not in WITH_LAYER:
        return None
    same = [layer.index for layer in layers if layer.created_by == history[step]]
    nth = history[: step + 1].count(history[step]) - 1
    return same[nth] if nth < len(same) else None


def _above(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts))]


def _sum(pairs: Sequence[tuple[int, int]]) -> tuple[int, int]:
    return sum(count for count, _ in pairs), sum(size for _, size in pairs)
