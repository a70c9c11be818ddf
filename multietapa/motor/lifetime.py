"""Procesos que no sobreviven a quien los lanzó (solo Linux)."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1


@contextmanager
def signals_held() -> Iterator[Callable[[], object]]:
    """Aplaza Ctrl-C, SIGTERM y SIGHUP mientras se lanza un proceso con ``preexec_fn``; da cómo soltarlas.

    Python descarta lo que un manejador lance justo durante ese lanzamiento: un Ctrl-C se perdería. El hijo
    hereda el aplazamiento, así que tiene que soltarlas él también. Fuera de Linux no hace nada.
    """
    if sys.platform != "linux":
        yield lambda: None
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM, signal.SIGHUP))

    def release() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)

    try:
        yield release
    finally:
        release()


def die_with_parent(number: int | None = None) -> None:
    """Para ``preexec_fn``: si el padre muere, el núcleo envía ``number`` al hijo (si no se dice, SIGKILL)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number or signal.SIGKILL)
