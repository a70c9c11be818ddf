"""Lo que una carpeta ofrece al motor: qué entradas, en qué orden y con qué datos de cada una.

El motor pide una carpeta por su nombre, con los patrones que la recortan: los de ``.dockerignore``, que él
mismo leyó, y los caminos que nombran los ``COPY``. Las reglas son las de ``fsutil``, que usan los dos lados.
"""

from __future__ import annotations

import io
import os
import posixpath
import stat
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import IO, Protocol

from multietapa.dockerfile.ignore import Rule, is_hollow, received_rules
from multietapa.dockerfile.patterns import native, read_pattern
from multietapa.dockerfile.walk import entries, unreadable
from multietapa.errors import ContextError

#: Los bits de tipo de Go (``io/fs``), que son los que viajan.
_DIR, _LINK, _DEVICE, _FIFO, _CHAR = 1 << 31, 1 << 27, 1 << 26, 1 << 25, 1 << 21
_SETUID, _SETGID, _STICKY = 1 << 23, 1 << 22, 1 << 20
_WILDCARDS = "*?["
_OPEN = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)


@dataclass(frozen=True)
class Query:
    """Lo que el motor quiere de una carpeta: sin ``excluded``, sin lo que no encaje con ``follow``."""

    excluded: Sequence[str] = ()
    included: Sequence[str] = ()
    follow: Sequence[str] = ()


_NO_XATTRS: Mapping[str, bytes] = MappingProxyType({})


@dataclass(slots=True)  # hay una por cada archivo anunciado, mientras viaja la carpeta
class Entry:
    """Una entrada: su nombre relativo, con ``/``, y lo que el motor sabrá de ella.

    ``mode`` lleva los bits de tipo de Go; ``size``, en bytes, es 0 en lo que no es un archivo; ``mtime``, en
    nanosegundos desde 1970; ``link`` es adónde apunta un enlace, o el nombre ya enviado del mismo archivo.
    ``hollow``: se anuncia, pero viaja vacío (lo explica ``dockerfile.ignore``).
    """

    name: str
    mode: int
    size: int = 0
    mtime: int = 0
    link: str = ""
    device: tuple[int, int] = (0, 0)
    xattrs: Mapping[str, bytes] = field(default_factory=lambda: _NO_XATTRS)
    hollow: bool = False

    @property
    def is_file(self) -> bool:
        """Tiene contenido que se puede pedir."""
        return not self.mode & (_DIR | _LINK | _DEVICE | _FIFO)


class Offer(Protocol):
    """Algo que el motor puede pedir por su nombre."""

    def entries(self, query: Query) -> Iterator[Entry]:
        """Lo que hay, en orden. Lanza :class:`ContextError`."""

    def open(self, entry: Entry) -> IO[bytes]:
        """El contenido de un archivo. Lanza :class:`ContextError`."""


class TextOffer:
    """Unos pocos archivos que no tienen por qué estar en ningún disco: el Dockerfile y sus reglas."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self._files = dict(files)

    def entries(self, query: Query) -> Iterator[Entry]:
        """Los que se piden, o todos."""
        now = time.time_ns()
        for name, data in sorted(self._files.items(), key=lambda item: item[0].encode()):
            if not query.follow or name in query.follow:
                yield Entry(name, 0o644, len(data), now)

    def open(self, entry: Entry) -> IO[bytes]:
        """Su contenido."""
        return io.BytesIO(self._files[entry.name])


class FolderOffer:
    """Una carpeta de este disco. Nunca da nada de fuera de ella."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._prefix = f"{root}{os.sep}"  # un ``Path`` por archivo costaría más que abrirlo

    def entries(self, query: Query) -> Iterator[Entry]:
        """Lo que viaja de la carpeta.

        Raises:
            ContextError: algo no se puede leer o no puede viajar.
        """
        rules = received_rules(query.excluded)
        followed = follow(self._root, query.follow)
        wanted = received_rules([*query.included, *(followed or ())])
        rescues = any(rule.rescues for rule in rules)
        first_names: dict[tuple[int, int], str] = {}
        if followed is not None and not wanted:
            return
        for name, path in entries(self._root, rules, wanted):
            yield self._entry(name, path, first_names, rules if rescues else ())

    def open(self, entry: Entry) -> IO[bytes]:
        """Su contenido, si sigue siendo un archivo."""
        try:
            return os.fdopen(os.open(f"{self._prefix}{entry.name}", _OPEN), "rb", buffering=0)
        except OSError as error:
            raise unreadable(entry.name, error) from error

    def _entry(
        self, name: str, path: str, first_names: dict[tuple[int, int], str], rules: tuple[Rule, ...]
    ) -> Entry:
        try:
            name.encode()
        except UnicodeEncodeError:
            raise _refused(name, "su nombre no es UTF-8, y el motor no lo admite") from None
        try:
            found = os.lstat(path)
            entry = Entry(name, _mode(found.st_mode), 0, found.st_mtime_ns, xattrs=_xattrs(path))
            if stat.S_ISLNK(found.st_mode):
                entry.link = native(os.readlink(path))
                entry.size = len(os.fsencode(entry.link))
        except OSError as error:
            raise unreadable(name, error) from error
        if stat.S_ISSOCK(found.st_mode):
            raise _refused(name, "es un socket, y la orden docker lo enviaría vacío sin decirlo")
        if stat.S_ISCHR(found.st_mode) or stat.S_ISBLK(found.st_mode):
            entry.device = (os.major(found.st_rdev), os.minor(found.st_rdev))
        if not stat.S_ISDIR(found.st_mode) and found.st_nlink > 1 and os.name == "posix":
            first = first_names.setdefault((found.st_dev, found.st_ino), name)
            if first != name:
                entry.link, entry.size = first, 0
                return entry
        if stat.S_ISREG(found.st_mode):
            entry.size = found.st_size
        if rules and entry.is_file and is_hollow(rules, name):
            entry.hollow = True
        return entry


@lru_cache  # hay muchos archivos y muy pocos modos distintos
def _mode(mode: int) -> int:
    """Los permisos y el tipo, con los bits de Go. En Windows no hay permiso de ejecución: lo llevan todos."""
    found = stat.S_IMODE(mode) & 0o777
    if os.name == "nt":
        found = (found | 0o111) & 0o755
    kinds = {
        stat.S_IFDIR: _DIR,
        stat.S_IFLNK: _LINK,
        stat.S_IFIFO: _FIFO,
        stat.S_IFBLK: _DEVICE,
        stat.S_IFCHR: _DEVICE | _CHAR,
    }
    bits = ((stat.S_ISUID, _SETUID), (stat.S_ISGID, _SETGID), (stat.S_ISVTX, _STICKY))
    return found | kinds.get(stat.S_IFMT(mode), 0) | sum(go for bit, go in bits if mode & bit)


def _xattrs(path: str) -> Mapping[str, bytes]:
    """Sus atributos extendidos, si el sistema los tiene; de macOS, los suyos no."""
    if not hasattr(os, "listxattr"):
        return _NO_XATTRS
    found = {}
    with suppress(OSError):
        for name in os.listxattr(path, follow_symlinks=False):
            if not name.startswith("com.apple."):
                with suppress(OSError):
                    found[name] = os.getxattr(path, name, follow_symlinks=False)
    return found or _NO_XATTRS


def _refused(name: str, why: str) -> ContextError:
    shown = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return ContextError(
        f"«{shown}» no puede viajar al motor.",
        why=f"Forma parte del contexto: {why}.",
        next_step="Quítalo de la carpeta, o exclúyelo con una línea en «.dockerignore».",
    )


def follow(root: Path, paths: Sequence[str]) -> list[str] | None:
    """Los caminos que hacen falta para llegar a ``paths``: ellos y cada enlace que hay en medio.

    ``None`` si hace falta la carpeta entera. Un enlace absoluto es desde ``root``.
    """
    if not paths:
        return None
    found: set[str] = set()
    waiting = [_inside(path) for path in reversed(paths)]
    while waiting:
        rest: str | None = waiting.pop()
        current = ""
        while rest is not None:
            part, _, after = rest.partition("/")
            rest = after or None
            current = posixpath.join(current, part)
            targets = _targets(root, current)
            if (rest is None or targets) and current in found:
                break
            if rest is None or targets:
                found.add(current)
            if targets:
                waiting += [_inside(posixpath.join(target, rest or "")) for target in targets]
                break
    kept: list[str] = []
    for path in sorted(found):
        if path == ".":
            return None
        if not (kept and path.startswith(f"{kept[-1]}/")):
            kept.append(path)
    return kept


def _inside(path: str) -> str:
    """El camino, limpio y relativo a la raíz: de ella no se sale."""
    return posixpath.normpath(posixpath.join("/", path)).lstrip("/") or "."


def _targets(root: Path, path: str) -> list[str]:
    """Adónde llevan los enlaces que se llaman así (su última parte puede llevar comodines)."""
    folder, base = posixpath.split(path)
    if not set(base) & set(_WILDCARDS):
        return _target(root, path)
    pattern = read_pattern(base)
    try:
        names = sorted(path.name for path in (root / folder).iterdir())
    except OSError:
        return []
    matching = [
        posixpath.join(folder, name) for name in names if not pattern.broken and pattern.matches(name)
    ]
    return [target for name in matching for target in _target(root, name)]


def _target(root: Path, path: str) -> list[str]:
    try:
        link = os.readlink(root / path)
    except OSError:
        return []
    return [_inside(posixpath.join(posixpath.dirname(path), native(link)))]
