"""De un secreto encontrado se guarda cómo empieza, cuánto mide y con qué reconocerlo en otro texto; él, no.

``Mark`` reconoce el mismo valor en otro sitio de la imagen (la instrucción que lo escribió, por ejemplo) sin
tenerlo: es un resumen con una clave que cambia en cada proceso y que no se guarda.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b

from multietapa import text

HIDDEN = "•••"
_SHOWN = 4  # caracteres que se enseñan, y solo si son una cuarta parte o menos
_LONG = 16
_KEY = os.urandom(16)


@dataclass(frozen=True)
class Masked:
    """Lo que se enseña de un secreto: cómo empieza (``""`` si enseñarlo diría demasiado) y sus caracteres."""

    start: str
    length: int

    def __str__(self) -> str:
        shown = f"{self.start}…" if self.start else HIDDEN
        return f"{shown} ({text.count(self.length, 'carácter', 'caracteres')})"


@dataclass(frozen=True)
class Mark:
    """Reconoce un valor de ``length`` caracteres. Solo sirve en este proceso."""

    length: int
    digest: bytes


def mask(value: str) -> Masked:
    """Cómo se enseña ``value``: sus cuatro primeros caracteres, o ninguno si mide menos de dieciséis."""
    start = value[:_SHOWN] if len(value) >= _LONG and value[:_SHOWN].isprintable() else ""
    return Masked(start, len(value))


def hidden(value: str) -> Masked:
    """Cómo se enseña lo que siempre empieza igual, como una clave privada: solo cuánto mide."""
    return Masked("", len(value))


def mark(value: str) -> Mark:
    """La marca con la que se reconoce ``value``."""
    return Mark(len(value), _digest(value))


def without_values(written: str, values: Iterable[str]) -> str:
    """``written`` con cada valor tapado; antes los más largos, que pueden llevar dentro otros."""
    for value in sorted(set(values), key=len, reverse=True):
        written = written.replace(value, f"{mask(value).start}{HIDDEN}")
    return written


def without_marked(written: str, marks: Iterable[Mark]) -> str:
    """``written`` con cada valor que reconozca alguna de las marcas tapado."""
    known: dict[int, set[bytes]] = {}
    for one in marks:
        known.setdefault(one.length, set()).add(one.digest)
    for length in sorted(known, reverse=True):
        start = 0
        while start + length <= len(written):
            if _digest(written[start : start + length]) in known[length]:
                covered = f"{mask(written[start : start + length]).start}{HIDDEN}"
                written = written[:start] + covered + written[start + length :]
                start += len(covered)
            else:
                start += 1
    return written


def _digest(value: str) -> bytes:
    return blake2b(value.encode("utf-8", "surrogatepass"), key=_KEY, digest_size=12).digest()
