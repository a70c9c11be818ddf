"""La conexión que el motor cede, como un cable: leer en un hilo y escribir en otro, sea del tipo que sea.

Un socket normal vale tal cual. Los demás, no: en uno con TLS dos hilos a la vez lo estropean; por ssh se lee
de un canal o de la salida de una orden; en Windows, la tubería del motor solo entiende dos de sus funciones.
"""

from __future__ import annotations

import select
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Protocol

import docker
import requests

from multietapa import sdk


class _Ends(Protocol):
    """Los dos extremos de una conexión, cada uno en su hilo. Si se rompió, lanzan ``OSError``."""

    def read(self) -> bytes:
        """Lo que haya llegado; ``b""`` cuando ya no llegará nada."""

    def write(self, data: bytes) -> None:
        """Escribe todo."""

    def close(self) -> None:
        """Cierra; quien leía deja de esperar."""


class Wire(_Ends, Protocol):
    """El cable entero: los dos extremos y lo que hay que soltar cuando ya nadie los usa."""

    def release(self) -> None:
        """Suelta lo que el cable guardaba."""


#: Lo que se espera, en segundos, a que el motor ceda una conexión: lo que espera el SDK por omisión.
ANSWER_SECONDS = 60.0
_READ = 256 << 10  # bytes de una lectura
_PAUSE = 5.0  # segundos que se espera a un socket antes de volver a mirar si se cerró


class PlainWire:
    """Un socket de Unix o de TCP."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        connection.settimeout(None)

    def read(self) -> bytes:
        """Lo que haya llegado; ``b""`` al final."""
        return self._socket.recv(_READ)

    def write(self, data: bytes) -> None:
        """Escribe todo."""
        self._socket.sendall(data)

    def close(self) -> None:
        """Cierra; quien leía deja de esperar."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)


class TlsWire:
    """Un socket con TLS: no espera nunca dentro de OpenSSL, y solo un hilo lo usa a la vez."""

    def __init__(self, connection: ssl.SSLSocket) -> None:
        self._socket, self._one = connection, threading.Lock()
        self._closed = False
        connection.setblocking(False)

    def read(self) -> bytes:
        """Lo que haya llegado; ``b""`` al final."""
        while not self._closed:
            try:
                with self._one:
                    return self._socket.recv(_READ)
            except ssl.SSLWantReadError:
                self._wait(reading=True)
            except ssl.SSLWantWriteError:
                self._wait(reading=False)
        return b""

    def write(self, data: bytes) -> None:
        """Escribe todo."""
        view = memoryview(data)
        while view:
            if self._closed:
                raise ConnectionAbortedError("la conexión se cerró")
            try:
                with self._one:
                    view = view[self._socket.send(view) :]
            except ssl.SSLWantReadError:
                self._wait(reading=True)
            except ssl.SSLWantWriteError:
                self._wait(reading=False)

    def close(self) -> None:
        """Cierra; quien leía deja de esperar."""
        self._closed = True
        with suppress(OSError), self._one:
            self._socket.shutdown(socket.SHUT_RDWR)

    def _wait(self, *, reading: bool) -> None:
        here = [self._socket]
        select.select(here if reading else [], [] if reading else here, [], _PAUSE)


class ChannelWire:
    """Un canal de ssh abierto con paramiko, que ya se puede usar desde dos hilos."""

    def __init__(self, channel: Any) -> None:
        self._channel = channel
        channel.settimeout(None)

    def read(self) -> bytes:
        """Lo que haya llegado; ``b""`` al final."""
        return bytes(self._channel.recv(_READ))

    def write(self, data: bytes) -> None:
        """Escribe todo."""
        self._channel.sendall(data)

    def close(self) -> None:
        """Cierra; quien leía deja de esperar."""
        self._channel.close()


class ProcessWire:
    """La orden ``ssh`` que lanza el SDK: se lee de su salida y se escribe en su entrada."""

    def __init__(self, process: Any) -> None:
        self._process = process

    def read(self) -> bytes:
        """Lo que haya llegado; ``b""`` al final."""
        return bytes(self._process.stdout.read1(_READ))

    def write(self, data: bytes) -> None:
        """Escribe todo."""
        self._process.stdin.write(data)
        self._process.stdin.flush()

    def close(self) -> None:
        """Termina la orden y la recoge; quien leía deja de esperar."""
        with suppress(OSError):
            self._process.terminate()
        try:
            self._process.wait(_PAUSE)
        except subprocess.TimeoutExpired:
            self._process.kill()
        with suppress(OSError):  # lo que quedara por escribir ya no tiene quien lo lea
            self._process.stdin.close()


class PipeWire:
    """La tubería con nombre de Docker en Windows. Escrita según sus reglas y **sin probar** en un Windows.

    Se abrió en modo solapado: de sus funciones, solo ``recv_into`` y ``send`` esperan así; ``recv`` no.
    """

    def __init__(self, pipe: Any) -> None:
        self._pipe, self._room = pipe, bytearray(_READ)
        pipe.settimeout(None)

    def read(self) -> bytes:
        """Lo que haya llegado; ``b""`` al final."""
        return bytes(self._room[: self._pipe.recv_into(self._room)])

    def write(self, data: bytes) -> None:
        """Escribe todo."""
        view = memoryview(data)
        while view:
            view = view[self._pipe.send(bytes(view)) :]

    def close(self) -> None:
        """Cierra; quien leía deja de esperar."""
        with suppress(OSError):
            self._pipe.close()


class AdoptedWire:
    """Un cable que empieza por lo que ya se había leído y que guarda la respuesta de la que salió."""

    def __init__(self, wire: _Ends, first: bytes, response: requests.Response) -> None:
        self._wire, self._first, self._response = wire, first, response

    def read(self) -> bytes:
        if self._first:
            first, self._first = self._first, b""
            return first
        return self._wire.read()

    def write(self, data: bytes) -> None:
        self._wire.write(data)

    def close(self) -> None:
        self._wire.close()

    def release(self) -> None:
        """Suelta la conexión. Solo cuando ya nadie lee ni escribe."""
        with suppress(OSError, AttributeError, ValueError):
            self._response.close()


def adopt(client: docker.DockerClient, path: str, headers: Iterable[tuple[str, str]] = ()) -> AdoptedWire:
    """Pide al motor una conexión para nosotros solos y la da como cable.

    Raises:
        docker.errors.APIError: el motor no tiene esa ruta (Podman, o un motor muy antiguo).
        requests.RequestException: no hay nadie, o en ``ANSWER_SECONDS`` no contesta (``ReadTimeout``).
    """
    response, connection, first = sdk.upgrade(client.api, path, headers, timeout=ANSWER_SECONDS)
    return AdoptedWire(_wire_of(connection), first, response)


def _wire_of(connection: Any) -> _Ends:
    if isinstance(connection, ssl.SSLSocket):
        return TlsWire(connection)
    if hasattr(connection, "recv_stderr"):
        return ChannelWire(connection)
    if getattr(connection, "proc", None) is not None:
        return ProcessWire(connection.proc)
    if isinstance(connection, socket.socket):
        return PlainWire(connection)
    return PipeWire(connection)
