"""¿Qué caminos de las salas puras no recorre ninguna prueba? ``python -m tools.branches``.

Lee lo que midió ``coverage run`` (lo usan las rápidas) y cuenta ramas, no líneas: un ``if`` tiene dos.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from coverage import Coverage
from coverage.exceptions import CoverageException

#: De cada sala, el mínimo de ramas recorridas sin motor, en tanto por ciento: lo medido, hacia abajo.
MINIMUM = {"dockerfile": 90, "image": 90, "build": 90}
#: En ``build/`` se miran los módulos puros; a los demás los prueban construcciones de verdad.
FILES = {
    "dockerfile": ["multietapa/dockerfile/*"],
    "image": ["multietapa/image/*"],
    "build": [
        f"multietapa/build/{name}.py"
        for name in "buildkit classic events log_lines recording sizes state trace_schema".split()
    ],
}


def read(room: str) -> tuple[int, int, list[str]]:
    """Las ramas de una sala: recorridas, cuántas hay y dónde empiezan las que faltan.

    Lanza ``CoverageException`` si no se midió nada de ella.
    """
    measured = Coverage()
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "ramas.json"
        measured.json_report(outfile=str(report), include=FILES[room])
        found = json.loads(report.read_text(encoding="utf-8"))
    missing = [
        f"{path}:{line}"
        for path, detail in found["files"].items()
        for line in sorted({line for line, _ in detail["missing_branches"]})
    ]
    return found["totals"]["covered_branches"], found["totals"]["num_branches"], missing


def main() -> int:
    """Escribe cada sala con su porcentaje; 1 si alguna no llega a su mínimo, con lo que le falta."""
    low = False
    for room, minimum in MINIMUM.items():
        try:
            covered, total, missing = read(room)
        except CoverageException:
            covered, total, missing = 0, 1, ["no se midió nada"]
        percent = 100 * covered / total
        print(f"{room}/: {percent:.1f} % de {total} ramas (mínimo {minimum} %)".replace(".", ","))
        if percent < minimum:
            low = True
            print("  sin recorrer: " + " ".join(missing))
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
