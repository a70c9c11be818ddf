"""Lo que el kit necesita de anywidget: lo que un widget deja en la salida de su celda.

Frágil: lo que devuelve ``AnyWidget._repr_mimebundle_``, un par de diccionarios (o ``None`` sin vista).
"""

from __future__ import annotations

from typing import Any

Bundle = tuple[dict[str, Any], dict[str, Any]]


def with_twins(bundle: Bundle | None, *, text: str, html: str) -> Bundle:
    """La salida de un widget con sus gemelos al lado, para quien no pueda dibujarlo."""
    data, metadata = bundle or ({}, {})
    return {**data, "text/plain": text, "text/html": html}, metadata
