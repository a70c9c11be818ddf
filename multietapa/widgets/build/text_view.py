"""Una construcción en texto, según avanza: lo que se lee en una terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from multietapa import text
from multietapa.build.state import BuildState, Status, Step, stage_name
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.build.words import Request, context, ending, step_line, tail, warning_line

_MARGIN = " " * 12


class TextView:
    """Una línea por cada paso que empieza o termina y por cada una del registro (``vista="texto"``)."""

    def __init__(self, request: Request, stream: TextIO | None = None) -> None:
        # En un cuaderno, lo que va por stderr se pinta como un error.
        self._stream = stream or (sys.stdout if in_notebook() else sys.stderr)
        self._seen: dict[str, Status] = {}
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
        steps = [f"{moment}{_where(step)}{step_line(step)}" for step in (*ended, *begun)]
        fresh = state.log_total - self._logged
        log = tail(state.log)[-fresh:] if fresh else []
        lost = [f"({fresh - len(log)} líneas que aquí no caben)"] if fresh > len(log) else []
        warnings = [warning_line(warning) for warning in state.warnings[self._warned :]]
        self._logged, self._warned = state.log_total, len(state.warnings)
        margin = [f"{_MARGIN}{line}" for line in (*lost, *log, *warnings)]
        self._write(*margin, *steps)

    def finish(self, state: BuildState) -> None:
        """Escribe cómo acabó."""
        self.show(state, state.seconds or 0.0)
        self._write(ending(state))

    def note(self, phrase: str) -> None:
        """La escribe en otra línea."""
        self._write(phrase)

    def _is_news(self, step: Step) -> bool:
        return step.status is not self._seen.get(step.id, Status.WAITING)

    def _write(self, *found: str) -> None:
        self._stream.write("".join(f"{line}\n" for line in found))
        self._stream.flush()


def _where(step: Step) -> str:
    return f"[{stage_name(step.stage)}] " if step.stage else ""
