"""Un despliegue de verdad de una respuesta, a un nodo sin ninguna capa, que se corta cuando ya no llega."""

from __future__ import annotations

import time
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass

from multietapa.errors import BaseImageError, RegistryError
from multietapa.exercises.bench import Bench
from multietapa.registry.deploy import deploy
from multietapa.registry.events import DeployEvent, Phase, PhaseStarted
from multietapa.registry.local import local_registry
from multietapa.registry.node import cold_node
from multietapa.registry.outcome import NodeKind
from multietapa.registry.projection import crossing
from multietapa.registry.state import ImageOnItsWay, reduce

#: Segundos de viaje que se miran, como poco, antes de decir que ya no llega.
LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Trial:
    """Lo que se midió. ``seconds`` son los de cada fase acabada; ``travelled`` de ``size``, bytes de capas.

    ``total`` son los segundos hasta la primera respuesta o, si se cortó, hasta entonces; ``answered``, si
    llegó a contestar.
    """

    node: NodeKind
    mbps: float
    total: float
    travelled: int
    size: int
    answered: bool
    seconds: Mapping[Phase, float]

    @property
    def left(self) -> float:
        """Los segundos que faltaban para que llegara todo, a la velocidad del enlace: un cálculo."""
        return crossing(max(self.size - self.travelled, 0), self.mbps)


def deploy_within(bench: Bench, budget: float, *, mbps: float, port: int) -> Trial:
    """Despliega la imagen de ``bench`` por un enlace de ``mbps`` y cuenta hasta que contesta en ``port``.

    Se corta en cuanto lo medido, más lo que falta a esa velocidad, pasa de ``budget`` segundos.

    Raises:
        ContainerError: no contesta.
        RegistryError, DeployError, EngineError: no se puede desplegar, y no por la respuesta.
    """
    bench.tell("preparando el registro y un nodo vacío", 0, 0)
    try:
        registry = local_registry(bench.motor, progress=bench.tell)
    except BaseImageError as problem:
        raise RegistryError(
            "No se puede poner en marcha el registro del taller.",
            why=problem.what,
            next_step=problem.next_step,
            detail=problem.detail,
        ) from problem
    node = cold_node(bench.motor, log=lambda line: bench.tell(f"el nodo: {line}", 0, 0))
    watch = _Watch(mbps)
    try:
        events = deploy(
            bench.motor,
            bench.image,
            registry=registry,
            node=node,
            mbps=mbps,
            port=port,
            path=bench.app.health,
            timeout=bench.timeout,
        )
        with closing(events):
            for event in events:
                watch.note(event)
                if not watch.began:
                    bench.tell("subiendo tu imagen al registro", 0, 0)
                    continue
                bench.tell(watch.title, watch.travelled, watch.size)
                if watch.elapsed > LOOK_SECONDS and watch.at_least > budget:
                    return watch.trial(node.kind, answered=False)
        return watch.trial(node.kind, answered=True)
    finally:
        node.close()


class _Watch:
    """Por dónde va un despliegue; solo cuenta desde que se pide la imagen."""

    def __init__(self, mbps: float) -> None:
        self._mbps = mbps
        self._way = ImageOnItsWay("")
        self.began = 0.0
        self.title = ""

    @property
    def elapsed(self) -> float:
        """Segundos desde que se pidió."""
        return time.monotonic() - self.began

    @property
    def size(self) -> int:
        """Los bytes de las capas que tienen que llegar."""
        return self._way.expected_bytes

    @property
    def travelled(self) -> int:
        """Los que llegaron."""
        return self._way.arrived_bytes

    @property
    def at_least(self) -> float:
        """Los segundos que tardará como poco: los que van, más lo que falta a la velocidad del enlace."""
        return self.elapsed + crossing(max(self.size - self.travelled, 0), self._mbps)

    def note(self, event: DeployEvent) -> None:
        """Apunta lo que pasó."""
        self._way = reduce(self._way, event)
        if isinstance(event, PhaseStarted):
            if event.phase is Phase.TRANSFER:
                self.began = time.monotonic()
            self.title = f"desplegando a {self._mbps:g} Mb/s: {event.phase.value}"

    def trial(self, node: NodeKind, *, answered: bool) -> Trial:
        """Lo medido hasta ahora."""
        seconds = self._way.seconds
        total = sum(seconds.values()) if answered else self.elapsed
        return Trial(node, self._mbps, total, self.travelled, self.size, answered, seconds)
