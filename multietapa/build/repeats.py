"""Qué se repetiría si cambiara una línea del Dockerfile (o lo que copia): un cálculo, no otra construcción.

Es lo más que se repetiría: si un paso diera otra vez lo mismo, byte a byte, BuildKit aprovecharía los que
copian de él. Los segundos son los medidos en esta construcción; de lo que salió de la caché no hay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from multietapa.build.critical import longest
from multietapa.build.step import Status, Step
from multietapa.build.timeline import Timeline, measured
from multietapa.dockerfile.graph import EdgeKind
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Stage
from multietapa.keywords import WITH_LAYER

_FOR_RUN = ("ENV", "ARG", "USER", "SHELL")  # no dejan capa, pero cada RUN de detrás los recibe


@dataclass(frozen=True)
class Repeat:
    """Lo que se repetiría si cambiara la línea ``line``: pasos, en su orden, y etapas (por su ``key``).

    ``seconds`` son los medidos de esos pasos, sumados; ``row``, los de la cadena más larga de ellos, que es
    lo menos que habría que esperar; ``unmeasured``, cuántos salieron de la caché y no tienen tiempo medido.
    """

    line: int
    steps: tuple[Step, ...]
    stages: tuple[str, ...]
    seconds: float
    row: float
    unmeasured: int


def changeable(line: Timeline) -> tuple[Instruction, ...]:
    """Las instrucciones por las que se puede preguntar:

    las de las etapas que se hacen, y los ``ARG`` de antes de todas.
    """
    made = [stage for stage in line.source.stages if f"etapa:{stage.index}" in line.graph.needed]
    own = (i for stage in made for i in (stage.opening, *stage.instructions))
    return (*line.source.global_args, *own)


def repeats(line: Timeline, number: int) -> Repeat:
    """Lo que se repetiría si cambiara la instrucción que empieza en esa línea."""
    again = _downstream(line, {step.id for step in _seeds(line, number)})
    steps = tuple(step for stage in line.stages for step in stage.instructions if step.id in again)
    chosen = {step.id: step for step in steps}
    inputs = {step.id: step.inputs for step in steps}
    return Repeat(
        number,
        steps,
        tuple(dict.fromkeys(line.owner[step.id] for step in steps)),
        sum(map(measured, steps)),
        sum(map(measured, steps)) if line.in_row else longest(chosen, inputs).seconds,
        sum(step.status is Status.CACHED for step in steps),
    )


def _seeds(line: Timeline, number: int) -> Iterable[Step]:
    """Los pasos que se repiten por sí mismos, y no por los que van delante."""
    for arg in line.source.global_args:
        if arg.line == number:
            name = arg.arguments.partition("=")[0].strip()
            used = (stage for stage in line.source.stages if _uses(stage.opening.text, name))
            yield from (step for stage in used for step in _of(line, stage))
            return
    at = line.source.stage_at(number)
    every = (at.opening, *at.instructions) if at else ()
    instruction = next((i for i in every if i.line == number), None)
    if at is None or instruction is None:
        return
    own = [step for stage in line.stages for step in stage.instructions if step.line == number]
    yield from own
    if instruction.keyword == "FROM" or (not own and instruction.keyword in WITH_LAYER):
        yield from _behind(line, at, number)
    elif instruction.keyword in _FOR_RUN and not line.in_row:
        for heir in _heirs(line, at):
            after = number if heir is at else 0
            yield from (step for step in _of(line, heir) if _receives(line, step, after, instruction))


def _behind(line: Timeline, stage: Stage, number: int) -> Iterable[Step]:
    """Todo lo que va detrás de esa línea, y lo que otras toman de su etapa.

    Hace falta decirlo cuando el motor hizo esa línea con el nombre de otra etapa, que la tiene igual.
    """
    yield from (step for step in _of(line, stage) if (step.line or 0) > number)
    for edge in line.graph.users(f"etapa:{stage.index}"):
        taken = line.stage(edge.target).instructions
        yield from (step for step in taken if edge.kind is EdgeKind.FROM or step.line == edge.line)


def _receives(line: Timeline, step: Step, after: int, instruction: Instruction) -> bool:
    """Si a ese paso le llega lo que fija ``instruction``, por ir detrás de ella."""
    if step.line is None or step.line <= after:
        return False
    if step.keyword == "RUN":
        return True
    return instruction.keyword in ("ENV", "ARG") and any(
        _uses(line.source.line_text(step.line), name) for name in _names(instruction)
    )


def _names(instruction: Instruction) -> list[str]:
    """Las variables que fija un ``ENV`` o un ``ARG``."""
    if "=" not in instruction.arguments:
        return instruction.arguments.split()[:1]
    return re.findall(r"(?:^|\s)([A-Za-z_]\w*)=", instruction.arguments)


def _uses(text: str, name: str) -> bool:
    return bool(name) and re.search(rf"\$\{{?{re.escape(name)}(?!\w)", text) is not None


def _of(line: Timeline, stage: Stage) -> tuple[Step, ...]:
    return line.stage(f"etapa:{stage.index}").instructions


def _heirs(line: Timeline, stage: Stage) -> list[Stage]:
    """Esa etapa y las que parten de ella, o de otra que parte de ella."""
    found = [stage]
    for other in line.source.stages:
        parent = line.source.parent(other)
        if parent is not None and parent in found:
            found.append(other)
    return found


def _downstream(line: Timeline, seeds: set[str]) -> set[str]:
    """Esos pasos y todos los que dependen de ellos."""
    users: dict[str, list[Step]] = {}
    for step in line.state.steps.values():
        for one in step.inputs:
            users.setdefault(one, []).append(step)
    pending, found = list(seeds), set[str]()
    while pending:
        id_ = pending.pop()
        if id_ not in found:
            found.add(id_)
            pending += [user.id for user in users.get(id_, ()) if _follows(line, user, id_)]
    return found


def _follows(line: Timeline, user: Step, used: str) -> bool:
    """Si ``user`` depende de ``used`` por lo que dice el Dockerfile.

    Dos etapas que empiezan igual comparten sus primeros pasos, pero al cambiar una la otra sigue como estaba.
    """
    source, target = line.owner.get(used), line.owner.get(user.id)
    if source == target or source is None or target is None:
        return True
    edges = (edge for edge in line.graph.sources(target) if edge.source == source)
    return any(edge.kind is EdgeKind.FROM or edge.line == user.line for edge in edges)
