"""El dibujo de las etapas de una construcción: el grafo del Dockerfile, con sitio para lo que vaya pasando.

Se coloca una sola vez, antes de empezar; después solo cambian sus textos y su aspecto.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from multietapa.build.crossing import context_users, travelling
from multietapa.dockerfile.graph import SCRATCH, Edge, EdgeKind, Graph, Node, NodeKind
from multietapa.dockerfile.stages import Dockerfile
from multietapa.widgets.stages.layout import Layout, Rect, Route, place
from multietapa.widgets.stages.picture import (
    KINDS,
    LABEL,
    MARGIN,
    MOST,
    NAME,
    SHAPES,
    SMALL,
    about,
    path,
    shape,
    short,
    title,
)
from multietapa.widgets.stages.rows import Arrow
from multietapa.widgets.stages.words import label

CONTEXT = "contexto"
"""La ``key`` del nodo de la carpeta con la que se construye."""
LARGEST = 18_000
"""Los caracteres del dibujo que se puede guardar con el cuaderno, junto a todo lo demás de la vista."""
_HEIGHT, _WIDTH, _AMOUNT = 82.0, 176.0, 74.0
_CONTEXT_NODE = Node(CONTEXT, NodeKind.IMAGE, "tu carpeta", 0)

PICTURE_CSS = """
.mtv-svg .mtg-bytes { font-weight: 600; }
.mtv-svg [data-status="running"] .mtg-box { stroke: var(--mt-run); stroke-width: 3.5; }
.mtv-svg [data-status="done"] .mtg-box { stroke: var(--mt-ok); stroke-width: 2; }
.mtv-svg [data-status="cached"] .mtg-box { stroke: var(--mt-ok); stroke-width: 2; stroke-dasharray: 10 4; }
.mtv-svg [data-status="failed"] .mtg-box { stroke: var(--mt-err); stroke-width: 3.5; }
.mtv-svg [data-status="cancelled"] .mtg-box { stroke: var(--mt-warn); stroke-width: 3; }
.mtv-svg [data-status="skipped"] { color: var(--mt-soft); }
.mtv-svg [data-status="skipped"] .mtg-box { stroke: var(--mt-soft); stroke-dasharray: 6 4; fill: none; }
.mtv-svg .mtg-hot .mtg-ring { display: inline; stroke: var(--mt-warn); stroke-width: 2.5; }
.mtv-svg .mtg-again .mtg-ring { display: inline; stroke: var(--mt-run); stroke-width: 3;
  stroke-dasharray: 3 4; }
"""


@dataclass(frozen=True)
class Line:
    """Una línea del dibujo: una o varias aristas de la misma clase, o lo que se toma de la carpeta.

    ``counted``: lleva además los bytes que cruzan, cuando se sepan.
    """

    source: str
    target: str
    kind: EdgeKind
    edges: tuple[Edge, ...] = ()
    counted: bool = False

    @property
    def says(self) -> str:
        """Su rótulo, sin los bytes."""
        return label(self.edges) if self.edges else ""


@dataclass(frozen=True)
class Scene:
    """El grafo ya colocado. ``placed`` es ``None`` si sería un dibujo que no se puede leer."""

    nodes: tuple[Node, ...]
    lines: tuple[Line, ...]
    placed: Layout | None
    order: tuple[int, ...]

    @property
    def drawn(self) -> bool:
        """Si hay dibujo."""
        return self.placed is not None


@dataclass(frozen=True)
class Look:
    """Lo que dice ahora un nodo: en qué está (una palabra inglesa, para el estilo), su marca y algo más."""

    status: str = ""
    mark: str = ""
    more: str = ""


def scene(source: Dockerfile, graph: Graph) -> Scene:
    """Coloca el grafo, con la carpeta si alguna etapa toma algo de ella."""
    users = context_users(source, graph)
    nodes = (*([_CONTEXT_NODE] if users else []), *graph.nodes)
    found = [Line(CONTEXT, key, EdgeKind.COPY, counted=len(users) == 1) for key in users]
    image = travelling(graph)
    together: dict[tuple[str, str, EdgeKind], list[Edge]] = {}
    for edge in graph.edges:
        together.setdefault((edge.source, edge.target, edge.kind), []).append(edge)
    for (start, target, kind), edges in together.items():
        counted = target in image and kind is not EdgeKind.MOUNT and start != f"imagen:{SCRATCH}"
        found.append(Line(start, target, kind, tuple(edges), counted))
    if len(nodes) > MOST or _circular(graph):
        return Scene(nodes, tuple(found), None, tuple(range(len(nodes))))
    sizes = {node.key: (_width(node), _HEIGHT) for node in nodes}
    placed = place(sizes, [_arrow(line) for line in found])
    rows = {node.key: (placed.rows[node.key], placed.boxes[node.key].x) for node in nodes}
    order = tuple(sorted(range(len(nodes)), key=lambda at: rows[nodes[at].key]))
    whole = Scene(nodes, tuple(found), placed, order)
    blank = draw(whole, "", [Look()] * len(nodes), {})
    return whole if len(blank) <= LARGEST else replace(whole, placed=None)


def _circular(graph: Graph) -> bool:
    """Si dos etapas toman una de otra: el motor lo rechazará, y no se puede poner una debajo de la otra."""
    return any(edge.target in graph.reach(edge.source) for edge in graph.edges)


def draw(
    shown: Scene, said: str, looks: Sequence[Look], amounts: Mapping[int, str], *, live: bool = False
) -> str:
    """El dibujo, con lo que dice cada nodo y los bytes de cada línea; ``""`` si no lo hay.

    Con ``live``, cada nodo es un botón.
    """
    placed = shown.placed
    if placed is None:
        return ""
    lines = "".join(
        _line(at, line, route, looks[_at(shown, line.target)], amounts.get(at, ""))
        for at, (line, route) in enumerate(zip(shown.lines, placed.routes, strict=True))
    )
    nodes = "".join(
        _node(at, node, placed.boxes[node.key], looks[at], live=live) for at, node in enumerate(shown.nodes)
    )
    width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN
    box = f"{-MARGIN:g} {-MARGIN:g} {width:g} {height:g}"
    role = "group" if live else "img"
    return (
        f'<svg class="mtg-svg mtv-svg" viewBox="{box}" width="{width:g}" height="{height:g}" role="{role}" '
        f'aria-label="{html.escape(said)}">{lines}{nodes}</svg>'
    )


def _at(shown: Scene, key: str) -> int:
    return next(at for at, node in enumerate(shown.nodes) if node.key == key)


def _width(node: Node) -> float:
    return max(_WIDTH, len(short(_title(node))) * NAME + 26, len(_about(node)) * SMALL + 16)


def _title(node: Node) -> str:
    return node.name if node.key == CONTEXT else title(node)


def _about(node: Node) -> str:
    return "con la que se construye" if node.key == CONTEXT else about(node)


def _arrow(line: Line) -> Arrow:
    rows = bool(line.says) + line.counted
    if not rows:
        return Arrow(line.source, line.target)
    width = len(short(line.says)) * SMALL + 10
    return Arrow(line.source, line.target, max(_AMOUNT, width), LABEL + 14 * (rows - 1))


def _node(at: int, node: Node, box: Rect, look: Look, *, live: bool) -> str:
    rows = (
        (20, "mtg-name", short(_title(node))),
        (37, "mtg-about", _about(node)),
        (54, "mtg-mark", look.mark),
        (71, "mtg-more", look.more),
    )
    words = "".join(
        f'<text class="{kind}" x="{box.x:g}" y="{box.y + y:g}">{html.escape(said, quote=False)}</text>'
        for y, kind, said in rows
    )
    button = ' role="button" tabindex="-1" aria-expanded="false"' if live else ""
    return (
        f'<g class="mtg-node mtg-{SHAPES[node.kind]}" data-n="{at}" data-status="{look.status}"{button}>'
        f"{shape(node.kind, box)}{words}</g>"
    )


def _line(at: int, line: Line, route: Route, look: Look, amount: str) -> str:
    (x, y), said = route.points[-1], ""
    if route.label:
        center, top = route.label.x, route.label.y + 13
        if line.says:
            said = f'<text x="{center:g}" y="{top:g}">{html.escape(short(line.says), quote=False)}</text>'
            top += 14
        if line.counted:
            where = f'data-e="{at}" x="{center:g}" y="{top:g}"'
            said += f'<text class="mtg-bytes" {where}>{html.escape(amount)}</text>'
    off = " mtg-off" if look.status == "skipped" else ""
    return (
        f'<g class="mtg-edge mtg-{KINDS[line.kind]}{off}" aria-hidden="true">'
        f'<path class="mtg-line" d="{path(route)}"/>'
        f'<path class="mtg-head" d="M{x - 6:g} {y - 10:g}h12l-6 9z"/>{said}</g>'
    )
