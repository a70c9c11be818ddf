"""Cuánto cuesta medir una imagen, por fases: ``python -m benchmarks.medida IMAGEN``.

Guarda la imagen una vez y, sobre ese mismo archivo, compara leer las capas (cabeceras y SHA-256) con
recorrerlas con ``tarfile``, y mide la compresión de Transferencia. Cuentan las razones entre fases; los
segundos dependen de la máquina.
"""

from __future__ import annotations

import argparse
import tarfile
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

import docker

from multietapa import text
from multietapa.image.archive import Blob, choose, read_images
from multietapa.image.layer import read_layer
from multietapa.image.overlay import overlay
from multietapa.image.transfer import workers
from multietapa.measure.cache import MeasureCache
from multietapa.measure.export import saved
from multietapa.measure.measure import measure

Result = TypeVar("Result")


def timed(name: str, work: Callable[[], Result], n_bytes: int = 0) -> tuple[Result, float]:
    """Ejecuta ``work``, escribe cuánto tardó y lo devuelve con sus segundos."""
    start = time.perf_counter()
    result = work()
    seconds = time.perf_counter() - start
    speed = f"  {text.number(n_bytes / 1e6 / seconds)} MB/s" if n_bytes else ""
    print(f"{name:<44} {text.number(seconds, 2):>8} s{speed}", flush=True)
    return result, seconds


def tarfile_walk(file: BinaryIO, blobs: tuple[Blob, ...]) -> int:
    """Recorre todas las capas con la biblioteca estándar y cuenta sus entradas."""
    count = 0
    for blob in blobs:
        file.seek(blob.offset)
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(blob.offset)
        with tarfile.open(fileobj=file, mode="r|gz" if packed else "r:") as tar:
            count += sum(1 for _ in tar)
    return count


def main() -> None:
    """Mide cada fase con la imagen que se pide."""
    parser = argparse.ArgumentParser(description="Cuánto cuesta medir una imagen.")
    parser.add_argument("imagen")
    parser.add_argument("--motor", default="", help="URL de Docker; si falta, la del entorno")
    options = parser.parse_args()
    client = (
        docker.DockerClient(options.motor, timeout=600) if options.motor else docker.from_env(timeout=600)
    )
    start = time.perf_counter()
    with saved(client, options.imagen) as file:
        size = file.seek(0, 2)
        seconds = time.perf_counter() - start
        print(f"{'guardar (docker save)':<44} {text.number(seconds, 2):>8} s  {text.size(size)}")
        images, _ = timed("abrir el archivo", lambda: read_images(file))
        blobs = choose(images, "").layers
        stored = sum(blob.size for blob in blobs)

        def read(pool: ThreadPoolExecutor | None) -> list[int]:
            layers = [read_layer(file, b.offset, b.size, diff_id=b.diff_id, pool=pool) for b in blobs]
            print(f"  {text.number(sum(len(layer.files) for layer in layers))} entradas")
            timed("  superponer las capas", lambda: overlay(layers))
            return [layer.unpacked_bytes if pool is None else layer.transfer_bytes for layer in layers]

        _, plain = timed("recorrer con tarfile", lambda: tarfile_walk(file, blobs), stored)
        unpacked, ours = timed("leer las capas (cabeceras y SHA-256)", lambda: read(None), stored)
        with ThreadPoolExecutor(workers()) as pool:
            packed, _ = timed(f"comprimir ({workers()} hilos)", lambda: read(pool), stored)
    print(f"leer frente a tarfile: {text.number(ours / plain, 2)}")
    print(f"Desempaquetado {text.size(sum(unpacked))}; Transferencia {text.size(sum(packed))}")
    with tempfile.TemporaryDirectory() as folder:
        cache = MeasureCache(Path(folder))
        timed("medir, primera vez", lambda: measure(client, options.imagen, cache=cache))
        timed("medir, desde la caché", lambda: measure(client, options.imagen, cache=cache))


if __name__ == "__main__":
    main()
