"""``construir``: construye una imagen mientras se ve cómo avanza, y se puede cancelar.

Sin ningún motor posible enseña la grabación de ese mismo Dockerfile, si la hay, con su rótulo.
"""

from __future__ import annotations

import math
import os
import queue
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import docker
import requests
from docker.errors import DockerException

from multietapa import text
from multietapa.bases.sources import ensure_base
from multietapa.build.events import Progress
from multietapa.build.follow import View, follow
from multietapa.build.pipeline import build_events
from multietapa.build.recording import Header, Recording, load, replay
from multietapa.build.sizes import step_sizes
from multietapa.build.state import BASE_STEP, BuildState, Status, sized
from multietapa.cells.motor import motor
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.stages import Dockerfile, final_base, final_chain, parse
from multietapa.engine.model import EngineInfo, Rejected
from multietapa.engine.session import info_of
from multietapa.errors import (
    ArchiveError,
    BuildError,
    MultietapaError,
    NoEngineError,
    UnknownNameError,
    engine_lost,
)
from multietapa.identity import BASE_LABEL
from multietapa.measure.measure import quick_sizes
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.build.build import BuildView, SilentView, TextView
from multietapa.widgets.build.words import Request, recording_label, short_id
from multietapa.widgets.where import ShownInCell, check_view, in_notebook

RECORDINGS = PROJECT_ROOT / "grabaciones"
_BUILDERS = {"buildkit": "BuildKit", "clasico": "constructor clásico"}


@dataclass(frozen=True)
class Paso:
    """Un paso de una construcción terminada.

    ``segundos`` de trabajo, ``linea`` del Dockerfile o ``None``, y ``bytes`` que añade a la imagen según el
    motor (``None`` si no se sabe, o si su etapa no acaba en la imagen).
    """

    texto: str
    etapa: str
    linea: int | None
    estado: str
    segundos: float
    bytes: int | None = None


@dataclass(frozen=True)
class Construccion(ShownInCell):
    """Una imagen recién construida.

    ``imagen`` es su id (``sha256:...``); ``segundos``, los de pared; ``registro``, todo lo que escribieron
    los pasos; ``motor``, con qué se construyó. En una grabación, ``grabacion`` es su rótulo y la imagen no
    existe aquí.
    """

    imagen: str
    etiqueta: str
    segundos: float
    pasos: tuple[Paso, ...]
    registro: str = field(repr=False)
    motor: EngineInfo
    grabacion: str = ""
    vista: View | None = field(default=None, repr=False, compare=False)

    @property
    def de_cache(self) -> int:
        """Cuántos pasos salieron de la caché."""
        return sum(paso.estado == Status.CACHED.value for paso in self.pasos)

    def resumir(self, frase: str) -> None:
        """Pone una frase al final de su vista, en lugar del tamaño provisional: ``Desempaquetado 612 MB``."""
        if self.vista is not None:
            self.vista.note(frase)

    def __repr__(self) -> str:
        cached = f", {self.de_cache} de {len(self.pasos)} pasos de la caché" if self.de_cache else ""
        label = f"{self.grabacion}: " if self.grabacion else ""
        took = text.duration(self.segundos)
        return f"{label}{self.etiqueta} construida en {took}{cached} (imagen {short_id(self.imagen)})"


def construir(
    contexto: str | os.PathLike[str],
    *,
    etiqueta: str,
    dockerfile: str = "Dockerfile",
    objetivo: str | None = None,
    argumentos: Mapping[str, object] | None = None,
    sin_cache: bool = False,
    constructor: str = "buildkit",
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
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.
        cliente: un cliente del SDK; si falta, el del motor del kit. Sin ningún motor posible se enseña la
            grabación de ese mismo Dockerfile, rotulada, si la hay.

    Raises:
        BuildError: (o una de sus hijas) la construcción falló. ``BuildCancelled`` si se canceló.
        BaseImageError, EngineLostError: faltó una imagen base o se apagó el motor.
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
            raise _nothing_to_show(opened.choice.rejected)
        return reproducir(found, vista=vista)
    client = opened.client if opened is not None else cliente
    info = (opened.info if opened else None) or _ask(client)
    values = {name: str(value) for name, value in (argumentos or {}).items() if value is not None}
    source = _source(contexto, dockerfile)
    chain = final_chain(source, objetivo) if source else ()
    base = final_base(source, objetivo, values) if source else ""
    cancel = threading.Event()
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    events = build_events(
        client,
        contexto,
        dockerfile=dockerfile,
        tag=etiqueta,
        target=objetivo,
        buildargs=values,
        nocache=sin_cache,
        builder=constructor,
        labels={BASE_LABEL: base} if base else {},
        ensure_base=lambda name: _bring(client, name, messages),
        cancel=cancel,
    )
    request = Request(etiqueta, info.label, objetivo or "", _BUILDERS[constructor])
    view = open_view(vista, request, cancel=cancel)
    labels = tuple(stage.label for stage in chain)
    state, log = follow(
        events, view, cancel, messages=messages, complete=lambda state: with_sizes(client, state, labels)
    )
    return _finished(state, log, etiqueta, info, view)


def reproducir(
    grabacion: Recording | str | os.PathLike[str],
    *,
    velocidad: float | None = 1.0,
    vista: bool | str = True,
) -> Construccion:
    """Enseña una construcción grabada, con su rótulo: ``velocidad`` 2 es el doble; ``None``, todo seguido.

    Raises:
        ArchiveError: la grabación no se puede leer.
        BuildError: la construcción que se grabó falló, o se cancela ahora.
        ValueError: ``velocidad`` no es mayor que 0.
    """
    check_view(vista)
    if velocidad is not None and not (velocidad > 0 and math.isfinite(velocidad)):
        raise ValueError(f"La velocidad tiene que ser mayor que 0, no {velocidad}.")
    recording = grabacion if isinstance(grabacion, Recording) else load(grabacion)
    header: Header = recording.header
    badge = recording_label(header.engine, header.architecture, header.date)
    cancel = threading.Event()
    rate = velocidad or 1.0  # sin pausas no hay reloj que correr
    view = open_view(vista, Request(header.tag, "", recording=badge), cancel=cancel, rate=rate)
    state, log = follow(replay(recording, speed=velocidad, cancel=cancel), view, cancel, rate=rate)
    info = EngineInfo("grabacion", header.engine, "", "", "", header.architecture)
    return replace(_finished(state, log, header.tag, info, view), grabacion=badge)


def find_recording(
    contexto: str | os.PathLike[str], dockerfile: str, etiqueta: str, *, folder: Path | None = None
) -> Recording | None:
    """La grabación de ese mismo Dockerfile (salvo espacios al final), mejor con esa etiqueta; o ``None``.

    Una grabación que no se puede leer no cuenta.
    """
    wanted = _meaning(open_context(contexto, dockerfile=dockerfile).text)
    same = [r for r in _readable(folder or RECORDINGS) if _meaning(r.header.text) == wanted]
    return next((r for r in same if r.header.tag == etiqueta), same[0] if same else None)


def _readable(folder: Path) -> Iterator[Recording]:
    for path in sorted(folder.glob("*.jsonl")):
        try:
            yield load(path)
        except ArchiveError:
            continue


def with_sizes(client: docker.DockerClient, state: BuildState, stages: tuple[str, ...]) -> BuildState:
    """Añade lo que el motor dice que ocupan la imagen y sus pasos; si no contesta, no añade nada."""
    try:
        quick = quick_sizes(client, state.image_id)
    except (MultietapaError, DockerException, requests.RequestException, OSError):
        return state
    return sized(state, quick.reported_bytes, step_sizes(state, quick.steps, stages))


def open_view(
    vista: bool | str, request: Request, *, cancel: threading.Event | None = None, rate: float = 1.0
) -> View:
    """La vista que corresponde: el widget en un cuaderno, texto en una terminal, o ninguna."""
    if vista is False:
        return SilentView()
    if vista is True and in_notebook():
        return BuildView(request, cancel=cancel, rate=rate).display()
    return TextView(request)


def _finished(state: BuildState, log: str, tag: str, info: EngineInfo, view: View | None) -> Construccion:
    if not state.image_id:
        raise BuildError("La construcción acabó sin decir qué imagen hizo.", next_step="Repite la celda.")
    steps = tuple(
        Paso(step.name, step.stage, step.line, step.status.value, step.seconds or 0.0, step.size)
        for group in state.groups
        for step in group.steps
        if step.is_instruction
    )
    return Construccion(state.image_id, tag, state.seconds or 0.0, steps, log, info, vista=view)


def _bring(client: docker.DockerClient, name: str, messages: queue.SimpleQueue[Any]) -> None:
    """Trae una imagen base contando su avance como el de un paso más."""

    def progress(label: str, done: int, total: int) -> None:
        messages.put(Progress(f"{BASE_STEP}{name}", label, done, total))

    ensure_base(client, name, progress=progress)


def _ask(client: docker.DockerClient) -> EngineInfo:
    try:
        return info_of(client)
    except (DockerException, requests.RequestException, OSError) as error:
        raise engine_lost("decía su versión") from error


def _source(context: str | os.PathLike[str], dockerfile: str) -> Dockerfile | None:
    """El Dockerfile leído, o ``None`` si no se puede: el error saldrá al construir, en su sitio."""
    try:
        return parse(open_context(context, dockerfile=dockerfile).text)
    except MultietapaError:
        return None


def _nothing_to_show(rejected: Iterable[Rejected]) -> NoEngineError:
    tags = [recording.header.tag for recording in _readable(RECORDINGS)]
    recorded = f"Hay grabaciones de {text.join(tags)}, sin cambiar su Dockerfile. " if tags else ""
    return NoEngineError(
        "No hay ningún motor de Docker con el que construir, ni una grabación de este Dockerfile.",
        why="\n".join(f"{item.kind}: {item.reason}" for item in rejected),
        next_step=f"{recorded}Para construir, abre Docker Desktop (o Docker Engine) y repite la celda.",
    )


def _meaning(dockerfile: str) -> list[str]:
    return [line.rstrip() for line in dockerfile.strip().splitlines()]
