"""``python -m tools.record``: graba las dos construcciones de la tienda, para cuando no hay motor.

Construye sin caché los dos Dockerfile de ``apps/tienda-node`` con el motor que haya y deja sus eventos en
``grabaciones/``. La imagen que hace para grabar se borra al final.

Lo grabado es lo que dijo el motor, salvo una cosa: en las direcciones (``https://...``) que escriban los
pasos, el servidor se cambia por ``«servidor»``, porque depende de dónde se graba. La cabecera dice si las
imágenes base eran equivalentes locales.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path

import docker
from docker.errors import ImageNotFound

from multietapa import text
from multietapa.bases.sources import ensure_base
from multietapa.build.events import BuildFailed, Event, LogLine
from multietapa.build.pipeline import build_events
from multietapa.build.recording import Header, Recorder
from multietapa.cells.motor import motor
from multietapa.cells.reproducir import RECORDINGS
from multietapa.console import complain, phase, say
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.stages import parse
from multietapa.engine.model import EngineInfo, describe
from multietapa.errors import MultietapaError
from multietapa.paths import PROJECT_ROOT

COMMAND = "python -m tools.record"
CONTEXT = PROJECT_ROOT / "apps" / "tienda-node"
MASK = "«servidor»"
_SERVER = re.compile(r"(?<=://)[\w\[][^\s/\"'<>)]*")


@dataclass(frozen=True)
class Recipe:
    """Una grabación del taller: qué Dockerfile, con qué etiqueta y en qué archivo."""

    dockerfile: str
    tag: str
    file: str


RECIPES = (
    Recipe("Dockerfile.ingenuo", "tienda:ingenua", "tienda-ingenua.jsonl"),
    Recipe("Dockerfile", "tienda:multietapa", "tienda-multietapa.jsonl"),
)


def record(
    client: docker.DockerClient,
    recipe: Recipe,
    info: EngineInfo,
    *,
    context: Path = CONTEXT,
    folder: Path = RECORDINGS,
) -> Path:
    """Construye una receta sin caché y la graba. Devuelve el archivo.

    Raises:
        BuildError: (o una de sus hijas) la construcción falló; no se queda grabada.
        BaseImageError, EngineLostError: faltó una imagen base o se apagó el motor.
    """
    source = open_context(context, dockerfile=recipe.dockerfile).text
    bases = [ensure_base(client, name) for name in parse(source).images()]
    equivalent = " · bases equivalentes locales" if any(base.equivalent for base in bases) else ""
    now = datetime.now(timezone.utc).isoformat(timespec="seconds")
    header = Header(info.label + equivalent, info.architecture, now, recipe.dockerfile, recipe.tag, source)
    recorder = Recorder(folder / recipe.file, header=header)
    with _borrowed(client, recipe.tag):
        events = build_events(client, context, tag=recipe.tag, dockerfile=recipe.dockerfile, nocache=True)
        with closing(events):
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
        for recipe in RECIPES:
            with phase(f"Grabando {recipe.tag} con {info.label}"):
                path = record(engine.client, recipe, info)
                say(f"  {path.relative_to(PROJECT_ROOT)}: {text.size(path.stat().st_size)}")
    except MultietapaError as problem:
        complain(problem)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
