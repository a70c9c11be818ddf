"""Superpone las capas como hace el motor: qué ve un contenedor y qué bytes quedan tapados.

Las reglas son las de la especificación de capas de OCI: una marca ``.wh.x`` borra ``x`` de las capas
de abajo, ``.wh..wh..opq`` vacía su carpeta, y un archivo nuevo tapa al anterior entero.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from multietapa.image.layer import FileEntry, Layer

MARKERS = ("whiteout", "opaque")


@dataclass(frozen=True)
class Loss:
    """Bytes de la capa ``layer`` que la capa ``hidden_by`` tapa con otra copia o borra."""

    layer: int
    hidden_by: int
    shadowed: int
    deleted: int


@dataclass(frozen=True)
class Hidden:
    """Bytes que viajan con la imagen y que ningún contenedor ve.

    ``shadowed``: los tapa una copia posterior de la misma ruta. ``deleted``: los borra una capa
    posterior (también al borrar, vaciar o mover una carpeta). Un archivo con varios enlaces duros se
    pierde cuando se pierde su último nombre. ``by_layer`` dice de qué capa son y cuál los esconde.
    """

    shadowed: int
    deleted: int
    by_layer: tuple[Loss, ...]

    @property
    def total(self) -> int:
        """Todos los bytes escondidos."""
        return self.shadowed + self.deleted


@dataclass(frozen=True)
class Overlay:
    """El resultado de superponer: ``files`` (ruta -> entrada visible), la capa de cada una y lo escondido."""

    files: dict[str, FileEntry]
    owners: dict[str, int]
    hidden: Hidden


def overlay(layers: Sequence[Layer]) -> Overlay:
    """Superpone ``layers``, de abajo arriba."""
    stack = _Stack()
    for index, layer in enumerate(layers):
        stack.put(index, layer.files)
    losses = tuple(
        Loss(layer, hidden_by, *stack.lost[layer, hidden_by]) for layer, hidden_by in sorted(stack.lost)
    )
    hidden = Hidden(sum(loss.shadowed for loss in losses), sum(loss.deleted for loss in losses), losses)
    seen = sorted(stack.visible(), key=lambda item: item[0])
    files = {path: entry for path, entry, _ in seen}
    return Overlay(files, {path: layer for path, _, layer in seen}, hidden)


class _Node:
    """Una ruta: la entrada visible, la capa de la que viene y lo que cuelga de ella."""

    __slots__ = ("children", "entry", "layer")

    def __init__(self) -> None:
        self.entry: FileEntry | None = None
        self.layer = -1
        self.children: dict[str, _Node] = {}


class _Stack:
    def __init__(self) -> None:
        self.lost: dict[tuple[int, int], list[int]] = {}
        self._root = _Node()
        self._names: dict[tuple[int, str], int] = {}
        self._sizes: dict[tuple[int, str], int] = {}

    def put(self, index: int, entries: Sequence[FileEntry]) -> None:
        again = {entry.path for entry in entries if entry.kind not in MARKERS and entry.kind != "dir"}
        for entry in entries:
            if entry.kind in MARKERS:
                self._erase(entry, index, again)
        for entry in entries:
            if entry.kind not in MARKERS:
                self._add(entry, index)

    def visible(self) -> Iterator[tuple[str, FileEntry, int]]:
        waiting = [self._root]
        while waiting:
            node = waiting.pop()
            waiting.extend(node.children.values())
            if node.entry and node.entry.path:
                yield node.entry.path, node.entry, node.layer

    def _erase(self, marker: FileEntry, index: int, again: set[str]) -> None:
        parent = node = self._root
        name = ""
        for name in marker.path.split("/") if marker.path else ():
            if name not in node.children:
                return
            parent, node = node, node.children[name]
        if marker.kind == "whiteout":
            if name:
                del parent.children[name]
                self._lose(node, index, again)
        else:
            children, node.children = node.children, {}
            for child in children.values():
                self._lose(child, index, again)

    def _add(self, entry: FileEntry, index: int) -> None:
        node = self._root
        for name in entry.path.split("/"):
            if node.entry and node.entry.kind != "dir" and node.layer < index:
                self._forget(node, index, shadowed=True)
            child = node.children.get(name)
            if child is None:
                child = node.children[name] = _Node()
            node = child
        if entry.kind != "dir" and node.children and node.layer < index:
            children, node.children = node.children, {}
            for lower in children.values():
                self._lose(lower, index, None)
        if node.entry and node.entry.kind != "dir" and node.layer < index:
            self._forget(node, index, shadowed=True)
        node.entry, node.layer = entry, index
        first = entry.link if entry.kind == "hardlink" else entry.path
        if entry.own_bytes:
            self._sizes[index, first] = entry.own_bytes
        self._names[index, first] = self._names.get((index, first), 0) + 1

    def _lose(self, node: _Node, index: int, again: set[str] | None) -> None:
        """Esconde una rama entera; lo que vuelve a estar en la misma capa (``again``) queda tapado."""
        waiting = [node]
        while waiting:
            node = waiting.pop()
            waiting.extend(node.children.values())
            if node.entry:
                self._forget(node, index, shadowed=again is None or node.entry.path in again)

    def _forget(self, node: _Node, index: int, *, shadowed: bool) -> None:
        entry, layer = node.entry, node.layer
        node.entry, node.layer = None, -1
        if entry is None or entry.kind == "dir":
            return
        key = (layer, entry.link if entry.kind == "hardlink" else entry.path)
        self._names[key] -= 1
        size = self._sizes.get(key, 0)
        if size and not self._names[key]:
            loss = self.lost.setdefault((layer, index), [0, 0])
            loss[0 if shadowed else 1] += size
