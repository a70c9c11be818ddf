"""Los cuadernos en un Chromium de verdad: se abren, se ejecutan enteros y se ven bien.

Las capturas van a ``MULTIETAPA_CAPTURAS`` (o a una carpeta temporal) para mirarlas a ojo.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from multietapa.motor.session import Motor
from multietapa.paths import PROJECT_ROOT
from multietapa.testing import CHROMIUM_NAMES
from tests.conftest import unavailable
from tests.test_iniciar import workshop

NOTEBOOKS = sorted(path.name for path in (PROJECT_ROOT / "notebooks").glob("*.ipynb"))
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
RUN_TIMEOUT_MS = 120_000

#: Todas las celdas de código tienen ya su número: ni en espera, ni en marcha, ni sin ejecutar.
IDLE = """() => {
  const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')];
  return prompts.length > 0 && prompts.every(p => /\\d/.test(p.innerText));
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """El Chromium del sistema."""
    binary = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if binary is None:
        unavailable("no hay Chromium (en Debian: apt install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture(scope="module")
def lab_url(motor_real: Motor) -> Iterator[str]:
    """La dirección de un taller abierto con la orden del README."""
    with workshop(PROJECT_ROOT, motor_real) as (_, url):
        yield url


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Dónde dejar las capturas."""
    folder = Path(os.environ.get("MULTIETAPA_CAPTURAS") or tmp_path_factory.mktemp("capturas"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Una página nueva de 1280 px de ancho, en español."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="es-ES")
    context.set_default_timeout(60_000)
    yield context.new_page()
    context.close()


def open_notebook(page: Page, lab_url: str, name: str) -> None:
    """Abre un cuaderno en modo de documento único y espera a su kernel."""
    page.goto(lab_url.replace("/lab/tree/00_bienvenida.ipynb", f"/lab/tree/{name}") + "&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.get_by_text(re.compile(r"\(ipykernel\) \| (Idle|Inactivo|En espera)")).wait_for()
    page.wait_for_selector(".jp-Notebook-ExecutionIndicator[data-status=idle]")


def run_all(page: Page) -> None:
    """Usa el menú Ejecutar → Ejecutar todas las celdas y espera al final."""
    page.get_by_role("menuitem", name=re.compile("^(Ejecutar|Run)$")).click()
    page.locator('li[data-command="runmenu:run-all"]').click()
    try:
        page.wait_for_function(IDLE, timeout=RUN_TIMEOUT_MS)
    except TimeoutError:
        pytest.fail(f"no se ejecutaron todas las celdas: {error_texts(page)}")


def error_texts(page: Page) -> list[str]:
    """Los errores que se ven en las salidas."""
    return page.locator('[data-mime-type="application/vnd.jupyter.error"]').all_inner_texts()


def shoot(page: Page, captures: Path, name: str) -> None:
    """Captura el cuaderno entero: agranda la ventana hasta que cabe y la devuelve a su tamaño."""
    size = page.viewport_size
    assert size
    height = page.evaluate(
        "() => document.querySelector('.jp-WindowedPanel-outer, .jp-Notebook').scrollHeight"
    )
    page.set_viewport_size({"width": size["width"], "height": min(int(height) + 200, 16_000)})
    page.screenshot(path=captures / f"{name}.png")
    page.set_viewport_size(size)


@pytest.mark.construye
@pytest.mark.parametrize("name", NOTEBOOKS)
def test_notebook_runs_to_the_end_in_jupyterlab(page: Page, lab_url: str, captures: Path, name: str) -> None:
    """Un cuaderno sin tocar se ejecuta entero en JupyterLab sin ningún error."""
    open_notebook(page, lab_url, name)
    run_all(page)
    assert error_texts(page) == []
    for width in (1280, 768):
        page.set_viewport_size({"width": width, "height": 900})
        shoot(page, captures, f"{Path(name).stem}-claro-{width}")


def test_jupyterlab_is_in_spanish(page: Page, lab_url: str) -> None:
    """El menú de JupyterLab está en español."""
    open_notebook(page, lab_url, "00_bienvenida.ipynb")
    assert page.get_by_role("menuitem", name="Archivo", exact=True).is_visible()
