"""Comparaciones de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan.

Los bytes se parecen a los de la tienda; no son los de ninguna imagen concreta.
"""

from __future__ import annotations

from multietapa import text
from multietapa.image.origins import Origin
from multietapa.measure.comparison import (
    BASE_LAYERS,
    OWN_LAYERS,
    Comparison,
    Figure,
    Grid,
    Measure,
    Part,
    Row,
)
from multietapa.widgets.compare.compare import CompareView
from multietapa.widgets.compare.words import Phase
from multietapa.widgets.progress import Progress

_ENGINE = "Docker Engine 28.5.2 · overlay2 · amd64"
_MB = 1_000_000
#: Millones de bytes de cada imagen: sus seis orígenes, en su orden, y sus dos grupos de capas comprimidas.
NAIVE = ((562, 84, 3, 121, 4, 31), (214, 63))
NAIVE_SMALL = ((6, 79, 3, 121, 4, 31), (39, 63))
STAGES_BIG = ((562, 84, 3, 0, 4, 0), (214, 2))
STAGES = ((6, 79, 3, 0, 4, 0), (39, 2))
Sizes = tuple[tuple[int, ...], tuple[int, int]]


def row(name: str, tag: str, sizes: Sizes, base: str, *, equivalent: bool = False) -> Row:
    """Una imagen medida con esos millones de bytes."""
    unpacked, packed = sizes
    origins = tuple(Part(origin.value, each * _MB) for origin, each in zip(Origin, unpacked, strict=True))
    layers = (Part(BASE_LAYERS, packed[0] * _MB), Part(OWN_LAYERS, packed[1] * _MB))
    figures = {
        Measure.UNPACKED: Figure(sum(unpacked) * _MB, origins),
        Measure.TRANSFER: Figure(sum(packed) * _MB, layers),
    }
    return Row(name, tag, sum(unpacked) * _MB, figures, "amd64", base, equivalent)


def pair() -> Comparison:
    """La tienda en una etapa y en dos, con lo que se predijo de la primera."""
    rows = (
        row("tienda:ingenua", "tienda:ingenua", NAIVE, "node:14"),
        row("tienda:multietapa", "tienda:multietapa", STAGES, "node:14-alpine", equivalent=True),
    )
    return Comparison(rows, _ENGINE, "amd64", prediction=500 * _MB)


def square() -> Comparison:
    """Las cuatro combinaciones de dos decisiones: las etapas y la base."""
    grid = Grid(("una etapa", "dos etapas"), ("base grande", "base pequeña"))
    sizes = (NAIVE, NAIVE_SMALL, STAGES_BIG, STAGES)
    rows = tuple(
        row(text.join(cell), f"tienda:{n}", each, "node:14")
        for n, (cell, each) in enumerate(zip(grid.cells, sizes, strict=True), 1)
    )
    return Comparison(rows, _ENGINE, "amd64", grid)


def unmeasured() -> Comparison:
    """Dos imágenes de las que solo se sabe lo que dice el motor."""
    names = {"tienda:ingenua": 811, "tienda:multietapa": 93}
    return Comparison(tuple(Row(name, name, size * _MB) for name, size in names.items()), _ENGINE, "amd64")


def views() -> dict[str, CompareView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    measuring = CompareView(unmeasured())
    measuring.advance(Progress("tienda:ingenua", 1, 2, "Midiendo las capas", 300 * _MB, 811 * _MB, 3.4))
    shown = {"dos imágenes": CompareView(pair()), "cuadro": CompareView(square())}
    shown["dos imágenes"].finish(pair(), Phase.DONE)
    shown["cuadro"].finish(square(), Phase.DONE)
    stopped = CompareView(unmeasured())
    stopped.finish(unmeasured(), Phase.INTERRUPTED)
    return {"midiendo": measuring, **shown, "interrumpida": stopped}
