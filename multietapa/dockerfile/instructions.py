"""Parte un Dockerfile en directivas e instrucciones, cada una con su línea.

Une las continuaciones, salta los comentarios y entiende los heredocs y la directiva ``# escape=``.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NoReturn

from multietapa.errors import DockerfileError
from multietapa.keywords import INSTRUCTIONS
from multietapa.text import join

_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})
_DIRECTIVE = re.compile(r"^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"^\d*<<(-?)([\"']?)([A-Za-z_][A-Za-z0-9_.]*)\2$")
_WORD = re.compile(r"(?:[^\s\"']|\"(?:\\.|[^\"\\])*\"?|'[^']*'?)+")
_VARIABLE = re.compile(r"\\\$|\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?:(:?[-+])([^}]*))?\})")


@dataclass(frozen=True)
class Instruction:
    """Una instrucción: de la línea ``line`` a la ``end_line`` (desde 1), ya unidas sus continuaciones.

    ``flags`` son sus ``--nombre=valor`` en orden; ``arguments`` el resto del texto; ``heredocs`` los
    terminadores de los documentos que lleva dentro.
    """

    keyword: str
    arguments: str
    line: int
    end_line: int
    flags: tuple[tuple[str, str], ...] = ()
    heredocs: tuple[str, ...] = ()

    def flag(self, name: str) -> str:
        """El valor de ``--name`` o ``""``."""
        return next((value for key, value in self.flags if key == name), "")

    @property
    def text(self) -> str:
        """La instrucción en una línea, con sus ``--nombre=valor``."""
        flags = (f"--{key}={value}" if value else f"--{key}" for key, value in self.flags)
        return " ".join([self.keyword, *flags, self.arguments]).strip()

    @property
    def froms(self) -> tuple[str, ...]:
        """De qué etapas o imágenes copia (``COPY --from`` y ``RUN --mount=...,from=``)."""
        found = [self.flag("from")] if self.keyword in ("COPY", "ADD") else []
        for key, value in self.flags:
            if key == "mount":
                found += [part[5:] for part in value.split(",") if part.startswith("from=")]
        return tuple(name for name in found if name)


def expand(text: str, env: Mapping[str, str]) -> str:
    """Sustituye ``$X``, ``${X}``, ``${X:-otro}`` y ``${X:+otro}``; lo que no existe queda vacío."""

    def replace(match: re.Match[str]) -> str:
        if match.group(0) == "\\$":
            return "$"
        name, operator, other = match.group(1) or match.group(2), match.group(3) or "", match.group(4) or ""
        value = env.get(name)
        present = bool(value) if operator.startswith(":") else value is not None
        if operator.endswith("-"):
            return value or "" if present else expand(other, env)
        if operator.endswith("+"):
            return expand(other, env) if present else ""
        return value or ""

    return _VARIABLE.sub(replace, text)


def words(text: str) -> list[str]:
    """Parte por espacios, respetando las comillas (que se quedan puestas)."""
    return _WORD.findall(text)


def unquote(text: str) -> str:
    """Quita las comillas que rodean un valor."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def directives(lines: tuple[str, ...]) -> dict[str, str]:
    """Las directivas del principio (``syntax``, ``escape``, ``check``); en otro sitio son comentarios."""
    found: dict[str, str] = {}
    for line in lines:
        match = _DIRECTIVE.match(line.strip())
        if not match or match.group(1).lower() not in ("syntax", "escape", "check"):
            break
        found[match.group(1).lower()] = match.group(2)
    return found


def scan(lines: tuple[str, ...], escape: str) -> Iterator[Instruction]:
    """Las instrucciones en orden. Lanza ``DockerfileError`` si un heredoc no se cierra."""
    continued = re.compile(rf"(?<!{re.escape(escape)}){re.escape(escape)}[ \t]*$")
    at = 0
    while at < len(lines):
        if not lines[at].strip() or lines[at].lstrip().startswith("#"):
            at += 1
            continue
        start, body, more = at, "", True
        while more and at < len(lines):
            line = lines[at]
            at += 1
            if body and (not line.strip() or line.lstrip().startswith("#")):
                continue
            piece = line if body else line.lstrip()
            match = continued.search(piece)
            more = match is not None
            body += piece[: match.start()] if match else piece
        keyword, _, rest = body.strip().replace("\t", " ", 1).partition(" ")
        keyword, rest = keyword.upper(), rest.strip()
        flags, arguments = _flags(rest) if keyword not in ("ENV", "LABEL", "ARG") else ((), rest)
        heredocs: list[str] = []
        if keyword in _WITH_HEREDOC:
            for word in words(arguments):
                found = _HEREDOC.match(word)
                if found:
                    heredocs.append(found.group(3))
                    at = _skip_heredoc(lines, at, found.group(3), bool(found.group(1)), start)
        yield Instruction(keyword, arguments, start + 1, at, flags, tuple(heredocs))


def _skip_heredoc(lines: tuple[str, ...], at: int, end: str, dashed: bool, start: int) -> int:
    for n in range(at, len(lines)):
        if (lines[n].lstrip("\t") if dashed else lines[n]) == end:
            return n + 1
    fail(
        lines,
        start + 1,
        f"El documento «<<{end}» no se cierra.",
        next_step=f"Escribe «{end}» solo en una línea, al principio, donde el documento termina.",
    )


def _flags(text: str) -> tuple[tuple[tuple[str, str], ...], str]:
    found: list[tuple[str, str]] = []
    while text.startswith("--"):
        match = _WORD.match(text)
        assert match is not None
        if match.group(0) == "--":
            return tuple(found), text[2:].lstrip()
        key, _, value = match.group(0)[2:].partition("=")
        found.append((key, unquote(value)))
        text = text[match.end() :].lstrip()
    return tuple(found), text


def check(lines: tuple[str, ...], instruction: Instruction, *, lenient: bool) -> None:
    """Comprueba la forma de una instrucción; con ``lenient`` deja pasar las que no conoce."""
    keyword = instruction.keyword
    if keyword not in INSTRUCTIONS:
        if lenient:
            return
        close = difflib.get_close_matches(keyword, INSTRUCTIONS, n=1, cutoff=0.5)
        hint = f"¿Querías escribir «{close[0]}»?" if close else f"Las que hay son {join(INSTRUCTIONS)}."
        fail(lines, instruction.line, f"«{keyword}» no es una instrucción de Dockerfile.", next_step=hint)
    if not instruction.arguments and not instruction.heredocs:
        fail(lines, instruction.line, f"A «{keyword}» le falta lo que va detrás.")
    if keyword == "ENV" and len(words(instruction.arguments)) == 1 and "=" not in instruction.arguments:
        fail(
            lines,
            instruction.line,
            "A la variable le falta su valor.",
            next_step="Escribe «ENV CLAVE=valor».",
        )
    if keyword in ("COPY", "ADD") and len(copy_paths(instruction)) < 2:
        why = f"«{keyword}» necesita al menos un origen y un destino, y solo hay un nombre."
        fail(lines, instruction.line, why, next_step=f"Escribe «{keyword} origen destino».")


def copy_paths(instruction: Instruction) -> list[str]:
    """Los orígenes y, al final, el destino de un ``COPY`` o un ``ADD``."""
    if instruction.arguments.startswith("["):
        try:
            return [str(item) for item in json.loads(instruction.arguments)]
        except ValueError:
            pass
    return [unquote(word) for word in words(instruction.arguments)]


def fail(lines: tuple[str, ...], line: int, why: str, *, next_step: str = "") -> NoReturn:
    """Lanza el ``DockerfileError`` de una línea, con su texto."""
    raise DockerfileError(
        f"El Dockerfile no se entiende en la línea {line}.",
        why=why,
        detail=f"{line} | {lines[line - 1].strip()}",
        next_step=next_step or f"Corrige la línea {line} y vuelve a construir.",
        line=line,
    )
