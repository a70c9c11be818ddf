"""Una construcción en texto, según avanza: lo que se lee en una terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TextIO

from multietapa import text
from multietapa.build.progress import OPENED
from multietapa.build.state import BuildState, one_line, stage_name
from multietapa.build.step import Status, Step
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.build.reasons import reason_lines, without_reasons
from multietapa.widgets.build.travel import activity, layer_line
from multietapa.widgets.build.words import Request, context, ending, step_line, tail, warning_line

EVERY = 5.0
"""Segundos entre dos noticias de un mismo paso."""
_MARGIN = " " * 12


class TextView:
    """Una línea por cada paso que empieza o termina, cada capa bajada y cada línea del registro.

    Es la de ``vista="texto"``. Un paso largo dice además cómo va cada ``EVERY`` segundos.
    """

    def __init__(self, request: Request, stream: TextIO | None = None) -> None:
        # En un cuaderno, lo que va por stderr se pinta como un error.
        self._stream = stream or (sys.stdout if in_notebook() else sys.stderr)
        self._seen: dict[str, Status] = {}
        self._told: dict[str, tuple[float, str]] = {}  # cuándo dijo algo cada paso en marcha, y qué
        self._opened: set[tuple[str, str]] = set()
        self._warned = 0
        self._logged = 0
        self._write(*filter(None, [request.recording]), f"Construyendo {request.title} · {context(request)}")

    def show(self, state: BuildState, elapsed: float) -> None:
        """Escribe los pasos que cambiaron de estado y lo que dijeron."""
        moment = f"{text.duration(elapsed):>10}  "
        new = [step for group in state.groups for step in group.steps if self._is_news(step)]
        self._seen |= {step.id: step.status for step in new}
        begun = [step for step in new if step.status is Status.RUNNING]
        ended = [step for step in new if step.status is not Status.RUNNING]
        steps = [f"{moment}{_where(step)}{step_line(state, step)}" for step in (*ended, *begun)]
        fresh = state.log_total - self._logged
        log = tail(state.log)[-fresh:] if fresh else []
        lost = [f"({fresh - len(log)} líneas que aquí no caben)"] if fresh > len(log) else []
        warnings = [warning_line(warning) for warning in state.warnings[self._warned :]]
        self._logged, self._warned = state.log_total, len(state.warnings)
        going = list(self._going(state, elapsed, {step.id for step in begun}))
        margin = [f"{_MARGIN}{line}" for line in (*lost, *log, *warnings, *going)]
        self._write(*margin, *steps)

    def finish(self, state: BuildState) -> None:
        """Escribe cómo acabó, y por qué no salieron de la caché los pasos de los que se sabe."""
        self.show(without_reasons(state), state.seconds or 0.0)
        if told := list(reason_lines(state)):
            self._write("Por qué no salieron de la caché:", *(f"  {line}" for line in told))
        self._write(ending(state))

    def note(self, phrase: str) -> None:
        """La escribe en otra línea."""
        self._write(phrase)

    def _going(self, state: BuildState, elapsed: float, begun: set[str]) -> Iterator[str]:
        """Cómo van los pasos largos, y las capas que ya están."""
        for step in state.steps.values():
            for layer in step.layers:
                if layer.doing == OPENED and (step.id, layer.label) not in self._opened:
                    self._opened.add((step.id, layer.label))
                    yield layer_line(layer)
            if step.status is not Status.RUNNING:
                continue
            last, said = self._told.setdefault(step.id, (elapsed, ""))
            doing, _ = activity(state, step)
            if step.id not in begun and elapsed - last >= EVERY and doing not in ("", said):
                self._told[step.id] = elapsed, doing
                yield f"{one_line(step.name)}: {doing}"

    def _is_news(self, step: Step) -> bool:
        return step.status is not self._seen.get(step.id, Status.WAITING)

    def _write(self, *found: str) -> None:
        self._stream.write("".join(f"{line}\n" for line in found))
        self._stream.flush()


def _where(step: Step) -> str:
    return f"[{stage_name(step.stage)}] " if step.stage else ""
