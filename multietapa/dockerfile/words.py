"""Las palabras de las instrucciones con sus variables ya puestas, como las va leyendo el motor.

Sirve para señalar la línea de un error que el motor cuenta sin ella. De la imagen base no se conocen las
variables: una que venga de ahí cuenta como que no existe.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from multietapa.dockerfile.instructions import Instruction, copy_paths, json_list
from multietapa.dockerfile.shell import Lexer, WordError, split_words
from multietapa.dockerfile.stages import Dockerfile, Stage

_WHOLE = frozenset({"USER", "WORKDIR", "STOPSIGNAL"})
_LISTED = frozenset({"EXPOSE", "VOLUME"})
_FLAGS = ("chown", "chmod", "from", "mount")


@dataclass(frozen=True)
class Word:
    """Una palabra ``text`` de ``instruction``: lo que vale, o por qué no se puede leer (``problem``)."""

    instruction: Instruction
    text: str
    value: str = ""
    problem: str = ""


def words_of(source: Dockerfile, target: str | None = None) -> Iterator[Word]:
    """Las palabras de las etapas que hacen falta para ``target``, en el orden en que las lee el motor."""
    ends: dict[int, dict[str, str]] = {}
    defaults = {name: value for i in source.global_args for name, value in _pairs(i, source.escape)}
    for stage in source.needed(target):
        parent = source.parent(stage)
        env = dict(ends.get(parent.index, {})) if parent else {}
        ends[stage.index] = env
        yield from _stage_words(stage, env, defaults, source.escape)


def _stage_words(stage: Stage, env: dict[str, str], defaults: dict[str, str], escape: str) -> Iterator[Word]:
    """Las de una etapa; deja en ``env`` las variables que hereda quien parta de ella."""
    arguments: dict[str, str] = {}
    for instruction in stage.instructions:
        lexer = Lexer({**arguments, **env}, escape)
        values: dict[str, str] = {}
        for name, text in _pieces(instruction, escape):
            word = _read(instruction, text, lexer)
            values[name] = word.value
            yield word
        if instruction.keyword == "ENV":
            env |= values
        elif instruction.keyword == "ARG":
            bare = {name for name in values if "=" not in instruction.arguments}
            arguments |= {n: defaults.get(n, "") if n in bare else value for n, value in values.items()}


def _read(instruction: Instruction, text: str, lexer: Lexer) -> Word:
    try:
        return Word(instruction, text, lexer.word(text))
    except WordError as error:
        return Word(instruction, text, problem=str(error))


def _pieces(instruction: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    """Cada palabra en la que el motor pone variables, con el nombre que define (o ``""``)."""
    keyword, arguments = instruction.keyword, instruction.arguments
    yield from (("", value) for key, value in instruction.flags if key in _FLAGS and value)
    if keyword in ("ENV", "LABEL", "ARG"):
        yield from _pairs(instruction, escape)
    elif keyword in _WHOLE:
        yield "", arguments
    elif keyword in _LISTED:
        yield from (("", word) for word in json_list(arguments) or arguments.split())
    elif keyword in ("COPY", "ADD") and not instruction.heredocs:
        yield from (("", word) for word in copy_paths(instruction))


def _pairs(instruction: Instruction, escape: str) -> Iterator[tuple[str, str]]:
    """Los ``nombre=valor`` de ``ENV``, ``LABEL`` y ``ARG``, también si se escriben ``ENV nombre valor``."""
    words = split_words(instruction.arguments, escape)
    if instruction.keyword != "ARG" and words and "=" not in words[0]:
        yield words[0], instruction.arguments[len(words[0]) :].strip()
        return
    for word in words:
        name, _, value = word.partition("=")
        yield name, value
