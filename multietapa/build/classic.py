"""Construye con el constructor clásico, el que el SDK de Docker usa por sí solo, y da los mismos eventos.

Su respuesta es texto (``Step 2/5 : RUN ...``, `` ---> Using cache``); aquí se parte en pasos ``paso-N``.
Todo va en fila: cada etapa entera, haga falta o no. Se cancela cortando la conexión, y el motor quita el
contenedor intermedio. Podman contesta con el texto de Buildah, que es casi el mismo (:mod:`.numbering`).
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import IO, Any

import docker

from multietapa.build.events import (
    BuildFailed,
    BuildWarning,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepProgress,
    StepStarted,
)
from multietapa.build.log_lines import LOG_TAIL, LineSplitter
from multietapa.build.numbering import Announced, ByStage, InOneRow, Numbering, steps_of
from multietapa.build.response import read_with
from multietapa.build.stream import BuildOptions, json_lines
from multietapa.dockerfile.stages import Dockerfile

#: Cómo anuncia un paso el clásico de Docker, y cómo Buildah.
_NUMBERINGS = (
    (re.compile(r"^Step (?P<n>\d+)/(?P<total>\d+) : (?P<text>.*)$", re.DOTALL), InOneRow),
    (
        re.compile(
            r"^(?:\[(?P<stage>\d+)/\d+\] )?STEP (?P<n>\d+)(?:/(?P<total>\d+))?: (?P<text>.*)$", re.DOTALL
        ),
        ByStage,
    ),
)
_CACHED = re.compile(r"^(?: ---> Using cache|--> Using cache [0-9a-f]+)\n?$")
_DONE = re.compile(r"^ ?-+> [0-9a-f]{11,64}\n?$")
_NOISE = re.compile(
    r"^ ?-+> (Running in [0-9a-f]+|Removed intermediate container [0-9a-f]+)\n?$"
    r"|^Removing intermediate container [0-9a-f]+\n?$|^Successfully (built|tagged) \S+\n?$"
)
_BUILDAH_NOISE = re.compile(r"^(\[\d+/\d+\] )?COMMIT( \S+)?\n?$")
_TRIGGERS = re.compile(r"^# Executing \d+ build trigger")  # la «s» y el salto de línea llegan aparte
_WARNING = re.compile(r"^(?: -+> )?\[Warning\] (.*)$", re.DOTALL)
_STDERR = "\x1b[91m"  # con este color marca el motor lo que va por stderr


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

    Los parámetros y los errores son los de ``buildkit.stream``.
    """
    start = time.monotonic() if started is None else started
    with closing(json_lines(client, tar, options.parameters(), cancel=cancel)) as lines:
        yield from read(lines, source, target=options.target, clock=lambda: time.monotonic() - start)


def read(
    lines: Iterator[dict[str, Any]],
    source: Dockerfile | None = None,
    *,
    target: str | None = None,
    clock: Callable[[], float],
) -> Iterator[Event]:
    """Traduce las respuestas del motor a eventos; ``clock`` da los segundos desde que empezó."""
    return read_with(ClassicReader(source, clock, target=target), lines, clock)


class ClassicReader:
    """Parte el texto del constructor clásico en pasos. ``elapsed`` mide desde que empezó."""

    def __init__(
        self, source: Dockerfile | None, elapsed: Callable[[], float], *, target: str | None = None
    ) -> None:
        self._plan = steps_of(source, target) if source else ()
        self._elapsed = elapsed
        self._numbering: Numbering | None = None
        self._step: StepDeclared | None = None
        self._started = 0.0
        self._cached = False
        self._open = False
        self._counting = False
        self._splitters = {name: LineSplitter() for name in ("stdout", "stderr")}
        self._tail: list[str] = []

    @property
    def cannot_stop(self) -> bool:
        """Buildah no mira si alguien espera hasta que acaba el paso en el que está."""
        return isinstance(self._numbering, ByStage)

    def feed(self, message: Mapping[str, Any]) -> Iterator[Event]:
        """Los eventos de un objeto de la respuesta."""
        if "status" in message and self._open:
            detail = message.get("progressDetail") or {}
            label = " ".join(filter(None, (message.get("id"), message.get("status"))))
            yield StepProgress(
                self._id, label, int(detail.get("current") or 0), max(0, int(detail.get("total") or 0))
            )
        text = message.get("stream")
        if not isinstance(text, str):
            return
        if step := self._announced(text):
            yield from self.close()
            yield from self._begin(step)
        elif self._counting or _TRIGGERS.match(text):
            self._counting = not text.endswith("\n")
        elif warning := _WARNING.match(text):
            yield BuildWarning(warning[1].strip())
        elif _CACHED.match(text):
            self._cached = True
        elif _DONE.match(text):
            yield from self.close()
        elif self._open and not self._is_noise(text) and (text != "\n" or self._tail):
            name = "stderr" if text.startswith(_STDERR) else "stdout"
            yield from self._log(name, self._splitters[name].feed(text))

    def close(self, error: str = "") -> Iterator[Event]:
        """Termina el paso que esté abierto."""
        if not self._open:
            return
        for name, splitter in self._splitters.items():
            yield from self._log(name, splitter.flush())
        self._open = False
        now = self._elapsed()
        yield StepFinished(self._id, now, now - self._started, self._cached, error)

    def failure(self, reason: str) -> BuildFailed:
        """El fallo final: el último paso que empezó."""
        step, tail = self._step, tuple(self._tail[-LOG_TAIL:])
        if step is None:
            return BuildFailed(reason, self._elapsed(), log=tail)
        return BuildFailed(reason, self._elapsed(), step.id, step.line, tail, step=step.name)

    def _is_noise(self, text: str) -> bool:
        """Es charla de quien construye, y no lo que escribió el paso."""
        return bool(_NOISE.match(text) or (self.cannot_stop and _BUILDAH_NOISE.match(text)))

    @property
    def _id(self) -> str:
        return self._step.id if self._step else ""

    def _announced(self, text: str) -> Announced | None:
        """El paso que anuncia esa línea, si anuncia uno. El primero dice quién construye, y cómo numera."""
        for pattern, numbering in _NUMBERINGS:
            if (self._numbering is None or isinstance(self._numbering, numbering)) and (
                found := pattern.match(text)
            ):
                self._numbering = self._numbering or numbering(self._plan)
                number = found.groupdict()
                stage, total = int(number.get("stage") or 0), int(number["total"] or 0)
                return Announced(stage, int(number["n"]), total, number["text"].strip())
        return None

    def _begin(self, announced: Announced) -> Iterator[Event]:
        assert self._numbering
        new, self._step = self._numbering.place(announced)
        self._open, self._cached, self._tail = True, False, []
        self._started = self._elapsed()
        yield from new
        yield StepStarted(self._id, self._started)

    def _log(self, name: str, lines: list[str]) -> Iterator[Event]:
        for text in lines:
            self._tail.append(text)
            yield LogLine(self._id, text, name)
        del self._tail[:-LOG_TAIL]
