"""``exportar``: un cuaderno ejecutado se lee sin kernel y sin red, con las mismas cifras."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import Browser, Page

from multietapa import __main__, text
from multietapa.measure.comparison import Measure
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.build import sample as builds
from multietapa.widgets.compare import sample as comparisons
from multietapa.widgets.predict import sample as predictions
from multietapa.widgets.question import sample as asked
from multietapa.widgets.saved import STATE
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT

WIDTHS = (1280, 768)


def executed(*outputs: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Un cuaderno con un título y esas salidas, con estado de widgets y un enlace a la red en su texto."""
    book: nbformat.NotebookNode = nbformat.v4.new_notebook()
    book.metadata["widgets"] = {
        STATE: {"state": {"x": {"state": {}}}, "version_major": 2, "version_minor": 0}
    }
    prose = "# 02 · La <i>solución</i>\n\n[fuera](https://docs.docker.com/) y `código`\n\n| a |\n| - |\n| 1 |"
    code = nbformat.v4.new_code_cell('comparar("a")  # y ya', outputs=list(outputs), execution_count=1)
    book.cells = [nbformat.v4.new_markdown_cell(prose), code]
    return book


def shown(view: Any) -> nbformat.NotebookNode:
    """La salida que deja una vista."""
    made: nbformat.NotebookNode = nbformat.v4.new_output("display_data", data=view._repr_mimebundle_()[0])
    return made


def stream(words: str) -> nbformat.NotebookNode:
    """Una salida de texto."""
    made: nbformat.NotebookNode = nbformat.v4.new_output("stream", name="stdout", text=words)
    return made


def write(book: nbformat.NotebookNode, folder: Path) -> Path:
    """Lo escribe en una carpeta."""
    path = folder / "02_la_solucion.ipynb"
    nbformat.write(book, path)
    return path


@pytest.fixture(scope="module")
def page_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """La página de un cuaderno con todas las muestras de todas las vistas, un fallo y un texto."""
    every = [*comparisons.views().values(), *builds.views().values(), *predictions.views().values()]
    every += asked.views().values()
    failed = nbformat.v4.new_output("error", ename="E", evalue="x", traceback=["\x1b[31m✗ Pasó algo.\x1b[0m"])
    folder = tmp_path_factory.mktemp("exportado")
    source = write(executed(*map(shown, every), stream("hola\n" + "x" * 400), failed), folder)
    assert __main__.main(["exportar", str(source)]) == 0
    return source.with_suffix(".html")


def test_it_shows_the_same_numbers(page_file: Path) -> None:
    """Cada total, cada parte y cada paso están en la página; las barras, a escala; y está en español."""
    page = page_file.read_text(encoding="utf-8")
    assert '<html lang="es">' in page
    assert "<title>02 · La" in page
    words = html.unescape(re.sub(r"<[^>]+>", "", page))
    for row in (*comparisons.pair().rows, *comparisons.square().rows):
        for measure in Measure:
            figure = row.figure(measure)
            assert text.size(figure.bytes) in words
            assert f"{text.number(figure.bytes)} bytes" in words
            assert all(part.name in words for part in figure.parts)
    for view in builds.views().values():
        assert view.head["result"] in words
    for said in (
        "Tu predicción para tienda:ingenua: 300 MB",
        "En la capa de abajo, que viaja entera.",
        "✗ Pasó algo.",
        'comparar("a")',
        "hola",
    ):
        assert said in words
    for gone in ("<script", STATE, "widget-view", "IPY_MODEL"):
        assert gone not in page


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_opens_without_network(browser: Browser, page_file: Path, scheme: Any) -> None:
    """En un Chromium sin red no pide nada ni se queja, cabe a dos anchos y se lee en los dos temas."""
    context = browser.new_context(color_scheme=scheme, offline=True, locale="es-ES")
    page = context.new_page()
    asked: list[str] = []
    problems: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: problems.append(message.text))
    page.on("pageerror", lambda problem: problems.append(str(problem)))
    page.goto(page_file.as_uri())
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        for look in (OVERFLOWING, STICKING_OUT, FAINT):
            assert page.evaluate(look) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    widths = [bar.bounding_box() for bar in page.locator(".mts-bar").all()[:2]]
    big, small = (box["width"] for box in widths if box)
    sizes = [row.figure(Measure.UNPACKED).bytes for row in comparisons.pair().rows]
    assert big / small == pytest.approx(sizes[0] / sizes[1], rel=0.05)
    context.close()
    assert (asked, problems) == ([page_file.as_uri()], [])


def test_nothing_in_an_output_can_reach_the_network(browser: Browser, tmp_path: Path) -> None:
    """Un programa, un estilo o una imagen de fuera que traiga una salida no llegan a pedirse ni a correr."""
    hostile = (
        "<script>document.title = 'corrió'</script><img src=https://a.invalid/i.png>"
        "<script src=https://a.invalid/s.js></script><link rel=stylesheet href=https://a.invalid/c.css>"
        "<iframe src=https://a.invalid/></iframe>"
    )
    output = nbformat.v4.new_output(
        "display_data", data={"text/html": hostile, "application/javascript": "x"}
    )
    source = write(executed(output), tmp_path)
    assert __main__.main(["exportar", str(source), "--salida", str(tmp_path / "x.html")]) == 0
    page: Page = browser.new_page()
    sent: list[str] = []
    page.on("requestfinished", lambda request: sent.append(request.url))
    page.goto((tmp_path / "x.html").as_uri())
    assert page.title() == "02 · La <i>solución</i>"
    assert page.locator(".out img").count() == 1
    page.close()
    assert sent == [(tmp_path / "x.html").as_uri()]


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    """Lo que dice la orden al negarse: sale con 1 y no enseña un rastro."""
    assert __main__.main(["exportar", *words]) == 1
    said = capsys.readouterr().err
    assert "Qué hacer: " in said
    assert "Traceback" not in said
    return said


def test_what_cannot_be_exported_is_explained(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Un cuaderno que no existe, que no lo es o que no se ejecutó, o un destino que no vale: se dice cuál."""
    source = write(executed(stream("hola")), tmp_path)
    (tmp_path / "roto.ipynb").write_text('{"cells": 3}', encoding="utf-8")
    assert str(source) in refused(capsys, str(tmp_path / "02_la_solucio.ipynb"))
    assert "no es un cuaderno" in refused(capsys, str(PROJECT_ROOT / "README.md"))
    assert "no es un cuaderno" in refused(capsys, str(tmp_path / "roto"))
    assert "no existe" in refused(capsys, str(source), "--salida", str(tmp_path / "nada" / "x.html"))
    pristine = str(PROJECT_ROOT / "notebooks" / "02_la_solucion")
    assert "no tiene ninguna salida" in refused(capsys, pristine, "--salida", str(tmp_path / "y.html"))
    assert not list(tmp_path.glob("*.html"))


def test_nothing_is_overwritten_unasked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Si la página ya existe se queda como está, salvo que se pida lo contrario."""
    source = write(executed(stream("hola")), tmp_path)
    target = source.with_suffix(".html")
    target.write_text("mía", encoding="utf-8")
    assert "--sobrescribir" in refused(capsys, str(source))
    assert target.read_text(encoding="utf-8") == "mía"
    assert __main__.main(["exportar", str(source), "--sobrescribir"]) == 0
    assert "hola" in target.read_text(encoding="utf-8")
    assert str(target) in capsys.readouterr().out
