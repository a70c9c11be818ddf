"""Busca en el árbol de una imagen: por texto, por lo que hizo una capa, por origen, por capa y por tamaño."""

from __future__ import annotations

import heapq
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from multietapa.image.nodes import ERASED, Change, Node, Version
from multietapa.image.origins import Origin
from multietapa.image.tree import Tree, counted

LIMIT = 200
"""Cuántos resultados se dan si no se dice otra cosa."""


@dataclass(frozen=True, slots=True)
class Hit:
    """Una versión de una ruta que encaja: ``bytes`` son los que cuenta, se vean o se pierdan."""

    node: Node
    version: Version
    bytes: int

    @property
    def visible(self) -> bool:
        """Es lo que ve un contenedor."""
        return self.version.hidden_by is None


@dataclass(frozen=True)
class Hits:
    """Los resultados mayores, de mayor a menor; ``count`` y ``bytes`` son los de todos."""

    hits: tuple[Hit, ...]
    count: int
    bytes: int

    @property
    def left(self) -> int:
        """Cuántos resultados no están en ``hits``."""
        return self.count - len(self.hits)


def search(
    tree: Tree,
    text: str = "",
    *,
    change: Change | None = None,
    origin: Origin | None = None,
    layer: int | None = None,
    min_bytes: int = 0,
    under: str = "",
    limit: int = LIMIT,
) -> Hits:
    """Las versiones de archivos y enlaces que cumplen todo lo que se pide, las mayores primero.

    ``text`` se busca en la ruta, sin distinguir mayúsculas ni acentos. ``change`` es lo que hizo la capa:
    ``DELETED`` da lo que alguna capa borró (``version.hidden_by`` dice cuál). ``layer`` cuenta desde 0: es la
    que lleva los bytes. ``under`` es la carpeta en la que se busca.
    """
    count = total = least = 0
    best: list[tuple[int, str, int, int, Node, Version]] = []
    for node in _named(tree, plain(text.strip()), under.strip("/")):
        for version, size in counted(node):
            if size < min_bytes or (layer is not None and version.layer != layer):
                continue
            if change is not None and not _did(change, version):
                continue
            if origin is not None and tree.origin_of(node, version) is not origin:
                continue
            count += 1
            total += size
            if size >= least:
                best.append((-size, node.path, version.layer, count, node, version))
        if len(best) > 4 * limit + 1000:
            best = heapq.nsmallest(limit, best)
            least = -best[-1][0] if best else 0
    first = heapq.nsmallest(limit, best)
    return Hits(tuple(Hit(node, version, -size) for size, *_, node, version in first), count, total)


def _named(tree: Tree, wanted: str, inside: str) -> Iterator[Node]:
    """Los nodos de la carpeta ``inside`` con ``wanted`` en su ruta.

    En una carpeta sin él se mira en todos sus nombres a la vez: casi nunca está.
    """
    top = tree.at(inside)
    head, slash, last = wanted.rpartition("/")
    waiting = [(top, not wanted)] if top else []
    if top and top is not tree.root and wanted in plain(f"/{top.path}"):
        yield top
    while waiting:
        node, found = waiting.pop()
        prefix = plain(f"/{node.path}/" if node.path else "/")
        found = found or wanted in prefix
        for kids in (node.children, node.gone):
            if found:
                yield from kids.values()
            elif not slash:
                names = plain("/".join(kids))
                if wanted in names:
                    each = zip(names.split("/"), kids.values(), strict=True)
                    yield from (kid for name, kid in each if wanted in name)
            elif prefix.endswith(head + slash):
                yield from (kid for name, kid in kids.items() if plain(name).startswith(last))
            waiting += [(kid, found) for kid in kids.values() if kid.children or kid.gone]


def _did(change: Change, version: Version) -> bool:
    if change is Change.DELETED:
        return version.why in ERASED
    return version.change is change


def plain(text: str) -> str:
    """Un texto en minúsculas y sin acentos."""
    if text.isascii():
        return text.lower()
    return "".join(c for c in unicodedata.normalize("NFD", text.casefold()) if not unicodedata.combining(c))
