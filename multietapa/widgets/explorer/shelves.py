"""El árbol de una imagen repartido por capas: lo que suma cada carpeta en cada una, y lo que cuelga de ella.

Es lo que se enseña. Las sumas se hacen una vez, solo de las carpetas y por clases: qué capa, qué origen, qué
hizo la capa y por qué no se ve. Un filtro elige clases, así que no vuelve a recorrer los archivos; los de una
carpeta se miran cuando se piden.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

from multietapa.image.nodes import ERASED, MARKERS, Change, Node, Version, Why
from multietapa.image.origins import Origin
from multietapa.image.tree import Tree
from multietapa.widgets.surface.listing import plain

ORIGINS: Sequence[Origin] = tuple(Origin)
_PLACES = {origin: place for place, origin in enumerate(ORIGINS)}
_CHANGES = {change: place for place, change in enumerate(Change)}
_WHYS: Mapping[Why | None, int] = {why: place for place, why in enumerate((None, *Why))}


class Sum:
    """Lo que una carpeta suma en una capa: bytes, archivos, bytes que se pierden y bytes de cada origen."""

    __slots__ = ("bytes", "files", "origins", "waste")

    def __init__(self) -> None:
        self.bytes = self.files = self.waste = 0
        self.origins = [0] * len(ORIGINS)

    def count(self, kind: int, size: int, files: int) -> None:
        """Suma lo que es todo de una misma clase."""
        self.files += files
        if size:
            self.bytes += size
            self.origins[(kind >> 5 & 7) - 1] += size
            self.waste += size if kind & 7 else 0

    def add(self, other: Sum) -> None:
        """Suma otra."""
        self.bytes += other.bytes
        self.files += other.files
        self.waste += other.waste
        self.origins = [mine + its for mine, its in zip(self.origins, other.origins, strict=True)]

    def take(self, other: Sum) -> None:
        """Le quita otra, que estaba sumada en ella."""
        self.bytes -= other.bytes
        self.files -= other.files
        self.waste -= other.waste
        self.origins = [mine - its for mine, its in zip(self.origins, other.origins, strict=True)]

    @property
    def origin(self) -> tuple[int, bool]:
        """El origen que más pesa, por su lugar en ``ORIGINS``, y si hay otros; (-1, False) si nada pesa."""
        most = max(self.origins)
        if not most:
            return -1, False
        return self.origins.index(most), most < self.bytes


class Leaf(NamedTuple):
    """Una versión de un archivo: los ``bytes`` que cuenta en su capa, su origen y lo que le pasó.

    ``change`` es lo que hizo la capa y ``why``, por qué ya no se ve (``None``: se ve). Una marca de borrado
    (``marker``) no lleva bytes.
    """

    name: str
    layer: int
    bytes: int
    origin: int
    change: Change
    why: Why | None = None
    hidden_by: int | None = None
    marker: bool = False

    @property
    def kind(self) -> int:
        """Su clase: lo que mira un filtro, en un número."""
        return (self.layer << 3 | self.origin + 1) << 5 | _CHANGES[self.change] << 3 | _WHYS[self.why]

    @property
    def sum(self) -> Sum:
        """Lo que suma ella sola."""
        found = Sum()
        found.count(self.kind, self.bytes, 0 if self.marker else 1)
        return found


@dataclass(frozen=True)
class Filter:
    """Qué versiones se enseñan: las que cumplen todo lo que no es ``None``; ``waste``, lo que se pierde."""

    layer: int | None = None
    origin: int | None = None
    change: Change | None = None
    waste: bool = False

    def takes(self, kind: int) -> bool:
        """Si las versiones de una clase se enseñan; las marcas, solo si no se quita nada."""
        layer, origin = kind >> 8, (kind >> 5 & 7) - 1
        change, why = _CHANGE_AT[kind >> 3 & 3], _WHY_AT[kind & 7]
        erased = self.change is Change.DELETED
        return self == Filter() or (
            origin >= 0
            and (why in ERASED if erased else self.change in (None, change))
            and self.layer in (None, layer)
            and self.origin in (None, origin)
            and (not self.waste or why is not None)
        )


Kid = Leaf | Node | tuple[Node, Sum]
"""Lo que cuelga de una carpeta: una versión de un archivo, él si solo tiene una, o una carpeta y su suma."""


class Inside(NamedTuple):
    """Lo que cuelga de una carpeta en una capa: cuántas cosas son y, de mayor a menor, las mayores."""

    total: int
    kids: list[tuple[int, Kid]]


class Shelves:
    """El árbol por capas, entero o con un filtro (``filtered``)."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self._wanted = Filter()
        self._taken: dict[int, bool] = {}
        self._cells: dict[str, dict[int, list[int]]] = {}
        self._add_up()

    def filtered(self, wanted: Filter) -> Shelves:
        """El mismo árbol con ese filtro: las sumas ya están hechas."""
        other = copy(self)
        other._wanted, other._taken = wanted, {}  # noqa: SLF001  es uno como este
        return other

    @property
    def total(self) -> Sum:
        """Lo que suma todo."""
        whole = Sum()
        for each in self.at("").values():
            whole.add(each)
        return whole

    def at(self, path: str) -> dict[int, Sum]:
        """Lo que suma una carpeta en cada capa que pone algo en ella."""
        found: dict[int, Sum] = {}
        for kind, (size, files) in self._cells.get(path, _NOTHING).items():
            if not self._takes(kind):
                continue
            one = found.get(kind >> 8)
            if one is None:
                one = found[kind >> 8] = Sum()
            one.count(kind, size, files)
        return found

    def inside(self, node: Node, most: int, must: str = "") -> dict[int, Inside]:
        """Lo que cuelga de una carpeta en cada capa, con las ``most`` cosas mayores; antes, ``must``."""
        found: defaultdict[int, list[_Ranked]] = defaultdict(list)
        shown = self._shown_at(node.path)
        for name, kid in _named(node):
            other = name != must
            if kid.children or kid.gone:
                for layer, each in self.at(kid.path).items():
                    found[layer].append((other, -each.bytes, name, 0, (kid, each)))
            entry = kid.entry
            if not _is_plain(kid):
                for n, leaf in enumerate(self.of(kid), 1):
                    if self._takes(leaf.kind):
                        found[leaf.layer].append((other, -leaf.bytes, name, n, leaf))
            elif entry is not None and entry.kind != "dir":
                taken = shown.get(kid.layer)
                if taken is None:
                    taken = self._takes(next(self.of(kid)).kind)
                if taken:
                    found[kid.layer].append((other, -entry.own_bytes, name, 1, kid))
        return {
            layer: Inside(len(kids), [(-size, kid) for _, size, _, _, kid in heapq.nsmallest(most, kids)])
            for layer, kids in found.items()
        }

    def of(self, node: Node) -> Iterator[Leaf]:
        """Las versiones de un archivo, de abajo arriba."""
        name = plain(node.name)
        for version in node.older:
            kind = version.entry.kind
            if kind in MARKERS:
                yield Leaf(name, version.layer, 0, -1, version.change, marker=True)
            elif kind != "dir":
                yield self._leaf(name, version)
        entry = node.entry
        if entry is not None and entry.kind != "dir":
            shared = node.shared
            first, layer = (shared.first, shared.layer) if shared else (entry, node.layer)
            origin = _PLACES[self.tree.origin(first, layer)]
            size = entry.own_bytes if shared is None else shared.carried(node)
            yield Leaf(name, node.layer, size, origin, node.change)

    def find(self, shown: str) -> Node | None:
        """El nodo de una ruta tal como se enseña, que en un nombre raro va con escapes."""
        node: Node | None = self.tree.at(shown)
        if node is not None:
            return node
        node = self.tree.root
        for name in shown.strip("/").split("/"):
            kids = node.everything() if node else iter(())
            node = next((kid for kid in kids if plain(kid.name) == name), None)
        return node

    def _leaf(self, name: str, version: Version) -> Leaf:
        origin = _PLACES[self.tree.origin(version.first or version.entry, version.layer)]
        return Leaf(
            name, version.layer, version.bytes, origin, version.change, version.why, version.hidden_by
        )

    def _takes(self, kind: int) -> bool:
        taken = self._taken.get(kind)
        if taken is None:
            taken = self._taken[kind] = self._wanted.takes(kind)
        return taken

    def _shown_at(self, path: str) -> dict[int, bool]:
        """Si el filtro deja los archivos corrientes de una carpeta, en las capas en que eso vale para todos.

        No vale si se mira su origen y llevan varios.
        """
        kinds: defaultdict[int, set[int]] = defaultdict(set)
        for kind in self._cells.get(path, _NOTHING):
            if kind >> 5 & 7:
                kinds[kind >> 8].add(kind >> 5)
        whichever = self._wanted.origin is None
        return {n: self._takes(min(each) << 5) for n, each in kinds.items() if whichever or len(each) == 1}

    def _add_up(self) -> None:
        folders = [self.tree.root]
        for node in folders:
            folders += [kid for kid in node.everything() if kid.children or kid.gone]
        for node in reversed(folders):
            cells = self._cells[node.path] = {}
            origins: dict[int, int] = {}
            for kid in node.everything():
                entry = kid.entry
                if not _is_plain(kid):
                    for leaf in self.of(kid):
                        _count(cells, leaf.kind, leaf.bytes, 0 if leaf.marker else 1)
                elif entry is not None and entry.kind != "dir":
                    place = origins.get(kid.layer)
                    if place is None:
                        known = self.tree.origin_in(node.path, kid.layer)
                        place = origins[kid.layer] = -1 if known is None else _PLACES[known]
                    if place < 0 or entry.kind != "file":
                        place = _PLACES[self.tree.origin(entry, kid.layer)]
                    _count(cells, (kid.layer << 3 | place + 1) << 5, entry.own_bytes, 1)
                if kid.children or kid.gone:
                    for kind, (size, files) in self._cells[kid.path].items():
                        _count(cells, kind, size, files)


def _is_plain(node: Node) -> bool:
    """Si de una ruta solo hay lo que se ve, añadido por una capa y con un solo nombre."""
    return not node.older and node.shared is None and node.change is Change.ADDED


def _named(node: Node) -> Iterator[tuple[str, Node]]:
    yield from node.children.items()
    yield from node.gone.items()


def _count(cells: dict[int, list[int]], kind: int, size: int, files: int) -> None:
    cell = cells.get(kind)
    if cell is None:
        cells[kind] = [size, files]
    else:
        cell[0] += size
        cell[1] += files


_CHANGE_AT, _WHY_AT = tuple(_CHANGES), tuple(_WHYS)
_Ranked = tuple[bool, int, str, int, Kid]
_NOTHING: dict[int, list[int]] = {}
