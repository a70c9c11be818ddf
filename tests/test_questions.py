"""Las preguntas escritas: cada archivo tiene su forma, está en su cuaderno, y lo mal escrito se lista."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from multietapa.errors import MultietapaError, UnknownNameError
from multietapa.exercises import questions
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.question.value import Question

NOTEBOOKS = sorted((PROJECT_ROOT / "notebooks").glob("*.ipynb"))
RIGHT = """\
# ¿Qué hace `rm`?

- ( ) Uno.
  Porqué.
- (x) Dos.
  Porqué, en
  dos líneas.
- ( ) Tres.
  Porqué.
"""
EACH = pytest.mark.parametrize("question", questions.questions(), ids=lambda one: one.id)


def written(folder: Path, text: str, name: str = "01.a") -> Path:
    """Ese texto, en el archivo de una pregunta del cuaderno 01."""
    path = folder / "n01_algo" / "preguntas" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@EACH
def test_each_question_is_well_formed(question: Question) -> None:
    """De tres a cinco opciones distintas, todas explicadas; una correcta, o varias si se marcan casillas."""
    assert 3 <= len(question.choices) <= 5
    assert len({choice.text for choice in question.choices}) == len(question.choices)
    assert all(len(choice.why.split()) > 5 for choice in question.choices)
    right = sum(choice.right for choice in question.choices)
    assert 2 <= right < len(question.choices) if question.several else right == 1
    said = [question.title, *question.body, *(c.text for c in question.choices)]
    assert [text for text in said if not text.endswith((".", "?"))] == []


@EACH
def test_its_letter_follows_the_others(question: Question) -> None:
    """Las de un cuaderno van por a, b, c..., sin saltos, y ninguna está dos veces."""
    lesson, _, letter = question.id.partition(".")
    letters = [one.id[-1] for one in questions.questions() if one.id.startswith(f"{lesson}.")]
    assert letters == [chr(ord("a") + n) for n in range(len(letters))]
    assert letter in letters


def test_the_right_one_is_not_always_in_the_same_place() -> None:
    """La correcta no está siempre en el mismo sitio: acertar no es acordarse de la letra."""
    places = [one.letters[[c.right for c in one.choices].index(True)] for one in questions.questions()]
    assert max(map(places.count, places)) <= len(places) // 2


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_asks_its_questions(path: Path) -> None:
    """Un cuaderno pregunta todo lo suyo y nada más, en el orden de sus letras y cada una en su celda."""
    cells = [cell.source for cell in nbformat.read(path, as_version=4).cells]
    own = [one.id for one in questions.questions() if one.id.startswith(f"{path.stem[:2]}.")]
    assert [cell for cell in cells if "pregunta(" in cell] == [f'pregunta("{id}")' for id in own]


def test_a_file_is_read_whole(tmp_path: Path) -> None:
    """Se leen el título, los párrafos, el código y cada opción con su porqué."""
    prose = "# ¿Qué?\n\nUn párrafo\nen dos líneas.\n\n```dockerfile\nFROM a\n\nRUN b\n```\n\nOtro.\n\n"
    choices = "- [x] Uno.\n  Porqué, en\n  dos.\n- [x] Dos.\n  Porqué.\n- [ ] Tres.\n  Porqué.\n"
    found = questions.read(written(tmp_path, prose + choices))
    assert (found.id, found.title, found.several) == ("01.a", "¿Qué?", True)
    assert found.body == ("Un párrafo en dos líneas.", "Otro.")
    assert found.code == "FROM a\n\nRUN b"
    assert [(c.letter, c.text, c.right, c.why) for c in found.choices] == [
        ("a", "Uno.", True, "Porqué, en dos."),
        ("b", "Dos.", True, "Porqué."),
        ("c", "Tres.", False, "Porqué."),
    ]
    assert not questions.read(written(tmp_path, RIGHT)).several


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("# ¿Qué", "¿Qué"), "la primera línea es"),
        (("# ¿Qué hace `rm`?", "#  "), "la primera línea es"),
        (("- (x) Dos.", "- ( ) Dos."), "la correcta es una"),
        (("- ( ) Uno.", "- (x) Uno."), "la correcta es una"),
        (("- (x) Dos.", "- [x] Dos."), "todas llevan corchetes"),
        (("- (x) Dos.", "- (X) Dos."), r"no se entiende esta línea: - \(X\) Dos"),
        (("  Porqué, en\n  dos líneas.\n", ""), "la opción b no dice por qué"),
        (("  dos líneas.", "dos líneas."), "no se entiende esta línea: dos líneas"),
        (("- ( ) Tres.\n  Porqué.\n", ""), "de 3 a 5 opciones, y hay 2"),
        (("Tres.", "Uno."), "dos opciones dicen lo mismo"),
        (("Uno.", "**Uno**."), "sobran negritas"),
        (("Uno.", 'El "uno".'), "sobran comillas rectas"),
        (("Uno.", "El “uno”."), "sobran comillas inglesas"),
        (("`rm`", "`rm"), "no tiene pareja"),
        (("\n\n-", "\n\n```\nFROM a\n\n-"), "se cierra con otra línea"),
        ((RIGHT, ""), "la primera línea es"),
    ],
)
def test_what_is_badly_written_is_told(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """A quien escribe una pregunta se le dice qué no se entiende, le falta o le sobra, y dónde mirar."""
    assert change[0] in RIGHT
    with pytest.raises(MultietapaError, match=said) as raised:
        questions.read(written(tmp_path, RIGHT.replace(change[0], change[1], 1)))
    assert "questions.py" in str(raised.value)


@pytest.mark.parametrize("marks", ["[x] [ ] [ ]", "[x] [x] [x]", "[ ] [ ] [ ]"])
def test_boxes_want_several_right_and_some_wrong(tmp_path: Path, marks: str) -> None:
    """Con casillas, las correctas son dos o más, y alguna no lo es."""
    found = re.findall(r"\[.\]", marks)
    text = "".join(f"- {mark} Opción {n}.\n  Porqué.\n" for n, mark in enumerate(found))
    with pytest.raises(MultietapaError, match="las correctas son dos o más"):
        questions.read(written(tmp_path, f"# ¿Qué?\n\n{text}"))


def test_everything_wrong_is_listed_at_once(tmp_path: Path) -> None:
    """Un archivo con otro nombre y varios fallos los dice todos de una vez; uno que no es texto, también."""
    path = written(tmp_path, "¿Qué?\n\n- (x) Uno.\n- [ ] Dos.\n", name="02.a")
    with pytest.raises(MultietapaError) as raised:
        questions.read(path)
    for said in ("«01.a.md»", "la primera línea", "corchetes", "la opción a no dice", "y hay 2"):
        assert said in str(raised.value)
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(MultietapaError, match="No se puede leer"):
        questions.read(path)


def test_an_unknown_question_lists_some() -> None:
    """Un número que no se parece a ninguno dice unos cuantos de los que hay."""
    with pytest.raises(UnknownNameError, match=r"Usa uno de estos: 01\.a, 01\.b"):
        questions.question("zzz")
