"""Lo que el kernel contesta a la página: una carpeta, un filtro, el camino a una ruta o una búsqueda."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from multietapa import text
from multietapa.errors import MultietapaError
from multietapa.image.nodes import Node
from multietapa.image.search import search
from multietapa.widgets.explorer.rows import CHANGES, level, number, packed
from multietapa.widgets.explorer.shelves import Filter, Shelves
from multietapa.widgets.explorer.value import Explored
from multietapa.widgets.surface.listing import plain

ROOM = 120_000
"""Caracteres de una respuesta: no se guardan con el cuaderno."""
RESULTS = 300
LOOSE = 3_000
"""Cuántas cosas de una carpeta se mandan sueltas, de cada capa, si se piden."""
Peek = Callable[[int, Node], tuple[str | None, str]]
"""El texto de un archivo de una capa (desde 0), o ``None``, y lo que hay que decir de él."""
Card = Callable[[int, Node], str]
"""Quién trajo un archivo, en una frase, o ``""``."""


class Answers:
    """Contesta a lo que pide la vista de una imagen ya leída."""

    def __init__(self, explored: Explored, peek: Peek, card: Card) -> None:
        assert explored.shelves is not None  # solo se pregunta por lo que ya se leyó
        self._whole, self._peek, self._card = explored.shelves, peek, card

    def __call__(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """La respuesta. Lanza ``MultietapaError`` si no hay lo que se pide."""
        for name, answer in (
            ("carpeta", self._folder),
            ("camino", self._way),
            ("buscar", self._search),
            ("contenido", self._content),
            ("ficha", self._about),
            ("filtro", self._filter),
        ):
            if name in asked:
                return answer(asked)
        raise MultietapaError("La página pide algo que este kernel no conoce.", next_step="Repite la celda.")

    def _folder(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        shelves = self._shelves(asked)
        node = self._node(str(asked["carpeta"]))
        if most := min(int(asked.get("sueltos") or 0), LOOSE):
            return {"filas": level(shelves, node, most=most)}
        return {"filas": packed(shelves, node, ROOM)}

    def _filter(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        shelves = self._shelves(asked)
        return {"filas": packed(shelves, shelves.tree.root, ROOM)}

    def _way(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """Lo que cuelga de cada carpeta del camino a una ruta, con el paso siguiente aunque pese poco."""
        self._node(str(asked["camino"]))
        names = str(asked["camino"]).strip("/").split("/")
        nodes = [self._node("/".join(names[:n])) for n in range(len(names) + 1)]
        return {
            "carpetas": [
                {"ruta": "/".join(names[:n]), "filas": level(self._whole, nodes[n], must=nodes[n + 1].name)}
                for n in range(len(names))
            ]
        }

    def _search(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        wanted = str(asked["buscar"])
        hits = search(self._whole.tree, wanted, limit=RESULTS)
        rows = [
            f"{plain(hit.node.path)}\t{number(hit.bytes)}\t{hit.version.layer}\t{'' if hit.visible else 'x'}"
            for hit in hits.hits
        ]
        shown = f", los {text.number(len(rows))} mayores" if hits.left else ""
        counted = text.count(hits.count, "archivo", "archivos")
        return {"filas": rows, "text": f"{counted} en toda la imagen ({text.size(hits.bytes)}){shown}"}

    def _content(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        written, note = self._peek(int(asked["capa"]), self._node(str(asked["contenido"])))
        return {"text": written, "note": note}

    def _about(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        return {"text": self._card(int(asked["capa"]), self._node(str(asked["ficha"])))}

    def _node(self, shown: str) -> Node:
        node = self._whole.find(shown) if shown.strip("/") else self._whole.tree.root
        if node is None:
            raise MultietapaError(f"En esta imagen no hay nada en «/{shown}».")
        return node

    def _shelves(self, asked: Mapping[str, Any]) -> Shelves:
        return self._whole.filtered(_wanted(asked.get("filtro") or {}))


def _wanted(asked: Mapping[str, Any]) -> Filter:
    """Un filtro, como lo manda la página."""
    changes = {letter: change for change, letter in CHANGES.items()}
    return Filter(
        layer=asked.get("layer"),
        origin=asked.get("origin"),
        change=changes.get(str(asked.get("change") or "")),
        waste=bool(asked.get("waste")),
    )
