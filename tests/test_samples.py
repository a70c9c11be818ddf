"""Las muestras de cada vista, dibujadas en un Chromium: se leen en los dos temas, caben y no piden nada."""

from __future__ import annotations

import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from multietapa.paths import PROJECT_ROOT
from tests.drawing import CUT_SHORT, FAINT, OVERFLOWING, STICKING_OUT
from tools import sample

NAMES = sample.names()
WIDTHS = (1280, 768, 360)
SHARED = (
    "base.py",
    "building.py",
    "dom.js",
    "dom.css",
    "drawing.py",
    "inline.py",
    "loader.js",
    "progress.css",
    "progress.js",
    "progress.py",
    "reading.py",
    "saved.py",
    "theme.py",
    "where.py",
)
VIEW_LINES = 120
#: Lo más que ocupa el JavaScript de una vista que hace más que las otras: va una vez por cuaderno.
DRAWING_BYTES = {"explorer": 45_000}
#: Lo que un lector de pantalla ofrece como regiones de la página.
LANDMARKS = ":is(.mt, .mt *):is([role=region], header, footer, nav, main, aside, form, section)"


def open_sample(page: Page, name: str, folder: Path) -> None:
    """Escribe la página con la orden y la abre, como una persona."""
    target = folder / f"{name}.html"
    done = subprocess.run(
        [sys.executable, "-m", "tools.sample", name, str(target)],
        cwd=PROJECT_ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(target) in done.stdout
    page.goto(target.as_uri())
    page.wait_for_selector("body[data-ready]")


@pytest.mark.parametrize("name", NAMES)
def test_a_sample_opens_by_itself_and_looks_right(blank_page: Page, tmp_path: Path, name: str) -> None:
    """La página de la orden dibuja cada muestra en los dos temas, sin red; todo cabe y se lee."""
    asked: list[str] = []
    blank_page.on("request", lambda request: asked.append(_outside(request)))
    open_sample(blank_page, name, tmp_path)
    shown = blank_page.evaluate("shown.map((view) => [view.name, view.theme])")
    assert shown == [[view, theme] for theme in sample.THEMES for view in sample.views(name)]
    expect(blank_page.locator(".mt")).to_have_count(len(shown))
    for width in WIDTHS:
        blank_page.set_viewport_size({"width": width, "height": 900})
        assert blank_page.evaluate(OVERFLOWING) == []
        assert blank_page.evaluate(STICKING_OUT) == []
        assert blank_page.evaluate(CUT_SHORT) == []
        assert blank_page.evaluate(FAINT) == []
        assert blank_page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert list(filter(None, asked)) == []
    named = blank_page.locator(".mt[role=group][aria-label]:not([aria-label=''])")
    expect(named).to_have_count(len(shown))
    assert blank_page.locator(LANDMARKS).count() == 0  # dos vistas iguales serían dos con el mismo nombre
    blank_page.evaluate("shown.forEach((view) => view.close())")


def _outside(request: Request) -> str:
    """La dirección de una petición, si no es la página ni lo que lleva dentro."""
    return "" if request.url.startswith(("file:", "blob:", "data:")) else request.url


@pytest.mark.parametrize("name", NAMES)
def test_what_travels_with_a_widget_is_small_and_offline(name: str) -> None:
    """El dibujo viaja una vez por clase y es pequeño; ni él ni el cargador de cada vista piden nada."""
    one, *others = sample.views(name).values()
    assert all(view.shared is one.shared for view in others)
    loader, drawing, style = one.get_state()["_esm"], one.shared.esm, one.shared.css
    assert len(loader) < 1_000
    assert "_css" not in one.get_state()
    assert len(drawing) < DRAWING_BYTES.get(name, 20_000)
    assert len(style) < 16_000
    assert not re.search(r"\bfetch\(|\bimport\b|XMLHttpRequest|//cdn", drawing)
    assert not re.search(r"^ *//", drawing, re.MULTILINE)  # los comentarios son para quien lee el repositorio
    assert not re.search(r"@import|url\(", style)
    assert drawing.count("export default") == loader.count("export default") == 1
    assert not re.search(r"\bfetch\(|XMLHttpRequest|https?:", loader)


class _Words(HTMLParser):
    """Lo que se lee de un HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.opened: list[str] = []

    def handle_starttag(self, tag: str, _attrs: object) -> None:
        self.opened.append(tag)

    def handle_data(self, data: str) -> None:
        if self.opened[-1:] != ["style"]:
            self.found.append(data)


@pytest.mark.parametrize("name", NAMES)
def test_every_sample_has_its_twins(name: str) -> None:
    """Cada muestra lleva sus dos gemelos: un texto, y un HTML sin programas que dice algo."""
    for view in sample.views(name).values():
        text, html = view.twins()
        parser = _Words()
        parser.feed(html)
        assert len(text.strip()) > 5
        assert "".join(parser.found).strip()
        assert not {"script", "button", "input", "link"} & set(parser.opened)


@pytest.mark.parametrize("name", NAMES)
def test_a_view_is_one_folder(name: str) -> None:
    """Una vista tiene sus archivos en su carpeta, y el módulo del widget es corto."""
    folder = sample.WIDGETS / name
    present = {path.name for path in folder.iterdir()}
    assert {f"{name}.py", f"{name}.js", f"{name}.css", "words.py", "sample.py"} <= present
    assert len((folder / f"{name}.py").read_text(encoding="utf-8").splitlines()) < VIEW_LINES


def test_every_view_brings_a_sample() -> None:
    """No hay vista sin muestras."""
    folders = {path.parent.name for path in sample.WIDGETS.glob("*/*.js")}
    assert sorted(folders) == NAMES
    assert {path.name for path in sample.WIDGETS.glob("*.*")} == {"__init__.py", *SHARED}


def test_an_unknown_view_lists_the_ones_there_are(capsys: pytest.CaptureFixture[str]) -> None:
    """La orden con un nombre que no existe dice cuáles hay, y no escribe nada."""
    assert sample.main(["dibujo"]) == 1
    assert all(name in capsys.readouterr().err for name in NAMES[:1])
