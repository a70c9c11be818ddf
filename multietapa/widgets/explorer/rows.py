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
from multietapa.widgets.explorer.shelves import Leaf, Shelves, Sum
from multietapa.widgets.surface.listing import plain

STATE = 34_000
"""Caracteres de los renglones que se guardan con el cuaderno."""
DEEPEST = 34
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
    """Una carpeta de una capa, que se va llenando: sus hijos de mayor a menor, y cuántos han salido ya."""

    node: Node
    layer: int
    depth: int
    sum: Sum
    kids: list[tuple[int, str, Leaf | tuple[Node, Sum]]] | None = None
    out: list[_Folder | Leaf] = field(default_factory=list)


def packed(shelves: Shelves, node: Node, room: int = STATE) -> dict[int, str]:
    """Los renglones de lo que cuelga de ``node``, por capa. ``room`` son los caracteres que pueden ocupar."""
    tops = [_Folder(node, layer, 0, each) for layer, each in sorted(shelves.at(node.path).items())]
    waiting: list[tuple[int, int, _Folder]] = []
    count = 0

    def wait(folder: _Folder) -> None:
        """Pone en la cola el siguiente hijo de una carpeta."""
        nonlocal count
        if folder.kids is None:
            folder.kids = _kids(shelves, folder)
        if len(folder.out) < len(folder.kids):
            count += 1
            heapq.heappush(waiting, (-folder.kids[len(folder.out)][0], count, folder))

    for top in tops:
        wait(top)
    while waiting and room > 0:
        folder = heapq.heappop(waiting)[2]
        assert folder.kids is not None  # quien está en la cola los tiene
        left = len(folder.kids) - len(folder.out)
        for _ in range(2 if left == 2 else 1):  # agrupar uno solo ocuparía lo mismo que enseñarlo
            _, name, kid = folder.kids[len(folder.out)]
            room -= len(name) + 18
            inside = _shown(folder, kid)
            folder.out.append(inside)
            if isinstance(inside, _Folder) and inside.depth < DEEPEST:
                wait(inside)
        wait(folder)
    for top in tops:
        if top.kids and len(top.kids) - len(top.out) == 1:
            top.out.append(_shown(top, top.kids[-1][2]))
    return {top.layer: "\n".join(_lines(top)) for top in tops}


def level(shelves: Shelves, node: Node, most: int = 400, *, must: str = "") -> dict[int, str]:
    """Los renglones de lo que cuelga directamente de ``node``, por capa; ``must`` va aunque no quepa."""
    found = {}
    for layer, each in sorted(shelves.at(node.path).items()):
        top = _Folder(node, layer, 0, each)
        top.kids = _kids(shelves, top)
        top.kids.sort(key=lambda kid: kid[1] != must)
        shown = top.kids[: most if len(top.kids) > most + 1 else None]
        top.out = [_shown(top, kid) for *_, kid in shown]
        found[layer] = "\n".join(_lines(top))
    return found


def _shown(folder: _Folder, kid: Leaf | tuple[Node, Sum]) -> _Folder | Leaf:
    return kid if isinstance(kid, Leaf) else _Folder(kid[0], folder.layer, folder.depth + 1, kid[1])


def number(value: int) -> str:
    """Un número en base 36; el cero, nada."""
    digits = ""
    while value:
        value, digit = divmod(value, 36)
        digits = DIGITS[digit] + digits
    return digits


def _kids(shelves: Shelves, folder: _Folder) -> list[tuple[int, str, Leaf | tuple[Node, Sum]]]:
    found: list[tuple[int, str, Leaf | tuple[Node, Sum]]] = [
        (each.bytes, plain(node.name), (node, each))
        for node, each in shelves.folders(folder.node, folder.layer)
    ]
    found += [(leaf.bytes, leaf.name, leaf) for leaf in shelves.leaves(folder.node, folder.layer)]
    found.sort(key=lambda kid: (-kid[0], kid[1]))
    return found


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
    left = (folder.kids or [])[len(folder.out) :]
    if not left:
        return ""
    whole = Sum()
    for size, _, kid in left:
        if isinstance(kid, Leaf):
            whole.bytes += size
            whole.files += not kid.marker
            whole.waste += size if kid.why else 0
            if kid.origin >= 0:
                whole.origins[kid.origin] += size
        else:
            whole.add(kid[1])
    return f"{DIGITS[folder.depth]}r{_sum('', whole)}\t{number(len(left))}"


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
