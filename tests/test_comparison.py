"""De imágenes medidas a filas, partes, efectos y cuadros: valores, sin motor."""

from __future__ import annotations

import io
import json
import math
import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from multietapa.errors import MultietapaError
from multietapa.image.image import MeasuredImage, measure_archive
from multietapa.image.origins import Origin
from multietapa.image.overlay import overlay
from multietapa.measure.comparison import (
    BASE_LAYERS,
    OWN_LAYERS,
    SPLITS,
    UNKNOWN_LAYERS,
    Comparison,
    Figure,
    Grid,
    Measure,
    Part,
    Row,
    Split,
    grid_of,
    times,
    transfer,
    unpacked,
)
from multietapa.measure.disappeared import LISTED, Contents, disappeared
from multietapa.measure.measure import QuickSizes
from tests.crafted import archive, entry, layer, random_layers

CELLS = (("una", "grande"), ("una", "pequeña"), ("dos", "grande"), ("dos", "pequeña"))


def measured(layers: Sequence[bytes], *, base: int = 0) -> MeasuredImage:
    """Una imagen hecha a mano, medida entera."""
    return measure_archive(io.BytesIO(archive(layers)), base_layer_count=base)


def row(name: str, unpacked_bytes: int, transfer_bytes: int = 0) -> Row:
    """Una fila medida con un solo tramo en cada medida."""
    return Row(
        name,
        name,
        figures={
            Measure.UNPACKED: Figure(unpacked_bytes, (Part("sistema base", unpacked_bytes),)),
            Measure.TRANSFER: Figure(transfer_bytes, (Part(UNKNOWN_LAYERS, transfer_bytes),)),
        },
    )


def square(*sizes: int) -> Comparison:
    """Un cuadro con esos cuatro tamaños, por filas."""
    rows = tuple(row(" · ".join(cell), size, size) for cell, size in zip(CELLS, sizes, strict=True))
    return Comparison(rows, "motor", grid=Grid(("una", "dos"), ("grande", "pequeña")))


@pytest.mark.parametrize("seed", range(12))
def test_parts_add_up_to_their_measure(seed: int) -> None:
    """Con capas al azar, repetidas o no, cada reparto suma su medida y el desperdicio es lo escondido."""
    print(f"semilla {seed}")
    dice = random.Random(seed)
    layers = random_layers(seed)
    layers += dice.sample(layers, 2)
    image = measured(layers, base=dice.randrange(len(layers) + 1))
    shown = Row.from_measurement("a", "a", image)
    totals = {Measure.UNPACKED: image.unpacked_bytes, Measure.TRANSFER: image.transfer_bytes}
    for measure, splits in SPLITS.items():
        for split in splits:
            figure = shown.figure(measure, split)
            assert figure.bytes == totals[measure] == sum(part.bytes for part in figure.parts), split
            assert sum(map(figure.share, figure.parts)) == pytest.approx(1)
    hidden = overlay(image.layers).hidden
    assert shown.waste.bytes == hidden.total == sum(blame.bytes for blame in shown.waste.blames)
    seen = shown.figure(Measure.UNPACKED, Split.SEEN)
    assert [part.bytes for part in seen.parts[1:]] == [hidden.shadowed, hidden.deleted]


@pytest.mark.parametrize("seed", range(12))
def test_what_disappears_and_what_stays_add_up(seed: int) -> None:
    """Lo que desaparece y lo que se queda suman la primera imagen; lo nuevo y lo que se queda, la segunda."""
    print(f"semilla {seed}")
    dice = random.Random(seed)
    layers = random_layers(seed, 6)
    others = [*layers[: dice.randrange(1, 5)], *random_layers(seed + 100, 3)]
    one, other = measured(layers, base=dice.randrange(4)), measured(others, base=dice.randrange(3))
    found = disappeared(Contents("a", one), Contents("b", other))
    assert found.gone_bytes + found.stayed == one.unpacked_bytes
    assert found.new_bytes + found.stayed_after == other.unpacked_bytes
    for group in (*found.gone, *found.new):
        assert group.reason
        assert group.files >= len(group.pieces) > 0
        assert (group.others > 0) == (sum(piece.bytes for piece in group.pieces) < group.bytes)
    same = disappeared(Contents("a", one), Contents("b", one))
    assert (same.gone, same.new, same.stayed) == ((), (), one.unpacked_bytes)


def test_unpacked_is_split_by_origin() -> None:
    """Desempaquetado lleva siempre los seis orígenes, en su orden, también los que están a cero."""
    figure = unpacked(measured([layer(entry("app/server.js", "x" * 70))]))
    assert [part.name for part in figure.parts] == [origin.value for origin in Origin]
    assert [part.bytes for part in figure.parts if part.bytes] == [70]


def test_transfer_is_split_by_layers() -> None:
    """Transferencia separa las capas de la base de las propias; sin saber la base, no separa nada."""
    layers = [layer(entry("etc/a", "x" * 500)), layer(entry("app/b", "y" * 900))]
    image = measured(layers, base=1)
    assert [(part.name, part.bytes) for part in transfer(image).parts] == [
        (BASE_LAYERS, image.layers[0].transfer_bytes),
        (OWN_LAYERS, image.layers[1].transfer_bytes),
    ]
    assert [part.name for part in transfer(measured(layers)).parts] == [UNKNOWN_LAYERS]


def test_a_repeated_layer_travels_once() -> None:
    """Una capa de la base que se repite encima cuenta solo en la base."""
    same = layer(entry("a", "x" * 800))
    base, own = transfer(measured([same, same], base=1)).parts
    assert base.bytes > 0
    assert own.bytes == 0


def test_an_empty_image_has_no_shares() -> None:
    """Una imagen sin bytes no divide entre cero."""
    figure = unpacked(measured([layer()]))
    assert figure.bytes == 0
    assert {figure.share(part) for part in figure.parts} == {0.0}


def test_a_row_is_provisional_until_it_is_measured() -> None:
    """Antes de medir, una fila solo sabe lo que dice el motor; después, sus dos medidas."""
    before = Row.from_quick("a", "a:1", QuickSizes("sha256:1", ("a:1",), 1234, ()))
    assert (before.measured, before.reported_bytes) == (False, 1234)
    with pytest.raises(AssertionError, match="sin medir"):
        before.figure(Measure.UNPACKED)
    image = measured([layer(entry("app/b", "y" * 900))])
    after = Row.from_measurement("a", "a:1", image)
    assert after.figure(Measure.UNPACKED).bytes == image.unpacked_bytes == 900
    assert after.figure(Measure.TRANSFER).bytes == image.transfer_bytes
    assert not Comparison((after, before), "motor").measured


def test_extremes_and_times() -> None:
    """La mayor y la menor no dependen del orden; con una sola imagen la razón es 1."""
    rows = (row("b", 30, 9), row("a", 90, 3), row("c", 60, 6))
    found = Comparison(rows, "motor")
    assert [r.name for r in found.extremes(Measure.UNPACKED)] == ["a", "b"]
    assert [r.name for r in found.extremes(Measure.TRANSFER)] == ["b", "a"]
    assert (found.times(), found.times(Measure.TRANSFER)) == (3.0, 3.0)
    assert Comparison(rows[:1], "motor").times() == 1.0


def test_times_with_nothing() -> None:
    """Dividir entre cero es infinito, salvo que los dos lo sean."""
    assert (times(0, 0), times(5, 0), times(0, 5)) == (1.0, math.inf, 0.0)


def test_effects_are_measured_not_deduced() -> None:
    """Cada efecto compara dos casillas medidas: fila con cada columna, columna con cada fila, y ambas."""
    found = square(800, 260, 660, 120).effects(Measure.UNPACKED)
    assert found is not None
    assert [(e.before, e.after, e.fixed, e.before_bytes, e.after_bytes) for e in found.all] == [
        ("una", "dos", "grande", 800, 660),
        ("una", "dos", "pequeña", 260, 120),
        ("grande", "pequeña", "una", 800, 260),
        ("grande", "pequeña", "dos", 660, 120),
        ("una, grande", "dos, pequeña", "", 800, 120),
    ]
    assert [effect.saved for effect in found.all] == [140, 140, 540, 540, 680]
    assert found.both.times == pytest.approx(6.67, abs=0.01)
    assert found.separate == found.both.saved == 680
    assert Comparison((row("a", 1),), "motor").effects(Measure.UNPACKED) is None


@pytest.mark.parametrize(
    ("sizes", "adds"),
    [
        ((800, 260, 660, 120), True),
        ((800, 260, 660, 125), True),
        ((800, 260, 660, 250), False),
        ((800, 260, 660, 20), False),
        ((5, 5, 5, 5), True),
        ((5, 5, 5, 9), False),
    ],
)
def test_effects_add_up_only_when_the_bytes_say_so(sizes: tuple[int, ...], adds: bool) -> None:
    """Dos efectos se suman si juntos ahorran, con un margen del 2 %, lo que por separado."""
    found = square(*sizes).effects(Measure.UNPACKED)
    assert found is not None
    assert found.add_up is adds


def test_grid_keeps_the_order_it_was_given() -> None:
    """Filas y columnas van en el orden en que aparecen, aunque las casillas estén revueltas."""
    grid = grid_of([("dos", "pequeña"), ("una", "grande"), ("dos", "grande"), ("una", "pequeña")])
    assert grid == Grid(("dos", "una"), ("pequeña", "grande"))
    assert grid.cells[0] == ("dos", "pequeña")


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        (CELLS[:3], ["faltan", "(«dos», «pequeña»)"]),
        (CELLS[:2], ["2 filas y hay 1: «una»"]),
        ((), ["2 filas y hay 0", "2 columnas y hay 0"]),
        ((*CELLS, ("tres", "grande")), ["2 filas y hay 3: «una», «dos», «tres»"]),
        ((("una", "grande"), ("dos", "pequeña")), ["(«una», «pequeña»)", "(«dos», «grande»)"]),
        ((*CELLS[:3], "dos"), ["'dos'", "el de su fila y el de su columna"]),
        ((*CELLS[:3], ("dos", "")), ["casilla mal nombrada"]),
        ((*CELLS[:3], ("dos", 2)), ["casilla mal nombrada"]),
    ],
)
def test_a_wrong_grid_says_what_is_missing(keys: tuple[object, ...], words: list[str]) -> None:
    """Un cuadro que no es de dos por dos dice qué falta o qué sobra, y qué hacer."""
    with pytest.raises(MultietapaError) as caught:
        grid_of(keys)
    for word in [*words, "Qué hacer"]:
        assert word in str(caught.value)


def test_what_disappears_says_only_what_is_known() -> None:
    """Cada grupo dice de dónde venía: la base de cada imagen, el cierre de npm o la capa que lo dejó."""
    lock = json.dumps(
        {"lockfileVersion": 3, "packages": {"node_modules/tsc": {"version": "1.0.0", "dev": True}}}
    )
    base = layer(entry("usr/lib/gcc/cc1", "g" * 900, mode=0o755), entry("etc/os-release", "ID=debian\n"))
    status = "Package: gcc\nStatus: install ok installed\nVersion: 12\nArchitecture: amd64\n"
    installed = layer(
        entry("var/lib/dpkg/status", status),
        entry("app/package-lock.json", lock),
        entry("app/package.json", '{"devDependencies": {"tsc": "1.0.0"}}'),
        entry("app/node_modules/tsc/package.json", '{"name": "tsc", "version": "1.0.0"}'),
        entry("app/node_modules/tsc/lib/tsc.js", "t" * 700),
        *(entry(f"app/src/{n}/a.ts", "s" * 10) for n in range(LISTED + 3)),
    )
    kept = layer(entry("app/dist/server.js", "d" * 50))
    small = layer(entry("etc/os-release", "ID=alpinelinux\n"), entry("var/lib/dpkg/status", "\n"))
    history = ["ADD base /", "RUN npm install", "COPY dist dist"]
    one = replace(
        measure_archive(io.BytesIO(archive([base, installed, kept], history=history)), base_layer_count=1),
        base="node:14",
    )
    other = replace(measured([small, kept], base=1), base="node:14-alpine")
    found = disappeared(Contents("antes", one), Contents("después", other))
    groups = {(group.name, group.reason.partition(" ")[0]): group for group in found.gone}
    system, development = groups[Origin.SYSTEM.value, "venía"], groups[Origin.DEVELOPMENT.value, "lo"]
    assert system.reason == "venía en la base node:14; la otra sale de node:14-alpine"
    assert [(piece.name, piece.bytes) for piece in system.pieces[:1]] == [("/usr/lib/gcc", 900)]
    assert development.reason.startswith("lo son según el cierre de npm")
    assert [piece.name for piece in development.pieces] == ["tsc"]
    application = groups[Origin.APPLICATION.value, "la"]
    assert application.reason == "la dejó la capa 2 («RUN npm install»)"
    assert (len(application.pieces), application.others) == (2, 0)
    assert found.stayed == found.stayed_after == 50
    assert [group.name for group in found.new] == [Origin.SYSTEM.value]
    assert [(names.family, names.listed) for names in found.packages_gone] == [
        ("paquetes del sistema", ("gcc",)),
        ("paquetes de npm", ("tsc",)),
    ]
    assert found.packages_new == ()
    assert found.unknown == ()


def test_a_shared_layer_is_known_by_its_digest() -> None:
    """Una capa que llevan dos imágenes se sabe compartida, se llamen como se llamen sus pasos."""
    base, mine = layer(entry("etc/a", "x" * 50)), layer(entry("app/b", "y" * 90))
    rows = (
        Row.from_measurement("a", "a", measured([base, mine], base=1)),
        Row.from_measurement("b", "b", measured([base], base=1)),
    )
    (shared,) = Comparison(rows, "motor").shared.items()
    assert shared == (rows[0].figure(Measure.UNPACKED, Split.LAYER).parts[0].layer, ("a", "b"))
