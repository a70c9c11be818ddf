"""Una construcción con sesión, como generador de los mismos eventos que sin ella.

Un hilo espera a que la orden acabe y otro lee su rastro; el generador reparte lo que dejan sin dejar de mirar
si se canceló. Lo que viaja, mientras, lo atiende la sesión en los suyos.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import docker
import requests
from docker.errors import APIError
from google.protobuf.message import DecodeError

from multietapa import sdk
from multietapa.build import buildkit
from multietapa.build.events import BuildFailed, BuildFinished, BuildWarning, ContextSent, Event
from multietapa.build.reader import arrived
from multietapa.build.session import agent, attributes, control, credentials, filesync, secrets, wire
from multietapa.build.session.extras import Extras, needs_newer_frontend
from multietapa.build.session.folder_key import FolderKeys
from multietapa.build.session.grpc import UNAVAILABLE, GrpcError, Handler, MadeCall
from multietapa.build.session.http2_stream import Broken
from multietapa.build.session.output import METHOD as OUTPUT
from multietapa.build.session.output import Output
from multietapa.build.session.session import Session
from multietapa.build.stream import BROKEN, STOP_TIMEOUT, BuildOptions, Cancelled
from multietapa.dockerfile.context import Context
from multietapa.dockerfile.stages import Dockerfile
from multietapa.errors import MultietapaError, engine_lost
from multietapa.text import duration

_TELL_EVERY = 0.2  # segundos entre dos noticias de lo que viaja
_SEVERAL_SINCE = (1, 45)  # versión de la API cuyo BuildKit (0.13) atiende varias salidas en una orden
_CONTEXTS_SINCE = (1, 42)  # la de aquel cuyo BuildKit mira los contextos con nombre
_NOT_LEFT = "En la carpeta de salida no se ha dejado todo:"
_SILENT = "Hay alguien ahí, pero en {} no ha contestado: está muy ocupado, o en pausa."
_LAST_NEWS_SECONDS = 5.0  # lo que se espera al final del rastro cuando la orden ya acabó


class NotOffered(Exception):
    """Este motor no ofrece sesiones; todavía no se ha hecho nada."""


def stream(
    client: docker.DockerClient,
    context: Context,
    options: BuildOptions,
    *,
    text: str,
    extras: Extras | None = None,
    keys: FolderKeys | None = None,
    cancel: threading.Event | None = None,
    source: Dockerfile | None = None,
    started: float | None = None,
) -> Generator[Event, None, None]:
    """Construye y da los eventos; el último es ``BuildFinished`` o ``BuildFailed``.

    Args:
        text: el Dockerfile, que viaja aparte de la carpeta y puede no ser el que hay en ella.
        extras: lo demás que se pide o se ofrece.
        keys: las claves de las carpetas (por omisión, las de la caché del kit).
        cancel, source, started: como en ``buildkit.stream``. Cerrar el generador también cancela.

    Raises:
        NotOffered: el motor no tiene sesiones; se sabe antes del primer evento.
        BuildError: las tiene, pero su BuildKit pasaría por alto los contextos con nombre.
        MultietapaError: lo que no pudo viajar, o el motor que se apagó (``EngineLostError``).
    """
    start = time.monotonic() if started is None else started

    def clock() -> float:
        return time.monotonic() - start

    extras = extras or Extras()
    building = _Building(client, context, options, text, extras, keys or FolderKeys(), cancel)
    try:
        if extras.contexts and sdk.api_version(client) < _CONTEXTS_SINCE and not (source and source.syntax):
            raise needs_newer_frontend()
        with closing(building.lines(cancel)) as lines:
            for event in buildkit.read(lines, source, clock=clock):
                if isinstance(event, BuildFailed) and not event.cancelled and building.failures:
                    raise building.failures[0]
                if isinstance(event, BuildFinished):
                    yield from building.keep()
                yield event
    finally:
        building.close()


class _Building:
    """Las dos conexiones de una construcción y sus hilos."""

    def __init__(
        self,
        client: docker.DockerClient,
        context: Context,
        options: BuildOptions,
        text: str,
        extras: Extras,
        keys: FolderKeys,
        cancel: threading.Event | None,
    ) -> None:
        self.failures: list[MultietapaError] = []
        self._found: queue.SimpleQueue[dict[str, Any] | BaseException | None] = queue.SimpleQueue()
        self._over = threading.Event()
        self._told = 0.0
        self._workers: list[threading.Thread] = []
        self._image = ""
        self._output = Output(extras.output, cancel) if extras.output else None
        offers = attributes.offers(context, text, extras)
        self._keys, self._missing, self._listed = keys, {*offers} - {attributes.DOCKERFILE}, 0
        self._opened = keys.open(
            attributes.folder_name(context, extras), attributes.looked(context, extras, cancel)
        )
        handlers: dict[str, Handler] = {
            filesync.METHOD: filesync.handler(
                offers,
                travelled=self._travelled,
                failed=self.failures.append,
            ),
            credentials.METHOD: credentials.handler(client.api),
            **_served(extras),
        }
        if self._output:
            handlers[OUTPUT] = self._output.handler(self.failures.append)
        try:
            self._session = Session(client, handlers, key=self._opened.key)
            try:
                self._control = control.Control(client)
            except BaseException:
                self._session.close()
                raise
        except APIError as error:
            raise NotOffered(str(error)) from error
        except requests.ReadTimeout as error:
            raise engine_lost(why=_SILENT.format(duration(wire.ANSWER_SECONDS))) from error
        except BROKEN as error:
            raise engine_lost() from error
        self._orders = attributes.orders(
            self._session.id, context, options, extras, together=sdk.api_version(client) >= _SEVERAL_SINCE
        )

    def close(self) -> None:
        """Cierra las conexiones y espera a sus hilos."""
        self._control.close()
        self._session.close()
        for worker in self._workers:
            worker.join(timeout=1.0)
        if self._output:
            self._output.discard()
        self._keys.close(self._opened, complete=None if self._missing else self._listed)

    def lines(self, cancel: threading.Event | None) -> Generator[dict[str, Any], None, None]:
        """Las líneas de la respuesta, como las que da ``POST /build``. Lanza ``Cancelled`` si se canceló."""
        for order in self._orders:
            yield from self._solved(order, cancel)
            if not self._image:
                return
        yield {"aux": {"ID": self._image}}

    def keep(self) -> Iterator[Event]:
        """Deja en su carpeta los archivos que se pidieron. Lanza :class:`MultietapaError`."""
        if self._output:
            kept = self._output.keep()
            yield kept
            yield from (BuildWarning(f"{_NOT_LEFT} {sentence}") for sentence in kept.left)

    def _solved(self, order: control.Order, cancel: threading.Event | None) -> Iterator[dict[str, Any]]:
        """Las líneas de una orden; si acaba bien, ``_image`` es la imagen."""
        self._over.clear()
        self._workers = []
        solving = self._make(lambda: self._control.solve(order))
        news = self._make(lambda: self._control.status(order.ref))
        self._begin(lambda: self._read(news), "multietapa-rastro")
        self._begin(lambda: self._wait(solving), "multietapa-orden")
        try:
            yield from self._received(cancel)  # en otro generador: véase build.stream.json_lines
        finally:
            if not self._over.is_set():
                solving.cancel()
                self._workers[0].join(timeout=STOP_TIMEOUT)  # su rastro acaba cuando el motor para de verdad

    def _received(self, cancel: threading.Event | None) -> Iterator[dict[str, Any]]:
        while True:
            item = arrived(self._found, cancel, Cancelled)
            if item is None:
                return
            if isinstance(item, BaseException):
                raise item
            yield item

    def _make(self, call: Callable[[], MadeCall]) -> MadeCall:
        try:
            return call()
        except Broken as error:
            raise engine_lost() from error

    def _begin(self, work: Callable[[], None], name: str) -> None:
        worker = threading.Thread(target=work, name=name, daemon=True)
        self._workers.append(worker)
        worker.start()

    def _read(self, news: MadeCall) -> None:
        """El rastro, hasta que se acaba. Si se corta antes, quien espera a la orden dirá por qué."""
        try:
            for message in news.messages():
                self._found.put({"id": "moby.buildkit.trace", "aux": message})
        except (Broken, GrpcError):
            return

    def _wait(self, solving: MadeCall) -> None:
        """El final de la orden, detrás de lo último del rastro."""
        last: list[dict[str, Any] | BaseException | None]
        try:
            self._image = self._image or _image_id(control.result(solving))
            last = [None]
        except GrpcError as error:
            self._image = ""
            where = {"id": buildkit.FAILED_AT, "aux": control.place(error)}
            last = [where, {"errorDetail": {"message": error.message}}, None]
            if error.code == UNAVAILABLE:
                last = [engine_lost()]
        except (Broken, DecodeError):
            last = [engine_lost()]
        self._over.set()
        self._workers[0].join(timeout=_LAST_NEWS_SECONDS)
        for item in last:
            self._found.put(item)

    def _travelled(self, count: filesync.Travelled) -> None:
        if count.folder == attributes.DOCKERFILE:
            return
        if count.complete:
            self._missing.discard(count.folder)
            self._listed = time.time_ns()
        now = time.monotonic()
        if count.complete or now - self._told > _TELL_EVERY:
            self._told = now
            sent = (count.files, count.bytes, count.of_files, count.of_bytes)
            told = ContextSent(count.folder, *sent, complete=count.complete)
            self._found.put({"id": buildkit.CONTEXT_SENT, "aux": told})


def _served(extras: Extras) -> Mapping[str, Handler]:
    """Quienes atienden los secretos y el agente; de lo que no se ofrece, el motor ya sabe qué decir."""
    found: dict[str, Handler] = {}
    if extras.secrets:
        found[secrets.METHOD] = secrets.handler(extras.secrets)
    if extras.ssh:
        found.update(agent.handlers(extras.ssh))
    return found


def _image_id(answer: Mapping[str, str]) -> str:
    """El identificador con el que el motor conoce la imagen; ``""`` si no se pidió ninguna."""
    return answer.get("containerimage.digest") or answer.get("containerimage.config.digest") or ""
