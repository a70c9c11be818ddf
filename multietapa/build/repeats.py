"""Qué se repetiría si cambiara una línea del Dockerfile (o lo que copia): un cálculo, no otra construcción.

Es lo más que se repetiría: si un paso diera otra vez lo mismo, byte a byte, BuildKit aprovecharía los que
copian de él. Los segundos son los medidos en esta construcción; de lo que salió de la caché no hay.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from multietapa.build.critical import longest
from multietapa.build.step import Status, Step
from multietapa.build.timeline import Timeline, measured
from multietapa.dockerfile.graph import EdgeKind
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Stage

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
    inputs = _needs(line)
    again = _downstream({step.id for step in _seeds(line, number)}, inputs)
    steps = tuple(step for stage in line.stages for step in stage.instructions if step.id in again)
    chosen = {step.id: step for step in steps}
    row = sum(map(measured, steps)) if line.in_row else longest(chosen, inputs).seconds
    return Repeat(
        number,
        steps,
        tuple(dict.fromkeys(line.owner[step.id] for step in steps)),
        sum(map(measured, steps)),
        row,
        sum(step.status is Status.CACHED for step in steps),
    )


def _seeds(line: Timeline, number: int) -> Iterable[Step]:
    """Los pasos que se repiten por sí mismos, y no por los que van delante."""
    yield from (step for stage in line.stages for step in stage.steps if step.line == number)
    if any(arg.line == number for arg in line.source.global_args):
        name = _defined(next(arg for arg in line.source.global_args if arg.line == number))
        for stage in line.source.stages:
            if _uses(stage.opening.text, name):
                yield from _of(line, stage)
        return
    at = line.source.stage_at(number)
    if at is None:
        return
    stage = at
    instruction = next((i for i in (stage.opening, *stage.instructions) if i.line == number), None)
    if instruction is None:
        return
    if instruction.keyword == "FROM":
        yield from _of(line, stage)
    elif instruction.keyword in _FOR_RUN and not line.in_row:
        for heir in _heirs(line, stage):
            after = number if heir is stage else 0
            yield from (step for step in _of(line, heir) if _receives(line, step, after, instruction))


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


def _defined(instruction: Instruction) -> str:
    return instruction.arguments.partition("=")[0].strip()


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


def _downstream(seeds: set[str], inputs: Mapping[str, tuple[str, ...]]) -> set[str]:
    """Esos pasos y todos los que dependen de ellos."""
    users: dict[str, list[str]] = {}
    for id_, needed in inputs.items():
        for one in needed:
            users.setdefault(one, []).append(id_)
    pending, found = list(seeds), set[str]()
    while pending:
        id_ = pending.pop()
        if id_ not in found:
            found.add(id_)
            pending += users.get(id_, ())
    return found


def _needs(line: Timeline) -> dict[str, tuple[str, ...]]:
    """De qué depende la caché de cada paso. El clásico no lo dice, pero lo hace siempre igual."""
    if not line.in_row:
        return {id_: step.inputs for id_, step in line.state.steps.items()}
    last = {stage.key: stage.steps[-1].id for stage in line.stages if stage.steps}
    taken: dict[tuple[str, int], list[str]] = {}
    for edge in line.graph.edges:
        if edge.source in last:
            at = edge.line if edge.kind is not EdgeKind.FROM else 0
            taken.setdefault((edge.target, at), []).append(last[edge.source])
    found: dict[str, tuple[str, ...]] = {}
    for stage in line.stages:
        before = taken.get((stage.key, 0), [])
        for step in stage.steps:
            found[step.id] = (*before, *taken.get((stage.key, step.line or -1), ()))
            before = [step.id]
    return found
