"""Cómo cuenta su avance quien trae o hace una imagen base."""

from __future__ import annotations

from collections.abc import Callable

ReportProgress = Callable[[str, int, int], None]
"""Recibe qué se hace ahora, cuánto va hecho y cuánto es en total (0 si no se sabe)."""


def silent(label: str, done: int, total: int) -> None:
    """No se lo cuenta a nadie."""
