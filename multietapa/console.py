"""Lo que se escribe en la terminal: fases con su tiempo, siempre en español."""

from __future__ import annotations

import io
import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from multietapa import text

_PERCENT = re.compile(r"(.*) \((\d+) %\)")


def tolerate_any_terminal() -> None:
    """Lo que la terminal no sabe escribir (un acento en ASCII) sale como «?», en lugar de un error."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def give_up_stdout() -> None:
    """Quien leía la salida se fue (``| head -1``): lo que falte por escribir se pierde sin más errores."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


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


class Steps:
    """Escribe pasos con su avance: en una terminal reescribe la línea; en un registro la repite cada 25 %."""

    def __init__(self, indent: str = "  ", stream: TextIO | None = None) -> None:
        self._indent, self._stream = indent, stream or sys.stdout
        self._title, self._quarter, self._open = "", 0, False

    def __call__(self, title: str, done: int = 0, total: int = 0) -> None:
        """Dice en qué está: ``done`` de ``total`` (0: no se sabe). Un título repetido no se repite."""
        if found := _PERCENT.fullmatch(title):
            title, done, total = found[1], int(found[2]), 100
        percent = min(100, done * 100 // total) if total else 0
        if title == self._title and percent // 25 <= self._quarter and not self._stream.isatty():
            return
        new = title != self._title
        self._title, self._quarter = title, percent // 25
        self._write(f"{self._indent}{title}{f' ({percent} %)' if percent else ''}", new=new)

    def _write(self, line: str, *, new: bool) -> None:
        if not self._stream.isatty():
            self._stream.write(f"{line}\n")
        else:
            self._stream.write(f"{chr(10) if new and self._open else chr(13)}{line}\x1b[K")
            self._open = True
        self._stream.flush()

    def close(self) -> None:
        """Termina la línea que quede a medias."""
        if self._open:
            self._stream.write("\n")
            self._open = False
