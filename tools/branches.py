"""¿Qué caminos de las salas puras no recorre ninguna prueba? ``python -m tools.branches``.

Lee lo que midió coverage (lo usan las rápidas) y cuenta ramas, no líneas: un ``if`` tiene dos.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from coverage import Coverage
from coverage.exceptions import NoDataError

#: De cada sala, el mínimo de ramas recorridas sin motor, en tanto por ciento: lo medido (89,1, 94,4 y 96,0 el
#: 25-11-2026), hacia abajo y con sitio para las pruebas que piden ser root.
MINIMUM = {"dockerfile": 88, "image": 94, "build": 95}
#: En ``build/`` se miran los módulos puros; a los demás los prueban construcciones de verdad.
PURE_BUILD = (
    "buildkit classic events failure locating log_lines masking numbering plan progress recording "
    "recording_v1 sizes state step trace_schema ungiven"
).split()


def measured() -> dict[str, Any]:
    """Lo que midió coverage, por archivo; vacío si no hay nada medido."""
    run = Coverage()
    data = Path(str(run.get_option("run:data_file")))
    if any(data.parent.glob(f"{data.name}.*")):
        run.combine()  # cada proceso deja lo suyo
    else:
        run.load()  # ya se juntó
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "ramas.json"
        try:
            run.json_report(outfile=str(report))
        except NoDataError:
            return {}
        found: dict[str, Any] = json.loads(report.read_text(encoding="utf-8"))["files"]
    return {Path(path).as_posix(): detail for path, detail in found.items()}


def belongs(path: str, room: str) -> bool:
    """Ese archivo es de los que se miran en esa sala."""
    inside = path.removeprefix(f"multietapa/{room}/")
    module = inside.partition("/")[0].removesuffix(".py")
    return inside != path and (room != "build" or module in PURE_BUILD)


def main() -> int:
    """Escribe cada sala con su porcentaje; 1 si alguna no llega a su mínimo, con las ramas que faltan."""
    files, low = measured(), False
    for room, minimum in MINIMUM.items():
        inside = {path: detail for path, detail in files.items() if belongs(path, room)}
        total = sum(detail["summary"]["num_branches"] for detail in inside.values())
        covered = sum(detail["summary"]["covered_branches"] for detail in inside.values())
        percent = 100 * covered / total if total else 0.0
        print(f"{room}/: {percent:.1f} % de {total} ramas (mínimo {minimum} %)".replace(".", ","))
        if percent < minimum:
            low = True
            starts = {
                (path, line) for path, detail in inside.items() for line, _ in detail["missing_branches"]
            }
            missing = " ".join(f"{path}:{line}" for path, line in sorted(starts))
            print(f"  sin recorrer desde: {missing or 'no se midió nada'}")
    return int(low)


if __name__ == "__main__":
    sys.exit(main())
