"""``pregunta("01.a")``: una pregunta corta en un cuaderno. No hay nota: se prueba cuanto se quiera."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from multietapa.cells.calls import offered
from multietapa.errors import CallError, MultietapaError, UnknownNameError
from multietapa.exercises import questions
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.question.question import QuestionView
from multietapa.widgets.question.value import Question, Verdict
from multietapa.widgets.question.words import (
    answer_html,
    answer_lines,
    call,
    headline,
    lines,
    name,
    static_html,
)
from multietapa.widgets.where import check_view


@dataclass(frozen=True)
class Respuesta:
    """Lo que se contesta a una respuesta: si está bien (``correcta``) y por qué."""

    pregunta: str
    correcta: bool
    _said: tuple[str, ...] = field(repr=False)
    _html: str = field(repr=False)

    def __repr__(self) -> str:
        return "\n".join((f"Pregunta {self.pregunta}", *self._said))

    def _repr_html_(self) -> str:
        return f'<div class="multietapa-respuesta">{self._html}</div>'


@dataclass(frozen=True)
class Pregunta:
    """Una pregunta. Al final de una celda se ve con sus botones; ``print`` la escribe, sin la respuesta."""

    question: Question = field(repr=False)
    vista: bool | str = field(default=True, repr=False)

    @property
    def enunciado(self) -> str:
        """Qué se pregunta."""
        return self.question.title

    @property
    def opciones(self) -> dict[str, str]:
        """Lo que se puede elegir, por su letra."""
        return {choice.letter: choice.text for choice in self.question.choices}

    @offered('pregunta("01.a").responder("b")')
    def responder(self, *letras: str) -> Respuesta:
        """Contesta con una letra (``"b"``) o con varias (``"a", "c"``), y dice por qué va bien o no.

        Raises:
            UnknownNameError: una letra no es de esta pregunta.
            MultietapaError: no hay ninguna letra, o hay varias y la respuesta es una sola.
        """
        letters = self._read(letras)
        said = answer_lines(self.question, letters)
        shown = f"<p><strong>{name(self.question)}</strong></p>{answer_html(self.question, letters)}"
        right = self.question.judge(letters) is Verdict.RIGHT
        return Respuesta(self.question.id, right, tuple(said), shown)

    def _read(self, given: tuple[str, ...]) -> list[str]:
        """Las letras escritas, sin repetir; valen en mayúsculas, con paréntesis y varias en un texto."""
        for each in given:
            if not isinstance(each, str):
                why = "cada respuesta es una letra entre comillas."
                raise CallError(
                    f"«responder» no sabe qué hacer con {each!r}.", why, example=call(self.question)
                )
        words = " ".join(given).lower().replace(",", " ").replace(")", " ").split()
        letters = list(dict.fromkeys(word for word in words if word != "y"))
        for letter in letters:
            if letter not in self.question.letters:
                raise UnknownNameError(letter, self.question.letters, kind="la respuesta")
        if not letters:
            raise MultietapaError(
                f"No has elegido ninguna respuesta de la pregunta {self.question.id}.",
                next_step=f"Escribe su letra ({', '.join(self.question.letters)}): {call(self.question)}",
            )
        if len(letters) > 1 and not self.question.several:
            raise MultietapaError(
                f"La pregunta {self.question.id} tiene una sola respuesta, y has dado {len(letters)}.",
                next_step=f"Quédate con una letra: {call(self.question)}",
            )
        return letters

    def view(self) -> QuestionView:
        """El widget, sin contestar."""
        return QuestionView(self.question)

    def __repr__(self) -> str:
        return headline(self.question) if self.vista is False else "\n".join(lines(self.question))

    def _ipython_display_(self) -> None:
        from IPython.display import display

        if self.vista is True and in_notebook():
            self.view().display()
            return
        shown: dict[str, Any] = {"text/plain": repr(self)}
        if self.vista is True:
            shown["text/html"] = static_html(self.question)
        display(shown, raw=True)


@offered('pregunta("01.a")')
def pregunta(id: str, *, vista: bool | str = True) -> Pregunta:
    """La pregunta con ese número: ``pregunta("01.a")``.

    ``vista`` es ``True`` (en un cuaderno, con sus botones), ``"texto"`` o ``False`` (solo qué se pregunta).
    Lanza :class:`UnknownNameError`, con las que se le parecen, si no existe.
    """
    check_view(vista)
    return Pregunta(questions.question(id), vista)
