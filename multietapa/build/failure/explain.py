"""De lo que dice el motor cuando falla, al error en español: qué pasó, por qué y qué hacer.

Una tabla de explicaciones, de la más segura a la más general: gana la primera que reconoce el fallo. Cada una
mira la frase del motor desde su principio hasta su final, porque en medio cita lo que escribió quien
construye. El texto literal del motor va siempre en ``detail``, para poder buscarlo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from multietapa.build.events import BuildFailed
from multietapa.build.failure import commands, files, grammar, images, stages, support
from multietapa.build.failure.case import Case, where
from multietapa.dockerfile.context import Context
from multietapa.dockerfile.stages import Dockerfile
from multietapa.errors import BuildCancelled, BuildError, MultietapaError

Rule = Callable[[Case], MultietapaError | None]
_STILL_RUNNING = (
    "Podman no sabe parar a mitad de un paso: el que estaba en marcha sigue hasta que acabe, y después la "
    "construcción se abandona sin hacer la imagen."
)
_LONGEST = 300  # caracteres de una línea del motor que se enseñan


def explain(
    failed: BuildFailed,
    source: Dockerfile | None,
    context: Context | None,
    *,
    target: str | None = None,
    free_space: Callable[[], int | None] | None = None,
    contexts: Mapping[str, Path | str] | None = None,
) -> MultietapaError:
    """El error que corresponde a un ``BuildFailed``; con ``source`` y ``context`` señala más cosas.

    Args:
        target: hasta qué etapa se construía; si falta, la última.
        contexts: las carpetas e imágenes que se dieron por su nombre.
        free_space: pregunta al motor cuántos bytes le quedan libres; solo se la llama si una orden dice que
            no cabe lo que escribe, porque decirlo lo puede decir cualquiera.
    """
    case = Case(failed, source, context, free_space, target, contexts or {})
    error = next(filter(None, (rule(case) for rule in RULES)), None) or _unknown(case)
    error.why, error.detail = _clip(error.why), "\n".join(map(_clip, error.detail.splitlines()))
    if isinstance(error, BuildError):
        error.log = tuple(map(_clip, error.log))
    return error


def _cancelled(case: Case) -> MultietapaError | None:
    if not case.failed.cancelled:
        return None
    return BuildCancelled(
        "La construcción se canceló.",
        why=_STILL_RUNNING if case.failed.still_running else "",
        next_step="Vuelve a ejecutarla cuando quieras.",
    )


def _unknown(case: Case) -> BuildError:
    return BuildError(
        f"La construcción falló{where(case.line)}.",
        why="El motor no pudo terminar este paso." if case.line else "El motor no pudo terminar.",
        next_step="Lee el mensaje del motor, corrige el Dockerfile y vuelve a construir.",
        detail="\n".join([*filter(None, [case.quoted]), *case.failed.log, case.reason]),
        line=case.line,
        log=case.failed.log,
    )


#: Primero las que dicen del todo qué parte de la frase es de quien construye.
RULES: tuple[Rule, ...] = (
    _cancelled,
    grammar.word,
    grammar.unknown_heredoc,
    grammar.syntax,
    commands.no_program,
    commands.ended,
    commands.unknown_user,
    commands.disk_full,
    files.outside,
    files.missing,
    stages.target,
    stages.repeated,
    stages.later,
    stages.looked_for_outside,
    stages.circular,
    images.download,
    images.base,
    support.secrets,
    support.buildkit_only,
    grammar.base_name,
    grammar.value,
    grammar.form,
)


def _clip(text: str) -> str:
    """Una línea larguísima, con su principio y su final (donde va el código de salida)."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 100]} … {text[-100:]}"
