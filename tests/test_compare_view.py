"""El widget de la comparación en un Chromium de verdad, con un modelo como el de anywidget."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from multietapa import text
from multietapa.measure.comparison import Comparison
from multietapa.widgets.compare.compare import CompareView
from multietapa.widgets.compare.sample import half, many, pair
from multietapa.widgets.compare.words import PROVISIONAL
from multietapa.widgets.progress import Phase, Progress, progress_payload
from tests.axe import grave
from tests.drawing import draw
from tests.test_compare import CELLS, INFO, comparison, hundreds, row, square, unmeasured


@pytest.fixture
def page(blank_page: Page) -> Page:
    """Donde se dibuja."""
    return blank_page


def mount(page: Page, shown: Comparison, phase: Phase = Phase.DONE) -> None:
    """Dibuja el widget con esa comparación."""
    view = CompareView(shown)
    if phase is not Phase.WORKING:
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
    for _ in ("reparto", "escala", "primer tramo"):
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


def test_another_split_by_mouse_and_by_keyboard(page: Page) -> None:
    """Cada medida tiene sus repartos: se eligen con el ratón o con las flechas, y los tramos cambian."""
    mount(page, pair())
    page.get_by_text("por clase de archivo", exact=True).click()
    expect(page.get_by_role("img", name=re.compile("^programas y bibliotecas"))).to_have_count(2)
    expect(page.locator(".mtc-meaning")).to_contain_text("que deciden la ruta, la extensión y los permisos")
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="por lo que se ve")).to_be_checked()
    expect(page.get_by_role("img", name=re.compile("^borrado en otra capa: 31,0 MB"))).to_have_count(1)
    expect(page.locator(".mtc-waste li")).to_contain_text("«RUN rm -r /root/.npm»")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("radio", name="por capa")).to_be_checked()
    shared = page.get_by_role("img", name=re.compile("^capa 4 · COPY .*la lleva también tienda:multietapa$"))
    expect(shared).to_have_count(1)
    shared.hover()
    expect(page.locator(".mtc-tip")).to_contain_text("la lleva también tienda:multietapa")
    assert page.locator(".mtc-part:not(.mtc-dim)").count() == 2  # la misma capa, en las dos
    page.get_by_role("radio", name="Transferencia").check(force=True)
    expect(page.get_by_role("radio", name="por lo que se ve")).to_be_hidden()
    expect(page.get_by_role("radio", name="base y propias")).to_be_checked()
    expect(page.locator(".mtc-waste")).to_have_count(0)
    page.locator(".mt-choice:visible").get_by_text("por capa", exact=True).click()
    expect(page.get_by_role("img", name=re.compile("^capa 1 · ADD node:14.tar"))).to_have_count(1)
    page.get_by_role("radio", name="Desempaquetado").check(force=True)
    expect(page.locator(".mt-choice:visible").get_by_role("radio", name="por capa")).to_be_checked()


def test_what_disappears_opens_and_stays_open(page: Page) -> None:
    """Lo que desaparece se despliega con el teclado, dice la razón de cada grupo y no se cierra solo."""
    mount(page, pair())
    opener = page.get_by_text("De tienda:ingenua a tienda:multietapa: desaparecen")
    opener.focus()
    page.keyboard.press("Enter")
    table = page.get_by_role("table", name="Desaparecen 798 MB de Desempaquetado")
    expect(table).to_contain_text("venía en la base node:14; la otra sale de node:14-alpine")
    expect(table).to_contain_text("lo son según el cierre de npm")
    page.get_by_role("radio", name="Transferencia").check(force=True)
    expect(table).to_be_visible()


def test_an_image_still_compressing_shows_no_figure(page: Page) -> None:
    """Mientras se comprime, Desempaquetado se ve entero, y Transferencia dice que se está midiendo."""
    mount(page, half(), Phase.WORKING)
    expect(page.locator(".mtc-total strong")).to_have_text(["805 MB", "92,0 MB"])
    page.get_by_role("radio", name="Transferencia").check(force=True)
    expect(page.locator(".mtc-total strong")).to_have_text(["277 MB", "midiendo…"])
    expect(page.locator(".mtc").get_by_role("heading")).to_contain_text("Comparación de 2 imágenes")
    mount(page, half(), Phase.INTERRUPTED)
    page.get_by_role("radio", name="Transferencia").check(force=True)
    expect(page.locator(".mtc-total strong").last).to_have_text("sin medir")


def test_many_images_share_their_legend(page: Page) -> None:
    """Con doce imágenes hay una leyenda para todas, en 768 píxeles caben, y los cambios van juntos."""
    page.set_viewport_size({"width": 768, "height": 900})
    mount(page, many())
    expect(page.locator(".mtc-row")).to_have_count(12)
    expect(page.locator(".mtc-row .mtc-legend")).to_have_count(0)
    expect(page.locator(".mtc-key li").first).to_contain_text("sistema base")
    expect(page.locator(".mtc-changes > details")).to_have_count(1)
    assert page.locator(".mtc-chart").evaluate("e => e.clientHeight") < 900
    for split in ("por capa", "por clase de archivo", "por lo que se ve"):
        page.locator(".mt-choice:visible").get_by_text(split, exact=True).click()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    expect(page.locator(".mtc-key")).to_contain_text("lo ve un contenedor")
    page.get_by_text("Qué desaparece de tienda:intento-1 a cada una de las otras 11").click()
    expect(page.locator(".mtc-changes details details")).to_have_count(11)


@pytest.mark.parametrize("shape", ["dos", "doce"])
def test_axe_finds_nothing_serious(page: Page, shape: str) -> None:
    """axe-core no encuentra nada grave en ningún reparto, con todo desplegado."""
    mount(page, pair() if shape == "dos" else many())
    for summary in page.locator("summary").all():
        summary.click()
    for measure, splits in (
        ("Desempaquetado", ("por origen", "por capa", "por clase de archivo", "por lo que se ve")),
        ("Transferencia", ("base y propias", "por capa")),
    ):
        page.get_by_role("radio", name=measure).check(force=True)
        for split in splits:
            page.locator(".mt-choice:visible").get_by_text(split, exact=True).click()
            assert grave(page, ".mtc") == []


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
@pytest.mark.parametrize("shape", ["dos", "cuadro", "muchas", "midiendo", "nombres largos", "cientos"])
def test_nothing_overflows(page: Page, width: int, shape: str) -> None:
    """En pantallas estrechas nada se sale por un lado, tampoco con la tabla abierta."""
    long = ("registro.ejemplo.com:5000/equipo-de-plataforma/" + "tienda" * 8 + ":multietapa-definitiva",)
    shown = {
        "dos": comparison(804_444_393, 123_663_053, prediction=900_000_000),
        "cuadro": square(804_444_393, 263_217_692, 664_889_761, 123_663_053),
        "muchas": comparison(*range(10**8, 10**9, 10**8)),
        "midiendo": unmeasured("a", "b"),
        "cientos": hundreds(7 if width < 600 else 3),
        "nombres largos": Comparison((row(long[0], 5 * 10**8, equivalent=True), row("b", 3)), INFO.label * 2),
    }[shape]
    page.set_viewport_size({"width": width, "height": 900})
    mount(page, shown, Phase.WORKING if shape == "midiendo" else Phase.DONE)
    for summary in page.locator("summary:visible").all():
        summary.click()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("(e => e.scrollWidth <= e.clientWidth)(document.querySelector('.mtc'))")


def test_progress_is_shown_and_then_goes(page: Page) -> None:
    """Mientras se mide hay una barra con su fase; las cifras son provisionales y no hay tramos."""
    mount(page, unmeasured("a", "b"), Phase.WORKING)
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
