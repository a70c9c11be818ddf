"""El árbol de una imagen repartido por capas: lo que suma cada carpeta en cada una, y lo que cuelga de ella.

Es lo que se enseña. Las sumas se hacen de una vez y solo de las carpetas; los archivos de una, cuando se
piden.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from multietapa.image.layer import FileEntry
from multietapa.image.nodes import ERASED, MARKERS, Change, Node, Version, Why
from multietapa.image.origins import Origin
from multietapa.image.tree import Tree
from multietapa.widgets.surface.listing import plain

ORIGINS: Sequence[Origin] = tuple(Origin)
_PLACES = {origin: place for place, origin in enumerate(ORIGINS)}


class Sum:
    """Lo que una carpeta suma en una capa: bytes, archivos, bytes que se pierden y bytes de cada origen."""

    __slots__ = ("bytes", "files", "origins", "waste")

    def __init__(self) -> None:
        self.bytes = self.files = self.waste = 0
        self.origins = [0] * len(ORIGINS)

    def add(self, other: Sum) -> None:
        """Suma otra."""
        self.bytes += other.bytes
        self.files += other.files
        self.waste += other.waste
        self.origins = [mine + its for mine, its in zip(self.origins, other.origins, strict=True)]

    def copy(self) -> Sum:
        """Otra igual, que se puede seguir sumando."""
        other = Sum.__new__(Sum)
        other.bytes, other.files, other.waste = self.bytes, self.files, self.waste
        other.origins = self.origins[:]
        return other

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


@dataclass(frozen=True)
class Filter:
    """Qué versiones se enseñan: las que cumplen todo lo que no es ``None``; ``waste``, lo que se pierde."""

    layer: int | None = None
    origin: int | None = None
    change: Change | None = None
    waste: bool = False

    @property
    def whole(self) -> bool:
        """No quita nada."""
        return self == Filter()

    def takes(self, leaf: Leaf) -> bool:
        """Si esa versión se enseña."""
        erased = self.change is Change.DELETED
        return (
            (leaf.why in ERASED if erased else self.change in (None, leaf.change))
            and self.layer in (None, leaf.layer)
            and self.origin in (None, leaf.origin)
            and (not self.waste or leaf.why is not None)
        )


class Shelves:
    """El árbol por capas, entero o con un filtro."""

    def __init__(self, tree: Tree, wanted: Filter | None = None) -> None:
        self.tree, self.wanted = tree, wanted or Filter()
        self._sums: dict[str, dict[int, Sum]] = {"": {}}
        self._add_up()

    @property
    def total(self) -> Sum:
        """Lo que suma todo."""
        whole = Sum()
        for each in self.at("").values():
            whole.add(each)
        return whole

    def at(self, path: str) -> dict[int, Sum]:
        """Lo que suma una carpeta en cada capa que pone algo en ella."""
        return self._sums.get(path, {})

    def folders(self, node: Node, layer: int) -> Iterator[tuple[Node, Sum]]:
        """Las carpetas que cuelgan de ``node`` y llevan algo de esa capa."""
        for child in node.everything():
            found = self._sums.get(child.path)
            if found and layer in found:
                yield child, found[layer]

    def leaves(self, node: Node, layer: int | None = None) -> Iterator[Leaf]:
        """Las versiones de los archivos que cuelgan de ``node``: las de una capa, o todas."""
        for child in node.everything():
            for leaf in self.of(child):
                if layer in (None, leaf.layer) and self._shown(leaf):
                    yield leaf

    def of(self, node: Node) -> Iterator[Leaf]:
        """Las versiones de un archivo, de abajo arriba."""
        name = plain(node.name)
        for version in node.older:
            kind = version.entry.kind
            if kind in MARKERS:
                yield Leaf(name, version.layer, 0, -1, version.change, marker=True)
            elif kind != "dir":
                yield self._leaf(name, version, version.bytes)
        entry = node.entry
        if entry is not None and entry.kind != "dir":
            shared = node.shared
            first, layer = (shared.first, shared.layer) if shared else (entry, node.layer)
            origin = _PLACES[self.tree.origin(first, layer)]
            yield Leaf(name, node.layer, _carried(node, entry), origin, node.change)

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

    def _leaf(self, name: str, version: Version, size: int) -> Leaf:
        origin = _PLACES[self.tree.origin(version.first or version.entry, version.layer)]
        return Leaf(name, version.layer, size, origin, version.change, version.why, version.hidden_by)

    def _shown(self, leaf: Leaf) -> bool:
        return self.wanted.whole if leaf.marker else self.wanted.takes(leaf)

    def _add_up(self) -> None:
        for node in reversed(self._nodes()):
            path = node.path
            cut = path.rfind("/")
            above = self._sums.setdefault(path[: max(cut, 0)], {})
            if node.older:
                self._add_older(node, above)
            entry = node.entry
            if entry is not None and entry.kind != "dir" and self._may_show(node):
                self._add_visible(node, above)
            for layer, inside in self._sums.get(path, _NOTHING).items():
                one = above.get(layer)
                if one is None:
                    above[layer] = inside.copy()
                else:
                    one.add(inside)

    def _nodes(self) -> list[Node]:
        """Los nodos que cuentan, los padres antes; donde no se pierde nada no se busca lo que se pierde."""
        found: list[Node] = []
        waiting = [self.tree.root]
        while waiting:
            kids = [kid for kid in waiting.pop().everything() if kid.hidden or not self._only_lost]
            found += kids
            waiting += [kid for kid in kids if kid.children or kid.gone]
        return found

    @property
    def _only_lost(self) -> bool:
        return self.wanted.waste or self.wanted.change is Change.DELETED

    def _may_show(self, node: Node) -> bool:
        """Si lo que se ve en un nodo puede contar, sin mirar su origen, que es lo que más cuesta."""
        wanted = self.wanted
        right = wanted.layer in (None, node.layer) and wanted.change in (None, node.change)
        return right and not self._only_lost

    def _add_visible(self, node: Node, above: dict[int, Sum]) -> None:
        entry, shared = node.entry, node.shared
        assert entry is not None  # se ve
        size = _carried(node, entry)
        origin = -1
        if size or self.wanted.origin is not None:
            first, layer = (shared.first, shared.layer) if shared else (entry, node.layer)
            origin = _PLACES[self.tree.origin(first, layer)]
        if self.wanted.origin not in (None, origin):
            return
        one = above.get(node.layer)
        if one is None:
            one = above[node.layer] = Sum()
        one.files += 1
        if size:
            one.bytes += size
            one.origins[origin] += size

    def _add_older(self, node: Node, above: dict[int, Sum]) -> None:
        for leaf in self.of(node):
            if leaf.marker:
                if self.wanted.whole:
                    above.setdefault(leaf.layer, Sum())
            elif leaf.why is not None and self.wanted.takes(leaf):
                one = above.setdefault(leaf.layer, Sum())
                one.bytes += leaf.bytes
                one.files += 1
                one.waste += leaf.bytes
                one.origins[leaf.origin] += leaf.bytes


def _carried(node: Node, entry: FileEntry) -> int:
    """Los bytes que lleva una ruta que se ve: un enlace duro no repite los de su primer nombre."""
    return entry.own_bytes if node.shared is None else node.shared.carried(node)


_NOTHING: dict[int, Sum] = {}
