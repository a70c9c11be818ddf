"""¿Cuánto tarda la carpeta en llegar al motor y ser imagen, al lado de la orden ``docker build``?

Construye ``FROM scratch`` y ``COPY . /`` en el mismo motor, por parejas y alternando quién va antes: el kit,
en este proceso, y la orden con buildx, de la misma rama de Debian que el motor privado.
Con muchos archivos pequeños y con pocos grandes: la primera vez (carpetas recién hechas, de contenido que el
motor no ha visto), otra vez sin cambios y con un archivo cambiado. Cada orden arranca un proceso y el kit no:
lo que tarda en arrancar se mide aparte, y el cociente se da de las dos maneras.

Después construye 2 GB en otro proceso y mide cuánta memoria más llegó a usar; la meta es 60 MB.

    python -m benchmarks.sesion --pares 5
    python -m benchmarks.sesion --archivos 100000 --megas 20 --sin-memoria
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker

from multietapa import text
from multietapa.build.events import ContextSent
from multietapa.build.pipeline import build_events
from multietapa.cells.motor import motor
from multietapa.identity import labels
from tools.docker_cli import DockerCommand, docker_command

MEMORY_GOAL = 60  # MB
DOCKERFILE = "FROM scratch\nCOPY . /\n"
NAMES = "multietapa-comparativa/sesion"
MOMENTS = ("la primera vez", "otra vez igual", "un archivo cambiado")
BIG_FILES = 20


@dataclass(frozen=True)
class Load:
    """Una clase de carpeta: cuántos archivos y de cuántos bytes."""

    title: str
    files: int
    size: int

    def write(self, root: Path) -> None:
        """La escribe entera, con un contenido que nadie ha visto."""
        root.mkdir()
        (root / "Dockerfile").write_text(DOCKERFILE)
        for number in range(self.files):
            folder = root / f"carpeta-{number // 100}"
            if number % 100 == 0:
                folder.mkdir()
            (folder / f"archivo-{number}.dat").write_bytes(os.urandom(self.size))
        os.sync()

    def change(self, root: Path) -> None:
        """Cambia uno de sus archivos, como lo haría un editor."""
        (root / "carpeta-0/archivo-7.dat").write_bytes(os.urandom(self.size))
        time.sleep(0.05)


def with_kit(client: docker.DockerClient, root: Path) -> tuple[float, int]:
    """Construye con el kit; segundos de pared y bytes de archivos que viajaron."""
    start, sent = time.perf_counter(), 0
    for event in build_events(client, root, tag=f"{NAMES}:kit"):
        if isinstance(event, ContextSent) and event.complete:
            sent = event.bytes
    return time.perf_counter() - start, sent


def with_command(order: DockerCommand, *arguments: str) -> float:
    """Ejecuta la orden docker; segundos de pared."""
    start = time.perf_counter()
    done = order.run(*arguments)
    if done.returncode:
        sys.exit(f"La orden docker falló:\n{done.stderr[-2000:]}")
    return time.perf_counter() - start


def build_command(root: Path) -> list[str]:
    """Los argumentos con los que la orden construye ``root``."""
    marks = [f"--label={key}={value}" for key, value in labels().items()]
    return ["build", "--progress=plain", "--provenance=false", "-t", f"{NAMES}:orden", *marks, str(root)]


def rounds(
    load: Load, client: docker.DockerClient, order: DockerCommand, scratch: Path, count: int
) -> Iterator[tuple[str, float, float, int]]:
    """De cada pareja y momento: los segundos del kit, los de la orden y lo que viajó con el kit.

    Antes de cada pareja se construye otra carpeta que no cuenta: el primero que llega después de escribirlas
    todas espera al disco por los demás, y tardaría el triple fuera quien fuera.
    """
    for number in range(count):
        ours, theirs, other = (scratch / f"{name}-{number}" for name in ("kit", "orden", "otra"))
        for root in (ours, theirs, other):
            load.write(root)
        with_command(order, *build_command(other))
        for moment in MOMENTS:
            if moment == MOMENTS[-1]:
                load.change(ours)
                load.change(theirs)
            if number % 2:
                command = with_command(order, *build_command(theirs))
                kit, sent = with_kit(client, ours)
            else:
                kit, sent = with_kit(client, ours)
                command = with_command(order, *build_command(theirs))
            yield moment, kit, command, sent
        for root in (ours, theirs, other):
            subprocess.run(["rm", "-rf", str(root)], check=True)
        clean(client)


def clean(client: docker.DockerClient) -> None:
    """Quita las imágenes y la caché que dejó una pareja: las siguientes no deben encontrar más trabajo."""
    for image in client.images.list(NAMES):
        client.images.remove(image.id, force=True)
    client.api.prune_builds()


def start_up(order: DockerCommand) -> float:
    """Los segundos que la orden y buildx tardan en arrancar, sin hablar con ningún motor."""
    return statistics.median(with_command(order, "buildx", "version") for _ in range(5))


def compare(
    load: Load, client: docker.DockerClient, order: DockerCommand, scratch: Path, count: int
) -> list[float]:
    """Mide una clase de carpeta, imprime su tabla y da sus cocientes."""
    starting = start_up(order)
    found = list(rounds(load, client, order, scratch, count))
    print(f"\n{load.title} (arrancar la orden: {text.number(starting, 2)} s; medianas de {count} parejas)")
    ratios = []
    for wanted in MOMENTS:
        kits, commands, sent = zip(*(values for moment, *values in found if moment == wanted), strict=True)
        ratio = statistics.median(kit / command for kit, command in zip(kits, commands, strict=True))
        alone = statistics.median(
            kit / (command - starting) for kit, command in zip(kits, commands, strict=True)
        )
        ratios.append(ratio)
        print(
            f"  {wanted:20} kit {text.number(statistics.median(kits), 2)} s"
            f" · orden {text.number(statistics.median(commands), 2)} s · cociente {text.number(ratio, 2)}"
            f" · sin su arranque {text.number(alone, 2)}"
            f" · viajaron {text.size(int(statistics.median(sent)))}",
            flush=True,
        )
    return ratios


def memory(host: str, root: Path) -> float:
    """Los MB de más que usa un proceso al construir ``root``."""
    command = [sys.executable, "-m", "benchmarks.sesion", "--medir", host, str(root)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return float(done.stdout)


def most_memory() -> float:
    """Los MB que este proceso llegó a ocupar. ``getrusage`` cuenta también los de quien lo lanzó."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) * 1024 / 1_000_000


def measure_memory(host: str, root: Path) -> None:
    """Construye algo pequeño, después ``root``, e imprime cuántos MB creció el máximo."""
    client = docker.DockerClient(base_url=host)
    with tempfile.TemporaryDirectory() as small:
        (Path(small) / "a").write_text("a")
        (Path(small) / "Dockerfile").write_text(DOCKERFILE)
        with_kit(client, Path(small))
    before = most_memory()
    _, sent = with_kit(client, root)
    grown = most_memory() - before
    client.close()
    if sent < sum(path.stat().st_size for path in root.rglob("*.dat")):
        sys.exit("no viajó todo")
    print(grown)


def main() -> None:
    """Lee los argumentos, mide e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Compara la sesión con la orden docker.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--archivos", type=int, default=10_000, help="cuántos archivos pequeños")
    parser.add_argument("--megas", type=int, default=200, help="tamaño de los grandes, en MB")
    parser.add_argument("--pares", type=int, default=5, help="cuántas parejas se miden")
    parser.add_argument("--sin-memoria", action="store_true", help="no construye los 2 GB")
    parser.add_argument("--medir", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.medir:
        measure_memory(options.medir[0], Path(options.medir[1]))
        return
    engine = motor()
    client = engine.client
    print(engine.info.label if engine.info else "", flush=True)
    small = Load(f"{options.archivos} archivos de 2 kB", options.archivos, 2000)
    big = Load(f"{options.megas} MB", BIG_FILES, options.megas * 1_000_000 // BIG_FILES)
    ratios: list[float] = []
    grown = 0.0
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        order = docker_command(scratch / "cli", engine.choice.host)
        try:
            for load in (small, big):
                ratios += compare(load, client, order, scratch, options.pares)
            if not options.sin_memoria:
                Load("", BIG_FILES, 2_000_000_000 // BIG_FILES).write(scratch / "grande")
                grown = memory(engine.choice.host, scratch / "grande")
                print(f"\n2 GB: {text.number(grown, 1)} MB de memoria de más; la meta es {MEMORY_GOAL}.")
        finally:
            clean(client)
    verdict = "cumple" if max(ratios) <= 1 and grown <= MEMORY_GOAL else "NO cumple"
    print(f"\nEl peor cociente es {text.number(max(ratios), 2)}; la meta es no pasar de 1: {verdict}.")
    sys.exit(verdict != "cumple")


if __name__ == "__main__":
    main()
