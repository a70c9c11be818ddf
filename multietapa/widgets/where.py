"""Qué vistas se pueden pedir, y cuándo un resultado ya está a la vista."""

from __future__ import annotations

from typing import Any

from multietapa.errors import UnknownNameError
from multietapa.widgets.adapters.ipython import current_cell

_VIEWS = ("True", "False", '"texto"')


def check_view(vista: bool | str) -> None:
    """Lanza ``UnknownNameError`` si ``vista`` no es ``True``, ``False`` ni ``"texto"``."""
    if vista not in (True, False, "texto"):
        raise UnknownNameError(str(vista), _VIEWS, kind="la vista")


class ShownInCell:
    """Un resultado cuya vista ya está en la salida de una celda: al final de esa misma celda no se repite."""

    vista: Any

    def _ipython_display_(self) -> None:
        if getattr(self.vista, "cell", 0) == current_cell():
            return
        from IPython.display import display

        display({"text/plain": repr(self)}, raw=True)
