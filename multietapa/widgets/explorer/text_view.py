"""Lo que hay dentro de una imagen, en texto: lo que se lee en una terminal."""

from __future__ import annotations

import sys
from typing import TextIO

from multietapa.widgets.explorer.twin import lines
from multietapa.widgets.explorer.value import Explored
from multietapa.widgets.progress import Phase, Progress, ProgressLog


class TextView:
    """Una línea por cada fase y, al final, lo que hay (``vista="texto"``).

    El avance va a ``log`` (la salida de errores) y lo demás, que es el resultado, a ``out``.
    """

    def __init__(self, out: TextIO | None = None, log: TextIO | None = None) -> None:
        self._out = out or sys.stdout
        self._log = ProgressLog(log or sys.stderr)

    def show(self, explored: Explored) -> None:
        """Nada: se escribe al final."""

    def advance(self, progress: Progress) -> None:
        """Escribe una línea al empezar cada fase."""
        self._log.advance(progress)

    def finish(self, explored: Explored, phase: Phase, reason: str = "") -> None:
        """Escribe lo que hay."""
        self._out.write("\n".join(lines(explored, phase, reason)) + "\n")
        self._out.flush()
