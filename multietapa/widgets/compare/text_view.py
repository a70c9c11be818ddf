"""Una comparación en texto, según se mide: lo que se lee en una terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from multietapa.measure.comparison import Comparison
from multietapa.widgets.compare.twin import Progress, first_time, lines
from multietapa.widgets.compare.words import Phase


class TextView:
    """Una línea por cada fase de la medida y, al final, la tabla (``vista="texto"``).

    El avance va a ``log`` (la salida de errores) y la tabla, que es el resultado, a ``out``.
    """

    def __init__(self, out: TextIO | None = None, log: TextIO | None = None) -> None:
        self._out, self._log = out or sys.stdout, log or sys.stderr
        self._last = ("", "")
        self._warned = False

    def show(self, comparison: Comparison) -> None:
        """Nada: la tabla se escribe al final."""

    def advance(self, progress: Progress) -> None:
        """Escribe una línea al empezar cada fase, y una sola vez por qué tarda la primera medida."""
        if (progress.name, progress.phase) != self._last:
            self._last = (progress.name, progress.phase)
            if not self._warned and (why := first_time(progress)):
                self._warned = True
                self._log.write(f"{why}\n")
            counted = f"{progress.number} de {progress.total}"
            self._log.write(f"{progress.name} ({counted}): {progress.phase.lower()}\n")
            self._log.flush()

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Escribe la tabla."""
        self._out.write("\n".join(lines(comparison, phase, reason)) + "\n")
        self._out.flush()
