"""Un patrón de ``.dockerignore``: si está bien escrito y con qué rutas encaja.

Las reglas son las de moby/patternmatcher, que usan el motor y la orden ``docker``: ``*`` y ``?`` no pasan de
carpeta, ``**`` sí; ``[^a]`` niega y ``[!a]`` no; ``\\x`` quita su sentido a ``x``. Lo raro también es suyo:
las clases de caracteres pasan tal cual a una expresión regular de Go, así que ``[^a]`` encaja con una «/».
"""

from __future__ import annotations

import os
import posixpath
import re
from dataclasses import dataclass, field

from multietapa.dockerfile.go_regex import BadRegex, compile_go

_SIMPLE = re.compile(r"(?!.*\*\*)[^\[\\^]*", re.DOTALL)
_TO_ESCAPE = frozenset(".+()|{}$")


class BadPattern(ValueError):
    """El patrón está mal escrito; el texto dice por qué, en español."""


@dataclass(frozen=True)
class Pattern:
    """Un patrón ya limpio. ``broken`` dice por qué no se puede comparar con nada, o ``""``.

    El motor solo se queja de un patrón con ``broken`` cuando le toca compararlo con una ruta.
    """

    text: str
    broken: str
    _regex: re.Pattern[str] | None = field(repr=False, compare=False)
    _folders: tuple[re.Pattern[str], ...] = field(repr=False, compare=False)
    _deep: bool = field(repr=False, compare=False)

    def matches(self, path: str) -> bool:
        """Si encaja con ``path`` entera (relativa, con ``/``).

        Raises:
            BadPattern: no se puede comparar.
        """
        if self._regex is None:
            raise BadPattern(self.broken)
        return self._regex.match(path) is not None

    @property
    def prefix(self) -> str | None:
        """La carpeta o el archivo que nombra, sin un ``/**`` y un ``/*`` finales; ``None`` si no es fijo."""
        fixed = self.text.removesuffix("/**").removesuffix("/*")
        return None if set("*[]?^\\") & set(fixed) else fixed

    def may_match_under(self, folder: str) -> bool:
        """Si puede encajar con algo de dentro de ``folder``; ante la duda, sí."""
        parts = folder.split("/")
        for part, wanted in zip(parts, self._folders, strict=False):
            if not wanted.fullmatch(part):
                return False
        return self._deep or len(parts) < len(self._folders)


def clean(path: str) -> str:
    """La ruta más corta equivalente, como ``filepath.Clean`` de Go."""
    return posixpath.normpath(re.sub("^/+", "/", path))


def native(path: str, *, windows: bool = os.name == "nt") -> str:
    """La ruta con ``/``: en Windows la barra invertida separa carpetas y no escapa nada."""
    return path.replace("\\", "/") if windows else path


def read_pattern(text: str) -> Pattern:
    """Prepara un patrón, ya limpio y sin «!».

    Raises:
        BadPattern: está mal escrito y el motor no lo aceptaría ni antes de compararlo.
    """
    _check(text)
    segments = text.split("/")
    simple = next((n for n, part in enumerate(segments) if not _SIMPLE.fullmatch(part)), len(segments))
    folders = tuple(compile_go(_expression(part)[0]) for part in segments[:simple])
    deep = simple < len(segments)
    expression, special = _expression(text)
    try:
        if special:
            regex = compile_go(expression)
        elif text.startswith("**"):
            tail = text[2:]
            loose = f"|{re.escape(tail[1:])}" if tail.startswith("/") else ""
            regex = re.compile(rf"(?s:.*{re.escape(tail)}{loose})\Z")
        elif text.endswith("**"):
            regex = re.compile(re.escape(text[:-2]))
        else:
            regex = re.compile(rf"{re.escape(text)}\Z")
    except BadRegex as error:
        return Pattern(text, str(error), None, folders, deep)
    return Pattern(text, "", regex, folders, deep)


def _expression(text: str) -> tuple[str, bool]:
    """La expresión de Go en que el motor convierte el patrón, y si hace falta (o basta comparar textos)."""
    out, special, at = "^", False, 0
    literal = True  # lo leído hasta aquí no tiene nada especial
    while at < len(text):
        char = text[at]
        at += 1
        if char == "*" and text[at : at + 1] == "*":
            opening = at == 1
            at += 1
            at += text[at : at + 1] == "/"
            if at < len(text):
                out, special = f"{out}(.*/)?", not opening
            elif not literal:
                out, special = f"{out}.*", True
            literal = False
        elif char in "*?":
            out, special, literal = out + ("[^/]*" if char == "*" else "[^/]"), True, False
        elif char == "\\" and at < len(text):
            out, special, literal = f"{out}\\{text[at]}", True, False
            at += 1
        elif char in "[]":
            out, special, literal = out + char, True, False
        else:
            out += f"\\{char}" if char in _TO_ESCAPE else char
    return f"{out}$", special


def _check(text: str) -> None:
    """Lanza ``BadPattern`` si ``filepath.Match`` de Go no acepta el patrón al compararlo con «.».

    Es como lo comprueba el motor, y solo mira un trozo (hasta el siguiente ``*``), o dos si el primero encaja
    con «.»: lo mal escrito más allá se nota, si acaso, al comparar.
    """
    rest, first = text, True
    while rest:
        rest = rest.lstrip("*")
        end = _chunk_end(rest)
        is_dot = _check_chunk(rest[:end])
        if not (first and is_dot):
            return
        rest, first = rest[end:], False


def _chunk_end(text: str) -> int:
    inside, at = False, 0
    while at < len(text):
        char = text[at]
        if char == "*" and not inside:
            break
        inside = char == "[" or (inside and char != "]")
        at += 2 if char == "\\" else 1
    return min(at, len(text))


def _check_chunk(chunk: str) -> bool:
    """Comprueba un trozo sin ``*``; dice si es justo un carácter que encaja con «.»."""
    at, pieces, is_dot = 0, 0, False
    while at < len(chunk):
        char, begin = chunk[at], at
        at += 1
        pieces += 1
        if char == "\\":
            if at == len(chunk):
                raise BadPattern("una «\\» al final no tiene nada detrás")
            is_dot = chunk[at] == "."
            at += 1
        elif char == "[":
            negated = chunk[at : at + 1] == "^"
            at += negated
            start, found = at, False
            while start == at or chunk[at : at + 1] != "]":
                low, at = _class_char(chunk, begin, at)
                high = low
                if chunk[at] == "-":
                    high, at = _class_char(chunk, begin, at + 1)
                found |= low <= "." <= high
            is_dot = found != negated
            at += 1
        else:
            is_dot = char in ".?"
    return pieces == 1 and is_dot


def _class_char(chunk: str, begin: int, at: int) -> tuple[str, int]:
    """El carácter de una clase que empieza en ``at``, y dónde acaba."""
    if chunk[at : at + 1] in ("-", "]"):
        raise BadPattern(f"en «{chunk[begin : at + 1]}» falta un carácter antes de «{chunk[at]}»")
    at += chunk[at : at + 1] == "\\"
    if at + 1 >= len(chunk):
        raise BadPattern(f"«{chunk[begin:]}» abre un «[» que no se cierra")
    return chunk[at], at + 1
