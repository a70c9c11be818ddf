"""Lo que dice el control de una predicción: funciones puras, también para sus gemelos."""

from __future__ import annotations

import html

from multietapa import text

UNIT = "MB"


def question(subject: str) -> str:
    """De qué es la predicción: el nombre del control."""
    return f"Tu predicción para {subject}" if subject else "Tu predicción"


def sentence(subject: str, megabytes: float) -> str:
    """Lo que se ha predicho, en una frase; a cero, todavía nada."""
    guess = f"{text.number(megabytes)} {UNIT}" if megabytes else "todavía sin hacer"
    return f"{question(subject)}: {guess}"


def static_html(subject: str, megabytes: float) -> str:
    """La misma frase en HTML."""
    return f"<p>{html.escape(sentence(subject, megabytes))}</p>"
