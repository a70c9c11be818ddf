"""Lo que se escribe en la terminal: fases con su tiempo, siempre en español."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from multietapa import text


def say(line: str) -> None:
    """Escribe una línea y la envía ya."""
    print(line, flush=True)


def complain(problem: object) -> None:
    """Escribe un error en la salida de errores, separado de lo anterior."""
    print(f"\n✗ {problem}", file=sys.stderr, flush=True)


@contextmanager
def phase(title: str) -> Iterator[None]:
    """Anuncia una fase y, al terminar bien, dice cuánto tardó."""
    started = time.monotonic()
    say(f"{title} ...")
    yield
    say(f"  hecho en {text.duration(time.monotonic() - started)}")
