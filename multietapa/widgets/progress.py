"""Por dónde va, y cómo acaba, lo que lee imágenes enteras: ``comparar``, ``explorar`` y ``superficie``."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

from multietapa import text
from multietapa.image.image import MEASURING
from multietapa.measure.export import SAVING
from multietapa.measure.packing import PACKING

FIRST_TIME = "La primera vez lee las capas enteras; si la imagen es grande, tarda un minuto o más."
_READING = (SAVING, MEASURING, PACKING)
PROGRESS_JS, PROGRESS_CSS = (
    Path(__file__).with_suffix(kind).read_text(encoding="utf-8") for kind in (".js", ".css")
)
"""El dibujo de la cabecera y del avance."""


class Phase(Enum):
    """En qué está el trabajo; el valor es la señal con la que se dice."""

    WORKING = "▶"
    DONE = "✓"
    INTERRUPTED = "⊘"
    FAILED = "✗"


@dataclass(frozen=True)
class PhaseWords:
    """Con qué palabras dice una vista en qué está.

    Se dice ``working`` mientras ``verb``, y ``done`` después; ``interrupted`` es qué queda si se interrumpe.
    """

    working: str
    done: str
    verb: str
    interrupted: str

    def word(self, phase: Phase) -> str:
        """La palabra de la pantalla."""
        return {
            Phase.WORKING: self.working,
            Phase.DONE: self.done,
            Phase.INTERRUPTED: "interrumpido",
            Phase.FAILED: "sin terminar",
        }[phase]

    def status(self, phase: Phase, reason: str = "") -> str:
        """Cómo acabó (o no), en una frase; ``reason`` es por qué no se pudo terminar."""
        if phase is Phase.INTERRUPTED:
            return self.interrupted
        if phase is Phase.FAILED:
            return f"No se pudo terminar de {self.verb}. {reason}".strip()
        return self.word(phase).capitalize()

    def payload(self, phase: Phase, reason: str) -> dict[str, str]:
        """Lo que viaja al widget, que lo pone en su cabecera."""
        ended = phase in (Phase.INTERRUPTED, Phase.FAILED)
        return {
            "phase": phase.name.lower(),
            "status": f"{phase.value} {self.word(phase)}",
            "reason": self.status(phase, reason) if ended else "",
        }


@dataclass(frozen=True)
class Progress:
    """Por dónde va: la imagen ``number`` de ``total``, su fase, sus bytes y los segundos que lleva."""

    name: str
    number: int
    total: int
    phase: str
    done: int
    expected: int
    elapsed: float


def progress_payload(progress: Progress, doing: str) -> dict[str, Any]:
    """Lo que viaja al widget; ``doing`` es lo que se hace con la imagen: ``Midiendo``.

    Sin ``fraction``, no se sabe cuánto falta.
    """
    counted = f" ({progress.number} de {progress.total})" if progress.total > 1 else ""
    shown: dict[str, Any] = {
        "text": f"{doing} {progress.name}{counted}",
        "step": progress.phase,
        "why": first_time(progress),
        "elapsed": round(progress.elapsed, 1),
    }
    if progress.done and progress.expected:
        shown["fraction"] = round(min(progress.done / progress.expected, 1.0), 3)
        shown["step"] += f": {text.size(progress.done)} de {text.size(progress.expected)}"
    return shown


def first_time(progress: Progress) -> str:
    """Por qué tarda, mientras se leen capas que no se habían leído nunca; si no, ``""``."""
    return FIRST_TIME if progress.phase in _READING else ""


class ProgressLog:
    """El avance en una terminal: una línea por fase y, una sola vez, por qué tarda la primera."""

    def __init__(self, log: TextIO) -> None:
        self._log = log
        self._last = ("", "")
        self._warned = False

    def advance(self, progress: Progress) -> None:
        """Escribe la fase, si ha cambiado."""
        if (progress.name, progress.phase) == self._last:
            return
        self._last = (progress.name, progress.phase)
        if not self._warned and (why := first_time(progress)):
            self._warned = True
            self._log.write(f"{why}\n")
        counted = f"{progress.number} de {progress.total}"
        self._log.write(f"{progress.name} ({counted}): {progress.phase.lower()}\n")
        self._log.flush()
