"""Lo que viaja al widget de las etapas: el dibujo, y lo que se abre y se elige en él."""

from __future__ import annotations

from typing import Any

from multietapa.dockerfile.graph import Node, NodeKind
from multietapa.widgets.inline import inline
from multietapa.widgets.stages.picture import OFF, Picture
from multietapa.widgets.stages.value import Stages
from multietapa.widgets.stages.words import (
    LEGEND,
    MARKS,
    REASONS,
    aim,
    at_lines,
    called,
    code,
    given,
    headline,
    notes,
    only_for,
    takes,
)

_CLIPPED = 120
_BUDGET = 15_000
"""Los caracteres de instrucciones que viajan, como mucho: el cuaderno los guarda."""
KINDS = {NodeKind.STAGE: "etapa", NodeKind.IMAGE: "imagen de fuera", NodeKind.EMPTY: "vacía"}


def payload(stages: Stages, drawn: Picture) -> dict[str, Any]:
    """Todo, por los rasgos del widget."""
    share = _BUDGET // len(stages.stages)
    return {
        "name": f"Etapas de {stages.name}",
        "picture": drawn.svg,
        "order": list(drawn.order),
        "nodes": [_node(stages, node, share) for node in stages.graph.nodes],
        "targets": [
            {
                "label": aim(stages, graph),
                "letters": "".join(code(stages, graph, node) for node in graph.nodes),
                "says": headline(stages, graph),
            }
            for graph in stages.graphs
        ],
        "words": {
            "marks": MARKS,
            "reasons": REASONS,
            "off": "".join(OFF),
            "legend": [inline(each) for each in LEGEND] if drawn.svg else [],
            "notes": notes(stages),
        },
        "target": next(at for at, graph in enumerate(stages.graphs) if graph.target == stages.graph.target),
    }


def _node(stages: Stages, node: Node, share: int) -> dict[str, Any]:
    """Lo que se lee de un nodo al abrirlo; de ``share`` caracteres de instrucciones no se pasa."""
    taken = [edges for edges in stages.lines() if edges[0].target == node.key]
    users = [edges for edges in stages.lines() if edges[0].source == node.key]
    return {
        "name": called(node),
        "kind": KINDS[node.kind],
        "says": _says(stages, node, share),
        "takes": [f"{takes(stages, edges)} ({at_lines(edges)})" for edges in taken],
        "gives": [f"{given(stages, edges)} ({at_lines(edges)})" for edges in users],
        "only": only_for(stages, node) if node.kind is NodeKind.STAGE and users else "",
    }


def _says(stages: Stages, node: Node, share: int) -> list[list[Any]]:
    """Las instrucciones de una etapa, cada una con su línea; las que no caben se cuentan."""
    every = stages.instructions(node)
    said: list[list[Any]] = []
    for at, instruction in enumerate(every):
        words = instruction.text
        words = words if len(words) <= _CLIPPED else f"{words[: _CLIPPED - 1]}…"
        share -= len(words) + 10
        if share < 0 and said:
            said.append([0, f"… y {len(every) - at} más"])
            break
        said.append([instruction.line, words])
    return said
