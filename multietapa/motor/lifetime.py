"""Procesos que no sobreviven a quien los lanzó (solo Linux)."""

from __future__ import annotations

import ctypes
import signal

_PR_SET_PDEATHSIG = 1


def die_with_parent(number: int | None = None) -> None:
    """Para ``preexec_fn``: si el padre muere, el núcleo envía ``number`` al hijo (si no se dice, SIGKILL)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number or signal.SIGKILL)
