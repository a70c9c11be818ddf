"""Las palabras de un Dockerfile, como las lee BuildKit: comillas, escapes y variables.

Entiende lo mismo que él (``frontend/dockerfile/shell``): ``$X``, ``${X}``, ``${X:-otro}``, ``${X:+otro}``,
``${X:?falta}``, ``${X#patrón}``, ``${X%patrón}``, ``${X/patrón/otro}``, anidados y con comillas.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

#: Lo que Go llama espacio (no es lo mismo que para Python, que añade los separadores de ASCII).
SPACES = "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
SPACES += "\u2028\u2029\u202f\u205f\u3000"
_PARAMETERS = "@*#?-$!0"


class WordError(ValueError):
    """La palabra no se puede leer; el texto dice por qué, en español."""


@dataclass
class Lexer:
    """Lee palabras con las variables de ``env``.

    ``escape`` es el carácter de escape; ``raw_quotes`` y ``raw_escapes`` dejan puestas comillas y escapes;
    ``keep_unset`` deja tal cual las variables que no existen. ``unset`` reúne las que no existían.
    """

    env: Mapping[str, str]
    escape: str = "\\"
    raw_quotes: bool = False
    raw_escapes: bool = False
    keep_unset: bool = False
    unset: list[str] = field(default_factory=list)
    _text: str = ""
    _at: int = 0
    _word: str = ""

    def word(self, text: str) -> str:
        """``text`` entero, como una sola palabra. Lanza ``WordError``."""
        self._text, self._at = text, 0
        return self._until("", self.raw_escapes)[0]

    def words(self, text: str) -> list[str]:
        """``text`` partido por los espacios que no van entre comillas ni escapados. Lanza ``WordError``."""
        self._text, self._at = text, 0
        return self._until("", self.raw_escapes)[1]

    def _peek(self) -> str:
        return self._text[self._at : self._at + 1]

    def _next(self) -> str:
        char = self._peek()
        self._at += 1 if char else 0
        return char

    def _until(self, stop: str, raw: bool) -> tuple[str, list[str]]:
        """Lee hasta ``stop`` (o el final): el texto y sus palabras."""
        before, self.raw_escapes = self.raw_escapes, raw
        try:
            return self._read(stop)
        finally:
            self.raw_escapes = before

    def _read(self, stop: str) -> tuple[str, list[str]]:
        special = {"$": self._dollar, "<": self._heredoc, "'": self._single, '"': self._double}
        result: list[str] = []
        words: list[str] = []
        self._word = ""  # también BuildKit usa una para todos los niveles: «a${X:-b}» pierde la «a»
        while char := self._peek():
            if char == stop:
                self._at += 1
                break
            splits = char == "$"
            if char in special:
                piece = special[char]()
            else:
                piece = self._next()
                splits = piece != self.escape
                if not splits:
                    piece = (piece if self.raw_escapes else "") + self._next()
            self._add(piece, words, splits)
            result.append(piece)
        else:
            if stop:
                raise WordError(f"falta una «{stop}»")
        self._end_word(words)
        return "".join(result), words

    def _add(self, text: str, words: list[str], splits: bool) -> None:
        for char in text:
            if splits and char in SPACES:
                self._end_word(words)
            else:
                self._word += char

    def _end_word(self, words: list[str]) -> None:
        words += [self._word] if self._word else []
        self._word = ""

    def _single(self) -> str:
        end = self._text.find("'", self._at + 1)
        if end < 0:
            raise WordError("hay una comilla simple que no se cierra")
        inside, self._at = self._text[self._at + 1 : end], end + 1
        return f"'{inside}'" if self.raw_quotes else inside

    def _double(self) -> str:
        quote = self._next() if self.raw_quotes else self._next()[1:]
        result = quote
        while char := self._peek():
            if char == '"':
                self._at += 1
                return result + quote
            if char == "$":
                result += self._dollar()
                continue
            self._at += 1
            if char != self.escape:
                result += char
                continue
            result += char if self.raw_escapes else ""
            after = self._peek()
            if after and after in f'"${self.escape}':
                result += self._next()
            elif after:
                result += char
        raise WordError("hay una comilla doble que no se cierra")

    def _heredoc(self) -> str:
        """``<<`` y los espacios que le siguen no separan palabras."""
        self._at += 1
        if self._peek() != "<":
            return "<"
        start = self._at + 1
        self._at = start
        while self._peek() and self._peek() in "\t\r ":
            self._at += 1
        return "<<" + self._text[start : self._at]

    def _name(self) -> str:
        rest = self._text[self._at :]
        if rest[:1].isdecimal():
            length = next((n for n, char in enumerate(rest) if not char.isdecimal()), len(rest))
        elif rest[:1] and rest[0] in _PARAMETERS:
            length = 1
        else:
            named = (
                n for n, char in enumerate(rest) if not (char.isalpha() or char.isdecimal() or char == "_")
            )
            length = next(named, len(rest))
        self._at += length
        return rest[:length]

    def _value(self, name: str) -> str | None:
        value = self.env.get(name)
        if value is None and name not in self.unset:
            self.unset.append(name)
        return value

    def _dollar(self) -> str:
        self._at += 1
        if self._peek() != "{":
            name = self._name()
            if not name:
                return "$"
            value = self._value(name)
            return f"${name}" if value is None and self.keep_unset else value or ""
        self._at += 1
        if not self._peek():
            raise WordError("falta la «}» que cierra «${»")
        if self._peek() in "{}:":
            raise WordError("a «${» le falta el nombre de la variable")
        name = self._name()
        sign = self._next()
        if sign == "}":
            value = self._value(name)
            return f"${{{name}}}" if value is None and self.keep_unset else value or ""
        if sign == "/":
            return self._replaced(name)
        colon = sign == ":"
        if colon:
            sign = self._next()
        if not sign:
            raise WordError("falta la «}» que cierra «${»")
        written = f":{sign}" if colon else sign
        if (not colon and sign not in tuple("+-?#%")) or (colon and sign in ("#", "%")):
            raise WordError(f"«{written}» no se puede usar en «${{{name}{written}}}»")
        word = self._closed("}", raw=sign in ("#", "%"), missing="}")
        value = self._value(name)
        if value is None and self.keep_unset:
            return f"${{{name}{written}{word}}}"
        if sign not in tuple("+-?#%"):
            raise WordError(f"«{written}» no se puede usar en «${{{name}{written}}}»")
        return self._chosen(name, sign, word, value, colon)

    def _chosen(self, name: str, sign: str, word: str, value: str | None, colon: bool) -> str:
        """Lo que vale ``${name<sign>word}``."""
        present = bool(value) if colon else value is not None
        if sign == "-":
            return value or "" if present else word
        if sign == "+":
            return word if present else ""
        if sign == "?":
            if not present:
                state = "no tiene valor" if value is None else "está vacía"
                raise WordError(f"la variable «{name}» {state}{f': {word}' if word else ''}")
            return value or ""
        longest = word.startswith(sign)
        pattern = word[1:] if longest else word
        if sign == "#":
            return _trimmed(pattern, value or "", longest)
        return _trimmed(_reversed(pattern), (value or "")[::-1], longest)[::-1]

    def _closed(self, stop: str, *, raw: bool, missing: str) -> str:
        try:
            return self._until(stop, raw)[0]
        except WordError:
            if not self._peek():
                raise WordError(f"falta la «{missing}» de «${{…}}»") from None
            raise

    def _replaced(self, name: str) -> str:
        everywhere = self._peek() == "/"
        self._at += everywhere
        pattern = self._closed("/", raw=True, missing="/")
        replacement = self._closed("}", raw=True, missing="}")
        value = self._value(name)
        if value is None and self.keep_unset:
            return f"${{{name}/{pattern}/{replacement}}}"
        regex = _regex(pattern, longest=True)
        if everywhere:
            return _replace_all(regex, value or "", replacement)
        return regex.sub(lambda _: replacement, value or "", count=1)


def _regex(pattern: str, *, longest: bool) -> re.Pattern[str]:
    out, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        at += 1
        if char == "\\":
            after = pattern[at : at + 1]
            if after in ("}", "/"):
                continue
            if after not in ("*", "?", "\\"):
                raise WordError(f"en el patrón «{pattern}», «\\{after}» no significa nada")
            out += f"\\{after}"
            at += 1
        else:
            out += {"*": ".*" if longest else ".*?", "?": "."}.get(char, re.escape(char))
    return re.compile(out)


def _trimmed(pattern: str, value: str, longest: bool) -> str:
    found = _regex(pattern, longest=longest).match(value)
    return value[found.end() :] if found else value


def _reversed(pattern: str) -> str:
    """El patrón al revés, sin separar cada «\\» de lo que escapa."""
    return "".join(reversed(re.findall(r"\\.|.", pattern, re.DOTALL)))


def _replace_all(regex: re.Pattern[str], value: str, replacement: str) -> str:
    """Todas las veces, como Go: una coincidencia vacía pegada a la anterior no cuenta."""
    out, at, last = "", 0, -1
    for found in regex.finditer(value):
        if found.end() == found.start() == last:
            continue
        out += value[at : found.start()] + _GROUP.sub(_group(found), replacement)
        at = last = found.end()
    return out + value[at:]


_GROUP = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")


def _group(found: re.Match[str]) -> Callable[[re.Match[str]], str]:
    """En el reemplazo de Go, ``$0`` es lo encontrado, ``$$`` un dólar y cualquier otro grupo no existe."""

    def value(match: re.Match[str]) -> str:
        if match[1]:
            return "$"
        name = match[2] or match[3]
        return found[0] if name == "0" else ""

    return value


def split_words(text: str, escape: str = "\\") -> list[str]:
    """Parte por espacios fuera de comillas; comillas y escapes se quedan puestos (``ARG``, ``ENV``)."""
    mark = re.escape(escape)
    gap, single = f"[^{re.escape(SPACES)}]", r"'[^']*(?:'|\Z)"
    double = rf'"(?:{mark}[\s\S]|[^"{mark}])*(?:"|{mark}?\Z)'
    found = re.findall(rf"(?:{mark}[\s\S]|{single}|{double}|{gap})+", text)
    return [word for word in found if word]
