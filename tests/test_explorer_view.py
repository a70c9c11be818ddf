"""El explorador en un Chromium de verdad: con el ratón, solo con el teclado, con kernel, ocupado y sin él."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from multietapa.errors import MultietapaError
from multietapa.image.tree import tree
from multietapa.widgets.explorer.answers import Answers
from multietapa.widgets.explorer.explorer import ExplorerView
from multietapa.widgets.explorer.sample import NAIVE, done, entry, image, layers, opening, views
from multietapa.widgets.explorer.squarify import Box, squarify
from multietapa.widgets.explorer.twin import static_html
from multietapa.widgets.explorer.value import Explored, explored
from multietapa.widgets.progress import Phase
from tests.axe import grave
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT, draw
from tests.test_explorer import many
from tools.sample import WIDGETS

SIZES = [[6, 6, 4, 3, 2, 2, 1], [10**9, 1, 1], [5], [], [9, 9, 9, 0], [97, 53, 31, 17, 11, 7, 5, 3, 2]]
STEP_MS = 100
"""Lo más que tarda un paso (entrar, subir, ordenar, filtrar o buscar) en una máquina tranquila."""
REFERENCE_MS = 9.0
"""Lo que tarda en ella la referencia; en una ocupada tardan más las dos cosas."""
#: Dibujar doscientas filas cualesquiera, en una página vacía: la mejor de seis veces, en milisegundos.
REFERENCE = """() => Math.min(...Array.from({ length: 6 }, () => {
  const start = performance.now(), box = document.createElement("div");
  for (let n = 0; n < 200; n++) {
    const row = box.appendChild(document.createElement("div"));
    for (const word of ["fila", n, "de", 200])
      row.appendChild(document.createElement("span")).textContent = word;
  }
  document.body.append(box);
  box.offsetHeight;
  box.remove();
  return performance.now() - start;
}))"""
#: Dibuja otra vez la vista con un kernel que ya no está.
ORPHANED = """async () => {
  const { esm } = JSON.parse(document.getElementById("data").textContent);
  const url = URL.createObjectURL(new Blob([esm], { type: "text/javascript" }));
  const { default: widget } = await import(url);
  for (const { el, model } of shown) {
    el.replaceChildren();
    widget.render({ model, el, kernel: { comm_live: false } });
  }
}"""
#: Cuánto tarda, en milisegundos, hacer algo con un nodo, con su dibujo.
TIMED = """(node, act) => {
  const start = performance.now();
  new Function("node", act)(node);
  document.body.offsetHeight;
  return performance.now() - start;
}"""


def step_limit(page: Page) -> float:
    """Lo más que puede tardar un paso, en milisegundos: más, si esta máquina dibuja ahora más despacio."""
    browser = page.context.browser
    assert browser is not None
    other = browser.new_page()
    try:
        return STEP_MS * max(1.0, float(other.evaluate(REFERENCE)) / REFERENCE_MS)
    finally:
        other.close()


@pytest.fixture
def page(blank_page: Page) -> Page:
    """Donde se dibuja."""
    return blank_page


def mount(page: Page, found: Explored, *, theme: str = "claro") -> None:
    """Dibuja el widget con una imagen ya leída."""
    view = ExplorerView(found)
    view.finish(found, Phase.DONE)
    draw(page, view, themes=(theme,))


def answering(page: Page, found: Explored) -> Callable[[], list[dict[str, Any]]]:
    """Contesta a lo que haya pedido la página, como el kernel; devuelve lo que se pidió."""
    reply = Answers(
        found,
        lambda layer, node: (f"capa {layer}: {node.path}\nsegunda línea", "27 B, con 1 secreto tapado"),
        lambda _, node: f"Lo trajo {node.name} 1.0 (npm)",
    )
    answered = 0

    def serve() -> list[dict[str, Any]]:
        nonlocal answered
        asked = page.evaluate("shown[0].model.sent")[answered:]
        answered += len(asked)
        for one in asked:
            try:
                answer = reply(one)
            except MultietapaError as problem:
                answer = {"error": problem.what}
            page.evaluate("answer => shown[0].model.receive(answer)", {"id": one["id"], **answer})
        return list(asked)

    return serve


def rectangle(page: Page, name: str) -> Locator:
    """El rectángulo de primer nivel que se llama así."""
    return page.locator(".mte-map").get_by_role("option", name=name)


def row(page: Page, name: str) -> Locator:
    """La fila de la tabla con ese nombre."""
    return page.get_by_role("row").filter(has=page.locator(".mte-what", has_text=re.compile(f"^{name}$")))


def crumbs(page: Page) -> list[str]:
    """Las carpetas en las que se está, de fuera adentro."""
    return page.locator(".mte-crumbs :is(button, strong)").all_inner_texts()


# --- El dibujo ---


@pytest.mark.parametrize("sizes", SIZES)
def test_both_maps_are_the_same(page: Page, sizes: list[int]) -> None:
    """El mapa del widget y el de su gemelo colocan lo mismo en el mismo sitio."""
    script = (WIDGETS / "explorer" / "treemap.js").read_text(encoding="utf-8")
    placed = page.evaluate(f"sizes => {{ {script}; return squarify(sizes, 0, 0, 640, 360); }}", sizes)
    assert placed == [pytest.approx(box, abs=1e-6) for box in squarify(sizes, Box(0, 0, 640, 360))]


def test_the_biggest_rectangle_is_the_biggest_folder(page: Page) -> None:
    """Los rectángulos guardan la proporción de lo que pesan, y cada uno lleva su nombre y su tamaño."""
    mount(page, done())
    areas = {}
    for one in page.locator(".mte-map").get_by_role("option").all():
        box = one.bounding_box()
        assert box
        areas[one.locator(".mte-spoken").inner_text().split(",")[0]] = box["width"] * box["height"]
    assert list(sorted(areas, key=lambda name: -areas[name]))[:3] == ["usr/", "app/", "var/"]
    assert areas["usr/"] / areas["app/"] == pytest.approx(258 / 51.8, rel=0.05)
    expect(rectangle(page, "usr/")).to_have_accessible_name("usr/, 258 MB, varios")


def test_colour_is_never_alone(page: Page) -> None:
    """Por origen, cada color lleva su trama; por capa, su número; y lo que se pierde, un signo y un borde."""
    mount(page, done())
    patterns = page.locator(".mte-legend .mte-swatch").evaluate_all(
        "nodes => nodes.map(node => getComputedStyle(node).backgroundImage)"
    )
    assert len(set(patterns)) == len(patterns) == 5
    page.get_by_role("radio", name="capa", exact=True).check(force=True)
    expect(page.locator(".mte-legend .mte-swatch")).to_have_text([str(n) for n in range(1, 9)])
    lost = page.locator(".mte-lost").first
    assert lost.evaluate("node => getComputedStyle(node).outlineStyle") == "dashed"
    assert "⊘" in lost.evaluate("node => getComputedStyle(node, '::after').content")


# --- Con el ratón ---


def test_a_click_goes_in_and_the_trail_comes_back(page: Page) -> None:
    """Un clic en una carpeta entra en ella, la tabla es la misma carpeta, y por el camino se vuelve."""
    mount(page, done())
    assert crumbs(page) == ["imagen"]
    rectangle(page, "app/").locator(".mte-label").first.click()
    assert crumbs(page) == ["imagen", "app"]
    names = page.locator(".mte-what").all_inner_texts()
    assert names[:3] == ["node_modules/", "publico/", "dist/"]
    assert page.locator(".mte-map > *").count() == len(names)
    row(page, "dist/").dblclick()
    assert crumbs(page) == ["imagen", "app", "dist"]
    expect(page.locator(".mte-row")).to_have_count(4)  # dos archivos, cada uno en dos capas
    page.get_by_role("button", name="imagen", exact=True).click()
    assert crumbs(page) == ["imagen"]


def test_a_row_and_its_rectangle_are_the_same(page: Page) -> None:
    """Lo que se elige en la tabla se marca en el mapa y al revés, y se dice qué es y quién lo trajo."""
    mount(page, done())
    serve = answering(page, done())
    row(page, "var/").click()
    expect(rectangle(page, "var/")).to_have_attribute("aria-selected", "true")
    expect(page.locator(".mte-detail")).to_contain_text("capa 2, de la base · RUN apt-get update")
    expect(page.locator(".mte-detail")).to_contain_text("⊘ Se pierden 22,8 MB")
    rectangle(page, "app/").locator(".mte-label").first.click()
    row(page, "dist/").dblclick()
    page.get_by_role("option").filter(has_text=re.compile("^vendor.js.*capa 7")).click()
    expect(page.locator(".mte-row[aria-selected=true]")).to_contain_text("⊘ se pierde")
    detail = page.locator(".mte-detail")
    expect(detail).to_contain_text("/app/dist/vendor.js")
    expect(detail).to_contain_text("se copió entero solo para cambiarle permisos o dueño, en la capa 8")
    assert serve() == [{"id": 1, "ficha": "app/dist/vendor.js", "capa": 6}]
    expect(detail).to_contain_text("Lo trajo vendor.js 1.0 (npm)")


def test_a_layer_that_crosses_says_from_where(page: Page) -> None:
    """Por capas, cada una es su instrucción, y la que copia de otra etapa lo dice."""
    mount(page, done())
    page.get_by_role("radio", name="capas", exact=True).check(force=True)
    expect(page.locator(".mte-row")).to_have_count(8)
    expect(rectangle(page, "5 · RUN npm install")).to_be_visible()
    crossed = row(page, r"6 · ⇢ COPY \. \.")
    expect(crossed).to_contain_text("⇢ de dependencias")
    crossed.click()
    expect(page.locator(".mte-detail")).to_contain_text("copiado de la etapa «dependencias»")
    row(page, "7 · RUN npm run build.*").dblclick()
    expect(page.locator(".mte-crumbs strong")).to_contain_text("7 · RUN npm run build")
    row(page, "app/").locator(".mte-twist").click()
    row(page, "node_modules/").locator(".mte-twist").click()
    expect(row(page, "typescript")).to_contain_text("− borrado")


def test_the_table_sorts_and_unfolds(page: Page) -> None:
    """Se ordena por tamaño o por nombre, del derecho y del revés, y una carpeta se despliega en su sitio."""
    mount(page, done())
    names = page.locator(".mte-what")
    assert names.all_inner_texts()[:2] == ["usr/", "app/"]
    page.get_by_role("button", name="Nombre").click()
    expect(names).to_have_text(["app/", "etc/", "root/", "usr/", "var/"])
    page.get_by_role("button", name="Nombre").click()
    expect(names.first).to_have_text("var/")
    expect(page.get_by_role("columnheader", name="Nombre")).to_have_attribute("aria-sort", "descending")
    page.get_by_role("button", name="Tamaño").click()
    row(page, "root/").locator(".mte-twist").click()
    expect(row(page, "root/")).to_have_attribute("aria-expanded", "true")
    expect(row(page, r"\.npm/")).to_have_attribute("aria-level", "2")


def test_what_is_lost_leads_to_where_it_is(page: Page) -> None:
    """La lista de lo que se pierde dice cuánto, quién lo puso y quién lo esconde, y lleva a su sitio."""
    mount(page, done())
    losses = page.locator(".mte-losses li")
    expect(losses).to_have_count(5)
    expect(losses.nth(1)).to_contain_text("15,3 MB")
    expect(losses.nth(1)).to_contain_text("Se borró su carpeta en la capa 7 · RUN npm run build")
    expect(losses.nth(1)).to_contain_text("Lo puso la capa 5 · RUN npm install (línea 4)")
    losses.nth(1).get_by_role("button").click()
    assert crumbs(page) == ["imagen", "app", "node_modules", "typescript"]
    losses.nth(4).get_by_role("button").click()
    assert crumbs(page) == ["imagen", "app"]
    expect(page.locator(".mte-detail")).to_contain_text("lo tapa otra copia, en la capa 6 · COPY . .")


def test_a_filter_shows_only_its_own(page: Page) -> None:
    """La leyenda y «Ver» filtran: el mapa y la tabla enseñan solo eso, y lo que suman es solo eso."""
    mount(page, done())
    serve = answering(page, done())
    page.get_by_role("button", name="cachés").click()
    expect(page.locator(".mte-sum")).to_contain_text("19,3 MB")
    assert serve()[-1]["filtro"]["origin"] == 5
    expect(page.locator(".mte-sum")).to_have_text("19,3 MB · 8 archivos")
    expect(page.get_by_role("button", name="cachés")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="cachés").click()
    page.get_by_label("Ver", exact=True).select_option("waste")
    serve()
    expect(page.locator(".mte-sum")).to_contain_text("40,1 MB")
    assert page.locator(".mte-what").all_inner_texts() == ["var/", "app/"]
    page.get_by_label("Ver", exact=True).select_option("m")
    serve()
    expect(page.locator(".mte-sum")).to_have_text("2,0 MB · 2 archivos")


# --- Con el teclado ---


def test_the_keyboard_is_enough(page: Page) -> None:
    """Solo con el teclado: se recorre el mapa en orden, se entra, se sube, y al escribir se busca."""
    mount(page, done())
    here = page.locator(".mte-map")
    here.focus()
    page.keyboard.press("ArrowRight")
    chosen = page.locator("[role=option][aria-selected=true]")
    expect(chosen).to_have_accessible_name(re.compile("^usr"))
    assert here.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
    page.keyboard.press("ArrowRight")
    expect(chosen).to_have_accessible_name(re.compile("^app"))
    expect(page.locator(".mte-row[aria-selected=true]")).to_contain_text("app/")
    page.keyboard.press("Enter")
    assert crumbs(page) == ["imagen", "app"]
    page.keyboard.press("Escape")
    assert crumbs(page) == ["imagen"]
    expect(chosen).to_have_accessible_name(re.compile("^app"))
    page.keyboard.press("End")
    page.keyboard.press("Home")
    expect(chosen).to_have_accessible_name(re.compile("^usr"))
    page.keyboard.type("vendor")
    expect(page.get_by_role("searchbox")).to_be_focused()
    expect(page.locator(".mte-found")).to_contain_text("2 archivos entre lo que ya está aquí")
    page.keyboard.press("Tab")
    while not page.evaluate("document.activeElement.matches('.mte-found button')"):
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert crumbs(page) == ["imagen", "app", "dist"]
    expect(page.locator(".mte-detail")).to_contain_text("/app/dist/vendor.js")


def test_the_table_works_with_the_keyboard(page: Page) -> None:
    """En la tabla, las flechas recorren, despliegan y pliegan; Intro entra y Escape sube."""
    mount(page, done())
    page.locator(".mte-row").first.focus()
    page.keyboard.press("ArrowDown")
    expect(page.locator(".mte-row:focus")).to_contain_text("app/")
    page.keyboard.press("ArrowRight")
    expect(row(page, "app/")).to_have_attribute("aria-expanded", "true")
    expect(page.locator(".mte-row:focus")).to_contain_text("app/")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".mte-row:focus")).to_contain_text("node_modules/")
    page.keyboard.press("Enter")
    assert crumbs(page) == ["imagen", "app", "node_modules"]
    expect(page.locator(".mte-row:focus")).to_have_count(1)
    page.keyboard.press("Escape")
    assert crumbs(page) == ["imagen", "app"]
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Escape")
    assert crumbs(page) == ["imagen"]


# --- Con el kernel, con el kernel ocupado, y sin él ---


def test_what_did_not_travel_is_asked_for(page: Page) -> None:
    """Lo agrupado se le pide al kernel al abrirlo, y llega entero."""
    found = many(6_000)
    mount(page, found)
    serve = answering(page, found)
    page.locator(".mte-map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    rest = page.locator(".mte-row", has_text=re.compile(r"y [\d\u202f]+ más"))
    expect(rest).to_have_count(1)
    rest.click()
    page.get_by_role("button", name="Enseñar todos").click()
    assert serve()[-1]["carpeta"] == "app/node_modules"
    expect(rest).to_have_count(0)
    expect(page.get_by_text("Se ven 200 filas")).to_be_visible()


def test_the_whole_image_is_searched(page: Page) -> None:
    """Primero sale lo que ya está, y enseguida lo de toda la imagen; lo encontrado lleva a su sitio."""
    found = many(20_000)
    mount(page, found)
    serve = answering(page, found)
    page.get_by_role("searchbox").fill("ARCHIVO-19998.")
    page.wait_for_function("shown[0].model.sent.length > 0")
    serve()
    expect(page.locator(".mte-found")).to_contain_text("1 archivo en toda la imagen")
    page.locator(".mte-found button").click()
    serve()
    expect(page.locator(".mte-detail")).to_contain_text("/app/node_modules/p1998/lib/archivo-19998.js")
    assert crumbs(page)[-1] == "lib"


def test_the_content_of_a_file_is_asked_for(page: Page) -> None:
    """El contenido de un archivo se pide y se lee en su sitio, también con el teclado."""
    mount(page, done())
    serve = answering(page, done())
    page.get_by_role("searchbox").fill("README")
    page.locator(".mte-found button").click()
    page.get_by_role("button", name="Ver contenido").click()
    assert serve()[-1] | {"id": 0} == {"id": 0, "contenido": "app/README.md", "capa": 5}
    content = page.get_by_role("group", name="Contenido de README.md")
    expect(content).to_have_text("capa 5: app/README.md\nsegunda línea")
    expect(page.locator(".mte-content")).to_contain_text("con 1 secreto tapado")


def test_a_busy_kernel_is_told(page: Page) -> None:
    """Si el kernel no contesta enseguida se dice, y se enseña lo que se sabe; al contestar, se quita."""
    mount(page, done())
    serve = answering(page, done())
    page.get_by_role("button", name="cachés").click()
    expect(page.locator(".mte-said")).to_contain_text("El kernel está ocupado con otra celda")
    expect(page.locator(".mte-what").first).to_have_text("root/")
    serve()
    expect(page.locator(".mte-said")).to_be_hidden()


def test_an_error_of_the_kernel_is_told(page: Page) -> None:
    """Lo que el kernel no puede hacer se dice con sus palabras."""
    mount(page, done())
    page.get_by_role("button", name="cachés").click()
    page.evaluate("shown[0].model.receive({id: 1, error: 'El motor se apagó.'})")
    expect(page.locator(".mte-said")).to_have_text("El motor se apagó.")


def test_without_a_kernel_it_works_on_what_it_has(page: Page) -> None:
    """Sin kernel se entra, se filtra y se busca entre lo guardado, y se dice lo que falta."""
    mount(page, many(20_000))
    page.evaluate(ORPHANED)
    page.locator(".mte-map").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert crumbs(page)[-1] == "node_modules"
    page.get_by_label("Ver", exact=True).select_option("waste")
    expect(page.locator(".mte-said")).to_contain_text("sin repartir")
    page.get_by_label("Ver", exact=True).select_option("")
    page.get_by_role("searchbox").fill("archivo-1")
    expect(page.locator(".mte-found")).to_contain_text("entre lo que ya está aquí")
    expect(page.locator(".mte-said")).to_contain_text("El kernel ya no está")
    assert page.evaluate("shown[0].model.sent") == []


def test_a_reading_without_a_kernel_did_not_end(page: Page) -> None:
    """Una lectura que se quedó a medias, al reabrir el cuaderno, lo dice."""
    draw(page, views()["leyendo"])
    expect(page.locator(".mte")).to_contain_text("provisional")
    expect(page.locator(".mte-map > *")).to_have_count(8)
    page.evaluate(ORPHANED)
    expect(page.locator(".mte")).to_contain_text("No llegó a terminar: su kernel ya no está")
    expect(page.locator(".mt-progress")).to_be_hidden()


def test_what_is_read_replaces_what_was_provisional(page: Page) -> None:
    """Al acabar de leer, la misma vista pasa de las capas provisionales a la imagen entera, por su origen."""
    view = ExplorerView(opening())
    draw(page, view)
    expect(page.locator(".mte-tools")).to_be_hidden()
    view.finish(done(), Phase.DONE)
    for trait in ("head", "layers", "rows", "waste"):
        page.evaluate("([name, value]) => shown[0].model.set(name, value)", [trait, getattr(view, trait)])
    expect(page.locator(".mte-tools")).to_be_visible()
    expect(rectangle(page, "usr/")).to_be_visible()
    expect(page.locator(".mt-title")).to_contain_text("Desempaquetado 352 MB")
    expect(page.get_by_role("radio", name="origen", exact=True)).to_be_checked()


# --- La prisa, la letra pequeña y las dos pantallas ---


def test_every_step_is_quick(page: Page) -> None:
    """Con todo lo que cabe en un cuaderno, entrar, ordenar, agrupar, filtrar y buscar no pasan de un paso."""
    mount(page, many(60_000))
    acts = {
        ".mte-map": "node.dispatchEvent(new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true}));"
        "node.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))",
        ".mte-sort": "node.click()",
        ".mte-key": "node.click()",
        "input[type=radio] >> nth=1": "node.click()",
        "input[type=search]": "node.value = 'archivo-1'; node.dispatchEvent(new Event('input'))",
    }
    for where, act in acts.items():
        took = min(page.locator(where).first.evaluate(TIMED, act) for _ in range(2))
        assert took < step_limit(page), f"{where}: {took:.0f} ms"


@pytest.mark.parametrize(("width", "theme"), [(1280, "claro"), (768, "oscuro")])
def test_everything_fits_and_is_accessible(page: Page, width: int, theme: str) -> None:
    """Con nombres larguísimos nada se sale, se lee, y axe-core no ve nada grave."""
    long = "registro.ejemplo.com:5000/equipo-de-plataforma/" + "tienda" * 8 + ":multietapa-definitiva"
    files = [entry("app/" + "carpeta-larguisima-" * 6 + f"/archivo-{n}.js", 900 * n) for n in range(1, 30)]
    stack = layers([files, files[:3]], ["RUN " + "x" * 300, "COPY . ."])
    page.set_viewport_size({"width": width, "height": 900})
    mount(page, explored(long, "Docker Engine", tree(image(stack, base=0, name=long))), theme=theme)
    page.locator(".mte-row").first.click()
    for _ in range(2):
        assert page.evaluate(OVERFLOWING) == []
        assert page.evaluate(STICKING_OUT) == []
        assert page.evaluate(FAINT) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert grave(page, "body") == []
        page.get_by_role("searchbox").fill("archivo")


@pytest.mark.parametrize("theme", ["claro", "oscuro"])
@pytest.mark.parametrize("name", views())
def test_every_moment_is_accessible(page: Page, name: str, theme: str) -> None:
    """En cada momento de la muestra, axe-core no encuentra nada grave."""
    draw(page, views()[name], themes=(theme,))
    assert grave(page, "body") == []


def test_the_html_twin_opens_without_programs(page: Page) -> None:
    """En una exportación, las carpetas se abren con el teclado y axe-core no ve nada grave."""
    page.set_content(f"<html lang=es><title>x</title>{static_html(done())}</html>")
    expect(page.get_by_role("img", name=re.compile("Mapa de la imagen"))).to_be_visible()
    inside = page.locator("summary", has_text="lib/").first
    expect(inside).to_be_hidden()
    page.locator("summary").first.focus()
    page.keyboard.press("Enter")
    expect(inside).to_be_visible()
    assert grave(page, ".mt") == []
    assert NAIVE in page.locator(".mt").inner_text()
