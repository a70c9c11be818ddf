"""Cómo acaba una comprobación y lo que se lee después: resultado, pista o solución."""

from __future__ import annotations

import enum
import html
from dataclasses import dataclass


@dataclass(frozen=True)
class Observation:
    """Algo que se comprobó: si va bien, qué se vio y, si no va bien, dos pistas de menos a más."""

    ok: bool
    text: str
    hints: tuple[str, ...] = ()


class Outcome(enum.Enum):
    """Los cuatro finales de una comprobación."""

    PASSED = "superado"
    NOT_YET = "todavía no"
    NOT_STARTED = "sin empezar"
    UNKNOWN = "no se puede comprobar"


_MARKS = {Outcome.PASSED: "✓", Outcome.NOT_YET: "✗", Outcome.NOT_STARTED: "○", Outcome.UNKNOWN: "?"}
_EDGES = {
    Outcome.PASSED: "var(--jp-success-color1,#2e7d32)",
    Outcome.NOT_YET: "var(--jp-warn-color1,#b35c00)",
    Outcome.NOT_STARTED: "var(--jp-border-color1,#8888)",
    Outcome.UNKNOWN: "var(--jp-border-color1,#8888)",
}


@dataclass(frozen=True)
class Resultado:
    """Cómo acabó una comprobación, con todo lo que se observó.

    ``note`` explica lo demás; ``engine`` es la línea que nombra el motor con el que se miró, o ``""``.
    """

    exercise: str
    outcome: Outcome
    observations: tuple[Observation, ...] = ()
    note: str = ""
    engine: str = ""

    @property
    def passed(self) -> bool:
        """El ejercicio está superado."""
        return self.outcome is Outcome.PASSED

    def __repr__(self) -> str:
        lines = [f"{_MARKS[self.outcome]} Ejercicio {self.exercise}: {self.outcome.value}"]
        lines += [f"  {'✓ bien:' if o.ok else '✗ revisa:'} {o.text}" for o in self.observations]
        lines += [f"  {line}" for line in self.note.splitlines()]
        return "\n".join([*lines, *([f"  {self._where}"] if self.engine else [])])

    @property
    def _where(self) -> str:
        return f"Mirado en {self.engine}."

    def _repr_html_(self) -> str:
        head, *_ = repr(self).splitlines()
        items = "".join(
            f"<li>{'✓ <b>bien:</b>' if o.ok else '✗ <b>revisa:</b>'} {_escape(o.text)}</li>"
            for o in self.observations
        )
        listing = f'<ul style="list-style:none;padding-left:1em">{items}</ul>' if items else ""
        note = f"<p>{_escape(self.note)}</p>" if self.note else ""
        where = f"<p><small>{_escape(self._where)}</small></p>" if self.engine else ""
        return _box(f"<p><strong>{html.escape(head)}</strong></p>{listing}{note}{where}", self.outcome)


@dataclass(frozen=True)
class Texto:
    """Un texto para leer en el cuaderno: una pista o una solución.

    ``code`` es la respuesta entera, o ``""``; ``language``, cómo se colorea.
    """

    title: str
    body: str
    code: str = ""
    language: str = "dockerfile"

    def __repr__(self) -> str:
        return "\n\n".join(filter(None, [self.title, self.code.rstrip(), self.body.strip()]))

    def _repr_markdown_(self) -> str:
        block = f"```{self.language}\n{self.code.rstrip()}\n```" if self.code else ""
        return "\n\n".join(filter(None, [f"**{self.title}**", block, self.body.strip()]))


def _escape(value: str) -> str:
    return html.escape(value).replace("\n", "<br>")


def _box(content: str, outcome: Outcome) -> str:
    kind = outcome.name.lower()
    style = (
        "border:1px solid var(--jp-border-color1,#8888);border-radius:4px;padding:.4em 1em;"
        f"border-left:4px solid {_EDGES[outcome]};"
        "color:var(--jp-content-font-color1,inherit)"
    )
    return f'<div class="multietapa-resultado multietapa-{kind}" style="{style}">{content}</div>'
