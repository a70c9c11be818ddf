"""Dónde va cada caja del grafo de etapas: nada se pisa, todo baja y siempre sale lo mismo.

``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import combinations, pairwise

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


def random_drawings() -> Iterator[tuple[str, Drawing]]:
    """Cada caso, con cómo se repite."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    draw = random.Random(seed)
    for case in range(CASES):
        yield f"MULTIETAPA_SEMILLA={seed}, caso {case}", drawing(draw)


def overlap(one: Rect, other: Rect) -> bool:
    """Si dos rectángulos comparten sitio; tocarse por el borde no cuenta."""
    across = min(one.left + one.width, other.left + other.width) - max(one.left, other.left)
    down = min(one.bottom, other.bottom) - max(one.y, other.y)
    return across > 0 and down > 0


def taken(laid: Layout) -> list[Rect]:
    """Todo lo que ocupa sitio: las cajas y los rótulos."""
    return [*laid.boxes.values(), *(route.label for route in laid.routes if route.label)]


def test_nothing_is_on_top_of_anything() -> None:
    """Ni dos cajas, ni dos rótulos, ni una caja y un rótulo; y todo cabe en lo que dice que ocupa."""
    for what, (sizes, arrows) in random_drawings():
        laid = place(sizes, arrows)
        assert not any(overlap(one, other) for one, other in combinations(taken(laid), 2)), what
        for rect in taken(laid):
            assert rect.left >= -0.5, what
            assert rect.left + rect.width <= laid.width + 0.5, what
            assert 0 <= rect.y <= rect.bottom <= laid.height, what


def test_every_line_goes_down_and_around() -> None:
    """Cada línea sale de su caja y llega a la suya, siempre bajando, sin pasar por ninguna otra ni su rótulo."""
    for what, (sizes, arrows) in random_drawings():
        laid = place(sizes, arrows)
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
                assert not any(overlap(hop, rect) for rect in taken(laid) if rect != route.label), what


def test_a_label_is_on_its_own_line() -> None:
    """El rótulo interrumpe su línea: dos puntos seguidos son el centro de sus bordes."""
    laid = place(
        {"a": SIZES[0], "b": SIZES[0], "c": SIZES[0]},
        [Arrow("a", "b"), Arrow("b", "c"), Arrow("a", "c", 90, 18)],
    )
    route = laid.routes[2]
    assert route.label is not None
    edges = ((route.label.x, route.label.y), (route.label.x, route.label.bottom))
    assert edges in pairwise(route.points)
    assert [other.label for other in laid.routes[:2]] == [None, None]


def test_the_same_graph_is_always_placed_the_same() -> None:
    """La misma entrada da la misma colocación; y la que nada toma va en la fila de encima de quien la usa."""
    for what, (sizes, arrows) in random_drawings():
        assert place(sizes, arrows) == place(dict(sizes), list(arrows)), what
    chain = [Arrow("a", "b"), Arrow("b", "c"), Arrow("base", "c")]
    laid = place(dict.fromkeys("abc", SIZES[0]) | {"base": SIZES[1]}, chain)
    assert laid.rows == {"a": 0, "b": 1, "c": 2, "base": 1}


def test_a_simple_fan_does_not_cross() -> None:
    """Lo que se puede dibujar sin cruces, sin cruces: los hijos quedan en el orden de sus padres."""
    sizes = dict.fromkeys(("a", "b", "c", "z", "y", "x"), SIZES[0])
    laid = place(sizes, [Arrow("a", "x"), Arrow("b", "y"), Arrow("c", "z")])
    assert [laid.boxes[name].x for name in "xyz"] == sorted(laid.boxes[name].x for name in "xyz")
    assert place({}, []).routes == ()
