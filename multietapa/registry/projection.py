"""De un despliegue medido, lo que costarían muchos: cálculo, no medida.

Las réplicas de un despliegue bajan la imagen a la vez por un mismo enlace, el del registro, que se reparten;
lo demás (abrir, crear, arrancar y contestar) lo hace cada una en su nodo, también a la vez, y dura lo que
duró al medirlo::

    segundos por despliegue = réplicas · bytes · 8 / velocidad + lo demás
    tráfico al mes          = réplicas · bytes · despliegues
    tiempo al mes           = segundos por despliegue · despliegues
    coste al mes            = tráfico en GB · precio

``widgets/deploy/deploy.js`` hace la misma cuenta, y ``test_projection`` comprueba que dan lo mismo.
"""

from __future__ import annotations

from dataclasses import dataclass

from multietapa.registry.events import Phase
from multietapa.registry.outcome import Deployment

_BITS = 8
_MEGA = 1e6
_GIGA = 1e9
_HOUR = 3600.0


@dataclass(frozen=True)
class Plan:
    """Lo que se supone: Mb/s del enlace del registro, réplicas, despliegues al mes y precio de cada GB.

    ``price`` es ``None`` si no se ha dicho; su moneda es la de quien lo escribe.
    """

    mbps: float = 20.0
    replicas: int = 3
    deployments: int = 20
    price: float | None = None


@dataclass(frozen=True)
class Projection:
    """Lo que sale: segundos de un despliegue, y al mes, bytes, horas y dinero (``None`` sin precio)."""

    seconds: float
    traffic: int
    hours: float
    cost: float | None


def crossing(size: int, mbps: float) -> float:
    """Los segundos que tardan ``size`` bytes en pasar por un enlace de ``mbps`` megabits por segundo."""
    return size * _BITS / (mbps * _MEGA)


def project(travelled_bytes: int, rest_seconds: float, plan: Plan) -> Projection:
    """La cuenta de arriba, para una imagen de la que viajan esos bytes y que después tarda esos segundos."""
    seconds = crossing(plan.replicas * travelled_bytes, plan.mbps) + rest_seconds
    traffic = plan.replicas * travelled_bytes * plan.deployments
    cost = None if plan.price is None else traffic / _GIGA * plan.price
    return Projection(seconds, traffic, seconds * plan.deployments / _HOUR, cost)


def rest_seconds(deployment: Deployment) -> float:
    """Lo que se midió después de transferir: lo que no depende de la velocidad del enlace."""
    return sum(seconds for phase, seconds in deployment.seconds.items() if phase is not Phase.TRANSFER)
