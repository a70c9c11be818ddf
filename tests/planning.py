"""Lo que BuildKit planea y lo que el grafo dibuja, dichos igual para poder compararlos."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from multietapa.build.events import StepDeclared, StepKind
from multietapa.dockerfile.graph import EdgeKind, Graph, NodeKind
from multietapa.dockerfile.references import short_name
from multietapa.dockerfile.stages import Dockerfile, Stage
from multietapa.keywords import WITH_LAYER

_CONTEXT = re.compile(r"(?:recibir la carpeta|traer) «([^»]+)»")
Taken = tuple[object, int, int | None]
"""De dónde se toma (el índice de una etapa, o una imagen), qué etapa lo toma y en qué línea."""


@dataclass(frozen=True)
class Planned:
    """Qué etapas se hacen y qué toma cada una de otra o de una imagen."""

    stages: frozenset[int]
    edges: frozenset[Taken]


def planned(steps: list[StepDeclared], source: Dockerfile) -> Planned:
    """Del plan de BuildKit: las etapas que tienen pasos, y lo que entra en cada uno desde fuera."""
    by_id = {step.id: step for step in steps}

    def stage_of(step: StepDeclared) -> int | None:
        if step.kind is not StepKind.INSTRUCTION:
            return None
        if not step.stage:
            return 0
        return next((stage.index for stage in source.stages if step.stage == source.called(stage)), None)

    def origins(step: StepDeclared) -> Iterator[object]:
        for key in step.inputs:
            before = by_id[key]
            if before.name.startswith("FROM "):
                yield short_name(before.name.removeprefix("FROM "))
            elif context := _CONTEXT.search(before.name):
                yield context[1]
            elif (own := stage_of(before)) is not None:
                yield own
            else:
                yield from origins(before)

    found = {(step, index) for step in steps if (index := stage_of(step)) is not None}
    edges = {
        (origin, index, step.line) for step, index in found for origin in origins(step) if origin != index
    }
    return Planned(frozenset(index for _, index in found), frozenset(edges))


def expected(found: Graph, source: Dockerfile, contexts: Container[str] = ()) -> Planned:
    """Lo mismo según el grafo. De las etapas sin ningún paso BuildKit no dice nada: se salta a su base.

    De un ``FROM`` toma el primer paso de la etapa. ``contexts``, lo que se dio en lugar de una etapa.
    """
    first = {stage.index: line for stage in source.stages if (line := _first_line(source, stage)) is not None}

    def real(key: str) -> object:
        node = found.node(key)
        if node.name in contexts:
            return node.name
        if node.kind is NodeKind.IMAGE:
            return short_name(node.name)
        if node.kind is NodeKind.EMPTY or node.stage in first:
            return node.stage
        return real(next(e.source for e in found.sources(key) if e.kind is EdgeKind.FROM))

    needed = {node.stage for node in found.nodes if node.stage in first and node.key in found.needed}
    edges = set[Taken]()
    for edge in found.edges:
        stage, origin = found.node(edge.target).stage, real(edge.source)
        if stage is not None and stage in needed and origin is not None:
            edges.add((origin, stage, first[stage] if edge.kind is EdgeKind.FROM else edge.line))
    return Planned(frozenset(stage for stage in needed if stage is not None), frozenset(edges))


def _first_line(source: Dockerfile, stage: Stage) -> int | None:
    return next((i.line for i in source.done_in(stage) if i.keyword in WITH_LAYER), None)
