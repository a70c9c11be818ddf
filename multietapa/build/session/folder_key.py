"""La clave de una carpeta: con la misma que la última vez, el motor solo pide lo que cambió.

El motor compara tamaño, fecha y permisos con lo que guardó bajo esa clave, y no mira el contenido. Un archivo
que cambia y conserva tamaño y fecha (``cp -p``, ``touch -d``) se quedaría como estaba, también con la orden
``docker``. Aquí no: su fecha de cambio (``ctime``), que nadie puede fijar, lo delata, y entonces la carpeta
estrena clave y viaja entera. En Windows ``ctime`` es la de creación y esto no se puede saber.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import stat
import time
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from multietapa.errors import EngineError
from multietapa.paths import cache_dir

_FILE = "carpetas.sqlite"
_TICK = 10_000_000  # ns: dos cambios más seguidos pueden llevar la misma fecha
_COARSE_TICK = 2_000_000_000  # ns: la de un disco que no guarda fracciones de segundo
_SECOND = 1_000_000_000
_BUSY_SECONDS = 5.0
_KEPT = 1000  # carpetas que se recuerdan
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS carpetas (ruta TEXT PRIMARY KEY, serie TEXT, desde INTEGER, hasta INTEGER)"
)


class FolderKeys:
    """Las claves que se han usado, en un archivo de la caché; sin él, cada vez una nueva.

    ``notes`` es ese archivo (por omisión, el de la caché del kit).
    """

    def __init__(self, notes: Path | None = None) -> None:
        self._notes = notes

    def open(self, name: str, paths: Iterable[Path]) -> tuple[str, int]:
        """La clave de la carpeta ``name`` y el momento, en ns, en que se miraron sus archivos, ``paths``.

        Ese momento es para ``close``: hasta que se la llame, no se sabe cuándo se leyó lo último.
        """
        now = time.time_ns()
        try:
            with self._notebook() as notebook:
                found = notebook.execute(
                    "SELECT serie, desde, hasta FROM carpetas WHERE ruta = ?", (name,)
                ).fetchone()
            doubtful = found is None or any(_doubtful(path, found[1], found[2]) for path in paths)
            series = uuid.uuid4().hex if doubtful else str(found[0])
            with self._notebook() as notebook:
                if doubtful:
                    self._forget_oldest(notebook)
                notebook.execute(
                    "INSERT OR REPLACE INTO carpetas VALUES (?, ?, ?, NULL)", (name, series, now)
                )
        except (sqlite3.Error, OSError, EngineError):  # sin sitio donde apuntarlo, viaja todo y ya está
            series = uuid.uuid4().hex
        return hashlib.sha256(f"{name}\0{series}".encode()).hexdigest(), now

    def close(self, name: str, begun: int, ended: int) -> None:
        """La construcción que empezó en ``begun`` ya había leído en ``ended`` lo que leyó de la carpeta."""
        try:
            with self._notebook() as notebook:
                notebook.execute(
                    "UPDATE carpetas SET hasta = ? WHERE ruta = ? AND desde = ?",
                    (ended, name, begun),
                )
        except (sqlite3.Error, OSError, EngineError):
            return

    @contextmanager
    def _notebook(self) -> Iterator[sqlite3.Connection]:
        file = self._notes or cache_dir() / _FILE
        with closing(sqlite3.connect(file, timeout=_BUSY_SECONDS)) as notebook, notebook:
            notebook.execute(_SCHEMA)
            yield notebook

    @staticmethod
    def _forget_oldest(notebook: sqlite3.Connection) -> None:
        notebook.execute(
            "DELETE FROM carpetas WHERE ruta NOT IN (SELECT ruta FROM carpetas ORDER BY desde DESC LIMIT ?)",
            (_KEPT - 1,),
        )


def _doubtful(path: Path, begun: int, ended: int | None) -> bool:
    """El archivo puede haber cambiado desde la última vez sin que cambien su tamaño ni su fecha."""
    try:
        found = os.lstat(path)  # se llama con cada archivo: un Path más cuesta el doble
    except OSError:
        return False  # quien lo lea dirá qué le pasa
    if not stat.S_ISREG(found.st_mode):
        return False
    changed, written = found.st_ctime_ns, found.st_mtime_ns
    tick = _TICK if written % _SECOND else _COARSE_TICK
    if written < begun - tick:
        return os.name != "nt" and changed >= begun - _TICK
    return ended is None or written <= ended + tick
