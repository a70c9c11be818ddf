"""Lo que una imagen lleva y ningún contenedor ve: cuánto, de qué capa es y cuál lo esconde."""

from __future__ import annotations

from dataclasses import dataclass

from multietapa.image.image import MeasuredImage, layer_name
from multietapa.image.overlay import Hidden, overlay


@dataclass(frozen=True)
class Blame:
    """Bytes de una capa que otra posterior esconde: ``layer`` y ``by`` son sus nombres (número y paso).

    ``shadowed`` son los que tapa con otra copia, y ``deleted``, los que borra.
    """

    layer: str
    by: str
    shadowed: int
    deleted: int

    @property
    def bytes(self) -> int:
        """Los dos juntos."""
        return self.shadowed + self.deleted


@dataclass(frozen=True)
class Waste:
    """El desperdicio de una imagen, en bytes; ``blames``, de quién es, de más a menos."""

    shadowed: int = 0
    deleted: int = 0
    blames: tuple[Blame, ...] = ()

    @property
    def bytes(self) -> int:
        """Todo lo que viaja y nadie ve."""
        return self.shadowed + self.deleted


def waste(image: MeasuredImage, hidden: Hidden | None = None) -> Waste:
    """El desperdicio de una imagen medida. ``hidden`` es lo que da ``overlay``, si ya se tiene."""
    hidden = overlay(image.layers).hidden if hidden is None else hidden
    blames = (
        Blame(
            layer_name(image, loss.layer + 1),
            layer_name(image, loss.hidden_by + 1),
            loss.shadowed,
            loss.deleted,
        )
        for loss in hidden.by_layer
    )
    ordered = tuple(sorted(blames, key=lambda blame: -blame.bytes))
    return Waste(hidden.shadowed, hidden.deleted, ordered)
