"""Dónde se enseña algo y qué vistas se pueden pedir."""

from __future__ import annotations

from multietapa.errors import UnknownNameError

_VIEWS = ("True", "False", '"texto"')


def in_notebook() -> bool:
    """Si este código corre en el kernel de un cuaderno."""
    try:
        from IPython import get_ipython
    except ImportError:
        return False
    return getattr(get_ipython(), "kernel", None) is not None


def check_view(vista: bool | str) -> None:
    """Lanza ``UnknownNameError`` si ``vista`` no es ``True``, ``False`` ni ``"texto"``."""
    if vista not in (True, False, "texto"):
        raise UnknownNameError(str(vista), _VIEWS, kind="la vista")
