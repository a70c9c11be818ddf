"""``python -m tools.record``: graba las construcciones de las aplicaciones, para cuando no hay motor.

Construye sin caché, con el motor que haya, cada versión de ``apps/*/app.json`` que pide una grabación, y deja
sus eventos en ``grabaciones/``. La imagen que hace para grabar se borra al final.

Lo grabado es lo que dijo el motor, salvo una cosa: en las direcciones (``https://...``) que escriban los
pasos, el servidor se cambia por ``«servidor»``, porque depende de dónde se graba. La cabecera dice si las
imágenes base eran equivalentes locales.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import datetime, timezone
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from multietapa import text
from multietapa.apps import App, Version, apps
from multietapa.bases.sources import ensure_base
from multietapa.build.events import BuildFailed, Event, LogLine
from multietapa.build.pipeline import run
from multietapa.build.plan import plan_build
from multietapa.build.recording import Header, Recorder
from multietapa.cells.motor import motor
from multietapa.cells.reproducir import RECORDINGS
from multietapa.console import complain, phase, say
from multietapa.engine.model import EngineInfo, describe
from multietapa.errors import MultietapaError
from multietapa.paths import PROJECT_ROOT

COMMAND = "python -m tools.record"
MASK = "«servidor»"
_SERVER = re.compile(r"(?<=://)[\w\[][^\s/\"'<>)]*")


def recorded() -> Iterator[tuple[App, Version]]:
    """Las versiones de las aplicaciones que piden una grabación."""
    for app in apps():
        yield from ((app, version) for version in app.versions if version.recording)


def record(
    client: docker.DockerClient, app: App, version: Version, info: EngineInfo, *, folder: Path = RECORDINGS
) -> Path:
    """Construye una versión de una aplicación sin caché y la graba. Devuelve el archivo.

    Raises:
        BuildError: (o una de sus hijas) la construcción falló; no se queda grabada.
        BaseImageError, EngineLostError: faltó una imagen base o se apagó el motor.
    """
    plan = plan_build(
        app.folder, tag=version.tag, architecture=info.architecture, dockerfile=version.dockerfile
    )
    bases = [ensure_base(client, name) for name in plan.images]
    equivalent = " · bases equivalentes locales" if any(base.equivalent for base in bases) else ""
    header = Header(
        engine=info.label + equivalent,
        architecture=info.architecture,
        date=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        dockerfile=version.dockerfile,
        tag=version.tag,
        text=plan.context.text,
        app=app.name,
    )
    recorder = Recorder(folder / version.recording, header=header)
    with _borrowed(client, version.tag), closing(run(client, plan, nocache=True)) as events:
        for _ in recorder.wrap(neutral(events)):
            pass
    return recorder.path


def neutral(events: Iterable[Event]) -> Iterator[Event]:
    """Los mismos eventos, con ``«servidor»`` en lugar de cada servidor; sin el de un fallo.

    Sin su final, la grabación de una construcción fallida se abandona y la que hubiera se queda.
    """
    for event in events:
        if isinstance(event, LogLine):
            yield replace(event, text=_SERVER.sub(MASK, event.text))
        elif not isinstance(event, BuildFailed):
            yield event


@contextmanager
def _borrowed(client: docker.DockerClient, tag: str) -> Iterator[None]:
    """Deja ``tag`` como estaba: borra la imagen que se haga y devuelve la etiqueta a la que la tuviera."""
    before = _image_id(client, tag)
    try:
        yield
    finally:
        made = _image_id(client, tag)
        if made and made != before:
            client.images.remove(tag, noprune=False)
            if before:
                client.api.tag(before, *tag.split(":"))


def _image_id(client: docker.DockerClient, tag: str) -> str:
    try:
        return str(client.images.get(tag).id)
    except ImageNotFound:
        return ""


def main() -> int:
    """La orden; devuelve el código de salida."""
    try:
        engine = motor()
        info = engine.info or describe(engine.client)
        for app, version in recorded():
            with phase(f"Grabando {version.tag} con {info.label}"):
                path = record(engine.client, app, version, info)
                say(f"  {path.relative_to(PROJECT_ROOT)}: {text.size(path.stat().st_size)}")
    except MultietapaError as problem:
        complain(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
