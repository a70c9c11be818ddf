"""En qué fila va cada caja de un grafo y en qué orden las de cada una, para que las líneas se crucen poco."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise

GAP_X = 22.0
"""Lo que hay entre dos cajas de una fila."""
BEND = 8.0
"""Lo que ocupa en una fila una línea que la cruza."""
_SWEEPS = 8


@dataclass(frozen=True)
class Arrow:
    """Una línea de ``source`` a ``target``, con un rótulo de ese tamaño (0: sin rótulo)."""

    source: str
    target: str
    width: float = 0.0
    height: float = 0.0


@dataclass(eq=False)
class Item:
    """Lo que ocupa sitio en una fila: una caja o el paso de una línea, con o sin rótulo."""

    width: float
    height: float
    row: int
    gap: float = GAP_X
    above: list[Item] = field(default_factory=list)
    below: list[Item] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0
    at: int = 0

    @property
    def near(self) -> list[Item]:
        """Sus vecinos de arriba y de abajo."""
        return [*self.above, *self.below]

    @property
    def passing(self) -> bool:
        """Si es el paso de una línea sin rótulo."""
        return self.height == 0


def ranks_of(names: Sequence[str], arrows: Sequence[Arrow]) -> dict[str, int]:
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


def chain_of(source: Item, target: Item, arrow: Arrow) -> list[Item]:
    """Una línea como la cadena de lo que ocupa en cada fila; el rótulo va justo encima de su destino."""
    chain = [source]
    for row in range(source.row + 1, target.row):
        labelled = row == target.row - 1 and arrow.height > 0
        item = Item(arrow.width, arrow.height, row) if labelled else Item(BEND, 0.0, row, gap=BEND)
        chain.append(item)
    chain.append(target)
    for upper, lower in pairwise(chain):
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def rows_of(items: Iterable[Item]) -> list[list[Item]]:
    """Las filas, de arriba abajo, cada una en el orden en que vienen sus cosas."""
    every = list(items)
    rows: list[list[Item]] = [[] for _ in range(max((item.row for item in every), default=-1) + 1)]
    for item in every:
        rows[item.row].append(item)
    for row in rows:
        _number(row)
    return rows


def _number(row: list[Item]) -> None:
    for at, item in enumerate(row):
        item.at = at


def untangle(rows: list[list[Item]]) -> None:
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


def _swap(rows: list[list[Item]]) -> None:
    """Cambia de sitio a dos vecinos de una fila si así se cruzan menos."""
    for row in rows:
        for at in range(len(row) - 1):
            one, other = row[at], row[at + 1]
            if _between(one, other) > _between(other, one):
                row[at : at + 2] = [other, one]
                one.at, other.at = at + 1, at


def _between(left: Item, right: Item) -> int:
    """Los cruces entre las líneas de dos vecinos, si van en ese orden."""
    sides = ((left.above, right.above), (left.below, right.below))
    return sum(one.at > other.at for mine, theirs in sides for one in mine for other in theirs)


def _middle(item: Item, *, down: bool) -> float:
    near = item.above if down else item.below
    return sum(other.at for other in near) / len(near) if near else float(item.at)


def _crossings(rows: list[list[Item]]) -> int:
    total = 0
    for row in rows:
        seen: list[int] = []
        for item in row:
            ends = sorted(lower.at for lower in item.below)
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total
