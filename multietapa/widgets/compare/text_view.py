"""Una comparación en texto, según se mide: lo que se lee en una terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from multietapa.measure.comparison import Comparison
from multietapa.widgets.compare.twin import lines
from multietapa.widgets.progress import Phase, Progress, ProgressLog


class TextView:
    """Una línea por cada fase de la medida y, al final, la tabla (``vista="texto"``).

    El avance va a ``log`` (la salida de errores) y la tabla, que es el resultado, a ``out``.
    """

    def __init__(self, out: TextIO | None = None, log: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._log = ProgressLog(log or sys.stderr)

    def show(self, comparison: Comparison) -> None:
        """Nada: la tabla se escribe al final."""

    def advance(self, progress: Progress) -> None:
        """Escribe una línea al empezar cada fase, y una sola vez por qué tarda la primera medida."""
        self._log.advance(progress)

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Escribe la tabla."""
        self._out.write("\n".join(lines(comparison, phase, reason)) + "\n")
        self._out.flush()
