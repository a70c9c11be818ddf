"""Lo que encontraría quien entrara en un contenedor: cada cuenta, con la lista que hay detrás.

Se mira el sistema de archivos final, el que ve un contenedor: lo que una capa posterior borró o tapó no está.
"""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass, field

from multietapa.image.exposure.accounts import Account, account, known_users
from multietapa.image.exposure.capabilities import names
from multietapa.image.exposure.programs import KINDS, kind_of
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry
from multietapa.image.overlay import Overlay, overlay

SETUID, SETGID, STICKY, ANYONE = 0o4000, 0o2000, 0o1000, 0o002
_EXECUTE, _GROUP_EXECUTE = 0o111, 0o010
_LINKS = 40  # enlaces seguidos, como el núcleo de Linux
_BUSYBOX = ("busybox", "toybox")


@dataclass(frozen=True)
class Item:
    """Un archivo o una carpeta: su ruta con ``/`` delante, sus permisos, sus bytes y su capa, desde 0."""

    path: str
    mode: int
    size: int
    layer: int

    @property
    def permissions(self) -> str:
        """Los permisos en octal, con los cuatro dígitos: ``4755``."""
        return f"{self.mode:04o}"


@dataclass(frozen=True)
class Program:
    """Un programa con nombre: ``path`` es la ruta por la que se le llama; ``item``, el archivo al que lleva.

    Los de busybox son muchos nombres de un solo archivo: comparten ``item``.
    """

    kind: str
    path: str
    item: Item

    @property
    def name(self) -> str:
        """El nombre de la orden."""
        return posixpath.basename(self.path)

    @property
    def applet(self) -> bool:
        """Si es uno de los nombres de busybox (o toybox), y no un archivo suyo."""
        return posixpath.basename(self.item.path).split(".")[0] in _BUSYBOX and self.name not in _BUSYBOX


@dataclass(frozen=True)
class Capable:
    """Un archivo con permisos sueltos, como los escribe ``getcap`` (``""``: los lleva y no se entienden)."""

    item: Item
    capabilities: str


@dataclass(frozen=True)
class Exposure:
    """Lo que deja a mano una imagen. Cada cuenta es el largo de su lista; las listas van por ruta.

    ``executables`` son los archivos corrientes con permiso de ejecución, cada contenido una vez aunque
    tenga varios nombres duros. ``programs`` son los que se reconocen, de cada clase (``programs.KINDS``).
    ``setgid`` no cuenta carpetas. De lo que ``anyone`` puede escribir, las carpetas con sticky (``/tmp``)
    no cuentan. ``capable`` es ``None`` si no se miraron los atributos de las capas. ``users`` son los nombres
    de cada uid en su ``/etc/passwd``.
    """

    executables: tuple[Item, ...]
    programs: tuple[Program, ...]
    setuid: tuple[Item, ...]
    setgid: tuple[Item, ...]
    anyone_files: tuple[Item, ...]
    anyone_folders: tuple[Item, ...]
    capable: tuple[Capable, ...] | None
    user: Account
    users: Mapping[int, str] = field(default_factory=dict)

    def of_kind(self, kind: str) -> tuple[Program, ...]:
        """Los programas de una clase."""
        return tuple(program for program in self.programs if program.kind == kind)

    def counts(self) -> dict[str, tuple[int, int]]:
        """De cada clase de programa, (cuántos nombres, cuántos archivos distintos)."""
        found = {kind: self.of_kind(kind) for kind in KINDS}
        return {kind: (len(some), len({one.item.path for one in some})) for kind, some in found.items()}


def exposure(
    image: MeasuredImage,
    *,
    user: str,
    capabilities: Mapping[str, Mapping[str, bytes]] | None = None,
    merged: Overlay | None = None,
) -> Exposure:
    """Lo que deja a mano ``image``, que arranca con ``user`` (el ``User`` de su configuración).

    ``capabilities`` es, por ``diff_id``, el ``security.capability`` de los archivos de cada capa
    (``LayerLook.capabilities``); ``None`` si no se miraron. ``merged`` son sus capas
    superpuestas, si ya se tienen.
    """
    merged = merged or overlay(image.layers)
    tree = _Tree(merged)
    executables, setuid, setgid, files, folders = [], [], [], [], []
    programs: list[Program] = []
    for path, entry in merged.files.items():
        mode, item = entry.mode, tree.item(path)
        if entry.kind == "dir":
            if mode & ANYONE and not mode & STICKY:
                folders.append(item)
            continue
        if entry.kind in ("file", "hardlink"):
            if mode & _EXECUTE and tree.first(path):
                executables.append(item)
            if mode & SETUID:
                setuid.append(item)
            if mode & SETGID and mode & _GROUP_EXECUTE:
                setgid.append(item)
            if mode & ANYONE:
                files.append(item)
        kind = kind_of(path)
        target = tree.resolve(path) if kind else ""
        if target and merged.files[target].mode & _EXECUTE:
            programs.append(Program(kind, f"/{path}", tree.item(target)))
    capable = None if capabilities is None else _capable(image, merged, tree, capabilities)
    passwd = _passwd(image, tree)
    return Exposure(
        executables=tuple(executables),
        programs=tuple(programs),
        setuid=tuple(setuid),
        setgid=tuple(setgid),
        anyone_files=tuple(files),
        anyone_folders=tuple(folders),
        capable=capable,
        user=account(user, passwd),
        users=known_users(passwd or ""),
    )


class _Tree:
    """El sistema de archivos final: sigue enlaces y sabe de qué capa es cada cosa."""

    def __init__(self, merged: Overlay) -> None:
        self._files, self._owners = merged.files, merged.owners
        self._seen: set[tuple[int, str]] = set()

    def item(self, path: str) -> Item:
        """La ficha de una ruta que está. Un nombre duro tiene los permisos y el tamaño de su contenido."""
        entry = self._files[path]
        return Item(f"/{path}", entry.mode, entry.size, self._owners[path])

    def first(self, path: str) -> bool:
        """Si es la primera vez que se pregunta por ese contenido, entre todos sus nombres duros."""
        entry: FileEntry = self._files[path]
        key = (self._owners[path], entry.link if entry.kind == "hardlink" else path)
        new = key not in self._seen
        self._seen.add(key)
        return new

    def resolve(self, path: str) -> str:
        """El archivo corriente al que se llega por ``path``, o ``""`` si el enlace está roto o da vueltas."""
        waiting, done, links = path.split("/")[::-1], "", 0
        while waiting:
            part = waiting.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = posixpath.dirname(done)
                continue
            here = f"{done}/{part}" if done else part
            entry = self._files.get(here)
            if entry is not None and entry.kind == "symlink":
                links += 1
                if links > _LINKS:
                    return ""
                waiting.extend(entry.link.split("/")[::-1])
                done = "" if entry.link.startswith("/") else done
            else:
                done = here
        found = self._files.get(done)
        return done if found is not None and found.kind in ("file", "hardlink") else ""


def _capable(
    image: MeasuredImage, merged: Overlay, tree: _Tree, capabilities: Mapping[str, Mapping[str, bytes]]
) -> tuple[Capable, ...]:
    found = []
    for path, entry in merged.files.items():
        known = capabilities.get(image.layers[merged.owners[path]].diff_id, {})
        raw = known.get(path) or (known.get(entry.link) if entry.kind == "hardlink" else None)
        if raw and entry.kind in ("file", "hardlink"):
            found.append(Capable(tree.item(path), names(raw)))
    return tuple(found)


def _passwd(image: MeasuredImage, tree: _Tree) -> str | None:
    path = tree.resolve("etc/passwd")
    if not path:
        return None
    return image.layers[tree.item(path).layer].documents.get(path)
