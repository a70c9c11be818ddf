"""Dónde va cada caja del grafo de etapas: nada se pisa, todo baja y siempre sale lo mismo.

``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import os
import random
from functools import cache
from itertools import combinations, pairwise

import pytest

from multietapa.widgets.stages.layout import Layout, Rect, place
from multietapa.widgets.stages.rows import Arrow

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 200)
SIZES = ((116.0, 64.0), (180.0, 64.0), (236.0, 64.0))
LABELS = ((0.0, 0.0), (0.0, 0.0), (80.0, 18.0), (200.0, 18.0))
Drawing = tuple[dict[str, tuple[float, float]], list[Arrow]]


def drawing(draw: random.Random) -> Drawing:
    """Un grafo sin círculos al azar, de hasta 60 cajas; puede haber varias líneas entre las mismas dos."""
    names = [f"n{number}" for number in range(draw.randint(1, 60))]
    sizes = {name: draw.choice(SIZES) for name in draw.sample(names, len(names))}
    arrows = [
        Arrow(draw.choice(names[:at]), name, *draw.choice(LABELS))
        for at, name in enumerate(names)
        for _ in range(draw.choice((0, 1, 1, 2, 4)) if at else 0)
    ]
    return sizes, arrows


@cache
def placed() -> list[tuple[str, Drawing, Layout]]:
    """Cada caso ya colocado, con cómo se repite."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    draw = random.Random(seed)
    drawn = ((f"MULTIETAPA_SEMILLA={seed}, caso {case}", drawing(draw)) for case in range(CASES))
    return [(what, each, place(*each)) for what, each in drawn]


def overlap(one: Rect, other: Rect) -> bool:
    """Si dos rectángulos comparten sitio; tocarse por el borde no cuenta."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    return across > 0 and down > 0


def taken(laid: Layout) -> list[Rect]:
    """Todo lo que ocupa sitio: las cajas y los rótulos."""
    return [*laid.boxes.values(), *(route.label for route in laid.routes if route.label)]


@pytest.mark.sin_ramas
@pytest.mark.lenta
def test_nothing_is_on_top_of_anything() -> None:
    """Ni dos cajas, ni dos rótulos, ni una caja y un rótulo; y todo cabe en lo que dice que ocupa."""
    for what, _, laid in placed():
        assert not any(overlap(one, other) for one, other in combinations(taken(laid), 2)), what
        for rect in taken(laid):
            assert rect.left >= -0.5, what
            assert rect.left + rect.width <= laid.width + 0.5, what
            assert 0 <= rect.y <= rect.bottom <= laid.height, what


@pytest.mark.sin_ramas
def test_every_line_goes_down_and_around() -> None:
    """Cada línea va de una caja a otra siempre bajando, y no pisa ninguna caja ni el rótulo de otra."""
    for what, (_, arrows), laid in placed():
        bands: dict[tuple[float, float], list[Rect]] = {}
        for rect in taken(laid):
            bands.setdefault((rect.y, rect.bottom), []).append(rect)
        for arrow, route in zip(arrows, laid.routes, strict=True):
            source, target = laid.boxes[arrow.source], laid.boxes[arrow.target]
            (first_x, first_y), (last_x, last_y) = route.points[0], route.points[-1]
            assert laid.rows[arrow.source] < laid.rows[arrow.target], what
            assert (first_y, last_y) == (source.bottom, target.y), what
            assert source.left <= first_x <= source.left + source.width, what
            assert target.left <= last_x <= target.left + target.width, what
            for (x, y), (to_x, to_y) in pairwise(route.points):
                assert y <= to_y, what
                # una curva no se sale del rectángulo que hacen sus extremos
                hop = Rect((x + to_x) / 2, y, max(abs(to_x - x), 0.1), to_y - y)
                near = [band for (top, bottom), band in bands.items() if top < to_y and bottom > y]
                hit = (rect for band in near for rect in band if rect != route.label and overlap(hop, rect))
                assert not list(hit), what


def test_a_label_is_on_its_own_line() -> None:
    """El rótulo interrumpe su línea: dos puntos seguidos son el centro de sus bordes."""
    arrows = [Arrow("a", "b"), Arrow("b", "c"), Arrow("a", "c", 90, 18)]
    laid = place(dict.fromkeys("abc", SIZES[0]), arrows)
    route = laid.routes[2]
    assert route.label is not None
    edges = ((route.label.x, route.label.y), (route.label.x, route.label.bottom))
    assert edges in pairwise(route.points)
    assert [other.label for other in laid.routes[:2]] == [None, None]


@pytest.mark.sin_ramas
def test_the_same_graph_is_always_placed_the_same() -> None:
    """La misma entrada da la misma colocación; y la que nada toma va en la fila de encima de quien la usa."""
    for what, (sizes, arrows), laid in placed()[::4]:
        assert place(dict(sizes), list(arrows)) == laid, what
    chain = [Arrow("a", "b"), Arrow("b", "c"), Arrow("base", "c")]
    laid = place(dict.fromkeys("abc", SIZES[0]) | {"base": SIZES[1]}, chain)
    assert laid.rows == {"a": 0, "b": 1, "c": 2, "base": 1}


def test_a_simple_fan_does_not_cross() -> None:
    """Lo que se puede dibujar sin cruces, sin cruces: los hijos quedan en el orden de sus padres."""
    sizes = dict.fromkeys(("a", "b", "c", "z", "y", "x"), SIZES[0])
    laid = place(sizes, [Arrow("a", "x"), Arrow("b", "y"), Arrow("c", "z")])
    assert [laid.boxes[name].x for name in "xyz"] == sorted(laid.boxes[name].x for name in "xyz")
    assert place({}, []).routes == ()
