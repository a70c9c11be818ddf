"""De imágenes medidas a filas, partes, efectos y cuadros: valores, sin motor."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Sequence

import pytest

from multietapa.errors import MultietapaError
from multietapa.image.image import MeasuredImage, measure_archive
from multietapa.image.origins import Origin
from multietapa.measure.comparison import (
    BASE_LAYERS,
    OWN_LAYERS,
    UNKNOWN_LAYERS,
    Comparison,
    Figure,
    Grid,
    Measure,
    Part,
    Row,
    grid_of,
    times,
    transfer,
    unpacked,
)
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
    """Con capas al azar, repetidas o no, las partes suman Desempaquetado y Transferencia al byte."""
    dice = random.Random(seed)
    layers = random_layers(seed)
    layers += dice.sample(layers, 2)
    image = measured(layers, base=dice.randrange(len(layers) + 1))
    for figure, total in (
        (unpacked(image), image.unpacked_bytes),
        (transfer(image), image.transfer_bytes),
    ):
        assert figure.bytes == total == sum(part.bytes for part in figure.parts)
        assert sum(map(figure.share, figure.parts)) == pytest.approx(1)


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
