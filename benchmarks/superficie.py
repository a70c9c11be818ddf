"""¿Cuánto cuesta mirar por primera vez una imagen de 1,5 GB, frente a que el motor la guarde en un archivo?

Por parejas y alternando quién va antes: ``look``, con la caché vacía, contra ``docker save``, la orden de la
misma rama de Debian que el motor privado. La imagen es la base de la tienda ingenua, 30.000 archivos de
texto, ruido y un texto enorme. Después se mira otra vez, en otro proceso. Las metas: una razón de 1,3, menos
de 300 MB de memoria y menos de medio segundo la segunda vez.

    python -m benchmarks.superficie --pares 5
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
from pathlib import Path

import docker

from multietapa import text
from multietapa.bases.sources import ensure_base
from multietapa.cells.motor import motor
from multietapa.identity import labels
from multietapa.measure.cache import MeasureCache
from multietapa.measure.surface.look import look
from tools.docker_cli import docker_command, save_seconds

BASE, TAG = "node:14", "multietapa-comparativa/superficie:1"
GOAL, MEMORY_MB, AGAIN_SECONDS = 1.3, 300, 0.5
RECIPE = f"""\
FROM {BASE}
RUN node -e 'const fs=require("fs"),c=require("crypto");fs.mkdirSync("/muchos");\
for(let d=0;d<200;d++){{fs.mkdirSync("/muchos/"+d);\
for(let i=0;i<150;i++)fs.writeFileSync("/muchos/"+d+"/"+i+".js",c.randomBytes(1500).toString("hex"))}}'
RUN head -c 550000000 /dev/urandom > /ruido
RUN node -e 'const fs=require("fs"),c=require("crypto"),f=fs.openSync("/texto.js","w");\
for(let i=0;i<300;i++)fs.writeSync(f,c.randomBytes(400000).toString("base64")+"\\n")'
"""


def one_look(folder: Path) -> None:
    """Mira la imagen con la caché de ``folder`` y escribe lo que costó: un proceso, una mirada."""
    engine = motor()
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    look(engine, TAG, cache=MeasureCache(folder))
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {"wall": seconds, "user": after.ru_utime - before.ru_utime, "memory": after.ru_maxrss / 1000}
        )
    )


def looked(folder: Path) -> dict[str, float]:
    """Lo que cuesta mirarla en un proceso nuevo."""
    command = [sys.executable, "-m", "benchmarks.superficie", "--mirada", str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def prepared(client: docker.DockerClient) -> int:
    """Hace la imagen, si no está, y da los bytes que dice el motor."""
    ensure_base(client, BASE)
    client.images.build(fileobj=io.BytesIO(RECIPE.encode()), tag=TAG, labels=labels(), rm=True)
    return int(client.api.inspect_image(TAG)["Size"])


def main() -> None:
    """Lee los argumentos, mide e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Compara mirar una imagen con guardarla.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--pares", type=int, default=5, help="cuántas parejas se miden")
    parser.add_argument("--mirada", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.mirada:
        one_look(options.mirada)
        return
    engine = motor()
    print(engine.info.label if engine.info else "", flush=True)
    print(f"{TAG}: {text.size(prepared(engine.client))}", flush=True)
    saves: list[float] = []
    looks: list[dict[str, float]] = []
    again: list[dict[str, float]] = []
    with tempfile.TemporaryDirectory() as scratch:
        command = docker_command(Path(scratch, "orden"), engine.choice.host)
        for number in range(options.pares):
            folder = Path(scratch, str(number))
            for who in sorted(("look", "save"), reverse=bool(number % 2)):
                if who == "save":
                    saves.append(save_seconds(command, TAG, Path(scratch)))
                else:
                    looks.append(looked(folder))
            again.append(looked(folder))
            print(
                f"  guardar {text.number(saves[-1], 2)} s · mirar {text.number(looks[-1]['wall'], 2)} s "
                f"({text.number(looks[-1]['user'], 2)} s de procesador) · otra vez "
                f"{text.number(again[-1]['wall'], 2)} s",
                flush=True,
            )
    engine.client.images.remove(TAG, force=True)
    ratio = statistics.median(one["wall"] / save for one, save in zip(looks, saves, strict=True))
    memory = max(one["memory"] for one in looks)
    second = statistics.median(one["wall"] for one in again)
    print(f"mirar frente a guardar: {text.number(ratio, 2)} (meta: {text.number(GOAL, 2)})")
    print(f"memoria: {text.number(memory)} MB (meta: {MEMORY_MB})")
    print(f"la segunda vez: {text.number(second, 2)} s (meta: {text.number(AGAIN_SECONDS, 1)})")


if __name__ == "__main__":
    main()
