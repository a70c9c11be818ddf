"""¿Cuánto cuesta explorar una imagen de 1,5 GB, frente a que el motor la guarde en un archivo?

Por parejas y alternando quién va antes: leer la imagen con la caché vacía y hacer su árbol, contra
``docker save``. Después se abre otra vez, en otro proceso. La imagen es la de ``benchmarks.superficie``: la
base de la tienda ingenua, 30.000 archivos de texto, ruido y un texto enorme. Al final, sin motor, los árboles
de 50.000 y de un millón de rutas. Las metas: una razón de 1,1, tres décimas de segundo la
segunda vez y menos de 300 MB con 50.000 archivos.

    python -m benchmarks.explorar --pares 5
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.superficie import TAG, prepared
from multietapa import text
from multietapa.cells.motor import motor
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import NOT_MEASURED, FileEntry, Layer
from multietapa.image.search import search
from multietapa.image.tree import Tree, tree
from multietapa.image.waste import waste
from multietapa.measure.cache import MeasureCache
from multietapa.measure.measure import measure
from tools.docker_cli import docker_command, save_seconds

GOAL, AGAIN_SECONDS, MEMORY_MB = 1.1, 0.3, 300
SIZES = (50_000, 1_000_000)
_LAYERS = 5


def made_up(count: int, seed: int) -> tuple[Layer, ...]:
    """Capas inventadas con ``count`` entradas entre todas: carpetas, y archivos que a veces otra tapa."""
    dice = random.Random(seed)
    return tuple(_layer(index, tuple(_files(dice, index, count // _LAYERS))) for index in range(_LAYERS))


def _files(dice: random.Random, index: int, count: int) -> Iterator[FileEntry]:
    folders: set[str] = set()
    while count > 0:
        parts = [f"carpeta-{dice.randrange(24)}" for _ in range(dice.randrange(2, 8))]
        for depth in range(1, len(parts) + 1):
            path = "/".join(parts[:depth])
            if path not in folders:
                folders.add(path)
                count -= 1
                yield FileEntry(path, 0, "dir", 0o755, 0, 0, "", 1_700_000_000)
        for number in range(15):
            count -= 1
            shared = "comun" if number < 2 else f"{index}-{count}"
            yield FileEntry(
                f"{path}/archivo-{shared}-{number}.js", dice.randrange(20_000), "file", 0o644, 0, 0, "", count
            )


def _layer(index: int, files: tuple[FileEntry, ...]) -> Layer:
    files = tuple({entry.path: entry for entry in files}.values())
    return Layer(index, f"sha256:{index:064}", "", files, sum(e.own_bytes for e in files), NOT_MEASURED)


def image_of(layers: tuple[Layer, ...]) -> MeasuredImage:
    """Una imagen con esas capas."""
    total = sum(layer.unpacked_bytes for layer in layers)
    return MeasuredImage(
        image_id="", tags=(), architecture="", layers=layers, unpacked_bytes=total,
        transfer_bytes=NOT_MEASURED, base_layer_count=1,
    )  # fmt: skip


def whole(folder: Path) -> None:
    """Abre la imagen del motor con la caché de ``folder``, hace su árbol y escribe lo que costó."""
    engine = motor()
    before = resource.getrusage(resource.RUSAGE_SELF)
    start = time.perf_counter()
    made = tree(measure(engine.client, TAG, info=engine.info, transfer=False, cache=MeasureCache(folder)))
    waste(made)
    _report(start, before, made)


def alone(count: int) -> None:
    """Guarda capas de ``count`` entradas y mide leerlas de la caché, hacer su árbol y buscar en él."""
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "benchmarks.explorar", "--guarda", str(count), scratch]
        subprocess.run(command, check=True)
        before = resource.getrusage(resource.RUSAGE_SELF)
        start = time.perf_counter()
        cache = MeasureCache(Path(scratch))
        found = tuple(cache.layer(f"sha256:{index:064}") for index in range(_LAYERS))
        layers = tuple(layer for layer in found if layer)
        read = time.perf_counter()
        made = tree(image_of(layers))
        built = time.perf_counter()
        waste(made)
        search(made, "archivo-3")
        ended = time.perf_counter()
        print(f"  leer {text.number(read - start, 2)} s · árbol {text.number(built - read, 2)} s · "
              f"desperdicio y búsqueda {text.number(ended - built, 2)} s")  # fmt: skip
        _report(start, before, made)


def _report(start: float, before: resource.struct_rusage, made: Tree) -> None:
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_SELF)
    assert made.root.bytes + made.root.hidden == made.image.unpacked_bytes
    print(
        json.dumps(
            {
                "wall": seconds,
                "user": after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
                "memory": after.ru_maxrss / 1000,
                "grown": (after.ru_maxrss - before.ru_maxrss) / 1000,
            }
        )
    )


def apart(*arguments: str) -> tuple[dict[str, float], list[str]]:
    """Lo que cuesta algo en un proceso nuevo, y las demás líneas que escribe."""
    command = [sys.executable, "-m", "benchmarks.explorar", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, env=os.environ, text=True)
    *lines, last = done.stdout.splitlines()
    found: dict[str, float] = json.loads(last)
    return found, lines


def with_engine(pairs: int) -> None:
    """Compara explorar con ``docker save`` tantas veces como se pide."""
    engine = motor()
    print(engine.info.label if engine.info else "", flush=True)
    print(f"{TAG}: {text.size(prepared(engine.client))}", flush=True)
    ratios: list[float] = []
    again: list[float] = []
    memory: list[float] = []
    with tempfile.TemporaryDirectory() as scratch:
        command = docker_command(Path(scratch, "orden"), engine.choice.host)
        for number in range(pairs):
            folder = str(Path(scratch, str(number)))
            for who in sorted(("explorar", "guardar"), reverse=bool(number % 2)):
                if who == "guardar":
                    save = save_seconds(command, TAG, Path(scratch))
                else:
                    found, _ = apart("--entera", folder)
                    memory.append(found["memory"])
            ratios.append(found["wall"] / save)
            again.append(apart("--entera", folder)[0]["wall"])
            print(
                f"  guardar {text.number(save, 2)} s · explorar {text.number(found['wall'], 2)} s "
                f"({text.number(found['user'], 2)} s de procesador) · "
                f"otra vez {text.number(again[-1], 2)} s",
                flush=True,
            )
    engine.client.images.remove(TAG, force=True)
    ratio, second = text.number(statistics.median(ratios), 2), text.number(statistics.median(again), 2)
    print(f"explorar frente a guardar: {ratio} (meta: {text.number(GOAL, 1)})")
    print(f"la segunda vez: {second} s (meta: {text.number(AGAIN_SECONDS, 1)})")
    print(f"memoria: {text.number(max(memory))} MB")


def main() -> None:
    """Lee los argumentos, mide e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Compara explorar una imagen con guardarla.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--pares", type=int, default=5, help="cuántas parejas se miden (0: sin motor)")
    parser.add_argument("--entera", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--sola", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--guarda", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.entera:
        whole(options.entera)
    elif options.sola:
        alone(options.sola)
    elif options.guarda:
        cache = MeasureCache(Path(options.guarda[1]))
        for layer in made_up(int(options.guarda[0]), seed=1):
            cache.keep_layer(layer)
    else:
        for count in SIZES:
            found, lines = apart("--sola", str(count))
            print(f"{text.number(count)} rutas inventadas: {text.number(found['wall'], 2)} s "
                  f"({text.number(found['user'], 2)} s de procesador), "
                  f"{text.number(found['memory'])} MB de memoria (meta con 50.000: {MEMORY_MB})")  # fmt: skip
            print(*lines, sep="\n", flush=True)
        if options.pares:
            with_engine(options.pares)


if __name__ == "__main__":
    main()
