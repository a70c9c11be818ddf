"""Dónde va cada caja de un grafo sin círculos: filas de arriba abajo, y líneas que no pisan ninguna caja.

Es el único que las coloca, para el widget y para su gemelo: los dos enseñan lo mismo, y el dibujo no lleva
ninguna biblioteca. La misma entrada da siempre la misma salida. Las medidas son píxeles.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from multietapa.widgets.stages.rows import Arrow, Item, chain_of, ranks_of, rows_of, untangle

GAP_Y = 24.0
"""Lo que hay entre dos filas, como poco."""
PORT = 20.0
"""Lo más que se separan dos líneas que salen de la misma caja."""
Point = tuple[float, float]
_SWEEPS = 16
_SLOPE = 0.08  # lo que crece el hueco con lo lejos que va la línea que lo cruza
_STRAIGHT = 20.0  # lo que pesa, al colocar, que una línea larga vaya recta


@dataclass(frozen=True)
class Rect:
    """Una caja colocada; ``x`` e ``y`` son su centro y su borde de arriba."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> float:
        """Su borde izquierdo."""
        return self.x - self.width / 2

    @property
    def bottom(self) -> float:
        """Su borde de abajo."""
        return self.y + self.height


@dataclass(frozen=True)
class Route:
    """Por dónde va una línea: sus puntos, de arriba abajo, y su rótulo, que la interrumpe.

    Entre dos puntos con la misma ``x`` es recta; si no, una curva que sale y llega en vertical.
    """

    points: tuple[Point, ...]
    label: Rect | None = None


@dataclass(frozen=True)
class Layout:
    """Todo colocado: lo que ocupa, cada caja por su nombre, su fila, y las líneas en el orden dado."""

    width: float
    height: float
    boxes: Mapping[str, Rect]
    rows: Mapping[str, int]
    routes: tuple[Route, ...]


def place(sizes: Mapping[str, tuple[float, float]], arrows: Sequence[Arrow]) -> Layout:
    """Coloca unas cajas, por su nombre y con su tamaño, y las líneas que las unen.

    Cada caja va por debajo de todas aquellas de las que le llega algo.
    """
    ranks = ranks_of(list(sizes), arrows)
    boxes = {name: Item(*size, 2 * ranks[name]) for name, size in sizes.items()}
    chains = [chain_of(boxes[arrow.source], boxes[arrow.target], arrow) for arrow in arrows]
    rows = rows_of([*boxes.values(), *(item for chain in chains for item in chain[1:-1])])
    untangle(rows)
    _set_x(rows)
    tops, bottoms = _set_y(rows)
    every = [item for row in rows for item in row]
    shift = min((item.x - item.width / 2 for item in every), default=0.0)
    for item in every:
        item.x = round(item.x - shift)
    outs, ins = _ports(boxes.values(), chains)
    return Layout(
        max((item.x + item.width / 2 for item in every), default=0.0),
        bottoms[-1] if bottoms else 0.0,
        {name: Rect(item.x, item.y, item.width, item.height) for name, item in boxes.items()},
        {name: item.row // 2 for name, item in boxes.items()},
        tuple(
            _route(chain, out, into, tops, bottoms)
            for chain, out, into in zip(chains, outs, ins, strict=True)
        ),
    )


def _set_x(rows: list[list[Item]]) -> None:
    """Pone cada cosa lo más cerca que puede de la media de sus vecinos, sin cambiar el orden de su fila."""
    for row in rows:
        _spread(row, [0.0] * len(row))
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            _spread(row, [_wanted(item, item.above if down else item.below) for item in row])
    for row in rows:  # la última, con las líneas tan rectas como se pueda
        _spread(row, [_wanted(item, item.above if item.passing else item.near) for item in row])


def _wanted(item: Item, near: Sequence[Item]) -> float:
    return sum(other.x for other in near) / len(near) if near else item.x


def _spread(row: list[Item], wanted: Sequence[float]) -> None:
    """Coloca una fila con la menor suma de cuadrados de lo que cada cosa se aparta de ``wanted``.

    Descontada la separación mínima, es una regresión isótona: se juntan las que se pisarían.
    """
    offsets = [0.0]
    for one, other in pairwise(row):
        offsets.append(offsets[-1] + (one.width + other.width) / 2 + min(one.gap, other.gap))
    blocks: list[tuple[float, float, int]] = []  # la media de las que van juntas, lo que pesan y cuántas son
    for item, want, offset in zip(row, wanted, offsets, strict=False):
        mean, weight, count = want - offset, _STRAIGHT if item.passing else 1.0, 1
        while blocks and blocks[-1][0] > mean:
            before, heavy, many = blocks.pop()
            mean = (before * heavy + mean * weight) / (heavy + weight)
            weight, count = heavy + weight, many + count
        blocks.append((mean, weight, count))
    means = [mean for mean, _, count in blocks for _ in range(count)]
    for item, mean, offset in zip(row, means, offsets, strict=False):
        item.x = mean + offset


def _set_y(rows: list[list[Item]]) -> tuple[list[float], list[float]]:
    """El borde de arriba y el de abajo de cada fila; hay más sitio donde una línea se va más lejos."""
    tops: list[float] = []
    bottoms: list[float] = []
    y = 0.0
    for row in rows:
        height = max((item.height for item in row), default=0.0)
        for item in row:
            item.y = y
        tops.append(y)
        bottoms.append(y + height)
        far = max((abs(item.x - lower.x) for item in row for lower in item.below), default=0.0)
        y = round(y + height + GAP_Y + min(far * _SLOPE, 2 * GAP_Y))
    return tops, bottoms


def _ports(boxes: Iterable[Item], chains: Sequence[Sequence[Item]]) -> tuple[list[float], list[float]]:
    """La ``x`` con la que sale de su caja y con la que llega cada línea, en un orden que no las cruza."""
    outs, ins = [0.0] * len(chains), [0.0] * len(chains)
    for box in boxes:
        leaving = [n for n, chain in enumerate(chains) if chain[0] is box]
        coming = [n for n, chain in enumerate(chains) if chain[-1] is box]
        leaving.sort(key=lambda n: chains[n][1].x)
        coming.sort(key=lambda n: chains[n][-2].x)
        for found, lines in ((outs, leaving), (ins, coming)):
            step = min(PORT, (box.width - PORT) / max(len(lines), 1))
            for at, n in enumerate(lines):
                found[n] = round(box.x + (at - (len(lines) - 1) / 2) * step)
    return outs, ins


def _route(
    chain: Sequence[Item], out: float, into: float, tops: Sequence[float], bottoms: Sequence[float]
) -> Route:
    source, *middle, target = chain
    points = [(out, source.y + source.height), (out, bottoms[source.row])]
    for item in middle:
        points += [(item.x, tops[item.row]), (item.x, bottoms[item.row])]
    points += [(into, tops[target.row])]
    last = middle[-1]
    label = None if last.passing else Rect(last.x, last.y, last.width, last.height)
    return Route(_straightened(points, label), label)


def _straightened(points: Sequence[Point], label: Rect | None) -> tuple[Point, ...]:
    """Los puntos que hacen falta: de varios en vertical, el primero y el último; y los del rótulo."""
    stops = (label.y, label.bottom) if label else ()
    kept: list[Point] = []
    for x, y in points:
        if len(kept) > 1 and kept[-1][0] == kept[-2][0] == x and kept[-1][1] not in stops:
            kept.pop()
        if not kept or kept[-1] != (x, y):
            kept.append((x, y))
    return tuple(kept)
