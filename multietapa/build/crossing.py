"""Los bytes que cruzan de una etapa a otra, los que viajan en la imagen y los que llegan de la carpeta.

Son los que dice el motor: lo que añadió a la imagen cada paso (``build.sizes``) y lo que se mandó de cada
carpeta. Lo que no se sabe es ``None``, nunca 0.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from multietapa.build.events import MAIN_FOLDER, ContextSent
from multietapa.build.timeline import Timeline
from multietapa.dockerfile.graph import SCRATCH, Edge, EdgeKind, Graph
from multietapa.dockerfile.instructions import Instruction, copy_paths, mount_fields
from multietapa.dockerfile.stages import Dockerfile

_REMOTE = ("http://", "https://", "git@", "git://", "ssh://")


def travelling(graph: Graph) -> tuple[str, ...]:
    """Las etapas (por su ``key``) cuyas capas lleva la imagen, de abajo arriba."""
    chain, at = list[str](), graph.target
    while at.startswith("etapa:") and at not in chain:
        chain.insert(0, at)
        at = next((edge.source for edge in graph.sources(at) if edge.kind is EdgeKind.FROM), "")
    return tuple(chain)


def layers(line: Timeline, key: str) -> int | None:
    """Los bytes de las capas propias de una etapa que acaba en la imagen, sin las de la base."""
    if key not in travelling(line.graph):
        return None
    if not _known(line):
        return None
    return sum(step.size or 0 for step in line.stage(key).instructions)


def crossed(line: Timeline, edges: Sequence[Edge]) -> int | None:
    """Los bytes que cruzan por una línea del grafo (una o varias aristas de la misma clase)."""
    found = [_crossed(line, edge) for edge in edges]
    known = [size for size in found if size is not None]
    return sum(known) if len(known) == len(found) and known else None


def context_users(source: Dockerfile, graph: Graph) -> dict[str, list[int]]:
    """Las etapas que toman algo de la carpeta (por su ``key``), y en qué líneas. Es lo que dice el texto."""
    found: dict[str, list[int]] = {}
    for stage in source.stages:
        key = f"etapa:{stage.index}"
        numbers = [i.line for i in source.done_in(stage) if takes_context(i)]
        if numbers and key in {node.key for node in graph.nodes}:
            found[key] = list(dict.fromkeys(numbers))
    return found


def takes_context(instruction: Instruction) -> bool:
    """Si esa instrucción toma archivos de la carpeta con la que se construye."""
    if instruction.keyword == "RUN":
        mounts = (mount_fields(value) for flag, value in instruction.flags if flag == "mount")
        return any(m.get("type", "bind").lower() == "bind" and not m.get("from") for m in mounts)
    if instruction.keyword not in ("COPY", "ADD") or instruction.flag("from"):
        return False
    return any(not _remote(path) for path in copy_paths(instruction)[:-1])


def sent(line: Timeline) -> ContextSent | None:
    """Lo que viajó de la carpeta principal, o ``None`` si no se sabe (sin sesión no se cuenta)."""
    return line.state.sent.get(MAIN_FOLDER)


def _crossed(line: Timeline, edge: Edge) -> int | None:
    if edge.kind is EdgeKind.MOUNT or edge.target not in travelling(line.graph):
        return None
    if edge.kind is EdgeKind.FROM:
        return _inherited(line, edge.target)
    sizes = [s.size for s in line.stage(edge.target).steps if s.line == edge.line and s.keyword == "COPY"]
    return _whole(sizes)


def _inherited(line: Timeline, key: str) -> int | None:
    """Los bytes de las capas con las que empieza esa etapa: las de la base y las de las etapas de antes."""
    chain = travelling(line.graph)
    first = line.graph.sources(chain[0])[0].source
    base = 0 if first == f"imagen:{SCRATCH}" else line.state.base
    before = [layers(line, other) for other in chain[: chain.index(key)]]
    return _whole([base, *before]) if _known(line) else None


def _known(line: Timeline) -> bool:
    """Si el motor dijo cuánto añadió cada paso: o lo dice de todos los de la imagen, o de ninguno."""
    return any(step.size is not None for step in line.state.steps.values())


def _whole(sizes: Iterable[int | None]) -> int | None:
    found = list(sizes)
    known = [size for size in found if size is not None]
    return sum(known) if known and len(known) == len(found) else None


def _remote(path: str) -> bool:
    return path.startswith((*_REMOTE, "<<"))
