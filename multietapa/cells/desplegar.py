"""``desplegar``: despliega imágenes de verdad a un nodo vacío, por un enlace con velocidad, y lo mide.

Un hilo despliega y el de la celda enseña por dónde va. Cancelar (con el botón, que llega en otro hilo, o
interrumpiendo el kernel) activa un ``threading.Event`` y espera a que se recoja lo que estaba en marcha.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import docker

from multietapa.build.follow import HEARTBEAT, REFRESH, STOP_LIMIT
from multietapa.cells.asked import asked_images, reference, refuse_recordings, tag_of
from multietapa.cells.calls import offered
from multietapa.cells.construccion import Construccion
from multietapa.cells.despliegues import Despliegues, View, gathered
from multietapa.cells.motor import motor
from multietapa.engine.model import EngineInfo
from multietapa.engine.session import Engine, engine_of, info_of
from multietapa.engine.talking import talking
from multietapa.errors import DeployError, Interrupted
from multietapa.identity import EQUIVALENT_LABEL
from multietapa.measure.measure import inspected
from multietapa.registry.batch import Batch, Request, Wanted
from multietapa.registry.link import check_speed
from multietapa.widgets.base import open_view
from multietapa.widgets.deploy.deploy import DeployView
from multietapa.widgets.deploy.text_view import TextView
from multietapa.widgets.where import check_view

DEFAULT_PORT = 3000
"""El de las aplicaciones del taller."""
_STILL = "el despliegue se dejó a medias y todavía se está recogiendo. Si queda algo, limpiar() lo borra."


@offered(
    'desplegar("tienda:ingenua", "tienda:multietapa", mbps=20)',
    interrupted="el despliegue se dejó a medias; su contenedor y su nodo se borraron.",
)
def desplegar(
    *imagenes: str | Construccion,
    mbps: float | None = 20,
    frio: bool = True,
    veces: int = 1,
    nombres: Sequence[str] | None = None,
    puerto: int | None = None,
    ruta: str = "/",
    entorno: Mapping[str, object] | None = None,
    espera: float = 60.0,
    cliente: docker.DockerClient | None = None,
    vista: bool | str = True,
) -> Despliegues:
    """Despliega cada imagen, una detrás de otra, y mide cuánto tarda en contestar.

    Se sube al registro del taller (eso no cuenta) y entonces un nodo la pide por un enlace que va de verdad a
    esa velocidad, la comprueba y la abre, crea su contenedor, lo arranca y espera su primera respuesta. El
    nodo es un segundo motor, vacío y aparte, donde se puede; donde no, el cliente del taller, y se dice por
    qué. Al acabar no queda ni el nodo ni ningún contenedor; el registro sigue hasta ``limpiar()``.

    Args:
        imagenes: etiquetas (``"tienda:multietapa"``) o lo que devuelve ``construir``.
        mbps: megabits por segundo del enlace; ``None``, sin límite.
        frio: vacía el nodo antes de cada imagen. Con ``False``, de cada una solo viajan las capas que no
            trajo ya la anterior.
        veces: cuántas veces se repite todo, en el mismo orden. De cada imagen se da el despliegue cuyo total
            queda en medio; todos están en ``todos``.
        nombres: cómo llamar a cada una; si falta, por su etiqueta.
        puerto: en el que escuchan dentro. Si falta, el que declara cada una con ``EXPOSE`` y, si no declara
            uno solo, el 3000.
        ruta: lo que se pregunta; vale una respuesta de cualquier código.
        entorno: variables que se añaden a las de las imágenes; un número viaja como texto.
        espera: los segundos que se espera la primera respuesta.
        cliente: un cliente del SDK; si falta, el del motor del kit.
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.

    Raises:
        DeployError: algo de lo pedido no puede ser, o no cabe en el disco; :class:`DeployCancelled`, se
            canceló.
        UnknownNameError: una imagen o la vista no existen.
        NoEngineError: no hay motor, o una de las imágenes es una grabación.
        RegistryError: el registro no arranca, se paró, no tiene sitio o no admite ese nombre.
        ContainerError: la aplicación no arranca o no contesta; lleva su registro. Las que faltaban no se
            despliegan.
        EngineLostError, ArchiveError: un motor se apagó, o una capa está rota.
    """
    check_view(vista)
    _check(mbps, veces, puerto, ruta, espera)
    wanted = asked_images("desplegar", "desplegar", imagenes, nombres)
    engine = _engine(cliente)
    client = engine.client
    info = engine.info or info_of(client)
    refuse_recordings(wanted, "desplegar")
    request = Request(
        tuple(_image(client, info, name, image, puerto) for name, image in wanted.items()),
        check_speed(mbps),
        cold=frio,
        times=veces,
        path=ruta,
        environment={name: str(value) for name, value in (entorno or {}).items() if value is not None},
        timeout=espera,
    )
    cancel = threading.Event()
    batch = Batch(engine, request, cancel=cancel)
    view = open_view(vista, lambda: DeployView(batch.state, cancel=cancel), TextView)
    _follow(batch, view, cancel)
    tags = [tag_of(image) for image in wanted.values()]
    return gathered(batch.state, batch.runs, tags, info, view)


def _follow(batch: Batch, view: View, cancel: threading.Event) -> None:
    """Despliega en otro hilo y enseña desde este por dónde va. Lanza lo que lance."""
    worker = _Worker(batch)
    worker.start()
    stopped: BaseException | None = None
    try:
        _show(worker, view)
    except BaseException as problem:  # noqa: BLE001  se interrumpe el kernel, o se fue quien leía
        stopped = problem
        cancel.set()
        with suppress(KeyboardInterrupt):  # la segunda vez no se espera más
            worker.over.wait(STOP_LIMIT)
    if not worker.over.is_set():
        batch.stop()
    view.finish(batch.state, batch.runs)
    if isinstance(stopped, KeyboardInterrupt):
        if not worker.over.is_set():
            raise Interrupted(_STILL) from None
        raise KeyboardInterrupt from None  # una nueva: el rastro de esta llega hasta la espera
    if error := stopped or worker.error:
        raise error


def _show(worker: _Worker, view: View) -> None:
    """Enseña cada cambio hasta que el hilo acaba."""
    shown, shown_at = worker.batch.state, time.monotonic()
    while not worker.over.wait(REFRESH):
        state, now = worker.batch.state, time.monotonic()
        if state is not shown or now - shown_at > HEARTBEAT:
            shown, shown_at = state, now
            view.show(state)


class _Worker(threading.Thread):
    """El hilo que despliega; ``error`` es lo que lanzó.

    Se espera a ``over``, y no con ``join``: en Python 3.11, un Ctrl-C durante él da el hilo por acabado.
    """

    def __init__(self, batch: Batch) -> None:
        super().__init__(name="multietapa-desplegar", daemon=True)
        self.batch = batch
        self.over = threading.Event()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self.batch.run()
        except BaseException as problem:  # noqa: BLE001  lo lanza el hilo de la celda
            self.error = problem
        finally:
            self.over.set()


def _check(mbps: float | None, times: int, port: int | None, path: str, wait: float) -> None:
    """Lanza :class:`DeployError` si algo de lo pedido no puede ser."""
    check_speed(mbps)
    problems = [
        (isinstance(times, bool) or times < 1, f"No se puede desplegar {times!r} veces.", "", "veces=3"),
        (
            port is not None and (isinstance(port, bool) or not 0 < port < 65536),
            f"La aplicación no puede escuchar en el puerto {port!r}.",
            "Un puerto es un número entero de 1 a 65535.",
            "puerto=3000",
        ),
        (
            not path.startswith("/") or not path.isascii() or any(char.isspace() for char in path),
            f"«{path}» no es una ruta que se pueda pedir.",
            "Empieza por / y no lleva espacios ni acentos.",
            'ruta="/salud"',
        ),
        (
            isinstance(wait, bool) or not 0 < wait < math.inf,
            f"No se puede esperar {wait!r} segundos a que conteste.",
            "",
            "espera=60",
        ),
    ]
    for wrong, what, why, example in problems:
        if wrong:
            raise DeployError(what, why=why, next_step=f"Escribe, por ejemplo, {example}.")


@talking("decía su versión")
def _engine(client: docker.DockerClient | None) -> Engine:
    return motor() if client is None else engine_of(client)


@talking("decía qué imágenes tiene")
def _image(
    client: docker.DockerClient, info: EngineInfo, name: str, image: str | Construccion, port: int | None
) -> Wanted:
    """La imagen tal como está en el motor. Lanza :class:`DeployError` si es de otra plataforma."""
    attributes = inspected(client, reference(image))
    mine = info.architecture
    other = str(attributes.get("Architecture") or mine)
    if other != mine:
        raise DeployError(
            f"«{name}» es para linux/{other}, y el motor es linux/{mine}.",
            why="Sus programas no arrancan en otra clase de procesador.",
            next_step="Constrúyela sin plataforma=, o elige otra imagen.",
        )
    label = tag_of(image)
    known = label if label in (attributes.get("RepoTags") or ()) else reference(image)
    labels = (attributes.get("Config") or {}).get("Labels") or {}
    return Wanted(name, known, port or _exposed(attributes), labels.get(EQUIVALENT_LABEL) == "1")


def _exposed(attributes: Mapping[str, Any]) -> int:
    """El puerto que declara con ``EXPOSE``, si es uno solo; si no, el del taller."""
    declared = [entry.partition("/") for entry in (attributes.get("Config") or {}).get("ExposedPorts") or ()]
    ports = [int(number) for number, _, kind in declared if kind != "udp" and number.isdigit()]
    return ports[0] if len(ports) == 1 else DEFAULT_PORT
