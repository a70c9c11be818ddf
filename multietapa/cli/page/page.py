"""Un cuaderno ejecutado como una página HTML que se basta sola: sin kernel, sin programas y sin red."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
from nbconvert.exporters.html import HTMLExporter
from traitlets.config import Config

from multietapa.widgets.saved import freeze
from multietapa.widgets.theme import DARK, LIGHT

_HERE = Path(__file__).parent
_PRIORITY = ("text/html", "text/markdown", "image/svg+xml", "image/png", "image/jpeg", "text/plain")
_HEADING = re.compile(r"^#\s+(.+)$", re.MULTILINE)


def html_of(notebook: nbformat.NotebookNode, *, name: str, folder: Path) -> str:
    """La página de un cuaderno. ``name`` es su nombre; las imágenes que nombra cuelgan de ``folder``.

    Las imágenes se llevan dentro y los widgets se cambian por sus gemelos; ``notebook`` queda cambiado.
    """
    freeze(notebook)
    exporter = HTMLExporter(
        config=Config({"NbConvertBase": {"display_data_priority": list(_PRIORITY)}}),
        extra_template_basedirs=[str(_HERE / "templates")],
        template_name="multietapa",
        embed_images=True,
        exclude_anchor_links=True,
        language_code="es",
    )
    resources = {
        "metadata": {"name": name, "path": str(folder)},
        "title": title_of(notebook) or name,
        "style": f"{_colours()}\n{(_HERE / 'page.css').read_text(encoding='utf-8')}",
    }
    page, _ = exporter.from_notebook_node(notebook, resources=resources)
    return str(page)


def title_of(notebook: nbformat.NotebookNode) -> str:
    """El primer título del cuaderno, o ``""``."""
    prose = (cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    return next((found[1].strip() for text in prose if (found := _HEADING.search(text))), "")


def _colours() -> str:
    """Los colores de las vistas, según el tema del navegador: aquí no hay el de JupyterLab."""
    light, dark = ("".join(f"--mt-{name}:{value};" for name, value in each.items()) for each in (LIGHT, DARK))
    return f"body .mt {{ {light} }}\n@media (prefers-color-scheme: dark) {{ body .mt {{ {dark} }} }}"
