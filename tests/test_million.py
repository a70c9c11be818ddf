"""Un millón de archivos en ``explorar``, de verdad: el archivo, el kernel, JupyterLab y Chromium.

Con ``MULTIETAPA_CAPTURAS`` deja además la vista en los dos temas y a dos anchos.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from multietapa.cli import workshop
from multietapa.paths import PROJECT_ROOT
from multietapa.widgets.saved import widget_states
from tests.axe import grave
from tests.crafted import bulk, config, digest, entry, folder, layer, tar_of
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT
from tests.lab import DRAFT, THEMES, error_texts, exported, open_cells, run_all, save, shoot, use_theme
from tests.test_explorer import STATE_BYTES
from tests.test_explorer_view import TIMED, crumbs, row, step_limit

MEMORY_KB = 900_000
"""Lo más que ocupa el kernel: son unos 600 MB, y 700 si lee las capas de la caché."""
ANSWER_SECONDS = 5.0
"""Lo más que tarda en verse una respuesta del kernel, con la máquina cargada."""
EXPORTED_BYTES = 400_000
"""Lo más que ocupa el HTML exportado: casi todo es el estilo de JupyterLab."""
STEPS = ("COPY fotos /srv/fotos", "RUN npm install", "RUN apt-get install docs", "RUN rm -rf lo-que-sobra")
SOURCES = (
    "from multietapa import explorar\nx = explorar('millon.tar')",
    "import resource; resource.getrusage(resource.RUSAGE_SELF).ru_maxrss",
)

#: Sube con Escape y vuelve a entrar con Intro.
KEYS = tuple(
    f"node.dispatchEvent(new KeyboardEvent('keydown', {{key: '{key}', bubbles: true, cancelable: true}}))"
    for key in ("Escape", "Enter")
)


def million(place: Path) -> None:
    """Escribe una imagen guardada con un millón de archivos, sus carpetas y una capa que borra algunos."""
    photos = [f"srv/fotos/foto-{n:06}.jpg" for n in range(100_000)]
    heads = layer(folder("srv"), folder("srv/fotos"))[:1024]
    some = bulk(photos[::50], b"x" * 900), bulk(photo for n, photo in enumerate(photos) if n % 50)
    made: tuple[Callable[[], bytes], ...] = (
        lambda: heads + b"".join(some),
        lambda: (
            bulk((f"app/node_modules/p{n % 3000}/lib/archivo-{n}.js" for n in range(3_000)), b"x" * 400)
            + bulk(f"app/node_modules/p{n % 3000}/lib/archivo-{n}.js" for n in range(3_000, 400_000))
        ),
        lambda: (
            bulk((f"usr/share/doc/p{n}/nota.txt" for n in range(500)), b"x" * 999)
            + bulk(f"usr/share/doc/p{n % 700}/d{n % 7}/nota-{n}.txt" for n in range(499_500))
        ),
        lambda: layer(
            entry("app/node_modules/.wh.p7"), *(entry(f"srv/fotos/.wh.{p[10:]}") for p in photos[:90])
        ),
    )
    stored: dict[str, bytes] = {}
    for make in made:  # de una en una: sin comprimir son 520 MB
        plain = make()
        stored[digest(plain)] = gzip.compress(plain, 1)
    settings = config(list(stored), history=STEPS)
    paths = [f"{n}/layer.tar" for n in range(len(stored))]
    manifest = [{"Config": "config.json", "RepoTags": ["millon:1"], "Layers": paths}]
    files = {"config.json": settings, **dict(zip(paths, stored.values(), strict=True))}
    place.write_bytes(tar_of({**files, "manifest.json": json.dumps(manifest).encode()}))


@pytest.fixture
def lab_url(tmp_path: Path) -> Iterator[str]:
    """Un JupyterLab con los ajustes del taller y sin motor, que un archivo no necesita."""
    own = {"MULTIETAPA_MOTOR": "grabacion", "MULTIETAPA_CACHE": str(tmp_path / "cache")}
    own |= dict.fromkeys(("JUPYTERLAB_SETTINGS_DIR", "JUPYTERLAB_WORKSPACES_DIR"), str(tmp_path / "ajustes"))
    env = {**os.environ, **own, "PYTHONPATH": str(PROJECT_ROOT)}
    server, url = workshop._serve(None, env, tmp_path)  # noqa: SLF001  lo mismo que la orden, sin motor
    try:
        yield url
    finally:
        workshop._stop_server(server)  # noqa: SLF001


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Una página en español; un error de JavaScript es un fallo."""
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900}, locale="es-ES")
    context.set_default_timeout(120_000)
    opened = context.new_page()
    opened.on("pageerror", lambda problem: errors.append(str(problem)))
    yield opened
    context.close()
    assert errors == []


def quickly(what: str, node: Locator, *acts: str) -> None:
    """Nada de lo que hace la página sola pasa de un paso; la primera vez, aún sin compilar, no cuenta."""
    rounds = [[float(node.evaluate(TIMED, act)) for act in acts] for _ in range(6)]
    took = [round(min(times)) for times in zip(*rounds, strict=True)]
    limit = round(step_limit(node.page))
    print(f"{what}: {took} ms, de {limit}")
    assert max(took) < limit, f"{what}: {took} ms, de {limit}"


def answered(what: str, *acts: Callable[[], object]) -> None:
    """Lo que se le pide al kernel se ve enseguida."""
    start = time.monotonic()
    for act in acts:
        act()
    took = time.monotonic() - start
    print(f"{what}: {took:.2f} s")
    assert took < ANSWER_SECONDS, f"{what}: {took:.2f} s"


def test_a_million_files_open_and_answer(page: Page, lab_url: str, tmp_path: Path) -> None:
    """Se abre diciendo qué se agrupa, y entrar, ordenar, buscar, filtrar y volver responden."""
    million(tmp_path / "millon.tar")
    open_cells(page, lab_url, *SOURCES)
    start = time.monotonic()
    run_all(page, wait=False)
    view = page.locator(".mte")
    more = view.locator(".mte-row").filter(has_text=re.compile(r"y [\d\u202f]+ más"))
    expect(view.locator("progress")).to_be_visible(timeout=60_000)
    expect(view).to_have_attribute("data-phase", "done", timeout=120_000)
    print(f"abrir: {time.monotonic() - start:.1f} s")
    expect(view.locator(".mte-grouped")).to_contain_text("Esta imagen tiene 1\u202f000\u202f000 archivos")
    expect(view.locator(".mte-grouped")).to_contain_text("van agrupados")
    for name in ("srv", "app", "usr"):  # ninguna deja sin sitio a las otras
        expect(view.get_by_role("option", name=re.compile(rf"^{name}\b"))).to_be_visible()
    row(page, "srv/").dblclick()
    row(page, "fotos/").dblclick()
    page.wait_for_function(r"() => /\[2\]/.test(document.body.innerText)")  # la memoria, ya medida
    assert crumbs(page) == ["imagen", "srv", "fotos"]  # que acabe la celda no cambia de sitio
    assert error_texts(page) == []

    # Una carpeta de cien mil archivos
    expect(view.locator(".mte-sum")).to_contain_text("100\u202f000 archivos")
    more.click()
    answered(
        "enseñar más",
        lambda: view.get_by_role("button", name="Enseñar los 3\u202f000 mayores").click(),
        lambda: expect(more).to_contain_text("y 97\u202f000 más"),
    )
    more.click()
    expect(view.locator(".mte-detail")).to_contain_text("a los demás se llega buscándolos")
    expect(view.locator(".mte-more")).to_contain_text("Se ven 200 filas de 3\u202f000")
    quickly("ordenar", view.locator(".mte-sort").first, "node.click()")
    colours = [f"node.querySelectorAll('input[type=radio]')[{n}].click()" for n in (3, 2)]
    quickly("colorear por capa y por origen", view.locator(".mte-tools"), *colours)
    quickly("subir y volver", view.locator(".mte-map"), *KEYS)

    # Buscar entre todos, e ir
    first = view.locator(".mte-found li").first

    def seek(words: str, said: str) -> None:
        """Busca y espera a lo de toda la imagen."""
        view.get_by_role("searchbox").fill(words)
        expect(first).to_contain_text(f"{said} en toda la imagen", timeout=20_000)

    many = "400\u202f000 archivos"
    for words, said in (("foto-0999", "100 archivos"), ("ñandú", "0 archivos"), ("hivo-", many)):
        answered(f"buscar {words}", partial(seek, words, said))
    view.get_by_role("searchbox").fill("foto-099999")
    expect(first).to_contain_text("1 archivo en toda la imagen", timeout=20_000)
    view.locator(".mte-found button").click()
    expect(view.locator(".mte-detail")).to_contain_text("/srv/fotos/foto-099999.jpg")

    # Filtrar
    view.get_by_role("button", name="imagen", exact=True).click()
    sums = view.locator(".mte-sum")
    answered(
        "filtrar por origen",
        lambda: view.locator(".mte-key").filter(has_text="producción").click(),
        lambda: expect(sums).to_contain_text(many),
    )
    view.locator(".mte-key").filter(has_text="producción").click()
    answered(
        "lo que se pierde",
        lambda: view.get_by_label("Ver", exact=True).select_option("waste"),
        lambda: expect(sums).to_contain_text(re.compile(r"^\S+ kB · 2\d\d archivos")),
    )
    view.get_by_label("Ver", exact=True).select_option("m")
    expect(view.get_by_text("Nada que enseñar con ese filtro.").first).to_be_visible()
    view.get_by_label("Ver", exact=True).select_option("")
    assert grave(page, ".mte") == []

    # Lo que ocupa
    peak = int(page.locator(".jp-OutputArea-executeResult").inner_text().split()[-1])
    written = save(page, lab_url, DRAFT)
    (state,) = (each for each in widget_states(written).values() if "rows" in each["state"])
    size, html = len(json.dumps(state, ensure_ascii=False).encode()), exported(lab_url, DRAFT)
    print(f"kernel: {peak / 1000:.0f} MB; estado: {size} B; HTML: {len(html.encode())} B")
    assert peak < MEMORY_KB
    assert size < STATE_BYTES
    assert len(html.encode()) < EXPORTED_BYTES
    assert "van agrupados" in html
    if captures := os.environ.get("MULTIETAPA_CAPTURAS"):
        looked_at(page, Path(captures))


def looked_at(page: Page, captures: Path) -> None:
    """La vista en los dos temas y a dos anchos: nada se sale y todo se lee."""
    for theme in THEMES:
        use_theme(page, theme)
        for width in (1280, 768):
            page.set_viewport_size({"width": width, "height": 900})
            shoot(page, captures, f"millon-{theme}-{width}")
            for look in (OVERFLOWING, STICKING_OUT, FAINT):
                assert page.evaluate(look) == []
            assert grave(page, ".mte") == []
