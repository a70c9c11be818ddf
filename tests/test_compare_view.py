"""El widget de la comparación en un Chromium de verdad, con un modelo como el de anywidget."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from multietapa import text
from multietapa.measure.comparison import Comparison
from multietapa.widgets.compare.compare import CompareView
from multietapa.widgets.compare.words import PROVISIONAL, Phase
from multietapa.widgets.progress import Progress, progress_payload
from tests.drawing import draw
from tests.test_compare import CELLS, INFO, comparison, row, square, unmeasured


@pytest.fixture
def page(blank_page: Page) -> Page:
    """Donde se dibuja."""
    return blank_page


def mount(page: Page, shown: Comparison, phase: Phase = Phase.DONE) -> None:
    """Dibuja el widget con esa comparación."""
    view = CompareView(shown)
    if phase is not Phase.MEASURING:
        view.finish(shown, phase)
    draw(page, view)


def test_segments_are_drawn_to_scale(page: Page) -> None:
    """Las barras guardan la proporción entre imágenes y los tramos, la de sus bytes."""
    mount(page, comparison(800_000_000, 200_000_000))
    widths = [bar.bounding_box()["width"] for bar in page.locator(".mtc-bar").all()]  # type: ignore[index]
    assert widths[0] / widths[1] == pytest.approx(4, rel=0.02)
    parts = [part.bounding_box()["width"] for part in page.locator(".mtc-bar >> nth=0").locator("> *").all()]  # type: ignore[index]
    assert parts[0] / parts[1] == pytest.approx(3, rel=0.02)
    page.get_by_text("100 %", exact=True).click()
    widths = [bar.bounding_box()["width"] for bar in page.locator(".mtc-bar").all()]  # type: ignore[index]
    assert widths[0] == pytest.approx(widths[1])


def test_measure_switch_changes_everything(page: Page) -> None:
    """Al cambiar de medida cambian el titular, los totales y los tramos; la predicción, no."""
    mount(page, comparison(900_000_000, 300_000_000, prediction=500_000_000))
    expect(page.locator(".mtc-marker")).to_have_text("tu predicción: 500 MB")
    page.get_by_role("radio", name="Transferencia").check(force=True)
    expect(page.locator(".mtc").get_by_role("heading")).to_have_text(
        "Al mover a viajan 3,0 veces los bytes que al mover b ·\u00a0Transferencia"
    )
    expect(page.locator(".mtc-total strong").first).to_have_text("300 MB")
    expect(page.get_by_role("img", name=re.compile("^capas propias"))).to_have_count(2)
    expect(page.locator(".mtc-marker")).to_have_count(0)
    expect(page.locator(".mtc-guess")).to_contain_text("Desempaquetado de a: predijiste 500 MB")


def test_keyboard_reaches_every_segment(page: Page) -> None:
    """Con el tabulador y las flechas se recorre todo, y cada tramo dice sus bytes."""
    mount(page, comparison(800_000_000, 200_000_000))
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Transferencia")).to_be_checked()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_role("img", name=re.compile("^sistema base")).first).to_be_focused()
    page.keyboard.press("ArrowRight")
    second = page.get_by_role("img", name=re.compile("^aplicación")).first
    expect(second).to_be_focused()
    label = "aplicación: 200 MB, 25,0 % de 800 MB de Desempaquetado; 200\u202f000\u202f000 bytes"
    assert second.get_attribute("aria-label") == label
    expect(page.locator(".mtc-tip")).to_contain_text("200\u202f000\u202f000 bytes")
    page.keyboard.press("Escape")
    expect(page.locator(".mtc-tip")).to_be_hidden()
    page.keyboard.press("Home")
    expect(page.get_by_role("img", name=re.compile("^sistema base")).first).to_be_focused()


def test_pointer_shows_exact_bytes(page: Page) -> None:
    """Al pasar por un tramo se ven sus bytes exactos y se señala el mismo origen en las demás imágenes."""
    mount(page, comparison(800_000_000, 200_000_000))
    page.get_by_role("img", name=re.compile("^aplicación")).first.hover()
    expect(page.locator(".mtc-tip")).to_contain_text("25,0 % de a")
    assert page.locator(".mtc-part.mtc-dim").count() == 2
    page.mouse.move(5, 800)
    expect(page.locator(".mtc-tip")).to_be_hidden()
    assert page.locator(".mtc-dim").count() == 0


@pytest.mark.parametrize("width", [1280, 768, 480, 360])
@pytest.mark.parametrize("shape", ["dos", "cuadro", "muchas", "midiendo", "nombres largos"])
def test_nothing_overflows(page: Page, width: int, shape: str) -> None:
    """En pantallas estrechas nada se sale por un lado, tampoco con la tabla abierta."""
    long = ("registro.ejemplo.com:5000/equipo-de-plataforma/" + "tienda" * 8 + ":multietapa-definitiva",)
    shown = {
        "dos": comparison(804_444_393, 123_663_053, prediction=900_000_000),
        "cuadro": square(804_444_393, 263_217_692, 664_889_761, 123_663_053),
        "muchas": comparison(*range(10**8, 10**9, 10**8)),
        "midiendo": unmeasured("a", "b"),
        "nombres largos": Comparison((row(long[0], 5 * 10**8, equivalent=True), row("b", 3)), INFO.label * 2),
    }[shape]
    page.set_viewport_size({"width": width, "height": 900})
    mount(page, shown, Phase.MEASURING if shape == "midiendo" else Phase.DONE)
    page.get_by_text("Ver como tabla").click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.mtc'))")


def test_progress_is_shown_and_then_goes(page: Page) -> None:
    """Mientras se mide hay una barra con su fase; las cifras son provisionales y no hay tramos."""
    mount(page, unmeasured("a", "b"), Phase.MEASURING)
    expect(page.locator(".mt-progress")).to_be_hidden()
    page.evaluate(
        "p => shown[0].model.set('progress', p)",
        progress_payload(Progress("a", 1, 2, "Fase", 5, 10, 2), "Midiendo"),
    )
    expect(page.locator(".mt-progress")).to_contain_text("Midiendo a (1 de 2)")
    assert page.get_by_role("progressbar", name="Avance de la medida").evaluate("e => e.value") == 0.5
    assert page.locator(".mtc-part").count() == 0
    expect(page.locator(".mtc-row").first).to_contain_text(f"{PROVISIONAL}≈ 5,0 MB")
    page.evaluate("shown[0].model.set('progress', {})")
    expect(page.locator(".mt-progress")).to_be_hidden()
    page.evaluate("shown[0].close()")


def test_grid_names_every_cell_for_everyone(page: Page) -> None:
    """En el cuadro cada barra dice su fila y su columna, y la tabla de efectos cambia con la medida."""
    mount(page, square(804_000_000, 263_000_000, 664_000_000, 123_000_000))
    for cell in CELLS:
        expect(page.get_by_role("group", name=re.compile("^" + re.escape(text.join(cell))))).to_be_visible()
    expect(page.get_by_role("table", name="Qué consigue cada cambio, en Desempaquetado")).to_be_visible()
    page.get_by_role("radio", name="Transferencia").check(force=True)
    expect(page.get_by_role("table", name="Qué consigue cada cambio, en Transferencia")).to_be_visible()
