"""Un tar que llega se abre en una carpeta según llega, sin fiarse de lo que trae.

Nada se escribe fuera de la carpeta ni a través de un enlace, y nada se pisa. Lo que un motor de verdad nunca
manda (``..``, nombres absolutos, un enlace donde iba una carpeta) lo corta todo; lo que una imagen sí puede
llevar y aquí no cabe (dispositivos, enlaces que apuntan fuera) se deja y se dice.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import stat
import tarfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, NoReturn, Protocol

from multietapa.errors import EngineError
from multietapa.text import join

#: Con lo que ``fromtarfile`` dice que llegó al bloque de ceros del final; ``tarfile`` no lo anuncia.
_END: type[Exception] = tarfile.EOFHeaderError  # type: ignore[attr-defined]
_CHUNK = 1 << 20  # bytes de cada lectura
_HEADERS = 8 << 20  # bytes que puede ocupar todo lo que describe una entrada
_EXAMPLES = 3
_ON_WINDOWS = re.compile(r'[<>:"|?*\\\x00-\x1f]|[. ]$|^(con|prn|aux|nul|com\d|lpt\d)(\.|$)', re.IGNORECASE)
#: Lo que contesta un disco que no admite ese nombre o esa clase de archivo.
_NOT_HERE = {errno.EILSEQ, errno.EINVAL, errno.ENAMETOOLONG, errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP}

OUTSIDE = ("enlace que apunta fuera de la carpeta", "enlaces que apuntan fuera de la carpeta")
SPECIAL = ("dispositivo, tubería o socket", "dispositivos, tuberías o sockets")
ABSENT = ("nombre de un archivo que no está en ella", "nombres de archivos que no están en ella")
REPEATED = ("nombre que ya estaba", "nombres que ya estaban")
REFUSED = ("nombre que este disco no admite", "nombres que este disco no admite")


class Reader(Protocol):
    """De donde llega el tar: ``read`` da los bytes siguientes, y ``b""`` al final."""

    def read(self, size: int, /) -> bytes:
        """Hasta ``size`` bytes."""


@dataclass
class Left:
    """Lo que no se escribió por una misma razón: cuántos, y los primeros."""

    count: int = 0
    examples: list[str] = field(default_factory=list)


@dataclass
class Written:
    """Lo que se escribió: archivos y bytes (un nombre más de un mismo archivo cuenta como archivo).

    ``left`` es lo que no, por su razón (en singular y en plural).
    """

    files: int = 0
    bytes: int = 0
    links: int = 0
    left: dict[tuple[str, str], Left] = field(default_factory=dict)

    def sentences(self) -> list[str]:
        """Lo que no se escribió, en una frase por cada razón."""
        return [_sentence(why, found) for why, found in self.left.items()]


def unpack(source: Reader, root: Path, *, check: Callable[[], None] = lambda: None) -> Written:
    """Abre en la carpeta vacía ``root`` el tar que llega por ``source``, y lo lee hasta el final.

    Quien lo abre es el dueño de todo; se guardan permisos (sin setuid, setgid ni sticky) y fechas. ``check``
    se llama a menudo, y puede lanzar lo que quiera para dejarlo.

    Raises:
        EngineError: el tar está roto, cortado, o trae algo que se sale de la carpeta.
        OSError: el disco no deja escribir.
    """
    work = _Unpacking(root, check)
    work.run(source)
    return work.written


class _Unpacking:
    def __init__(self, root: Path, check: Callable[[], None]) -> None:
        self.written = Written()
        self._root, self._check = root, check
        self._folders = {""}  # las que se sabe que son carpetas, hechas aquí
        self._later: dict[Path, tuple[int, float]] = {}  # los permisos y la fecha que se les ponen al acabar
        self._complete = False
        self._source: _Bounded

    def run(self, source: Reader) -> None:
        self._source = _Bounded(source)
        arriving: Any = self._source  # de un archivo, tarfile solo usa aquí «read»
        settings: Any = {"tarinfo": self._headers(), "encoding": "utf-8", "errors": "surrogateescape"}
        tar: Any
        try:
            with tarfile.open(fileobj=arriving, mode="r|", **settings) as tar:
                # El de Python 3.10 tropieza si se le pide otra vez la primera de un archivo vacío.
                for member in iter(tar.next, None) if tar.firstmember else ():
                    self._check()
                    self._take(tar, member)
                    tar.members = []  # tarfile las guarda todas: con muchas, no cabrían
                    self._source.allowed = _HEADERS
        except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError) as error:
            raise _broken(str(error)) from error
        if not self._complete:
            raise _broken("se corta antes de su final")
        while source.read(_CHUNK):
            self._check()
        for path, (mode, when) in self._later.items():
            _allow(path, mode)
            _date(path, when)

    def _headers(self) -> type[tarfile.TarInfo]:
        """Cómo se lee una cabecera: sin las que valen para todo lo demás, y sabiendo si se llegó al final."""
        work = self

        class Header(tarfile.TarInfo):
            @classmethod
            def fromtarfile(cls, tar: tarfile.TarFile) -> Any:
                try:
                    found = super().fromtarfile(tar)
                except _END:
                    work._complete = True
                    raise
                if tar.pax_headers:
                    raise _broken("trae una cabecera para todas las entradas")
                return found

        return Header

    def _take(self, tar: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        name = _inside(member.name)
        if member.size < 0 or member.issparse():
            raise _broken(f"«{shown(name)}» dice un tamaño que no puede ser")
        if os.name == "nt" and any(_ON_WINDOWS.search(part) for part in name.split("/") if part):
            self._leave(REFUSED, name)
            return
        if not name:
            if not member.isdir():
                raise _broken("una entrada no tiene nombre")
            return
        try:
            self._write(tar, member, name)
        except FileExistsError:
            self._leave(REPEATED, name)
        except OSError as error:
            if error.errno not in _NOT_HERE:
                raise
            self._leave(REFUSED, name)

    def _write(self, tar: tarfile.TarFile, member: tarfile.TarInfo, name: str) -> None:
        path = self._root / name
        self._enter(name.rpartition("/")[0])
        if member.isdir():
            self._enter(name)
            self._later[path] = (member.mode & 0o777 | 0o700, member.mtime)
        elif member.isreg():
            self._file(tar, member, path)
        elif member.issym():
            self._symlink(member, name, path)
        elif member.islnk():
            self._another_name(_inside(member.linkname), name, path)
        else:
            self._leave(SPECIAL, name)

    def _enter(self, name: str) -> None:
        """Deja hecha la carpeta ``name`` y las de encima. Nunca pasa por un enlace."""
        at = ""
        for part in name.split("/") if name else ():
            at = f"{at}/{part}" if at else part
            if at in self._folders:
                continue
            path = self._root / at
            try:
                path.mkdir(0o700)
            except FileExistsError:
                if not stat.S_ISDIR(path.lstat().st_mode):
                    _outside(name, f"«{shown(at)}» no es una carpeta")
            else:
                self._later[path] = (0o755, -1)
            self._folders.add(at)

    def _file(self, tar: tarfile.TarFile, member: tarfile.TarInfo, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        flags |= getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(path, flags, 0o600), "wb", buffering=0) as file:
            size = self._copy(tar.extractfile(member), file, member.size)
        _allow(path, member.mode & 0o777)
        _date(path, member.mtime)
        self.written.files += 1
        self.written.bytes += size

    def _copy(self, data: IO[bytes] | None, file: IO[bytes], size: int) -> int:
        left = size
        self._source.allowed += size
        while left and data is not None and (chunk := data.read(min(_CHUNK, left))):
            self._check()
            view = memoryview(chunk)
            while view:
                view = view[file.write(view) :]
            left -= len(chunk)
        if left:
            raise _broken("se corta a mitad de un archivo")
        return size

    def _symlink(self, member: tarfile.TarInfo, name: str, path: Path) -> None:
        if _escapes(name, member.linkname):
            self._leave(OUTSIDE, name)
            return
        path.symlink_to(member.linkname)
        with suppress(NotImplementedError, OSError, OverflowError, ValueError):
            os.utime(path, (member.mtime, member.mtime), follow_symlinks=False)
        self.written.links += 1

    def _another_name(self, first: str, name: str, path: Path) -> None:
        """Otro nombre de un archivo que ya se escribió aquí; una copia, si este disco no sabe."""
        folder, _, base = first.rpartition("/")
        source = self._root / folder / base
        if folder not in self._folders or not base or not _is_file(source):
            self._leave(ABSENT, name)
            return
        try:
            os.link(source, path, follow_symlinks=False)
        except FileExistsError:
            raise
        except (OSError, NotImplementedError):
            if os.path.lexists(path):
                raise FileExistsError(name) from None
            shutil.copy2(source, path, follow_symlinks=False)
            self.written.bytes += source.lstat().st_size
        self.written.files += 1

    def _leave(self, why: tuple[str, str], name: str) -> None:
        found = self.written.left.setdefault(why, Left())
        found.count += 1
        if len(found.examples) < _EXAMPLES:
            found.examples.append(shown(name))


class _Bounded:
    """Lo que llega, con un tope a lo que puede leerse de una vez: nadie hace crecer aquí la memoria."""

    def __init__(self, source: Reader) -> None:
        self._source, self.allowed = source, _HEADERS

    def read(self, size: int, /) -> bytes:
        data = self._source.read(size)
        self.allowed -= len(data)
        if self.allowed < 0:
            raise _broken("una cabecera es demasiado grande")
        return data


def shown(name: str) -> str:
    """Un nombre que puede llevar cualquier byte, para enseñarlo."""
    plain = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in plain[:200])


def _inside(name: str) -> str:
    """El nombre, limpio y relativo; ``""`` es la carpeta misma. Lanza ``EngineError`` si se sale."""
    if name.startswith("/") or "\0" in name:
        _outside(name, "es un nombre absoluto" if name.startswith("/") else "lleva un byte nulo")
    parts = [part for part in name.split("/") if part not in ("", ".")]
    if ".." in parts:
        _outside(name, "lleva «..»")
    return "/".join(parts)


def _escapes(name: str, target: str) -> bool:
    """Si un enlace puede llevar fuera. Los «..» solo valen al principio: detrás de otro enlace engañan."""
    if not target or target.startswith("/") or "\0" in target:
        return True
    if os.name == "nt" and ("\\" in target or ":" in target):
        return True
    parts = [part for part in target.split("/") if part not in ("", ".")]
    up = next((n for n, part in enumerate(parts) if part != ".."), len(parts))
    return ".." in parts[up:] or up > name.count("/")


def _is_file(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def _allow(path: Path, mode: int) -> None:
    with suppress(PermissionError, NotImplementedError):  # hay discos que no guardan permisos
        path.chmod(mode)


def _date(path: Path, when: float) -> None:
    if when >= 0:
        with suppress(OSError, OverflowError, ValueError):
            os.utime(path, (when, when))


def _sentence(why: tuple[str, str], found: Left) -> str:
    named = join([f"«{name}»" for name in found.examples])
    rest = f" y {found.count - len(found.examples)} más" if found.count > len(found.examples) else ""
    named = ", ".join(f"«{name}»" for name in found.examples) if rest else named
    return f"{found.count} {why[found.count != 1]}: {named}{rest}."


def _broken(why: str) -> EngineError:
    return EngineError(
        "Los archivos que mandó el motor no se entienden.",
        why=f"El tar que los trae está roto: {why}.",
        next_step="No se ha dejado nada en la carpeta. Repite la celda; si se repite, reinicia el motor.",
    )


def _outside(name: str, why: str) -> NoReturn:
    raise EngineError(
        f"El motor mandó «{shown(name)}», que no se puede dejar en la carpeta.",
        why=f"Se saldría de ella: {why}.",
        next_step="No se ha dejado nada. Comprueba que el motor con el que hablas es de fiar.",
    )
