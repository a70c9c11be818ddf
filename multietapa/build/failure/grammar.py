"""Un Dockerfile que el motor no entiende: en qué línea, y por qué."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
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
#: Lo que el motor rechaza citando un valor (o sin citarlo), y en qué instrucciones puede estar.
_VALUES: tuple[tuple[re.Pattern[str], Callable[[Word, str], bool]], ...] = (
    (re.compile(r"^invalid port: \"(.*?)\": ", re.I), lambda w, said: _is(w, "EXPOSE") and w.value == said),
    (
        re.compile(r"^invalid (?:containerPort|hostPort|proto|range|port)\w*: (.*)$", re.I),
        lambda w, said: _is(w, "EXPOSE") and said in (w.value, *w.value.split("/")),
    ),
    (re.compile(r"^invalid signal: (.*)$", re.I), lambda w, said: _is(w, "STOPSIGNAL") and w.value == said),
    (
        re.compile(r"^(?:invalid syntax|invalid chmod parameter: .*)()$"),
        lambda w, _: w.flag == "chmod" and not re.fullmatch("[0-7]+", w.value),
    ),
    (
        re.compile(r"^unsupported mount type \"(.*?)\"$"),
        lambda w, said: w.flag == "mount" and f"type={said}" in w.value.split(","),
    ),
    (re.compile(r"^checksum requires ()"), lambda w, _: w.flag == "checksum"),
    (
        re.compile(r"^failed to parse platform (.*?): "),
        lambda w, said: w.flag == "platform" and w.value == said,
    ),
)
_FORM = re.compile(
    r"must have|requires|invalid reference format|invalid stage index|unknown flag|unsupported mount type"
    r"|must be a directory and end with|cannot be empty|can't find =|names can not be blank|invalid from flag"
    r"|failed to parse",
    re.IGNORECASE,
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
    for pattern, fits in _VALUES:
        if found := pattern.match(case.words):
            guilty = None if case.line else _first(case, partial(_says, fits, found[1]))
            return _wrong(case, guilty.instruction.line if guilty else case.line, case.words)
    return None


def _says(fits: Callable[[Word, str], bool], said: str, word: Word) -> bool:
    return fits(word, said)


def _is(word: Word, *keywords: str) -> bool:
    return not word.flag and word.instruction.keyword in keywords


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
