"""¿Cuánto más lento construye el motor embebido que el mismo dockerd sin máquina de por medio?

Pone en marcha a la vez un motor privado y uno embebido del mismo paquete, con las mismas imágenes base, y
construye en los dos, por parejas y alternando quién va primero, la tienda ingenua y la multietapa, sin caché.
Mide también lo que tarda la API en contestar (mediana) y ``docker load`` de 100 MB. Metas: 3 veces (ojalá 2),
5 s y 15 s.

    python -m benchmarks.embebido --pares 3
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import tempfile
import time
from pathlib import Path

import docker

from multietapa import text
from multietapa.apps import app
from multietapa.bases.sources import ensure_base
from multietapa.cells.construir import construir
from multietapa.engine.bundle import make as bundle
from multietapa.engine.embedded.daemon import EmbeddedDaemon
from multietapa.engine.private.daemon import PrivateDaemon
from multietapa.engine.slots import reserve
from multietapa.identity import labels
from multietapa.paths import cache_dir, runtime_dir

SHOP = app("tienda-node")
START_GOAL, LOAD_GOAL, BUILD_GOAL = 5.0, 15.0, 3.0


def build(client: docker.DockerClient, dockerfile: str) -> float:
    """Construye la tienda sin caché; segundos de pared."""
    started = time.perf_counter()
    with contextlib.redirect_stderr(io.StringIO()):
        construir(
            SHOP.folder, etiqueta="multietapa-comparativa/embebido:1", dockerfile=dockerfile, sin_cache=True,
            vista="texto", cliente=client,
        )  # fmt: skip
    return time.perf_counter() - started


def starts(times: int, memory_mb: int) -> list[float]:
    """Segundos hasta que la API contesta, con su disco ya hecho, en ``times`` arranques."""
    seconds = []
    with (
        tempfile.TemporaryDirectory(dir=cache_dir()) as data,
        tempfile.TemporaryDirectory(dir=runtime_dir()) as run,
    ):
        daemon = EmbeddedDaemon(bundle.make(), run=Path(run), data=Path(data), slot=18, memory_mb=memory_mb)
        for n in range(times + 1):
            started = time.perf_counter()
            daemon.start()
            with contextlib.closing(docker.DockerClient(base_url=daemon.host)) as client:
                client.ping()
            if n:  # el primero hace el disco
                seconds.append(time.perf_counter() - started)
            daemon.stop()
    return seconds


def load(native: docker.DockerClient, embedded: docker.DockerClient) -> tuple[float, float]:
    """(MB, segundos) de un ``docker load`` en el embebido de una imagen de verdad, de unos 100 MB."""
    archive = b"".join(native.api.get_image("node:14-alpine"))
    with contextlib.suppress(docker.errors.ImageNotFound):
        embedded.images.remove("node:14-alpine", force=True)
    started = time.perf_counter()
    embedded.images.load(archive)
    return len(archive) / 1e6, time.perf_counter() - started


def main() -> None:
    """Lee los argumentos, mide e imprime."""
    parser = argparse.ArgumentParser(description="Compara el motor embebido con el privado.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--pares", type=int, default=3, help="cuántas parejas de cada construcción")
    parser.add_argument("--arranques", type=int, default=5, help="cuántos arranques se miden")
    parser.add_argument(
        "--memoria", type=int, default=1126, metavar="MB", help="memoria de la máquina embebida"
    )
    options = parser.parse_args()
    seconds = starts(options.arranques, options.memoria)
    print(f"API lista: mediana {text.number(statistics.median(seconds), 2)} s (meta {START_GOAL:.0f}); "
          f"{', '.join(text.number(s, 2) for s in seconds)}", flush=True)  # fmt: skip
    with contextlib.ExitStack() as stack:
        clients = []
        for kind in (PrivateDaemon, EmbeddedDaemon):
            slot = reserve()
            stack.callback(slot.release)
            data = stack.enter_context(
                tempfile.TemporaryDirectory(dir=cache_dir(), ignore_cleanup_errors=True)
            )
            more = {"memory_mb": options.memoria} if kind is EmbeddedDaemon else {}
            daemon = kind(bundle.make(), run=slot.run, data=Path(data), slot=slot.number, **more)
            stack.callback(daemon.stop)
            daemon.start()
            clients.append(docker.DockerClient(base_url=daemon.host, timeout=600))
            for reference in SHOP.bases:
                started = time.perf_counter()
                ensure_base(clients[-1], reference)
                print(f"{kind.__name__}: {reference} en {time.perf_counter() - started:.1f} s", flush=True)
        megabytes, spent = load(*clients)
        each = spent * 100 / megabytes
        print(f"docker load de {megabytes:.0f} MB: {spent:.1f} s, {each:.1f} s por cada 100 MB "
              f"(meta {LOAD_GOAL:.0f})", flush=True)  # fmt: skip
        for version in SHOP.versions:
            ratios = []
            for n in range(options.pares):
                order = (0, 1) if n % 2 == 0 else (1, 0)
                spent_by = {who: build(clients[who], version.dockerfile) for who in order}
                ratios.append(spent_by[1] / spent_by[0])
                print(f"  {version.name}: nativo {spent_by[0]:.2f} s · embebido {spent_by[1]:.2f} s · "
                      f"{ratios[-1]:.2f} veces", flush=True)  # fmt: skip
            print(
                f"{version.name}: mediana {statistics.median(ratios):.2f} veces (meta {BUILD_GOAL:.0f})",
                flush=True,
            )
        for client in clients:
            client.close()


if __name__ == "__main__":
    print(f"sesión {labels()}")
    main()
