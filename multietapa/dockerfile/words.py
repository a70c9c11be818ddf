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
_DEFINING = frozenset({"ENV", "LABEL", "ARG"})


@dataclass(frozen=True)
class Word:
    """Una palabra ``text`` de ``instruction``: lo que vale, o por qué no se puede leer (``problem``).

    ``flag`` es el nombre de su ``--nombre=``, si es el valor de uno.
    """

    instruction: Instruction
    text: str
    value: str = ""
    problem: str = ""
    flag: str = ""


def words_of(source: Dockerfile, target: str | None = None) -> Iterator[Word]:
    """Las palabras de las etapas que hacen falta para ``target``, en el orden en que las lee el motor."""
    ends: dict[int, dict[str, str]] = {}
    defaults = {name: value for i in source.global_args for name, value, _ in _pairs(i, source.escape)}
    for stage in source.needed(target):
        parent = source.parent(stage)
        env = dict(ends.get(parent.index, {})) if parent else {}
        ends[stage.index] = env
        yield from _stage_words(stage, env, defaults, source.escape)


def _stage_words(stage: Stage, env: dict[str, str], defaults: dict[str, str], escape: str) -> Iterator[Word]:
    """Las de una etapa; deja en ``env`` las variables que hereda quien parta de ella."""
    arguments: dict[str, str] = {}
    for instruction in (stage.opening, *stage.instructions):
        lexer = Lexer({**arguments, **env}, escape)
        yield from (_read(instruction, value, lexer, flag) for flag, value in instruction.flags if value)
        if instruction.keyword not in _DEFINING:
            yield from (_read(instruction, text, lexer) for text in _plain(instruction))
            continue
        values: dict[str, str] = {}
        for name, text, given in _pairs(instruction, escape):
            word = _read(instruction, text, lexer)
            values[name] = word.value if given else defaults.get(name, "")
            yield word
        (env if instruction.keyword == "ENV" else arguments).update(
            values if instruction.keyword != "LABEL" else {}
        )


def _read(instruction: Instruction, text: str, lexer: Lexer, flag: str = "") -> Word:
    try:
        return Word(instruction, text, lexer.word(text), flag=flag)
    except WordError as error:
        return Word(instruction, text, problem=str(error), flag=flag)


def _plain(instruction: Instruction) -> list[str]:
    """Las palabras en las que el motor pone variables, de las que no definen ninguna."""
    keyword, arguments = instruction.keyword, instruction.arguments
    if keyword in _WHOLE:
        return [arguments]
    if keyword in _LISTED:
        return json_list(arguments) or arguments.split()
    return copy_paths(instruction) if keyword in ("COPY", "ADD") and not instruction.heredocs else []


def _pairs(instruction: Instruction, escape: str) -> Iterator[tuple[str, str, bool]]:
    """Los ``nombre=valor`` de ``ENV``, ``LABEL`` y ``ARG``, y si lo llevan; también ``ENV nombre valor``."""
    words = split_words(instruction.arguments, escape)
    if instruction.keyword != "ARG" and words and "=" not in words[0]:
        yield words[0], instruction.arguments[len(words[0]) :].strip(), True
        return
    for word in words:
        name, equals, value = word.partition("=")
        yield name, value, bool(equals)
