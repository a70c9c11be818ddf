"""Lee la respuesta del motor por delante de quien la usa: mientras uno mira un trozo, el motor manda otro."""

from __future__ import annotations

import queue
import threading
from collections.abc import Generator, Iterator

import requests

from multietapa import sdk

CHUNK = 1 << 20
_AHEAD = 32  # trozos leídos que esperan
_POLL = 0.1  # segundos


def read_ahead(response: requests.Response) -> Generator[bytes, None, None]:
    """Los bytes de ``response``, a trozos de unos :data:`CHUNK`. Al cerrarse corta la conexión.

    El motor los manda de 32 en 32 kB: se juntan, porque pasar de un hilo a otro cuesta más que leerlos.

    Lanza lo que lance leerla.
    """
    reader = _Reader(response)
    reader.start()
    try:
        # El bucle vive en otro generador: véase ``build.stream.json_lines``.
        yield from _received(reader)
    finally:
        reader.close()


def _received(reader: _Reader) -> Iterator[bytes]:
    while True:
        try:
            item = reader.found.get(timeout=_POLL)
        except queue.Empty:
            continue
        if item is None:
            return
        if isinstance(item, BaseException):
            raise item
        yield item


class _Reader(threading.Thread):
    """Deja en ``found`` cada trozo y, al final, ``None`` o el error."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(name="multietapa-imagen", daemon=True)
        self.found: queue.Queue[bytes | BaseException | None] = queue.Queue(_AHEAD)
        self._response = response
        self._closed = threading.Event()

    def run(self) -> None:
        """Hasta que acaba la respuesta, o ya nadie la quiere."""
        parts: list[bytes] = []
        length = 0
        try:
            for part in self._response.iter_content(CHUNK):
                parts.append(part)
                length += len(part)
                if length >= CHUNK:
                    if not self._put(b"".join(parts)):
                        return
                    parts, length = [], 0
            self._put(b"".join(parts))
            self._put(None)
        except BaseException as error:  # noqa: BLE001  lo lanza el generador, en su hilo
            self._put(error)

    def close(self) -> None:
        """Suelta la conexión y espera al hilo."""
        self._closed.set()
        if self.is_alive():
            sdk.cut(self._response)
            self.join(timeout=1.0)
        self._response.close()

    def _put(self, item: bytes | BaseException | None) -> bool:
        while not self._closed.is_set():
            try:
                self.found.put(item, timeout=_POLL)
            except queue.Full:
                continue
            return True
        return False
