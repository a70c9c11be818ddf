"""La imagen que se comprueba, y aquella con la que se compara."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import docker

from multietapa import text
from multietapa.apps import App
from multietapa.bases.reporting import ReportProgress, silent
from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.hechas import Paso
from multietapa.cells.lines import layer_lines
from multietapa.cells.motor import Motor
from multietapa.containers.running import Running, run_container
from multietapa.errors import BuildError, ContainerError, EngineError, UncheckableError
from multietapa.exercises.checks import process
from multietapa.exercises.given import NOTHING, Given
from multietapa.exercises.outcome import Observation
from multietapa.identity import LABEL
from multietapa.measure.measure import Measurement, measure

REFERENCE = "ingenua"


@dataclass(frozen=True)
class Bench:
    """La imagen que se comprueba, hecha con ``app``, y lo que hace falta para mirarla. Mide una sola vez.

    ``timeout`` son los segundos que se espera a que el programa conteste; ``steps``, los pasos con los que se
    construyó, si se sabe, y ``unused`` las etapas que nadie usa y no se hicieron; ``dockerfile``, el texto
    del que salió, o ``""``, y ``given``, lo que se dio al construirla; ``log``, lo que escribieron los pasos
    la vez que se construyó ahora; ``tell`` recibe en qué se está: título, bytes hechos y totales (0: no se
    saben).
    """

    motor: Motor
    image: str
    app: App
    timeout: float = 60.0
    steps: tuple[Paso, ...] = ()
    unused: tuple[str, ...] = ()
    dockerfile: str = ""
    given: Given = NOTHING
    tell: ReportProgress = silent
    log: str = field(default="", repr=False)

    @cached_property
    def measurement(self) -> Measurement:
        """La imagen medida, sin comprimir, con la línea del Dockerfile que hizo cada capa si se sabe."""
        made = self._measured(self.image, "midiendo tu imagen, capa por capa")
        return replace(made, lines=layer_lines(made, self.steps))

    @cached_property
    def packed(self) -> Measurement:
        """Lo mismo, y además lo que ocupa cada capa comprimida: lo que viaja (Transferencia)."""
        made = self._measured(self.image, "midiendo lo que viaja de tu imagen", transfer=True)
        return replace(made, lines=layer_lines(made, self.steps))

    @cached_property
    def baseline(self) -> Measurement:
        """La imagen ingenua de quien aprende; si no existe, se construye.

        Lanza :class:`EngineError` si no se puede: la respuesta no tiene la culpa.
        """
        return self._measured(self._reference(), f"midiendo {self._reference()}, con la que se compara")

    @cached_property
    def packed_baseline(self) -> Measurement:
        """Lo mismo, y además lo que ocupa cada capa comprimida: lo que viaja (Transferencia)."""
        title = f"midiendo lo que viaja de {self._reference()}, con la que se compara"
        return self._measured(self._reference(), title, transfer=True)

    def again(self, change: Callable[[Path], None]) -> Bench:
        """La misma respuesta, construida otra vez en una copia de la carpeta que ``change`` modifica.

        Lanza :class:`UncheckableError` si no se sabe de qué Dockerfile salió la imagen.
        """
        return self._once_more("construyendo otra vez, con el código cambiado", "cambio", change)

    def up_to(self, target: str, change: Callable[[Path], None] | None = None) -> Bench:
        """La misma respuesta, construida hasta la etapa ``target``, sin enseñarlo: puede que deba fallar.

        Con ``change``, en una copia de la carpeta que modifica. Lanza :class:`UncheckableError` si no se sabe
        de qué Dockerfile salió la imagen, y :class:`BuildError` si no construye.
        """
        title = f"construyendo hasta «{target}»{', con el código cambiado' if change else ''}"
        name = f"{target}-cambio" if change else target
        return self._once_more(title, name, change, target=target, view=False)

    def with_arguments(self, arguments: Mapping[str, str]) -> Bench:
        """La misma respuesta, construida otra vez con esos ``ARG``.

        Lanza :class:`UncheckableError` si no se sabe de qué Dockerfile salió la imagen.
        """
        said = text.join([f"{name}={value}" for name, value in arguments.items()])
        given = replace(self.given, arguments={**self.given.arguments, **arguments})
        return self._once_more(f"construyendo otra vez, con {said}", "argumentos", given=given)

    def _once_more(
        self,
        title: str,
        name: str,
        change: Callable[[Path], None] | None = None,
        *,
        target: str | None = None,
        given: Given | None = None,
        view: bool = True,
    ) -> Bench:
        if not self.dockerfile:
            raise UncheckableError(
                "Con la imagen sola no se puede comprobar este ejercicio.",
                why="Hay que construir tu respuesta dos veces, y de una imagen no se sabe el Dockerfile.",
                next_step="Comprueba el texto de tu Dockerfile, o Path(...) con la ruta de su archivo.",
            )
        self.tell(title, 0, 0)
        tag, given = f"{self.image}-{name}", given or self.given
        with _changed(self.app, change) as app:
            made = build(self.motor, app, self.dockerfile, tag, given, target=target, view=view)
        unused, log = made.etapas_sin_usar, made.registro
        return replace(self, image=tag, steps=made.pasos, unused=unused, given=given, log=log)

    def _reference(self) -> str:
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
        return reference.tag

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
        self.tell(f"arrancando un contenedor y esperando a que conteste en {self.app.health}", 0, 0)
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

    def _measured(self, image: str, title: str, *, transfer: bool = False) -> Measurement:
        self.tell(title, 0, 0)
        return measure(
            self.motor.client,
            image,
            info=self.motor.info,
            transfer=transfer,
            progress=lambda _, done, total: self.tell(title, done, total),
        )


@contextmanager
def _changed(app: App, change: Callable[[Path], None] | None) -> Iterator[App]:
    """La aplicación, o una copia que ``change`` modifica y que luego se borra."""
    if change is None:
        yield app
        return
    with tempfile.TemporaryDirectory(prefix="multietapa-cambio-") as folder:
        copy = Path(folder, app.name)
        shutil.copytree(app.folder, copy, symlinks=True)
        change(copy)
        yield replace(app, folder=copy)


def build(
    engine: Motor,
    app: App,
    dockerfile: str,
    tag: str,
    given: Given = NOTHING,
    *,
    target: str | None = None,
    view: bool = True,
) -> Construccion:
    """Construye en la carpeta de la aplicación, con lo que se da (``given``), hasta ``target`` o la última.

    Con ``view``, se ve en vivo.

    La imagen que llevaba antes esa etiqueta se quedaría sin nombre, y se borra si es del kit.
    """
    before = _image_id(engine.client, tag)
    with given.folder(app) as folder:
        built = construir(
            folder,
            dockerfile=dockerfile,
            etiqueta=tag,
            objetivo=target,
            vista=view,
            secretos=given.secrets,
            argumentos=given.arguments,
            cliente=engine.client,
        )
    if before and before != built.imagen:
        _forget(engine.client, before)
    return built


def _image_id(client: docker.DockerClient, tag: str) -> str:
    try:
        return str(client.api.inspect_image(tag)["Id"])
    except docker.errors.APIError:
        return ""


def _forget(client: docker.DockerClient, image: str) -> None:
    """Borra una imagen del kit que ya no tiene ninguna etiqueta; si algo la usa, el motor la deja."""
    with suppress(docker.errors.APIError):
        found = client.api.inspect_image(image)
        ours = ((found.get("Config") or {}).get("Labels") or {}).get(LABEL) == "1"
        named = [tag for tag in found.get("RepoTags") or () if tag != "<none>:<none>"]
        if ours and not named:
            client.api.remove_image(image, noprune=True)
