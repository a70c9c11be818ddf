"""Lo que se enseña de las etapas de un Dockerfile: su grafo, y el que tendría con cada objetivo."""

from __future__ import annotations

from dataclasses import dataclass

from multietapa.dockerfile.graph import Edge, Graph, Node, NodeKind
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Dockerfile


@dataclass(frozen=True)
class Stages:
    """Las etapas de un Dockerfile, antes de construir.

    ``name`` es cómo se llama lo que se mira; ``graph``, el grafo para el objetivo pedido; ``graphs``, uno por
    cada objetivo que se puede elegir, con los mismos nodos y aristas y en el orden del archivo. ``classic``,
    si lo haría el constructor clásico; ``assumed``, la arquitectura que se supone, si de ella depende algún
    ``FROM`` y no se sabe (o ``""``).
    """

    name: str
    source: Dockerfile
    graph: Graph
    graphs: tuple[Graph, ...]
    classic: bool = False
    assumed: str = ""

    @property
    def stages(self) -> tuple[Node, ...]:
        """Los nodos que son etapas."""
        return tuple(node for node in self.graph.nodes if node.kind is NodeKind.STAGE)

    @property
    def images(self) -> tuple[Node, ...]:
        """Las imágenes de fuera que hacen falta."""
        nodes = (node for node in self.graph.nodes if node.kind is NodeKind.IMAGE)
        return tuple(node for node in nodes if node.key in self.graph.needed)

    def instructions(self, node: Node) -> tuple[Instruction, ...]:
        """Lo que dice una etapa, desde su ``FROM``; de una imagen, nada."""
        if node.stage is None:
            return ()
        stage = self.source.stages[node.stage]
        return (stage.opening, *stage.instructions)

    def lines(self) -> tuple[tuple[Edge, ...], ...]:
        """Las aristas, juntas las que se dibujan en una línea: de la misma a la misma y de la misma clase."""
        together: dict[tuple[str, str, str], list[Edge]] = {}
        for edge in self.graph.edges:
            together.setdefault((edge.source, edge.target, edge.kind.value), []).append(edge)
        return tuple(map(tuple, together.values()))
