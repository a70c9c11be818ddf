"""Las etapas de un Dockerfile: lo que se dice de ellas, sus gemelos y el widget en un Chromium de verdad."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from xml.etree import ElementTree

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from multietapa import __main__
from multietapa.dockerfile.graph import Skip
from multietapa.widgets.saved import VIEW
from multietapa.widgets.stages.picture import MOST, picture
from multietapa.widgets.stages.sample import EVERY_KIND, SHOP, stages, views
from multietapa.widgets.stages.stages import StagesView
from multietapa.widgets.stages.words import MARKS, TOO_MUCH, code, headline, lines, sentences
from tests.axe import grave
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT, draw

STATE_BYTES = 60_000
#: Los textos de un nodo que se salen de su caja, y los rótulos que pisan alguna.
TIGHT = """() => [...document.querySelectorAll('.mtg-node')].flatMap(node => {
  const box = node.querySelector('.mtg-box').getBBox();
  return [...node.querySelectorAll('text')].filter(text => text.getBBox().width > box.width - 4)
    .map(text => text.textContent);
})"""


def node(page: Page | Locator, name: str) -> Locator:
    """El nodo cuyo nombre, para un lector de pantalla, empieza así."""
    return page.get_by_role("button", name=re.compile(f"^{re.escape(name)}"))


def target(page: Page) -> Locator:
    """El selector de objetivo."""
    return page.get_by_role("combobox", name="Objetivo")


def many(count: int) -> str:
    """Un Dockerfile con muchas etapas que copian unas de otras."""
    draw = random.Random(1)
    written = ["FROM node:14 AS e0"]
    for number in range(1, count):
        written += [f"FROM {draw.choice(('node:14-alpine', f'e{number - 1}'))} AS e{number}"]
        written += [f"COPY --from=e{draw.randrange(number)} /app/dist /app/otra ./dist"]
        written += ["RUN npm ci --omit=dev && npm cache clean --force && rm -rf /tmp/una-carpeta"] * 9
    return "\n".join(written)


# --- Lo que se dice ---


def test_the_text_reads_like_a_sentence() -> None:
    """De cada etapa que se hace, de qué parte y qué copia; de cada una que no, por qué."""
    assert lines(stages(SHOP)) == [
        "Etapas de Dockerfile",
        "Para la última hacen falta las 2 etapas.",
        "  La etapa build parte de node:14.",
        "  La última, sin nombre, parte de node:14-alpine y copia /app/dist de build.",
        "Es lo que dice el texto: no se ha construido nada.",
    ]
    assert sentences(stages(EVERY_KIND, "5"))[2:] == [
        "La etapa ca parte de registro.example.org/equipo/proyecto/certificados-de-la-casa:2026.",
        "La etapa 5, sin nombre, parte de node:14-alpine, copia /app/dist y /app/LICENCIA de build, copia "
        "/app/node_modules de deps, copia /etc/nginx/mime.types de la imagen nginx:1 y ve ca en /ca solo "
        "durante un paso.",
        "La etapa herramientas no se hace: solo la usa pruebas, que tampoco hace falta.",
        "La etapa pruebas no se hace: nadie la usa.",
        "La etapa binario no se hace: hace falta para la última, y no para este objetivo.",
    ]


@pytest.mark.parametrize(
    ("text", "target", "classic", "said"),
    [
        ("FROM a\n", None, False, "Tiene una sola etapa: todo lo que deje va en la imagen."),
        ("FROM a AS x\nFROM b AS y\n", None, False, "Para la última (y) hace falta 1 de 2 etapas."),
        ("FROM a AS x\nFROM b AS y\n", "x", False, "Para x hace falta 1 de 2 etapas."),
        ("FROM a AS x\nFROM b AS y\n", None, True, "Para la última (y) se hacen las 2 etapas."),
        ("FROM a\nFROM b\nFROM c\n", "1", True, "Para la etapa 1 se hacen 2 de 3 etapas."),
    ],
)
def test_how_many_are_needed(text: str, target: str | None, classic: bool, said: str) -> None:
    """Se dice cuántas hacen falta y para cuál; del clásico, cuántas hace."""
    assert headline(stages(text, target, classic=classic)) == said


def test_words_for_scratch_platforms_and_guesses() -> None:
    """«scratch» es partir de cero; una plataforma pedida, y la que se ha supuesto, se dicen."""
    assert sentences(stages("FROM scratch\n"))[0].endswith("parte de cero (scratch).")
    platform = sentences(stages("FROM --platform=linux/arm64 a AS x\nFROM x\n"))
    assert platform[0] == "La etapa x parte de a para linux/arm64."
    assert lines(stages(SHOP, assumed="arm64"))[-1].endswith("se ha supuesto arm64.")


def test_what_the_classic_builder_does_anyway() -> None:
    """De lo que el clásico hace sin que haga falta se dice eso mismo, en el nodo y en su frase."""
    shown = stages(EVERY_KIND, "5", classic=True)
    letters = [code(shown, shown.graph, each) for each in shown.stages]
    assert [MARKS[letter].removeprefix("✓ ") for letter in letters] == [
        "se hace",
        "se hace",
        "se hace sin hacer falta",
        "se hace sin hacer falta",
        "se hace",
        "◎ objetivo",
        "✕ no se hace: va después",
    ]
    said = [each for each in sentences(shown) if "el constructor clásico la hace igual" in each]
    assert [each.split(" parte ")[0] for each in said] == [
        "La etapa herramientas",
        "La etapa pruebas",
    ]


def test_every_reason_has_its_words() -> None:
    """Cada motivo por el que una etapa no se hace tiene sus palabras en el nodo y en la frase."""
    seen = set()
    for shown in (stages(EVERY_KIND, "5"), stages(EVERY_KIND, "pruebas", classic=True)):
        for each in shown.graph.skipped:
            letter = code(shown, shown.graph, shown.graph.node(each.key))
            assert MARKS[letter].startswith("✕ no se hace: ")
            seen.add(each.why if not shown.classic else letter)
    assert seen == {*Skip, "A"}


# --- Los gemelos y lo que se guarda ---


@pytest.mark.parametrize("name", views())
def test_the_picture_is_a_whole_svg(name: str) -> None:
    """El dibujo es XML bien formado, con cada nodo una vez y cada texto del Dockerfile escapado."""
    svg = ElementTree.fromstring(views()[name].picture)
    numbers = [int(each.attrib["data-n"]) for each in svg.iter() if "data-n" in each.attrib]
    assert sorted(numbers) == list(range(len(numbers))) == sorted(views()[name].order)
    if name == "de todo":
        assert "copia /app/<raro>&co" in {each.text for each in svg.iter()}


def test_no_two_kinds_differ_only_by_colour() -> None:
    """Cada clase de nodo tiene su forma y cada clase de línea su trazo, también sin color."""
    drawn = picture(stages(EVERY_KIND)).svg
    for shape in ("mtg-stage", "mtg-image", "mtg-empty", "mtg-from", "mtg-copy", "mtg-mount"):
        assert shape in drawn
    style = StagesView.source[1]
    assert re.search(r"\.mtg-from \.mtg-line \{[^}]*stroke-width: 4", style)
    assert re.search(r"\.mtg-mount \.mtg-line \{[^}]*stroke-dasharray: 0 6", style)
    assert re.search(r"\.mtg-off \.mtg-box \{[^}]*stroke-dasharray: 6 4", style)


@pytest.mark.lenta
@pytest.mark.parametrize("count", [5, 20, 30, 59, 80])
def test_what_is_saved_is_small(count: int) -> None:
    """Lo que se guarda con el cuaderno no pasa de 60 kB; si no se puede dibujar, se dice en frases."""
    view = StagesView(stages(many(count)))
    state = {name: value for name, value in view.get_state().items() if not name.startswith("_")}
    del state["layout"], state["shared"]
    assert len(json.dumps(state, ensure_ascii=False).encode()) < STATE_BYTES
    text, html = view.twins()
    assert f"La etapa e{count - 1} " in text or "(e" in text
    assert (TOO_MUCH in html) == (not view.picture)
    if count <= 20:
        assert view.picture
    if count > MOST:
        assert not view.picture
        assert view.words["sentences"] == sentences(stages(many(count)))


# --- En la página ---


def test_the_mouse_opens_what_a_stage_says(blank_page: Page) -> None:
    """Pulsar un nodo enseña sus instrucciones con su línea, qué toma y quién lo usa; «Cerrar» lo quita."""
    draw(blank_page, StagesView(stages(EVERY_KIND, "5")))
    node(blank_page, "build etapa 0").click()
    detail = blank_page.get_by_role("group", name="Detalle de build")
    expect(detail.locator(".mtg-code > *")).to_have_text(
        ["1", "FROM node:14 AS build", "2", "COPY . .", "3", "RUN npm run build"]
    )
    expect(detail.locator("li")).to_have_text(
        [
            "parte de node:14 (línea 1)",
            "pruebas copia /app/dist (línea 13)",
            "la etapa 5 copia /app/dist y /app/LICENCIA (línea 19)",
            "binario copia /app/<raro>&co (línea 25)",
        ]
    )
    expect(node(blank_page, "build etapa 0")).to_have_attribute("aria-expanded", "true")
    node(blank_page, "herramientas etapa").click()
    said = "No se hace: solo la usa pruebas, que tampoco hace falta."
    expect(blank_page.get_by_role("group", name="Detalle de herramientas")).to_contain_text(said)
    node(blank_page, "scratch").click()
    expect(blank_page.get_by_role("group", name="Detalle de scratch")).to_contain_text("No es ninguna imagen")
    blank_page.get_by_role("button", name="Cerrar").click()
    expect(blank_page.locator(".mtg-detail")).to_be_hidden()
    expect(node(blank_page, "scratch")).to_be_focused()


def test_another_target_is_drawn_without_a_kernel(blank_page: Page) -> None:
    """Al elegir otro objetivo, el titular, los motivos, los nodos y las líneas son los que daría Python."""
    draw(blank_page, StagesView(stages(EVERY_KIND)))
    pick = target(blank_page)
    labels = pick.locator("option").all_inner_texts()
    assert labels == ["build", "deps", "herramientas", "pruebas", "ca", "la etapa 5", "la última (binario)"]
    expect(pick).to_have_value("6")
    for number, name in enumerate(stages(EVERY_KIND).source.stage_labels):
        pick.select_option(str(number))
        wanted = stages(EVERY_KIND, name)
        expect(blank_page.get_by_role("status")).to_have_text(headline(wanted))
        left = [said for said in sentences(wanted) if " no se hace: " in said]
        expect(blank_page.locator(".mtg-left li")).to_have_text(left)
        drawn = ElementTree.fromstring(picture(wanted).svg)
        marks = [each.text for each in drawn.iter() if each.attrib.get("class") == "mtg-mark"]
        expect(blank_page.locator(".mtg-mark")).to_have_text([mark or "" for mark in marks])
        for selector in (".mtg-node.mtg-off", ".mtg-edge.mtg-off", ".mtg-on"):
            names = set(selector[1:].split("."))
            found = [each for each in drawn.iter() if names <= set(each.attrib.get("class", "").split())]
            expect(blank_page.locator(f".mtg-svg {selector}")).to_have_count(len(found))
        assert blank_page.evaluate("shown[0].model.get('target')") == number


def test_an_open_detail_follows_the_target(blank_page: Page) -> None:
    """Lo que está abierto se pone al día al cambiar de objetivo."""
    draw(blank_page, StagesView(stages(EVERY_KIND)))
    node(blank_page, "pruebas etapa").click()
    detail = blank_page.get_by_role("group", name="Detalle de pruebas")
    expect(detail).to_contain_text("No se hace: nadie la usa.")
    target(blank_page).select_option("pruebas")
    expect(detail).to_contain_text("Objetivo.")
    expect(detail).not_to_contain_text("No se hace")


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_alone_goes_everywhere(blank_page: Page, key: str) -> None:
    """Con el tabulador se llega, las flechas recorren, Intro o espacio abren, y Escape cierra y vuelve."""
    draw(blank_page, StagesView(stages(SHOP)))
    press = blank_page.keyboard.press
    press("Tab")
    expect(target(blank_page)).to_be_focused()
    press("Tab")
    expect(node(blank_page, "node:14 imagen")).to_be_focused()
    press("ArrowDown")
    expect(node(blank_page, "build etapa 0")).to_be_focused()
    press("ArrowRight")
    expect(node(blank_page, "node:14-alpine")).to_be_focused()
    press("ArrowDown")
    expect(node(blank_page, "sin nombre etapa 1")).to_be_focused()
    press("ArrowDown")  # no hay más abajo: no se mueve
    expect(node(blank_page, "sin nombre etapa 1")).to_be_focused()
    press("ArrowUp")
    press("Home")
    expect(node(blank_page, "node:14 imagen")).to_be_focused()
    press("End")
    press(key)
    detail = blank_page.get_by_role("group", name="Detalle de la etapa 1")
    expect(detail).to_be_visible()
    expect(detail.get_by_role("button", name="Cerrar")).to_be_focused()
    press("Escape")
    expect(blank_page.locator(".mtg-detail")).to_be_hidden()
    expect(node(blank_page, "sin nombre etapa 1")).to_be_focused()
    assert blank_page.locator(".mtg-node[tabindex='0']").count() == 1


def test_every_node_is_reached_with_one_key(blank_page: Page) -> None:
    """Con la flecha derecha se pasa por todos los nodos, de arriba abajo."""
    draw(blank_page, StagesView(stages(EVERY_KIND)))
    blank_page.locator(".mtg-node[tabindex='0']").focus()
    seen = []
    for _ in stages(EVERY_KIND).graph.nodes:
        seen.append(blank_page.evaluate("document.activeElement.dataset.n"))
        blank_page.keyboard.press("ArrowRight")
    assert sorted(map(int, seen)) == list(range(len(stages(EVERY_KIND).graph.nodes)))


@pytest.mark.parametrize("theme", ["claro", "oscuro"])
def test_it_is_accessible_and_fits(blank_page: Page, theme: str) -> None:
    """axe-core no encuentra nada grave; un dibujo ancho se desplaza dentro, y sus textos caben."""
    draw(blank_page, *views().values(), themes=[theme])
    for number in range(len(views())):
        blank_page.locator(".mtg").nth(number).locator(".mtg-node").first.click()
    for width in (360, 1280, 768):
        blank_page.set_viewport_size({"width": width, "height": 900})
        for look in (OVERFLOWING, STICKING_OUT, FAINT, TIGHT):
            assert blank_page.evaluate(look) == []
    assert grave(blank_page, ".mt") == []
    wide = blank_page.locator(".mtg").nth(1)
    assert wide.locator(".mtg-scroll").evaluate("n => n.scrollWidth > n.clientWidth && !n.scrollLeft")
    node(wide, "scratch").focus()
    assert wide.locator(".mtg-scroll").evaluate("n => n.scrollLeft > 0")  # lo que tiene el foco se ve


def test_an_export_is_read_without_a_kernel(browser: Browser, tmp_path: Path) -> None:
    """Exportado se ven el dibujo y las frases, sin programas, sin red y sin nada grave para axe-core."""
    book = nbformat.v4.new_notebook()
    for number, shown in enumerate((stages(EVERY_KIND, "5"), stages(SHOP))):
        data = {**StagesView(shown)._repr_mimebundle_()[0], VIEW: {"model_id": f"m{number}"}}
        output = nbformat.v4.new_output("display_data", data=data)
        book.cells.append(nbformat.v4.new_code_cell("etapas(...)", outputs=[output], execution_count=1))
    nbformat.write(book, tmp_path / "x.ipynb")
    assert __main__.main(["exportar", str(tmp_path / "x.ipynb")]) == 0
    context = browser.new_context(offline=True, viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.goto((tmp_path / "x.html").as_uri())
    first, second = page.locator(".out").all()
    expect(first.get_by_role("img", name="Para la etapa 5 hacen falta 4 de 7 etapas.")).to_be_visible()
    expect(first.locator("li")).to_have_text(sentences(stages(EVERY_KIND, "5")))
    expect(second.locator("svg .mtg-on .mtg-name")).to_have_text("sin nombre")
    assert page.evaluate(TIGHT) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.locator("script, input, button").count() == 0
    assert grave(page, ".out") == []
    context.close()
