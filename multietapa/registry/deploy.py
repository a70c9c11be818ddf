"""Desplegar una imagen de verdad y medirlo: del registro al nodo por un enlace, y hasta que contesta.

Se sube al registro (eso no se mide: se hace una vez), y entonces empieza a contar: el nodo la pide por el
enlace, la comprueba y la abre, crea su contenedor, lo arranca y se espera a su primera respuesta.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import ExitStack, closing
from typing import TypeVar

from multietapa.containers.created import created, start
from multietapa.containers.running import first_answer
from multietapa.engine.session import Engine
from multietapa.registry.download import cancelled
from multietapa.registry.events import (
    DeployEvent,
    LayerProgress,
    LayerState,
    Phase,
    PhaseFinished,
    PhaseStarted,
    short,
)
from multietapa.registry.link import Link, check_speed
from multietapa.registry.local import Registry
from multietapa.registry.manifest import RegistryClient
from multietapa.registry.node import Node, Trip
from multietapa.registry.outcome import DeployedLayer, Deployment
from multietapa.registry.through_engine import push

_POLL = 0.05  # segundos entre una mirada y otra a la cancelación
_PAUSE = 0.02  # segundos entre dos preguntas a la aplicación: lo que puede errar la última fase
_ON_ITS_WAY = (LayerState.WAITING, LayerState.TRAVELLING)
_T = TypeVar("_T")


def deploy(
    engine: Engine,
    image: str,
    *,
    registry: Registry,
    node: Node,
    mbps: float | None,
    port: int = 3000,
    path: str = "/",
    environment: Mapping[str, str] | None = None,
    timeout: float = 60.0,
    cancel: threading.Event | None = None,
) -> Generator[DeployEvent, None, Deployment]:
    """Despliega ``image``, que está en ``engine``, en ``node``; da lo que pasa y devuelve cómo fue.

    Al acabar el contenedor se borra; las capas se quedan en el nodo.

    Args:
        registry: el registro al que se sube y del que sale.
        mbps: velocidad del enlace, en megabits por segundo; ``None``, sin límite.
        port: puerto en el que escucha la aplicación, dentro.
        path: lo que se le pide; vale una respuesta de cualquier código.
        environment: variables de entorno que se añaden a las de la imagen.
        timeout: segundos que se espera la primera respuesta.
        cancel: al activarse se deja, en la fase que sea. Cerrar el generador hace lo mismo: si se abandona a
            medias, recórrelo dentro de ``contextlib.closing``.

    Raises:
        DeployError: la velocidad no vale; :class:`DeployCancelled`, se canceló.
        RegistryError: el registro se paró, no tiene sitio o no admite la imagen.
        ContainerError: la aplicación no arranca o no contesta; lleva su registro.
        ArchiveError, EngineLostError: una capa está rota, o un motor se apagó.
    """
    check_speed(mbps)
    cancel = cancel or threading.Event()
    with closing(push(engine.client, image, registry, cancel=cancel)) as events:
        pushed = yield from events  # type: ignore[misc]
    repository, _, tag = pushed.reference.partition("/")[2].rpartition(":")
    with closing(RegistryClient(registry.address)) as asking:
        architecture = str(engine.client.api.inspect_image(image).get("Architecture") or "")
        manifest = asking.manifest(repository, pushed.digest or tag, architecture=architecture)
    seconds: dict[Phase, float] = {}
    with ExitStack() as stack:
        link = stack.enter_context(Link(registry.address, mbps=mbps, listener=node.listener()))
        trip = Trip(image, registry, link, repository, tag, manifest, cancel)
        layers = yield from _receive(node, trip, seconds)
        moved = link.down.bytes
        link.close()
        status = yield from _run(
            node.engine,
            node.runs(trip),
            image,
            port=port,
            path=path,
            environment=environment or {},
            timeout=timeout,
            seconds=seconds,
            cancel=cancel,
        )
    return Deployment(image, node.kind, link.mbps, layers, seconds, moved, pushed.seconds, status)


def _receive(
    node: Node, trip: Trip, seconds: dict[Phase, float]
) -> Generator[DeployEvent, None, tuple[DeployedLayer, ...]]:
    """Transferir y abrir; la primera fase acaba con el último byte que deja pasar el enlace."""
    began = time.monotonic()
    missing = {short(layer.digest) for layer in trip.manifest.layers}

    def arrived() -> Generator[DeployEvent, None, None]:
        at = (trip.link.down.last or time.monotonic()) - began
        seconds[Phase.TRANSFER] = at
        yield PhaseFinished(Phase.TRANSFER, at, at)
        yield PhaseStarted(Phase.UNPACK, at)

    yield PhaseStarted(Phase.TRANSFER, 0.0)
    with closing(node.receive(trip)) as events:
        while True:
            try:
                event = next(events)
            except StopIteration as end:
                layers: tuple[DeployedLayer, ...] = end.value
                break
            yield event
            if isinstance(event, LayerProgress) and event.state not in _ON_ITS_WAY and missing:
                missing.discard(event.layer)
                if not missing:
                    yield from arrived()
    if Phase.TRANSFER not in seconds:
        yield from arrived()
    at = time.monotonic() - began
    seconds[Phase.UNPACK] = at - seconds[Phase.TRANSFER]
    yield PhaseFinished(Phase.UNPACK, at, seconds[Phase.UNPACK])
    return layers


def _run(
    engine: Engine,
    reference: str,
    image: str,
    *,
    port: int,
    path: str,
    environment: Mapping[str, str],
    timeout: float,
    seconds: dict[Phase, float],
    cancel: threading.Event,
) -> Generator[DeployEvent, None, int]:
    """Crear, arrancar y esperar la primera respuesta; da su código y borra el contenedor."""
    began = time.monotonic() - sum(seconds.values())
    publish = {f"{port}/tcp": ("127.0.0.1", None)}

    def finished(phase: Phase) -> PhaseFinished:
        at = time.monotonic() - began
        seconds[phase] = at - sum(seconds.values())
        return PhaseFinished(phase, at, seconds[phase])

    def check() -> None:
        if cancel.is_set():
            raise cancelled()

    check()
    yield PhaseStarted(Phase.CREATE, sum(seconds.values()))
    waiting = _Waiting()
    with (
        waiting,
        created(engine.client, reference, environment=dict(environment), ports=publish) as container,
    ):
        yield finished(Phase.CREATE)
        check()
        yield PhaseStarted(Phase.START, sum(seconds.values()))
        start(
            container,
            what=f"El contenedor de {image} no arranca.",
            next_step="Revisa el CMD (o ENTRYPOINT) y el USER de la última etapa.",
        )
        yield finished(Phase.START)
        check()
        yield PhaseStarted(Phase.HEALTHY, sum(seconds.values()))
        _, status = waiting.until(
            lambda: first_answer(
                engine, container, image, port=port, timeout=timeout, path=path, pause=_PAUSE, check=check
            ),
            cancel,
        )
        yield finished(Phase.HEALTHY)
        return status


class _Waiting:
    """Espera en otro hilo lo que puede tardar, sin dejar de mirar si se cancela.

    Al salir espera a ese hilo: para entonces el contenedor ya no está, y quien le preguntaba se entera.
    """

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def __enter__(self) -> _Waiting:
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread is not None:
            self._thread.join()

    def until(self, work: Callable[[], _T], cancel: threading.Event) -> _T:
        """Lo que dé ``work``, o lo que lance."""
        found: list[_T] = []
        problems: list[BaseException] = []

        def go() -> None:
            try:
                found.append(work())
            except BaseException as problem:  # noqa: BLE001  se lanza en el hilo de quien espera
                problems.append(problem)

        self._thread = threading.Thread(target=go, name="multietapa-despliegue", daemon=True)
        self._thread.start()
        while self._thread.is_alive():
            if cancel.is_set():
                raise cancelled()
            self._thread.join(_POLL)
        if problems:
            raise problems[0]
        return found[0]
