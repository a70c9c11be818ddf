"""La clave de una carpeta: con la misma que la última vez, el motor solo pide lo que cambió.

El motor compara tamaño, fecha y permisos con lo que guardó bajo esa clave, y no mira el contenido. Un archivo
que cambia y conserva tamaño y fecha (``cp -p``, ``touch -d``) se quedaría como estaba, también con la orden
``docker``. Aquí no: en cuanto puede haber pasado, la carpeta estrena clave y viaja entera. Lo delatan:

- la fecha de cambio (``ctime``), que nadie puede fijar: también la mueve ponerle su nombre a otro archivo;
- la identidad de cada carpeta: al ponerle su nombre a otra, nada cambia en lo que hay dentro;
- la fecha de lo que se escribió mientras se leía: dos escrituras muy seguidas llevan la misma.

Cada clave la usa una sola construcción a la vez. En la duda se viaja de más, nunca de menos. En Windows
``ctime`` es la fecha de creación, y lo primero no se puede saber.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from multietapa.errors import ContextError, EngineError
from multietapa.paths import cache_dir

_FILE = "carpetas.sqlite"
_TICK = 20_000_000  # ns: dos cambios más seguidos pueden llevar la misma fecha
_COARSE_TICK = 2_000_000_000  # ns: la de un disco que no guarda fracciones de segundo
_SECOND = 1_000_000_000
_BUSY_SECONDS = 1.0
_KEPT = 1000  # carpetas que se recuerdan
_HALF = 8  # bytes de cada mitad de lo que se apunta de una carpeta: su nombre y quién es
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS envios"
    " (nombre TEXT PRIMARY KEY, serie TEXT, desde INTEGER, hasta INTEGER, nuevo INTEGER, carpetas BLOB)"
)
_TROUBLES = (sqlite3.Error, OSError, EngineError)


@dataclass(frozen=True)
class Opened:
    """Una clave en uso: ``key`` es la que viaja; ``begun``, cuándo se miró la carpeta, en ns desde 1970.

    ``newest`` es la fecha más nueva que había entonces y ``folders``, quién era cada carpeta. ``reused``: es
    la clave de la última vez.
    """

    name: str
    series: str
    begun: int
    newest: int = 0
    folders: bytes = b""
    reused: bool = False

    @property
    def key(self) -> str:
        """La clave que ve el motor."""
        return hashlib.sha256(f"{self.name}\0{self.series}".encode()).hexdigest()


class FolderKeys:
    """Las claves que se han usado, en un archivo de la caché; sin él, cada vez una nueva.

    ``notes`` es ese archivo (por omisión, el de la caché del kit).
    """

    def __init__(self, notes: Path | None = None) -> None:
        self._notes = notes

    def open(self, name: str, paths: Iterable[str | os.PathLike[str]]) -> Opened:
        """La clave de lo que se llama ``name``, después de mirar ``paths``: lo que puede viajar, y su raíz.

        Hay que devolverla con ``close``. Si ``paths`` no se puede recorrer entera (``ContextError``), es
        nueva: quien la lea después dirá qué pasa, si es que le hace falta.
        """
        now = time.time_ns()  # antes de leer lo apuntado: quien lo cambie después, empezó después
        last = self._last(name)
        look = _Look(last)
        try:
            for path in paths:
                look.at(path)
        except ContextError:
            look.doubtful = True
        fresh = Opened(name, uuid.uuid4().hex, now, look.newest, look.folders)
        if last is None or look.doubtful or now < last.ended:
            return self._noted(fresh)
        again = Opened(name, last.series, now, look.newest, look.folders, reused=True)
        with suppress(*_TROUBLES), self._notebook() as notebook:
            free = "UPDATE envios SET hasta = NULL WHERE nombre = ? AND serie = ? AND hasta = ?"
            if notebook.execute(free, (name, last.series, last.ended)).rowcount:
                return again
        return self._noted(fresh)

    def close(self, opened: Opened, *, complete: int | None) -> None:
        """Ya se leyó todo lo que esa construcción tenía que leer.

        ``complete`` es cuándo lo tuvo todo el motor, en ns desde 1970. Si no llegó a tenerlo (``None``), la
        próxima vez cuenta también lo que haya cambiado desde la anterior.
        """
        ended, own = time.time_ns() if complete is None else complete, (opened.name, opened.series)
        with suppress(*_TROUBLES), self._notebook() as notebook:
            if complete is not None:
                notebook.execute(
                    "UPDATE envios SET desde = ?, hasta = ?, nuevo = ?, carpetas = ?"
                    " WHERE nombre = ? AND serie = ?",
                    (opened.begun, ended, opened.newest, opened.folders, *own),
                )
            else:
                notebook.execute(
                    "UPDATE envios SET hasta = ?, nuevo = MAX(nuevo, ?) WHERE nombre = ? AND serie = ?",
                    (ended, opened.newest, *own),
                )

    def _last(self, name: str) -> _Sent | None:
        """Lo apuntado de la última construcción, si acabó y se puede leer."""
        with suppress(*_TROUBLES), self._notebook() as notebook:
            found = notebook.execute(
                "SELECT serie, desde, hasta, nuevo, carpetas FROM envios WHERE nombre = ?", (name,)
            ).fetchone()
            if found is not None and found[2] is not None:
                return _Sent(*found)
        return None

    def _noted(self, fresh: Opened) -> Opened:
        """Apunta una clave que se estrena; si no hay dónde, valdrá una sola vez."""
        row = (fresh.name, fresh.series, fresh.begun, fresh.newest, fresh.folders)
        with suppress(*_TROUBLES), self._notebook() as notebook:
            notebook.execute(
                "DELETE FROM envios WHERE nombre NOT IN"
                " (SELECT nombre FROM envios ORDER BY desde DESC LIMIT ?)",
                (_KEPT - 1,),
            )
            notebook.execute("INSERT OR REPLACE INTO envios VALUES (?, ?, ?, NULL, ?, ?)", row)
        return fresh

    @contextmanager
    def _notebook(self) -> Iterator[sqlite3.Connection]:
        file = self._notes or cache_dir() / _FILE
        try:
            with closing(sqlite3.connect(file, timeout=_BUSY_SECONDS)) as notebook, notebook:
                notebook.execute("PRAGMA synchronous = OFF")  # perderlo solo cuesta un viaje
                notebook.execute(_SCHEMA)
                yield notebook
        except sqlite3.DatabaseError as error:
            # No es una base de datos, o se estropeó (las demás son de clases suyas): se empieza otra.
            if type(error) is sqlite3.DatabaseError:
                file.unlink(missing_ok=True)
            raise


@dataclass(frozen=True)
class _Sent:
    """La última construcción con una clave: entre qué momentos leyó, en ns, y qué había entonces."""

    series: str
    begun: int
    ended: int
    newest: int
    folders: bytes


class _Look:
    """Lo que se ve al recorrer la carpeta, y si algo puede haber cambiado sin que el motor lo note."""

    def __init__(self, last: _Sent | None) -> None:
        self._last = last
        self._known = _by_name(last.folders) if last else {}
        self._folders = bytearray()
        self.newest = 0
        self.doubtful = False

    @property
    def folders(self) -> bytes:
        """Quién es cada carpeta: su nombre y su identidad, resumidos."""
        return bytes(self._folders)

    def at(self, path: str | os.PathLike[str]) -> None:
        """Mira una ruta."""
        try:
            found = os.lstat(path)
        except OSError:
            return  # quien lo lea dirá qué le pasa
        if stat.S_ISDIR(found.st_mode):
            name = _short(os.fsencode(path))
            identity = _short(b"%d %d" % (found.st_dev, found.st_ino))
            self._folders += name + identity
            self.doubtful |= self._known.get(name, identity) != identity
        elif stat.S_ISREG(found.st_mode):
            self.newest = max(self.newest, found.st_mtime_ns)
            self.doubtful = self.doubtful or (self._last is not None and _doubtful(found, self._last))


def _short(value: bytes) -> bytes:
    return hashlib.blake2b(value, digest_size=_HALF).digest()


def _by_name(folders: bytes) -> dict[bytes, bytes]:
    starts = range(0, len(folders), 2 * _HALF)
    return {folders[at : at + _HALF]: folders[at + _HALF : at + 2 * _HALF] for at in starts}


def _doubtful(found: os.stat_result, last: _Sent) -> bool:
    """El archivo puede haber cambiado desde la última vez sin que cambien su tamaño ni su fecha."""
    changed, written = found.st_ctime_ns, found.st_mtime_ns
    if os.name == "nt":
        if written < last.begun - _tick(written):
            return False
    elif changed < last.begun - _tick(changed):
        return False  # nadie lo ha tocado
    elif written < last.begun - _tick(written):
        return True  # se tocó y se le devolvió una fecha de antes
    return written <= max(last.ended, last.newest) + _tick(written)


def _tick(moment: int) -> int:
    """Hasta cuánto, en ns, pueden llevar la misma fecha dos cambios, en el disco que dio ``moment``."""
    return _TICK if moment % _SECOND else _COARSE_TICK
