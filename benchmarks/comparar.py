"""¿Cuánto cuesta medir por primera vez una imagen de 1,5 GB, frente a que el motor la guarde en un archivo?

Por parejas y alternando quién va antes: lo que mide ``comparar``, con la caché vacía, contra ``docker save``.
De cada medida salen tres tiempos: hasta saber Desempaquetado, hasta saber también Transferencia, y otra vez
con la caché llena. La imagen es la de ``benchmarks.superficie``. Con ``--containerd`` el motor es uno aparte
que guarda las imágenes en containerd, donde las capas ya salen comprimidas. Las metas: 1,5 veces lo que tarda
``docker save`` para todo con overlay2, y menos de medio segundo la segunda vez.

    python -m benchmarks.comparar --pares 5
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import docker

from benchmarks.superficie import TAG, prepared, saved_by_engine
from multietapa import text
from multietapa.cells.motor import motor
from multietapa.measure.cache import MeasureCache
from multietapa.measure.measure import measuring
from tools.docker_cli import docker_command

GOAL, AGAIN_SECONDS = 1.5, 0.5


def one_measure(folder: Path, host: str) -> None:
    """Mide la imagen con la caché de ``folder`` y escribe lo que costó: un proceso, una medida."""
    client = docker.DockerClient(host, timeout=600)
    start = time.perf_counter()
    with measuring(client, TAG, cache=MeasureCache(folder)) as started:
        unpacked = time.perf_counter() - start
        found = started.finish()
        wall = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "wall": wall,
                "unpacked": unpacked,
                "user": used.ru_utime + used.ru_stime,
                "memory": used.ru_maxrss / 1000,
                "bytes": [found.unpacked_bytes, found.transfer_bytes],
            }
        )
    )


def measured(folder: Path, host: str) -> dict[str, float]:
    """Lo que cuesta medirla en un proceso nuevo."""
    command = [sys.executable, "-m", "benchmarks.comparar", "--medida", str(folder), "--motor", host]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> None:
    """Lee los argumentos, mide e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Compara medir una imagen con guardarla.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--pares", type=int, default=5, help="cuántas parejas se miden")
    parser.add_argument("--motor", default="", help="la dirección del motor; si falta, el del taller")
    parser.add_argument("--medida", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.medida:
        one_measure(options.medida, options.motor)
        return
    engine = motor()
    host = engine.choice.host
    print(engine.info.label if engine.info else "", flush=True)
    print(f"{TAG}: {text.size(prepared(engine.client))}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        command = docker_command(Path(scratch, "orden"), host)
        for number in range(options.pares):
            folder = Path(scratch, str(number))
            for who in sorted(("measure", "save"), reverse=bool(number % 2)):
                if who == "save":
                    save = saved_by_engine(command, Path(scratch))
                else:
                    first = measured(folder, host)
            again = measured(folder, host)
            print(save, first, again, first["wall"] / save, flush=True)


if __name__ == "__main__":
    main()
