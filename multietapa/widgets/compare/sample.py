"""Comparaciones de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan.

Los bytes se parecen a los de la tienda; no son los de ninguna imagen concreta. Las imágenes se hacen de
archivos sin contenido, y lo que se enseña de ellas sale de donde sale siempre.
"""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import count

from multietapa import text
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry, Layer
from multietapa.measure.comparison import Comparison, Grid, Row
from multietapa.measure.disappeared import Contents, disappeared
from multietapa.widgets.compare.compare import CompareView
from multietapa.widgets.progress import Phase, Progress

_ENGINE = "Docker Engine 28.5.2 · overlay2 · amd64"
_MB = 1_000_000
#: Millones de bytes de cada imagen: sus seis orígenes, en su orden, y sus dos grupos de capas comprimidas.
NAIVE = ((562, 84, 3, 121, 4, 31), (214, 63))
NAIVE_SMALL = ((6, 79, 3, 121, 4, 31), (39, 63))
STAGES_BIG = ((562, 84, 3, 0, 4, 0), (214, 2))
STAGES = ((6, 79, 3, 0, 4, 0), (39, 2))
Sizes = tuple[tuple[int, ...], tuple[int, int]]
#: De cada origen, dónde están sus archivos y qué parte de sus bytes es cada uno.
_SYSTEM = (
    ("usr/lib/gcc/x86_64-linux-gnu/12/cc1plus", 5, 0o755),
    ("usr/lib/x86_64-linux-gnu/libLLVM-14.so.1", 6, 0o644),
    ("usr/share/doc/gcc/changelog.gz", 2, 0o644),
    ("usr/share/locale/es/LC_MESSAGES/gcc.mo", 1, 0o644),
    ("usr/include/c++/12/algorithm.h", 3, 0o644),
    ("usr/share/icons/logo.png", 1, 0o644),
)
_LOCK = {"lockfileVersion": 3, "packages": {"node_modules/typescript": {"version": "5.9.0", "dev": True}}}


def _files(*found: tuple[str, int, int]) -> tuple[FileEntry, ...]:
    return tuple(FileEntry(path, size, "file", mode, 0, 0) for path, size, mode in found if size)


def _layer(number: int, step: str, files: tuple[FileEntry, ...], transfer: int, **documents: str) -> Layer:
    size = sum(entry.own_bytes for entry in files)
    named = f"{step}{size}".encode().hex()
    return Layer(number, f"sha256:{named:0<64.64}", step, files, size, transfer, 0, documents)


def image(sizes: Sizes, base: str, *, equivalent: bool = False) -> MeasuredImage:
    """Una imagen con esos millones de bytes de cada origen, y lo que ocupan comprimidas sus capas."""
    (system, runtime, production, development, application, caches), (below, above) = sizes
    shares, spent = sum(share for _, share, _ in _SYSTEM), 0
    found = []
    for path, share, mode in _SYSTEM[:-1]:
        part = system * _MB * share // shares
        spent += part
        found.append((path, part, mode))
    found.append((_SYSTEM[-1][0], system * _MB - spent, _SYSTEM[-1][2]))
    numbers = count()
    layers = [
        _layer(next(numbers), f"ADD {base}.tar /", _files(*found), below * _MB * 4 // 5),
        _layer(
            next(numbers),
            "COPY node /usr/local/bin/node",
            _files(("usr/local/bin/node", runtime * _MB, 0o755)),
            below * _MB - below * _MB * 4 // 5,
        ),
    ]
    own = [
        (
            "RUN npm install",
            _files(
                ("app/node_modules/express/index.js", production * _MB, 0o644),
                ("app/node_modules/typescript/lib/tsc.js", development * _MB, 0o644),
                ("root/.npm/_cacache/index.sqlite", caches * _MB, 0o644),
            ),
        ),
        ("COPY . .", _files(("app/dist/server.js", application * _MB, 0o644))),
    ]
    if caches:
        own.append(("RUN rm -r /root/.npm", (FileEntry("root/.npm", 0, "whiteout", 0, 0, 0),)))
    documents = {"app/package-lock.json": json.dumps(_LOCK)} if development else {}
    for place, (step, files) in enumerate(own):
        packed = above * _MB - (len(own) - 1) if not place else 1
        layers.append(_layer(next(numbers), step, files, packed, **(documents if not place else {})))
    return MeasuredImage(
        image_id="sha256:0",
        tags=(),
        architecture="amd64",
        layers=tuple(layers),
        unpacked_bytes=sum(layer.unpacked_bytes for layer in layers),
        transfer_bytes=sum(layer.transfer_bytes for layer in layers),
        base=base,
        equivalent=equivalent,
        base_layer_count=2,
    )


def row(name: str, tag: str, sizes: Sizes, base: str, *, equivalent: bool = False) -> Row:
    """Una imagen medida con esos millones de bytes."""
    measured = image(sizes, base, equivalent=equivalent)
    return Row.from_measurement(name, tag, measured, reported_bytes=measured.unpacked_bytes)


def pair() -> Comparison:
    """La tienda en una etapa y en dos, con lo que se predijo de la primera."""
    rows = (
        row("tienda:ingenua", "tienda:ingenua", NAIVE, "node:14"),
        row("tienda:multietapa", "tienda:multietapa", STAGES, "node:14-alpine", equivalent=True),
    )
    images = image(NAIVE, "node:14"), image(STAGES, "node:14-alpine")
    one, other = (Contents(row.name, each) for row, each in zip(rows, images, strict=True))
    changes = (disappeared(one, other),)
    return Comparison(rows, _ENGINE, "amd64", prediction=500 * _MB, changes=changes)


def many(amount: int = 12) -> Comparison:
    """Muchas imágenes, de dos bases y cada vez más pequeñas."""
    bases = ("node:14", "node:14-alpine")
    rows, contents = [], []
    for number in range(amount):
        sizes = ((562 - 40 * number, 84, 3, 121 - 10 * number, 4, 31 * (number % 2)), (214 - 9 * number, 63))
        name, base = f"tienda:intento-{number + 1}", bases[number % 2]
        rows.append(row(name, name, sizes, base, equivalent=number % 3 == 0))
        contents.append(Contents(name, image(sizes, base)))
    changes = tuple(disappeared(contents[0], other) for other in contents[1:])
    return Comparison(tuple(rows), _ENGINE, "amd64", changes=changes)


def half() -> Comparison:
    """La primera imagen, medida; la segunda, ya leída y aún sin comprimir."""
    done = pair()
    second = done.rows[1]
    figures = {kind: figure for kind, figure in (second.figures or {}).items() if kind.name == "UNPACKED"}
    splits = {key: figure for key, figure in second.splits.items() if key[0].name == "UNPACKED"}
    return replace(done, rows=(done.rows[0], replace(second, figures=figures, splits=splits)))


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
    packing = CompareView(half())
    packing.measure = "transfer"
    packing.advance(Progress("tienda:multietapa", 2, 2, "Comprimiendo las capas", 30 * _MB, 93 * _MB, 9.4))
    every = CompareView(many())
    every.finish(many(), Phase.DONE)
    return {
        "midiendo": measuring,
        **shown,
        "comprimiendo": packing,
        "doce imágenes": every,
        "interrumpida": stopped,
    }
