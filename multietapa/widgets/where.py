"""Dónde se enseña algo y qué vistas se pueden pedir."""

from __future__ import annotations

from typing import Any

from multietapa.errors import UnknownNameError

_VIEWS = ("True", "False", '"texto"')


def current_shell() -> Any:
    """El ``InteractiveShell`` de este proceso (el de un cuaderno tiene ``kernel``), o ``None``."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()


def in_notebook() -> bool:
    """Si este código corre en el kernel de un cuaderno."""
    return getattr(current_shell(), "kernel", None) is not None


def check_view(vista: bool | str) -> None:
    """Lanza ``UnknownNameError`` si ``vista`` no es ``True``, ``False`` ni ``"texto"``."""
    if vista not in (True, False, "texto"):
        raise UnknownNameError(str(vista), _VIEWS, kind="la vista")


def current_cell() -> int:
    """El número de la celda que corre ahora; 0 fuera de IPython."""
    return getattr(current_shell(), "execution_count", 0)


class ShownInCell:
    """Un resultado cuya vista ya está en la salida de una celda: al final de esa misma celda no se repite."""

    vista: Any

    def _ipython_display_(self) -> None:
        if getattr(self.vista, "cell", 0) == current_cell():
            return
        from IPython.display import display

        display({"text/plain": repr(self)}, raw=True)  # type: ignore[no-untyped-call]
