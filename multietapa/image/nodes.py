"""Los valores del árbol de una imagen: una ruta, lo que cada capa dejó en ella y por qué ya no se ve."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from multietapa.image.layer import FileEntry

MARKERS = ("whiteout", "opaque")


class Change(Enum):
    """Qué hizo una capa con una ruta; el valor es su nombre en pantalla.

    ``METADATA`` es una copia entera del archivo que solo cambia permisos o dueño: mismo tamaño y misma fecha.
    """

    ADDED = "añadido"
    CHANGED = "cambiado"
    METADATA = "solo permisos o dueño"
    DELETED = "borrado"


class Why(Enum):
    """Por qué no se ve una versión de un archivo; el valor es su nombre en pantalla."""

    SHADOWED = "lo tapa otra copia"
    METADATA = "se copió entero para cambiarle permisos o dueño"
    DELETED = "se borró"
    FOLDER_DELETED = "se borró su carpeta"
    FOLDER_EMPTIED = "se vació su carpeta"
    REPLACED = "algo que no es una carpeta ocupa el sitio de la suya"


ERASED = (Why.DELETED, Why.FOLDER_DELETED, Why.FOLDER_EMPTIED)
"""Los motivos que son un borrado; los demás son otra cosa puesta encima."""


@dataclass(frozen=True, slots=True)
class Version:
    """Lo que una capa (``layer``, desde 0) dejó en una ruta.

    ``hidden_by`` es la capa que la esconde, o ``None`` si es la que se ve (o la marca que borra), y ``why``,
    por qué. ``bytes`` son los que se pierden con ella: 0 si siguen en otro nombre del mismo archivo. ``root``
    es la carpeta que se borró, se vació o se sustituyó, si fue eso. ``first`` es el primer nombre del
    archivo, si tenía varios y este era el último que quedaba.
    """

    layer: int
    entry: FileEntry
    change: Change
    hidden_by: int | None = None
    why: Why | None = None
    bytes: int = 0
    root: str = ""
    first: FileEntry | None = None


class Shared:
    """El contenido de un archivo con varios nombres: cuántos se ven y cuál lleva los bytes."""

    __slots__ = ("first", "layer", "names", "owner")

    def __init__(self, owner: Node) -> None:
        assert owner.entry is not None
        self.first, self.layer, self.names = owner.entry, owner.layer, 1
        self.owner: Node | None = owner

    @property
    def bytes(self) -> int:
        """Lo que ocupa, una vez."""
        return self.first.own_bytes

    def carried(self, node: Node) -> int:
        """Los bytes que lleva ``node``: si ya no se ve quien los llevaba, pasan al primero que los pide."""
        if self.owner is None:
            self.owner = node
        return self.bytes if self.owner is node else 0


class Node:
    """Una ruta del árbol, se vea o no.

    ``entry`` es lo que ve un contenedor y ``layer``, de qué capa es; una carpeta que ninguna capa nombra, y
    que está porque lleva cosas, no tiene ``entry``, y lo que ya no está tampoco (``layer`` -1). ``bytes`` son
    los que se ven en ella y debajo, con los enlaces duros una vez; ``hidden``, los que se pierden en ella y
    debajo; ``files``, cuántos archivos y enlaces se ven, y ``lost``, cuántas versiones escondidas hay.
    ``children`` son los hijos que se ven y ``gone`` los que ya no; ``older``, sus versiones escondidas y las
    marcas.
    """

    __slots__ = (
        "bytes", "change", "children", "entry", "files", "gone", "hidden", "layer", "lost", "older", "path",
        "shared",
    )  # fmt: skip

    bytes: int
    hidden: int
    files: int
    lost: int

    def __init__(self, path: str, entry: FileEntry | None = None, layer: int = -1) -> None:
        self.path = path
        self.entry = entry
        self.layer = layer
        self.change = Change.ADDED
        self.children: dict[str, Node] = NO_CHILDREN
        self.gone: dict[str, Node] = NO_CHILDREN
        self.older: tuple[Version, ...] = ()
        self.shared: Shared | None = None

    @property
    def name(self) -> str:
        """El último tramo de su ruta."""
        return self.path[self.path.rfind("/") + 1 :]

    @property
    def visible(self) -> bool:
        """Un contenedor lo ve."""
        return self.layer >= 0

    @property
    def kind(self) -> str:
        """La clase de lo que se ve o, si ya no está, de lo último que hubo."""
        if self.entry:
            return self.entry.kind
        if self.visible:
            return "dir"
        kept = [version.entry.kind for version in self.older if version.entry.kind not in MARKERS]
        return kept[-1] if kept else "dir"

    @property
    def versions(self) -> tuple[Version, ...]:
        """Todas las que ha tenido, de abajo arriba."""
        if self.entry is None:
            return self.older
        return (*self.older, Version(self.layer, self.entry, self.change))

    def everything(self) -> Iterator[Node]:
        """Sus hijos: los que se ven y los que ya no."""
        yield from self.children.values()
        yield from self.gone.values()


NO_CHILDREN: dict[str, Node] = {}
"""El de todos los que no llevan nada: quien va a escribir en él pone antes uno suyo."""
