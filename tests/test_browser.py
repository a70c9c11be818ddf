"""Los cuadernos en un Chromium de verdad: se abren, se ejecutan enteros, se usan y se ven bien.

El taller se abre con la orden del README en un clon nuevo, en una carpeta con espacios y acentos. Las
capturas van a ``MULTIETAPA_CAPTURAS`` (o a una carpeta temporal) para mirarlas a ojo.
"""

from __future__ import annotations

import json
import os
import re
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from multietapa.cells.motor import Motor
from multietapa.paths import PROJECT_ROOT
from tests.drawing import FAINT, OVERFLOWING
from tests.test_iniciar import workshop

NOTEBOOKS = sorted(path.name for path in (PROJECT_ROOT / "notebooks").glob("*.ipynb"))
RUN_TIMEOUT_MS = 300_000
WIDTHS = (1280, 768)
THEMES = {"claro": "modo claro|Light", "oscuro": "modo oscuro|Dark"}

#: Todas las celdas de código tienen ya su número: ni en espera, ni en marcha, ni sin ejecutar.
IDLE = """() => {
  const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')];
  return prompts.length > 0 && prompts.every(p => /\\d/.test(p.innerText));
}"""
#: JupyterLab pinta así tanto un error como lo escrito en stderr.
RED = '[data-mime-type="application/vnd.jupyter.stderr"]'


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
    for session in ask(lab_url, "GET", "sessions"):
        ask(lab_url, "DELETE", f"sessions/{session['id']}")


def ask(lab_url: str, method: str, path: str, body: object = None) -> Any:
    """Una petición a la API de Jupyter del taller."""
    url = lab_url.replace("/lab/tree/00_bienvenida.ipynb", f"/api/{path}")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def open_notebook(page: Page, lab_url: str, name: str) -> None:
    """Abre un cuaderno y espera a su kernel."""
    page.goto(lab_url.replace("/lab/tree/00_bienvenida.ipynb", f"/lab/tree/{name}") + "&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text(re.compile(r"\(ipykernel\) \| (Idle|Inactivo|En espera)")).wait_for()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")


def open_cells(page: Page, lab_url: str, *sources: str) -> None:
    """Abre un cuaderno nuevo con esas celdas de código."""
    cells: list[dict[str, object]] = [
        {
            "cell_type": "code",
            "id": f"c{n}",
            "metadata": {},
            "outputs": [],
            "execution_count": None,
            "source": s,
        }
        for n, s in enumerate(sources)
    ]
    content = {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    content["metadata"] = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    ask(lab_url, "PUT", "contents/zz_prueba.ipynb", {"type": "notebook", "content": content})
    open_notebook(page, lab_url, "zz_prueba.ipynb")


def choose(page: Page, menu: str, command: str) -> None:
    """Elige una orden de un menú de la barra."""
    page.get_by_role("menuitem", name=re.compile(menu)).click()
    page.locator(f'li[data-command="{command}"]').first.click()


def run_all(page: Page, *, wait: bool = True) -> None:
    """Usa el menú Ejecutar → Ejecutar todas las celdas y espera al final."""
    choose(page, "^(Ejecutar|Run)$", "runmenu:run-all")
    if not wait:
        return
    try:
        page.wait_for_function(IDLE, timeout=RUN_TIMEOUT_MS)
    except TimeoutError:
        pytest.fail(f"no se ejecutaron todas las celdas: {error_texts(page)}")


def error_texts(page: Page) -> list[str]:
    """Lo que se ve en rojo en las salidas: los errores y lo que se escribió en ``stderr``."""
    return page.locator(RED).all_inner_texts()


def use_theme(page: Page, name: str) -> None:
    """Cambia el tema desde el menú, como lo haría una persona."""
    page.get_by_role("menuitem", name=re.compile("^(Configuración|Ajustes|Settings)$")).click()
    page.locator(".lm-Menu-item", has_text=re.compile("^(Tema|Theme)$")).first.hover()
    page.locator(".lm-Menu-item", has_text=re.compile(f"^JupyterLab ({THEMES[name]})$")).first.click()
    page.wait_for_function(
        "name => document.body.dataset.jpThemeLight === String(name === 'claro')", arg=name
    )


def shoot(page: Page, captures: Path, name: str) -> None:
    """Captura el cuaderno entero: agranda la ventana hasta que cabe y la devuelve a su tamaño."""
    size = page.viewport_size
    assert size
    page.wait_for_timeout(300)
    panel = page.locator(".jp-NotebookPanel .jp-WindowedPanel-outer").first
    height = min(int(panel.evaluate("node => node.scrollHeight")) + 200, 16_000)
    page.set_viewport_size({"width": size["width"], "height": height})
    page.evaluate("() => document.querySelectorAll('.jp-NotebookPanel *').forEach(n => { n.scrollTop = 0; })")
    page.wait_for_timeout(300)
    page.screenshot(path=captures / f"{name}.png")
    page.set_viewport_size(size)


def cell_output(page: Page, text: str) -> Locator:
    """La salida de la celda de código que contiene ``text``."""
    return page.locator(".jp-CodeCell", has_text=text).locator(".jp-Cell-outputWrapper")


@pytest.mark.construye
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
            assert page.evaluate(OVERFLOWING) == []
            assert page.evaluate(FAINT) == []
        page.set_viewport_size({"width": WIDTHS[0], "height": 900})


def test_jupyterlab_is_in_spanish(page: Page, lab_url: str) -> None:
    """El menú de JupyterLab está en español."""
    open_notebook(page, lab_url, "00_bienvenida.ipynb")
    assert page.get_by_role("menuitem", name="Archivo", exact=True).is_visible()


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


@pytest.mark.construye
def test_predicting_and_comparing(page: Page, lab_url: str, captures: Path) -> None:
    """La predicción del control llega a la comparación; se cambia de medida y de escala, y hay una tabla."""
    open_cells(
        page,
        lab_url,
        "from ipywidgets import IntSlider\nfrom multietapa import comparar\n"
        "prediccion = IntSlider(description='MB', max=1500, step=10)\nprediccion",
        "'espera'",
        "comparar('node:14', 'node:14-alpine', prediccion=prediccion)",
    )
    page.locator(".jp-CodeCell").first.click()
    page.keyboard.press("Shift+Enter")
    # De una vez: con muchas teclas seguidas, ipywidgets puede pisar la última con el eco de otra anterior.
    readout = page.locator(".widget-readout")
    readout.fill("300")
    readout.press("Enter")
    expect(page.get_by_role("slider")).to_have_attribute("aria-valuenow", "300.0")
    page.locator(".jp-CodeCell").nth(2).click()
    page.keyboard.press("Shift+Enter")
    view = page.locator(".mtc")
    expect(view).to_contain_text("Predijiste 300 MB", timeout=60_000)
    expect(view).to_contain_text("equivalente local")
    for label in ("Transferencia", "Desempaquetado"):
        view.get_by_text(label, exact=True).first.click()
        expect(view.locator(".mtc-title")).to_contain_text(label)
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
