"""Lo que deja a mano una imagen, en texto: lo que se lee en una terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TextIO

from multietapa.measure.surface.face import Surfaces
from multietapa.widgets.progress import Phase, Progress, ProgressLog
from multietapa.widgets.surface.twin import lines


class TextView:
    """Una línea por cada fase y, al final, la tabla (``vista="texto"``).

    El avance va a ``log`` (la salida de errores) y la tabla, que es el resultado, a ``out``.
    """

    def __init__(self, names: Sequence[str], out: TextIO | None = None, log: TextIO | None = None) -> None:
        self._names, self._out = tuple(names), out or sys.stdout
        self._log = ProgressLog(log or sys.stderr)

    def show(self, surfaces: Surfaces) -> None:
        """Nada: la tabla se escribe al final."""

    def advance(self, progress: Progress) -> None:
        """Escribe una línea al empezar cada fase."""
        self._log.advance(progress)

    def finish(self, surfaces: Surfaces, phase: Phase, reason: str = "") -> None:
        """Escribe la tabla."""
        self._out.write("\n".join(lines(self._names, surfaces, phase, reason)) + "\n")
        self._out.flush()
