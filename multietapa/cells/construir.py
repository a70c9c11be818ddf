"""``construir``: construye una imagen mientras se ve cómo avanza, y se puede cancelar.

Sin ningún motor posible enseña la grabación de esa aplicación con ese mismo Dockerfile, si la hay, rotulada.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import docker
import requests
from docker.errors import DockerException

from multietapa.bases.sources import ensure_base, find_nearby
from multietapa.build.events import Event, StepProgress
from multietapa.build.follow import follow
from multietapa.build.memory.memory import Memory
from multietapa.build.pipeline import base_step, failing, run
from multietapa.build.plan import Plan, plan_build
from multietapa.build.pulls import pulled_by_buildkit
from multietapa.build.session.extras import wanted_extras
from multietapa.build.sizes import step_sizes
from multietapa.build.state import BuildState, sized
from multietapa.cells.calls import offered
from multietapa.cells.construccion import Construccion, finished
from multietapa.cells.motor import motor
from multietapa.cells.reproducir import find_recording, nothing_to_show, reproducir
from multietapa.dockerfile.stages import Dockerfile
from multietapa.engine.model import EngineInfo
from multietapa.engine.session import info_of
from multietapa.engine.talking import talking
from multietapa.errors import (
    MultietapaError,
    UnknownNameError,
    engine_lost,
)
from multietapa.identity import BASE_LABEL
from multietapa.measure.measure import quick_sizes
from multietapa.widgets.base import open_view
from multietapa.widgets.build.build import BuildView
from multietapa.widgets.build.text_view import TextView
from multietapa.widgets.build.words import Request
from multietapa.widgets.where import check_view

_BUILDERS = {"buildkit": "BuildKit", "clasico": "constructor clásico"}
_ONLY_BUILDER = {"Podman": "Buildah"}  # motores que construyen con el suyo, se les pida lo que se les pida


@offered(
    'construir("../apps/tienda-node", etiqueta="tienda:mia")',
    interrupted="la construcción no terminó. Repite la celda cuando quieras.",
)
@talking("construía")
def construir(
    contexto: str | os.PathLike[str],
    *,
    etiqueta: str,
    dockerfile: str = "Dockerfile",
    objetivo: str | None = None,
    argumentos: Mapping[str, object] | None = None,
    sin_cache: bool = False,
    constructor: str = "buildkit",
    secretos: Mapping[str, str | bytes | os.PathLike[str]] | None = None,
    ssh: bool | str | os.PathLike[str] = False,
    salida: str | os.PathLike[str] | None = None,
    plataforma: str | None = None,
    cache_desde: str | Sequence[str] = (),
    contextos: Mapping[str, str | os.PathLike[str]] | None = None,
    vista: bool | str = True,
    cliente: docker.DockerClient | None = None,
) -> Construccion:
    """Construye la carpeta ``contexto`` y espera a que termine, enseñando cómo avanza.

    Args:
        etiqueta: el nombre de la imagen (``tienda:multietapa``).
        dockerfile: un archivo de la carpeta, o el texto entero de un Dockerfile.
        objetivo: hasta qué etapa construir; si falta, la última.
        argumentos: valores para los ``ARG``; un número viaja como texto.
        sin_cache: repite todos los pasos.
        constructor: ``"buildkit"`` o ``"clasico"``.
        secretos: por su nombre, lo que un ``RUN --mount=type=secret,id=NOMBRE`` puede leer sin que quede
            en la imagen: un ``Path`` (el contenido de ese archivo) o el texto mismo. Si un paso lo escribe,
            se tapa. Cambiar uno no repite el paso: la caché no los mira.
        ssh: ``True`` deja usar el agente de ssh de esta máquina en ``RUN --mount=type=ssh``; o la ruta de su
            socket.
        salida: una carpeta, que no existe o está vacía, donde dejar además los archivos de la última etapa
            (o de la de ``objetivo``): todos o, si algo falla, ninguno. Los enlaces que apuntan fuera de ella
            y los dispositivos no se dejan, y se dice.
        plataforma: para cuál se construye (``"linux/arm64"``); si falta, la del motor. Con otra, las bases
            se bajan de su registro, y un ``RUN`` solo funciona en una etapa ``--platform=$BUILDPLATFORM``.
        cache_desde: imágenes de las que se puede aprovechar la caché que llevan dentro (las construidas con
            ``argumentos={"BUILDKIT_INLINE_CACHE": 1}``); con la que no está se avisa.
        contextos: por su nombre, otras carpetas (o imágenes: ``"node:24-alpine"``) que toman ``FROM NOMBRE``
            y ``COPY --from=NOMBRE``, antes que una etapa o una imagen que se llamen igual.
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.
        cliente: un cliente del SDK; si falta, el del motor del kit. Sin ningún motor posible se enseña la
            grabación de esa aplicación con ese mismo Dockerfile, rotulada, si la hay.

    Raises:
        BuildError: (o una de sus hijas) la construcción falló. ``BuildCancelled`` si se canceló.
        BaseImageError, EngineLostError: faltó una imagen base o se apagó el motor.
        NetworkError: (además de una de esas) un registro o una dirección no contestan.
        NoEngineError: no hay motor, ni grabación de ese Dockerfile.
        UnknownNameError: el constructor o la vista no existen.
    """
    if constructor not in _BUILDERS:
        raise UnknownNameError(constructor, _BUILDERS, kind="el constructor")
    check_view(vista)
    opened = None if cliente is not None else motor()
    if opened is not None and not opened.available:
        whole = constructor == "buildkit" and not objetivo and not argumentos
        found = find_recording(contexto, dockerfile, etiqueta) if whole else None
        if found is None:
            raise nothing_to_show(opened.choice.rejected)
        return reproducir(found, vista=vista)
    client = opened.client if opened is not None else cliente
    info = (opened.info if opened else None) or _ask(client)
    values = {name: str(value) for name, value in (argumentos or {}).items() if value is not None}
    chain: tuple[str, ...] = ()
    source: Dockerfile | None = None
    memory: Memory | None = None
    cancel = threading.Event()
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    try:
        extras = wanted_extras(
            secrets=secretos,
            ssh=ssh,
            output=salida,
            platform=plataforma,
            cache_from=cache_desde,
            contexts=contextos,
            architecture=info.architecture,
        )
        plan = plan_build(
            contexto,
            tag=etiqueta,
            architecture=info.architecture,
            dockerfile=dockerfile,
            target=objetivo,
            buildargs=values,
            builder=constructor,
            extras=extras,
        )
    except MultietapaError as error:  # se enseña como cualquier otro fallo, y después se lanza
        events: Iterator[Event] = failing(error)
    else:
        chain, source = plan.chain, plan.source
        memory = Memory(client, plan, nocache=sin_cache, plain=info.name in _ONLY_BUILDER)
        events = run(
            client,
            plan,
            nocache=sin_cache,
            labels={BASE_LABEL: plan.base} if plan.base else {},
            ensure_base=lambda name: _bring(client, plan, name, messages),
            cancel=cancel,
        )
    builder = _ONLY_BUILDER.get(info.name, _BUILDERS[constructor])
    request = Request(etiqueta, info.label, objetivo or "", builder)
    view = open_view(vista, lambda: BuildView(request, cancel=cancel), lambda: TextView(request))

    def complete(state: BuildState) -> BuildState:
        sized = with_sizes(client, state, chain)
        return memory.told(sized) if memory else sized

    try:
        state, log = follow(events, view, cancel, messages=messages, complete=complete)
    finally:
        if memory:
            memory.close()
    return finished(state, log, etiqueta, info, view, source=source, target=objetivo)


def with_sizes(client: docker.DockerClient, state: BuildState, stages: tuple[str, ...]) -> BuildState:
    """Añade lo que el motor dice que ocupan la imagen y sus pasos; si no contesta, no añade nada."""
    try:
        quick = quick_sizes(client, state.image_id)
    except (MultietapaError, DockerException, requests.RequestException, OSError):
        return state
    return sized(state, quick.reported_bytes, step_sizes(state, quick.steps, stages))


def _bring(client: docker.DockerClient, plan: Plan, name: str, messages: queue.SimpleQueue[Any]) -> None:
    """Trae una imagen base contando su avance como el de un paso más, si no la va a bajar BuildKit."""

    def progress(label: str, done: int, total: int) -> None:
        messages.put(StepProgress(base_step(name), label, done, total))

    if pulled_by_buildkit(client, plan, name):
        find_nearby(client, name, progress=progress)
    else:
        ensure_base(client, name, progress=progress)


def _ask(client: docker.DockerClient) -> EngineInfo:
    try:
        return info_of(client)
    except (DockerException, requests.RequestException, OSError) as error:
        raise engine_lost("decía su versión") from error
