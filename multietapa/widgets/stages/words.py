"""Lo que se dice de las etapas de un Dockerfile: funciones puras, también para sus dos gemelos."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from multietapa import text
from multietapa.dockerfile.graph import SCRATCH, Edge, EdgeKind, Graph, Node, NodeKind, Skip
from multietapa.widgets.inline import inline
from multietapa.widgets.stages.value import Stages

TARGET, DONE, ANYWAY, WANTED, SPARE = "T", "N", "C", "B", "I"
_CODES = {Skip.NOBODY: "U", Skip.ONLY_SKIPPED: "S", Skip.NOT_FOR_TARGET: "O"}
_AFTER = "A"
MARKS = {
    TARGET: "◎ objetivo",
    DONE: "✓ se hace",
    ANYWAY: "✓ se hace sin hacer falta",
    WANTED: "✓ hace falta",
    SPARE: "✕ no hace falta",
    "U": "✕ no se hace: nadie la usa",
    "S": "✕ no se hace: la usa otra que no",
    "O": "✕ no se hace: es para otras",
    _AFTER: "✕ no se hace: va después",
}
"""Cómo está un nodo, en las palabras que caben en él; cada uno, con una letra."""
REASONS = {
    "U": "nadie la usa",
    "O": "hace falta para la última, y no para este objetivo",
    _AFTER: "va después del objetivo, y el constructor clásico se para en él",
}
"""Por qué no se hace una etapa. Lo que falta (``S``) lo dice :func:`only_for` con sus nombres."""
LEGEND = (
    "Línea gruesa, `FROM`: empieza con todas las capas de la otra.",
    "Flecha fina, `COPY --from`: se lleva solo esas rutas.",
    "Línea de puntos, `RUN --mount`: la ve solo durante el paso.",
    "A rayas y en gris: no se hace.",
)
"""Cómo se lee el dibujo."""
ABOUT = {
    NodeKind.IMAGE: "Es una imagen de fuera: la tiene tu motor, o se baja de un registro.",
    NodeKind.EMPTY: "No es ninguna imagen: la etapa empieza sin un solo archivo.",
}
"""Qué es lo que no es una etapa."""
TOO_MUCH = "Son demasiados nodos y líneas para un dibujo que se pueda leer: están en la lista."
ANYWAY_SAID = "No hace falta, y el constructor clásico la hace igual."
STILL = "Es lo que dice el texto: no se ha construido nada."


def called(node: Node) -> str:
    """Cómo se nombra un nodo dentro de una frase."""
    if node.kind is NodeKind.STAGE and node.name == str(node.stage):
        return f"la etapa {node.stage}"
    return node.name


def subject(stages: Stages, node: Node) -> str:
    """Una etapa, al empezar una frase."""
    if called(node) == node.name:
        return f"La etapa {node.name}"
    last = node.key == stages.stages[-1].key and len(stages.stages) > 1
    return f"La {'última' if last else called(node).removeprefix('la ')}, sin nombre,"


def aim(stages: Stages, graph: Graph) -> str:
    """El objetivo, dentro de una frase: «la última», o el nombre de la etapa."""
    last = graph.target == stages.stages[-1].key
    node = graph.node(graph.target)
    named = called(node) == node.name
    return f"la última ({node.name})" if last and named else "la última" if last else called(node)


def headline(stages: Stages, graph: Graph | None = None) -> str:
    """Cuántas etapas hacen falta, y para cuál."""
    graph = graph or stages.graph
    total = len(stages.stages)
    needed = sum(node.key in graph.needed for node in stages.stages)
    if total == 1:
        return "Tiene una sola etapa: todo lo que deje va en la imagen."
    one, many = ("se hace", "se hacen") if stages.classic else ("hace falta", "hacen falta")
    counted = f"las {total} etapas" if needed == total else f"{needed} de {total} etapas"
    return f"Para {aim(stages, graph)} {one if needed == 1 else many} {counted}."


def takes(stages: Stages, edges: Sequence[Edge]) -> str:
    """Lo que una etapa toma de otra, o de una imagen: «copia /app/dist de build»."""
    first, source = edges[0], stages.graph.node(edges[0].source)
    paths = text.join(_paths(edges))
    name = f"la imagen {source.name}" if source.kind is NodeKind.IMAGE else called(source)
    if first.kind is EdgeKind.COPY:
        return f"copia {paths} de {name}"
    if first.kind is EdgeKind.MOUNT:
        return f"ve {name}{f' en {paths}' if paths else ''} solo durante un paso"
    if source.kind is NodeKind.EMPTY:
        return f"parte de cero ({SCRATCH})"
    platform = stages.graph.node(first.target).platform
    return f"parte de {source.name if source.kind is NodeKind.IMAGE else name}" + (
        f" para {platform}" if platform else ""
    )


def given(stages: Stages, edges: Sequence[Edge]) -> str:
    """Lo mismo, desde el otro lado: «pruebas copia /app/dist»."""
    first, paths = edges[0], text.join(_paths(edges))
    source = stages.graph.node(first.source)
    user = called(stages.graph.node(first.target))
    if first.kind is EdgeKind.COPY:
        return f"{user} copia {paths}"
    if first.kind is EdgeKind.MOUNT:
        return f"{user} la ve{f' en {paths}' if paths else ''} solo durante un paso"
    return f"{user} parte de {'cero' if source.kind is NodeKind.EMPTY else 'ella'}"


def label(edges: Sequence[Edge]) -> str:
    """El rótulo de una línea del dibujo; la de ``FROM`` no lo lleva."""
    first, *rest = _paths(edges) or [""]
    more = f" y {len(rest)} más" if rest else ""
    if edges[0].kind is EdgeKind.COPY:
        return f"copia {first}{more}"
    return f"monta {first}{more}".strip() if edges[0].kind is EdgeKind.MOUNT else ""


def at_lines(edges: Sequence[Edge]) -> str:
    """Dónde se dice: «línea 4», «líneas 4 y 5»."""
    numbers = [str(line) for line in dict.fromkeys(edge.line for edge in edges)]
    return f"{'líneas' if len(numbers) > 1 else 'línea'} {text.join(numbers)}"


def code(stages: Stages, graph: Graph, node: Node) -> str:
    """Cómo está un nodo con ese objetivo: una letra de :data:`MARKS`."""
    if node.key == graph.target:
        return TARGET
    if node.key in graph.needed:
        if node.kind is not NodeKind.STAGE:
            return WANTED
        return DONE if not stages.classic or node.key in graph.reach(graph.target) else ANYWAY
    skipped = next((one for one in graph.skipped if one.key == node.key), None)
    if skipped is None:
        return SPARE
    return _AFTER if stages.classic else _CODES[skipped.why]


def only_for(stages: Stages, node: Node) -> str:
    """Por qué no se hace una etapa que solo usan otras que sobran."""
    users = dict.fromkeys(called(stages.graph.node(edge.target)) for edge in stages.graph.users(node.key))
    many = len(users) > 1
    falls = "hacen" if many else "hace"
    return f"solo la {'usan' if many else 'usa'} {text.join(list(users))}, que tampoco {falls} falta"


def reason(stages: Stages, graph: Graph, node: Node) -> str:
    """Por qué no se hace esa etapa, o ``""`` si se hace."""
    letter = code(stages, graph, node)
    return only_for(stages, node) if letter == "S" else REASONS.get(letter, "")


def sentences(stages: Stages) -> list[str]:
    """Una frase por cada etapa que se hace, y otra por cada una que no."""
    done = [node for node in stages.stages if node.key in stages.graph.needed]
    left = [node for node in stages.stages if node.key not in stages.graph.needed]
    said = []
    for node in done:
        what = [takes(stages, edges) for edges in stages.lines() if edges[0].target == node.key]
        anyway = code(stages, stages.graph, node) == ANYWAY
        said.append(f"{subject(stages, node)} {text.join(what)}.{f' {ANYWAY_SAID}' if anyway else ''}")
    said += [f"{subject(stages, node)} no se hace: {reason(stages, stages.graph, node)}." for node in left]
    return said


def notes(stages: Stages) -> list[str]:
    """Lo que hay que saber de lo que se enseña."""
    which = "Algún FROM depende del procesador del motor, y aquí no se sabe cuál es: se ha supuesto"
    return [STILL, *([f"{which} {stages.assumed}."] if stages.assumed else [])]


def lines(stages: Stages) -> list[str]:
    """El gemelo en texto; se entiende también leído en voz alta."""
    return [
        f"Etapas de {stages.name}",
        headline(stages),
        *(f"  {sentence}" for sentence in sentences(stages)),
        *notes(stages),
    ]


def static_html(stages: Stages, picture: str) -> str:
    """El gemelo en HTML: el dibujo, si lo hay, y las mismas frases en una lista."""
    about = {"tabindex": 0, "role": "group", "aria-label": "Dibujo de las etapas"}
    named = " ".join(f'{name}="{value}"' for name, value in about.items())
    shown = f'<div class="mtg-scroll" {named}>{picture}</div><p>{inline(" ".join(LEGEND))}</p>'
    items = "".join(f"<li>{escape(sentence)}</li>" for sentence in sentences(stages))
    below = "".join(f"<p>{escape(note)}</p>" for note in notes(stages))
    return (
        f"<p><strong>Etapas de {escape(stages.name)}.</strong> {escape(headline(stages))}</p>"
        f"{shown if picture else f'<p>{TOO_MUCH}</p>'}<ul>{items}</ul>{below}"
    )


def _paths(edges: Sequence[Edge]) -> list[str]:
    return list(dict.fromkeys(path for edge in edges for path in edge.paths))
