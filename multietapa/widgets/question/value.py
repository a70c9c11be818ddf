"""Una pregunta corta, como valor: qué se pregunta, qué se puede elegir y por qué va bien o no cada cosa."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Choice:
    """Algo que se puede elegir: su letra, lo que dice, si es correcto y por qué."""

    letter: str
    text: str
    right: bool
    why: str


class Verdict(enum.Enum):
    """Cómo va una respuesta. No hay nota: mientras no esté, se vuelve a probar."""

    EMPTY = "sin elegir"
    RIGHT = "correcta"
    WRONG = "equivocada"
    SURPLUS = "sobra"
    MISSING = "falta"
    BOTH = "sobra y falta"


@dataclass(frozen=True)
class Question:
    """Una pregunta. ``id`` es su número (``"01.a"``: la primera del cuaderno 01).

    ``body`` son los párrafos que acompañan al título, y ``code``, un Dockerfile que se mira (o ``""``). Con
    ``several`` hay dos respuestas correctas o más, y se marcan todas; si no, hay una sola.
    """

    id: str
    title: str
    choices: tuple[Choice, ...]
    several: bool = False
    body: tuple[str, ...] = ()
    code: str = ""

    @property
    def letters(self) -> tuple[str, ...]:
        """Las letras que se pueden elegir, en su orden."""
        return tuple(choice.letter for choice in self.choices)

    def chosen(self, letters: Iterable[str]) -> tuple[Choice, ...]:
        """Lo elegido, en el orden de la pregunta; una letra que no es suya no cuenta."""
        wanted = set(letters)
        return tuple(choice for choice in self.choices if choice.letter in wanted)

    def judge(self, letters: Iterable[str]) -> Verdict:
        """Cómo va lo elegido."""
        chosen = self.chosen(letters)
        surplus = any(not choice.right for choice in chosen)
        missing = any(choice.right and choice not in chosen for choice in self.choices)
        if not chosen:
            return Verdict.EMPTY
        if not surplus and not missing:
            return Verdict.RIGHT
        if not self.several:
            return Verdict.WRONG
        return Verdict.BOTH if surplus and missing else Verdict.SURPLUS if surplus else Verdict.MISSING
