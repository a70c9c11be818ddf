"""Las vistas de una construcción en marcha: el widget, la de texto y ninguna.

Las tres reciben el mismo estado con ``show`` y se cierran con ``finish``. El widget solo cambia desde el
hilo que construye: el botón Cancelar llega en otro y lo único que hace es activar un ``threading.Event``.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any, TextIO

import anywidget
import traitlets

from multietapa import text
from multietapa.build.follow import HEARTBEAT
from multietapa.build.state import BuildState, Status, Step, stage_name
from multietapa.widgets.build.words import (
    Request,
    context,
    ending,
    lines,
    payload,
    static_html,
    step_line,
    tail,
    warning_line,
)
from multietapa.widgets.theme import VARIABLES
from multietapa.widgets.where import current_cell, in_notebook

_HERE = Path(__file__).parent
_MARGIN = " " * 12


class SilentView:
    """No enseña nada (``vista=False``)."""

    def show(self, state: BuildState, elapsed: float) -> None:
        """Nada."""

    def finish(self, state: BuildState) -> None:
        """Nada."""

    def note(self, phrase: str) -> None:
        """Nada."""


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


class BuildView(anywidget.AnyWidget):
    """El widget. ``summary`` es un hueco para lo que se sepa después («Desempaquetado 612 MB»).

    ``cancel`` es el evento que activa el botón. Guarda el último estado para su gemelo en texto.
    """

    _esm = _HERE / "build.js"
    _css = VARIABLES + (_HERE / "build.css").read_text(encoding="utf-8")

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    groups: traitlets.List[Any] = traitlets.List().tag(sync=True)
    log: traitlets.List[str] = traitlets.List().tag(sync=True)
    warnings: traitlets.List[Any] = traitlets.List().tag(sync=True)
    rate = traitlets.Float(1.0).tag(sync=True)
    summary = traitlets.Unicode("").tag(sync=True)

    def __init__(self, request: Request, *, cancel: threading.Event | None = None, rate: float = 1.0) -> None:
        self._request = request
        self._state = BuildState()
        self._cancel = cancel or threading.Event()
        self._handle: Any = None
        self.cell = 0
        super().__init__(rate=rate, **payload(self._state, request, 0.0))
        self.on_msg(self._receive)
        # Desde la 7.4, ipykernel devuelve cada mensaje al hilo que escribió el último, que es el de la celda
        # y está ocupado; sin esto, «Cancelar» esperaría a que terminase. Aquí vale cualquier hilo.
        if self.comm is not None:
            self.comm._reply_subshell_for = None

    def display(self) -> BuildView:
        """La pone en la salida de la celda."""
        from IPython.display import display

        self.cell = current_cell()
        self._handle = display(self, display_id=True)  # type: ignore[no-untyped-call]
        return self

    def show(self, state: BuildState, elapsed: float) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        self._state = state
        new = payload(state, self._request, elapsed)
        # El navegador hace correr el reloj: la hora sola no merece un mensaje, salvo para ponerlo en hora.
        recent = abs(elapsed - self.head["elapsed"]) < 0.9 * HEARTBEAT * self.rate
        if recent and {**self.head, "elapsed": 0} == {**new["head"], "elapsed": 0}:
            del new["head"]
        with self.hold_sync():
            for name, value in new.items():
                setattr(self, name, value)

    def finish(self, state: BuildState) -> None:
        """Enseña el final y deja sus gemelos guardados en la salida, para exportaciones."""
        self.show(state, state.seconds or 0.0)
        self._save_twins()

    def note(self, phrase: str) -> None:
        """La pone en lugar del tamaño provisional."""
        self.summary = phrase
        self._save_twins()

    def _save_twins(self) -> None:
        if self._handle is not None:
            self._handle.update(self)

    def _receive(self, _: object, content: object, __: object) -> None:
        if isinstance(content, dict) and content.get("type") == "cancelar":
            self._cancel.set()

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if bundle else ({}, {})
        twins = {
            "text/plain": "\n".join(lines(self._state, self._request, self.summary)),
            "text/html": static_html(self._state, self._request, self.summary),
        }
        return {**data, **twins}, metadata

    def __repr__(self) -> str:
        return f"Construcción de {self._request.title}: {self._state.phase.value}"
