"""Las imágenes de fuera que pide un Dockerfile, y si todos los nombres con que las pide valen."""

from __future__ import annotations

from collections.abc import Mapping

from multietapa.dockerfile.instructions import Instruction, fail
from multietapa.dockerfile.origins import STAGE_NAME, check_image
from multietapa.dockerfile.platforms import Platform
from multietapa.dockerfile.shell import Lexer, WordError
from multietapa.dockerfile.stages import Dockerfile, Stage, copied_index


def outside_images(
    source: Dockerfile,
    *,
    architecture: str,
    platform: Platform | None = None,
    buildargs: Mapping[str, str] | None = None,
    target: str | None = None,
    all_stages: bool = False,
) -> dict[str, Instruction]:
    """Las imágenes de fuera que hacen falta para ``target`` (o la última etapa), en su orden.

    Cada una va con la instrucción que la pide (mejor un ``FROM``).

    Args:
        architecture: la del motor, en los nombres de Docker.
        platform: para la que se construye (``$TARGETARCH`` y compañía); si falta, la del motor.
        buildargs: valores que sustituyen a los de los ``ARG`` globales.
        all_stages: todas las etapas y no solo las necesarias (así trabaja el constructor clásico).

    Raises:
        DockerfileError: el motor no aceptaría alguno de los nombres, aunque su etapa no haga falta.
    """
    source = source.resolved(
        buildargs, target=target, architecture=architecture, platform=platform, strict=True
    )
    wanted = source.stages if all_stages else source.needed(target)
    _check_origins(source, {stage.index for stage in wanted})
    found: dict[str, Instruction] = {}
    for stage in wanted:
        if source.parent(stage) is None and found.get(stage.image, stage.opening).keyword != "FROM":
            del found[stage.image]
        if source.parent(stage) is None:
            found.setdefault(stage.image, stage.opening)
        for instruction in source.done_in(stage):
            for name in instruction.froms:
                if source.origin(instruction, name) is None:
                    found.setdefault(name, instruction)
    return {name: asker for name, asker in found.items() if name and name != "scratch"}


def _check_origins(source: Dockerfile, wanted: set[int]) -> None:
    """Lanza ``DockerfileError`` si el motor no aceptaría un ``--from`` o un ``from=``."""
    for stage in source.stages:
        for instruction in source.done_in(stage):
            for origin in instruction.froms:
                _check_origin(source, stage, instruction, origin, wanted)


def _check_origin(
    source: Dockerfile, stage: Stage, instruction: Instruction, origin: str, wanted: set[int]
) -> None:
    lexer = Lexer({}, source.escape)
    try:
        fixed = lexer.word(origin) == origin
    except WordError:
        fixed = False
    if not fixed:
        tip = f"Pon «FROM {origin} AS otra» antes, con su «ARG» en la primera línea, y copia de «otra»."
        why = f"De dónde se copia no puede llevar variables, y «{origin}» las lleva."
        fail(source.lines, instruction.line, why, next_step=tip)
    index = copied_index(origin) if instruction.keyword == "COPY" else None
    ahead = index is not None and index > stage.index and stage.index in wanted
    if index is not None and (ahead or index == stage.index or not 0 <= index < len(source.stages)):
        last = stage.index - 1
        tip = f"Aquí valen del 0 al {last}." if last > 0 else "Aquí vale el 0." if not last else ""
        why = f"No hay ninguna etapa anterior con el número {origin}."
        fail(source.lines, instruction.line, why, next_step=tip or "Es la primera: no hay ninguna antes.")
    if source.origin(instruction, origin) is None and not STAGE_NAME.match(
        origin.lower()
    ):  # si no, sería una etapa
        check_image(source.lines, origin, instruction.line)
