"""Las maneras de repartir una medida: por origen, por capa, por clase de archivo y por lo que se ve.

En todas, las partes suman el total de la imagen, al byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from multietapa.image.file_kinds import by_file_kind
from multietapa.image.history import instruction
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import NOT_MEASURED
from multietapa.image.origins import by_origin
from multietapa.measure.waste import Waste

BASE_LAYERS = "capas de la base"
OWN_LAYERS = "capas propias"
UNKNOWN_LAYERS = "capas (base desconocida)"
VISIBLE = "lo ve un contenedor"
SHADOWED = "tapado por otra copia"
DELETED = "borrado en otra capa"


class Measure(Enum):
    """Las dos medidas; el valor es su nombre en pantalla."""

    UNPACKED = "Desempaquetado"
    TRANSFER = "Transferencia"


class Split(Enum):
    """Cómo se reparte; el valor es lo que se lee."""

    ORIGIN = "por origen"
    BASE = "base y propias"
    LAYER = "por capa"
    KIND = "por clase de archivo"
    SEEN = "por lo que se ve"


SPLITS = {
    Measure.UNPACKED: (Split.ORIGIN, Split.LAYER, Split.KIND, Split.SEEN),
    Measure.TRANSFER: (Split.BASE, Split.LAYER),
}
"""Los repartos de cada medida; el primero es el que se enseña al empezar."""


@dataclass(frozen=True)
class Part:
    """Un tramo de una barra: su nombre y sus bytes. ``layer`` es el ``diff_id`` de la capa, si es de una."""

    name: str
    bytes: int
    layer: str = ""
    in_base: bool = False


@dataclass(frozen=True)
class Figure:
    """El total de una medida y sus partes, que lo suman."""

    bytes: int
    parts: tuple[Part, ...]

    def share(self, part: Part) -> float:
        """Qué fracción del total es esa parte, de 0 a 1."""
        return part.bytes / self.bytes if self.bytes else 0.0


def unpacked_figures(measured: MeasuredImage, wasted: Waste) -> dict[Split, Figure]:
    """Los cuatro repartos de Desempaquetado; ``wasted`` es el desperdicio de la imagen."""
    return {
        Split.ORIGIN: unpacked(measured),
        Split.LAYER: _by_layer(measured, Measure.UNPACKED),
        Split.KIND: Figure(
            measured.unpacked_bytes,
            tuple(Part(kind.value, size) for kind, size in by_file_kind(measured).items()),
        ),
        Split.SEEN: Figure(
            measured.unpacked_bytes,
            (
                Part(VISIBLE, measured.unpacked_bytes - wasted.bytes),
                Part(SHADOWED, wasted.shadowed),
                Part(DELETED, wasted.deleted),
            ),
        ),
    }


def transfer_figures(measured: MeasuredImage) -> dict[Split, Figure]:
    """Los dos repartos de Transferencia; ninguno si aún no se ha medido."""
    if measured.transfer_bytes == NOT_MEASURED:
        return {}
    return {Split.BASE: transfer(measured), Split.LAYER: _by_layer(measured, Measure.TRANSFER)}


def unpacked(measured: MeasuredImage) -> Figure:
    """Desempaquetado, por origen: siempre los seis, en su orden."""
    parts = tuple(Part(origin.value, size) for origin, size in by_origin(measured).items())
    return Figure(measured.unpacked_bytes, parts)


def transfer(measured: MeasuredImage) -> Figure:
    """Transferencia, por capas: las de la base y las propias, o todas juntas si no se sabe la base.

    Una capa repetida viaja una vez y cuenta donde aparece primero.
    """
    seen: set[str] = set()
    base = own = 0
    for layer in measured.layers:
        if layer.diff_id in seen:
            continue
        seen.add(layer.diff_id)
        if layer.index < measured.base_layer_count:
            base += layer.transfer_bytes
        else:
            own += layer.transfer_bytes
    if not measured.base_layer_count:
        return Figure(measured.transfer_bytes, (Part(UNKNOWN_LAYERS, own),))
    return Figure(measured.transfer_bytes, (Part(BASE_LAYERS, base), Part(OWN_LAYERS, own)))


def _by_layer(measured: MeasuredImage, measure: Measure) -> Figure:
    """Una parte por capa con bytes, de abajo arriba. En Transferencia, una capa repetida viaja una vez."""
    parts = []
    seen: set[str] = set()
    for layer in measured.layers:
        if measure is Measure.UNPACKED:
            size, total = layer.unpacked_bytes, measured.unpacked_bytes
        else:
            size = 0 if layer.diff_id in seen else layer.transfer_bytes
            total = measured.transfer_bytes
            seen.add(layer.diff_id)
        in_base = layer.index < measured.base_layer_count
        name = f"{layer.index + 1} · {instruction(layer.created_by)}".rstrip(" ·")
        if size:
            parts.append(Part(name, size, layer.diff_id, in_base))
    return Figure(total if measured.layers else 0, tuple(parts))
