"""Por dónde va un despliegue, como valor: lo que pasó hasta ahora, plegado de sus sucesos.

``reduce`` recibe una imagen en camino y un suceso y devuelve otra; nunca cambia la que recibe. Sin pantalla,
sin motor y sin reloj.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum

from multietapa.errors import MultietapaError
from multietapa.registry.events import (
    DeployEvent,
    LayerDeclared,
    LayerProgress,
    LayerState,
    Phase,
    PhaseFinished,
    PhaseStarted,
)
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

    @property
    def arrived_bytes(self) -> int:
        """Los que ya han viajado: ninguno si espera o si ya estaba."""
        if self.state is LayerState.TRAVELLING:
            return self.current
        return 0 if self.state in (LayerState.WAITING, LayerState.PRESENT) else self.size


@dataclass(frozen=True)
class ImageOnItsWay:
    """El despliegue de una imagen. ``seconds`` son las fases acabadas; ``running``, la que está en marcha.

    ``since`` es cuándo empezó ``running``, en segundos desde que empezó este despliegue, y ``told``, cuándo
    se supo lo último de una capa que va al nodo. ``result`` está cuando acabó bien; ``reason``, si no, con lo
    que se lee, y ``detail``, el registro de la aplicación si lo hay. ``equivalent``: su base se hizo aquí, en
    lugar de la original.
    """

    name: str
    equivalent: bool = False
    phase: DeployPhase = DeployPhase.WAITING
    pushing: Mapping[str, LayerOnItsWay] = field(default_factory=dict)
    layers: Mapping[str, LayerOnItsWay] = field(default_factory=dict)
    seconds: Mapping[Phase, float] = field(default_factory=dict)
    running: Phase | None = None
    since: float = 0.0
    told: float = 0.0
    result: Deployment | None = None
    reason: str = ""
    detail: str = ""

    @property
    def arrived_bytes(self) -> int:
        """Los bytes que ya llegaron al nodo."""
        return sum(layer.arrived_bytes for layer in self.layers.values())

    @property
    def present_bytes(self) -> int:
        """Los de las capas que el nodo ya tenía."""
        return sum(layer.size for layer in self.layers.values() if layer.state is LayerState.PRESENT)

    @property
    def expected_bytes(self) -> int:
        """Los que viajan en total: los de las capas que el nodo no tenía."""
        return sum(layer.size for layer in self.layers.values()) - self.present_bytes


@dataclass(frozen=True)
class DeployState:
    """Los despliegues de una llamada, uno detrás de otro, en el orden en que se pidieron.

    ``node`` es a qué se despliega y ``why``, por qué no es un segundo motor (``""`` si lo es); ``mbps``, la
    velocidad del enlace (``None``: sin límite); ``engine``, la línea que nombra el motor de quien aprende.
    ``cold``: el nodo se vacía antes de cada imagen; si no, se queda con las capas de la anterior.
    ``preparing`` es lo que se prepara antes de empezar (el registro, el nodo), o ``""``. Si se repite, va por
    la vuelta ``turn`` de ``turns``.
    """

    images: tuple[ImageOnItsWay, ...]
    node: NodeKind | None
    mbps: float | None
    engine: str
    cold: bool = True
    why: str = ""
    preparing: str = ""
    turn: int = 1
    turns: int = 1

    @property
    def over(self) -> bool:
        """Si no queda nada por hacer."""
        return all(image.phase.over for image in self.images)


def reduce(image: ImageOnItsWay, event: DeployEvent) -> ImageOnItsWay:
    """La imagen después de ese suceso. Hasta que empieza la primera fase, las capas van al registro."""
    if isinstance(event, PhaseStarted):
        return replace(image, phase=DeployPhase.RUNNING, running=event.phase, since=event.at)
    if isinstance(event, PhaseFinished):
        return replace(image, running=None, seconds={**image.seconds, event.phase: event.seconds})
    if not isinstance(event, (LayerDeclared, LayerProgress)):  # ya está en el registro
        return image
    if image.phase is DeployPhase.RUNNING:
        at = event.at if isinstance(event, LayerProgress) else image.told
        return replace(image, layers=_moved(image.layers, event), told=at)
    return replace(image, phase=DeployPhase.PUSHING, pushing=_moved(image.pushing, event))


def finished(image: ImageOnItsWay, result: Deployment) -> ImageOnItsWay:
    """La imagen cuya aplicación ya contestó."""
    return replace(image, phase=DeployPhase.DONE, running=None, seconds=dict(result.seconds), result=result)


def failed(image: ImageOnItsWay, problem: MultietapaError) -> ImageOnItsWay:
    """La imagen que no llegó a contestar, y por qué; se queda en la fase en la que estaba."""
    reason = " ".join(filter(None, (problem.what, problem.why)))
    return replace(image, phase=DeployPhase.FAILED, reason=reason, detail=problem.detail)


def stopped(image: ImageOnItsWay) -> ImageOnItsWay:
    """La imagen que se dejó a medias, o que ya no se va a desplegar."""
    return replace(image, phase=DeployPhase.CANCELLED)


def _moved(
    layers: Mapping[str, LayerOnItsWay], event: LayerDeclared | LayerProgress
) -> dict[str, LayerOnItsWay]:
    """Las capas, con esa por donde dice el suceso: en el orden en que se supo de ellas."""
    before = layers.get(event.layer) or LayerOnItsWay(event.layer, 0, LayerState.WAITING)
    if isinstance(event, LayerDeclared):
        return {**layers, event.layer: replace(before, size=event.size or before.size)}
    size = before.size
    if not size and event.state is LayerState.TRAVELLING:  # al subir no se sabe hasta que empieza
        size = event.total
    now = replace(before, size=size, state=event.state, current=event.current, total=event.total)
    return {**layers, event.layer: now}
