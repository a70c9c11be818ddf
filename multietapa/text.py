"""Cómo se escriben en español los números, los tiempos y las listas.

Los megabytes son decimales (1 MB = 1 000 000 bytes), como en ``docker images``. Lo que queda justo en medio
se redondea hacia arriba, como en la escuela. ``number``, ``size``, ``duration`` y ``count`` tienen su gemela
en ``widgets/dom.js``, y ``test_dom`` comprueba que escriben siempre lo mismo.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

NARROW_SPACE = "\u202f"
_TWICE = "2,0 veces"


def number(value: float, decimals: int = 0) -> str:
    """Escribe un número finito con coma decimal y espacio fino de millar: ``12 345,6``."""
    scale = 10**decimals
    units = math.floor(abs(value) * scale + 0.5)
    whole = f"{units // scale:,}".replace(",", NARROW_SPACE)
    rest = f",{units % scale:0{decimals}d}" if decimals else ""
    return f"{'-' if value < 0 and units else ''}{whole}{rest}"


def size(n_bytes: int) -> str:
    """Escribe un tamaño en bytes con la unidad decimal que mejor se lee: ``14,8 MB``, ``1,48 GB``."""
    if abs(n_bytes) < 1000:
        return f"{n_bytes} B"
    for unit, scale in (("kB", 1e3), ("MB", 1e6), ("GB", 1e9)):
        value = n_bytes / scale
        if abs(value) < 999.5 or unit == "GB":
            decimals = 2 if unit == "GB" else 1 if abs(value) < 99.95 else 0
            return f"{number(value, decimals)} {unit}"
    raise AssertionError("inalcanzable")


def duration(seconds: float) -> str:
    """Escribe una duración en segundos: ``0,4 s``, ``12 s``, ``3 min 05 s``; una negativa es cero."""
    if seconds < 9.95:
        return f"{number(max(seconds, 0.0), 1)} s"
    whole = math.floor(seconds + 0.5)
    if whole < 60:
        return f"{whole} s"
    return f"{whole // 60} min {whole % 60:02d} s"


def ratio(bigger: float, smaller: float) -> str:
    """Escribe cuántas veces cabe el menor en el mayor: ``6,3 veces``."""
    if smaller <= 0:
        return "no se puede dividir"
    return f"{number(bigger / smaller, 1)} veces"


def as_much(bigger: float, smaller: float, what: str = "lo", than: str = "") -> str:
    """Lo mismo, para seguir con aquello con lo que se compara: ``6,3 veces lo que``, ``el doble que``."""
    times = ratio(bigger, smaller)
    if times == _TWICE:
        return f"el doble{than} que"
    return f"{times} {what} que"


def more(bigger: float, smaller: float) -> str:
    """Cuánto más es el mayor: ``6,3 veces más``, ``el doble``."""
    times = ratio(bigger, smaller)
    return "el doble" if times == _TWICE else f"{times} más"


def less(bigger: float, smaller: float) -> str:
    """Cuánto menos es el menor: ``6,3 veces menos``, ``la mitad``."""
    times = ratio(bigger, smaller)
    return "la mitad" if times == _TWICE else f"{times} menos"


def count(amount: int, one: str, many: str) -> str:
    """Escribe cuántos hay, con su nombre: ``1 imagen``, ``3 imágenes``, ``12 345 imágenes``."""
    return f"{number(amount)} {one if amount == 1 else many}"


def join(items: Sequence[str], last: str = "y") -> str:
    """Une una lista como en una frase: ``a, b y c``."""
    if len(items) < 2:
        return "".join(items)
    word = "e" if last == "y" and items[-1].lower().startswith(("i", "hi")) else last
    return f"{', '.join(items[:-1])} {word} {items[-1]}"
