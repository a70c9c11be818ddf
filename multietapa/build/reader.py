"""Una petición al motor que contesta a líneas: se lee en otro hilo y se puede cortar."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import docker
import requests

from multietapa import sdk

POLL = 0.1
"""Segundos entre una mirada y otra a la cancelación."""
T = TypeVar("T")


def arrived(
    found: queue.SimpleQueue[T],
    cancel: threading.Event | None,
    cancelled: Callable[[], BaseException],
    *,
    poll: float = POLL,
) -> T:
    """Lo siguiente que otro hilo deja en ``found``; si antes se activa ``cancel``, lanza ``cancelled()``."""
    while True:
        if cancel is not None and cancel.is_set():
            raise cancelled()
        try:
            return found.get(timeout=poll)
        except queue.Empty:
            continue


class LineReader(threading.Thread):
    """Hace la petición y deja en ``found`` cada línea de la respuesta, y al final ``None`` o el error.

    ``headers`` se llama en ese hilo: buscar unas credenciales puede tardar. ``request`` es lo demás que se le
    pasa a :func:`multietapa.sdk.post`.
    """

    def __init__(
        self,
        api: docker.APIClient,
        path: str,
        *,
        name: str,
        headers: Callable[[], Mapping[str, str]],
        **request: Any,
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.found: queue.SimpleQueue[bytes | BaseException | None] = queue.SimpleQueue()
        self._api, self._path, self._headers, self._request = api, path, headers, request
        self._response: requests.Response | None = None

    def run(self) -> None:
        """Hasta que acaba la respuesta, o se corta."""
        try:
            self._response = response = sdk.post(
                self._api, self._path, headers=self._headers(), **self._request, stream=True, timeout=None
            )
            with response:
                sdk.raise_for_status(self._api, response)
                for line in sdk.lines(response):
                    self.found.put(line)
            self.found.put(None)
        except BaseException as error:  # noqa: BLE001  lo lanza el generador, en su hilo
            self.found.put(error)

    def cut(self) -> bool:
        """Corta la conexión, para que el motor note que ya nadie espera. Dice si pudo."""
        return sdk.cut(self._response) or not self.is_alive()
