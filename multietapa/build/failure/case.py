"""Un fallo con todo lo que se sabe de él, y las frases que comparten sus explicaciones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from multietapa.build.events import BuildFailed
from multietapa.build.failure.running import engine_words
from multietapa.dockerfile.context import Context
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Dockerfile, Stage
from multietapa.errors import DockerfileError


@dataclass(frozen=True)
class Case:
    """Un ``BuildFailed``, el Dockerfile que se construía y la carpeta; los dos últimos pueden faltar.

    ``target`` es hasta qué etapa se construía (``None``: la última).
    ``contexts`` son las carpetas e imágenes que se dieron por su nombre.
    ``free_space`` pregunta al motor cuántos bytes tiene libres (``None`` si no lo sabe).
    """

    failed: BuildFailed
    source: Dockerfile | None = None
    context: Context | None = None
    free_space: Callable[[], int | None] | None = None
    target: str | None = None
    contexts: Mapping[str, Path | str] = field(default_factory=dict)

    @property
    def reason(self) -> str:
        """El texto del motor, entero."""
        return self.failed.reason

    @property
    def line(self) -> int | None:
        """La línea del paso que falló, si falló en un paso."""
        return self.failed.line

    @cached_property
    def words(self) -> str:
        """Lo que dice el motor, sin la orden que cita: esa la escribió quien construye."""
        return engine_words(self.reason)

    @cached_property
    def instruction(self) -> Instruction | None:
        """La instrucción de la línea que falló."""
        return instruction_at(self.source, self.line)

    @property
    def trigger(self) -> bool:
        """Lo que falló es un ``ONBUILD``: esa línea no ejecuta ni copia nada, lo arrastra."""
        return self.instruction is not None and self.instruction.keyword in ("FROM", "ONBUILD")

    @property
    def stage(self) -> Stage | None:
        """La etapa de la línea que falló."""
        stages = self.source.stages if self.source and self.line else ()
        return next((stage for stage in reversed(stages) if stage.line <= (self.line or 0)), None)

    @property
    def quoted(self) -> str:
        """``12 | RUN npm ci``, o ``""`` si no se sabe la línea."""
        return quote(self.source, self.line)


def where(line: int | None) -> str:
    """`` (línea 12 del Dockerfile)``, o ``""``."""
    return f" (línea {line} del Dockerfile)" if line else ""


def quote(source: Dockerfile | None, line: int | None) -> str:
    """El texto de una línea, con su número."""
    return f"{line} | {source.line_text(line).strip()}" if source and line else ""


def instruction_at(source: Dockerfile | None, line: int | None) -> Instruction | None:
    """La instrucción que empieza en esa línea."""
    if source is None or line is None:
        return None
    return next((i for i in source.instructions if i.line == line), None)


def dockerfile_error(
    source: Dockerfile | None, line: int | None, why: str, *, next_step: str = "", detail: str = ""
) -> DockerfileError:
    """El error de un Dockerfile que el motor no acepta. ``detail`` cita lo que dijo."""
    general = "Corrige esa línea y vuelve a construir." if line else "Corrígelo y vuelve a construir."
    return DockerfileError(
        f"El Dockerfile no se entiende en la línea {line}." if line else "El Dockerfile no se entiende.",
        why=why,
        next_step=next_step or general,
        detail="\n".join(filter(None, (quote(source, line), detail))),
        line=line,
    )


def one_line(text: str) -> str:
    """Un texto de varias líneas (un heredoc) en una."""
    return " ".join(text.split())
