"""Las etapas de una construcción en texto, según avanza: ``vista="etapas"`` en una terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from multietapa import text
from multietapa.build.state import BuildState
from multietapa.build.timeline import StageStatus
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.build.words import context
from multietapa.widgets.lanes.words import mark, stage_called
from multietapa.widgets.live.value import Staged
from multietapa.widgets.live.words import lines, stage_more

_QUIET = (StageStatus.WAITING, StageStatus.SKIPPED, StageStatus.SHARED, StageStatus.IDLE)


class LiveTextView:
    """Una línea por cada etapa que cambia de estado y, al final, todo lo que se sabe de ellas."""

    def __init__(self, plan: Staged, stream: TextIO | None = None) -> None:
        # En un cuaderno, lo que va por stderr se pinta como un error.
        self._stream = stream or (sys.stdout if in_notebook() else sys.stderr)
        self._plan = plan
        self._seen: dict[str, StageStatus] = {}
        request = plan.request
        title = f"Construyendo por etapas {request.title} · {context(request)}"
        self._write(*filter(None, [request.recording]), title)

    def show(self, state: BuildState, elapsed: float) -> None:
        """Escribe las etapas que cambiaron de estado."""
        line = self._plan.at(state)
        moment = f"{text.duration(elapsed):>10}  "
        for stage in line.stages:
            if stage.status is self._seen.get(stage.key, StageStatus.WAITING):
                continue
            self._seen[stage.key] = stage.status
            if stage.status in _QUIET and stage.status is not StageStatus.WAITING:
                continue
            more = stage_more(self._plan, line, stage)
            self._write(f"{moment}{mark(stage)}: {stage_called(stage)}{f' ({more})' if more else ''}")

    def finish(self, state: BuildState) -> None:
        """Escribe el final: cada etapa, lo que cruzó, el camino crítico y qué repetiría un cambio."""
        self.show(state, state.seconds or 0.0)  # lo que aún no se había dicho
        said = lines(self._plan, self._plan.at(state))
        self._write(*said[2 if self._plan.request.recording else 1 :])

    def note(self, phrase: str) -> None:
        """La escribe en otra línea."""
        self._write(phrase)

    def _write(self, *found: str) -> None:
        self._stream.write("".join(f"{each}\n" for each in found))
        self._stream.flush()
