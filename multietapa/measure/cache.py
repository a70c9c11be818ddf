"""Lo ya medido, en disco: una capa es la misma en todas las imágenes que la comparten.

Cada capa va en un JSON con gzip llamado como su ``diff_id``; los pasos de cada imagen, en otro llamado
como su id. Una entrada que no se entiende es como si no estuviera, y se escribe en un archivo aparte
que se renombra al final: dos kernels a la vez no se estropean nada.
"""

from __future__ import annotations

import gzip
import json
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from multietapa.image.layer import NOT_MEASURED, FileEntry, Layer
from multietapa.image.many import many_values
from multietapa.image.transfer import METHOD
from multietapa.paths import cache_dir, write_whole

VERSION = 5
KEPT = 400
"""Cuántas entradas se guardan de cada clase; sobran las que hace más tiempo que no se leen."""


class MeasureCache:
    """La caché de medidas de ``folder`` (por defecto, la del usuario).

    ``packed`` dice que es la de un motor que guarda las capas comprimidas: ocupan lo que ocupan en él, que no
    es lo que se calcula para los demás.
    """

    def __init__(self, folder: Path | None = None, *, packed: bool = False) -> None:
        self.folder = (folder or cache_dir()) / "medidas"
        self._layers = "capas-comprimidas" if packed else "capas"

    def of(self, *, packed: bool) -> MeasureCache:
        """La misma, para un motor que guarda así las capas."""
        return MeasureCache(self.folder.parent, packed=packed)

    def layer(self, diff_id: str) -> Layer | None:
        """La capa guardada, o ``None``. Sin ``transfer_bytes`` si la comprimió otra versión de zlib."""
        found = self.read(self._layers, diff_id, VERSION)
        try:
            if found["diff_id"] != diff_id:
                return None
            with many_values():
                files = tuple(FileEntry(*row) for row in found["files"])
            if sum(entry.own_bytes for entry in files) != found["unpacked"]:
                return None
            transfer = int(found["transfer"]) if found["method"] == METHOD else NOT_MEASURED
            documents = {str(path): str(text) for path, text in found["documents"].items()}
            unpacked, links = int(found["unpacked"]), int(found["symlinks"])
            return Layer(0, diff_id, "", files, unpacked, transfer, links, documents)
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def keep_layer(self, layer: Layer) -> None:
        """Guarda una capa medida."""
        self.write(
            self._layers,
            layer.diff_id,
            VERSION,
            {
                "diff_id": layer.diff_id,
                "method": METHOD,
                "unpacked": layer.unpacked_bytes,
                "transfer": layer.transfer_bytes,
                "symlinks": layer.symlink_bytes,
                "documents": dict(layer.documents),
                "files": layer.files,
            },
        )

    def steps(self, image_id: str, count: int) -> tuple[str, ...] | None:
        """El paso del Dockerfile que hizo cada una de las ``count`` capas, o ``None`` si no se guardó."""
        found = self.read("imagenes", image_id, VERSION)
        steps = found.get("steps")
        if not isinstance(steps, list) or len(steps) != count:
            return None
        return tuple(str(step) for step in steps)

    def keep_steps(self, image_id: str, steps: tuple[str, ...]) -> None:
        """Guarda los pasos de una imagen."""
        self.write("imagenes", image_id, VERSION, {"steps": list(steps)})

    def packed_layer(self, digest: str) -> str:
        """El ``diff_id`` de la capa que, comprimida, tiene ese digest; ``""`` si no se sabe."""
        return str(self.read("comprimidas", digest, VERSION).get("diff_id") or "")

    def keep_packed_layer(self, digest: str, diff_id: str) -> None:
        """Apunta de qué capa es un archivo comprimido."""
        self.write("comprimidas", digest, VERSION, {"diff_id": diff_id})

    def read(self, kind: str, key: str, version: int) -> dict[str, Any]:
        """Lo que se guardó de esa clase con esa clave y esa versión, o ``{}`` si no está o no se entiende."""
        path = self._path(kind, key, version)
        try:
            with many_values():
                found = json.loads(gzip.decompress(path.read_bytes()))
            os.utime(path)
        except (OSError, EOFError, ValueError, zlib.error, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, kind: str, key: str, version: int, value: dict[str, Any]) -> None:
        """Guarda un valor que cabe en un JSON. Si no se puede escribir, no pasa nada."""
        path = self._path(kind, key, version)
        data = gzip.compress(json.dumps(value, separators=(",", ":")).encode(), 3)
        with suppress(OSError):  # una caché que no se puede escribir solo hace más lenta la próxima vez
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, data, private=True)
            _prune(path.parent)

    def _path(self, kind: str, key: str, version: int) -> Path:
        name = "".join(letter if letter.isalnum() else "-" for letter in key)
        return self.folder / f"{kind}-v{version}" / f"{name}.json.gz"


def _prune(folder: Path) -> None:
    paths = list(folder.glob("*.json.gz"))
    if len(paths) > KEPT:
        paths.sort(key=lambda path: path.stat().st_mtime)
        for path in paths[: len(paths) - KEPT]:
            path.unlink(missing_ok=True)
