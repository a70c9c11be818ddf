"""¿Cuánto se ahorra al construir la tienda por segunda vez con una sesión, en vez de enviar un tar?

En el motor que encuentre el taller (en Binder, el embebido), por parejas y alternando quién va antes: una
copia de la tienda se construye entera, se le cambia solo el ``CMD`` de su Dockerfile y se construye otra vez;
después se cambia una línea de su código y se construye otra. Con la sesión y con el tar de antes, que llevaba
el Dockerfile dentro y hacía repetir los pasos. Se miden las repeticiones, no la primera.

    python -m benchmarks.segunda --pares 3
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import docker

from multietapa import text
from multietapa.apps import app
from multietapa.build import buildkit
from multietapa.build.events import BuildFailed, BuildFinished, Event
from multietapa.build.session.stream import stream
from multietapa.build.stream import BuildOptions
from multietapa.cells.motor import motor
from multietapa.dockerfile.context import Context, open_context, pack
from multietapa.identity import labels

SHOP = app("tienda-node")
NAME = "multietapa-comparativa/segunda"
Builder = Callable[[docker.DockerClient, Context, BuildOptions], Iterator[Event]]


def with_session(client: docker.DockerClient, context: Context, options: BuildOptions) -> Iterator[Event]:
    """Como construye el taller."""
    with closing(stream(client, context, options, text=context.text)) as events:
        yield from events


def with_tar(client: docker.DockerClient, context: Context, options: BuildOptions) -> Iterator[Event]:
    """Como se construía sin sesión."""
    with pack(context, text=context.text) as tar, closing(buildkit.stream(client, tar, options)) as events:
        yield from events


def build(client: docker.DockerClient, builder: Builder, folder: Path, tag: str) -> float:
    """Construye ``folder``; segundos de pared."""
    start = time.perf_counter()
    last: Event | None = None
    for event in builder(client, open_context(folder), BuildOptions("Dockerfile", tag, labels=labels())):
        last = event
    if isinstance(last, BuildFailed):
        sys.exit(last.reason)
    assert isinstance(last, BuildFinished)
    return time.perf_counter() - start


def repeats(client: docker.DockerClient, builder: Builder, folder: Path, tag: str) -> tuple[float, float]:
    """Los segundos de repetir con otro ``CMD`` y con otra línea de código; cada tienda es de un solo uso."""
    shutil.copytree(SHOP.folder, folder)
    source = folder / "src/app.ts"
    source.write_text(f"{source.read_text()}\n// {uuid.uuid4()}\n")
    build(client, builder, folder, tag)
    dockerfile = folder / "Dockerfile"
    dockerfile.write_text(f'{dockerfile.read_text()}\nCMD ["node", "dist/server.js", "{uuid.uuid4()}"]\n')
    command = build(client, builder, folder, tag)
    source.write_text(f"{source.read_text()}\n// {uuid.uuid4()}\n")
    return command, build(client, builder, folder, tag)


def main() -> None:
    """Lee los argumentos, mide e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Compara repetir con sesión y con tar.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--pares", type=int, default=3, help="cuántas parejas se miden")
    pairs: int = parser.parse_args().pares
    engine = motor()
    client = engine.client
    print(engine.info.label if engine.info else "", flush=True)
    builders: dict[str, Builder] = {"sesión": with_session, "tar": with_tar}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in builders}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(pairs):
            for name in sorted(builders, reverse=bool(number % 2)):
                tag = f"{NAME}:{'sesion' if name == 'sesión' else name}"
                found[name].append(repeats(client, builders[name], Path(scratch, f"{name}-{number}"), tag))
    for image in client.images.list(NAME):
        client.images.remove(image.id, force=True)
    for at, what in enumerate(("otro CMD", "otra línea de código")):
        session, tar = (statistics.median(pair[at] for pair in found[name]) for name in builders)
        print(
            f"{what:22} sesión {text.number(session, 2)} s · tar {text.number(tar, 2)} s"
            f" · cociente {text.number(session / tar, 2)}"
        )


if __name__ == "__main__":
    main()
