"""Dónde se enseña lo que hace un botón: en el sitio que le preparó quien lo puso, y no en una celda.

Un botón no es una celda: lo que ``display`` escribiera desde él acabaría en cualquier salida.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any


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
