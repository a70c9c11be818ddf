"""Las preguntas cortas, leídas de ``nNN_tema/preguntas/NN.letra.md``: aquí no se apunta ninguna.

Un archivo es una pregunta. La primera línea es «# » y lo que se pregunta; después, si hace falta, párrafos y
un bloque de código entre líneas de tres comillas invertidas; y al final, lo que se puede elegir::

    # ¿Qué hace `RUN rm` en una línea nueva?

    - ( ) Adelgaza la imagen.
      Por qué no, en una línea o en varias, con dos espacios delante.
    - (x) Añade una marca encima.
      Por qué sí.

``(x)`` es la única correcta. Con corchetes, ``[x]`` y ``[ ]``, hay dos correctas o más y se marcan todas. De
Markdown solo valen las comillas invertidas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from string import ascii_lowercase

from multietapa.errors import MultietapaError, UnknownNameError
from multietapa.widgets.question.value import Choice, Question

FILES = "n[0-9][0-9]_*/preguntas/*.md"
FEWEST, MOST = 3, 5
"""Cuántas cosas se pueden elegir."""
_NAME = re.compile(r"(\d\d)\.[a-z]")
_OPTION = re.compile(r"- (\( \)|\(x\)|\[ \]|\[x\]) (\S.*)")
_FENCE = "```"
#: Lo que no se entiende dentro de un texto: negritas, enlaces, comillas que no son las españolas.
_FORBIDDEN = {"**": "negritas", "](": "enlaces", '"': "comillas rectas", "“": "comillas inglesas"}


@cache
def questions() -> tuple[Question, ...]:
    """Todas, por su número. Lanza :class:`MultietapaError` si un archivo no tiene su forma."""
    return tuple(sorted((read(path) for path in files()), key=lambda one: one.id))


def files() -> list[Path]:
    """Sus archivos, por su número."""
    return sorted(Path(__file__).parent.glob(FILES), key=lambda path: path.name)


def question(id: str) -> Question:
    """La pregunta con ese número. Lanza :class:`UnknownNameError` con las que se le parecen."""
    for found in questions():
        if found.id == id:
            return found
    raise UnknownNameError(id, (one.id for one in questions()), kind="la pregunta")


def read(path: Path) -> Question:
    """La pregunta de un archivo. Lanza :class:`MultietapaError`, que lista todo lo que hay que arreglar."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise MultietapaError(f"No se puede leer la pregunta «{path}».", detail=str(problem)) from problem
    found, problems = _parse(path.stem, text.splitlines())
    problems = [*_misplaced(path), *problems, *_shape(found)]
    if problems:
        raise MultietapaError(
            f"La pregunta «{path.stem}» no está bien escrita.",
            detail="\n".join(problems),
            next_step="Cómo se escribe lo dice, al principio, multietapa/exercises/questions.py.",
        )
    return found


def _misplaced(path: Path) -> list[str]:
    """Qué pasa con su nombre: es el número de su cuaderno, un punto y una letra."""
    lesson = path.parent.parent.name[1:3]
    named = _NAME.fullmatch(path.stem)
    if named and named[1] == lesson:
        return []
    return [f"en esta carpeta se llamaría «{lesson}.a.md», «{lesson}.b.md»..."]


def _parse(id: str, lines: list[str]) -> tuple[Question, list[str]]:
    """La pregunta que se lee, y lo que no se entiende."""
    problems = []
    heading, *rest = lines or [""]
    title = heading.removeprefix("# ").strip()
    if not heading.startswith("# ") or not title:
        problems.append("la primera línea es «# » y lo que se pregunta")
    first = next((n for n, line in enumerate(rest) if line.startswith("- ")), len(rest))
    body, code = _prose(rest[:first], problems)
    choices, marks = _choices(rest[first:], problems)
    kinds = {mark[0] for mark in marks}
    if len(kinds) > 1:
        problems.append("o todas las opciones llevan paréntesis, o todas llevan corchetes")
    return Question(id, title, choices, several="[" in kinds, body=body, code=code), problems


def _prose(lines: list[str], problems: list[str]) -> tuple[tuple[str, ...], str]:
    """Los párrafos y el bloque de código que van entre el título y las opciones."""
    paragraphs: list[str] = []
    code: list[str] = []
    inside, blocks, fresh = False, 0, True
    for line in lines:
        if line.startswith(_FENCE):
            inside, blocks, fresh = not inside, blocks + 1, True
        elif inside:
            code.append(line)
        elif not line.strip():
            fresh = True
        elif fresh or not paragraphs:
            paragraphs.append(line.strip())
            fresh = False
        else:
            paragraphs[-1] += f" {line.strip()}"
    if inside or blocks > 2:
        problems.append("el bloque de código es uno, y se cierra con otra línea de tres comillas invertidas")
    return tuple(paragraphs), "\n".join(code)


def _choices(lines: list[str], problems: list[str]) -> tuple[tuple[Choice, ...], list[str]]:
    """Las opciones con su porqué, y la marca de cada una."""
    found: list[tuple[str, str, list[str]]] = []
    for line in lines:
        if option := _OPTION.fullmatch(line):
            found.append((option[1], option[2].strip(), []))
        elif line.startswith("  ") and line.strip() and found:
            found[-1][2].append(line.strip())
        elif line.strip():
            problems.append(f"no se entiende esta línea: {line}")
    choices = [
        Choice(letter, text, "x" in mark, " ".join(why))
        for letter, (mark, text, why) in zip(ascii_lowercase, found, strict=False)
    ]
    return tuple(choices), [mark for mark, *_ in found]


def _shape(question: Question) -> list[str]:
    """Lo que le falta o le sobra a una pregunta que se ha podido leer."""
    right = [choice for choice in question.choices if choice.right]
    problems = [f"la opción {one.letter} no dice por qué" for one in question.choices if not one.why]
    if not FEWEST <= len(question.choices) <= MOST:
        problems.append(f"lleva de {FEWEST} a {MOST} opciones, y hay {len(question.choices)}")
    if len({one.text for one in question.choices}) < len(question.choices):
        problems.append("dos opciones dicen lo mismo")
    if question.several and not 2 <= len(right) < len(question.choices):
        problems.append("con corchetes, las correctas son dos o más, y alguna no lo es")
    if not question.several and len(right) != 1:
        problems.append("con paréntesis, la correcta es una")
    return [*problems, *_style(question)]


def _style(question: Question) -> list[str]:
    """Lo que no se sabría enseñar, o no va en español."""
    said = [question.title, *question.body]
    said += [text for one in question.choices for text in (one.text, one.why)]
    return [
        *(f"sobran {kind}: {text}" for text in said for kind in _unwanted(text)),
        *(f"una comilla invertida no tiene pareja: {text}" for text in said if text.count("`") % 2),
    ]


def _unwanted(text: str) -> Iterable[str]:
    outside = " ".join(text.split("`")[::2])
    return [kind for mark, kind in _FORBIDDEN.items() if mark in outside]
