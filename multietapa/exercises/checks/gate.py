"""Preguntas sobre qué objetivos se construyen cuando el código tiene un fallo que las pruebas encuentran."""

from __future__ import annotations

from collections.abc import Sequence

from multietapa import text
from multietapa.dockerfile.stages import Dockerfile
from multietapa.errors import BuildError, ContainerError
from multietapa.exercises.checks import reports
from multietapa.exercises.outcome import Observation

_LOG_LINES = 6
_NEEDS = (
    "Una etapa que nadie necesita no puede parar a otra. Haz que el objetivo necesite algo que solo exista "
    "cuando las pruebas pasan: un archivo que copiar o montar, o una etapa de la que partir."
)


def closed(failure: BuildError | None, source: Dockerfile, target: str, log: str = "") -> Observation:
    """Con el fallo, ``target`` no se construye. ``failure`` es con lo que se paró, si se paró.

    ``log`` es lo que escribieron los pasos.
    """
    if failure is not None:
        return Observation(
            True, f"Con un fallo en el código, «{target}» no se construye{_at(failure, source)}."
        )
    seen = f"Con un fallo en el código, «{target}» se construyó igual"
    if failing := reports.failed(log):
        told = text.count(failing, "prueba que falla", "pruebas que fallan")
        said = f"{seen}: «npm test» contó {told} y la construcción siguió"
        return Observation(
            False,
            f"{said}.",
            (
                f"{said}. La instrucción que las pasa acabó bien.",
                "Un RUN falla con el código de la última orden de su línea: mira qué va detrás de «npm test» "
                "(una tubería, «||», «;»).",
            ),
        )
    needed = source.needed(target)
    skipped = [f"«{stage.name or stage.index}»" for stage in source.stages if stage not in needed]
    if skipped:
        many = len(skipped) > 1
        named = (
            f"{'las etapas' if many else 'la etapa'} {text.join(skipped)} no se {'hacen' if many else 'hace'}"
        )
        said = f"{seen}: para él, {named}"
        return Observation(
            False, f"{said}.", (f"{said}: nada de lo suyo la{'s' if many else ''} usa.", _NEEDS)
        )
    return Observation(
        False,
        f"{seen}: en ninguna de sus etapas se pasaron las pruebas con ese código.",
        (
            f"Se cambió una línea de src que las pruebas vigilan, y al construir «{target}» no falló nada.",
            "Las pruebas se pasan con «npm test», donde estén las herramientas de desarrollo y el código.",
        ),
    )


def opened(failure: BuildError | None, source: Dockerfile, target: str) -> Observation:
    """Con el fallo, ``target`` se construye igual: es donde se arregla."""
    if failure is None:
        return Observation(True, f"Con ese mismo fallo, «{target}» se construye: ahí se arregla.")
    seen = f"Con ese mismo fallo, «{target}» tampoco se construye{_at(failure, source)}"
    return Observation(
        False,
        f"{seen}.",
        (
            f"{seen}. ¿Dónde se arregla entonces?",
            f"Mira de qué etapa parte «{target}»: hace también todo lo de ella. Las pruebas pueden ir en "
            f"otra, que parta de «{target}».",
        ),
    )


def tests_pass(written: str, problem: ContainerError | None, target: str) -> Observation:
    """En un contenedor de ``target`` se pasan las pruebas. ``written`` es lo que escribió «npm test»."""
    count = reports.passed(written)
    if problem is None and count:
        passed = text.count(count, "prueba pasada", "pruebas pasadas")
        return Observation(True, f"En un contenedor de «{target}», npm test acaba bien: {passed}.")
    seen = f"En un contenedor de «{target}» no se pueden pasar las pruebas con npm test"
    tail = _last((problem.detail if problem else written).splitlines())
    return Observation(
        False,
        "\n".join([f"{seen}.", *(f"    {line}" for line in tail)]),
        (
            f"{seen}: {f'lo último que escribió es «{tail[-1].strip()}»' if tail else 'no escribió nada'}.",
            f"Para trabajar hacen falta todas las dependencias, el código y los tests: ¿están en «{target}»?",
        ),
    )


def _at(failure: BuildError, source: Dockerfile) -> str:
    """Dónde se paró, según el motor."""
    stage = source.stage_at(failure.line) if failure.line else None
    if stage is None:
        return ""
    place = f"en la línea {failure.line}"
    return f": se para {place}, en la etapa «{stage.name or stage.index}»"


def _last(lines: Sequence[str]) -> list[str]:
    return [line for line in lines if line.strip()][-_LOG_LINES:]
