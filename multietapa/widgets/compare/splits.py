"""Los repartos de cada medida, como se enseñan: cómo se llaman, qué significan y cómo se pinta cada tramo."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multietapa import text
from multietapa.image.file_kinds import FileKind
from multietapa.measure.comparison import SPLITS, Comparison, Figure, Measure, Part, Row, Split
from multietapa.measure.splits import DELETED, SHADOWED, VISIBLE
from multietapa.widgets.compare.words import MEANINGS, percent
from multietapa.widgets.theme import ORIGIN_PAINTS, PART_PAINTS

PAINTS = {
    **{name: paint.pattern for name, paint in {**ORIGIN_PAINTS, **PART_PAINTS}.items()},
    FileKind.PROGRAMS.value: "diagonal",
    FileKind.MODULES.value: "puntos",
    FileKind.CODE.value: "cuadros",
    FileKind.DOCUMENTATION.value: "rayas",
    FileKind.DATA.value: "contra",
    FileKind.OTHER.value: "liso",
    VISIBLE: "puntos",
    SHADOWED: "contra",
    DELETED: "rayas",
}
"""La trama de cada parte, que es también su clase CSS (``mt-<trama>``)."""
BASE_PAINT, SHARED_PAINT, FOLDED_PAINT = "liso", "puntos", "rayas"
OWN_PAINTS = ("diagonal", "contra")
LAYER_KEY = (
    ("de la base", BASE_PAINT),
    ("la llevan varias imágenes", SHARED_PAINT),
    ("solo de esa imagen", OWN_PAINTS[0]),
    ("solo de esa imagen, la siguiente", OWN_PAINTS[1]),
    ("las demás, juntas", FOLDED_PAINT),
)
"""Qué dice la trama de una capa."""
SPLIT_MEANINGS: Mapping[tuple[Measure, Split], str] = {
    (Measure.UNPACKED, Split.ORIGIN): MEANINGS[Measure.UNPACKED],
    (Measure.UNPACKED, Split.LAYER): "Lo que ocupan los archivos de cada capa, de abajo arriba.",
    (Measure.UNPACKED, Split.KIND): (
        "Lo que ocupan los archivos por su clase, que deciden la ruta, la extensión y los permisos."
    ),
    (Measure.UNPACKED, Split.SEEN): (
        "Lo que ve un contenedor, y lo que va en la imagen sin que ninguno lo vea."
    ),
    (Measure.TRANSFER, Split.BASE): MEANINGS[Measure.TRANSFER],
    (Measure.TRANSFER, Split.LAYER): "Lo que viaja por la red de cada capa, comprimida.",
}
_NAME, _SHORTER = 44, 26  # letras de una capa
_LAYERS, _FEWER = 10, 3
MANY = 6
"""Con más imágenes que estas, de cada una se detalla menos."""


def choices(measure: Measure) -> list[list[str]]:
    """Los repartos de una medida: su clave, cómo se llama y qué significa."""
    return [[split.name.lower(), split.value, SPLIT_MEANINGS[measure, split]] for split in SPLITS[measure]]


def drawn(row: Row, measure: Measure, split: Split, comparison: Comparison) -> list[list[Any]]:
    """Los tramos de una imagen: nombre, trama, bytes y tanto por ciento; de una capa, cuál y de quién más."""
    figure = row.figure(measure, split)
    if split is Split.LAYER:
        return _layers(row, figure, comparison)
    kept = split in (Split.ORIGIN, Split.BASE)
    return [
        [part.name, PAINTS[part.name], part.bytes, percent(figure.share(part))]
        for part in figure.parts
        if part.bytes or kept
    ]


def short_layer(part: Part, comparison: Comparison) -> str:
    """El nombre de una capa en un renglón: ``capa 3 · RUN npm ci``."""
    most = _SHORTER if len(comparison.rows) > MANY else _NAME
    name = part.name if len(part.name) <= most else f"{part.name[: most - 1]}…"
    return f"capa {name}"


def also_in(row: Row, part: Part, comparison: Comparison) -> str:
    """Qué otras imágenes llevan la misma capa, o ``""``."""
    others = [name for name in comparison.shared.get(part.layer, ()) if name != row.name]
    if len(others) > 2:
        return f"la llevan también otras {len(others)} imágenes"
    return f"la {'llevan' if len(others) > 1 else 'lleva'} también {text.join(others)}" if others else ""


def limit(comparison: Comparison) -> int:
    """Cuántas capas de cada imagen se dibujan una a una; las demás, juntas."""
    return _LAYERS if len(comparison.rows) <= MANY else _FEWER


def folded(figure: Figure, most: int) -> tuple[tuple[Part, ...], tuple[Part, ...]]:
    """Las capas mayores, en su orden, y las que van juntas."""
    if len(figure.parts) <= most + 1:
        return figure.parts, ()
    biggest = {id(part) for part in sorted(figure.parts, key=lambda part: -part.bytes)[:most]}
    return (
        tuple(part for part in figure.parts if id(part) in biggest),
        tuple(part for part in figure.parts if id(part) not in biggest),
    )


def _layers(row: Row, figure: Figure, comparison: Comparison) -> list[list[Any]]:
    shown, rest = folded(figure, limit(comparison))
    found: list[list[Any]] = []
    own = 0
    for part in shown:
        note = also_in(row, part, comparison)
        if part.in_base:
            paint = BASE_PAINT
        elif note:
            paint = SHARED_PAINT
        else:
            paint = OWN_PAINTS[own % 2]
            own += 1
        said = "; ".join(filter(None, ("de la base" if part.in_base else "", note)))
        share = percent(figure.share(part))
        found.append([short_layer(part, comparison), paint, part.bytes, share, part.layer[7:19], said])
    if rest:
        together = Part(f"otras {text.count(len(rest), 'capa', 'capas')}", sum(part.bytes for part in rest))
        share = percent(figure.share(together))
        found.append([together.name, FOLDED_PAINT, together.bytes, share, "otras", ""])
    return found
