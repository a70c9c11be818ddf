"""Las vistas de una comparación: el widget, la de texto y ninguna.

Las tres reciben la misma comparación con ``show``, el avance con ``advance`` y se cierran con ``finish``.
Solo el hilo de la celda las toca.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Protocol, TextIO

import anywidget
import traitlets

from multietapa.measure.comparison import Comparison
from multietapa.widgets.compare.twin import Progress, lines, payload, progress_payload, static_html
from multietapa.widgets.compare.words import Phase, headline
from multietapa.widgets.theme import ORIGIN_PAINTS, VARIABLES, Paint
from multietapa.widgets.where import current_cell

_HERE = Path(__file__).parent

PATTERNS = {
    "liso": "none",
    "diagonal": "repeating-linear-gradient(45deg, {veil} 0 2px, transparent 2px 8px)",
    "contra": "repeating-linear-gradient(-45deg, {veil} 0 3px, transparent 3px 7px)",
    "puntos": "radial-gradient({veil} 1.5px, transparent 1.8px) 0 0 / 7px 7px",
    "cuadros": "repeating-conic-gradient({veil} 0 25%, transparent 0 50%) 0 0 / 8px 8px",
    "rayas": "repeating-linear-gradient(90deg, {veil} 0 2px, transparent 2px 6px)",
}
"""La trama de cada categoría; ``{veil}`` es el velo que la dibuja sobre su color."""
LIGHT_VEIL, DARK_VEIL = "#ffffff80", "#00000050"


def veil(paint: Paint) -> str:
    """El velo que separa más el fondo del texto: claro bajo un texto oscuro y al revés."""
    return DARK_VEIL if paint.ink.lower() == "#ffffff" else LIGHT_VEIL


def paint_css() -> str:
    """Una clase por categoría, ``mtc-<trama>``, con su color, su trama y el color del texto encima."""
    rules = []
    for paint in ORIGIN_PAINTS.values():
        drawn = PATTERNS[paint.pattern].format(veil=veil(paint))
        colours = f"color: {paint.ink}; background: {drawn}; background-color: {paint.fill};"
        rules.append(f".mtc-{paint.pattern} {{ {colours} }}")
    return "\n".join(rules)


class View(Protocol):
    """Lo que ``comparar`` pide a una vista."""

    def show(self, comparison: Comparison) -> None:
        """Enseña lo que se sabe hasta ahora."""

    def advance(self, progress: Progress) -> None:
        """Enseña por dónde va la medida."""

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Enseña el final; ``reason`` dice por qué no se pudo terminar."""


class SilentView:
    """No enseña nada (``vista=False``)."""

    def show(self, comparison: Comparison) -> None:
        """Nada."""

    def advance(self, progress: Progress) -> None:
        """Nada."""

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Nada."""


class TextView:
    """Una línea por cada fase de la medida y, al final, la tabla (``vista="texto"``).

    El avance va a ``log`` (la salida de errores) y la tabla, que es el resultado, a ``out``.
    """

    def __init__(self, out: TextIO | None = None, log: TextIO | None = None) -> None:
        self._out, self._log = out or sys.stdout, log or sys.stderr
        self._last = ("", "")

    def show(self, comparison: Comparison) -> None:
        """Nada: la tabla se escribe al final."""

    def advance(self, progress: Progress) -> None:
        """Escribe una línea al empezar cada fase."""
        if (progress.name, progress.phase) != self._last:
            self._last = (progress.name, progress.phase)
            counted = f"{progress.number} de {progress.total}"
            self._log.write(f"{progress.name} ({counted}): {progress.phase.lower()}\n")
            self._log.flush()

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Escribe la tabla."""
        self._out.write("\n".join(lines(comparison, phase, reason)) + "\n")
        self._out.flush()


class CompareView(anywidget.AnyWidget):
    """El widget. ``measure`` y ``relative`` son lo que eligen sus dos conmutadores.

    Guarda la última comparación para sus gemelos en texto y en HTML.
    """

    _esm = _HERE / "compare.js"
    _css = VARIABLES + paint_css() + (_HERE / "compare.css").read_text(encoding="utf-8")

    head: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    rows: traitlets.List[Any] = traitlets.List().tag(sync=True)
    table = traitlets.Unicode("").tag(sync=True)
    progress: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    measure = traitlets.Enum(["unpacked", "transfer"], "unpacked").tag(sync=True)
    relative = traitlets.Bool(False).tag(sync=True)

    def __init__(self, comparison: Comparison) -> None:
        self._state = (comparison, Phase.MEASURING, "")
        self._handle: Any = None
        self.cell = 0
        super().__init__(**payload(*self._state))

    def display(self) -> CompareView:
        """La pone en la salida de la celda."""
        from IPython.display import display

        self.cell = current_cell()
        self._handle = display(self, display_id=True)  # type: ignore[no-untyped-call]
        return self

    def show(self, comparison: Comparison) -> None:
        """Manda a la pantalla lo que cambió, en un solo mensaje."""
        self._draw(comparison, Phase.MEASURING, "")

    def advance(self, progress: Progress) -> None:
        """Mueve la barra de avance."""
        self.progress = progress_payload(progress)

    def finish(self, comparison: Comparison, phase: Phase, reason: str = "") -> None:
        """Enseña el final y deja su texto guardado en la salida, para exportaciones."""
        self._draw(comparison, phase, reason)
        if self._handle is not None:
            self._handle.update(self)

    def _draw(self, comparison: Comparison, phase: Phase, reason: str) -> None:
        self._state = (comparison, phase, reason)
        new = payload(comparison, phase, reason)
        with self.hold_sync():
            if phase is not Phase.MEASURING:
                self.progress = {}
            for name, value in new.items():
                setattr(self, name, value)

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        bundle = super()._repr_mimebundle_(**kwargs)
        data, metadata = bundle if bundle else ({}, {})
        twins = {"text/plain": "\n".join(lines(*self._state)), "text/html": static_html(*self._state)}
        return {**data, **twins}, metadata

    def __repr__(self) -> str:
        comparison, phase, _ = self._state
        return f"{headline(comparison)} ({phase.value})"
