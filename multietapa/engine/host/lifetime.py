"""Procesos que no sobreviven a quien los lanzó (solo Linux)."""

from __future__ import annotations

import ctypes
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_PR_SET_PDEATHSIG = 1


@contextmanager
def signals_held() -> Iterator[Callable[[], None]]:
    """Aplaza Ctrl-C, SIGTERM y SIGHUP mientras se lanza un proceso con ``preexec_fn``; da cómo soltarlas.

    Python descarta lo que un manejador lance justo durante ese lanzamiento: un Ctrl-C se perdería. Se cambian
    los manejadores, y no la máscara de señales, porque esta es de cada hilo y la señal iría a otro. Solo para
    el hilo principal; fuera de Linux no hace nada.
    """
    noted: list[int] = []
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if sys.platform == "linux" else ()
    previous = {number: handler for number in numbers if callable(handler := signal.getsignal(number))}

    def release() -> None:
        for number in list(previous):
            signal.signal(number, previous[number])
            del previous[number]
        if noted:
            signal.raise_signal(noted.pop())

    try:
        for number in list(previous):
            signal.signal(number, lambda number, _frame: noted.append(number))
        yield release
    finally:
        release()


def die_with_parent(number: int | None = None) -> None:
    """Para ``preexec_fn``: si el padre muere, el núcleo envía ``number`` al hijo (si no se dice, SIGKILL)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number or signal.SIGKILL)
