"""Por dónde va un despliegue, como valor: lo que pasó hasta ahora, plegado de sus sucesos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from multietapa.registry.events import LayerState, Phase
from multietapa.registry.outcome import Deployment, NodeKind


class DeployPhase(Enum):
    """Cómo está un despliegue. El valor es la palabra que se lee."""

    WAITING = "espera"
    PUSHING = "subiendo al registro"
    RUNNING = "desplegando"
    DONE = "contestó"
    FAILED = "falló"
    CANCELLED = "cancelado"

    @property
    def over(self) -> bool:
        """Si ya acabó, de cualquier manera."""
        return self in (DeployPhase.DONE, DeployPhase.FAILED, DeployPhase.CANCELLED)


@dataclass(frozen=True)
class LayerOnItsWay:
    """Una capa que va al nodo o, mientras se sube, al registro: su id corto y sus bytes comprimidos.

    ``current`` de ``total`` son bytes de lo que dice ``state``; ``total`` es 0 si no se sabe.
    """

    layer: str
    size: int
    state: LayerState
    current: int = 0
    total: int = 0


@dataclass(frozen=True)
class ImageOnItsWay:
    """El despliegue de una imagen. ``seconds`` son las fases acabadas; ``running``, la que está en marcha.

    ``since`` es cuándo empezó ``running``, en segundos desde que empezó este despliegue. ``result`` está
    cuando acabó bien; ``reason``, si no, con lo que se lee, y ``detail``, el registro de la aplicación si lo
    hay.
    """

    name: str
    phase: DeployPhase = DeployPhase.WAITING
    pushing: Mapping[str, LayerOnItsWay] = field(default_factory=dict)
    layers: Mapping[str, LayerOnItsWay] = field(default_factory=dict)
    seconds: Mapping[Phase, float] = field(default_factory=dict)
    running: Phase | None = None
    since: float = 0.0
    result: Deployment | None = None
    reason: str = ""
    detail: str = ""


@dataclass(frozen=True)
class DeployState:
    """Los despliegues de una llamada, uno detrás de otro, en el orden en que se pidieron.

    ``node`` es a qué se despliega y ``why``, por qué no es un segundo motor (``""`` si lo es); ``mbps``, la
    velocidad del enlace (``None``: sin límite); ``engine``, la línea que nombra el motor de quien aprende.
    ``cold``: el nodo se vacía antes de cada imagen; si no, se queda con las capas de la anterior.
    ``preparing`` es lo que se prepara antes de empezar (el registro, el nodo), o ``""``.
    """

    images: tuple[ImageOnItsWay, ...]
    node: NodeKind | None
    mbps: float | None
    engine: str
    cold: bool = True
    why: str = ""
    preparing: str = ""

    @property
    def over(self) -> bool:
        """Si no queda nada por hacer."""
        return all(image.phase.over for image in self.images)
