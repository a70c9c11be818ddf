"""El grafo de un Dockerfile: qué etapas e imágenes hay, quién toma de quién, y qué no hace falta y por qué.

Es lo que dice el texto, antes de construir. Lo que una imagen de fuera dispara con sus ``ONBUILD`` no se sabe
sin preguntar por ella: si lo hace, el motor añade aristas que aquí no están.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from multietapa.dockerfile.instructions import Instruction, copy_paths
from multietapa.dockerfile.mounts import bound_mounts
from multietapa.dockerfile.stages import Dockerfile, Stage

SCRATCH = "scratch"


class NodeKind(Enum):
    """Lo que es un nodo. El valor es la palabra que se lee."""

    STAGE = "etapa"
    IMAGE = "imagen"
    EMPTY = "vacía"
    """``scratch``: no es ninguna imagen, y no se trae de ningún sitio."""


class EdgeKind(Enum):
    """Qué toma una etapa de otra, o de una imagen. El valor es como se escribe."""

    FROM = "FROM"
    """Empieza donde la otra acaba: lleva todas sus capas."""
    COPY = "COPY --from"
    """Copia archivos: lo demás se queda allí."""
    MOUNT = "RUN --mount"
    """La ve mientras dura un paso; no se queda nada."""


class Skip(Enum):
    """Por qué una etapa no se hace."""

    NOBODY = "nadie la usa"
    ONLY_SKIPPED = "solo la usan etapas que tampoco hacen falta"
    NOT_FOR_TARGET = "hace falta para otra, y no para el objetivo"


@dataclass(frozen=True)
class Node:
    """Una etapa, o una imagen de fuera. ``key`` la distingue de las demás: ``etapa:0``, ``imagen:node:14``.

    ``name`` es como se la nombra; ``stage``, su índice, o ``None``; ``line``, la de su ``FROM`` (de una
    imagen, la de quien primero la nombra); ``platform``, la que pide su ``--platform``, o ``""``.
    """

    key: str
    kind: NodeKind
    name: str
    line: int
    stage: int | None = None
    platform: str = ""


@dataclass(frozen=True)
class Edge:
    """Lo que la etapa ``target`` toma de ``source`` (las dos, por su ``key``), en la línea ``line``.

    ``written`` es como la nombra (un nombre, un índice, una imagen); ``paths``, lo que copia de ella, o dónde
    la monta.
    """

    source: str
    target: str
    kind: EdgeKind
    line: int
    written: str
    paths: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """Una etapa que no se hace: por qué, y qué otras (por su ``key``) la usarían."""

    key: str
    why: Skip
    users: tuple[str, ...] = ()


@dataclass(frozen=True)
class Graph:
    """Los nodos, en el orden del archivo; las aristas, en el de sus líneas.

    ``target`` es la etapa que se pide (su ``key``); ``needed``, las de los nodos que hacen falta para ella; y
    ``skipped``, las etapas que no.
    """

    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]
    target: str
    needed: frozenset[str]
    skipped: tuple[Skipped, ...]

    def node(self, key: str) -> Node:
        """El nodo de esa clave. Lanza ``KeyError`` si no lo hay."""
        for node in self.nodes:
            if node.key == key:
                return node
        raise KeyError(key)

    def sources(self, key: str) -> tuple[Edge, ...]:
        """Lo que toma esa etapa."""
        return tuple(edge for edge in self.edges if edge.target == key)

    def users(self, key: str) -> tuple[Edge, ...]:
        """Lo que otras toman de ese nodo."""
        return tuple(edge for edge in self.edges if edge.source == key)

    def reach(self, key: str) -> frozenset[str]:
        """Ese nodo y todo aquello de lo que toma algo, también a través de otros."""
        return _reached([key], self.edges)


def graph(source: Dockerfile, target: str | None = None, *, all_before: bool = False) -> Graph:
    """El grafo de un Dockerfile con sus ``ARG`` ya resueltos, y lo que hace falta para ``target``.

    Sin ``target``, o con uno que no existe, es la última. ``all_before``: se hacen todas las etapas hasta
    ella, hagan falta o no (así trabaja el constructor clásico).
    """
    edges = tuple(edge for stage in source.stages for edge in _edges(source, stage))
    last = (source.stage(target) if target else None) or source.stages[-1]
    before = [f"etapa:{n}" for n in range(last.index + 1)] if all_before else [_key(last)]
    needed = _reached(before, edges)
    final = _reached([_key(source.stages[-1])], edges)
    skipped = tuple(
        _skipped(_key(stage), edges, final) for stage in source.stages if _key(stage) not in needed
    )
    return Graph(_nodes(source, edges), edges, _key(last), needed, skipped)


def _nodes(source: Dockerfile, edges: tuple[Edge, ...]) -> tuple[Node, ...]:
    found: dict[str, Node] = {}
    for stage in source.stages:
        for edge in edges:
            if edge.target == _key(stage) and not edge.source.startswith("etapa:"):
                name = edge.source.partition(":")[2]
                kind = NodeKind.EMPTY if name == SCRATCH else NodeKind.IMAGE
                found.setdefault(edge.source, Node(edge.source, kind, name, edge.line))
        found[_key(stage)] = Node(
            _key(stage),
            NodeKind.STAGE,
            stage.name or str(stage.index),
            stage.line,
            stage.index,
            stage.platform,
        )
    return tuple(found.values())


def _edges(source: Dockerfile, stage: Stage) -> Iterator[Edge]:
    parent = source.parent(stage)
    start = _key(parent) if parent else f"imagen:{stage.image}"
    yield Edge(start, _key(stage), EdgeKind.FROM, stage.line, stage.base)
    for instruction in source.done_in(stage):
        yield from _taken(source, stage, instruction)


def _taken(source: Dockerfile, stage: Stage, instruction: Instruction) -> Iterator[Edge]:
    origin = instruction.flag("from") if instruction.keyword == "COPY" else ""
    if origin:
        yield Edge(
            _origin(source, instruction, origin),
            _key(stage),
            EdgeKind.COPY,
            instruction.line,
            origin,
            tuple(copy_paths(instruction)[:-1]),
        )
    for mount in bound_mounts(instruction):
        where = (mount.target,) if mount.target else ()
        yield Edge(
            _origin(source, instruction, mount.origin),
            _key(stage),
            EdgeKind.MOUNT,
            instruction.line,
            mount.origin,
            where,
        )


def _origin(source: Dockerfile, instruction: Instruction, name: str) -> str:
    stage = source.origin(instruction, name)
    return _key(stage) if stage else f"imagen:{name}"


def _key(stage: Stage) -> str:
    return f"etapa:{stage.index}"


def _reached(start: list[str], edges: tuple[Edge, ...]) -> frozenset[str]:
    pending, seen = list(start), set[str]()
    while pending:
        key = pending.pop()
        if key not in seen:
            seen.add(key)
            pending += [edge.source for edge in edges if edge.target == key]
    return frozenset(seen)


def _skipped(key: str, edges: tuple[Edge, ...], final: frozenset[str]) -> Skipped:
    users = tuple(dict.fromkeys(edge.target for edge in edges if edge.source == key))
    if key in final:
        return Skipped(key, Skip.NOT_FOR_TARGET, users)
    return Skipped(key, Skip.ONLY_SKIPPED if users else Skip.NOBODY, users)
