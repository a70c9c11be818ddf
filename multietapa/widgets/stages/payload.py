"""Lo que viaja al widget de las etapas: el dibujo, y lo que se abre y se elige en él."""

from __future__ import annotations

from typing import Any

from multietapa.dockerfile.graph import Node, NodeKind
from multietapa.widgets.inline import inline
from multietapa.widgets.stages.picture import OFF, Picture
from multietapa.widgets.stages.value import Stages
from multietapa.widgets.stages.words import (
    ABOUT,
    LEGEND,
    MARKS,
    REASONS,
    TOO_MUCH,
    aim,
    at_lines,
    called,
    code,
    given,
    headline,
    notes,
    only_for,
    sentences,
    subject,
    takes,
)

_CLIPPED = 120
_WHOLE, _SAID = 50_000, 15_000
"""Los caracteres que viajan en total, y en las instrucciones: el cuaderno los guarda."""


def payload(stages: Stages, drawn: Picture) -> dict[str, Any]:
    """Todo, por los rasgos del widget. Sin dibujo no hay nada que abrir ni que elegir: son frases."""
    graphs = stages.graphs if drawn.svg else (stages.graph,)
    nodes = [_node(stages, node) for node in stages.graph.nodes] if drawn.svg else []
    room = _WHOLE - len(drawn.svg) - sum(len(str(node)) for node in nodes) - len(graphs) * len(nodes)
    share = max(min(room, _SAID), 0) // len(stages.stages)
    for node, about in zip(stages.graph.nodes, nodes, strict=False):
        about["says"] = _says(stages, node, share)
    return {
        "name": f"Etapas de {stages.name}",
        "picture": drawn.svg,
        "order": list(drawn.order),
        "nodes": nodes,
        "targets": [
            {
                "label": aim(stages, graph),
                "letters": "".join(code(stages, graph, node) for node in graph.nodes),
                "says": headline(stages, graph),
            }
            for graph in graphs
        ],
        "words": {
            "marks": MARKS,
            "reasons": REASONS,
            "off": "".join(OFF),
            "legend": [inline(each) for each in LEGEND] if drawn.svg else [],
            "sentences": [] if drawn.svg else sentences(stages),
            "notes": [*([] if drawn.svg else [TOO_MUCH]), *notes(stages)],
        },
        "target": next(at for at, graph in enumerate(graphs) if graph.target == stages.graph.target),
    }


def _node(stages: Stages, node: Node) -> dict[str, Any]:
    """Lo que se lee de un nodo al abrirlo, sin sus instrucciones."""
    taken = [edges for edges in stages.lines() if edges[0].target == node.key]
    users = [edges for edges in stages.lines() if edges[0].source == node.key]
    return {
        "name": called(node),
        "about": ABOUT.get(node.kind, ""),
        "subject": subject(stages, node) if node.kind is NodeKind.STAGE else node.name,
        "takes": [f"{takes(stages, edges)} ({at_lines(edges)})" for edges in taken],
        "gives": [f"{given(stages, edges)} ({at_lines(edges)})" for edges in users],
        "only": only_for(stages, node) if node.kind is NodeKind.STAGE and users else "",
    }


def _says(stages: Stages, node: Node, share: int) -> list[list[Any]]:
    """Las instrucciones de una etapa, cada una con su línea; las que no caben en ``share`` se cuentan."""
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
