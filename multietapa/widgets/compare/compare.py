"""El widget de una comparación. Solo el hilo de la celda lo toca."""

from __future__ import annotations

from typing import Any, Protocol

import traitlets

from multietapa.measure.comparison import Comparison
from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.compare.twin import lines, payload, static_html
from multietapa.widgets.compare.words import PHASES, headline
from multietapa.widgets.progress import PROGRESS_CSS, PROGRESS_JS, Phase, Progress, progress_payload
from multietapa.widgets.theme import paint_css


class View(Protocol):
    """Lo que ``comparar`` pide a una vista."""

    def show(self, comparison: Comparison) -> None:
        """Enseña lo que se sabe hasta ahora."""

    def advance(self, progress: Progress) -> None:
        """Enseña por dónde va la medida."""

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Enseña el final; ``reason`` dice por qué no se pudo terminar."""


class CompareView(WidgetView):
    """El widget. ``measure``, el reparto de cada medida y ``relative`` son lo que eligen sus conmutadores.

    Guarda la última comparación para sus gemelos en texto y en HTML.
    """

    _esm, _css = drawing(__file__, js=PROGRESS_JS, css=PROGRESS_CSS + paint_css())

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    table = traitlets.Unicode("").tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    measure = traitlets.Enum(["unpacked", "transfer"], "unpacked").tag(sync=True)
    unpacked_split = traitlets.Enum(["origin", "layer", "kind", "seen"], "origin").tag(sync=True)
    transfer_split = traitlets.Enum(["base", "layer"], "base").tag(sync=True)
    relative = traitlets.Bool(False).tag(sync=True)

    def __init__(self, comparison: Comparison) -> None:
        self._state = (comparison, Phase.WORKING, "")
        super().__init__(**payload(*self._state))

    def show(self, comparison: Comparison) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        self._state = (comparison, Phase.WORKING, "")
        self.put(payload(*self._state))

    def advance(self, progress: Progress) -> None:
        """Mueve la barra de avance."""
        self.progress = progress_payload(progress, "Midiendo")

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Enseña el final y deja sus gemelos guardados en la salida, para exportaciones."""
        self._state = (comparison, phase, reason)
        self.put({"progress": {}, **payload(*self._state)})
        self.save_twins()

    def twins(self) -> tuple[str, str]:
        """La comparación, con lo último que se sabe, en texto y en HTML."""
        return "\n".join(lines(*self._state)), static_html(*self._state)

    def __repr__(self) -> str:
        comparison, phase, _ = self._state
        return f"{headline(comparison)} ({PHASES.word(phase)})"
