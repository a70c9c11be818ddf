"""Qué vistas se pueden pedir, cuándo un resultado ya está a la vista, y dónde se enseña lo de un botón.

Un botón no es una celda: lo que ``display`` escribiera desde él acabaría en cualquier salida. Por eso quien
lo pone le prepara un sitio (:class:`Place`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from multietapa.errors import UnknownNameError
from multietapa.widgets.adapters.ipython import current_cell

_VIEWS = ("True", "False", '"texto"')


def check_view(vista: bool | str, *also: str) -> None:
    """Lanza ``UnknownNameError`` si ``vista`` no es ``True``, ``False``, ``"texto"`` ni una de ``also``."""
    if vista not in (True, False, "texto", *also):
        raise UnknownNameError(str(vista), (*_VIEWS, *(f'"{name}"' for name in also)), kind="la vista")


class ShownInCell:
    """Un resultado cuya vista ya está en la salida de una celda: al final de esa misma celda no se repite."""

    vista: Any

    def _ipython_display_(self) -> None:
        if getattr(self.vista, "cell", 0) == current_cell():
            return
        from IPython.display import display

        display({"text/plain": repr(self)}, raw=True)


@dataclass(frozen=True)
class Place:
    """Un sitio: ``add`` pone en él un widget, y ``say`` escribe (en HTML) en qué se está."""

    add: Callable[[Any], None]
    say: Callable[[str], None]


_current: ContextVar[Place | None] = ContextVar("multietapa_sitio", default=None)


def current_place() -> Place | None:
    """El sitio de este hilo, o ``None`` si lo que se enseña va a la celda."""
    return _current.get()


@contextmanager
def placed(place: Place) -> Iterator[None]:
    """Mientras dura, las vistas que se abran en este hilo van a ``place``."""
    token = _current.set(place)
    try:
        yield
    finally:
        _current.reset(token)
