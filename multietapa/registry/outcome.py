"""Cómo fue un despliegue: lo que se midió, sin nada calculado. Valores, sin cliente de ningún motor."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from multietapa.registry.events import Phase, short


class NodeKind(Enum):
    """A qué se desplegó. El valor es la palabra que se lee."""

    ENGINE = "un segundo motor"
    """Transfiere, abre, crea y arranca un Docker aparte, vacío."""
    CLIENT = "el cliente del taller"
    """Transfiere y abre este proceso; crea y arranca el motor de siempre."""


@dataclass(frozen=True)
class DeployedLayer:
    """Una capa: su digest, lo que pesa comprimida en bytes, y si viajó o ya estaba en el nodo."""

    digest: str
    size: int
    travelled: bool

    @property
    def short(self) -> str:
        """Sus doce primeras cifras."""
        return short(self.digest)


@dataclass(frozen=True)
class Deployment:
    """Un despliegue de verdad, del registro a la primera respuesta.

    ``mbps`` es la velocidad que se pidió al enlace (``None``: sin límite). ``seconds`` tiene las cinco fases.
    ``link_bytes`` son los que contó el enlace hacia el nodo: las capas, y unos pocos kB de preguntas y
    respuestas. ``push_seconds`` es lo que costó subirla antes al registro; no es parte del despliegue.
    ``status`` es el código HTTP de la primera respuesta.
    """

    image: str
    node: NodeKind
    mbps: float | None
    layers: tuple[DeployedLayer, ...]
    seconds: Mapping[Phase, float]
    link_bytes: int
    push_seconds: float
    status: int

    @property
    def travelled_bytes(self) -> int:
        """Los bytes de las capas que viajaron."""
        return sum(layer.size for layer in self.layers if layer.travelled)

    @property
    def present_bytes(self) -> int:
        """Los bytes de las capas que ya estaban en el nodo."""
        return sum(layer.size for layer in self.layers if not layer.travelled)

    @property
    def total_seconds(self) -> float:
        """De pedir la imagen a la primera respuesta."""
        return sum(self.seconds.values())


def middle(runs: Sequence[Deployment]) -> Deployment:
    """El despliegue cuyo total queda en medio: uno de verdad, con fases que suman lo que dice."""
    wanted = statistics.median_low([run.total_seconds for run in runs])
    return next(run for run in runs if run.total_seconds == wanted)
