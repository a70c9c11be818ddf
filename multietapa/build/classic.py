"""Construye con el constructor clásico, el que el SDK de Docker usa por sí solo, y da los mismos eventos.

Su respuesta es texto (``Step 2/5 : RUN ...``, `` ---> Using cache``); aquí se parte en pasos ``paso-N``.
Todo va en fila: cada etapa entera, haga falta o no. Se cancela cortando la conexión, y el motor quita el
contenedor intermedio.
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
    StepKind,
    StepProgress,
    StepStarted,
)
from multietapa.build.log_lines import LOG_TAIL, LineSplitter
from multietapa.build.response import read_with
from multietapa.build.stream import BuildOptions, json_lines
from multietapa.dockerfile.stages import Dockerfile
from multietapa.identity import LABEL

_STEP = re.compile(r"^STEP (\d+)/(\d+) ?: (.*)$", re.IGNORECASE | re.DOTALL)
_CACHED = re.compile(r"^ ?-+> Using cache", re.IGNORECASE)
_DONE = re.compile(r"^ ?-+> [0-9a-f]{12,64}\n?$")
_NOISE = re.compile(
    r"^ ?-+> (Running in [0-9a-f]+|Removed intermediate container [0-9a-f]+)\n?$"
    r"|^Removing intermediate container [0-9a-f]+\n?$|^Successfully (built|tagged) \S+\n?$"
)
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
        self._declared: dict[int, StepDeclared] = {}
        self._current = 0
        self._started = 0.0
        self._cached = False
        self._open = False
        self._counting = False
        self._splitters = {name: LineSplitter() for name in ("stdout", "stderr")}
        self._tail: list[str] = []

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
        if step := _STEP.match(text):
            yield from self.close()
            yield from self._begin(int(step[1]), int(step[2]), step[3].strip())
        elif self._counting or _TRIGGERS.match(text):
            self._counting = not text.endswith("\n")
        elif warning := _WARNING.match(text):
            yield BuildWarning(warning[1].strip())
        elif _CACHED.match(text):
            self._cached = True
        elif _DONE.match(text):
            yield from self.close()
        elif self._open and not _NOISE.match(text) and (text != "\n" or self._tail):
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
        step = self._declared.get(self._current)
        tail = tuple(self._tail[-LOG_TAIL:])
        if step is None:
            return BuildFailed(reason, self._elapsed(), log=tail)
        return BuildFailed(reason, self._elapsed(), step.id, step.line, tail, step=step.name)

    @property
    def _id(self) -> str:
        return f"paso-{self._current}"

    def _begin(self, n: int, total: int, text: str) -> Iterator[Event]:
        if not self._declared and total >= len(self._plan):  # las etiquetas del kit son pasos de más
            self._declared = {int(step.id[5:]): step for step in self._plan}
            yield from self._plan
        self._current, self._open, self._cached, self._tail = n, True, False, []
        self._started = self._elapsed()
        if n not in self._declared:
            before = self._declared.get(n - 1)
            self._declared[n] = StepDeclared(
                self._id,
                text,
                _kind(text),
                before.stage if before else "",
                inputs=(before.id,) if before else (),
            )
            yield self._declared[n]
        yield StepStarted(self._id, self._started)

    def _log(self, name: str, lines: list[str]) -> Iterator[Event]:
        for text in lines:
            self._tail.append(text)
            yield LogLine(self._id, text, name)
        del self._tail[:-LOG_TAIL]


def steps_of(source: Dockerfile, target: str | None = None) -> tuple[StepDeclared, ...]:
    """Los pasos que dará el clásico, en fila, hasta la etapa ``target`` (o la última)."""
    found = [
        StepDeclared(f"paso-{n}", i.text, StepKind.INSTRUCTION, "", i.line)
        for n, i in enumerate(source.global_args, 1)
    ]
    ends: dict[int, str] = {}
    last = source.stage(target) if target else None
    for stage in source.stages[: last.index + 1 if last else None]:
        parent = source.parent(stage)
        inputs = [ends[parent.index]] if parent else []
        for instruction in (stage.opening, *stage.instructions):
            linked = (source.stage(name) for name in instruction.froms)
            inputs += [ends[s.index] for s in linked if s is not None and s.index in ends]
            id_ = f"paso-{len(found) + 1}"
            kind = StepKind.FROM if instruction is stage.opening else StepKind.INSTRUCTION
            found.append(
                StepDeclared(id_, instruction.text, kind, stage.label, instruction.line, tuple(inputs))
            )
            inputs = [id_]
        ends[stage.index] = inputs[0]
    return tuple(found)


def _kind(text: str) -> StepKind:
    """Qué clase de paso es uno que no está en el Dockerfile leído, por lo que dice el motor que ejecuta."""
    keyword, _, arguments = text.partition(" ")
    if keyword.upper() == "LABEL" and arguments.strip().startswith(LABEL):
        return StepKind.LABEL
    return StepKind.FROM if keyword.upper() == "FROM" else StepKind.INSTRUCTION
