"""Procesos que no sobreviven a quien los lanzó (solo Linux)."""

import ctypes
import signal

_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Para ``preexec_fn``: si el padre muere, aunque sea de golpe, el núcleo mata también al hijo."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
