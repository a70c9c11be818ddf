"""Una línea que dice en qué está una celda mientras trabaja; en un cuaderno se reescribe."""

from __future__ import annotations

import html
import time
from typing import Any

from IPython.display import display

from multietapa import text
from multietapa.console import Steps
from multietapa.widgets.adapters.ipykernel import in_notebook

REFRESH = 0.15
"""Segundos entre dos cambios de la misma fase."""


def status_line() -> StatusLine | TextStatus:
    """La que corresponde a donde se está."""
    return StatusLine() if in_notebook() else TextStatus()


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
    """Una salida de la celda que se reescribe; al cerrarla queda cuánto se tardó.

    Un lector de pantalla la lee cuando cambia la fase (``role="status"``), no con cada porcentaje.
    """

    def __init__(self) -> None:
        self._handle: Any = None
        self._title, self._sent, self._started = "", 0.0, time.monotonic()

    def __call__(self, title: str, done: int = 0, total: int = 0) -> None:
        """Dice en qué está: ``done`` de ``total`` (0: no se sabe)."""
        now = time.monotonic()
        if title == self._title and now - self._sent < REFRESH:
            return
        self._title, self._sent = title, now
        percent = f" ({min(100, done * 100 // total)} %)" if total else ""
        self._put(f"⏳ {title}", percent)

    def close(self) -> None:
        """Deja dicho cuánto tardó, si llegó a decir algo."""
        if self._handle is not None:
            self._put(f"Mirado en {text.duration(time.monotonic() - self._started)}.")

    def _put(self, line: str, percent: str = "") -> None:
        quiet = f'<span aria-hidden="true">{percent}</span>' if percent else ""
        markup = f'<p role="status"><small>{html.escape(line)}{quiet}</small></p>'
        bundle = {"text/plain": line + percent, "text/html": markup}
        if self._handle is None:
            self._handle = display(bundle, raw=True, display_id=True)
        else:
            self._handle.update(bundle, raw=True)
