"""Lo que queda al superponer las capas de una imagen: qué ve un contenedor y qué bytes quedan tapados.

Las reglas están en ``multietapa.image.stacking``; aquí, las sumas que hacen falta para medir.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from multietapa.image.layer import FileEntry, Layer
from multietapa.image.nodes import ERASED, MARKERS, Node
from multietapa.image.stacking import stack

__all__ = ["MARKERS", "Hidden", "Loss", "Overlay", "overlay"]


@dataclass(frozen=True)
class Loss:
    """Bytes de la capa ``layer`` que la capa ``hidden_by`` tapa con otra copia o borra."""

    layer: int
    hidden_by: int
    shadowed: int
    deleted: int


@dataclass(frozen=True)
class Hidden:
    """Bytes que viajan con la imagen y que ningún contenedor ve.

    ``shadowed``: los tapa una copia posterior de la misma ruta. ``deleted``: los borra una capa
    posterior (también al borrar, vaciar o mover una carpeta). Un archivo con varios enlaces duros se
    pierde cuando se pierde su último nombre. ``by_layer`` dice de qué capa son y cuál los esconde.
    """

    shadowed: int
    deleted: int
    by_layer: tuple[Loss, ...]

    @property
    def total(self) -> int:
        """Todos los bytes escondidos."""
        return self.shadowed + self.deleted


@dataclass(frozen=True)
class Overlay:
    """El resultado de superponer: ``files`` (ruta -> entrada visible), la capa de cada una y lo escondido.

    Una carpeta que otra capa repite sin cambiarla sigue siendo de la de abajo.
    """

    files: dict[str, FileEntry]
    owners: dict[str, int]
    hidden: Hidden


def overlay(layers: Sequence[Layer]) -> Overlay:
    """Superpone ``layers``, de abajo arriba."""
    lost: dict[tuple[int, int], list[int]] = {}
    seen: list[Node] = []
    waiting = [stack(layers)]
    while waiting:
        node = waiting.pop()
        waiting.extend(node.children.values())
        waiting.extend(node.gone.values())
        if node.entry and node.path:
            seen.append(node)
        for version in node.older:
            if version.bytes and version.hidden_by is not None:
                loss = lost.setdefault((version.layer, version.hidden_by), [0, 0])
                loss[version.why in ERASED] += version.bytes
    losses = tuple(Loss(layer, hidden_by, *lost[layer, hidden_by]) for layer, hidden_by in sorted(lost))
    hidden = Hidden(sum(loss.shadowed for loss in losses), sum(loss.deleted for loss in losses), losses)
    seen.sort(key=lambda node: node.path)
    files = {node.path: node.entry for node in seen if node.entry}
    return Overlay(files, {node.path: node.layer for node in seen}, hidden)
