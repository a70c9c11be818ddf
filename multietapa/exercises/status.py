"""Una línea que dice en qué está una celda mientras trabaja; en un cuaderno se reescribe."""

from __future__ import annotations

import html
import time
from typing import Any

from IPython.display import display

from multietapa import text
from multietapa.console import Steps
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.where import Place, current_place

REFRESH = 0.15
"""Segundos entre dos cambios de la misma fase."""


def status_line() -> StatusLine | TextStatus | PlaceStatus:
    """La que corresponde a donde se está."""
    if (place := current_place()) is not None:
        return PlaceStatus(place)
    return StatusLine() if in_notebook() else TextStatus()


class PlaceStatus:
    """La línea de un sitio preparado."""

    def __init__(self, place: Place) -> None:
        self._say, self._pace = place.say, _Pace()

    def __call__(self, title: str, done: int = 0, total: int = 0) -> None:
        """Dice en qué está: ``done`` de ``total`` (0: no se sabe)."""
        if self._pace.ready(title):
            self._say(_markup(f"⏳ {title}", _percent(done, total)))

    def close(self) -> None:
        """Deja dicho cuánto tardó, si llegó a decir algo."""
        self._say(_markup(self._pace.ending))


class TextStatus:
    """Los pasos, uno debajo de otro."""

    def __init__(self) -> None:
        self._steps = Steps()

    def __call__(self, title: str, done: int = 0, total: int = 0) -> None:
        """Dice en qué está: ``done`` de ``total`` (0: no se sabe)."""
        self._steps(title, done, total)

    def close(self) -> None:
        """Termina la línea que quede a medias."""
        self._steps.close()


class StatusLine:
    """Una salida de la celda que se reescribe; al cerrarla queda cuánto se tardó."""

    def __init__(self) -> None:
        self._handle: Any = None
        self._pace = _Pace()

    def __call__(self, title: str, done: int = 0, total: int = 0) -> None:
        """Dice en qué está: ``done`` de ``total`` (0: no se sabe)."""
        if self._pace.ready(title):
            self._put(f"⏳ {title}", _percent(done, total))

    def close(self) -> None:
        """Deja dicho cuánto tardó, si llegó a decir algo."""
        if self._handle is not None:
            self._put(self._pace.ending)

    def _put(self, line: str, percent: str = "") -> None:
        bundle = {"text/plain": line + percent, "text/html": _markup(line, percent)}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)


class _Pace:
    """Cuándo merece la pena decir algo: en cuanto cambia la fase y, dentro de una, cada ``REFRESH``."""

    def __init__(self) -> None:
        self._title, self._sent, self._started = "", 0.0, time.monotonic()

    def ready(self, title: str) -> bool:
        now = time.monotonic()
        if title == self._title and now - self._sent < REFRESH:
            return False
        self._title, self._sent = title, now
        return True

    @property
    def ending(self) -> str:
        return f"Comprobado en {text.duration(time.monotonic() - self._started)}." if self._title else ""


def _percent(done: int, total: int) -> str:
    return f" ({min(100, done * 100 // total)} %)" if total else ""


def _markup(line: str, percent: str = "") -> str:
    """La línea en HTML. Un lector de pantalla la lee cuando cambia la fase, no con cada porcentaje."""
    quiet = f'<span aria-hidden="true">{percent}</span>' if percent else ""
    return f'<p role="status"><small>{html.escape(line)}{quiet}</small></p>'
