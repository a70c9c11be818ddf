"""Cuánto cuesta algo, para compararlo con otra cosa medida a la vez: cada máquina tarda lo suyo."""

from __future__ import annotations

import time
from collections.abc import Callable


def cost(work: Callable[[], object]) -> float:
    """Los segundos de procesador de la más barata de tres veces."""
    spent = []
    for _ in range(3):
        start = time.process_time()
        work()
        spent.append(time.process_time() - start)
    return min(spent)
