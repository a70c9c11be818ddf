"""Una carpeta con el formato OCI (``index.json`` y ``blobs/``) leída como si fuera un solo archivo.

Solo se leen archivos corrientes que estén dentro: un enlace que sale de la carpeta es como si no estuviera.
"""

from __future__ import annotations

import io
import os
import stat
from bisect import bisect_right
from pathlib import Path

from multietapa.image.tarwalk import broken

_MOST_FILES = 100_000
_LAYOUT = ("index.json", "oci-layout", "manifest.json")


class ImageFolder(io.RawIOBase):
    """Los archivos de una carpeta OCI, uno detrás de otro: ``places`` dice dónde empieza y qué mide cada uno.

    Lanza ``ArchiveError`` si hay más archivos de los que tiene una imagen.
    """

    def __init__(self, folder: Path) -> None:
        self._root = folder.resolve()
        self.places: dict[str, tuple[int, int]] = {}
        self._paths: list[Path] = []
        self._starts: list[int] = []
        self._size = self._at = 0
        self._open: tuple[int, io.BufferedReader] | None = None
        for path in self._listed():
            self._take(path)

    def readable(self) -> bool:
        """Siempre."""
        return True

    def seekable(self) -> bool:
        """Siempre."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Va a una posición, como en cualquier archivo."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """La posición."""
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Los siguientes ``size`` bytes, o los que quedan hasta el final del archivo en el que está."""
        number = bisect_right(self._starts, self._at) - 1
        if number < 0 or self._at >= self._size:
            return b""
        inside = self._at - self._starts[number]
        file = self._file(number)
        file.seek(inside)
        data = file.read(size)
        self._at += len(data)
        return data

    def close(self) -> None:
        """Cierra el archivo que tenga abierto."""
        if self._open:
            self._open[1].close()
            self._open = None
        super().close()

    def _listed(self) -> list[Path]:
        found = [self._root / name for name in _LAYOUT]
        blobs = self._root / "blobs"
        for algorithm in sorted(blobs.iterdir()) if blobs.is_dir() else ():
            if algorithm.is_dir():
                found.extend(sorted(algorithm.iterdir()))
            if len(found) > _MOST_FILES:
                broken(f"Su carpeta blobs tiene más de {_MOST_FILES} archivos.")
        return found

    def _take(self, path: Path) -> None:
        real = path.resolve()
        try:
            info = real.stat()
        except OSError:
            return
        if not stat.S_ISREG(info.st_mode) or not real.is_relative_to(self._root):
            return
        self.places[path.relative_to(self._root).as_posix()] = (self._size, info.st_size)
        if info.st_size:
            self._starts.append(self._size)
            self._paths.append(real)
            self._size += info.st_size

    def _file(self, number: int) -> io.BufferedReader:
        if self._open and self._open[0] == number:
            return self._open[1]
        if self._open:
            self._open[1].close()
        self._open = (number, self._paths[number].open("rb"))
        return self._open[1]
