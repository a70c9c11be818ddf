"""Que algo vaya a un ritmo, en una máquina que a ratos se para: lo que ella tarda se mide al lado."""

from __future__ import annotations

from collections.abc import Callable

TOLERANCE = 0.05
"""Cuánto puede apartarse del ritmo pedido, en tanto por uno."""
ATTEMPTS = 8
"""Cuántas veces se mide: lo que tropiece la máquina solo lo alarga, y un ritmo equivocado falla en todas."""


def keeps_the_pace(expected: float, limited: Callable[[], float], free: Callable[[], float]) -> None:
    """Comprueba que ``limited`` tarda ``expected`` segundos.

    Antes de tiempo no llega nunca. Tarde, en lo que ``free``, que es lo mismo sin límite, tarda en ese
    momento: casi nada en una máquina tranquila. Los dos dan segundos.
    """
    tried = []
    for _ in range(ATTEMPTS):
        spare, took = free(), limited()
        assert took > expected * (1 - TOLERANCE), f"{took:.3f} s, y no puede ser menos de {expected:.3f}"
        if took < (expected + spare) * (1 + TOLERANCE):
            return
        tried.append(f"{took:.3f} (sin límite, {spare:.3f})")
    raise AssertionError(f"tenía que tardar {expected:.3f} s y tardó {', '.join(tried)}")
