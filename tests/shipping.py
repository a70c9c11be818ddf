"""Imágenes que contestan por HTTP, para subirlas, bajarlas y desplegarlas en las pruebas."""

from __future__ import annotations

import io
import random
import tarfile
import threading
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import docker

from multietapa.identity import labels
from multietapa.registry.local import Registry, local_registry
from tests.conftest import BASE_IMAGE, until

SERVES = '["httpd", "-f", "-p", "3000", "-h", "/etc"]'
T = TypeVar("T")


def noise(size: int, seed: int) -> bytes:
    """Bytes que no se comprimen, siempre los mismos para esa semilla."""
    return random.Random(seed).randbytes(size)


def app_image(client: docker.DockerClient, *files: bytes, command: str = SERVES) -> str:
    """Una imagen nueva sobre la base de las pruebas, con una capa por archivo: su etiqueta."""
    tag = f"multietapa-pruebas/envio:{uuid.uuid4().hex[:8]}"
    copies = [f"COPY f{n} /f{n}" for n, _ in enumerate(files)]
    text = "\n".join([f"FROM {BASE_IMAGE}", *copies, f"CMD {command}", ""])
    content = {"Dockerfile": text.encode(), **{f"f{n}": data for n, data in enumerate(files)}}
    with io.BytesIO() as context:
        with tarfile.open(fileobj=context, mode="w") as tar:
            for name, data in content.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                tar.addfile(entry, io.BytesIO(data))
        context.seek(0)
        client.images.build(fileobj=context, custom_context=True, tag=tag, labels=labels(), rm=True)
    return tag


@contextmanager
def own_registry(engine: Any, **options: Any) -> Iterator[Registry]:
    """El registro de la sesión, que al salir se borra."""
    found = local_registry(engine, **options)
    try:
        yield found
    finally:
        found.remove()


def drained(events: Generator[Any, None, T]) -> tuple[list[Any], T]:
    """Todos los eventos de un generador, y lo que devuelve."""
    seen = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as end:
            return seen, end.value


def nodes_of(parent: int) -> set[int]:
    """Los procesos que cuidan de un nodo que puso en marcha ``parent``."""
    found = set()
    for path in Path("/proc").glob("[0-9]*"):
        try:
            order = (path / "cmdline").read_bytes().split(b"\0")
            started_by = int((path / "stat").read_text().rpartition(")")[2].split()[1])
        except OSError:  # acabó mientras se miraba
            continue
        if started_by == parent and b"multietapa.engine.supervisor" in order and b"nodo" in order:
            found.add(int(path.name))
    return found


def no_threads(*, besides: str = "-") -> None:
    """Ningún hilo del taller sigue en marcha, salvo el de ese nombre."""
    started = ["multietapa-registro", "multietapa-enlace", "multietapa-capa", "multietapa-abrir"]
    started += ["multietapa-despliegue", "multietapa-puerto"]
    names = [name for name in started if name != besides]
    until(lambda: not [one.name for one in threading.enumerate() if one.name.startswith(tuple(names))])
