"""¿Cuánto cuesta construir con el kit en lugar de con la orden ``docker build``?

Construye la misma carpeta en el mismo motor, sin caché, por parejas y alternando quién va primero:
``construir`` (con su vista de texto) contra la orden ``docker`` con buildx, de la misma rama de Debian que el
motor privado. Imprime cada pareja y la mediana de los cocientes; la meta es 0,95. El ejemplo no espera sin
hacer nada: eso escondería la diferencia.

    python -m benchmarks.construccion --pares 9
    python -m benchmarks.construccion --cuaderno          # con el widget, dentro de un kernel de verdad
    python -m benchmarks.construccion --contexto apps/tienda-node --dockerfile Dockerfile
"""

from __future__ import annotations

import argparse
import contextlib
import io
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import docker
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from multietapa import text
from multietapa.cells.construir import construir
from multietapa.cells.motor import motor
from multietapa.identity import labels
from multietapa.paths import PROJECT_ROOT
from tools.docker_cli import docker_command

GOAL = 0.95
TURNS = 1_000_000  # vueltas de un bucle: uno o dos segundos de trabajo por paso
TAGS = ("multietapa-comparativa/kit:1", "multietapa-comparativa/orden:1")
SAMPLE = """\
FROM {base} AS build
WORKDIR /app
COPY . .
RUN i=0; while [ $i -lt 2000 ]; do i=$((i+1)); echo "linea $i"; done
RUN i=0; while [ $i -lt {turns} ]; do i=$((i+1)); done; cat /app/* > /todo

FROM {base}
COPY --from=build /todo /todo
RUN i=0; while [ $i -lt {turns} ]; do i=$((i+1)); done; echo listo
"""


def sample(folder: Path, base: str, size_mb: int) -> None:
    """Escribe una carpeta de 300 archivos con dos etapas y unos segundos de trabajo."""
    (folder / "Dockerfile").write_text(SAMPLE.format(base=base, turns=TURNS), encoding="utf-8")
    for n in range(300):
        (folder / f"archivo-{n:03d}.txt").write_bytes(
            f"{n:019d}\n".encode() * (size_mb * 1_000_000 // 300 // 20)
        )


def with_kit(client: docker.DockerClient, folder: Path, dockerfile: str) -> float:
    """Construye con el kit; segundos de pared."""
    start = time.perf_counter()
    with contextlib.redirect_stderr(io.StringIO()):
        construir(
            folder, etiqueta=TAGS[0], dockerfile=dockerfile, sin_cache=True, vista="texto", cliente=client
        )
    return time.perf_counter() - start


def with_notebook(kernel: BlockingKernelClient, folder: Path, dockerfile: str) -> float:
    """Construye en un kernel, con el widget; segundos de pared, los que espera quien ejecuta la celda."""
    code = f"""
from multietapa import construir
construir({str(folder)!r}, etiqueta={TAGS[0]!r}, dockerfile={dockerfile!r}, sin_cache=True)
"""
    start = time.perf_counter()
    reply = kernel.execute_interactive(code, output_hook=lambda *_: None, timeout=600)
    seconds = time.perf_counter() - start
    if reply["content"]["status"] != "ok":
        sys.exit("\n".join(reply["content"]["traceback"]))
    return seconds


def with_command(command: list[str], env: dict[str, str]) -> float:
    """Construye con la orden docker; segundos de pared."""
    start = time.perf_counter()
    done = subprocess.run(command, env=env, capture_output=True, text=True)
    seconds = time.perf_counter() - start
    if done.returncode:
        sys.exit(f"La orden docker falló:\n{done.stderr[-2000:]}")
    return seconds


def main() -> None:
    """Lee los argumentos, construye las parejas e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Compara el kit con la orden docker build.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--base", default="node:14-alpine", help="imagen base del ejemplo")
    parser.add_argument("--contexto", type=Path, help="tu propia carpeta, en lugar del ejemplo")
    parser.add_argument("--megas", type=int, default=6, help="tamaño del ejemplo en MB")
    parser.add_argument("--dockerfile", default="Dockerfile")
    parser.add_argument("--cuaderno", action="store_true", help="el kit construye dentro de un kernel")
    parser.add_argument("--pares", type=int, default=7, help="cuántas parejas se miden")
    options = parser.parse_args()
    engine = motor()
    client = engine.client
    print(f"{engine.info.label if engine.info else ''}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        order = docker_command(Path(scratch) / "cli", engine.choice.host)
        folder = options.contexto or Path(scratch) / "contexto"
        if not options.contexto:
            folder.mkdir()
            sample(folder, options.base, options.megas)
        marks = [f"--label={key}={value}" for key, value in labels().items()]
        file = ["-f", str(folder / options.dockerfile)]
        command = [
            order.program,
            "build",
            "--no-cache",
            "--progress=plain",
            "-t",
            TAGS[1],
            *marks,
            *file,
        ]
        command += ["--provenance=false", str(folder)]
        kernel = start_kernel() if options.cuaderno else None

        def kit() -> float:
            if kernel is not None:
                return with_notebook(kernel[1], folder.resolve(), options.dockerfile)
            return with_kit(client, folder, options.dockerfile)

        try:
            ratios = pairs(kit, lambda: with_command(command, order.env), options.pares)
        finally:
            if kernel is not None:
                kernel[1].stop_channels()
                kernel[0].shutdown_kernel(now=True)
            for tag in TAGS:
                if client.images.list(tag):
                    client.images.remove(tag, force=True)
    middle = statistics.median(ratios)
    spread = f"de {text.number(min(ratios), 3)} a {text.number(max(ratios), 3)}"
    verdict = "cumple" if middle <= GOAL else "NO cumple"
    print(
        f"Mediana de {len(ratios)} parejas: {text.number(middle, 3)} ({spread}); "
        f"la meta es {text.number(GOAL, 2)}: {verdict}."
    )
    sys.exit(middle > GOAL)


def start_kernel() -> tuple[KernelManager, BlockingKernelClient]:
    """Un kernel con el kit ya cargado."""
    manager, kernel = start_new_kernel(kernel_name="python3", cwd=str(PROJECT_ROOT))
    kernel.execute_interactive("import multietapa; multietapa.motor()", output_hook=lambda *_: None)
    return manager, kernel


def pairs(kit: Callable[[], float], command: Callable[[], float], count: int) -> list[float]:
    """Los cocientes kit/orden de ``count`` parejas; antes hace una de calentamiento que no cuenta."""
    kit()
    command()
    ratios = []
    for n in range(count):
        if n % 2:
            other = command()
            mine = kit()
        else:
            mine = kit()
            other = command()
        ratios.append(mine / other)
        print(
            f"{n + 1:2d}. kit {text.number(mine, 3)} s · orden {text.number(other, 3)} s"
            f" · cociente {text.number(mine / other, 3)}",
            flush=True,
        )
    return ratios


if __name__ == "__main__":
    main()
