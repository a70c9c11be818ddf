"""A dónde se despliega: un segundo motor, vacío, o este proceso haciendo de motor hasta abrir la imagen.

Un nodo se queda con las capas que recibe: lo que se despliega después solo trae las que le faltan. ``empty``
lo deja como nuevo, y ``close`` lo quita.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Generator
from contextlib import closing, suppress
from dataclasses import dataclass
from socket import socket
from typing import Protocol

import docker
import requests

from multietapa.engine.model import NODE_KIND, Choice, describe
from multietapa.engine.session import TIMEOUT_SECONDS, Engine
from multietapa.errors import DeployError, is_disk_full
from multietapa.registry.download import download
from multietapa.registry.events import LayerDeclared, LayerProgress, LayerState, short
from multietapa.registry.link import Link
from multietapa.registry.local import Registry
from multietapa.registry.manifest import Manifest
from multietapa.registry.outcome import DeployedLayer, NodeKind
from multietapa.registry.through_engine import pull

LayerEvent = LayerDeclared | LayerProgress
_MOVED = (LayerState.TRAVELLING, LayerState.ARRIVED, LayerState.UNPACKING, LayerState.DONE)


@dataclass(frozen=True)
class Trip:
    """Un viaje de una imagen: de ``registry``, por ``link``, con qué nombre va y qué capas tiene.

    ``image`` es su nombre en el motor de quien aprende; ``repository`` y ``tag``, en el registro (sin él).
    """

    image: str
    registry: Registry
    link: Link
    repository: str
    tag: str
    manifest: Manifest
    cancel: threading.Event


class Node(Protocol):
    """Un sitio al que se despliega.

    ``kind`` es lo que es, ``why`` por qué no es un segundo motor (``""`` si lo es) y ``engine``, el motor
    donde se crean los contenedores.
    """

    kind: NodeKind
    why: str
    engine: Engine

    def listener(self) -> socket | None:
        """Donde tiene que escuchar el enlace para que este nodo llegue a él; ``None``: en 127.0.0.1."""

    def receive(self, trip: Trip) -> Generator[LayerEvent, None, tuple[DeployedLayer, ...]]:
        """Trae la imagen por el enlace y la abre. Devuelve sus capas, sin repetir."""

    def runs(self, trip: Trip) -> str:
        """Con qué nombre la conoce ``engine``."""

    def empty(self) -> None:
        """Olvida todas las capas."""

    def close(self) -> None:
        """Lo quita. Se puede llamar dos veces."""


def cold_node(engine: Engine, *, log: Callable[[str], None] = lambda _: None) -> Node:
    """Un nodo sin ninguna capa: un segundo motor donde se puede, y si no, el cliente del taller.

    ``engine`` es el de quien aprende; ``log`` recibe las fases del arranque. Un segundo motor tarda un par de
    segundos en estar. Lanza :class:`EngineError` si no arranca.
    """
    if why := missing_reason():
        return ClientNode(engine, why)
    return EngineNode(log=log)


def missing_reason() -> str:
    """Por qué aquí no puede haber un segundo motor, o ``""``. No descarga nada para tenerlo."""
    if sys.platform != "linux":
        return "solo se puede en Linux"
    if os.geteuid() != 0:
        return "hace falta ser root"
    from multietapa.engine.bundle import make as bundle
    from multietapa.engine.private.daemon import missing_reason as no_private

    if reason := no_private():
        return reason
    return "" if bundle.ready() else "el paquete del motor del taller no está descargado"


class EngineNode:
    """Un segundo motor privado, con los datos vacíos, cuidado por su propio supervisor."""

    kind, why = NodeKind.ENGINE, ""

    def __init__(self, *, log: Callable[[str], None] = lambda _: None) -> None:
        from multietapa.engine import supervisor  # solo Linux

        self._running = supervisor.start(NODE_KIND, log=log)
        self.host = self._running.host
        try:
            client = docker.DockerClient(base_url=self.host, timeout=TIMEOUT_SECONDS)
            # «privado», para que se sepa por dónde salen los puertos que publica.
            self.engine = Engine(Choice("privado", self.host, NODE_KIND), describe(client, "privado"), client)
        except BaseException:
            self._running.stop()
            raise

    def listener(self) -> socket:
        """Un puerto de su 127.0.0.1, que atiende este proceso."""
        from multietapa.registry.inside import listen_inside  # solo Linux

        return listen_inside(self.host)

    def receive(self, trip: Trip) -> Generator[LayerEvent, None, tuple[DeployedLayer, ...]]:
        """La baja su motor, con ``images.pull``."""
        moved: set[str] = set()
        sizes = {short(layer.digest): layer.size for layer in trip.manifest.layers}
        events = pull(self.engine.client, self.runs(trip), trip.registry, cancel=trip.cancel)
        for event in events:
            if event.layer not in sizes:
                continue
            if isinstance(event, LayerDeclared):
                event = LayerDeclared(event.layer, sizes[event.layer])
            elif event.state in _MOVED:
                moved.add(event.layer)
            yield event
        return tuple(
            DeployedLayer(one.digest, one.size, short(one.digest) in moved) for one in trip.manifest.distinct
        )

    def runs(self, trip: Trip) -> str:
        """El nombre con el que la bajó: el del enlace."""
        return f"{trip.link.address[0]}:{trip.link.address[1]}/{trip.repository}:{trip.tag}"

    def empty(self) -> None:
        """Borra sus contenedores y sus imágenes."""
        client = self.engine.client
        for container in client.containers.list(all=True):
            with suppress(docker.errors.NotFound):
                container.remove(force=True, v=True)
        for image in client.images.list(all=True):
            with suppress(docker.errors.ImageNotFound):
                client.images.remove(image.id, force=True)

    def close(self) -> None:
        """Apaga su motor y borra sus datos."""
        with suppress(requests.RequestException, docker.errors.DockerException):
            self.engine.client.close()
        self._running.stop()


class ClientNode:
    """Este proceso, que baja y abre la imagen como lo haría un motor; el contenedor lo pone ``engine``.

    De las capas recuerda cuáles recibió: los archivos, ya abiertos, se tiran.
    """

    kind = NodeKind.CLIENT

    def __init__(self, engine: Engine, why: str = "") -> None:
        self.engine, self.why = engine, why
        self._present: set[str] = set()

    def listener(self) -> None:
        """El enlace escucha en 127.0.0.1."""
        return None

    def receive(self, trip: Trip) -> Generator[LayerEvent, None, tuple[DeployedLayer, ...]]:
        """La baja y la abre este proceso."""
        began = frozenset(self._present)
        try:
            with closing(
                download(trip.link.address, trip.repository, trip.manifest, present=began, cancel=trip.cancel)
            ) as events:
                for event in events:
                    if isinstance(event, (LayerDeclared, LayerProgress)):
                        yield event
        except OSError as problem:
            full = is_disk_full(str(problem))
            raise DeployError(
                "No se pudo escribir la imagen en este disco.",
                why="No queda espacio." if full else str(problem),
                next_step="Libera disco y repite." if full else "Comprueba la carpeta temporal y repite.",
            ) from problem
        self._present |= {layer.digest for layer in trip.manifest.layers}
        return tuple(
            DeployedLayer(one.digest, one.size, one.digest not in began) for one in trip.manifest.distinct
        )

    def runs(self, trip: Trip) -> str:
        """La que ya tiene el motor de quien aprende."""
        return trip.image

    def empty(self) -> None:
        """Olvida qué capas recibió."""
        self._present.clear()

    def close(self) -> None:
        """No hay nada que quitar."""
        self._present.clear()
