"""La imagen que se comprueba, y aquella con la que se compara."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import docker

from multietapa.apps import App
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.containers.running import Running, run_container
from multietapa.errors import BuildError, ContainerError, EngineError
from multietapa.exercises.checks import process
from multietapa.exercises.outcome import Observation
from multietapa.measure.measure import Measurement, measure

REFERENCE = "ingenua"


@dataclass(frozen=True)
class Bench:
    """La imagen que se comprueba, hecha con ``app``, y lo que hace falta para mirarla. Mide una sola vez.

    ``timeout`` son los segundos que se espera a que el programa conteste.
    """

    motor: Motor
    image: str
    app: App
    timeout: float = 60.0

    @cached_property
    def measurement(self) -> Measurement:
        """La imagen medida, sin comprimir."""
        return measure(self.motor.client, self.image, info=self.motor.info, transfer=False)

    @cached_property
    def baseline(self) -> Measurement:
        """La imagen ingenua de quien aprende; si no existe, se construye.

        Lanza :class:`EngineError` si no se puede: la respuesta no tiene la culpa.
        """
        client, reference = self.motor.client, self.app.version(REFERENCE)
        try:
            client.images.get(reference.tag)
        except docker.errors.ImageNotFound:
            try:
                build(self.motor, self.app, reference.dockerfile, reference.tag)
            except BuildError as problem:
                raise EngineError(
                    f"No se pudo construir {reference.tag}, la imagen con la que se compara.",
                    detail=str(problem),
                ) from problem
        return measure(client, reference.tag, info=self.motor.info, transfer=False)

    @cached_property
    def config(self) -> dict[str, Any]:
        """La configuración que la imagen declara."""
        return dict(self.motor.client.api.inspect_image(self.image).get("Config") or {})

    def starts(self) -> tuple[Observation, ...]:
        """Arranca la imagen y mira si contesta bien."""
        return self.ask(lambda *_: ())

    def ask(self, look: Callable[[Running, str], tuple[Observation, ...]]) -> tuple[Observation, ...]:
        """Arranca la imagen, le pregunta si está bien y, si contesta que sí, mira lo que diga ``look``."""
        problem: ContainerError | None = None
        for port in process.ports_of(self.config, self.app.port):
            try:
                with run_container(self.motor, self.image, port=port, timeout=self.timeout) as running:
                    status, body = running.get(self.app.health)
                    health = process.healthy(status, body, self.app.health)
                    return (health, *(look(running, body) if health.ok else ()))
            except ContainerError as failure:
                problem = problem or failure
        assert problem is not None  # siempre hay al menos un puerto
        return (process.does_not_answer(problem),)


def build(engine: Motor, app: App, dockerfile: str, tag: str) -> None:
    """Construye en la carpeta de la aplicación, con la vista en vivo."""
    construir(app.folder, dockerfile=dockerfile, etiqueta=tag, cliente=engine.client)
