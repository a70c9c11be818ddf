"""Lo que se dice de una pregunta y de lo que se contesta: funciones puras, también para sus gemelos.

``question.js`` compone con lo que viaja (``payload``) las mismas frases que ``answer_lines``; lo comprueba
``test_question``. Los gemelos de una pregunta no dicen la respuesta.
"""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import Any

from multietapa import text
from multietapa.widgets.inline import inline
from multietapa.widgets.question.value import Choice, Question, Verdict

ONE, SEVERAL = "Elige una respuesta.", "Marca todas las correctas: hay más de una."
SAID = {
    Verdict.EMPTY: "Todavía no has elegido nada.",
    Verdict.RIGHT: "Eso es.",
    Verdict.WRONG: "Todavía no. Lee por qué y prueba con otra.",
    Verdict.SURPLUS: "Casi: algo de lo que has marcado sobra. Lee por qué y vuelve a probar.",
    Verdict.MISSING: "Lo que has marcado va bien, y falta algo. Busca qué más.",
    Verdict.BOTH: "Todavía no: algo sobra y algo falta. Lee por qué y vuelve a probar.",
}
"""Lo que se dice de cada respuesta."""
YOURS, FINE, SPARE, REST = "Tu respuesta", "Es correcta", "No es correcta", "Y las otras:"


def name(question: Question) -> str:
    """Cómo se llama: «Pregunta 01.a»."""
    return f"Pregunta {question.id}"


def headline(question: Question) -> str:
    """Cómo se llama y qué pregunta, en una línea."""
    return f"{name(question)}: {question.title}"


def how(question: Question) -> str:
    """Cuántas hay que elegir."""
    return SEVERAL if question.several else ONE


def call(question: Question) -> str:
    """Cómo se contesta escribiendo; las letras son un ejemplo."""
    letters = question.letters[:2] if question.several else question.letters[:1]
    return f'pregunta("{question.id}").responder({", ".join(repr_of(one) for one in letters)})'


def repr_of(letter: str) -> str:
    """Una letra, como se escribe en una celda."""
    return f'"{letter}"'


def lines(question: Question) -> list[str]:
    """La pregunta y lo que se puede elegir, en texto; sin la respuesta."""
    code = ["", *(f"    {line}" for line in question.code.splitlines())] if question.code else []
    body = [part for paragraph in question.body for part in ("", paragraph)]
    choices = [f"  {'[ ]' if question.several else '( )'} {_lettered(one)}" for one in question.choices]
    return [
        headline(question),
        *body,
        *code,
        "",
        how(question),
        *choices,
        "",
        f"Contesta con {call(question)}",
    ]


def static_html(question: Question) -> str:
    """Lo mismo, en HTML."""
    body = "".join(f"<p>{inline(paragraph)}</p>" for paragraph in question.body)
    code = f"<pre><code>{html.escape(question.code, quote=False)}</code></pre>" if question.code else ""
    choices = "".join(f"<li>{inline(choice.text)}</li>" for choice in question.choices)
    return (
        f"<p><strong>{inline(headline(question))}</strong></p>{body}{code}"
        f'<p>{how(question)}</p><ol type="a">{choices}</ol>'
    )


def answer_lines(question: Question, letters: Iterable[str]) -> list[str]:
    """Lo que se contesta a unas letras: qué se eligió, cómo va y por qué; al acertar, también las otras."""
    verdict, chosen = question.judge(letters), question.chosen(letters)
    if verdict is Verdict.EMPTY:
        return [SAID[verdict]]
    yours = text.join([choice.letter for choice in chosen])
    rest = [one for one in question.choices if one not in chosen] if verdict is Verdict.RIGHT else []
    return [
        f"{YOURS}: {yours}. {SAID[verdict]}",
        *map(explained, chosen),
        *([REST] if rest else []),
        *map(explained, rest),
    ]


def answer_html(question: Question, letters: Iterable[str]) -> str:
    """Lo mismo, en HTML."""
    return paragraphs(answer_lines(question, letters))


def explained(choice: Choice) -> str:
    """Si una respuesta va bien, y por qué."""
    return f"{choice.letter}) {FINE if choice.right else SPARE}. {choice.why}"


def paragraphs(said: Iterable[str]) -> str:
    """Cada línea, en su párrafo."""
    return "".join(f"<p>{inline(line)}</p>" for line in said)


def payload(question: Question) -> dict[str, Any]:
    """Lo que viaja al widget. Lleva las respuestas: el navegador contesta aunque el kernel esté ocupado."""
    return {
        "name": name(question),
        "title": question.title,
        "body": list(question.body),
        "code": question.code,
        "several": question.several,
        "how": how(question),
        "words": {verdict.name: said for verdict, said in SAID.items()},
        "choices": [
            {"letter": one.letter, "text": one.text, "right": one.right, "says": explained(one)}
            for one in question.choices
        ],
        "yours": YOURS,
        "rest": REST,
    }


def _lettered(choice: Choice) -> str:
    return f"{choice.letter}) {choice.text}"
