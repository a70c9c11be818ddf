"""Despliegues de muestra: para mirar el widget sin motor y para las pruebas que lo dibujan.

Los bytes y los segundos se parecen a los de la tienda; no son los de ninguna imagen concreta.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace

from multietapa.errors import ContainerError
from multietapa.registry.events import (
    DeployEvent,
    LayerDeclared,
    LayerProgress,
    LayerState,
    Phase,
    PhaseFinished,
    PhaseStarted,
)
from multietapa.registry.outcome import DeployedLayer, Deployment, NodeKind
from multietapa.registry.state import DeployState, ImageOnItsWay, failed, finished, reduce, stopped
from multietapa.widgets.deploy.deploy import DeployView
from multietapa.widgets.deploy.words import Runs

NAMES = ("tienda:ingenua", "tienda:multietapa")
_ENGINE = "Docker Engine 28.5.2 · overlay2 · amd64"
_MB = 1_000_000
_NAIVE = ((119 * _MB, 47 * _MB, 34 * _MB, 14 * _MB, 2_400_000, 61 * _MB, 19_000), (1.9, 0.1, 0.4, 1.3))
_STAGES = ((3_900_000, 35 * _MB, 1_700_000, 620_000, 4_200), (0.6, 0.1, 0.3, 1.1))
_WAITING = tuple(ImageOnItsWay(name) for name in NAMES)


def deployment(
    name: str,
    sizes: Sequence[int],
    rest: Sequence[float],
    *,
    mbps: float | None = 20.0,
    present: int = 0,
    node: NodeKind = NodeKind.ENGINE,
    slower: float = 1.0,
) -> Deployment:
    """Un despliegue con esas capas, de las que las ``present`` primeras ya estaban."""
    layers = tuple(
        DeployedLayer(f"sha256:{n:02x}{size:062x}", size, n >= present) for n, size in enumerate(sizes)
    )
    travelled = sum(layer.size for layer in layers if layer.travelled)
    transfer = slower * (travelled * 8 / 1e6 / (mbps or 2_400) + 0.05)
    seconds = dict(zip(Phase, (transfer, *rest), strict=True))
    return Deployment(name, node, mbps, layers, seconds, travelled + 4_100, 4.2, 200)


NAIVE = deployment(NAMES[0], *_NAIVE)
STAGES = deployment(NAMES[1], *_STAGES)


def going(image: ImageOnItsWay, *events: DeployEvent) -> ImageOnItsWay:
    """Una imagen después de esos sucesos."""
    return functools.reduce(reduce, events, image)


def _state(*images: ImageOnItsWay, **options: object) -> DeployState:
    state = DeployState(images, NodeKind.ENGINE, 20.0, _ENGINE)
    return replace(state, **options)  # type: ignore[arg-type]


def _layers(*states: tuple[LayerState, float]) -> list[DeployEvent]:
    """Las capas de la imagen ingenua, cada una por donde se diga, con qué parte hecha."""
    found: list[DeployEvent] = []
    for layer, (state, share) in zip(NAIVE.layers, states, strict=True):
        found.append(LayerDeclared(layer.short, layer.size))
        found.append(LayerProgress(layer.short, state, 73.6, int(share * layer.size), layer.size))
    return found


def _pushing() -> ImageOnItsWay:
    return going(
        _WAITING[0],
        *_layers(
            (LayerState.PRESENT, 0),
            (LayerState.DONE, 1),
            (LayerState.TRAVELLING, 0.6),
            (LayerState.TRAVELLING, 0.2),
            (LayerState.WAITING, 0),
            (LayerState.WAITING, 0),
            (LayerState.WAITING, 0),
        ),
    )


def _travelling() -> ImageOnItsWay:
    return going(
        _WAITING[0],
        PhaseStarted(Phase.TRANSFER, 0.0),
        *_layers(
            (LayerState.UNPACKING, 0.3),
            (LayerState.ARRIVED, 1),
            (LayerState.TRAVELLING, 0.4),
            (LayerState.TRAVELLING, 0.15),
            (LayerState.TRAVELLING, 0.5),
            (LayerState.WAITING, 0),
            (LayerState.PRESENT, 0),
        ),
    )


def _broken() -> ImageOnItsWay:
    on_its_way = going(
        _WAITING[0],
        PhaseStarted(Phase.TRANSFER, 0.0),
        PhaseFinished(Phase.TRANSFER, 111.2, 111.2),
        PhaseFinished(Phase.UNPACK, 113.1, 1.9),
        PhaseFinished(Phase.CREATE, 113.2, 0.1),
        PhaseFinished(Phase.START, 113.6, 0.4),
        PhaseStarted(Phase.HEALTHY, 113.6),
    )
    log = "node:internal/modules/cjs/loader:1143\nError: Cannot find module 'express'"
    problem = ContainerError(
        "La aplicación de tienda:ingenua no contesta.", why="Su programa acabó.", detail=log
    )
    return failed(on_its_way, problem)


def _over(state: DeployState, runs: Runs = ()) -> DeployView:
    view = DeployView(state)
    view.finish(state, runs)
    return view


def _done(*found: Deployment) -> tuple[ImageOnItsWay, ...]:
    return tuple(finished(image, done) for image, done in zip(_WAITING, found, strict=True))


def views() -> dict[str, DeployView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    preparing = _state(*_WAITING, node=None, preparing="el registro: descargar registry:3 (42 %)")
    client = {"node": NodeKind.CLIENT, "why": "hace falta ser root"}
    naive, stages = (
        deployment(one.image, *sizes, node=NodeKind.CLIENT)
        for one, sizes in ((NAIVE, _NAIVE), (STAGES, _STAGES))
    )
    fast = [deployment(name, *sizes, mbps=None) for name, sizes in zip(NAMES, (_NAIVE, _STAGES), strict=True)]
    first, second = deployment("v1", *_STAGES), deployment("v2", *_STAGES, present=3)
    versions = (finished(ImageOnItsWay("v1"), first), finished(ImageOnItsWay("v2"), second))
    runs = tuple(
        tuple(deployment(name, *sizes, slower=slower) for slower in (1.01, 1.0, 1.04))
        for name, sizes in zip(NAMES, (_NAIVE, _STAGES), strict=True)
    )
    return {
        "preparando": DeployView(preparing),
        "subiendo": DeployView(_state(_pushing(), _WAITING[1])),
        "en camino": DeployView(_state(_travelling(), _WAITING[1])),
        "una contestó": DeployView(_state(*_done(NAIVE, STAGES)[:1], _WAITING[1])),
        "terminado": _over(_state(*(replace(one, equivalent=True) for one in _done(NAIVE, STAGES)))),
        "tres veces": _over(_state(*_done(NAIVE, STAGES), turn=3, turns=3), runs),
        "con capas que ya estaban": _over(_state(*versions, cold=False)),
        "falló": _over(_state(_broken(), stopped(_WAITING[1]))),
        "cancelado": _over(_state(stopped(_travelling()), stopped(_WAITING[1]))),
        "con el cliente del taller": _over(_state(*_done(naive, stages), **client)),
        "sin límite": _over(_state(*_done(*fast), mbps=None)),
    }
