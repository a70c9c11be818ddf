"""Las expresiones regulares de Go que salen de un patrón de ``.dockerignore``, traducidas a Python.

El motor convierte cada patrón en una expresión de Go (sintaxis RE2) y Go y Python no coinciden en todo:
``[[:alpha:]]`` es una clase solo en Go, ``\\s`` no abarca lo mismo y un intervalo al revés es un error en los
dos, pero con otro texto. La gramática es la del paquete ``regexp/syntax`` de Go.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache

_Ranges = list[tuple[int, int]]
_PERL = {"d": "09", "w": "09AZ__az", "s": "\t\n\f\r  "}
_POSIX = {
    "alnum": "09AZaz", "alpha": "AZaz", "ascii": "\0\x7f", "blank": "\t\t  ", "cntrl": "\0\x1f\x7f\x7f",
    "digit": "09", "graph": "!~", "lower": "az", "print": " ~", "punct": "!/:@[`{~", "space": "\t\r  ",
    "upper": "AZ", "word": "09AZ__az", "xdigit": "09AFaf",
}  # fmt: skip
_CONTROL = {"a": 7, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_CATEGORIES = "CLMNPSZ"


class BadRegex(ValueError):
    """La expresión no es válida en Go; el texto dice por qué, en español."""


def compile_go(text: str) -> re.Pattern[str]:
    """Compila una expresión de Go para usarla con ``match``.

    Raises:
        BadRegex: Go tampoco la aceptaría.
    """
    out, at = "", 0
    while at < len(text):
        char = text[at]
        if char == "[":
            ranges, negated, at = _class(text, at)
            out += _written(ranges, negated)
        elif char == "\\":
            piece, at = _escape_outside(text, at)
            out += piece
        else:
            out += {"^": r"\A", "$": r"\Z"}.get(char, char if char in ".*?()" else re.escape(char))
            at += 1
    return re.compile(out, re.ASCII)


def _escape_outside(text: str, at: int) -> tuple[str, int]:
    char = text[at + 1 : at + 2]
    if char == "Q":
        literal, _, _ = text[at + 2 :].partition(r"\E")
        return re.escape(literal), min(len(text), at + 2 + len(literal) + 2)
    if char in ("A", "b", "B", "z"):
        return ("\\Z" if char == "z" else f"\\{char}"), at + 2
    group = _group(text, at)
    if group:
        return _written(group[0], False), group[1]
    code, at = _escape(text, at)
    return re.escape(chr(code)), at


def _class(text: str, at: int) -> tuple[_Ranges, bool, int]:
    """La clase que se abre en ``at``: sus intervalos, si está negada y dónde acaba."""
    start, found = at, []
    at += 1
    negated = text[at : at + 1] == "^"
    at += negated
    first = True
    while first or text[at : at + 1] != "]":
        first = False
        if at >= len(text):
            raise BadRegex(f"falta un «]» después de «{text[start:]}»")
        group = _posix(text, at) or _group(text, at)
        if group:
            found += group[0]
            at = group[1]
            continue
        begin = at
        low, at = _escape(text, at) if text[at] == "\\" else (ord(text[at]), at + 1)
        high = low
        if text[at : at + 1] == "-" and len(text) > at + 1 and text[at + 1] != "]":
            high, at = _escape(text, at + 1) if text[at + 1] == "\\" else (ord(text[at + 1]), at + 2)
            if high < low:
                raise BadRegex(f"el intervalo «{text[begin:at]}» va al revés")
        found.append((low, high))
    return found, negated, at + 1


def _posix(text: str, at: int) -> tuple[_Ranges, int] | None:
    end = text.find(":]", at + 2)
    if not text.startswith("[:", at) or end < 0:
        return None
    name = text[at + 2 : end]
    pairs = _POSIX.get(name.removeprefix("^"))
    if pairs is None:
        raise BadRegex(f"«[:{name}:]» no es una clase de caracteres")
    ranges = _pairs(pairs)
    return (_complement(ranges) if name.startswith("^") else ranges), end + 2


def _group(text: str, at: int) -> tuple[_Ranges, int] | None:
    r"""Una clase con nombre de una letra (``\d``, ``\W``, ``\pL``), o ``None`` si no la hay."""
    char = text[at + 1 : at + 2] if text[at] == "\\" else ""
    if char in ("p", "P"):
        name = text[at + 2 : at + 3]
        if not name or name not in _CATEGORIES:
            raise BadRegex(f"«\\{char}{name}» no es una clase de caracteres")
        ranges = _category(name)
        return (_complement(ranges) if char == "P" else ranges), at + 3
    pairs = _PERL.get(char.lower())
    if pairs is None:
        return None
    ranges = _pairs(pairs)
    return (_complement(ranges) if char.isupper() else ranges), at + 2


def _escape(text: str, at: int) -> tuple[int, int]:
    """El carácter que escribe la barra que hay en ``at``, y dónde acaba."""
    char = text[at + 1 : at + 2]
    if char and char.isascii() and not char.isalnum():
        return ord(char), at + 2
    if octal := re.compile(r"0[0-7]{0,2}|[1-7][0-7]{1,2}").match(text, at + 1):
        return int(octal[0], 8), octal.end()
    if hexadecimal := re.compile(r"x([\da-fA-F]{2})", re.ASCII).match(text, at + 1):
        return int(hexadecimal[1], 16), hexadecimal.end()
    if char in _CONTROL:
        return _CONTROL[char], at + 2
    raise BadRegex(f"«\\{char}» no significa nada para el motor")


def _pairs(text: str) -> _Ranges:
    return [(ord(text[n]), ord(text[n + 1])) for n in range(0, len(text), 2)]


def _complement(ranges: Iterable[tuple[int, int]]) -> _Ranges:
    found, at = [], 0
    for low, high in sorted(ranges):
        if low > at:
            found.append((at, low - 1))
        at = max(at, high + 1)
    return [*found, (at, sys.maxunicode)] if at <= sys.maxunicode else found


@cache
def _category(letter: str) -> _Ranges:
    """Los caracteres de una categoría general (``L``, las letras), con el Unicode de este Python."""
    found: _Ranges = []
    for code in range(sys.maxunicode + 1):
        kind = unicodedata.category(chr(code))
        if kind[0] == letter and kind != "Cn":
            if found and found[-1][1] == code - 1:
                found[-1] = (found[-1][0], code)
            else:
                found.append((code, code))
    return found


def _written(ranges: _Ranges, negated: bool) -> str:
    body = "".join(f"\\U{low:08x}-\\U{high:08x}" for low, high in ranges)
    return f"[{'^' if negated else ''}{body}]"
