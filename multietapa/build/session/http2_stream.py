"""Una corriente de una conexión HTTP/2: lo que llega por ella y lo que se envía, en orden."""

from __future__ import annotations

import queue
from collections.abc import Iterable, Iterator
from typing import Protocol

Headers = Iterable[tuple[str, str]]

_TOGETHER = 64 << 10  # los mensajes pequeños viajan juntos hasta aquí
_CONFIRM = 256 << 10  # bytes que se sacan de la cola antes de decirlo: cada aviso cuesta como cien lecturas


class Broken(Exception):
    """La corriente o la conexión se cortó antes de acabar; el texto dice cómo."""


class Carrier(Protocol):
    """La conexión, para una de sus corrientes. Todas menos ``taken`` y ``reset`` lanzan :class:`Broken`."""

    def send_headers(self, stream: Stream, headers: list[tuple[str, str]], *, end: bool) -> None:
        """Envía cabeceras."""

    def send_data(self, stream: Stream, data: bytes) -> None:
        """Envía todo, según haya sitio."""

    def end(self, stream: Stream) -> None:
        """De este lado no habrá más."""

    def reset(self, stream: Stream) -> None:
        """Corta la corriente."""

    def taken(self, stream: Stream, size: int) -> None:
        """``size`` bytes ya no ocupan sitio."""


class Stream:
    """Una corriente: las cabeceras que llegaron y los trozos de datos, en los dos sentidos."""

    def __init__(self, connection: Carrier, number: int, headers: Headers = ()) -> None:
        self.number = number
        self.headers = list(headers)
        self.trailers: list[tuple[str, str]] = []
        self._connection = connection
        self._received: queue.SimpleQueue[bytes | Exception | None] = queue.SimpleQueue()
        self._pending = bytearray()
        self._over: Exception | None = None
        self.done = self.ended = False  # ya no llegará nada, y de este lado ya no saldrá

    def chunks(self) -> Iterator[bytes]:
        """Los trozos que llegan, hasta que el otro lado acaba. Lanza :class:`Broken` si se corta."""
        taken = 0
        try:
            while (item := self._received.get()) is not None:
                if isinstance(item, Exception):
                    raise item
                yield item
                taken += len(item)
                if taken >= _CONFIRM:
                    self._connection.taken(self, taken)
                    taken = 0
        finally:
            if taken:  # también ocupa sitio en la conexión, que es de todas
                self._connection.taken(self, taken)

    @property
    def waiting(self) -> bool:
        """Hay algo que leer sin esperar: un trozo, el final o un corte."""
        return not self._received.empty()

    def send_headers(self, headers: Headers, *, end: bool = False) -> None:
        """Envía cabeceras, después de los datos que estuvieran por enviar. Lanza :class:`Broken`."""
        self.flush()
        self._connection.send_headers(self, list(headers), end=end)

    def send(self, data: bytes) -> None:
        """Envía ``data``, si acaso junto con lo siguiente. Espera si no hay sitio. Lanza :class:`Broken`."""
        if len(data) >= _TOGETHER:
            self.flush()
            self._connection.send_data(self, data)
            return
        self._pending += data
        if len(self._pending) >= _TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Envía ya lo que ``send`` hubiera juntado. Lanza :class:`Broken`."""
        if self._pending:
            data, self._pending = bytes(self._pending), bytearray()
            self._connection.send_data(self, data)

    def end(self) -> None:
        """Dice que de este lado no habrá más datos. Lanza :class:`Broken`."""
        self.flush()
        self._connection.end(self)

    def reset(self) -> None:
        """Corta la corriente; el otro lado deja lo que estuviera haciendo con ella."""
        self._connection.reset(self)

    def arrived(self, item: bytes | None) -> None:
        """Apunta un trozo, o el final. La llama la conexión."""
        self.done = self.done or item is None
        self._received.put(item)

    def break_(self, error: Exception) -> None:
        """Apunta que se cortó. La llama la conexión."""
        if self._over is None:
            self._over = error
            if not self.done:
                self._received.put(error)

    @property
    def finished(self) -> bool:
        """Acabó de los dos lados, o se cortó: ya no llegará nada."""
        return self._over is not None or (self.done and self.ended)

    @property
    def over(self) -> Exception | None:
        """Por qué ya no se puede enviar nada, o ``None``."""
        return self._over
