"""Una línea del código de la tienda, cambiada: lo que hace quien trabaja en ella todos los días."""

from __future__ import annotations

import re
from pathlib import Path

from multietapa.errors import UncheckableError

CHANGED, PRODUCTS, MARK = "src/catalogue.ts", "/api/productos", "Edición nueva. "
_DESCRIPTION = re.compile(r'(?<=descripcion: ")')


def change_a_line(folder: Path, mark: str = MARK) -> None:
    """Cambia una línea del código de la tienda de ``folder``: la descripción de un producto lleva ``mark``.

    Lanza :class:`UncheckableError` si no encuentra ninguna.
    """
    path = folder / CHANGED
    source = path.read_text(encoding="utf-8") if path.is_file() else ""
    changed, count = _DESCRIPTION.subn(mark, source, count=1)
    if not count:
        raise UncheckableError(
            f"En {CHANGED} no hay ninguna descripción que cambiar.",
            why="Este ejercicio cambia la de un producto y construye otra vez.",
            next_step="Devuelve ese archivo a como lo trae el taller, y vuelve a comprobar.",
        )
    path.write_text(changed, encoding="utf-8")
