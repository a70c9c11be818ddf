"""Comprime las capas de una imagen en otros hilos, mientras pasan y se hace otra cosa.

Lo que aún no se ha comprimido espera en memoria y, lo que no cabe, en un archivo: quien lee no espera nunca.
Si tampoco cabe en el disco, sí.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import threading
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from multietapa.engine.host import limits
from multietapa.image.image import ProgressCallback
from multietapa.image.transfer import BLOCK, PackedSize, packed_length, workers

PACKING = "Comprimiendo las capas"
_TICK = 0.15  # segundos
_LEFT_FREE = 1 << 30  # bytes del disco que no se tocan
_IN_MEMORY = 1 << 30  # bytes que esperan en memoria, como mucho
_SHARE = 4  # y nunca más que esta parte de la memoria libre
_POSITIONED = hasattr(os, "pread")
_BEHIND = 10  # la prioridad de estos hilos: el motor que entrega y quien lee van antes


class Packing:
    """Lo que ocupan comprimidas las capas que pasan. ``folder`` es donde espera lo que no cabe en memoria.

    Se usa en un ``with``: al salir no queda ningún hilo, ni trabajo, ni archivo.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._pool = ThreadPoolExecutor(workers(), "multietapa-gzip", initializer=_let_others_go_first)
        self._layers: dict[str, PackedSize] = {}
        self._jobs: list[tuple[Future[int], int]] = []
        self._last = PackedSize(self._pool)
        self._room = min(_IN_MEMORY, limits.memory()[1] // _SHARE)
        self._lock = threading.Lock()
        self._spool: _Positioned | None = None

    def __enter__(self) -> Packing:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)
        if self._spool:
            self._spool.file.close()

    def seeing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Los mismos trozos del tar de una capa, que se comprimen según pasan."""
        layer = self._last = PackedSize(self._pool)
        parts: list[bytes] = []
        length = 0
        for piece in pieces:
            rest = piece
            while length + len(rest) >= BLOCK:
                cut = BLOCK - length
                self._submit(layer, [*parts, rest[:cut]], BLOCK)
                rest, parts, length = rest[cut:], [], 0
            if rest:
                parts.append(rest)
                length += len(rest)
            yield piece
        if parts:
            self._submit(layer, parts, length)

    def named(self, diff_id: str) -> None:
        """La última que se ha visto entera es esa."""
        self._layers[diff_id] = self._last

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

    def _submit(self, layer: PackedSize, parts: list[bytes], size: int) -> None:
        """Encarga un bloque, dado a trozos; mientras le toca, espera en memoria o en el archivo."""
        with self._lock:
            held = size <= self._room
            self._room -= size if held else 0
        offset = None if held else self._spooled(parts)
        if offset is None:
            pack = partial(self._pack_held, parts, size, held=held)
        else:
            pack = partial(self._pack_spooled, offset, size)
        job = layer.add_later(pack)
        self._jobs.append((job, size))
        if not held and offset is None:
            job.result()

    def _pack_held(self, parts: list[bytes], size: int, *, held: bool) -> int:
        try:
            return packed_length(b"".join(parts))
        finally:
            with self._lock:
                self._room += size if held else 0

    def _pack_spooled(self, offset: int, size: int) -> int:
        assert self._spool is not None
        return packed_length(self._spool.read(offset, size))

    def _spooled(self, parts: list[bytes]) -> int | None:
        """Deja los trozos en el archivo y dice dónde; ``None`` si apenas queda disco."""
        with suppress(OSError):
            if shutil.disk_usage(self._folder).free > _LEFT_FREE:
                if self._spool is None:
                    file = tempfile.TemporaryFile(dir=self._folder, prefix="multietapa-")  # noqa: SIM115  __exit__
                    self._spool = _Positioned(file)
                return self._spool.append(parts)
        return None


def _let_others_go_first() -> None:
    """Baja la prioridad de este hilo; solo Linux deja hacerlo sin bajar la del proceso entero."""
    if sys.platform == "linux":
        with suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _BEHIND)


class _Positioned:
    """Un archivo en el que uno escribe y que varios hilos leen a la vez."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        self._lock = threading.Lock()

    def append(self, parts: list[bytes]) -> int:
        """Escribe al final, y dice dónde."""
        with self._lock:
            offset = self.file.seek(0, 2)
            self.file.writelines(parts)
            self.file.flush()
        return offset

    def read(self, offset: int, size: int) -> bytes:
        """``size`` bytes desde ``offset``."""
        if _POSITIONED:
            return os.pread(self.file.fileno(), size, offset)
        with self._lock:
            self.file.seek(offset)
            return self.file.read(size)
