"""El camino crítico de una construcción: la cadena de pasos, cada uno a la espera del anterior, que más duró.

Es un cálculo sobre los segundos medidos. De qué depende cada paso lo dice el rastro de BuildKit; con un
constructor que va en fila, cada uno espera a todos los anteriores.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from multietapa.build.events import StepKind
from multietapa.build.step import Step
from multietapa.build.timeline import Timeline, measured


@dataclass(frozen=True)
class Chain:
    """Pasos que van uno detrás de otro, en su orden, y los segundos que suman."""

    steps: tuple[Step, ...] = ()
    seconds: float = 0.0


def critical(line: Timeline) -> Chain:
    """La cadena más larga. Traer las bases va antes de todo, y exportar, después."""
    steps = line.state.steps
    if line.in_row:
        ordered = sorted(steps.values(), key=lambda step: (step.intervals[:1], step.started))
        worked = tuple(step for step in ordered if measured(step) > 0)
        return Chain(worked, sum(map(measured, worked)))
    return longest(steps, _waited_for(steps))


def longest(steps: Mapping[str, Step], inputs: Mapping[str, tuple[str, ...]]) -> Chain:
    """La cadena más larga de ``steps`` según de qué depende cada uno; lo que haga un círculo no cuenta."""
    best: dict[str, tuple[float, str]] = {}
    for id_ in _in_order(steps, inputs):
        before = max(((best[one][0], one) for one in inputs.get(id_, ()) if one in best), default=(0.0, ""))
        best[id_] = before[0] + measured(steps[id_]), before[1]
    if not best:
        return Chain()
    last = max(best, key=lambda id_: best[id_][0])
    seconds, chain, at = best[last][0], list[Step](), last
    while at:
        chain.append(steps[at])
        at = best[at][1]
    return Chain(tuple(step for step in reversed(chain) if measured(step) > 0), seconds)


def _waited_for(steps: Mapping[str, Step]) -> dict[str, tuple[str, ...]]:
    """Lo que espera cada paso: lo que dice el rastro, y lo que el kit y el constructor hacen en fila."""
    bases = [step.id for step in steps.values() if step.kind is StepKind.BASE]
    rest = tuple(step.id for step in steps.values() if step.kind not in (StepKind.BASE, StepKind.EXPORT))
    found: dict[str, tuple[str, ...]] = {}
    for id_, step in steps.items():
        known = tuple(one for one in step.inputs if one in steps)
        if step.kind is StepKind.BASE:
            known = tuple(bases[: bases.index(id_)][-1:])
        elif step.kind is StepKind.EXPORT:
            known = (*known, *rest)
        found[id_] = known or tuple(bases[-1:])
    return found


def _in_order(steps: Mapping[str, Step], inputs: Mapping[str, tuple[str, ...]]) -> Iterable[str]:
    """Los pasos, cada uno detrás de los que espera."""
    lacking = {id_: len({one for one in inputs.get(id_, ()) if one in steps}) for id_ in steps}
    users: dict[str, list[str]] = {}
    for id_ in steps:
        for one in {one for one in inputs.get(id_, ()) if one in steps}:
            users.setdefault(one, []).append(id_)
    ready = [id_ for id_, count in lacking.items() if not count]
    while ready:
        id_ = ready.pop()
        yield id_
        for user in users.get(id_, ()):
            lacking[user] -= 1
            if not lacking[user]:
                ready.append(user)
