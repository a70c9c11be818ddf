"""Parte un Dockerfile en directivas e instrucciones, cada una con su línea.

Une las continuaciones, salta los comentarios y entiende los heredocs y la directiva ``# escape=``.
"""

from __future__ import annotations

import csv
import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NoReturn

from multietapa.dockerfile.shell import SPACES, Lexer, WordError, split_words
from multietapa.errors import DockerfileError
from multietapa.keywords import INSTRUCTIONS, SPANISH
from multietapa.text import join

_WITH_HEREDOC = frozenset({"RUN", "COPY", "ADD"})
_DIRECTIVE = re.compile(r"^#\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(.+?)\s*$")
_HEREDOC = re.compile(r"\d*<<(-?)\s*([^<]*)", re.ASCII)
_GAP = re.compile(r"[\t\v\f\r ]+")
_TAKE_NOTHING = ("tmpfs", "secret", "ssh")
_NEVER_ARMED = ("ONBUILD", "FROM", "MAINTAINER")
_MAY_BE_EMPTY = frozenset({"RUN", "CMD", "ENTRYPOINT"})


@dataclass(frozen=True)
class Instruction:
    """Una instrucción: de la línea ``line`` a la ``end_line`` (desde 1), ya unidas sus continuaciones.

    ``flags`` son sus ``--nombre=valor`` en orden; ``arguments`` el resto del texto; ``heredocs`` los
    terminadores de los documentos que lleva dentro; ``trigger``, lo que un ``ONBUILD`` deja preparado para
    las etapas que parten de la suya, con la línea de él.
    """

    keyword: str
    arguments: str
    line: int
    end_line: int
    flags: tuple[tuple[str, str], ...] = ()
    heredocs: tuple[str, ...] = ()
    trigger: Instruction | None = None

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
        """De qué etapas o imágenes toma algo (``COPY --from`` y ``RUN --mount=...,from=``)."""
        found = [self.flag("from")] if self.keyword == "COPY" else []
        if self.keyword == "RUN":
            found += (mount_origin(mount_fields(value)) for key, value in self.flags if key == "mount")
        return tuple(name for name in found if name)


def mount_fields(value: str) -> dict[str, str]:
    """Los ``clave=valor`` de un ``--mount``, que se escriben como una línea de CSV."""
    pairs = (field.partition("=") for row in csv.reader([value]) for field in row)
    return {key.strip().lower(): text for key, _, text in pairs}


def mount_origin(fields: dict[str, str]) -> str:
    """De qué etapa o imagen toma algo un ``--mount``, o ``""``: un tmpfs y el agente no miran su ``from``."""
    return "" if fields.get("type", "").lower() in _TAKE_NOTHING else fields.get("from", "")


def heredocs(line: str) -> list[tuple[str, bool]]:
    """Los documentos que abre una instrucción ya unida: su terminador y si se le quitan los tabuladores."""
    lexer = Lexer({}, raw_quotes=True, raw_escapes=True, keep_unset=True)
    found = []
    try:
        for word in lexer.words(line):
            match = _HEREDOC.fullmatch(word)
            names = Lexer({}, keep_unset=True).words(match[2]) if match else []
            if match and len(names) == 1:
                found.append((names[0], bool(match[1])))
    except WordError:  # una comilla sin cerrar: BuildKit tampoco ve ningún documento
        return []
    return found


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
        keyword, flags, arguments = _split(body, escape)
        names: list[str] = []
        for name, dashed in heredocs(body) if _may_open(keyword, arguments, escape) else ():
            names.append(name)
            at = _skip_heredoc(lines, at, name, dashed, start)
        armed = None
        if keyword == "ONBUILD":
            inner, own, rest = _split(arguments, escape)
            armed = Instruction(inner, rest, start + 1, at, own, tuple(names))
        yield Instruction(keyword, arguments, start + 1, at, flags, tuple(names), armed)


def _split(body: str, escape: str) -> tuple[str, tuple[tuple[str, str], ...], str]:
    """La palabra clave, sus ``--nombre=valor`` y el resto."""
    keyword, *rest = _GAP.split(body.strip(SPACES), maxsplit=1)
    keyword, text = keyword.upper(), rest[0] if rest else ""
    flags, arguments = _flags(text, escape) if keyword not in ("ENV", "LABEL", "ARG") else ((), text)
    return keyword, flags, arguments.strip(SPACES)


def _may_open(keyword: str, arguments: str, escape: str) -> bool:
    """Si una instrucción puede abrir documentos: también detrás de ``ONBUILD``, y nunca una lista."""
    if keyword == "ONBUILD":
        keyword, _, arguments = _split(arguments, escape)
    return keyword in _WITH_HEREDOC and json_list(arguments) is None


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


def _flags(text: str, escape: str) -> tuple[tuple[tuple[str, str], ...], str]:
    found: list[tuple[str, str]] = []
    while text.startswith("--"):
        word, quote, at = "", "", 0
        while at < len(text) and (quote or text[at] not in SPACES):
            char = text[at]
            at += 1
            if char == quote or (not quote and char in "\"'"):
                quote = "" if quote else char
                continue
            if char == escape:
                char = text[at : at + 1]
                at += 1
            word += char
        text = text[at:].lstrip(SPACES)
        if word == "--":
            break
        key, _, value = word[2:].partition("=")
        found.append((key, value))
    return tuple(found), text


def check(lines: tuple[str, ...], instruction: Instruction, *, lenient: bool) -> None:
    """Comprueba la forma de una instrucción; con ``lenient`` deja pasar las que no conoce."""
    keyword = instruction.keyword
    if keyword not in INSTRUCTIONS:
        if lenient:
            return
        meant = SPANISH.get(keyword) or next(
            iter(difflib.get_close_matches(keyword, INSTRUCTIONS, n=1, cutoff=0.5)), ""
        )
        hint = f"¿Querías escribir «{meant}»?" if meant else f"Las que hay son {join(INSTRUCTIONS)}."
        fail(lines, instruction.line, f"«{keyword}» no es una instrucción de Dockerfile.", next_step=hint)
    if not instruction.arguments and keyword not in _MAY_BE_EMPTY:
        fail(lines, instruction.line, f"A «{keyword}» le falta lo que va detrás.")
    if keyword == "ENV" and len(split_words(instruction.arguments)) == 1 and "=" not in instruction.arguments:
        fail(
            lines,
            instruction.line,
            "A la variable le falta su valor.",
            next_step="Escribe «ENV CLAVE=valor».",
        )
    if instruction.trigger and instruction.trigger.keyword in _NEVER_ARMED:
        why = f"«ONBUILD» no puede dejar preparado un «{instruction.trigger.keyword}»."
        fail(lines, instruction.line, why, next_step="Quita esa línea, o prepara otra instrucción.")
    if keyword == "ADD" and instruction.flag("from") and not lenient:
        tip = "Para tomar archivos de otra etapa o de una imagen, escribe «COPY --from=...»."
        fail(lines, instruction.line, "«ADD» no tiene «--from»: eso es de «COPY».", next_step=tip)
    if keyword in ("COPY", "ADD") and len(copy_paths(instruction)) < 2:
        why = f"«{keyword}» necesita al menos un origen y un destino, y solo hay un nombre."
        fail(lines, instruction.line, why, next_step=f"Escribe «{keyword} origen destino».")


def copy_paths(instruction: Instruction) -> list[str]:
    """Los orígenes y, al final, el destino de un ``COPY`` o un ``ADD``, sin comillas."""
    listed = json_list(instruction.arguments)
    if listed is not None:
        return listed
    found = []
    for word in filter(None, _GAP.split(instruction.arguments)):
        try:
            found.append(Lexer({}, keep_unset=True).word(word))
        except WordError:
            found.append(word)
    return found


def json_list(text: str) -> list[str] | None:
    """La lista de textos que es ``text``, o ``None`` si no lo es."""
    try:
        found = json.loads(text.strip(SPACES)) if text.startswith("[") else None
    except ValueError:
        return None
    return found if isinstance(found, list) and all(isinstance(item, str) for item in found) else None


def fail(lines: tuple[str, ...], line: int, why: str, *, next_step: str = "") -> NoReturn:
    """Lanza el ``DockerfileError`` de una línea, con su texto."""
    raise DockerfileError(
        f"El Dockerfile no se entiende en la línea {line}.",
        why=why,
        detail=f"{line} | {lines[line - 1].strip()}",
        next_step=next_step or f"Corrige la línea {line} y vuelve a construir.",
        line=line,
    )
