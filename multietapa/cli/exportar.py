"""``exportar``: un cuaderno ejecutado, en una página HTML que se abre sin kernel y sin red."""

from __future__ import annotations

from pathlib import Path

import nbformat

from multietapa import text
from multietapa.cli.page.page import html_of
from multietapa.console import say
from multietapa.errors import MultietapaError, UnknownNameError


def run(wanted: str, *, output: str | None = None, overwrite: bool = False) -> int:
    """Escribe la página de ``wanted`` en ``output`` (si falta, al lado) y dice dónde. Devuelve 0.

    Lanza ``UnknownNameError`` si el cuaderno no existe y ``MultietapaError`` si no es un cuaderno, no está
    ejecutado o ``output`` ya existe y no se pidió ``overwrite``.
    """
    source = _find(wanted)
    target = Path(output) if output else source.with_suffix(".html")
    notebook = _read(source)
    if target.exists() and not overwrite:
        raise MultietapaError(
            f"«{target}» ya existe, y no se ha tocado.",
            next_step="Repite la orden con --sobrescribir, o elige otro nombre con --salida.",
        )
    if not target.parent.is_dir():
        raise MultietapaError(
            f"No se puede escribir en «{target.parent}».",
            why="esa carpeta no existe.",
            next_step="Créala, o elige otra con --salida.",
        )
    page = html_of(notebook, name=source.stem, folder=source.parent)
    target.write_text(page, encoding="utf-8")
    size = text.size(target.stat().st_size)
    say(f"Escrito {target} ({size}). Se abre con un navegador, sin kernel y sin red.")
    return 0


def _find(wanted: str) -> Path:
    """El cuaderno, también si se escribió sin «.ipynb»."""
    path = Path(wanted)
    for each in (path, path.with_name(f"{path.name}.ipynb")):
        if each.is_file():
            return each
    folder = path if path.is_dir() else path.parent
    near = sorted(str(each) for each in folder.glob("*.ipynb")) if folder.is_dir() else []
    raise UnknownNameError(wanted, near, kind="el cuaderno")


def _read(path: Path) -> nbformat.NotebookNode:
    try:
        notebook: nbformat.NotebookNode = nbformat.read(path, as_version=4)
        code = [cell for cell in notebook.cells if cell.cell_type == "code"]
        executed = any(cell.outputs for cell in code)
    except (ValueError, KeyError, AttributeError, TypeError, nbformat.ValidationError) as problem:
        raise MultietapaError(
            f"«{path}» no es un cuaderno de Jupyter, o está roto.",
            next_step="Escribe la ruta de un archivo .ipynb que JupyterLab pueda abrir.",
        ) from problem
    if code and not executed:
        raise MultietapaError(
            f"«{path}» no tiene ninguna salida.",
            why="no se ha ejecutado, o no se guardó después.",
            next_step="Ábrelo en el taller, ejecuta sus celdas, guárdalo (Ctrl+S) y repite la orden.",
        )
    return notebook
