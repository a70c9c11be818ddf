"""Dónde va cada caja de un grafo sin círculos: filas de arriba abajo, y líneas que no pisan ninguna caja.

Es el único que las coloca, para el widget y para su gemelo: los dos enseñan lo mismo, y el dibujo no lleva
ninguna biblioteca. La misma entrada da siempre la misma salida. Las medidas son píxeles.
"""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

GAP_X, GAP_Y = 22.0, 24.0
"""Lo que hay entre dos cajas de una fila, y entre dos filas."""
BEND = 8.0
"""Lo que ocupa en una fila una línea que la cruza."""
PORT = 20.0
"""Lo más que se separan dos líneas que salen de la misma caja."""
_SWEEPS = 8
_SLOPE = 0.08  # lo que crece el hueco con lo lejos que va la línea que lo cruza
_STRAIGHT = 6.0  # lo que pesa, al colocar, que una línea larga vaya recta


@dataclass(frozen=True)
class Arrow:
    """Una línea de ``source`` a ``target``, con un rótulo de ese tamaño (0: sin rótulo)."""

    source: str
    target: str
    width: float = 0.0
    height: float = 0.0


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

    points: tuple[tuple[float, float], ...]
    label: Rect | None = None


@dataclass(frozen=True)
class Layout:
    """Todo colocado: lo que ocupa, cada caja por su nombre, su fila, y las líneas en el orden dado."""

    width: float
    height: float
    boxes: Mapping[str, Rect]
    rows: Mapping[str, int]
    routes: tuple[Route, ...]


@dataclass(eq=False)
class _Item:
    """Lo que ocupa sitio en una fila: una caja o el paso de una línea, con o sin rótulo."""

    width: float
    height: float
    row: int
    gap: float = GAP_X
    above: list[_Item] = field(default_factory=list)
    below: list[_Item] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    at: int = 0

    @property
    def passing(self) -> bool:
        """Si es el paso de una línea sin rótulo."""
        return self.height == 0


def place(sizes: Mapping[str, tuple[float, float]], arrows: Sequence[Arrow]) -> Layout:
    """Coloca unas cajas, por su nombre y con su tamaño, y las líneas que las unen.

    Cada caja va por debajo de todas aquellas de las que le llega algo.
    """
    ranks = _ranks(list(sizes), arrows)
    boxes = {name: _Item(*size, 2 * ranks[name]) for name, size in sizes.items()}
    chains = [_chain(boxes[arrow.source], boxes[arrow.target], arrow) for arrow in arrows]
    rows = _rows([*boxes.values(), *(item for chain in chains for item in chain[1:-1])])
    _untangle(rows)
    _set_x(rows)
    tops, bottoms = _set_y(rows)
    every = [item for row in rows for item in row]
    shift = min((item.x - item.width / 2 for item in every), default=0.0)
    for item in every:
        item.x = round(item.x - shift, 1)
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


def _ranks(names: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
    """La fila de cada caja: la del camino más largo que le llega; la que nada toma, junto a quien la usa."""
    ranks = dict.fromkeys(names, 0)
    for _ in names:
        before = dict(ranks)
        for arrow in arrows:
            ranks[arrow.target] = max(ranks[arrow.target], ranks[arrow.source] + 1)
        if before == ranks:
            break
    taking = {arrow.target for arrow in arrows}
    for name in names:
        users = [ranks[arrow.target] for arrow in arrows if arrow.source == name]
        if name not in taking and users:
            ranks[name] = min(users) - 1
    return ranks


def _chain(source: _Item, target: _Item, arrow: Arrow) -> list[_Item]:
    """Una línea como la cadena de lo que ocupa en cada fila; el rótulo va justo encima de su destino."""
    chain = [source]
    for row in range(source.row + 1, target.row):
        labelled = row == target.row - 1 and arrow.height > 0
        item = _Item(arrow.width, arrow.height, row) if labelled else _Item(BEND, 0.0, row, gap=BEND)
        chain.append(item)
    chain.append(target)
    for upper, lower in pairwise(chain):
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _rows(items: Iterable[_Item]) -> list[list[_Item]]:
    every = list(items)
    rows: list[list[_Item]] = [[] for _ in range(max((item.row for item in every), default=-1) + 1)]
    for item in every:
        rows[item.row].append(item)
    for row in rows:
        _number(row)
    return rows


def _number(row: list[_Item]) -> None:
    for at, item in enumerate(row):
        item.at = at


def _untangle(rows: list[list[_Item]]) -> None:
    """Ordena cada fila por la media de sus vecinos, arriba y abajo, y se queda con lo que menos se cruza."""
    best, fewest = [list(row) for row in rows], _crossings(rows)
    for sweep in range(_SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            row.sort(key=partial(_middle, down=down))
            _number(row)
        _swap(rows)
        crossed = _crossings(rows)
        if crossed < fewest:
            best, fewest = [list(row) for row in rows], crossed
    for row, kept in zip(rows, best, strict=True):
        row[:] = kept
        _number(row)


def _swap(rows: list[list[_Item]]) -> None:
    """Cambia de sitio a dos vecinos de una fila si así se cruzan menos."""
    for row in rows:
        for at in range(len(row) - 1):
            one, other = row[at], row[at + 1]
            if _between(one, other) > _between(other, one):
                row[at : at + 2] = [other, one]
                one.at, other.at = at + 1, at


def _between(left: _Item, right: _Item) -> int:
    """Los cruces entre las líneas de dos vecinos, si van en ese orden."""
    sides = ((left.above, right.above), (left.below, right.below))
    return sum(one.at > other.at for mine, theirs in sides for one in mine for other in theirs)


def _middle(item: _Item, *, down: bool) -> float:
    near = item.above if down else item.below
    return sum(other.at for other in near) / len(near) if near else float(item.at)


def _crossings(rows: list[list[_Item]]) -> int:
    total = 0
    for row in rows:
        seen: list[int] = []
        for item in row:
            ends = sorted(lower.at for lower in item.below)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _set_x(rows: list[list[_Item]]) -> None:
    """Pone cada cosa lo más cerca que puede de la media de sus vecinos, sin cambiar el orden de su fila."""
    for row in rows:
        _spread(row, [0.0] * len(row))
    for sweep in range(2 * _SWEEPS):
        down = sweep % 2 == 0
        for row in rows if down else reversed(rows):
            _spread(row, [_wanted(item, item.above if down else item.below) for item in row])
    for row in rows:
        _spread(row, [_wanted(item, [*item.above, *item.below]) for item in row])


def _wanted(item: _Item, near: Sequence[_Item]) -> float:
    weights = [_STRAIGHT if item.passing and other.passing else 1.0 for other in near]
    return sum(w * other.x for w, other in zip(weights, near, strict=True)) / sum(weights) if near else item.x


def _spread(row: list[_Item], wanted: Sequence[float]) -> None:
    """Coloca una fila con la menor suma de cuadrados de lo que cada cosa se aparta de ``wanted``.

    Descontada la separación mínima, es una regresión isótona: se juntan las que se pisarían.
    """
    offsets = [0.0]
    for one, other in pairwise(row):
        offsets.append(offsets[-1] + (one.width + other.width) / 2 + min(one.gap, other.gap))
    blocks: list[tuple[float, int]] = []  # la media de las que van juntas, y cuántas son
    for want, offset in zip(wanted, offsets, strict=False):
        mean, count = want - offset, 1
        while blocks and blocks[-1][0] > mean:
            before, many = blocks.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        blocks.append((mean, count))
    means = [mean for mean, count in blocks for _ in range(count)]
    for item, mean, offset in zip(row, means, offsets, strict=False):
        item.x = mean + offset


def _set_y(rows: list[list[_Item]]) -> tuple[list[float], list[float]]:
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
        y = round(y + height + GAP_Y + min(far * _SLOPE, 2 * GAP_Y), 1)
    return tops, bottoms


def _ports(boxes: Iterable[_Item], chains: Sequence[Sequence[_Item]]) -> tuple[list[float], list[float]]:
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
                found[n] = round(box.x + (at - (len(lines) - 1) / 2) * step, 1)
    return outs, ins


def _route(
    chain: Sequence[_Item], out: float, into: float, tops: Sequence[float], bottoms: Sequence[float]
) -> Route:
    source, *middle, target = chain
    points = [(out, source.y + source.height), (out, bottoms[source.row])]
    for item in middle:
        points += [(item.x, tops[item.row]), (item.x, bottoms[item.row])]
    points += [(into, tops[target.row])]
    labelled = middle[-1] if not middle[-1].passing else None
    label = Rect(labelled.x, labelled.y, labelled.width, labelled.height) if labelled else None
    return Route(tuple(dict.fromkeys(points)), label)
