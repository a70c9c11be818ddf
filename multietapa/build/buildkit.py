"""Traduce a eventos el rastro de BuildKit; y construye con él sin sesión, para los motores que no la ofrecen.

El SDK no sabe de BuildKit, pero su cliente puede hacer ``POST /build?version=2`` con el contexto como
cuerpo. El motor contesta 200 aunque la construcción falle y va mandando líneas JSON con su rastro en protobuf
(``trace_schema``), el ``id`` de la imagen y, si algo va mal, ``errorDetail``. Lo que cuenta una sesión
(``session.stream``) llega con la misma forma.

Un paso puede volver a empezar (una imagen base que primero se consulta y luego se baja): su último
``StepFinished`` es el que vale y ``seconds`` los suma todos.
"""

from __future__ import annotations

import base64
import threading
import time
import uuid
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import IO, Any

import docker
from google.protobuf.message import DecodeError

from multietapa import sdk
from multietapa.build.classic import ClassicReader
from multietapa.build.events import (
    BuildFailed,
    BuildWarning,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepStarted,
)
from multietapa.build.locating import IMPORTING, Located, locate, uncounted
from multietapa.build.log_lines import LOG_TAIL, LineSplitter
from multietapa.build.progress import Told
from multietapa.build.response import read_with
from multietapa.build.stream import BuildOptions, json_lines
from multietapa.build.trace_schema import decode_status, seconds
from multietapa.dockerfile.lint import lint_text
from multietapa.dockerfile.stages import Dockerfile
from multietapa.errors import engine_lost, is_unreachable

_STREAMS = {1: "stdout", 2: "stderr"}
_NO_SUCH_PATH = 404  # Podman no tiene /build/cancel; Docker contesta que sí aunque no conozca el id
#: Las claves de lo que cuenta la sesión, entre las líneas del motor: qué viajó, y qué paso y línea fallaron.
CONTEXT_SENT, FAILED_AT = "multietapa.contexto", "multietapa.fallo"
_REOPENED = 0.005  # segundos; un intervalo más corto es solo una consulta a la caché


def stream(
    client: docker.DockerClient,
    tar: IO[bytes],
    options: BuildOptions,
    *,
    cancel: threading.Event | None = None,
    source: Dockerfile | None = None,
    started: float | None = None,
) -> Generator[Event, None, None]:
    """Construye y da los eventos; el último es ``BuildFinished`` o ``BuildFailed``.

    Args:
        tar: el contexto empaquetado (``context.pack``).
        cancel: al activarse, el motor para y el último evento es ``BuildFailed(cancelled=True)``.
        source: el Dockerfile ya leído, para poner línea a cada paso.
        started: el ``time.monotonic()`` desde el que se cuentan los segundos; por defecto, ahora.

    Cerrar el generador también para la construcción en el motor.

    Raises:
        EngineLostError: el motor se apagó a mitad.
    """
    build_id = uuid.uuid4().hex
    params = {
        "version": "2",
        "buildid": build_id,
        **options.parameters(),
    }

    def ask_to_stop() -> bool:
        with sdk.post(client.api, "/build/cancel", params={"id": build_id}, timeout=5) as answer:
            return answer.status_code != _NO_SUCH_PATH

    start = time.monotonic() if started is None else started
    with closing(json_lines(client, tar, params, cancel=cancel, ask_to_stop=ask_to_stop)) as lines:
        yield from read(lines, source, clock=lambda: time.monotonic() - start)


def read(
    lines: Iterator[dict[str, Any]],
    source: Dockerfile | None = None,
    *,
    clock: Callable[[], float],
) -> Iterator[Event]:
    """Traduce las respuestas del motor a eventos; ``clock`` da los segundos desde que empezó."""
    return read_with(BuildKitReader(source, clock), lines, clock)


class BuildKitReader:
    """Las líneas de BuildKit: su rastro o, si el motor ignora ``version=2`` (Podman), texto del clásico."""

    def __init__(self, source: Dockerfile | None, elapsed: Callable[[], float]) -> None:
        self._source, self._elapsed = source, elapsed
        self._trace = Trace(source, elapsed)
        self._text: ClassicReader | None = None

    @property
    def cannot_stop(self) -> bool:
        """Lo mismo que el clásico, si es él quien contesta."""
        return self._text is not None and self._text.cannot_stop

    def feed(self, message: Mapping[str, Any]) -> Iterator[Event]:
        """Los eventos de una línea de la respuesta."""
        if message.get("id") == "moby.buildkit.trace":
            yield from self._trace.feed(message.get("aux"))
        elif message.get("id") == CONTEXT_SENT:
            yield message["aux"]
        elif message.get("id") == FAILED_AT:
            self._trace.blame(*message["aux"])
        elif "stream" in message or "status" in message:
            self._text = self._text or ClassicReader(self._source, self._elapsed)
            yield from self._text.feed(message)

    def close(self, _error: str = "") -> Iterator[Event]:
        """Lo que quedó a medias; el error de un paso ya viene en el rastro."""
        return (self._text or self._trace).close()

    def failure(self, reason: str) -> BuildFailed:
        """El fallo final, con el paso que lo causó."""
        return (self._text or self._trace).failure(reason)


class Trace:
    """El rastro de una construcción: recibe mensajes y da eventos. ``elapsed`` mide desde que empezó."""

    def __init__(self, source: Dockerfile | None, elapsed: Callable[[], float]) -> None:
        self._source = source
        self._elapsed = elapsed
        self._offset: float | None = None  # del reloj del motor al nuestro
        self._declared: dict[str, StepDeclared] = {}
        self._located: dict[str, Located] = {}
        self._told = Told()
        self._extra: dict[str, int] = {}  # los ONBUILD que el total de su etapa no cuenta
        self._running: dict[str, float] = {}  # cuándo empezó, en el reloj del motor
        self._worked: dict[str, float] = {}  # segundos ya terminados
        self._ended: dict[str, float] = {}
        self._splitters: dict[tuple[str, str], LineSplitter] = {}
        self._tails: dict[str, list[str]] = {}
        self._errors: dict[str, str] = {}
        self._warned: set[BuildWarning] = set()
        self._blamed: tuple[str, int | None] = ("", None)

    def feed(self, aux: object) -> Iterator[Event]:
        """Los eventos de un mensaje ``moby.buildkit.trace``, en base64 o tal cual.

        Raises:
            EngineLostError: el mensaje está roto.
        """
        try:
            data = aux if isinstance(aux, bytes) else base64.b64decode(str(aux), validate=True)
            status = decode_status(data)
        except (DecodeError, ValueError) as error:
            raise engine_lost() from error
        self._extra |= uncounted(vertex.name for vertex in status.vertexes)
        for vertex in reversed(status.vertexes):  # el plan llega del final al principio
            yield from self._declare(vertex)
        for vertex in status.vertexes:
            yield from self._start(vertex)
        for item in status.statuses:
            if told := self._told.feed(item):
                yield told
        for log in status.logs:
            yield from self._log(log.vertex, _STREAMS.get(log.stream, "stdout"), log.msg)
        for vertex in status.vertexes:
            yield from self._finish(vertex)
        for vertex in status.vertexes:
            if self._opens_again(vertex):
                yield from self._start(vertex)
        for item in status.warnings:
            line = item.ranges[0].start.line if item.ranges else None
            warning = BuildWarning(lint_text(item.short.decode(errors="replace")), line, item.url)
            if warning not in self._warned:
                self._warned.add(warning)
                yield warning

    def close(self) -> Iterator[Event]:
        """Las líneas que quedaron a medias."""
        for id_, stream_name in list(self._splitters):
            yield from self._lines(id_, stream_name, self._splitters[id_, stream_name].flush())

    def blame(self, step: str, line: int | None) -> None:
        """El motor dijo qué paso falló (``""`` si ninguno) y en qué línea (``None`` si en ninguna)."""
        self._blamed = step, line

    def failure(self, reason: str) -> BuildFailed:
        """El fallo final: el paso que lo causó, su línea y el final de su registro."""
        told, told_line = self._blamed
        own = {id_: text for id_, text in self._errors.items() if "context canceled" not in text}
        exact = (id_ for id_, text in own.items() if text and text in reason)
        step = told if told in self._declared else next(exact, None) or next(iter(own), "")
        declared = self._declared.get(step)
        tail = tuple(self._tails.get(step, ()))[-LOG_TAIL:]
        line, name = (declared.line, declared.name) if declared else (None, "")
        line = line or told_line
        return BuildFailed(reason, self._elapsed(), step, line, tail, step=name)

    def _declare(self, vertex: Any) -> Iterator[Event]:
        if vertex.digest in self._declared:
            return
        inputs = [self._located[id_] for id_ in vertex.inputs if id_ in self._located]
        located = locate(vertex.name, self._source, inputs, self._extra)
        self._located[vertex.digest] = located
        event = StepDeclared(
            vertex.digest,
            located.text,
            located.kind,
            located.stage,
            located.line,
            tuple(vertex.inputs),
            located.folder,
        )
        self._declared[vertex.digest] = event
        yield event

    def _at(self, moment: float) -> float:
        if self._offset is None:
            self._offset = self._elapsed() - moment
        return max(0.0, moment + self._offset)

    def _start(self, vertex: Any) -> Iterator[Event]:
        if not vertex.HasField("started") or vertex.digest in self._running:
            return
        started = seconds(vertex.started)
        ended = self._ended.get(vertex.digest)
        if ended is not None:
            lasted = seconds(vertex.completed) - started if vertex.HasField("completed") else None
            if (
                started < ended
                or vertex.cached
                or (lasted is not None and lasted < _REOPENED and not vertex.error)
            ):
                return
        self._running[vertex.digest] = started
        yield StepStarted(vertex.digest, self._at(started))

    def _opens_again(self, vertex: Any) -> bool:
        """Empezó otra vez, y sigue, después de lo que acaba de terminar en el mismo mensaje."""
        ended = self._ended.get(vertex.digest)
        open_now = vertex.HasField("started") and not vertex.HasField("completed")
        return open_now and ended is not None and seconds(vertex.started) > ended

    def _finish(self, vertex: Any) -> Iterator[Event]:
        if not vertex.HasField("completed") or vertex.digest not in self._running:
            return
        started, completed = self._running.pop(vertex.digest), seconds(vertex.completed)
        for stream_name in _STREAMS.values():
            if splitter := self._splitters.get((vertex.digest, stream_name)):
                yield from self._lines(vertex.digest, stream_name, splitter.flush())
        self._worked[vertex.digest] = self._worked.get(vertex.digest, 0.0) + max(0.0, completed - started)
        self._ended[vertex.digest] = completed
        if vertex.error and vertex.name.startswith(IMPORTING):
            yield _without_cache(vertex.name.removeprefix(IMPORTING), vertex.error)
        elif vertex.error:
            self._errors[vertex.digest] = vertex.error
        else:
            yield from self._told.opened(vertex.digest)
        yield StepFinished(
            vertex.digest, self._at(completed), self._worked[vertex.digest], bool(vertex.cached), vertex.error
        )

    def _log(self, id_: str, stream_name: str, chunk: bytes) -> Iterator[Event]:
        splitter = self._splitters.setdefault((id_, stream_name), LineSplitter())
        yield from self._lines(id_, stream_name, splitter.feed(chunk))

    def _lines(self, id_: str, stream_name: str, lines: list[str]) -> Iterator[Event]:
        tail = self._tails.setdefault(id_, [])
        for text in lines:
            tail.append(text)
            yield LogLine(id_, text, stream_name)
        del tail[:-LOG_TAIL]


def _without_cache(name: str, said: str) -> BuildWarning:
    """La caché de una imagen no se pudo leer: no es un fallo, y sin decirlo no se entendería el tiempo."""
    silent = is_unreachable(said.removeprefix(name))
    why = "su registro no contesta" if silent else "no está, o su registro no deja leerla"
    return BuildWarning(f"No se aprovecha la caché de «{name}»: {why}. Se construye sin ella.")
