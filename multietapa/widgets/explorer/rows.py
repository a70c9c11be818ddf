"""Del árbol por capas a renglones: lo mayor primero hasta donde cabe, y el resto agrupado.

Un renglón es su profundidad (base 36), su clase (``d`` carpeta, ``f`` archivo, ``r`` lo que no cabe) y sus
campos, separados por tabuladores: nombre, bytes, archivos, origen (con ``~`` si lleva más de uno), bytes que
se pierden, qué hizo la capa y, si ya no se ve, por qué y desde qué capa. Los números van en base 36. En un
resto, el último campo es cuántas cosas agrupa.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from multietapa.image.nodes import Change, Node, Why
from multietapa.widgets.explorer.shelves import Inside, Leaf, Shelves, Sum
from multietapa.widgets.surface.listing import plain

STATE = 34_000
"""Caracteres de los renglones que se guardan con el cuaderno."""
DEEPEST = 34
EMPTY = Inside(0, [])
_LEAST = 18  # lo que ocupa un renglón, sin el nombre
DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"
CHANGES: Mapping[Change, str] = {
    Change.ADDED: "a",
    Change.CHANGED: "c",
    Change.METADATA: "m",
    Change.DELETED: "x",
}
WHYS: Mapping[Why, str] = {
    Why.SHADOWED: "s",
    Why.METADATA: "m",
    Why.DELETED: "d",
    Why.FOLDER_DELETED: "f",
    Why.FOLDER_EMPTIED: "e",
    Why.REPLACED: "r",
}


@dataclass
class _Folder:
    """Una carpeta de una capa, que se va llenando: lo que lleva, de mayor a menor, y lo que ya ha salido."""

    node: Node
    layer: int
    depth: int
    sum: Sum
    inside: Inside = EMPTY
    out: list[_Folder | Leaf] = field(default_factory=list)

    @property
    def left(self) -> int:
        """Cuántas cosas faltan por salir."""
        return self.inside.total - len(self.out)

    def show_next(self, shelves: Shelves) -> _Folder | Leaf:
        """Saca la siguiente."""
        kid = self.inside.kids[len(self.out)][1]
        shown: _Folder | Leaf
        if isinstance(kid, Node):
            shown = next(shelves.of(kid))
        else:
            shown = kid if isinstance(kid, Leaf) else _Folder(kid[0], self.layer, self.depth + 1, kid[1])
        self.out.append(shown)
        return shown


def packed(shelves: Shelves, node: Node, room: int = STATE) -> dict[int, str]:
    """Los renglones de lo que cuelga de ``node``, por capa. ``room`` son los caracteres que pueden ocupar."""
    tops = [_Folder(node, layer, 0, each) for layer, each in sorted(shelves.at(node.path).items())]
    insides: dict[str, dict[int, Inside]] = {}
    waiting: list[tuple[int, int, _Folder]] = []
    most = room // (_LEAST + 1) + 3  # más no caben
    count = 0

    def wait(folder: _Folder) -> None:
        """Pone en la cola el siguiente hijo de una carpeta."""
        nonlocal count
        path = folder.node.path
        if not folder.out:
            if path not in insides:
                insides[path] = shelves.inside(folder.node, most)
            folder.inside = insides[path].get(folder.layer, EMPTY)
        if folder.left:
            count += 1
            heapq.heappush(waiting, (-folder.inside.kids[len(folder.out)][0], count, folder))

    for top in tops:
        wait(top)
    while waiting and room > 0:
        folder = heapq.heappop(waiting)[2]
        for _ in range(2 if folder.left == 2 else 1):  # agrupar uno solo ocuparía lo mismo que enseñarlo
            shown = folder.show_next(shelves)
            room -= _LEAST + len(shown.name if isinstance(shown, Leaf) else shown.node.name)
            if isinstance(shown, _Folder) and shown.depth < DEEPEST:
                wait(shown)
        wait(folder)
    for top in tops:
        if top.left == 1:
            top.show_next(shelves)
    return {top.layer: "\n".join(_lines(top)) for top in tops}


def level(shelves: Shelves, node: Node, most: int = 400, *, must: str = "") -> dict[int, str]:
    """Los renglones de lo que cuelga directamente de ``node``, por capa; ``must`` va aunque no quepa."""
    found = {}
    insides = shelves.inside(node, most + 1, must)
    for layer, each in sorted(shelves.at(node.path).items()):
        top = _Folder(node, layer, 0, each, insides.get(layer, EMPTY))
        for _ in range(most if top.left > most + 1 else top.left):
            top.show_next(shelves)
        found[layer] = "\n".join(_lines(top))
    return found


def number(value: int) -> str:
    """Un número en base 36; el cero, nada."""
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = DIGITS[digit] + digits
    return digits


def _lines(folder: _Folder) -> list[str]:
    """Los renglones de una carpeta y de lo que lleva dentro; lo que no salió, en uno."""
    found = []
    waiting: list[_Folder | Leaf | str] = [*reversed(folder.out)]
    if rest := _rest(folder):
        waiting.insert(0, rest)
    depths = [folder.depth] * len(waiting)
    while waiting:
        kid, depth = waiting.pop(), depths.pop()
        if isinstance(kid, str):
            found.append(kid)
        elif isinstance(kid, Leaf):
            found.append(f"{DIGITS[depth]}f{_leaf(kid)}")
        else:
            found.append(f"{DIGITS[depth]}d{_sum(plain(kid.node.name), kid.sum)}")
            inside: list[_Folder | Leaf | str] = [*reversed(kid.out)]
            if kid.out and (rest := _rest(kid)):
                inside.insert(0, rest)
            waiting += inside
            depths += [depth + 1] * len(inside)
    return found


def _rest(folder: _Folder) -> str:
    """El renglón de los hijos que no salieron, o ``""``."""
    if not folder.left:
        return ""
    whole = Sum()
    whole.add(folder.sum)
    for each in folder.out:
        whole.take(each.sum)
    return f"{DIGITS[folder.depth]}r{_sum('', whole)}\t{number(folder.left)}"


def _sum(name: str, whole: Sum) -> str:
    origin, mixed = whole.origin
    said = "" if origin < 0 else f"{origin}{'~' if mixed else ''}"
    return "\t".join((name, number(whole.bytes), number(whole.files), said, number(whole.waste)))


def _leaf(leaf: Leaf) -> str:
    said = "" if leaf.origin < 0 else str(leaf.origin)
    lost = number(leaf.bytes) if leaf.why else ""
    fields = [leaf.name, number(leaf.bytes), "" if leaf.marker else "1", said, lost, CHANGES[leaf.change]]
    if leaf.why and leaf.hidden_by is not None:
        fields.append(f"{WHYS[leaf.why]}{number(leaf.hidden_by)}")
    return "\t".join(fields)
