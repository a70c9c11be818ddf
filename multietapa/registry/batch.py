"""Varias imágenes desplegadas una detrás de otra, tantas veces como se pida, y por dónde va todo."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace

from multietapa.engine.session import Engine
from multietapa.engine.talking import talking
from multietapa.errors import DeployCancelled, MultietapaError
from multietapa.registry.deploy import deploy
from multietapa.registry.download import cancelled
from multietapa.registry.local import Registry, local_registry
from multietapa.registry.node import Node, cold_node
from multietapa.registry.outcome import Deployment
from multietapa.registry.state import DeployState, ImageOnItsWay, failed, finished, reduce, stopped


@dataclass(frozen=True)
class Wanted:
    """Una imagen: cómo se la llama, por qué nombre la conoce el motor y en qué puerto escucha dentro.

    ``equivalent``: su base se hizo aquí, en lugar de la original.
    """

    name: str
    image: str
    port: int
    equivalent: bool = False


@dataclass(frozen=True)
class Request:
    """Qué se despliega y cómo.

    ``cold``: cada imagen va a un nodo sin ninguna capa; si no, se queda con las de la anterior. ``times`` es
    cuántas veces se repite todo, en el mismo orden y siempre desde un nodo vacío. Lo demás, como en
    :func:`multietapa.registry.deploy.deploy`.
    """

    images: tuple[Wanted, ...]
    mbps: float | None
    cold: bool = True
    times: int = 1
    path: str = "/"
    environment: Mapping[str, str] | None = None
    timeout: float = 60.0


class Batch:
    """Los despliegues de una llamada. ``run`` los hace, en el hilo que sea, y ``state`` dice por dónde va.

    El nodo es de esta llamada: se pone en marcha al empezar y se quita al acabar, acabe como acabe. Un
    segundo motor guardado para la siguiente ocuparía memoria toda la sesión por ahorrar dos segundos.
    """

    def __init__(self, engine: Engine, request: Request, *, cancel: threading.Event) -> None:
        self._engine, self._request, self._cancel = engine, request, cancel
        label = engine.info.label if engine.info else ""
        self.state = DeployState(
            self._waiting(), None, request.mbps, label, cold=request.cold, turns=request.times
        )
        self._runs: list[tuple[Deployment, ...]] = [() for _ in request.images]
        self._at = 0

    @property
    def runs(self) -> tuple[tuple[Deployment, ...], ...]:
        """Los despliegues acabados de cada imagen, en su orden."""
        return tuple(self._runs)

    def run(self) -> None:
        """Los hace todos. Lanza lo que lance el primero que falle, y entonces los que faltan no se hacen."""
        with ExitStack() as stack:
            try:
                self._run(stack)
            except _Stop:
                self.stop()
                raise cancelled() from None
            except BaseException as problem:
                if not isinstance(problem, DeployCancelled):
                    known = problem if isinstance(problem, MultietapaError) else None
                    self._change(failed(self._image, known or MultietapaError(repr(problem))))
                self.stop()
                raise

    def stop(self) -> None:
        """Da por cancelado lo que no haya acabado."""
        images = tuple(image if image.phase.over else stopped(image) for image in self.state.images)
        self.state = replace(self.state, images=images, preparing="")

    @talking("desplegaba")
    def _run(self, stack: ExitStack) -> None:
        registry, node = self._prepare(stack)
        for turn in range(1, self._request.times + 1):
            self.state = replace(self.state, images=self._waiting(), turn=turn)
            for at, wanted in enumerate(self._request.images):
                self._at = at
                if self._request.cold or not at:
                    node.empty()
                self._deploy(wanted, registry, node)

    def _prepare(self, stack: ExitStack) -> tuple[Registry, Node]:
        """El registro y el nodo; mientras, se cuenta qué se prepara y se puede cancelar."""
        self._prepares("el registro")
        registry = local_registry(
            self._engine,
            progress=lambda title, done, total: self._prepares(
                f"el registro: {title}" + (f" ({min(100, done * 100 // total)} %)" if total else "")
            ),
        )
        self._prepares("el nodo")
        node = cold_node(self._engine, log=lambda phase: self._prepares(f"el nodo: {phase}"))
        stack.callback(node.close)
        self.state = replace(self.state, node=node.kind, why=node.why, preparing="")
        return registry, node

    def _prepares(self, what: str) -> None:
        if self._cancel.is_set():
            raise _Stop
        self.state = replace(self.state, preparing=what)

    def _deploy(self, wanted: Wanted, registry: Registry, node: Node) -> None:
        asked = self._request
        with closing(
            deploy(
                self._engine,
                wanted.image,
                registry=registry,
                node=node,
                mbps=asked.mbps,
                port=wanted.port,
                path=asked.path,
                environment=asked.environment,
                timeout=asked.timeout,
                cancel=self._cancel,
            )
        ) as events:
            while True:
                try:
                    event = next(events)
                except StopIteration as end:
                    done: Deployment = end.value
                    break
                self._change(reduce(self._image, event))
        self._runs[self._at] += (done,)
        if self._at < len(asked.images) - 1 or len(self._runs[self._at]) == asked.times:
            self._change(finished(self._image, done))  # entre dos vueltas no se da todo por acabado

    def _waiting(self) -> tuple[ImageOnItsWay, ...]:
        return tuple(ImageOnItsWay(wanted.name, wanted.equivalent) for wanted in self._request.images)

    @property
    def _image(self) -> ImageOnItsWay:
        return self.state.images[self._at]

    def _change(self, image: ImageOnItsWay) -> None:
        images = self.state.images
        self.state = replace(self.state, images=(*images[: self._at], image, *images[self._at + 1 :]))


class _Stop(BaseException):
    """Se canceló mientras se preparaba. No es un error: quien prepara no debe tomarlo por uno suyo."""
