"""¿Cuánto cuesta cargar el taller, y cuánta memoria gasta el proceso que cuida de un motor?

Compara ``import multietapa`` con ``import docker``, cada uno en un Python recién arrancado y alternando; y la
memoria de un supervisor de verdad, con su motor privado en marcha, con la de un proceso con solo el SDK.
RSS es todo lo que un proceso tiene en memoria; PSS reparte lo que comparte con otros.

    python -m benchmarks.arranque --veces 9
"""

from __future__ import annotations

import argparse
import re
import statistics
import subprocess
import sys
from pathlib import Path

from multietapa import text
from multietapa.engine import supervisor

GOAL_SECONDS = 0.1
TIMED = "import time; s = time.perf_counter(); import {}; print(time.perf_counter() - s)"
REFERENCE = "import sys, docker; print('listo', flush=True); sys.stdin.read()"


def import_seconds(name: str) -> float:
    """Los segundos que tarda en importarse un módulo en un Python recién arrancado."""
    return float(subprocess.check_output([sys.executable, "-c", TIMED.format(name)]))


def memory_bytes(pid: int) -> tuple[int, int]:
    """RSS y PSS de un proceso, en bytes, según el núcleo."""
    found = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
    sizes = dict(re.findall(r"^(Rss|Pss): +(\d+) kB", found, re.MULTILINE))
    return int(sizes["Rss"]) * 1024, int(sizes["Pss"]) * 1024


def show(name: str, memory: tuple[int, int]) -> None:
    """Escribe la memoria de un proceso."""
    print(f"{name}: RSS {text.size(memory[0])}, PSS {text.size(memory[1])}")


def main() -> None:
    """Mide las dos cosas y acaba con 1 si ``import multietapa`` pasa de su meta."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--veces", type=int, default=9, help="cuántas veces se carga cada uno")
    times = parser.parse_args().veces
    ours, theirs = zip(
        *((import_seconds("multietapa"), import_seconds("docker")) for _ in range(times)), strict=True
    )
    mine, sdk = statistics.median(ours), statistics.median(theirs)
    print(
        f"import multietapa: {mine * 1000:.1f} ms; import docker: {sdk * 1000:.1f} ms; razón {mine / sdk:.3f}"
    )
    running = supervisor.start("privado")
    with subprocess.Popen(
        [sys.executable, "-c", REFERENCE], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as reference:
        assert reference.stdin is not None
        assert reference.stdout is not None
        try:
            reference.stdout.readline()
            one, other = memory_bytes(running.process.pid), memory_bytes(reference.pid)
        finally:
            reference.stdin.close()
            running.stop()
    show("supervisor de un motor privado", one)
    show("proceso que solo carga el SDK", other)
    print(f"razón: {one[0] / other[0]:.2f} en RSS, {one[1] / other[1]:.2f} en PSS")
    sys.exit(mine > GOAL_SECONDS)


if __name__ == "__main__":
    main()
