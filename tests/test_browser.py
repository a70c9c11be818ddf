"""Los cuadernos en un Chromium de verdad: se abren, se ejecutan enteros, se usan y se ven bien.

El taller se abre con la orden del README en un clon nuevo, en una carpeta con espacios y acentos. Las
capturas van a ``MULTIETAPA_CAPTURAS`` (o a una carpeta temporal) para mirarlas a ojo.
"""

from __future__ import annotations

import html
import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from multietapa import __main__
from multietapa.cells.motor import Motor
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.saved import widget_states
from tests.axe import grave
from tests.drawing import CUT_SHORT, FAINT, OVERFLOWING, STICKING_OUT
from tests.lab import (
    DRAFT,
    RED,
    THEMES,
    choose,
    error_texts,
    exported,
    open_cells,
    open_notebook,
    reopen,
    run_all,
    save,
    shoot,
    stop_kernels,
    use_theme,
)
from tests.test_iniciar import workshop

NOTEBOOKS = sorted(path.name for path in (PROJECT_ROOT / "notebooks").glob("*.ipynb"))
WIDTHS = (1280, 768)
LOOKS = (OVERFLOWING, STICKING_OUT, FAINT, CUT_SHORT)
DONE, GUESS = ".mtc, .mtb", ".mtp input[type=number]"
SAVED_BYTES = 600_000
"""Lo más que puede ocupar un cuaderno del taller, ejecutado entero y guardado (el mayor es el 05: solo su
explorador, con el dibujo, son 140 kB)."""


@pytest.fixture(scope="module")
def lab_url(motor_real: Motor, fresh_clone: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """La dirección de un taller abierto con la orden del README, con los ajustes de JupyterLab sin tocar."""
    settings = tmp_path_factory.mktemp("ajustes")
    env = {"JUPYTERLAB_SETTINGS_DIR": str(settings), "JUPYTERLAB_WORKSPACES_DIR": str(settings)}
    with workshop(fresh_clone, motor_real, env=env) as (_, url):
        yield url


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dónde dejar las capturas."""
    folder = Path(os.environ.get("MULTIETAPA_CAPTURAS") or tmp_path_factory.mktemp("capturas"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def page(browser: Browser, lab_url: str) -> Iterator[Page]:
    """Una página nueva de 1280 px de ancho, en español; al cerrarla se apagan sus kernels."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="es-ES")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()
    stop_kernels(lab_url)


def cell_output(page: Page, text: str) -> Locator:
    """La salida de la celda de código que contiene ``text``."""
    return page.locator(".jp-CodeCell", has_text=text).locator(".jp-Cell-outputWrapper")


@pytest.mark.construye
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs_and_looks_right(page: Page, lab_url: str, captures: Path, name: str) -> None:
    """Un cuaderno sin tocar se ejecuta entero sin errores y se lee bien en los dos temas y a dos anchos."""
    open_notebook(page, lab_url, name)
    run_all(page)
    assert error_texts(page) == []
    for theme in THEMES:
        use_theme(page, theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, captures, f"{Path(name).stem}-{theme}-{width}")
            for look in LOOKS:
                assert page.evaluate(look) == []
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    if page.locator(GUESS).count():
        comes_back(page, lab_url, captures, name)


def comes_back(page: Page, lab_url: str, captures: Path, name: str) -> None:
    """Guardado, cerrado y abierto con otro kernel, enseña lo mismo; y exportado, las mismas cifras."""
    page.locator(GUESS).fill("300")
    page.locator(GUESS).press("Enter")
    shown = page.locator(DONE).all_inner_texts()
    written = save(page, lab_url, name)
    figures = {
        *page.locator(".mtc-total strong").all_inner_texts(),
        *page.locator(".mtb-result").all_inner_texts(),
    }
    assert len(json.dumps(written, ensure_ascii=False).encode()) < SAVED_BYTES
    page = reopen(page, lab_url, name, lambda again: again.locator(".mt"))
    expect(page.locator(DONE)).to_have_text(shown, use_inner_text=True, timeout=30_000)
    expect(page.locator(GUESS)).to_have_value("300")
    for theme in THEMES:
        use_theme(page, theme)
        shoot(page, captures, f"{Path(name).stem}-reabierto-{theme}")
        for look in LOOKS:
            assert page.evaluate(look) == []
    source, target = captures / name, captures / f"{Path(name).stem}.html"
    source.write_text(json.dumps(written), encoding="utf-8")
    assert __main__.main(["exportar", str(source), "--sobrescribir"]) == 0
    words = html.unescape(re.sub(r"<[^>]+>", "", target.read_text(encoding="utf-8")))
    assert [figure for figure in figures if figure not in words] == []
    assert ": 300 MB" in words  # lo que se movió después de ejecutar la celda


def test_jupyterlab_is_in_spanish(page: Page, lab_url: str, captures: Path) -> None:
    """El menú de JupyterLab está en español, y lo que su traducción no cubre no se enseña."""
    open_notebook(page, lab_url, "00_bienvenida.ipynb")
    assert page.get_by_role("menuitem", name="Archivo", exact=True).is_visible()
    page.screenshot(path=captures / "jupyterlab.png")
    seen = page.locator("body").inner_text()
    english = ("Modified", "Idle", "Command", "Run", "Tabs")
    assert [word for word in english if re.search(rf"\b{word}\b", seen)] == []


ENDLESS = """\
from multietapa import construir
SIN_FIN = "FROM node:14-alpine\\nRUN sleep 600\\n"
construir("../apps/tienda-node", dockerfile=SIN_FIN, etiqueta="prueba:sin-fin", sin_cache=True)"""
INTERRUPT = '.jp-NotebookPanel-toolbar [data-jp-item-name="interrupt"]'


@pytest.mark.parametrize("way", ["botón", "kernel"])
def test_cancelling_a_build_that_runs(
    page: Page, lab_url: str, engine: docker.DockerClient, captures: Path, way: str
) -> None:
    """Con la celda en marcha, Cancelar (o interrumpir el kernel) para la construcción; y se puede seguir."""
    open_cells(page, lab_url, ENDLESS, "'sigue ' + 'vivo'")
    run_all(page, wait=False)
    view = page.locator(".mtb")
    running = view.locator(".mtb-step[data-status=running]", has_text="sleep 600")
    running.wait_for()
    page.screenshot(path=captures / f"en-marcha-{way}.png")
    asked = time.monotonic()
    if way == "botón":
        view.get_by_role("button", name="Cancelar").click()
    else:
        page.locator(INTERRUPT).first.click()
    expect(view).to_have_attribute("data-phase", "cancelled", timeout=15_000)
    assert time.monotonic() - asked < 10
    expect(page.locator(".jp-OutputArea")).to_contain_text(["se canceló"])
    page.screenshot(path=captures / f"cancelada-{way}.png")
    assert engine.images.list("prueba:sin-fin") == []
    choose(page, "^(Ejecutar|Run)$", "runmenu:run-all")
    running.wait_for()
    view.get_by_role("button", name="Cancelar").click()
    expect(view).to_have_attribute("data-phase", "cancelled", timeout=15_000)


def tab_to(page: Page, wanted: Locator) -> None:
    """Pulsa el tabulador hasta llegar a un control, como quien no usa el ratón."""
    for _ in range(90):
        if wanted.evaluate("node => node === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"con el tabulador no se llega a {wanted}")


STAGES_LIVE = """\
from multietapa import construir
DOS = "FROM node:14-alpine AS uno\\nRUN echo uno; sleep 600\\n"
DOS += "FROM node:14-alpine AS dos\\nRUN echo dos; sleep 600\\n"
DOS += "FROM node:14-alpine\\nCOPY --from=uno /a /a\\nCOPY --from=dos /a /a\\n"
construir("../apps/tienda-node", dockerfile=DOS, etiqueta="prueba:dos", sin_cache=True, vista="etapas")"""


@pytest.mark.parametrize("way", ["ratón", "teclado"])
def test_the_stages_are_seen_alive(page: Page, lab_url: str, captures: Path, way: str) -> None:
    """Con la celda en marcha se ven dos etapas a la vez, se abre una y se cancela; reabierto, sigue ahí."""
    open_cells(page, lab_url, STAGES_LIVE)
    run_all(page, wait=False)
    view = page.locator(".mtv")
    running = view.locator(".mtg-node[data-status=running]")
    expect(running).to_have_count(2, timeout=60_000)
    expect(view.locator(".mtl-lanes li[data-status=running]")).to_have_count(2)
    if way == "ratón":
        running.last.click()
    else:
        tab_to(page, view.locator('.mtg-node[tabindex="0"]'))
        for _ in range(6):
            if page.locator(".mtg-node:focus").get_attribute("data-status") == "running":
                break
            page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
    expect(view.locator(".mtv-detail")).to_contain_text("sleep 600")
    page.screenshot(path=captures / f"etapas-en-marcha-{way}.png")
    cancel = view.get_by_role("button", name="Cancelar")
    if way == "ratón":
        cancel.click()
    else:
        page.keyboard.press("Escape")
        tab_to(page, cancel)
        page.keyboard.press("Enter")
    expect(view).to_have_attribute("data-phase", "cancelled", timeout=15_000)
    expect(view.locator(".mtg-node[data-status=cancelled]")).to_have_count(2)
    assert grave(page, ".mtv") == []
    shown = view.locator(".mtl-lanes").inner_text()
    save(page, lab_url, DRAFT)
    page = reopen(page, lab_url, DRAFT, lambda again: again.locator(".mtv"))
    expect(page.locator(".mtl-lanes")).to_have_text(shown, use_inner_text=True)
    assert "⊘ cancelada" in exported(lab_url, DRAFT)


SHOWN = """\
from multietapa import predecir
from multietapa.widgets.build.sample import views as builds
from multietapa.widgets.compare.sample import views as comparisons
from multietapa.widgets.question.sample import views as questions
prediccion = predecir("tienda:ingenua", hasta=1500, paso=10)
shown = [prediccion, comparisons()["cuadro"], comparisons()["dos imágenes"], *builds().values()]
for view in (*shown, questions()["sin contestar"], questions()["falta una"]):
    view.display()"""
ACTIVE = "cells => cells.findIndex(cell => cell.classList.contains('jp-mod-active'))"


def test_the_keyboard_alone_works_every_control(page: Page, lab_url: str) -> None:
    """Con el tabulador y las flechas se llega a todo y todo funciona, sin saltar de celda ni borrarla."""
    open_cells(page, lab_url, SHOWN, "prediccion.value", "'otra'")
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Enter")
    pair = page.get_by_role("group", name="Comparación de tienda:ingenua y tienda:multietapa")
    pair.wait_for()
    cells = page.locator(".jp-Notebook .jp-Cell")

    slider = page.get_by_role("slider", name="Tu predicción para tienda:ingenua, en MB")
    tab_to(page, slider)
    before = cells.evaluate_all(ACTIVE)
    for key, reached in (
        ("ArrowRight", "10"),
        ("ArrowUp", "20"),
        ("ArrowDown", "10"),
        ("End", "1500"),
        ("Home", "0"),
    ):
        page.keyboard.press(key)
        expect(slider).to_have_value(reached)
    tab_to(page, page.get_by_role("spinbutton", name="Tu predicción para tienda:ingenua"))
    page.keyboard.press("Control+a")
    page.keyboard.type("420")
    page.keyboard.press("Tab")
    expect(slider).to_have_attribute("aria-valuetext", "420 MB")

    tab_to(page, pair.get_by_role("radio", name="Desempaquetado"))
    page.keyboard.press("ArrowRight")
    expect(pair.get_by_role("radio", name="Transferencia")).to_be_checked()
    expect(pair.locator(".mt-title")).to_contain_text("Transferencia")
    page.keyboard.press("ArrowDown")
    expect(pair.get_by_role("radio", name="Desempaquetado")).to_be_checked()
    tab_to(page, pair.get_by_role("radio", name="Tamaño"))
    page.keyboard.press("ArrowRight")
    expect(pair.get_by_role("radio", name="100 %")).to_be_checked()
    tab_to(page, pair.get_by_role("img").first)
    page.keyboard.press("ArrowRight")
    expect(pair.get_by_role("img").nth(1)).to_be_focused()
    changes, twin = pair.locator("summary").all()
    tab_to(page, changes)
    page.keyboard.press("Enter")
    expect(pair.locator(".mtc-changes").get_by_role("table").first).to_be_visible()
    tab_to(page, twin)
    page.keyboard.press("Enter")
    expect(pair.locator(".mtc-twin").get_by_role("table").first).to_be_visible()
    tab_to(page, pair.get_by_role("group", name="Tabla de la comparación"))
    page.keyboard.press("ArrowDown")

    build = page.locator(".mtb").first
    tab_to(page, build.locator("summary").first)
    page.keyboard.press("Enter")
    page.keyboard.press("Space")
    tab_to(page, build.get_by_role("log"))
    for key in ("ArrowDown", "d", "d", "b", "x", "Enter"):
        page.keyboard.press(key)
    expect(cells).to_have_count(3)
    assert cells.evaluate_all(ACTIVE) == before
    tab_to(page, build.get_by_role("button", name="Cancelar"))
    page.keyboard.press("Enter")
    expect(build.locator(".mt-cancel")).to_have_text("Cancelando…")

    one, several = page.locator(".mtq").all()
    tab_to(page, one.get_by_role("radio").first)
    for key in ("Space", "ArrowDown", "Enter"):
        page.keyboard.press(key)
    expect(one.get_by_role("radio").nth(1)).to_be_checked()
    expect(one.get_by_role("status")).to_contain_text("Tu respuesta: b. Eso es.")
    tab_to(page, several.get_by_role("checkbox").nth(2))
    page.keyboard.press("Space")
    tab_to(page, several.get_by_role("button", name="Comprobar"))
    page.keyboard.press("Enter")
    expect(several.get_by_role("status")).to_contain_text("Tu respuesta: a y c. Eso es.")
    assert grave(page, ".mtq") == []
    for key in ("d", "d", "b"):
        page.keyboard.press(key)
    expect(cells).to_have_count(3)
    assert cells.evaluate_all(ACTIVE) == before
    page.keyboard.press("Control+s")
    page.wait_for_function("!document.querySelector('.jp-mod-dirty')")
    page.locator(".jp-CodeCell").nth(1).click()
    page.keyboard.press("Shift+Enter")
    expect(page.locator(".jp-CodeCell").nth(1).locator(".jp-Cell-outputWrapper")).to_contain_text("420")


def test_a_reopened_notebook_shows_what_it_showed(page: Page, lab_url: str) -> None:
    """Sin su kernel, cada vista vuelve como estaba; también si se guarda otra vez así, y nada se acumula."""
    open_cells(page, lab_url, SHOWN)
    for _ in range(2):  # la segunda vez, las vistas de la primera sobran
        run_all(page)
        page.locator(".mtb").nth(6).wait_for()
    pair = ".mtc >> nth=1"
    page.locator(pair).get_by_role("radio", name="Transferencia").check(force=True)
    page.get_by_role("spinbutton").fill("420")
    page.get_by_role("spinbutton").press("Tab")
    asked = page.locator(".mtq").first
    asked.get_by_role("radio").nth(2).check()
    asked.get_by_role("button", name="Comprobar").click()
    asked.get_by_role("radio").nth(1).check()  # elegida y sin comprobar
    shown = page.locator(".mtc, .mtq").all_inner_texts()
    for _ in range(2):  # con el kernel que las hizo, y después con otro que no las conoce
        states = widget_states(save(page, lab_url, DRAFT))
        drawings = [each for each in states.values() if "esm" in each["state"]]
        views = [each for each in states.values() if "shared" in each["state"]]
        assert (len(drawings), len(views)) == (4, 12)
        converted = exported(lab_url, DRAFT)
        assert "mts-bar" in converted
        assert not re.search(r"<script[^>]+src=\W*http|widget-state", converted)
        page = reopen(page, lab_url, DRAFT, lambda again: again.locator(".mt"))
        expect(page.locator(".mt")).to_have_count(12)
        assert page.locator(".mtc, .mtq").all_inner_texts() == shown
        assert "c) No es correcta. La caché no es la imagen." in converted
        labels = (
            page.locator(pair)
            .get_by_role("radio")
            .evaluate_all("all => all.map(r => r.parentNode.innerText)")
        )
        splits = ["base y propias", "por capa"]
        assert labels == ["Desempaquetado", "Transferencia", *splits, "Tamaño", "100 %"]
        expect(page.locator(pair).get_by_role("radio", name="Transferencia")).to_be_checked()
        expect(page.get_by_role("slider")).to_have_attribute("aria-valuetext", "420 MB")
        expect(page.locator(".mtq").first.get_by_role("radio").nth(1)).to_be_checked()
        expect(page.locator(".mtq").nth(1).get_by_role("checkbox").first).to_be_checked()
        expect(page.locator(".mtb").nth(2)).to_have_attribute("data-phase", "done")
        expect(page.locator(".mtb").first).to_contain_text("su kernel ya no está")
        expect(page.locator(".jp-Notebook")).not_to_contain_text("model not found")
        page.locator(pair).get_by_role("radio", name="Desempaquetado").check(force=True)
        expect(page.locator(pair).locator(".mt-title")).to_contain_text("Desempaquetado")
        page.locator(pair).get_by_role("radio", name="Transferencia").check(force=True)
    asked = page.locator(".mtq").first
    asked.get_by_role("button", name="Comprobar").click()  # contesta también sin su kernel
    expect(asked.get_by_role("status")).to_contain_text("Tu respuesta: b. Eso es.")


@pytest.mark.construye
def test_predicting_and_comparing(page: Page, lab_url: str, captures: Path) -> None:
    """La predicción del control llega a la comparación; se cambia de medida y de escala, y hay una tabla."""
    open_cells(
        page,
        lab_url,
        "from multietapa import comparar, predecir\nprediccion = predecir('node:14', hasta=1500)\nprediccion",
        "'espera'",
        "comparar('node:14', 'node:14-alpine', prediccion=prediccion)",
    )
    page.locator(".jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")
    guess = page.get_by_role("spinbutton")
    guess.fill("300")
    guess.press("Enter")
    expect(page.get_by_role("slider")).to_have_value("300")
    page.locator(".jp-CodeCell").nth(2).click()
    page.keyboard.press("Shift+Enter")
    view = page.locator(".mtc")
    expect(view).to_contain_text("predijiste 300 MB", timeout=60_000)
    expect(view).to_contain_text("equivalente local")
    for label in ("Transferencia", "Desempaquetado"):
        view.get_by_text(label, exact=True).first.click()
        expect(view.locator(".mt-title")).to_contain_text(label)
    view.get_by_text("Ver como tabla").click()
    expect(view.get_by_role("table").first).to_be_visible()
    shoot(page, captures, "comparacion")


def test_an_exercise_is_checked_in_the_page(page: Page, lab_url: str) -> None:
    """Sin tocar es «sin empezar»; lo que no construye se explica igual con la llamada que con el botón."""
    open_cells(
        page,
        lab_url,
        "from multietapa import ejercicio\nejercicio('01.2').comprobar(ejercicio('01.2').plantilla)",
        "ejercicio('01.2').comprobar('FROM node:14-alpine\\nRUN no-existe-esta-orden\\n')",
        "respuesta_2 = 'FROM node:14-alpine\\nRUN tampoco-esta\\n'\nejercicio('01.2')",
    )
    run_all(page)
    first, second = page.locator(".multietapa-resultado").all()
    expect(first).to_contain_text("sin empezar")
    expect(second).to_contain_text("todavía no")
    expect(second).to_contain_text("línea 2")
    page.get_by_role("button", name="Comprobar", exact=True).click()
    expect(page.locator(".multietapa-resultado").nth(2)).to_contain_text("tampoco-esta: not found")
    page.get_by_role("button", name="Pista", exact=True).click()
    expect(page.get_by_text("Así dice la consola que no existe la orden «tampoco-esta»")).to_be_visible()
    assert error_texts(page) == []


def test_without_an_engine_recordings_are_shown_as_such(
    browser: Browser, motor_real: Motor, fresh_clone: Path, captures: Path
) -> None:
    """Sin motor posible, el SDK lo explica en español y ``construir`` enseña una grabación que lo dice."""
    env = {"MULTIETAPA_MOTOR": "grabacion", "DOCKER_HOST": f"unix://{fresh_clone}/nadie.sock"}
    sources = (
        "from multietapa import construir, motor\nmotor()",
        "construir('../apps/tienda-node', etiqueta='tienda:multietapa')",
        "import docker\ndocker.from_env()",
    )
    with workshop(fresh_clone, motor_real, env=env) as (_, url):
        page = browser.new_page(viewport={"width": 1280, "height": 900}, locale="es-ES")
        open_cells(page, url, *sources)
        run_all(page)
        expect(page.locator(".mt-grabacion")).to_contain_text("GRABACIÓN · Docker Engine")
        expect(page.locator(".mtb")).to_have_attribute("data-phase", "done")
        page.screenshot(path=captures / "grabacion.png")
        expect(page.locator(RED)).to_contain_text(["No hay ningún motor de Docker que conteste."])
        page.close()


EXPLORE = """\
from multietapa import explorar
x = explorar("node:14-alpine")"""
BUSY = "import time; time.sleep(9)"


def test_the_explorer_answers_and_comes_back(page: Page, lab_url: str, captures: Path) -> None:
    """En JupyterLab: se pide lo que no viajó, también con otra celda en marcha, y al reabrirlo sigue ahí."""
    open_cells(page, lab_url, EXPLORE, BUSY)
    page.keyboard.press("Escape")
    page.keyboard.press("Shift+Enter")
    view = page.locator(".mte")
    expect(view).to_have_attribute("data-phase", "done", timeout=240_000)
    assert error_texts(page) == []
    for theme in THEMES:
        use_theme(page, theme)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, captures, f"explorar-{theme}-{width}")
            for look in LOOKS:
                assert page.evaluate(look) == []
            assert grave(page, ".mte") == []
    page.set_viewport_size({"width": WIDTHS[0], "height": 900})
    rest = view.locator(".mte-row", has_text=re.compile(r"y [\d\u202f]+ más"))
    before = view.locator(".mte-row").count()
    if rest.count():
        rest.first.click()
        view.get_by_role("button", name="Enseñar todos").click()
        expect(view.locator(".mte-row")).not_to_have_count(before)
    view.get_by_role("searchbox").fill("os-release")
    expect(view.locator(".mte-found")).to_contain_text("en toda la imagen")
    view.locator(".mte-found button", has_text="/usr/lib/os-release").first.click()
    view.get_by_role("button", name="Ver contenido").click()
    expect(view.locator(".mte-content pre")).to_contain_text("PRETTY_NAME")
    here = view.locator(".mte-crumbs").inner_text()
    view.locator(".mte-map").focus()
    page.keyboard.press("Escape")
    expect(view.locator(".mte-crumbs")).not_to_have_text(here, use_inner_text=True)
    page.locator(".jp-CodeCell", has_text="sleep").locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    view.get_by_role("searchbox").fill("busybox")
    waiting = view.locator(".mte-said", has_text="El kernel está ocupado con otra celda")
    answered = view.locator(".mte-found", has_text="en toda la imagen")  # con subshells, el kernel contesta
    expect(waiting.or_(answered)).to_be_visible()
    expect(answered).to_be_visible(timeout=30_000)
    expect(waiting).to_be_hidden(timeout=30_000)
    written = save(page, lab_url, DRAFT)
    (state,) = (each for each in widget_states(written).values() if "rows" in each["state"])
    assert len(json.dumps(state, ensure_ascii=False).encode()) < 60_000
    assert "viajan sin que se vean" in exported(lab_url, DRAFT) or "todo se ve" in exported(lab_url, DRAFT)
    page = reopen(page, lab_url, DRAFT, lambda again: again.locator(".mte"))
    again = page.locator(".mte")
    again.locator(".mte-map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    expect(again.locator(".mte-crumb")).not_to_have_count(0)
    again.get_by_role("searchbox").fill("os-release")
    expect(again.locator(".mte-said")).to_contain_text("El kernel ya no está")
    shoot(page, captures, "explorar-reabierto")
