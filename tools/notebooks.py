"""Los cuadernos se derivan de su texto: ``sources/NN_tema.py`` → ``notebooks/NN_tema.ipynb``.

``python -m tools.notebooks`` los escribe; con ``--comprobar`` solo dice si alguno difiere y sale con 1.
El resultado es siempre el mismo byte a byte: identificadores fijos, sin salidas. En el texto, una celda lleva

- ``tags=["nbval-check-output"] esperado="..."`` si las pruebas comparan lo que devuelve (``conftest.py``);
- ``plantilla="01.1"`` si es donde se escribe la respuesta de ese ejercicio: la celda sale de su contenido.
"""

from __future__ import annotations

import sys
from pathlib import Path

import jupytext
import nbformat

from multietapa.exercises import catalogue
from multietapa.paths import PROJECT_ROOT

SOURCES = PROJECT_ROOT / "sources"
TARGETS = PROJECT_ROOT / "notebooks"
KEPT = ("tags", "esperado")
METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


def derive(source: Path) -> str:
    """El texto del cuaderno que corresponde a un archivo py:percent."""
    notebook = jupytext.read(source, fmt="py:percent")
    notebook.metadata = nbformat.NotebookNode(METADATA)
    for position, cell in enumerate(notebook.cells):
        cell["id"] = f"celda-{position:02d}"
        if "plantilla" in cell["metadata"]:
            cell["source"] = answer_cell(cell["metadata"]["plantilla"])
        cell["metadata"] = {key: value for key, value in cell["metadata"].items() if key in KEPT}
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    text: str = nbformat.writes(notebook)
    return text.rstrip("\n") + "\n"


def answer_cell(exercise: str) -> str:
    """La celda en la que se responde un ejercicio: su plantilla, en la variable ``respuesta_N``."""
    template = catalogue.exercise(exercise).content.template
    number = int(exercise.rpartition(".")[2])
    return f'respuesta_{number} = r"""{template}"""'


def drifted() -> list[str]:
    """Los cuadernos que no coinciden con su texto, o que sobran."""
    wanted = {source.stem: derive(source) for source in sorted(SOURCES.glob("[0-9]*.py"))}
    present = {path.stem: path.read_text(encoding="utf-8") for path in TARGETS.glob("*.ipynb")}
    return sorted(name for name in wanted.keys() | present.keys() if wanted.get(name) != present.get(name))


def write() -> list[Path]:
    """Escribe todos los cuadernos y devuelve sus rutas."""
    TARGETS.mkdir(exist_ok=True)
    written = []
    for source in sorted(SOURCES.glob("[0-9]*.py")):
        target = TARGETS / f"{source.stem}.ipynb"
        target.write_text(derive(source), encoding="utf-8")
        written.append(target)
    return written


def main() -> int:
    """La orden; devuelve el código de salida."""
    if "--comprobar" not in sys.argv:
        print("\n".join(f"escrito {path.name}" for path in write()))
        return 0
    different = drifted()
    if different:
        print(f"Difieren de su texto: {', '.join(different)}. Ejecuta «python -m tools.notebooks».")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
