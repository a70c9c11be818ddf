"""Rectángulos tan cuadrados como se puede: el algoritmo de Bruls, Huizing y van Wijk (2000).

``treemap.js`` coloca los del widget exactamente igual que ``squarify`` los del gemelo.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple


class Box(NamedTuple):
    """Un rectángulo: su esquina de arriba a la izquierda, su ancho y su alto."""

    x: float
    y: float
    width: float
    height: float


def squarify(sizes: Sequence[int], box: Box) -> list[Box]:
    """Un rectángulo por cada tamaño, que han de ir de mayor a menor; sus áreas guardan su proporción."""
    x, y, width, height = box
    total = sum(sizes)
    areas = [size * width * height / total if total else 0.0 for size in sizes]
    placed: list[Box] = []
    first = 0
    while first < len(areas):
        side = min(width, height)
        last, row = _row(areas, first, side)
        thick = row / side if side else 0.0
        along = 0.0
        for area in areas[first:last]:
            long = area / thick if thick else 0.0
            placed.append(
                Box(x, y + along, thick, long) if width >= height else Box(x + along, y, long, thick)
            )
            along += long
        if width >= height:
            x, width = x + thick, max(width - thick, 0.0)
        else:
            y, height = y + thick, max(height - thick, 0.0)
        first = last
    return placed


def _row(areas: Sequence[float], first: int, side: float) -> tuple[int, float]:
    """Hasta cuál llega la fila que empieza en ``first``, y su área: mientras no se alarguen."""
    row, last = areas[first], first + 1
    worst = _worst(areas[first], areas[first], row, side)
    while last < len(areas):
        ratio = _worst(areas[first], areas[last], row + areas[last], side)
        if ratio > worst:
            break
        worst, row, last = ratio, row + areas[last], last + 1
    return last, row


def _worst(biggest: float, smallest: float, row: float, side: float) -> float:
    """Lo más alargado que queda un rectángulo de la fila: es el mayor o el menor."""
    if not row or not smallest or not side:
        return math.inf
    return max(side * side * biggest / (row * row), row * row / (side * side * smallest))
