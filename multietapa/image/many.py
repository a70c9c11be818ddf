"""Hacer de una vez muchos valores sin ciclos, sin que el recolector de basura los repase cada poco.

Con cientos de miles de entradas, repasarlas cuesta más que hacerlas.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_lock = threading.Lock()
_inside = 0
_was_on = False


@contextmanager
def many_values() -> Iterator[None]:
    """Para el recolector mientras dura; al salir el último que lo pidió queda como estaba.

    Lo que se hizo pasa entonces con lo viejo sin que se repase: serían tres vueltas, una por generación.
    """
    global _inside, _was_on
    with _lock:
        if not _inside:
            _was_on = gc.isenabled()
            gc.disable()
        _inside += 1
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if not _inside and _was_on:
                gc.freeze()
                gc.unfreeze()
                gc.enable()
