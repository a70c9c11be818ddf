"""Bajar una imagen de un registro sin ningún motor: sus capas, de tres en tres, comprobadas y abiertas.

Hace lo mismo que un motor con ellas (comprueba el sha256 de lo que llega y el de lo que abre), en una carpeta
de usar y tirar. Las abre en orden, de abajo arriba, mientras llegan las demás.
"""

from __future__ import annotations

import errno
import gzip
import hashlib
import queue
import tempfile
import threading
import time
import zlib
from collections.abc import Collection, Generator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import IO, Any

import requests
import urllib3

from multietapa import sdk
from multietapa.build.reader import arrived
from multietapa.build.session.unpacking import Written, unpack
from multietapa.errors import ArchiveError, DeployCancelled, EngineError
from multietapa.image.stored import decompressed
from multietapa.registry.events import LayerDeclared, LayerProgress, LayerState, Pulled, TransferEvent, short
from multietapa.registry.manifest import Blob, Manifest, RegistryClient, unanswered

AT_ONCE = 3
"""Cuántas capas viajan a la vez, como en el motor."""
_CHUNK = 1 << 16
_POLL = 0.05  # segundos entre una mirada y otra a la cancelación
_TELL = 0.05  # segundos entre dos avisos del avance de una capa


def cancelled() -> DeployCancelled:
    """El error de lo que canceló quien lo pidió."""
    return DeployCancelled("Se canceló a medias.", next_step="Vuelve a ejecutarlo cuando quieras.")


def download(
    address: tuple[str, int],
    repository: str,
    manifest: Manifest,
    *,
    present: Collection[str] = (),
    cancel: threading.Event | None = None,
) -> Generator[TransferEvent, None, Written]:
    """Baja las capas de ``manifest`` que no estén en ``present`` (digests) y da lo que pasa con cada una.

    Devuelve lo que se abrió. ``address`` es el nombre y el puerto del registro, o de un enlace que lleva a
    él. Cerrar el generador, o activar ``cancel``, corta lo que esté pasando y borra la carpeta.

    Raises:
        DeployCancelled: se activó ``cancel``.
        RegistryError: el registro no contesta o se corta a medias.
        ArchiveError: una capa no es la que dice su digest, está rota o viene comprimida de otra manera.
        OSError: el disco no deja escribir.
    """
    started = time.monotonic()
    cancel = cancel or threading.Event()
    missing = [layer for layer in manifest.distinct if layer.digest not in present]
    for layer in manifest.distinct:
        yield LayerDeclared(short(layer.digest), layer.size)
        state = LayerState.WAITING if layer in missing else LayerState.PRESENT
        yield LayerProgress(short(layer.digest), state, time.monotonic() - started)
    with tempfile.TemporaryDirectory(prefix="multietapa-capas-", ignore_cleanup_errors=True) as folder:
        work = _Work(address, repository, manifest, missing, Path(folder), started)
        try:
            while (event := work.next(cancel)) is not None:
                yield event
        finally:
            work.stop()
    size = sum(layer.size for layer in missing)
    already = sum(layer.size for layer in manifest.distinct) - size
    yield Pulled(f"{repository}@{manifest.digest}", size, already, time.monotonic() - started)
    return work.written


class _Work:
    """Los hilos que bajan, y el que abre; ``next`` da lo que cuentan."""

    def __init__(
        self,
        address: tuple[str, int],
        repository: str,
        manifest: Manifest,
        missing: list[Blob],
        folder: Path,
        started: float,
    ) -> None:
        self.written = Written()
        self._repository, self._folder, self._started = repository, folder, started
        self._missing = missing
        self._diff_ids = {
            layer.digest: diff for layer, diff in zip(manifest.layers, manifest.diff_ids, strict=False)
        }
        self._client = RegistryClient(address, connections=AT_ONCE)
        self._said: queue.SimpleQueue[LayerProgress | BaseException | None] = queue.SimpleQueue()
        self._pending = queue.SimpleQueue[Blob]()
        self._arrived = {layer.digest: threading.Event() for layer in missing}
        self._stopped = threading.Event()
        self._open: set[requests.Response] = set()
        for layer in missing:
            self._pending.put(layer)
        count = min(AT_ONCE, len(missing))
        jobs = [(self._fetch_all, f"multietapa-capa-{n}") for n in range(count)]
        jobs.append((self._unpack_all, "multietapa-abrir"))
        self._threads = [threading.Thread(target=job, name=name, daemon=True) for job, name in jobs]
        for thread in self._threads:
            thread.start()

    def next(self, cancel: threading.Event) -> LayerProgress | None:
        """Lo siguiente que pasa, o ``None`` cuando está todo. Lanza lo que fallara."""
        said = arrived(self._said, cancel, cancelled, poll=_POLL)
        if isinstance(said, BaseException):
            raise said
        return said

    def stop(self) -> None:
        """Corta lo que quede y espera a los hilos."""
        self._stopped.set()
        for answer in list(self._open):
            sdk.cut(answer)
        for event in self._arrived.values():
            event.set()
        for thread in self._threads:
            thread.join()
        self._client.close()

    def _fetch_all(self) -> None:
        try:
            while not self._stopped.is_set():
                try:
                    layer = self._pending.get_nowait()
                except queue.Empty:
                    return
                self._fetch(layer)
                self._arrived[layer.digest].set()
        except BaseException as problem:  # noqa: BLE001  lo lanza el generador, en su hilo
            self._said.put(problem)

    def _fetch(self, layer: Blob) -> None:
        """Baja una capa a su archivo y comprueba que es la que dice su digest."""
        digest, size, told = hashlib.sha256(), 0, 0.0
        what = f"la capa {short(layer.digest)}"
        answer = self._client.open_blob(self._repository, layer.digest)
        self._open.add(answer)
        try:
            with self._path(layer).open("wb") as file:
                while chunk := answer.raw.read(_CHUNK, decode_content=False):
                    self._check()
                    digest.update(chunk)
                    file.write(chunk)
                    size += len(chunk)
                    if size > layer.size:
                        raise _wrong(what, f"pasa de los {layer.size} bytes que anuncia")
                    if time.monotonic() - told > _TELL:
                        told = time.monotonic()
                        self._tell(layer, LayerState.TRAVELLING, size, layer.size)
        except (urllib3.exceptions.HTTPError, OSError, ValueError) as problem:
            if self._stopped.is_set() or (isinstance(problem, OSError) and problem.errno == errno.ENOSPC):
                raise
            raise unanswered(what, str(problem)) from problem
        finally:
            self._open.discard(answer)
            answer.close()
        if size < layer.size:
            raise unanswered(what, f"llegaron {size} bytes de {layer.size}")
        if f"sha256:{digest.hexdigest()}" != layer.digest:
            raise _wrong(what, "su sha256 es otro")
        self._tell(layer, LayerState.ARRIVED, size, size)

    def _unpack_all(self) -> None:
        """Abre las capas en su orden, cada una en su carpeta."""
        try:
            for layer in self._missing:
                self._arrived[layer.digest].wait()
                self._check()
                self._tell(layer, LayerState.UNPACKING, 0, layer.size)
                self._unpack(layer)
                self._tell(layer, LayerState.DONE, layer.size, layer.size)
            self._said.put(None)
        except BaseException as problem:  # noqa: BLE001  lo lanza el generador, en su hilo
            self._said.put(problem)

    def _unpack(self, layer: Blob) -> None:
        what = f"la capa {short(layer.digest)}"
        root = self._folder / f"{short(layer.digest)}.d"
        root.mkdir()
        told = time.monotonic()
        with ExitStack() as stack:
            file = stack.enter_context(self._path(layer).open("rb"))

            def check() -> None:
                nonlocal told
                self._check()
                if time.monotonic() - told > _TELL:
                    told = time.monotonic()
                    self._tell(layer, LayerState.UNPACKING, min(file.tell(), layer.size), layer.size)

            source = _Hashed(stack.enter_context(closing(_opened(file, what))))
            try:
                written = unpack(source, root, check=check)
            except EngineError as problem:
                raise _wrong(what, problem.why or problem.what) from problem
            except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
                raise _wrong(what, f"no se puede descomprimir ({problem})") from problem
        expected = self._diff_ids.get(layer.digest, "")
        if expected and source.digest() != expected:
            raise _wrong(what, "lo que lleva dentro no es lo que dice la configuración de la imagen")
        self.written.files += written.files
        self.written.bytes += written.bytes
        self.written.links += written.links
        self._path(layer).unlink()

    def _path(self, layer: Blob) -> Path:
        return self._folder / short(layer.digest)

    def _check(self) -> None:
        if self._stopped.is_set():
            raise cancelled()

    def _tell(self, layer: Blob, state: LayerState, current: int, total: int) -> None:
        at = time.monotonic() - self._started
        self._said.put(LayerProgress(short(layer.digest), state, at, current, total))


class _Hashed:
    """Lo que se lee, contado en su sha256."""

    def __init__(self, source: Any) -> None:
        self._source, self._hash = source, hashlib.sha256()

    def read(self, size: int, /) -> bytes:
        data: bytes = self._source.read(size)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        return f"sha256:{self._hash.hexdigest()}"


def _opened(file: IO[bytes], what: str) -> Any:
    """El tar de una capa, venga como venga: con gzip, con zstd o sin comprimir."""
    magic = file.read(4)
    file.seek(0)
    without = f"{what[0].upper()}{what[1:]} viene comprimida con zstd, y este Python no sabe abrirla."
    return decompressed(file, magic, without=without) or file


def _wrong(what: str, why: str) -> ArchiveError:
    return ArchiveError(
        f"{what[0].upper()}{what[1:]} no es la que dice la imagen.",
        why=f"{why[0].upper()}{why[1:]}.",
        next_step="Vuelve a subir la imagen al registro y repite.",
    )
