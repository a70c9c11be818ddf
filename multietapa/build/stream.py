"""La conversación con el motor durante una construcción: líneas JSON y una cancelación que se atiende.

Un hilo envía el contexto y lee la respuesta; el generador espera sus líneas sin dejar de mirar si se
canceló. Al cancelar, al cerrarse el generador o con ``KeyboardInterrupt`` le pide al motor que pare y
espera a que pare de verdad.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

import docker
import requests
import urllib3
from docker.errors import APIError

from multietapa import sdk
from multietapa.build.reader import POLL, LineReader, arrived
from multietapa.errors import engine_lost

STOP_TIMEOUT = 15.0  # segundos que se espera a que el motor pare; después se corta la conexión
#: Lo que lanza el SDK, en crudo, si el motor se va.
BROKEN = (requests.RequestException, urllib3.exceptions.HTTPError, OSError)


class Cancelled(Exception):
    """Se canceló y el motor ya paró."""


class Refused(Exception):
    """El motor contestó con un error HTTP; el texto es el suyo."""


class _Body:
    """El tar como cuerpo de la petición: se deja de enviar si se cancela."""

    def __init__(self, file: IO[bytes], stopped: threading.Event) -> None:
        self._file, self._stopped = file, stopped
        here = file.tell()
        self.len = file.seek(0, 2) - here  # requests lo usa como Content-Length
        file.seek(here)

    def read(self, size: int = -1) -> bytes:
        if self._stopped.is_set():
            raise ConnectionAbortedError("cancelado")
        return self._file.read(size)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.read(65536), b"")


class _Reader(LineReader):
    """Envía el contexto y lee lo que contesta el motor."""

    def __init__(self, api: docker.APIClient, path: str, tar: IO[bytes], params: dict[str, Any]) -> None:
        self.stopped = threading.Event()
        self.done = False  # el motor ya no tiene nada que parar
        super().__init__(
            api,
            path,
            name="multietapa-construccion",
            data=_Body(tar, self.stopped),
            params=params,
            headers=lambda: {"Content-Type": "application/x-tar", **sdk.build_auth(api)},
        )

    def cut(self) -> bool:
        """Además, deja de enviar."""
        self.stopped.set()
        return super().cut()


@dataclass(frozen=True)
class BuildOptions:
    """Lo que se pide al motor en una construcción, igual para los dos constructores.

    ``dockerfile`` es su nombre dentro del tar; ``target``, hasta qué etapa; ``buildargs``, valores de
    ``ARG``; ``nocache`` repite todos los pasos.
    """

    dockerfile: str
    tag: str
    target: str | None = None
    buildargs: Mapping[str, str] | None = None
    nocache: bool = False
    labels: Mapping[str, str] | None = None

    def parameters(self) -> dict[str, str]:
        """Los de ``POST /build``; nada que no se haya pedido."""
        wanted = {
            "dockerfile": self.dockerfile,
            "t": self.tag,
            "target": self.target or "",
            "nocache": "1" if self.nocache else "",
            "buildargs": json.dumps(dict(self.buildargs)) if self.buildargs else "",
            "labels": json.dumps(dict(self.labels)) if self.labels else "",
            "rm": "1",
            "forcerm": "1",
        }
        return {key: value for key, value in wanted.items() if value}


def json_lines(
    client: docker.DockerClient,
    tar: IO[bytes],
    params: dict[str, Any],
    *,
    cancel: threading.Event | None,
    ask_to_stop: Callable[[], bool] | None = None,
) -> Generator[dict[str, Any], None, None]:
    """Hace ``POST /build`` y da cada objeto JSON de la respuesta, en cuanto llega.

    Args:
        tar: el contexto, ya al principio; lo cierra quien llama, después de agotar o cerrar este generador.
        cancel: al activarse, el motor para y se lanza ``Cancelled`` (se atiende en ``POLL`` segundos).
        ask_to_stop: cómo se le pide al motor que pare. Sin ella, o si dice que no sabe, se corta la conexión.

    Raises:
        Cancelled: se canceló.
        Refused: el motor no aceptó la petición.
        EngineLostError: el motor se apagó o la respuesta quedó cortada.
    """
    reader = _Reader(client.api, "/build", tar, params)
    reader.start()
    try:
        # El bucle vive en otro generador: en Python 3.11 un Ctrl-C que cae justo al dar la vuelta a un bucle
        # se salta el «finally» que lo rodea (la tabla de excepciones no cubre ese salto).
        yield from _received(reader, cancel)
    finally:
        if not reader.done:
            _stop(reader, ask_to_stop)


def _received(reader: _Reader, cancel: threading.Event | None) -> Iterator[dict[str, Any]]:
    while True:
        item = arrived(reader.found, cancel, Cancelled)
        if isinstance(item, bytes):
            yield _decode(item)
            continue
        reader.done = True
        if item is None:
            return
        if isinstance(item, APIError):
            raise Refused(sdk.reason(item)) from item
        if isinstance(item, BROKEN):
            raise engine_lost() from item
        raise item


def _decode(line: bytes) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except ValueError as error:
        raise engine_lost() from error
    return value if isinstance(value, dict) else {}


def _stop(reader: _Reader, ask_to_stop: Callable[[], bool] | None) -> None:
    reader.stopped.set()
    limit = time.monotonic() + STOP_TIMEOUT
    while reader.is_alive() and time.monotonic() < limit:
        if ask_to_stop is None:
            if reader.cut():
                break
        else:
            try:
                # Se repite: antes de que la construcción empiece, el motor aún no la conoce.
                if not ask_to_stop():
                    ask_to_stop = None
                    continue
            except BROKEN:
                break
        reader.join(timeout=POLL)
    reader.cut()
    reader.join(timeout=1.0)
