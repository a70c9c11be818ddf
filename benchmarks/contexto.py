"""¿Cuánto cuesta decidir qué viaja de una carpeta grande, frente a lo que tarda el SDK en lo mismo?

Cien carpetas con cien archivos cada una, y diez reglas en su ``.dockerignore``. Se mide el procesador, por
turnos en el mismo proceso (cada turno, el mejor de tres): recorrerla para construir (``Context.entries``),
mirarla como ``contexto()`` (``survey``, que además suma bytes, también los de lo excluido) y, de referencia,
``exclude_paths`` del SDK.
La meta es no pasar de 1 vez para recorrerla y de 2 veces para mirarla.

    python -m benchmarks.contexto --archivos 100000
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from collections.abc import Callable
from pathlib import Path

from docker.utils.build import exclude_paths

from multietapa import text
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.survey import survey
from tests.costs import cost

WALK_GOAL, LOOK_GOAL = 1.0, 2.0
IN_A_FOLDER = 100
RULES = "**/*.log\nnode_modules\n**/.git\n*.md\n!README.md\ndist/**\n**/*.t?t\n[ab]*\ncoverage\n!d1/*.ts\n"


def plant(root: Path, files: int) -> None:
    """Llena la carpeta: ``files`` archivos vacíos, de cien en cien, y las reglas."""
    for number in range(files):
        folder = root / f"d{number // IN_A_FOLDER}"
        if number % IN_A_FOLDER == 0:
            folder.mkdir()
        (folder / f"f{number}.{'log' if number % 10 == 0 else 'ts'}").touch()
    (root / ".dockerignore").write_text(RULES)


def main() -> None:
    """Lee los argumentos, llena una carpeta y mide las tres cosas por turnos."""
    parser = argparse.ArgumentParser(description="Mide el recorrido de una carpeta.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--archivos", type=int, default=10_000)
    parser.add_argument("--veces", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        plant(root, options.archivos)
        context = open_context(root, dockerfile="FROM scratch\n")
        works: dict[str, Callable[[], object]] = {
            "el SDK": lambda: exclude_paths(name, RULES.split()),
            "recorrerla": lambda: list(context.entries()),
            "mirarla": lambda: survey(context, counting=600),
        }
        spent: dict[str, list[float]] = {what: [] for what in works}
        for _ in range(options.veces):
            for what, work in works.items():
                spent[what].append(cost(work))
    reference = statistics.median(spent.pop("el SDK"))
    files = text.count(options.archivos, "archivo", "archivos")
    print(f"el SDK: {text.number(reference, 2)} s de procesador, {files}")
    for (what, each), goal in zip(spent.items(), (WALK_GOAL, LOOK_GOAL), strict=True):
        seconds = statistics.median(each)
        verdict = "cumple" if seconds <= goal * reference else "NO cumple"
        ratio = text.number(seconds / reference, 2)
        print(f"{what}: {text.number(seconds, 2)} s, {ratio} veces ({verdict}: {text.number(goal, 0)})")


if __name__ == "__main__":
    main()
