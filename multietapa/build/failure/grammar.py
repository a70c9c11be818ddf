"""Un Dockerfile que el motor no entiende: en qué línea, y por qué."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from multietapa.build.failure.case import Case, dockerfile_error, where
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.words import Word, words_of
from multietapa.errors import BuildError, MultietapaError

_SYNTAX = re.compile(r"^(?:dockerfile )?parse error (?:on )?line (\d+): (.*)$", re.IGNORECASE | re.DOTALL)
_WORD = re.compile(r"^failed to process (?P<word>\".*\"): (?P<why>.*)$", re.DOTALL)
_HEREDOC_FILE = re.compile(
    r"^(?:failed to compute cache key|checking on sources under).*\"/<<-?[^\"]*\"", re.DOTALL
)
_PODMAN_UNKNOWN = re.compile(r"^Build error: Unknown instruction: \"(\w+)\"")
_BLANK = re.compile(r"^base name \((.*?)\) should not be blank$")
_STAGE_BASE = re.compile(r"^failed to parse stage name \"(.*?)\": ")
_FORM = re.compile(
    r"must have|requires|invalid reference format|invalid stage index|unknown flag|unsupported mount type"
    r"|must be a directory and end with|cannot be empty|can't find =|names can not be blank|invalid from flag"
    r"|failed to parse",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Value:
    """Un valor que el motor rechaza sin decir su línea: su frase, si es de una palabra, y lo que le pasa."""

    pattern: re.Pattern[str]
    fits: Callable[[Word, str], bool]
    why: str


def _is(word: Word, keyword: str) -> bool:
    return not word.flag and word.instruction.keyword == keyword


_PORT = "«{}» no es un puerto: va un número del 1 al 65535 y, si acaso, «/tcp» o «/udp»."
VALUES = (
    Value(
        re.compile(r"^invalid port: \"(.*?)\": ", re.IGNORECASE),
        lambda word, said: _is(word, "EXPOSE") and word.value == said,
        _PORT,
    ),
    Value(
        re.compile(r"^invalid (?:containerPort|hostPort|proto|range|port)\w*: (.*)$", re.IGNORECASE),
        lambda word, said: _is(word, "EXPOSE") and said in (word.value, *word.value.split("/")),
        _PORT,
    ),
    Value(
        re.compile(r"^invalid signal: (.*)$", re.IGNORECASE),
        lambda word, said: _is(word, "STOPSIGNAL") and word.value == said,
        "«{}» no es una señal; una es «SIGTERM».",
    ),
    Value(
        re.compile(r"^(?:invalid syntax|invalid chmod parameter: .*)()$"),
        lambda word, _: word.flag == "chmod" and not re.fullmatch("[0-7]+", word.value),
        "Los permisos de «--chmod» van en cifras octales, como «--chmod=755».",
    ),
    Value(
        re.compile(r"^unsupported mount type \"(.*?)\"$"),
        lambda word, said: word.flag == "mount" and f"type={said}" in word.value.split(","),
        "«type={}» no es una clase de «--mount»: las que hay son bind, cache, tmpfs, secret y ssh.",
    ),
    Value(
        re.compile(r"^checksum requires ()"),
        lambda word, _: word.flag == "checksum",
        "«--checksum» solo vale con una dirección «https://» o de Git.",
    ),
    Value(
        re.compile(r"^failed to parse platform (.*?): "),
        lambda word, said: word.flag == "platform" and word.value == said,
        "«{}» no es una plataforma; una es «linux/amd64».",
    ),
)


def unknown_heredoc(case: Case) -> MultietapaError | None:
    """El constructor de un motor antiguo lee el texto de un documento como si fueran instrucciones."""
    if case.source is None:
        return None
    instructions = case.source.instructions
    found: Instruction | None = None
    if syntax := _SYNTAX.match(case.words):
        line = int(syntax[1])
        found = next((i for i in instructions if i.heredocs and i.line < line <= i.end_line), None)
    elif _HEREDOC_FILE.match(case.words) or _PODMAN_UNKNOWN.match(case.words):
        asked = case.instruction
        found = asked if asked and asked.heredocs else next((i for i in instructions if i.heredocs), None)
    if found is None:
        return None
    return BuildError(
        f"El constructor de este motor no conoce los documentos «<<{found.heredocs[0]}»{where(found.line)}.",
        why="Los heredocs llegaron en 2021, y el constructor de este motor es anterior.",
        next_step="Une las órdenes con «&&», o copia el archivo. En Docker, con conexión, vale empezar "
        "por la línea «# syntax=docker/dockerfile:1», que trae un lector más nuevo.",
        detail=f"{found.line} | {case.source.line_text(found.line).strip()}\n{case.reason}",
        line=found.line,
    )


def syntax(case: Case) -> MultietapaError | None:
    """El motor dice la línea que no entiende."""
    found = _SYNTAX.match(case.words)
    return _wrong(case, int(found[1]), found[2]) if found else None


def word(case: Case) -> MultietapaError | None:
    """Una palabra con comillas o variables que no se puede leer. El motor la cita sin decir su línea."""
    found = _WORD.match(case.words)
    if found is None:
        return None
    text = _unquoted(found["word"])
    guilty = _first(case, lambda w: w.text == text and bool(w.problem)) or _first(
        case, lambda w: w.text == text
    )
    if guilty and guilty.problem:
        return dockerfile_error(
            case.source, guilty.instruction.line, f"En «{text}», {guilty.problem}.", detail=case.reason
        )
    return _wrong(case, guilty.instruction.line if guilty else case.line, case.words)


def base_name(case: Case) -> MultietapaError | None:
    """El nombre de la imagen de un ``FROM`` está vacío o no vale."""
    if blank := _BLANK.match(case.words):
        why = f"«{blank[1]}» está vacío: ningún «ARG» anterior al primer «FROM» le da valor."
        return dockerfile_error(case.source, _from_line(case, blank[1]), why)
    name = _STAGE_BASE.match(case.words)
    if name or re.search(r"(?:^|: )invalid reference format$", case.words):
        why = "El nombre de la imagen no es válido: va en minúsculas y con «:» antes de la versión."
        return dockerfile_error(case.source, _from_line(case, name[1]) if name else case.line, why)
    return None


def value(case: Case) -> MultietapaError | None:
    """El valor de una instrucción no vale: un puerto, una señal, unos permisos."""
    for kind in VALUES:
        if found := kind.pattern.match(case.words):
            guilty = None if case.line else _first(case, partial(_says, kind, found[1]))
            line = guilty.instruction.line if guilty else case.line
            return dockerfile_error(case.source, line, kind.why.format(found[1]), detail=case.reason)
    return None


def _says(kind: Value, said: str, word: Word) -> bool:
    return kind.fits(word, said)


def form(case: Case) -> MultietapaError | None:
    """Otra queja de la forma del Dockerfile."""
    return _wrong(case, case.line, case.words) if _FORM.search(case.words) else None


def _wrong(case: Case, line: int | None, said: str) -> MultietapaError:
    return dockerfile_error(case.source, line, f"El motor dice: {said.strip()}")


def _first(case: Case, fits: Callable[[Word], bool]) -> Word | None:
    words = words_of(case.source, case.target) if case.source else ()
    return next(filter(fits, words), None)


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]


def _from_line(case: Case, base: str) -> int | None:
    stages = case.source.stages if case.source else ()
    return next((s.line for s in stages if s.image == base), stages[0].line if len(stages) == 1 else None)
