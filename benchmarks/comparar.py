"""¿Cuánto cuesta medir por primera vez una imagen de 1,8 GB, frente a que el motor la guarde en un archivo?

Por parejas y alternando quién va antes: lo que mide ``comparar``, con la caché vacía, contra ``docker save``.
De cada medida salen tres tiempos: hasta saber Desempaquetado, hasta saber también Transferencia, y otra vez
con la caché llena; y lo que gasta de procesador, que no depende de qué más haga la máquina. La imagen es la
base de la tienda ingenua con dos copias de su ``/usr``. Con ``--containerd``, el motor es otro, que guarda
las imágenes en containerd: las dos copias ya comprimidas, y hay que abrirlas; la base, como se cargó.
Las metas: 1,5 veces lo que tarda ``docker save`` con overlay2 y 1,1 con containerd, y menos de medio segundo
la segunda vez.

    python -m benchmarks.comparar --pares 5
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import docker

from multietapa import text
from multietapa.bases.sources import ensure_base
from multietapa.cells.motor import motor
from multietapa.engine.model import describe
from multietapa.identity import labels
from multietapa.measure.cache import MeasureCache
from multietapa.measure.measure import measuring
from tools.docker_cli import docker_command, save_seconds

BASE, TAG = "node:14", "multietapa-comparativa/comparar:1"
GOALS = {"overlay2": 1.5, "containerd": 1.1}
AGAIN_SECONDS = 0.5
RECIPE = f"FROM {BASE}\nRUN cp -a /usr /una\nRUN cp -a /usr /otra\n"


def one_measure(folder: Path, host: str) -> None:
    """Mide la imagen con la caché de ``folder`` y escribe lo que costó: un proceso, una medida."""
    client = docker.DockerClient(host, timeout=600)
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    with measuring(client, TAG, cache=MeasureCache(folder)) as started:
        unpacked = time.perf_counter() - start
        started.finish()
        wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    print(json.dumps({"unpacked": unpacked, "wall": wall, "cpu": used, "memory": after.ru_maxrss / 1000}))


def measured(folder: Path, host: str) -> dict[str, float]:
    """Lo que cuesta medirla en un proceso nuevo."""
    command = [sys.executable, "-m", "benchmarks.comparar", "--medida", str(folder), "--direccion", host]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def opened(*, containerd: bool) -> Iterator[tuple[docker.DockerClient, str]]:
    """El motor del taller o, con ``containerd``, otro privado con ese almacén; y su dirección."""
    if not containerd:
        engine = motor()
        yield engine.client, engine.choice.host
        return
    from multietapa.engine.bundle import make as bundle
    from multietapa.engine.private import userns
    from multietapa.engine.private.daemon import PrivateDaemon
    from multietapa.engine.slots import reserve

    slot, data = reserve(), Path(tempfile.mkdtemp(prefix="multietapa-datos-"))
    daemon = PrivateDaemon(
        bundle.make(),
        run=slot.run,
        data=data,
        slot=slot.number,
        options=("--feature", "containerd-snapshotter=true"),
    )
    try:
        daemon.start()
        yield docker.DockerClient(daemon.host, timeout=600), daemon.host
    finally:
        daemon.stop()
        slot.release()
        userns.remove(data)


def main() -> None:
    """Lee los argumentos, mide e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Compara medir una imagen con guardarla.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--pares", type=int, default=5, help="cuántas parejas se miden")
    parser.add_argument("--containerd", action="store_true", help="en un motor con ese almacén")
    parser.add_argument("--medida", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--direccion", default="", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.medida:
        one_measure(options.medida, options.direccion)
        return
    saves: list[float] = []
    first: list[dict[str, float]] = []
    again: list[dict[str, float]] = []
    with opened(containerd=options.containerd) as (client, host), tempfile.TemporaryDirectory() as scratch:
        ensure_base(client, BASE)
        client.images.build(fileobj=io.BytesIO(RECIPE.encode()), tag=TAG, labels=labels(), rm=True)
        size = int(client.api.inspect_image(TAG)["Size"])
        engine = describe(client)
        print(f"{engine.label} · {TAG}: {text.size(size)}", flush=True)
        command = docker_command(Path(scratch, "orden"), host)
        for number in range(options.pares):
            folder = Path(scratch, str(number))
            for who in sorted(("medir", "save"), reverse=bool(number % 2)):
                if who == "save":
                    saves.append(save_seconds(command, TAG, Path(scratch)))
                else:
                    first.append(measured(folder, host))
            again.append(measured(folder, host))
            last = first[-1]
            seconds = {name: text.number(last[name], 1) for name in ("unpacked", "wall", "cpu")}
            print(
                f"  guardar {text.number(saves[-1], 1)} s · Desempaquetado a los {seconds['unpacked']} s y "
                f"Transferencia a los {seconds['wall']} s ({seconds['cpu']} s de procesador) · otra vez "
                f"{text.number(again[-1]['wall'], 2)} s",
                flush=True,
            )
        client.images.remove(TAG, force=True)
    pairs = list(zip(first, saves, strict=True))
    early = statistics.median(one["unpacked"] / save for one, save in pairs)
    whole = statistics.median(one["wall"] / save for one, save in pairs)
    second = statistics.median(one["wall"] for one in again)
    print(f"Desempaquetado frente a guardar: {text.number(early, 2)}")
    print(f"todo frente a guardar: {text.number(whole, 2)} (meta: {text.number(GOALS[engine.store], 1)})")
    print(f"memoria: {text.number(max(one['memory'] for one in first))} MB")
    print(f"la segunda vez: {text.number(second, 2)} s (meta: {text.number(AGAIN_SECONDS, 1)})")


if __name__ == "__main__":
    main()
