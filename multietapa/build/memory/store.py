"""Dónde se guarda lo que se recuerda de cada construcción: un archivo por carpeta, motor y Dockerfile.

Se escribe en otro archivo que se renombra al final: dos kernels a la vez no se estropean nada, y queda lo del
último. Lo que no se entiende es como si no estuviera.
"""

from __future__ import annotations

import gzip
import json
import zlib
from contextlib import suppress
from pathlib import Path

from multietapa.build.memory.record import Record
from multietapa.errors import MultietapaError
from multietapa.paths import cache_dir, write_whole

KEPT = 80
"""Cuántas se guardan: sobran las que hace más tiempo que no se construyen."""
MOST_BYTES = 2_000_000
"""Lo que puede ocupar una, comprimida; una mayor no se guarda."""


class Store:
    """Lo guardado en ``folder`` (por omisión, en la caché del usuario)."""

    def __init__(self, folder: Path | None = None) -> None:
        try:
            self._folder: Path | None = folder or cache_dir() / "construcciones"
        except MultietapaError:  # sin caché no se recuerda nada, y se construye igual
            self._folder = None

    def read(self, key: str) -> Record | None:
        """Lo que se recuerda con esa clave, o ``None``."""
        path = self._path(key)
        if path is None:
            return None
        try:
            with gzip.open(path) as file:
                data = file.read(MOST_BYTES * 20 + 1)
            found = json.loads(data)
        except (OSError, EOFError, ValueError, zlib.error, RecursionError):
            return None
        return Record.from_json(found) if isinstance(found, dict) else None

    def write(self, key: str, record: Record) -> None:
        """Lo guarda. Si no se puede, no pasa nada."""
        path = self._path(key)
        data = gzip.compress(
            json.dumps(record.to_json(), separators=(",", ":")).encode("utf-8", "replace"), 3
        )
        if path is None or len(data) > MOST_BYTES:
            return
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data, private=True)
            _prune(path.parent)

    def _path(self, key: str) -> Path | None:
        return self._folder / f"{key}.json.gz" if self._folder else None


def _prune(folder: Path) -> None:
    found = []
    for path in folder.glob("*.json.gz"):
        with suppress(OSError):
            found.append((path.stat().st_mtime, path))
    for _, path in sorted(found)[: max(0, len(found) - KEPT)]:
        path.unlink(missing_ok=True)
