"""Un JupyterLab de verdad en un Chromium de verdad: abrir, ejecutar, guardar y volver a abrir cuadernos."""

from __future__ import annotations

import json
import re
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, TimeoutError

from tests.conftest import until

RUN_TIMEOUT_MS = 900_000
THEMES = {"claro": "modo claro|Light", "oscuro": "modo oscuro|Dark"}
#: Todas las celdas de código tienen ya su número: ni en espera, ni en marcha, ni sin ejecutar.
IDLE = """() => {
  const prompts = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell .jp-InputPrompt')];
  return prompts.length > 0 && prompts.every(p => /\\d/.test(p.innerText));
}"""
#: JupyterLab pinta así tanto un error como lo escrito en stderr.
RED = '[data-mime-type="application/vnd.jupyter.stderr"]'
#: El cuaderno que se escribe para una prueba.
DRAFT = "zz_prueba.ipynb"


def ask(lab_url: str, method: str, path: str, body: object = None) -> Any:
    """Una petición a la API de Jupyter del taller."""
    page, _, token = lab_url.partition("?")
    url = page.replace("/lab/tree/00_bienvenida.ipynb", f"/api/{path}{'&' if '?' in path else '?'}{token}")
    data = None if body is None else json.dumps(body).encode()
    headers = {"Content-Type": "application/json"}
    request = urllib.request.Request(url, data=data, method=method, headers=headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read() or b"null")


def exported(lab_url: str, name: str) -> str:
    """Lo que baja el menú «Guardar y exportar el cuaderno como… HTML»."""
    url = lab_url.replace("/lab/tree/00_bienvenida.ipynb", f"/nbconvert/html/{name}")
    with urllib.request.urlopen(url, timeout=60) as page:
        return str(page.read().decode())


def stop_kernels(lab_url: str) -> None:
    """Apaga todos los kernels del taller."""
    for session in ask(lab_url, "GET", "sessions"):
        ask(lab_url, "DELETE", f"sessions/{session['id']}")


def open_notebook(page: Page, lab_url: str, name: str) -> None:
    """Abre un cuaderno y espera a su kernel."""
    page.goto(lab_url.replace("/lab/tree/00_bienvenida.ipynb", f"/lab/tree/{name}") + "&reset")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    # La barra de estado, que no está traducida, no se ve; pero sabe antes que nadie si el kernel contesta.
    page.get_by_text(re.compile(r"\(ipykernel\) \| (Idle|Inactivo|En espera)")).wait_for(state="attached")
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
    ask(lab_url, "PUT", f"contents/{DRAFT}", {"type": "notebook", "content": content})
    open_notebook(page, lab_url, DRAFT)


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


def save(page: Page, lab_url: str, name: str) -> dict[str, Any]:
    """Guarda el cuaderno abierto desde el menú, espera a que esté escrito y devuelve lo escrito."""
    entry = f"contents/{name}?content=0"  # leerlo mientras se escribe haría que Jupyter lo diera por roto
    before = ask(lab_url, "GET", entry)["last_modified"]
    choose(page, "^Archivo$", "docmanager:save")
    until(lambda: ask(lab_url, "GET", entry)["last_modified"] != before, seconds=30)
    page.wait_for_function("!document.querySelector('.jp-mod-dirty')")
    found: dict[str, Any] = ask(lab_url, "GET", f"contents/{name}")["content"]
    return found


def reopen(page: Page, lab_url: str, name: str, drawn: Callable[[Page], Locator]) -> Page:
    """Cierra la página, apaga los kernels y abre el cuaderno en otra, con un kernel que no sabe nada."""
    context = page.context
    page.close()
    stop_kernels(lab_url)
    again = context.new_page()
    open_notebook(again, lab_url, name)
    drawn(again).first.wait_for()
    return again


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
