"""La base de datos de rpm, que es binaria: se copia a un archivo temporal mientras pasa y se lee de él.

De las tres que hay se leen dos: la de SQLite (``rpmdb.sqlite``, de Fedora 33 y RHEL 9 en adelante) y la
ndb de SUSE (``Packages.db``). De la de Berkeley DB (``Packages``, hasta CentOS 8) se dice que no se puede
comprobar.
Cada paquete es una cabecera de rpm: cuántas fichas y cuántos bytes de datos trae (dos enteros de 32 bits,
primero el byte alto), las fichas (etiqueta, tipo, lugar y cuenta) y los datos.
"""

from __future__ import annotations

import json
import sqlite3
import struct
import tempfile
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import BinaryIO

from multietapa.image.packages.model import MAX_NAME, Reading
from multietapa.text import size

FOLDERS = ("var/lib/rpm/", "usr/lib/sysimage/rpm/", "usr/share/rpm/")
SQLITE, NDB, BERKELEY = "rpmdb.sqlite", "Packages.db", "Packages"
DATABASES = frozenset(folder + name for folder in FOLDERS for name in (SQLITE, NDB, BERKELEY))
MOST = 128 << 20
"""Bytes de la base de datos más grande que se lee; la de un escritorio Fedora entero ronda los 60 MB."""
_MAX_HEADER = 16 << 20
_MAX_PACKAGES = 100_000
_MAX_WORK = 5_000  # miles de instrucciones de SQLite: una base de datos sana no gasta ni cincuenta
_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE = 1000, 1001, 1002, 1003, 1022
_INT32, _STRING, _TRANSLATED = 4, 6, 9
_KEY = "gpg-pubkey"  # la clave de quien firma: rpm la guarda como un paquete más
_NDB_PAGE, _NDB_SLOT, _NDB_BLOCK = 4096, 16, 16
_UNREADABLE = "La base de datos de rpm no se puede leer: está cortada, dañada o no es lo que dice su nombre."


class RpmDatabase:
    """Copia una base de datos de rpm mientras pasa: es un ``Sink`` de ``tarwalk``."""

    def __init__(self, path: str, length: int) -> None:
        self._name = path.rpartition("/")[2]
        self._length = length
        self._copy: BinaryIO | None = None
        if self._name != BERKELEY and length <= MOST:
            self._copy = tempfile.TemporaryFile()  # noqa: SIM115  (se cierra en «text»)

    def write(self, data: bytes) -> bool:
        """Recibe los siguientes bytes; ``False`` si no hacen falta."""
        if self._copy is None:
            return False
        self._copy.write(data)
        return True

    def text(self) -> str:
        """Sus paquetes y sus problemas, en JSON. Se pide una vez, cuando el archivo ya pasó."""
        if self._copy is None:
            why = (
                "Es de Berkeley DB, el formato de rpm hasta CentOS 8: no se puede comprobar qué hay."
                if self._name == BERKELEY
                else f"Ocupa {size(self._length)}, y se leen hasta {size(MOST)}."
            )
            return json.dumps({"packages": [], "problems": [why]}, ensure_ascii=False)
        reading = Reading()
        with self._copy as copy:
            copy.seek(0)
            try:
                for header in _sqlite(copy) if self._name == SQLITE else _ndb(copy, self._length):
                    _add(reading, header)
            except (sqlite3.Error, struct.error, ValueError, OverflowError):
                reading.problems.append(_UNREADABLE)
        return json.dumps({"packages": reading.packages, "problems": reading.problems}, ensure_ascii=False)


def read_rpm(text: str) -> Reading:
    """Lo que ``RpmDatabase`` dejó escrito."""
    found = json.loads(text)
    return Reading([tuple(row) for row in found["packages"]], list(found["problems"]))


def _sqlite(copy: BinaryIO) -> Iterator[bytes]:
    """Las cabeceras de ``rpmdb.sqlite``. Nada de lo que la base de datos defina se ejecuta sin límite."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder, SQLITE)
        with place.open("wb") as file:
            while piece := copy.read(1 << 20):
                file.write(piece)
        with closing(sqlite3.connect(f"{place.as_uri()}?mode=ro&immutable=1", uri=True)) as database:
            work = iter(range(_MAX_WORK))
            database.set_progress_handler(lambda: next(work, -1) < 0, 1000)
            database.execute("PRAGMA trusted_schema=OFF")
            database.execute("PRAGMA mmap_size=0")
            kind = database.execute("SELECT type FROM sqlite_master WHERE name='Packages'").fetchone()
            if kind != ("table",):
                raise ValueError("sin tabla de paquetes")
            rows = database.execute("SELECT blob FROM Packages WHERE length(blob) <= ?", (_MAX_HEADER,))
            for count, (blob,) in enumerate(rows):
                if count >= _MAX_PACKAGES or not isinstance(blob, bytes):
                    raise ValueError("no son paquetes")
                yield blob


def _ndb(copy: BinaryIO, length: int) -> Iterator[bytes]:
    """Las cabeceras de ``Packages.db``: unas páginas de lugares y, en cada lugar, un paquete."""
    magic, version, _, pages = struct.unpack("<4sIII", copy.read(16))
    if magic != b"RpmP" or version != 0 or not 0 < pages * _NDB_PAGE <= length:
        raise ValueError("no es ndb")
    copy.seek(0)
    slots = copy.read(min(pages * _NDB_PAGE, _MAX_PACKAGES * _NDB_SLOT))
    for at in range(2 * _NDB_SLOT, len(slots) - _NDB_SLOT + 1, _NDB_SLOT):
        magic, index, block, blocks = struct.unpack_from("<4sIII", slots, at)
        if magic != b"Slot":
            raise ValueError("un lugar no es un lugar")
        if not index:
            continue
        copy.seek(block * _NDB_BLOCK)
        magic, same, _, bytes_ = struct.unpack("<4sIII", copy.read(16))
        if magic != b"BlbS" or same != index or not 0 < bytes_ <= min(_MAX_HEADER, blocks * _NDB_BLOCK):
            raise ValueError("un paquete no está donde dice")
        blob = copy.read(bytes_)
        if len(blob) < bytes_:
            raise ValueError("está cortada")
        yield blob


def _add(reading: Reading, blob: bytes) -> None:
    tags = _tags(blob)
    name = str(tags.get(_NAME, ""))
    if name == _KEY:
        return
    version = "-".join(str(tags[tag]) for tag in (_VERSION, _RELEASE) if tag in tags)
    if _EPOCH in tags:
        version = f"{tags[_EPOCH]}:{version}"
    reading.add(name, version, str(tags.get(_ARCHITECTURE, "")))


def _tags(blob: bytes) -> dict[int, str | int]:
    """Las etiquetas que hacen falta de una cabecera. Lanza ``ValueError`` si no lo es."""
    entries, stored = struct.unpack_from(">II", blob)
    start = 8 + 16 * entries
    if start + stored > len(blob):
        raise ValueError("una cabecera no cabe en su paquete")
    found: dict[int, str | int] = {}
    for at in range(8, start, 16):
        tag, kind, offset, _ = struct.unpack_from(">IIII", blob, at)
        if tag not in (_NAME, _VERSION, _RELEASE, _EPOCH, _ARCHITECTURE) or offset >= stored:
            continue
        if kind in (_STRING, _TRANSLATED):
            raw = blob[start + offset : start + min(stored, offset + 2 * MAX_NAME)]
            found[tag] = raw.split(b"\0", 1)[0].decode("utf-8", "replace")
        elif kind == _INT32:
            with suppress(struct.error):
                found[tag] = struct.unpack_from(">I", blob, start + offset)[0]
    return found
