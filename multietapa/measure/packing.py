"""Comprime las capas de una imagen en otros hilos, desde un archivo, mientras se hace otra cosa.

Las que están sin comprimir en el archivo de la imagen se leen de ahí; de las demás se guarda su tar en otro
archivo según se abren. En memoria solo está lo que se comprime en ese momento.
"""

from __future__ import annotations

import math
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from multietapa.image.image import ProgressCallback
from multietapa.image.transfer import BLOCK, PackedSize, packed_length, workers

PACKING = "Comprimiendo las capas"
_TICK = 0.15  # segundos
_LEFT_FREE = 1 << 30  # bytes del disco que no se tocan
_READING = 2  # los procesadores que ocupan el motor que entrega y quien lee: eso va antes
_POSITIONED = hasattr(os, "pread")


class Packing:
    """Lo que ocupan comprimidas las capas ``wanted`` (sus ``diff_id``) del archivo ``archive``.

    Se usa en un ``with``: al salir no queda ningún hilo, ni trabajo, ni archivo.
    """

    def __init__(self, archive: BinaryIO, wanted: Collection[str], folder: Path) -> None:
        self.wanted = frozenset(wanted)
        self._archive, self._folder = _Positioned(archive), folder
        self._pool = ThreadPoolExecutor(workers(), "multietapa-gzip")
        self._layers: dict[str, PackedSize] = {}
        self._jobs: list[tuple[Future[int], int]] = []
        self._arriving: list[tuple[str, int, int]] = []
        self._opened: list[tuple[str, _Positioned, int, int]] = []
        self._spool: _Positioned | None = None
        # Sin pread, leer un bloque movería la posición de quien escribe o lee el archivo.
        self._reading_first = not _POSITIONED or workers() <= _READING

    def __enter__(self) -> Packing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._spool:
            self._spool.file.close()

    def plain(self, diff_id: str, offset: int, size: int) -> None:
        """Apunta una capa que está, o va a estar, sin comprimir en el archivo: dónde y cuántos bytes."""
        if diff_id in self.wanted and diff_id not in self._layers:
            self._layers[diff_id] = PackedSize(self._pool)
            self._arriving.append((diff_id, offset, offset + size))

    def arrived(self, until: float = math.inf) -> None:
        """Encarga lo apuntado que ya está escrito: los primeros ``until`` bytes del archivo, o todo."""
        if until < math.inf and self._reading_first:
            return
        for piece in self._opened:
            self._submit(*piece)
        self._opened.clear()
        left = []
        for diff_id, start, end in self._arriving:
            while start < end and min(start + BLOCK, end) <= until:
                self._submit(diff_id, self._archive, start, min(BLOCK, end - start))
                start += BLOCK
            if start < end:
                left.append((diff_id, start, end))
        self._arriving = left

    def tap(self, diff_id: str) -> Callable[[bytes], None]:
        """A quién dar los bloques del tar de una capa que no está tal cual en el archivo."""
        if self._spool is None:
            spool = tempfile.TemporaryFile(dir=self._folder, prefix="multietapa-")  # noqa: SIM115  hasta __exit__
            self._spool = _Positioned(spool)
        place = self._spool
        self._layers[diff_id] = PackedSize(self._pool)

        def take(block: bytes) -> None:
            """Guarda un bloque y lo encarga; si apenas queda disco, lo comprime y espera."""
            offset = None
            if shutil.disk_usage(self._folder).free > _LEFT_FREE:
                with suppress(OSError):
                    offset = place.append(block)
            if offset is None:
                job = self._layers[diff_id].add_later(partial(packed_length, block))
                self._jobs.append((job, len(block)))
                job.result()
                return
            self._opened.append((diff_id, place, offset, len(block)))
            if not self._reading_first:
                self._submit(*self._opened.pop())

        return take

    @property
    def ready(self) -> bool:
        """Si ya está todo lo encargado."""
        return all(job.done() for job, _ in self._jobs)

    def sizes(self, progress: ProgressCallback | None = None) -> dict[str, int]:
        """Los bytes de cada capa comprimida; espera a que estén todas. ``progress`` como en ``measure``."""
        total = sum(size for _, size in self._jobs)
        waiting = {job for job, _ in self._jobs}
        if progress:
            progress(PACKING, 0, total)
        while waiting:
            finished, waiting = wait(waiting, timeout=_TICK, return_when=FIRST_EXCEPTION)
            if any(job.exception() for job in finished):
                break
            if progress:
                progress(PACKING, sum(size for job, size in self._jobs if job.done()), total)
        return {diff_id: layer.result() for diff_id, layer in self._layers.items()}

    def _submit(self, diff_id: str, source: _Positioned, offset: int, size: int) -> None:
        def pack() -> int:
            return packed_length(source.read(offset, size))

        self._jobs.append((self._layers[diff_id].add_later(pack), size))


class _Positioned:
    """Un archivo que varios hilos leen a la vez."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._lock = threading.Lock()

    def append(self, block: bytes) -> int:
        """Escribe al final, y dice dónde."""
        with self._lock:
            offset = self.file.seek(0, 2)
            self.file.write(block)
            self.file.flush()
        return offset

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes desde ``offset``."""
        if _POSITIONED:
            return os.pread(self.file.fileno(), size, offset)
        with self._lock:
            self.file.seek(offset)
            return self.file.read(size)
