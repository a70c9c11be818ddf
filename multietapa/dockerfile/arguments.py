"""Los ``ARG`` de antes del primer ``FROM``: lo que valen, y en qué queda cada ``FROM`` con ellos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.platforms import Platform
from multietapa.dockerfile.shell import Lexer, WordError, split_words


class ArgumentError(ValueError):
    """Un ``ARG`` global no se puede leer; ``line`` es su línea y el texto dice por qué."""

    def __init__(self, line: int, why: str) -> None:
        super().__init__(why)
        self.line = line


def global_values(
    instructions: Sequence[Instruction],
    buildargs: Mapping[str, str],
    *,
    architecture: str,
    platform: Platform | None = None,
    target: str,
    escape: str,
) -> dict[str, str]:
    """Lo que valen en un ``FROM`` los ``ARG`` globales y los que pone BuildKit (``TARGETARCH``...).

    Args:
        instructions: los ``ARG`` globales, en orden.
        architecture: la del motor (``BUILDARCH``), en los nombres de Docker.
        platform: para la que se construye (``TARGETARCH``); si falta, la del motor.
        target: el nombre de la etapa que se construye, para ``$TARGETSTAGE``.

    Raises:
        ArgumentError: un valor por defecto no se puede leer.
    """
    own = Platform("linux", architecture)
    values: dict[str, str] = {}
    for side, at in (("BUILD", own), ("TARGET", platform or own)):
        parts = {"OS": at.os, "ARCH": at.architecture, "VARIANT": at.variant, "OSVERSION": ""}
        values |= {f"{side}PLATFORM": str(at)} | {f"{side}{part}": value for part, value in parts.items()}
    values["TARGETSTAGE"] = target or "default"
    values |= {name: buildargs[name] for name in values if name in buildargs}
    for instruction in instructions:
        for word in split_words(instruction.arguments, escape):
            name, equals, default = word.partition("=")
            if name in buildargs:
                values[name] = buildargs[name]
            elif equals:
                try:
                    values[name] = Lexer(values, escape).word(default)
                except WordError as error:
                    raise ArgumentError(instruction.line, f"En «{word}», {error}.") from error
    return values


def expand_base(base: str, values: Mapping[str, str], escape: str) -> tuple[str, tuple[str, ...]]:
    """La imagen de un ``FROM`` y las variables que usa y no existen.

    Raises:
        WordError: no se puede leer; el texto dice por qué.
    """
    lexer = Lexer(values, escape)
    image = lexer.word(base)
    return image, tuple(lexer.unset)
