"""Lo que comparten las pruebas de la sesión: construir, y mirar qué viajó, qué salió y qué queda."""

from __future__ import annotations

import hashlib
import io
import secrets
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker

from multietapa.build.events import BuildFinished, ContextSent, Event, OutputWritten
from multietapa.build.image import build_image
from multietapa.build.pipeline import build_events
from multietapa.identity import labels
from tests.conftest import until


@dataclass
class Done:
    """Una construcción que acabó: sus eventos, la imagen y lo último que viajó de la carpeta."""

    events: list[Event] = field(default_factory=list)

    @property
    def image_id(self) -> str:
        """La imagen."""
        last = self.events[-1]
        assert isinstance(last, BuildFinished)
        return last.image_id

    @property
    def sent(self) -> tuple[int, int]:
        """Archivos y bytes que viajaron de la carpeta."""
        told = [event for event in self.events if isinstance(event, ContextSent) and event.complete]
        return told[-1].files, told[-1].bytes


def build(client: docker.DockerClient, root: Path, text: str, *, tag: str, **more: Any) -> Done:
    """Construye la carpeta ``root`` con el Dockerfile ``text``, como ``construir``."""
    return Done(list(build_events(client, root, tag=tag, dockerfile=text, **more)))


def contents(client: docker.DockerClient, image: str) -> dict[str, bytes]:
    """Los archivos de una imagen sin sistema, por su nombre."""
    container = client.containers.create(image, "nada", labels=labels())
    try:
        exported = io.BytesIO(b"".join(container.export()))
    finally:
        container.remove()
    with tarfile.open(fileobj=exported) as tar:
        files = {entry.name: tar.extractfile(entry) for entry in tar if entry.isfile()}
        return {name: file.read() for name, file in files.items() if file is not None}


def descriptors() -> int:
    """Cuántos archivos y sockets tiene abiertos este proceso; 0 donde no se puede saber."""
    known = Path("/proc/self/fd")
    return len(list(known.iterdir())) if known.is_dir() else 0


def at_work() -> list[str]:
    """Los hilos del taller que están en marcha."""
    return [worker.name for worker in threading.enumerate() if worker.name.startswith("multietapa")]


@contextmanager
def nothing_left(client: docker.DockerClient) -> Iterator[None]:
    """Al salir no queda ningún hilo del taller, y los sockets son los de antes."""
    client.ping()  # la conexión que el SDK guarda para la próxima vez ya está abierta
    assert at_work() == []
    before = descriptors()
    yield
    until(lambda: not at_work())
    until(lambda: descriptors() <= before + 2)  # el SDK puede guardar otra, y el servidor de ssh su mitad


def everything_at_once(client: docker.DockerClient, base: str, work: Path, *, contexts: bool = True) -> None:
    """Un secreto, otra carpeta, otra plataforma y una carpeta de salida valen con el motor de ``client``.

    ``contexts=False`` donde el motor no sabe de otras carpetas.
    """
    value, tag = secrets.token_hex(16), f"multietapa-pruebas/todo:{secrets.token_hex(4)}"
    (work / "app").mkdir()
    (work / "app/a.txt").write_text("hola")
    (work / "lib").mkdir()
    (work / "lib/x").write_text("equis")
    (work / "clave").write_text(value)
    mount = "--mount=type=secret,id=clave,required=true"
    text = f"FROM {base} AS uno\nRUN {mount} sha256sum /run/secrets/clave > /huella\n"
    text += "FROM scratch\nCOPY --from=uno /huella /huella\nCOPY a.txt /\n"
    given: dict[str, Any] = {"secrets": {"clave": work / "clave"}, "output": work / "dist"}
    if contexts:
        text += "COPY --from=lib x /x\n"
        given["contexts"] = {"lib": work / "lib"}
    events: list[Event] = []
    try:
        image = build_image(client, work / "app", tag=tag, dockerfile=text, on_event=events.append, **given)
        assert value.encode() not in b"".join(image.save())
        other = "FROM scratch\nCOPY a.txt /\n"
        foreign = build_image(client, work / "app", tag=tag, dockerfile=other, platform="linux/arm64")
        assert foreign.attrs["Architecture"] == "arm64"
    finally:
        for image in client.images.list(tag.partition(":")[0]):
            client.images.remove(image.id, force=True)
    written = {path.name: path.read_text() for path in (work / "dist").iterdir()}
    assert written.pop("huella").split()[0] == hashlib.sha256(value.encode()).hexdigest()
    assert written == {"a.txt": "hola"} | ({"x": "equis"} if contexts else {})
    assert [event for event in events if isinstance(event, OutputWritten)]
