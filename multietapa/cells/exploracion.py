"""Lo que devuelve ``explorar``: las cifras, y los archivos en filas para una tabla de datos."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from multietapa.cells.calls import offered
from multietapa.cells.exploring import Session
from multietapa.engine.model import EngineInfo
from multietapa.engine.talking import talking
from multietapa.errors import MultietapaError, UnknownNameError
from multietapa.image.nodes import Node
from multietapa.image.search import Hits, search
from multietapa.widgets.explorer.shelves import ORIGINS, Leaf, Shelves
from multietapa.widgets.explorer.twin import lines
from multietapa.widgets.explorer.value import NO_ENGINE, Explored
from multietapa.widgets.explorer.words import cause, headline
from multietapa.widgets.reading import View
from multietapa.widgets.surface.listing import plain
from multietapa.widgets.where import ShownInCell

_MOST_LINKS = 10
Row = dict[str, str | int | bool | None]


@dataclass(frozen=True)
class Exploracion(ShownInCell):
    """Una imagen por dentro. Los tamaños son bytes de Desempaquetado, y las capas se cuentan desde 1.

    ``desempaquetado`` es lo que ocupa y ``desperdicio``, lo que de ello viaja sin que ningún contenedor lo
    vea. ``capas`` es una fila por capa, y ``desperdicios``, una por cada causa de lo que se pierde.
    ``archivos`` tiene todas las versiones de todos los archivos, en filas para una tabla de datos;
    ``mayores(20)``, las que más pesan, y ``buscar("texto")``, las que lo llevan en su ruta.
    ``contenido("/etc/os-release")`` lee un archivo pequeño. ``motor`` es ``None`` si se leyó de un archivo.
    ``texto`` es todo, para ``print``.
    """

    nombre: str
    desempaquetado: int
    desperdicio: int
    motor: EngineInfo | None
    texto: str = field(repr=False)
    vista: View[Explored] | None = field(default=None, repr=False, compare=False)
    _sesion: Session | None = field(default=None, repr=False, compare=False)
    _hallado: Explored | None = field(default=None, repr=False, compare=False)

    @classmethod
    def of(
        cls, found: Explored, session: Session, info: EngineInfo | None, view: View[Explored]
    ) -> Exploracion:
        """Lo que devuelve una imagen ya leída."""
        lost = found.losses.total if found.losses else 0
        written = "\n".join(lines(found))
        return cls(found.name, found.bytes, lost, info, written, view, session, found)

    @property
    def capas(self) -> list[Row]:
        """Una fila por capa, de abajo arriba."""
        return [
            {
                "capa": number,
                "instrucción": layer.instruction,
                "línea": layer.line,
                "base": layer.in_base,
                "etapa": layer.stage,
                "bytes": layer.bytes,
                "archivos": layer.files,
                "se pierde": layer.waste,
            }
            for number, layer in enumerate(self._found.layers, 1)
        ]

    @cached_property
    def archivos(self) -> list[Row]:
        """Todas las versiones de todos los archivos y enlaces, por su ruta: también las que ya no se ven."""
        nodes = sorted(self._shelves.tree.nodes(), key=lambda node: node.path)
        return [self._row(node, leaf) for node in nodes for leaf in self._leaves(node)]

    @property
    def desperdicios(self) -> list[Row]:
        """Lo que se pierde: qué, cuánto, de qué capa es, cuál lo esconde y por qué. Suma ``desperdicio``."""
        losses, layers = self._found.losses, self._found.layers
        assert losses is not None  # solo se devuelve lo que se leyó
        return [
            {
                "ruta": f"/{plain(item.path)}",
                "bytes": item.bytes,
                "archivos": item.count,
                "capa": item.layer + 1,
                "instrucción": layers[item.layer].instruction,
                "escondido por la capa": item.hidden_by + 1,
                "instrucción que lo esconde": layers[item.hidden_by].instruction,
                "por qué": cause(item.why),
            }
            for item in losses.items
        ]

    @offered("resultado.mayores(20)")
    def mayores(self, cuantos: int = 20) -> list[Row]:
        """Las versiones de archivos que más pesan, de mayor a menor."""
        return self._rows(search(self._shelves.tree, limit=max(cuantos, 0)))

    @offered('resultado.buscar("node_modules")')
    def buscar(self, texto: str) -> list[Row]:
        """Las versiones de archivos con ``texto`` en su ruta, de mayor a menor.

        Ni las mayúsculas ni los acentos cuentan.
        """
        return self._rows(search(self._shelves.tree, texto, limit=sys.maxsize))

    @offered('resultado.contenido("/etc/os-release")', interrupted="el archivo no se llegó a leer.")
    @talking("leía un archivo de la imagen")
    def contenido(self, ruta: str, capa: int | None = None) -> str:
        """El texto de un archivo de hasta 64 kB, con los secretos que lleve tapados.

        ``capa`` es de cuál se quiere; si falta, la que ve un contenedor o, si ya no se ve, la última. Una que
        no se ve, en una imagen del motor, tarda: hay que pedir la imagen entera.

        Lanza ``UnknownNameError`` si no existe, ``MultietapaError`` si no se puede leer como texto, y
        ``EngineLostError`` o ``ArchiveError`` si el motor o el archivo fallan.
        """
        assert self._sesion is not None  # solo se devuelve lo que se leyó
        node = self._followed(self._node(ruta)) if capa is None else self._node(ruta)
        layers = [leaf.layer for leaf in self._leaves(node)]
        if not layers:
            raise MultietapaError(f"«{ruta}» es una carpeta.", next_step="Pide un archivo de los que lleva.")
        wanted = layers[-1] if capa is None else capa - 1
        if wanted not in layers:
            raise UnknownNameError(str(capa), [str(one + 1) for one in layers], kind=f"«{ruta}» en la capa")
        content = self._sesion.content(node, wanted, whole=True)
        if content.text is None:
            raise MultietapaError(f"El contenido de «{ruta}» no se puede enseñar.", why=content.why)
        return content.text

    def __repr__(self) -> str:
        return f"{headline(self._found)} · {self.motor.label if self.motor else NO_ENGINE}"

    @property
    def _found(self) -> Explored:
        assert self._hallado is not None  # solo se devuelve lo que se leyó
        return self._hallado

    @property
    def _shelves(self) -> Shelves:
        assert self._found.shelves is not None  # solo se devuelve lo que se leyó
        return self._found.shelves

    def _node(self, path: str) -> Node:
        shelves = self._shelves
        node = shelves.find(path.strip("/"))
        if node is None:
            folder = shelves.find(path.strip("/").rpartition("/")[0])
            near = [f"/{plain(kid.path)}" for kid in folder.everything()] if folder else []
            raise UnknownNameError(path, near, kind="en la imagen")
        return node

    def _followed(self, node: Node) -> Node:
        """Adonde lleva un enlace simbólico, si está en la imagen."""
        for _ in range(_MOST_LINKS):
            entry = node.entry
            if entry is None or entry.kind != "symlink":
                break
            target = posixpath.normpath(posixpath.join("/", posixpath.dirname(node.path), entry.link))
            node = self._node(target)
        return node

    def _leaves(self, node: Node) -> Iterator[Leaf]:
        return (leaf for leaf in self._shelves.of(node) if not leaf.marker)

    def _rows(self, hits: Hits) -> list[Row]:
        """Las filas de lo encontrado, sin hacer las de toda la imagen."""
        return [
            self._row(hit.node, leaf)
            for hit in hits.hits
            for leaf in self._leaves(hit.node)
            if (leaf.layer, leaf.why is None) == (hit.version.layer, hit.visible)
        ]

    def _row(self, node: Node, leaf: Leaf) -> Row:
        return {
            "ruta": f"/{plain(node.path)}",
            "bytes": leaf.bytes,
            "capa": leaf.layer + 1,
            "origen": ORIGINS[leaf.origin].value,
            "cambio": leaf.change.value,
            "se ve": leaf.why is None,
            "por qué no": cause(leaf.why) if leaf.why else "",
            "escondido por la capa": None if leaf.hidden_by is None else leaf.hidden_by + 1,
            "instrucción": self._found.layers[leaf.layer].instruction,
            "paquete": self._sesion.package(node) if self._sesion and leaf.why is None else "",
        }
