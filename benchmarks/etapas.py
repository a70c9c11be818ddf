"""¿Aguanta la vista por etapas una construcción que escribe 5.000 líneas por segundo?

En un JupyterLab y un Chromium de verdad. La construcción es un generador de eventos al ritmo pedido, sin
motor: lo que se mide es la vista. Imprime los fotogramas de más de 100 ms, las tareas largas de la página
(más de 50 ms de su hilo), cuánto se tarda desde que se pulsa Cancelar hasta que la vista lo dice y hasta que
acaba, y las líneas por segundo que llegaron. Las metas: ningún fotograma de más de 100 ms, y medio segundo
para cancelar. En una máquina ocupada un fotograma se retrasa aunque la página no haga nada: lo que hace ella
son las tareas largas.

    python -m benchmarks.etapas --segundos 10
    python -m benchmarks.etapas --vista True          # lo mismo, con la vista de siempre
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from multietapa import text
from multietapa.paths import PROJECT_ROOT
from tests.lab import open_cells, run_all

FRAME_MS, CANCEL_SECONDS = 100, 0.5
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic")
#: Lo que corre en el kernel: dos etapas a la vez que escriben sin parar, y acaban al cancelar.
CELL = """\
import threading, time
from multietapa.build.events import BuildFailed, BuildFinished, LogLine, StepFinished, StepStarted
from multietapa.build.follow import follow
from multietapa.widgets.live.open import open_build_view
from multietapa.widgets.live.sample import HALF, REQUEST, staged
cancel, rate, seconds = threading.Event(), {rate}, {seconds}
def events():
    yield from HALF[:-1]
    start, said = time.monotonic(), 0
    while (now := time.monotonic() - start) < seconds and not cancel.is_set():
        for said in range(said, int(now * rate)):
            yield LogLine(("b4", "d3")[said // 50 % 2], f"linea {{said}} npm http fetch GET 200 (cache miss)")
        said = max(said, int(now * rate))
        time.sleep(0.005)
    print("lineas por segundo", round(said / (time.monotonic() - start)))
    if cancel.is_set():
        yield BuildFailed("cancelada", time.monotonic() - start, cancelled=True)
    else:
        yield BuildFinished("sha256:0", time.monotonic() - start)
view = open_build_view({view!r}, REQUEST, staged(), cancel)
state, log = follow(events(), view, cancel)
print("acabada", state.phase.value)
"""
#: Cada fotograma, desde ahora: cuánto tardó en llegar, en milisegundos.
FRAMES = """() => {
  window.frames_ms = []; let last = performance.now();
  const step = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(step); };
  requestAnimationFrame(step);
  window.tasks_ms = [];
  new PerformanceObserver((list) => window.tasks_ms.push(...list.getEntries().map((each) => each.duration)))
    .observe({ entryTypes: ['longtask'] });
}"""
#: Cuándo se pulsa Cancelar, y cuándo la vista dice que se está cancelando y que se canceló.
CANCELS = """() => {
  const view = document.querySelector('.mtv, .mtb'), at = window.cancel_at = {};
  view.querySelector('.mt-cancel').addEventListener('click', () => { at.click = performance.now(); }, true);
  new MutationObserver(() => {
    if (view.dataset.phase !== 'running') at[view.dataset.phase] ??= performance.now();
  }).observe(view, { attributes: true, attributeFilter: ['data-phase'] });
}"""


@contextmanager
def lab(folder: Path) -> Iterator[str]:
    """Un JupyterLab con los ajustes sin tocar; da su dirección."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "ajustes"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "w"),
    }
    env = {**os.environ, **settings, "PYTHONPATH": str(PROJECT_ROOT)}
    (folder / "cuadernos").mkdir()
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--IdentityProvider.token=t", f"--ServerApp.root_dir={folder / 'cuadernos'}"]
    with (folder / "lab.txt").open("w") as log:
        process = subprocess.Popen(command, env=env, stdout=log, stderr=log)
    try:
        for _ in range(300):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status?token=t", timeout=5)
                break
            except (urllib.error.URLError, OSError):
                time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/lab/tree/00_bienvenida.ipynb?token=t"
    finally:
        process.terminate()
        process.wait(30)


def watch(page: Page, url: str, rate: int, seconds: float, view: bool | str, *, cancel: bool) -> None:
    """Construye una vez e imprime lo medido; con ``cancel``, la cancela a la mitad."""
    open_cells(page, url, CELL.format(rate=rate, seconds=seconds, view=view))
    run_all(page, wait=False)
    shown = page.locator(".mtv, .mtb")
    expect(shown).to_have_attribute("data-phase", "running", timeout=60_000)
    page.wait_for_timeout(1_000)
    page.evaluate(FRAMES)
    page.evaluate(CANCELS)
    if cancel:
        page.wait_for_timeout(seconds * 250)
        shown.locator(".mt-cancel").click()
    phase = "cancelled" if cancel else "done"
    expect(shown).to_have_attribute("data-phase", phase, timeout=seconds * 1000 + 60_000)
    frames: list[float] = page.evaluate("window.frames_ms.slice(2)")
    late = sorted((each for each in frames if each > FRAME_MS), reverse=True)
    expect(page.locator(".jp-OutputArea")).to_contain_text("acabada")
    written = page.locator(".jp-OutputArea").first.inner_text()
    said = next((line for line in written.splitlines() if line.startswith("lineas por segundo")), "")
    worst = text.number(max(frames, default=0.0))
    tasks: list[float] = page.evaluate("window.tasks_ms")
    print(
        f"  {said.replace('lineas', 'líneas')} · {len(frames)} fotogramas, el más largo de {worst} ms; "
        f"{len(late)} de más de {FRAME_MS} ms"
    )
    longest = text.number(max(tasks, default=0.0))
    print(f"  {text.count(len(tasks), 'tarea larga', 'tareas largas')}; la mayor, de {longest} ms")
    if cancel:
        at: dict[str, float] = page.evaluate("window.cancel_at")
        told = min(value for key, value in at.items() if key != "click") - at["click"]
        over = at["cancelled"] - at["click"]
        verdict = "cumple" if told <= CANCEL_SECONDS * 1000 else "NO cumple"
        moments = (f"a los {text.number(each)} ms" for each in (told, over))
        print(f"  Cancelar: lo dice {next(moments)} y acaba {next(moments)} ({verdict})")


def main() -> None:
    """Lee los argumentos, abre JupyterLab, y mide una construcción entera y otra cancelada."""
    parser = argparse.ArgumentParser(description="Mide la vista por etapas.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--lineas", type=int, default=5_000, help="líneas por segundo")
    parser.add_argument("--segundos", type=float, default=10)
    parser.add_argument("--vista", default="etapas", choices=("etapas", "True"))
    parser.add_argument("--navegador", default=shutil.which("chromium"), help="un Chromium")
    options = parser.parse_args()
    view = True if options.vista == "True" else options.vista
    with tempfile.TemporaryDirectory() as scratch, lab(Path(scratch)) as url, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=options.navegador, args=[*ARGUMENTS])
        for cancel in (False, True):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            print("Cancelada a la mitad:" if cancel else "Entera:", flush=True)
            watch(page, url, options.lineas, options.segundos, view, cancel=cancel)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
