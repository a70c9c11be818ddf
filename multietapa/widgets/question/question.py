"""El widget de una pregunta. Contesta el navegador: vale con el kernel ocupado, y sin él."""

from __future__ import annotations

from typing import Any

import traitlets

from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.question.value import Question
from multietapa.widgets.question.words import answer_lines, headline, lines, payload, static_html


class QuestionView(WidgetView):
    """El widget. ``chosen`` son las letras elegidas y ``answered``, las de la última comprobación.

    ``asked`` es lo que se pregunta. ``added`` es lo que se contestó: lo escribe el navegador, y al
    exportar se añade a los gemelos, que no dicen la respuesta.
    """

    _esm, _css = drawing(__file__)

    asked: traitlets.Dict[str, Any] = traitlets.Dict().tag(sync=True)
    chosen: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answered: traitlets.List[str] = traitlets.List(traitlets.Unicode()).tag(sync=True)
    added = traitlets.Unicode("").tag(sync=True)

    def __init__(self, question: Question) -> None:
        self._question = question
        super().__init__(asked=payload(question))

    def answer(self, *letters: str) -> None:
        """Elige esas letras y las comprueba, como quien pulsa el botón."""
        said = "\n".join(answer_lines(self._question, letters))
        self.put({"chosen": list(letters), "answered": list(letters), "added": said})

    def twins(self) -> tuple[str, str]:
        """La pregunta y lo que se puede elegir, en texto y en HTML; sin la respuesta."""
        return "\n".join(lines(self._question)), static_html(self._question)

    def __repr__(self) -> str:
        return headline(self._question)
