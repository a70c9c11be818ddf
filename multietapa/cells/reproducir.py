"""``reproducir``: enseña una construcción grabada, siempre con su rótulo."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace

from multietapa import text
from multietapa.apps import app_in
from multietapa.build.events import StepDeclared
from multietapa.build.failure import misplaced
from multietapa.build.follow import follow
from multietapa.build.recording import Header, Recording, load, replay
from multietapa.cells.calls import offered
from multietapa.cells.construccion import Construccion, finished
from multietapa.dockerfile.context import open_context
from multietapa.engine.model import EngineInfo, Rejected
from multietapa.errors import ArchiveError, NoEngineError
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.build.words import Request, recording_label
from multietapa.widgets.live.open import STAGES, open_build_view
from multietapa.widgets.live.value import stages_of
from multietapa.widgets.where import check_view

RECORDINGS = PROJECT_ROOT / "grabaciones"


@offered('reproducir("grabaciones/tienda-multietapa.jsonl")')
def reproducir(
    grabacion: Recording | str | os.PathLike[str],
    *,
    velocidad: float | None = 1.0,
    vista: bool | str = True,
) -> Construccion:
    """Enseña una construcción grabada, con su rótulo: ``velocidad`` 2 es el doble; ``None``, todo seguido.

    ``vista`` vale lo mismo que en ``construir``.

    Raises:
        ArchiveError: la grabación no se puede leer.
        BuildError: la construcción que se grabó falló, o se cancela ahora.
        ValueError: ``velocidad`` no es mayor que 0.
    """
    check_view(vista, STAGES)
    if velocidad is not None and not (velocidad > 0 and math.isfinite(velocidad)):
        raise ValueError(f"La velocidad tiene que ser mayor que 0, no {velocidad}.")
    recording = grabacion if isinstance(grabacion, Recording) else load(grabacion)
    header: Header = recording.header
    badge = recording_label(header.engine, header.architecture, header.date)
    cancel = threading.Event()
    rate = velocidad or 1.0  # sin pausas no hay reloj que correr
    request = Request(header.tag, "", recording=badge)
    source, classic = header.source, _in_row(recording)
    drawable = source is not None and not misplaced(source, None, classic=classic)
    staged = stages_of(request, source, None, classic=classic) if source and drawable else None
    view = open_build_view(vista, request, staged, cancel, rate=rate)
    state, log = follow(replay(recording, speed=velocidad, cancel=cancel), view, cancel, rate=rate)
    info = EngineInfo("grabacion", header.engine, "", "", "", header.architecture)
    done = finished(state, log, header.tag, info, view, source=source, staged=staged)
    return replace(done, grabacion=badge)


def find_recording(contexto: str | os.PathLike[str], dockerfile: str, etiqueta: str) -> Recording | None:
    """La grabación de ese mismo Dockerfile (salvo espacios al final), mejor con esa etiqueta; o ``None``.

    Tiene que ser de la aplicación que está en ``contexto``: el mismo Dockerfile con otro código hace otra
    imagen. Una grabación que no se puede leer, o que no dice de qué aplicación es, no cuenta.

    Raises:
        ContextError: no existe la carpeta, no hay Dockerfile o no se puede leer.
    """
    wanted = _meaning(open_context(contexto, dockerfile=dockerfile).text)
    app = app_in(contexto)
    if app is None:
        return None
    same = [r for r in _choosable() if r.header.app == app.name and _meaning(r.header.text) == wanted]
    return next((r for r in same if r.header.tag == etiqueta), same[0] if same else None)


def _choosable() -> Iterator[Recording]:
    """Las grabaciones del taller que se pueden leer y dicen de qué aplicación son."""
    for path in sorted(RECORDINGS.glob("*.jsonl")):
        try:
            recording = load(path)
        except ArchiveError:
            continue
        if recording.header.app:
            yield recording


def nothing_to_show(rejected: Iterable[Rejected]) -> NoEngineError:
    """El error de no tener ni motor ni grabación: por qué no hay motor y qué grabaciones hay."""
    tags = [recording.header.tag for recording in _choosable()]
    recorded = f"Hay grabaciones de {text.join(tags)}, sin cambiar su Dockerfile. " if tags else ""
    return NoEngineError(
        "No hay ningún motor de Docker con el que construir, ni una grabación de este Dockerfile.",
        why="\n".join(f"{item.name}: {item.reason}" for item in rejected),
        next_step=f"{recorded}Para construir, abre Docker Desktop (o Docker Engine) y repite la celda.",
    )


def _in_row(recording: Recording) -> bool:
    """Se grabó con un constructor que va en fila."""
    steps = (event for _, event in recording.events if isinstance(event, StepDeclared))
    return any(step.id.startswith("paso-") for step in steps)


def _meaning(dockerfile: str) -> list[str]:
    return [line.rstrip() for line in dockerfile.strip().splitlines()]
