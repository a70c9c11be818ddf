"""``pregunta``: el widget en un Chromium de verdad, sus gemelos y lo que se contesta escribiendo."""

from __future__ import annotations

from itertools import chain, combinations
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from multietapa import __main__, pregunta
from multietapa.errors import CallError, MultietapaError, UnknownNameError
from multietapa.exercises.questions import questions
from multietapa.widgets.question.question import QuestionView
from multietapa.widgets.question.sample import ONE, SEVERAL, views
from multietapa.widgets.question.value import Question, Verdict
from multietapa.widgets.question.words import REST, SAID, answer_html, answer_lines, lines
from multietapa.widgets.saved import STATE, VIEW
from tests.axe import grave
from tests.cell_shell import Published
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT, draw

WIDTHS = (1280, 768)
CHECK = "Comprobar"


def every_answer(question: Question) -> list[tuple[str, ...]]:
    """Todo lo que se puede contestar a una pregunta, también nada."""
    letters = question.letters
    sizes = range(len(letters) + 1) if question.several else (0, 1)
    return list(chain.from_iterable(combinations(letters, size) for size in sizes))


def boxes(view: Locator, question: Question) -> Locator:
    """Sus botones de radio, o sus casillas."""
    return view.get_by_role("checkbox" if question.several else "radio")


# --- Lo que se dice ---


@pytest.mark.parametrize(
    ("question", "letters", "verdict"),
    [
        (ONE, "", Verdict.EMPTY),
        (ONE, "z", Verdict.EMPTY),
        (ONE, "a", Verdict.WRONG),
        (ONE, "b", Verdict.RIGHT),
        (SEVERAL, "ac", Verdict.RIGHT),
        (SEVERAL, "a", Verdict.MISSING),
        (SEVERAL, "acd", Verdict.SURPLUS),
        (SEVERAL, "ab", Verdict.BOTH),
        (SEVERAL, "bd", Verdict.BOTH),
    ],
)
def test_how_an_answer_goes(question: Question, letters: str, verdict: Verdict) -> None:
    """Cada respuesta va como va, y lo primero que se lee lo dice."""
    assert question.judge(letters) is verdict
    assert answer_lines(question, letters)[0].endswith(SAID[verdict])


@pytest.mark.parametrize("question", questions(), ids=lambda one: one.id)
def test_each_choice_is_explained_when_it_is_chosen(question: Question) -> None:
    """Se explica lo elegido y nada más; al acertar, también las otras. La explicación no dice la buena."""
    for letters in every_answer(question):
        said = "\n".join(answer_lines(question, letters))
        right = question.judge(letters) is Verdict.RIGHT
        for choice in question.choices:
            assert (choice.why in said) == (right or choice.letter in letters)
        assert (REST in said) == right


def test_the_twins_ask_and_do_not_answer() -> None:
    """Los gemelos llevan la pregunta y lo que se puede elegir, ninguna explicación, y lo mismo contestada."""
    view = QuestionView(ONE)
    text, html = view.twins()
    for choice in ONE.choices:
        assert choice.text in text
        assert choice.why not in text + html
    assert "FROM tienda:ingenua\n    RUN" in text
    assert "FROM tienda:ingenua\nRUN" in html
    assert "<code>sin &lt;viajar&gt;</code>" in html
    assert text.endswith('pregunta("99.a").responder("a")')
    view.answer("b")
    assert view.twins() == (text, html)
    assert view.added.startswith("Tu respuesta: b. Eso es.\nb) Es correcta. `rm`")


# --- Escribiendo ---


def test_it_is_asked_and_answered_by_writing() -> None:
    """``print`` la escribe sin la respuesta, y ``responder`` dice por qué; en HTML, lo mismo."""
    one = pregunta("01.b")
    assert repr(one) == "\n".join(lines(one.question))
    assert one.enunciado in repr(one)
    assert all(f"{letter}) {said}" in repr(one) for letter, said in one.opciones.items())
    answer = one.responder("b")
    assert answer.correcta
    assert "b) Es correcta." in repr(answer)
    assert answer_html(one.question, "b") in answer._repr_html_()
    assert not one.responder("a").correcta
    assert repr(pregunta("01.b", vista=False)) == f"Pregunta 01.b: {one.enunciado}"


@pytest.mark.parametrize("given", [("a", "d"), ("d", "a"), ("a, d",), ("A) y D)",), ("a", "d", "a")])
def test_letters_are_written_as_they_come(given: tuple[str, ...]) -> None:
    """Varias letras valen sueltas o juntas, en mayúsculas, repetidas y en cualquier orden."""
    assert pregunta("02.b").responder(*given) == pregunta("02.b").responder("a", "d")


@pytest.mark.parametrize(
    ("given", "kind", "said"),
    [
        ((), MultietapaError, "No has elegido ninguna respuesta"),
        (("  ",), MultietapaError, r"su letra \(a, b, c, d\)"),
        (("a", "b"), MultietapaError, "tiene una sola respuesta, y has dado 2"),
        (("z",), UnknownNameError, "No existe la respuesta «z»"),
        ((2,), CallError, "cada respuesta es una letra entre comillas"),
    ],
)
def test_a_wrong_answer_call_is_explained(given: Any, kind: type[MultietapaError], said: str) -> None:
    """Ninguna letra, una que no existe, varias donde va una o algo que no es texto: se dice qué escribir."""
    with pytest.raises(kind, match=said) as raised:
        pregunta("01.a").responder(*given)
    assert "Qué hacer: " in str(raised.value)


@pytest.mark.parametrize(("wrong", "close"), [("1.a", "«01.a»"), ("01.A", "«01.a»"), ("02b", "«02.b»")])
def test_a_mistyped_number_suggests_the_right_one(wrong: str, close: str) -> None:
    """Un número que no existe dice el que se le parece; uno que no es un texto, cómo se escribe."""
    with pytest.raises(UnknownNameError, match=close):
        pregunta(wrong)
    with pytest.raises(CallError, match=r'pregunta\("01\.a"\)'):
        pregunta(1)  # type: ignore[arg-type]
    with pytest.raises(UnknownNameError, match="la vista"):
        pregunta("01.a", vista="dibujo")


@pytest.mark.parametrize(
    ("cell", "wanted"),
    [
        ('pregunta("01.a")', {VIEW, "text/plain", "text/html"}),
        ('pregunta("01.a", vista="texto")', {"text/plain"}),
        ('pregunta("01.a", vista=False)', {"text/plain"}),
    ],
)
def test_what_a_cell_shows(published: Published, cell: str, wanted: set[str]) -> None:
    """En un cuaderno sale el widget con sus gemelos; con ``vista``, solo el texto que se pidió."""
    (data,) = published(f"from multietapa import pregunta\n{cell}")
    assert set(data) == wanted
    assert "Es correcta" not in f"{data['text/plain']}{data.get('text/html', '')}"
    assert "Pregunta 01.a: " in data["text/plain"]


# --- En la página ---


@pytest.mark.parametrize("question", [ONE, SEVERAL, *questions()], ids=lambda one: one.id)
def test_the_page_says_the_same(blank_page: Page, question: Question) -> None:
    """Con el ratón, lo elegido se contesta con las frases de ``responder``, y eso se guarda.

    De las muestras se prueba todo lo que se puede elegir; de las demás, la primera opción y lo correcto.
    """
    right = tuple(choice.letter for choice in question.choices if choice.right)
    answers = every_answer(question) if question in (ONE, SEVERAL) else [question.letters[:1], right]
    draw(blank_page, QuestionView(question))
    view = blank_page.get_by_role("group", name=f"Pregunta {question.id}", exact=True)
    expect(view.get_by_role("group", name=question.title.replace("`", ""))).to_be_visible()
    for letters in answers:
        for choice in boxes(view, question).all():
            wanted = choice.get_attribute("value") in letters
            if question.several or wanted:
                choice.set_checked(wanted)
        view.get_by_role("button", name=CHECK).click()
        expected = answer_lines(question, letters)
        shown = view.get_by_role("status").locator("p")
        expect(shown).to_have_text([line.replace("`", "") for line in expected])
        if letters:
            state = blank_page.evaluate("['chosen', 'answered', 'added'].map((t) => shown[0].model.get(t))")
            assert state == [list(letters), list(letters), "\n".join(expected)]


def test_the_keyboard_alone_answers(blank_page: Page) -> None:
    """Con tabulador, flechas, espacio e Intro se elige, se comprueba, se lee y se vuelve a probar."""
    draw(blank_page, QuestionView(ONE), QuestionView(SEVERAL))
    one, several = (blank_page.get_by_role("group", name=f"Pregunta {q.id}") for q in (ONE, SEVERAL))
    press = blank_page.keyboard.press
    press("Tab")
    press("Space")
    expect(one.get_by_role("radio").first).to_be_checked()
    press("ArrowDown")
    press("ArrowDown")
    expect(one.get_by_role("radio").nth(2)).to_be_checked()
    press("Tab")
    expect(one.get_by_role("button", name=CHECK)).to_be_focused()
    press("Enter")
    expect(one.get_by_role("status")).to_contain_text("Todavía no. Lee por qué")
    expect(one.get_by_role("button", name=CHECK)).to_be_focused()  # no se pierde el sitio
    press("Shift+Tab")
    press("ArrowUp")
    press("Enter")  # sin ir hasta el botón
    expect(one.get_by_role("status")).to_contain_text("Eso es.")
    press("Tab")
    press("Tab")
    expect(several.get_by_role("checkbox").first).to_be_focused()
    press("Space")
    press("Tab")
    press("Tab")
    press("Space")
    press("Tab")
    press("Tab")
    press("Space")
    expect(several.get_by_role("status")).to_contain_text("Tu respuesta: a y c. Eso es.")


def test_what_is_answered_is_announced(blank_page: Page) -> None:
    """La contestación está en una región viva desde el principio, y repetirla la vuelve a escribir."""
    draw(blank_page, QuestionView(ONE))
    region = blank_page.get_by_role("status")
    expect(region).to_have_attribute("aria-live", "polite")
    expect(region).to_be_attached()
    button = blank_page.get_by_role("button", name=CHECK)
    button.click()
    expect(region).to_have_text(SAID[Verdict.EMPTY])
    blank_page.get_by_role("radio").first.check()
    button.click()
    blank_page.evaluate("shown[0].el.querySelector('.mtq-said p').dataset.old = 'sí'")
    button.click()
    assert blank_page.locator(".mtq-said [data-old]").count() == 0
    assert blank_page.locator(".mtq-said").evaluate("n => getComputedStyle(n).display") == "block"


@pytest.mark.parametrize("theme", ["claro", "oscuro"])
def test_it_is_accessible_and_fits(blank_page: Page, theme: str) -> None:
    """axe-core no encuentra nada grave en ningún momento, a dos anchos y en los dos temas; todo cabe."""
    shown = [*views().values(), *(QuestionView(question) for question in questions())]
    for view, question in zip(shown[len(views()) :], questions(), strict=True):
        view.answer(*question.letters[:1])
    draw(blank_page, *shown, themes=[theme])
    for width in WIDTHS:
        blank_page.set_viewport_size({"width": width, "height": 900})
        for look in (OVERFLOWING, STICKING_OUT, FAINT):
            assert blank_page.evaluate(look) == []
        assert grave(blank_page, ".mt") == []


def test_axe_would_notice(blank_page: Page) -> None:
    """La comprobación sirve: un botón sin nombre dentro de una vista es un hallazgo grave."""
    draw(blank_page, QuestionView(ONE))
    blank_page.evaluate("document.querySelector('.mtq').append(document.createElement('button'))")
    assert len(grave(blank_page, ".mt")) == 1


# --- Guardada y exportada ---


def test_an_export_asks_and_says_what_was_answered(browser: Browser, tmp_path: Path) -> None:
    """Sin kernel y sin red se leen la pregunta y sus opciones y, si se contestó, lo que se contestó."""
    book = nbformat.v4.new_notebook()
    states = {}
    for number, (view, letters) in enumerate(((QuestionView(ONE), "a"), (QuestionView(SEVERAL), ""))):
        if letters:
            view.answer(*letters)
        data = {**view._repr_mimebundle_()[0], VIEW: {"model_id": f"m{number}"}}
        output = nbformat.v4.new_output("display_data", data=data)
        book.cells.append(nbformat.v4.new_code_cell("pregunta(...)", outputs=[output], execution_count=1))
        states[f"m{number}"] = {"model_name": "X", "state": {"added": view.added}}
    book.metadata["widgets"] = {STATE: {"state": states, "version_major": 2, "version_minor": 0}}
    nbformat.write(book, tmp_path / "x.ipynb")
    assert __main__.main(["exportar", str(tmp_path / "x.ipynb")]) == 0
    context = browser.new_context(offline=True)
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "x.html").as_uri())
    answered, untouched = page.locator(".out").all()
    expect(answered.locator("li")).to_have_text([one.text.replace("`", "") for one in ONE.choices])
    expect(answered).to_contain_text("Tu respuesta: a. Todavía no.")
    expect(answered).to_contain_text(f"a) No es correcta. {ONE.choices[0].why}")
    expect(untouched.locator("li")).to_have_count(4)
    expect(untouched).not_to_contain_text("correcta.")
    assert page.locator("script, input, button").count() == 0
    assert grave(page, ".out") == []
    context.close()
    assert asked == [(tmp_path / "x.html").as_uri()]
