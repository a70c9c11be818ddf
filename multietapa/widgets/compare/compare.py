"""El widget de una comparación. Solo el hilo de la celda lo toca."""

from __future__ import annotations

from typing import Any

import traitlets

from multietapa.measure.comparison import Comparison
from multietapa.widgets.compare.twin import lines, payload, static_html
from multietapa.widgets.compare.words import PHASES, headline
from multietapa.widgets.drawing import drawing
from multietapa.widgets.progress import PROGRESS_CSS, PROGRESS_JS, Phase
from multietapa.widgets.reading import ReadingView
from multietapa.widgets.theme import paint_css


class CompareView(ReadingView[Comparison]):
    """El widget. ``measure``, el reparto de cada medida y ``relative`` son lo que eligen sus conmutadores.

    Guarda la última comparación para sus gemelos en texto y en HTML.
    """

    doing = "Midiendo"
    _esm, _css = drawing(__file__, js=PROGRESS_JS, css=PROGRESS_CSS + paint_css())

    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    table = traitlets.Unicode("").tag(sync=True)
    measure = traitlets.Enum(["unpacked", "transfer"], "unpacked").tag(sync=True)
    unpacked_split = traitlets.Enum(["origin", "layer", "kind", "seen"], "origin").tag(sync=True)
    transfer_split = traitlets.Enum(["base", "layer"], "base").tag(sync=True)
    relative = traitlets.Bool(False).tag(sync=True)

    def _payload(self, comparison: Comparison, phase: Phase, reason: str) -> dict[str, Any]:
        return payload(comparison, phase, reason)

    def twins(self) -> tuple[str, str]:
        """La comparación, con lo último que se sabe, en texto y en HTML."""
        return "\n".join(lines(*self._state)), static_html(*self._state)

    def __repr__(self) -> str:
        comparison, phase, _ = self._state
        return f"{headline(comparison)} ({PHASES.word(phase)})"
