"""El dibujo de un grafo de etapas, en SVG: el mismo en el widget y en su gemelo.

Nada se dice solo con el color: cada clase de nodo tiene su forma, cada clase de línea su trazo, y lo que no
se hace va a rayas y con sus palabras.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass

from multietapa.dockerfile.graph import Edge, EdgeKind, Node, NodeKind
from multietapa.widgets.stages.layout import Layout, Rect, Route, place
from multietapa.widgets.stages.rows import Arrow
from multietapa.widgets.stages.value import Stages
from multietapa.widgets.stages.words import MARKS, called, code, headline, label
from multietapa.widgets.theme import VARIABLES

MOST, LARGEST = 60, 32_000
"""Lo que cabe en un dibujo que se pueda leer y guardar con el cuaderno: sus nodos, y sus caracteres."""
HEIGHT, NARROWEST = 64.0, 116.0
LABEL = 18.0
MARGIN = 6.0
NAME, SMALL = 7.6, 6.5
"""Lo que ocupa de media una letra del nombre, y una de las demás."""
_LONGEST = 30
KINDS = {EdgeKind.FROM: "from", EdgeKind.COPY: "copy", EdgeKind.MOUNT: "mount"}
"""La clase de CSS de cada clase de línea."""
SHAPES = {NodeKind.STAGE: "stage", NodeKind.IMAGE: "image", NodeKind.EMPTY: "empty"}
"""Y la de cada clase de nodo."""
OFF = ("I", "U", "S", "O", "A")
"""Las letras de lo que no se hace, o no hace falta."""

PICTURE_CSS = """
.mtg-scroll { overflow-x: auto; margin: 8px 0; }
.mtg-svg { display: block; color: var(--mt-text); font-family: inherit; font-size: 12px; }
.mtg-svg text { fill: currentColor; text-anchor: middle; }
.mtg-svg .mtg-name { font-size: 13px; font-weight: 600; }
.mtg-svg .mtg-box, .mtg-svg .mtg-ring { fill: none; stroke: var(--mt-run); stroke-width: 1.5; }
.mtg-svg .mtg-image .mtg-box, .mtg-svg .mtg-empty .mtg-box { fill: var(--mt-shade); stroke: currentColor; }
.mtg-svg .mtg-ring { display: none; }
.mtg-svg .mtg-on .mtg-ring { display: inline; stroke: var(--mt-ok); stroke-width: 3; }
.mtg-svg .mtg-off { color: var(--mt-soft); }
.mtg-svg .mtg-off .mtg-box { stroke: var(--mt-soft); stroke-dasharray: 6 4; fill: none; }
.mtg-svg .mtg-off .mtg-name { font-weight: 400; }
.mtg-svg .mtg-line { fill: none; stroke: currentColor; stroke-width: 1.4; }
.mtg-svg .mtg-head { fill: currentColor; }
.mtg-svg .mtg-from .mtg-line { stroke-width: 4.5; }
.mtg-svg .mtg-mount .mtg-line { stroke-width: 2.4; stroke-dasharray: 0 6; stroke-linecap: round; }
.mtg-svg .mtg-off.mtg-from .mtg-line, .mtg-svg .mtg-off.mtg-copy .mtg-line { stroke-dasharray: 6 5; }
"""


@dataclass(frozen=True)
class Picture:
    """El dibujo (``""`` si sería demasiado) y los números de sus nodos, en el orden en que se leen."""

    svg: str
    order: tuple[int, ...]


def picture(stages: Stages) -> Picture:
    """Dibuja un grafo.

    Cada nodo lleva su número (``data-n``), y cada línea el de quien la toma (``data-to``).
    """
    nodes, lines = stages.graph.nodes, stages.lines()
    if len(nodes) > MOST:
        return Picture("", tuple(range(len(nodes))))
    sizes = {node.key: (_width(stages, node), HEIGHT) for node in nodes}
    placed = place(sizes, [_arrow(edges) for edges in lines])
    number = {node.key: at for at, node in enumerate(nodes)}
    letters = {node.key: code(stages, stages.graph, node) for node in nodes}
    drawn = [
        _line(edges, route, number[edges[0].target], off=letters[edges[0].target] in OFF)
        for edges, route in zip(lines, placed.routes, strict=True)
    ]
    drawn += [_node(node, placed.boxes[node.key], number[node.key], letters[node.key]) for node in nodes]
    order = sorted(nodes, key=lambda node: (placed.rows[node.key], placed.boxes[node.key].x))
    svg = _whole(placed, headline(stages), "".join(drawn))
    return Picture(svg if len(svg) <= LARGEST else "", tuple(number[node.key] for node in order))


def _arrow(edges: Sequence[Edge]) -> Arrow:
    said = label(edges)
    first = edges[0]
    width = len(short(said)) * SMALL + 10
    return Arrow(first.source, first.target, width, LABEL) if said else Arrow(first.source, first.target)


def _width(stages: Stages, node: Node) -> float:
    """Lo que necesita un nodo para que quepa lo que dice con cualquier objetivo."""
    marks = max(len(MARKS[code(stages, graph, node)]) for graph in (stages.graph, *stages.graphs))
    words = max(marks, len(about(node))) * SMALL + 16
    return max(NARROWEST, len(short(title(node))) * NAME + 26, words)


def title(node: Node) -> str:
    """El nombre que lleva su caja."""
    return node.name if called(node) == node.name else "sin nombre"


def short(said: str) -> str:
    """Lo mismo, si cabe; si no, su principio y su final."""
    if len(said) <= _LONGEST:
        return said
    half = (_LONGEST - 1) // 2
    return f"{said[:half]}…{said[-half:]}"


def about(node: Node) -> str:
    """Lo que es, en las palabras que caben en su caja."""
    if node.kind is NodeKind.STAGE:
        return f"etapa {node.stage} · línea {node.line}"
    return "imagen de fuera" if node.kind is NodeKind.IMAGE else "vacía: no se trae nada"


def _whole(placed: Layout, said: str, inside: str) -> str:
    width, height = placed.width + 2 * MARGIN, placed.height + 2 * MARGIN
    box = f"{-MARGIN:g} {-MARGIN:g} {width:g} {height:g}"
    return (
        f'<svg class="mtg-svg" viewBox="{box}" width="{width:g}" height="{height:g}" role="img" '
        f'aria-label="{html.escape(said)}">{inside}</svg>'
    )


def _node(node: Node, box: Rect, number: int, letter: str) -> str:
    state = " mtg-off" if letter in OFF else " mtg-on" if letter == "T" else ""
    rows = (
        (21, "mtg-name", short(title(node))),
        (38, "mtg-about", about(node)),
        (54, "mtg-mark", MARKS[letter]),
    )
    words = "".join(
        f'<text class="{kind}" x="{box.x:g}" y="{box.y + y:g}">{html.escape(said, quote=False)}</text>'
        for y, kind, said in rows
    )
    return (
        f'<g class="mtg-node mtg-{SHAPES[node.kind]}{state}" data-n="{number}">'
        f"{shape(node.kind, box)}{words}</g>"
    )


def shape(kind: NodeKind, box: Rect) -> str:
    """La caja de un nodo: cada clase tiene su forma."""
    if kind is NodeKind.IMAGE:  # con las esquinas cortadas
        left, top, right, bottom, cut = box.left, box.y, box.left + box.width, box.bottom, 12
        path = (
            f"M{left + cut:g} {top:g}H{right - cut:g}L{right:g} {top + cut:g}V{bottom - cut:g}"
            f"L{right - cut:g} {bottom:g}H{left + cut:g}L{left:g} {bottom - cut:g}V{top + cut:g}Z"
        )
        return f'<path class="mtg-box" d="{path}"/>'
    radius = 6 if kind is NodeKind.STAGE else box.height / 2
    own = _rect("mtg-box", box.left, box.y, box.width, box.height, radius)
    if kind is NodeKind.EMPTY:
        return own
    return _rect("mtg-ring", box.left - 4, box.y - 4, box.width + 8, box.height + 8, radius + 4) + own


def _rect(kind: str, x: float, y: float, width: float, height: float, radius: float) -> str:
    place_of = f'x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{radius:g}"'
    return f'<rect class="{kind}" {place_of}/>'


def _line(edges: Sequence[Edge], route: Route, target: int, *, off: bool) -> str:
    (x, y), said = route.points[-1], ""
    if route.label:
        words = html.escape(short(label(edges)), quote=False)
        said = f'<text x="{route.label.x:g}" y="{route.label.y + 13:g}">{words}</text>'
    return (
        f'<g class="mtg-edge mtg-{KINDS[edges[0].kind]}{" mtg-off" if off else ""}" data-to="{target}">'
        f'<path class="mtg-line" d="{path(route)}"/>'
        f'<path class="mtg-head" d="M{x - 6:g} {y - 10:g}h12l-6 9z"/>{said}</g>'
    )


def path(route: Route) -> str:
    """La línea: se corta donde va su rótulo, y acaba donde empieza la punta."""
    *before, (last_x, last_y) = route.points
    points = [*before, (last_x, last_y - 8)]
    (x, y), *rest = points
    drawn = f"M{x:g} {y:g}"
    for to_x, to_y in rest:
        middle = (y + to_y) / 2
        if route.label and (x, to_x) == (route.label.x, route.label.x) and y == route.label.y:
            drawn += f"M{to_x:g} {to_y:g}"
        elif x == to_x:
            drawn += f"V{to_y:g}"
        else:
            drawn += f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {to_y:g}"
        x, y = to_x, to_y
    return drawn


def twin_css() -> str:
    """El estilo que necesita el dibujo fuera del widget, en pocos bytes: va en cada gemelo."""
    return re.sub(r"\s*\n\s*", "", VARIABLES + PICTURE_CSS)
