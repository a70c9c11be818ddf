"""Un paso de una construcción: lo que se sabe de él en un momento dado y en qué está."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from multietapa.build.events import StepKind, StepProgress
from multietapa.build.memory.why import Why


class Status(Enum):
    """El estado de un paso; el valor es la palabra que se lee."""

    WAITING = "en espera"
    RUNNING = "en marcha"
    DONE = "hecho"
    CACHED = "caché"
    FAILED = "falló"
    CANCELLED = "cancelado"
    SKIPPED = "sin ejecutar"


@dataclass(frozen=True)
class Step:
    """Un paso. ``started`` y ``seconds`` son segundos; ``progress``, lo último que dijo cada descarga.

    ``size`` son los bytes que añade a la imagen según el motor; ``None`` si no se sabe o no va en ella.
    ``folder``, la carpeta que recibe, o ``""``; ``why``, por qué no salió de la caché, si se sabe.
    """

    id: str
    name: str
    kind: StepKind = StepKind.INTERNAL
    stage: str = ""
    line: int | None = None
    status: Status = Status.WAITING
    started: float = 0.0
    seconds: float | None = None
    error: str = ""
    progress: Mapping[str, StepProgress] = field(default_factory=dict)
    size: int | None = None
    folder: str = ""
    why: Why | None = None

    @property
    def keyword(self) -> str:
        """La instrucción del Dockerfile (``RUN``, ``COPY``...)."""
        return self.name.partition(" ")[0].upper()

    @property
    def is_instruction(self) -> bool:
        """Ejecuta algo de una etapa: ni un ``FROM``, ni un ``ARG`` de antes de todos, ni un paso interno."""
        return self.kind is StepKind.INSTRUCTION and bool(self.stage)

    @property
    def layers(self) -> tuple[StepProgress, ...]:
        """Las capas que baja o ha bajado, en el orden en que se supo de ellas."""
        return tuple(told for told in self.progress.values() if told.doing)

    @property
    def bytes(self) -> tuple[int, int]:
        """Bytes hechos y totales de sus descargas, sumadas; ``(0, 0)`` si no se sabe el total."""
        known = [p for p in self.progress.values() if p.total > 0]
        return sum(min(p.current, p.total) for p in known), sum(p.total for p in known)

    @property
    def activity(self) -> str:
        """Lo último que dijo que hacía, o ``""``."""
        return list(self.progress.values())[-1].label if self.progress else ""
