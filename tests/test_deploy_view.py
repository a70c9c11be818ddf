"""La vista de los despliegues: lo que dice, sus gemelos y el widget en un Chromium de verdad."""

from __future__ import annotations

import io
import re
import threading
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from multietapa import __main__
from multietapa.errors import ContainerError
from multietapa.registry.events import LayerDeclared, LayerProgress, LayerState, Phase, PhaseStarted
from multietapa.registry.outcome import Deployment, NodeKind
from multietapa.registry.state import DeployState, ImageOnItsWay, failed, finished, stopped
from multietapa.widgets.compare.words import EQUIVALENT
from multietapa.widgets.deploy import words
from multietapa.widgets.deploy.deploy import DeployView
from multietapa.widgets.deploy.estimate import ASSUMED, LABEL
from multietapa.widgets.deploy.sample import NAIVE, NAMES, STAGES, deployment, going, views
from multietapa.widgets.deploy.text_view import TextView
from multietapa.widgets.deploy.twin import PAINTS
from multietapa.widgets.saved import STATE, VIEW
from tests.axe import grave
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT, draw

WIDTHS = (1280, 768)
ENGINE = "Docker Engine de prueba"
FIRST, SECOND = (ImageOnItsWay(name) for name in NAMES)
DONE = DeployState((finished(FIRST, NAIVE), finished(SECOND, STAGES)), NodeKind.ENGINE, 20.0, ENGINE)
SPEED = "Velocidad del enlace (Mb/s)"


def over(state: DeployState, *runs: tuple[Deployment, ...]) -> DeployView:
    """El widget de unos despliegues que acabaron."""
    view = DeployView(state)
    view.finish(state, runs)
    return view


def plain(html: str) -> str:
    """Lo que se lee de un HTML, sin su estilo."""
    return re.sub(r"\s+", " ", re.sub(r"<style>.*?</style>|<[^>]+>", " ", html))


# --- Lo que se dice ---


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ((10.0,), "a contestó en 10 s."),
        ((115.2, 19.3), "b contestó en 19 s; a, en 1 min 55 s: 6,0 veces lo que tardó b."),
        ((5.0, 2.5), "b contestó en 2,5 s; a, en 5,0 s: el doble de lo que tardó b."),
        ((10.0, 10.2), "a y b contestaron casi en el mismo tiempo: 10 s."),
        ((4.0, 4.1, 4.05), "Todas contestaron casi en el mismo tiempo: entre 4,0 s y 4,1 s."),
        ((9.0, 3.0, 6.0), "b contestó en 3,0 s; a, en 9,0 s: 3,0 veces lo que tardó b."),
    ],
)
def test_who_answered_first(seconds: tuple[float, ...], said: str) -> None:
    """La frase del final dice quién contestó antes y cuántas veces cabe su tiempo en el de la última."""
    runs: words.Measured = {
        name: (replace(STAGES, seconds=dict.fromkeys(Phase, 0.0) | {Phase.TRANSFER: each}),)
        for name, each in zip("abc", seconds, strict=False)
    }
    assert words.sentence(runs) == said
    assert words.sentence({}) == ""


@pytest.mark.parametrize(
    ("mbps", "said"),
    [
        (None, "sin límite"),
        (20, "20 Mb/s"),
        (2.5, "2,5 Mb/s"),
        (0.125, "0,125 Mb/s"),
        (1e9, "1\u202f000\u202f000\u202f000 Mb/s"),
    ],
)
def test_a_speed_is_said(mbps: float | None, said: str) -> None:
    """La velocidad del enlace lleva su unidad, y sin límite se dice."""
    assert words.speed(mbps) == said
    assert words.link(mbps) == f"por un enlace {'' if mbps is None else 'de '}{said}"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.0, "0,0 s"),
        (0.001, "menos de 0,1 s"),
        (0.0499, "menos de 0,1 s"),
        (0.05, "0,1 s"),
        (75, "1 min 15 s"),
    ],
)
def test_a_measured_time_is_never_written_as_nothing(seconds: float, said: str) -> None:
    """Una fase muy corta no se lee como si no hubiera durado nada."""
    assert words.took(seconds) == said


def test_what_travelled_and_what_was_there() -> None:
    """De una imagen se dicen los bytes que viajaron y los que ya estaban, con su medida, y cuántas capas."""
    some = deployment("v2", (5_000_000, 1_000_000), (0, 0, 0, 0), present=1)
    assert words.moved(some) == "viajaron 1,0 MB de Transferencia; 5,0 MB ya estaban"
    assert words.layers_note(some) == "2 capas: 1 viajó y 1 ya estaba"
    none = deployment("v2", (5_000_000, 1_000_000), (0, 0, 0, 0), present=2)
    assert words.moved(none) == "no viajó ninguna capa: 6,0 MB de Transferencia ya estaban en el nodo"
    assert words.layers_note(none) == "2 capas: ya estaban todas"
    assert words.moved(STAGES) == "viajaron 41,2 MB de Transferencia"
    assert words.layers_note(deployment("v1", (9,), (0, 0, 0, 0))) == "1 capa: viajó"


def test_the_node_is_named_and_why() -> None:
    """Se dice siempre a qué se despliega y, si no es un segundo motor, por qué y quién hace cada cosa."""
    assert "a un segundo motor · por un enlace de 20 Mb/s" in words.context(DONE)
    assert words.node_note(DONE) == ""
    client = replace(DONE, node=NodeKind.CLIENT, why="hace falta ser root")
    assert "al cliente del taller" in words.context(client)
    assert "segundo motor: hace falta ser root." in words.node_note(client)
    assert words.node_note(client) in over(client).twins()[0]
    assert words.node_note(client) in plain(over(client).twins()[1])


def test_an_equivalent_base_is_said() -> None:
    """Si una base se hizo aquí, se dice junto al nombre de su imagen y qué quiere decir; si no, nada."""
    first, second = DONE.images
    view = over(replace(DONE, images=(replace(first, equivalent=True), second)))
    assert [image["mark"] for image in view.images] == [EQUIVALENT, ""]
    assert "no de la original" in view.head["note"]
    for said in (view.twins()[0], plain(view.twins()[1])):
        assert said.count(f"tienda:ingenua ({EQUIVALENT})") >= 1
        assert f"tienda:multietapa ({EQUIVALENT})" not in said
        assert view.head["note"] in said
    assert (over(DONE).head["note"], EQUIVALENT in over(DONE).twins()[0]) == ("", False)


def test_repeated_deployments_give_a_real_one_and_the_range() -> None:
    """De tres despliegues se da el de total intermedio y, en cada fase, entre qué tiempos quedaron."""
    runs = tuple(deployment(NAMES[1], (25_000_000,), (1.0, 0.1, 0.2, 0.3), slower=k) for k in (1.5, 1.0, 1.2))
    view = over(DeployState((finished(SECOND, runs[2]),), NodeKind.ENGINE, 20.0, ENGINE, turns=3), runs)
    bar = view.images[0]["bar"]
    assert (bar["total"], bar["spread"]) == ("14 s", "de 12 s a 17 s")
    assert bar["spreads"] == ["de 10 s a 15 s", "", "", "", ""]
    text, html = view.twins()
    for said in (text, plain(html)):
        assert "3 veces: se da el despliegue de total intermedio" in said
        assert "de 12 s a 17 s" in said


def test_where_it_stayed() -> None:
    """De lo que no acabó se dice en qué fase se quedó; de lo que no empezó, que está sin desplegar."""
    half = going(
        FIRST,
        PhaseStarted(Phase.TRANSFER, 0.0),
        LayerDeclared("aaa", 8_000_000),
        LayerProgress("aaa", LayerState.TRAVELLING, 2.0, 4_000_000, 8_000_000),
    )
    assert words.doing(half).endswith(
        "transferir · 4,0 MB de 8,0 MB de Transferencia · 16,0 Mb/s hasta ahora"
    )
    state = DeployState((stopped(half), stopped(SECOND)), NodeKind.ENGINE, 20.0, ENGINE)
    text = over(state).twins()[0]
    assert "⊘ cancelado tienda:ingenua: se quedó en la fase 1 de 5: transferir · 4,0 MB de 8,0 MB" in text
    assert "⊘ sin desplegar tienda:multietapa" in text
    assert LABEL not in text


def test_a_failure_shows_the_log_of_the_application() -> None:
    """Si la aplicación no contesta, se lee por qué y su registro, en los dos gemelos."""
    problem = ContainerError("No contesta.", why="Se cerró.", detail="Error: <falta> un módulo")
    state = DeployState((failed(FIRST, problem), finished(SECOND, STAGES)), NodeKind.ENGINE, 20.0, ENGINE)
    text, html = over(state).twins()
    assert "No contesta. Se cerró." in text
    assert "  Error: <falta> un módulo" in text
    assert "<pre>Error: &lt;falta&gt; un módulo</pre>" in html
    assert words.overall_word(state) == "✗ falló"
    assert "tienda:multietapa contestó en 19 s." in text  # lo que sí se midió


def test_a_name_is_never_markup(blank_page: Page) -> None:
    """Lo que viene de fuera (un nombre, un registro) se lee tal cual, en la página y en los gemelos."""
    name = "<b class=x>&amp;</b>"
    fine = finished(ImageOnItsWay(name), STAGES)
    bad = failed(ImageOnItsWay(f"{name}2"), ContainerError("<i class=x>No</i>", detail="<b class=x>"))
    view = over(DeployState((fine, bad), NodeKind.ENGINE, 20.0, "<u class=x>"))
    assert "class=x>" not in view.twins()[1].replace("&gt;", "")
    draw(blank_page, view)
    assert blank_page.locator(".x").count() == 0
    expect(blank_page.locator(".mtd-name").first).to_have_text(name)
    expect(block(blank_page).get_by_role("columnheader").nth(1)).to_have_text(name)


# --- Medido y calculado ---


@pytest.mark.parametrize("name", [name for name, view in views().items() if view.head["estimate"]])
def test_the_twins_give_the_same_figures(name: str) -> None:
    """Cada cifra del widget, medida o calculada, está en los dos gemelos."""
    view = views()[name]
    text, html = view.twins()
    for image in view.images:
        figures = [image["bar"]["total"], image["bar"]["moved"], *(part[3] for part in image["bar"]["parts"])]
        for figure in (image["name"], *figures):
            assert figure in text
            assert figure in plain(html)
    assert view.head["sentence"] in text
    assert view.head["sentence"] in plain(html)
    computed = re.findall("<td>([^<]+)</td>", view.head["estimated"])
    assert len(computed) == 3 * len(view.images)
    assert all(figure in text and figure in plain(html) for figure in computed)


def test_what_is_computed_shares_nothing_with_what_is_measured() -> None:
    """En los gemelos, lo calculado va en su bloque, con su palabra y su color; lo medido no los usa."""
    text, html = over(DONE).twins()
    measured, _, computed = text.partition("Cálculo (no es una medida)")
    assert LABEL not in measured.lower()
    assert "Medido por un enlace de 20 Mb/s" in measured
    assert "medido" not in computed.lower()
    assert all(LABEL in line for line in computed.splitlines()[1:] if line.strip() != ASSUMED)
    before, _, block = html.partition('<div class="mtd-calc">')
    assert block.count("<table>") == 1
    assert LABEL not in plain(before).lower()
    assert not re.search(r"class=\"mt-\w+", block)  # ninguna pintura de lo medido
    assert len(set(PAINTS.values())) == len(Phase)


def test_it_is_small_while_it_goes() -> None:
    """Lo que viaja a la pantalla no crece con la imagen: ni con cien capas ni con un registro enorme."""
    image = going(
        FIRST, PhaseStarted(Phase.TRANSFER, 0.0), *(LayerDeclared(f"{n:012x}", 9) for n in range(100))
    )
    state = DeployState((image, SECOND), NodeKind.ENGINE, 20.0, ENGINE)
    view = DeployView(state)
    assert len(view.images[0]["layers"]) == 16
    assert view.images[0]["more"] == "y 84 capas más"
    assert len(str(view.images)) < 2_500
    long = failed(image, ContainerError("No.", detail="x" * 100_000))
    assert len(str(over(replace(state, images=(long,))).images)) < 9_000


def test_nothing_new_is_not_sent_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Si no cambia nada, no viaja nada; la hora, al cambiar la imagen en marcha y de vez en cuando."""
    moment = 100.0
    monkeypatch.setattr("multietapa.widgets.deploy.deploy.time.monotonic", lambda: moment)
    view = DeployView(DeployState((FIRST, SECOND), NodeKind.ENGINE, 20.0, ENGINE))
    sent: list[str] = []
    view.observe(lambda change: sent.append(change["name"]), ["head", "images", "clock", "table"])
    begun = going(FIRST, PhaseStarted(Phase.TRANSFER, 0.0))
    state = DeployState((begun, SECOND), NodeKind.ENGINE, 20.0, ENGINE)
    moment = 101.0
    view.show(state)
    assert (sent, view.clock) == (["images", "clock"], [1.0, 0.0])
    moment = 102.0
    view.show(state)
    assert sent == ["images", "clock"]
    moment = 104.0
    view.show(state)
    assert (sent[2:], view.clock) == (["clock"], [4.0, 3.0])
    moment = 105.0
    view.show(replace(state, preparing="el nodo"))
    assert (sent[3:], view.clock) == (["head", "clock"], [5.0, 4.0])


# --- En una terminal ---


def test_in_a_terminal() -> None:
    """Se lee una línea por cada cosa que pasa, en su orden y sin repetirse; lo medido va a la otra salida."""
    out, log = io.StringIO(), io.StringIO()
    view = TextView(out, log)
    state = DeployState((FIRST, SECOND), None, 20.0, ENGINE, preparing="el registro: descargar (12 %)")
    view.show(state)
    view.show(replace(state, preparing="el registro: descargar (40 %)"))
    state = replace(state, node=NodeKind.ENGINE, preparing="")
    pushing = going(FIRST, LayerDeclared("aaa"))
    for image in (FIRST, pushing, going(pushing, PhaseStarted(Phase.TRANSFER, 0.0)), finished(FIRST, NAIVE)):
        for _ in range(2):
            view.show(replace(state, images=(image, SECOND)))
    view.finish(DONE, ((NAIVE,), (STAGES,)))
    lines = log.getvalue().splitlines()
    assert lines[:4] == [
        "Preparando el registro…",
        f"a un segundo motor · por un enlace de 20 Mb/s · {ENGINE}",
        "▶ subiendo al registro tienda:ingenua",
        "tienda:ingenua: transferir, 1 min 51 s",
    ]
    assert lines[8] == "✓ contestó tienda:ingenua"
    assert len(lines) == len(set(lines)) == 15
    assert out.getvalue() == over(DONE).twins()[0] + "\n"


# --- En la página ---


def block(page: Page) -> Locator:
    """El bloque de lo calculado."""
    return page.get_by_role("group", name="Cálculo: si se desplegara muchas veces")


def row(page: Page, title: str) -> list[str]:
    """Las cifras de una fila de la tabla del cálculo."""
    line = block(page).get_by_role("row").filter(has=page.get_by_role("rowheader", name=title))
    return line.get_by_role("cell").all_inner_texts()


def test_cancelling(blank_page: Page) -> None:
    """El botón manda una sola petición, dice que está en ello y activa el evento."""
    cancel = threading.Event()
    view = DeployView(DeployState((FIRST, SECOND), NodeKind.ENGINE, 20.0, ENGINE), cancel=cancel)
    draw(blank_page, view)
    blank_page.get_by_role("button", name="Cancelar").focus()
    blank_page.keyboard.press("Enter")
    expect(blank_page.get_by_role("button", name="Cancelando…")).to_be_disabled()
    sent = blank_page.evaluate("shown[0].model.sent")
    assert sent == [{"type": "cancelar"}]
    for content, cancelled in ((None, False), ("cancelar", False), (sent[0], True)):
        view.comm.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})
        assert cancel.is_set() is cancelled


def test_the_clocks_run_and_the_end_stops_them(blank_page: Page) -> None:
    """Los relojes corren solos; al acabar no hay ni relojes ni botón, y sí una frase, barras y cálculo."""
    begun = going(FIRST, PhaseStarted(Phase.TRANSFER, 0.0))
    view = DeployView(DeployState((begun, SECOND), NodeKind.ENGINE, 20.0, ENGINE))
    draw(blank_page, view)
    clock = blank_page.get_by_role("timer").first
    expect(clock).not_to_have_text("0,0 s")
    expect(block(blank_page)).to_be_hidden()
    view.finish(DONE, ())
    for trait in ("head", "images", "table"):
        blank_page.evaluate("([t, v]) => shown[0].model.set(t, v)", [trait, getattr(view, trait)])
    expect(clock).to_be_hidden()
    expect(blank_page.get_by_role("button")).to_have_count(0)
    expect(blank_page.locator(".mtd-sentence")).to_have_text(words.sentence(words.measured(DONE)))
    expect(blank_page.locator(".mtd-bar")).to_have_count(2)
    wide, narrow = (each.bounding_box() for each in blank_page.locator(".mtd-bar").all())
    assert wide is not None
    assert narrow is not None
    assert wide["width"] / narrow["width"] == pytest.approx(
        NAIVE.total_seconds / STAGES.total_seconds, rel=0.02
    )
    expect(block(blank_page)).to_be_visible()


def test_moving_the_controls_with_the_mouse(blank_page: Page) -> None:
    """Al escribir otros valores cambian el cálculo y lo que se exporta; lo medido, no."""
    draw(blank_page, over(DONE))
    measured = blank_page.locator(".mtd-images").inner_text()
    assert row(blank_page, "Tráfico al mes") == ["16,65 GB", "2,47 GB"]
    assert row(blank_page, "Coste al mes") == []  # sin precio no hay coste
    blank_page.get_by_role("spinbutton", name=SPEED).fill("200")
    blank_page.get_by_role("spinbutton", name="Réplicas").fill("1")
    blank_page.get_by_role("spinbutton", name="Despliegues al mes").fill("10")
    blank_page.get_by_role("textbox", name="Precio de cada GB").fill("0,5 €")
    expect(block(blank_page).locator("caption")).to_have_text(
        "Cálculo con un enlace de 200 Mb/s, 1 réplica y 10 despliegues al mes"
    )
    assert row(blank_page, "Cada despliegue") == ["15 s", "3,7 s"]
    assert row(blank_page, "Coste al mes") == ["1,39 €", "0,21 €"]
    assert blank_page.locator(".mtd-images").inner_text() == measured
    added = blank_page.evaluate("shown[0].model.get('added')")
    assert "con un enlace de 200 Mb/s, 1 réplica y 10 despliegues al mes" in added
    assert "tienda:multietapa" in added
    assert "Coste al mes: 0,21 €" in added
    blank_page.get_by_role("textbox", name="Precio de cada GB").fill("gratis")
    expect(block(blank_page).get_by_role("alert")).to_contain_text("Escribe un número")
    assert row(blank_page, "Coste al mes") == []
    blank_page.get_by_role("spinbutton", name="Réplicas").fill("99999")
    blank_page.get_by_role("spinbutton", name="Réplicas").blur()
    expect(blank_page.get_by_role("spinbutton", name="Réplicas")).to_have_value("1000")


def test_the_keyboard_alone_moves_the_controls(blank_page: Page) -> None:
    """Con tabulador y flechas se llega a cada control, y el deslizador va por potencias y dice su valor."""
    draw(blank_page, over(DONE))
    press = blank_page.keyboard.press
    slider = blank_page.get_by_role("slider", name="Velocidad del enlace")
    for _ in range(8):
        press("Tab")
        if slider.evaluate("node => node === document.activeElement"):
            break
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "20 Mb/s")
    press("End")
    expect(slider).to_have_attribute("aria-valuetext", "10\u202f000 Mb/s")
    press("Home")
    expect(slider).to_have_attribute("aria-valuetext", "0,100 Mb/s")
    for _ in range(20):
        press("ArrowRight")
    expect(blank_page.get_by_role("spinbutton", name=SPEED)).to_have_value("1")
    press("Tab")
    expect(blank_page.get_by_role("spinbutton", name=SPEED)).to_be_focused()
    press("ArrowUp")
    press("Tab")
    press("ArrowUp")
    expect(blank_page.get_by_role("spinbutton", name="Réplicas")).to_have_value("4")
    press("Tab")
    press("ArrowDown")
    press("Tab")
    blank_page.keyboard.type("2 USD")
    assert [cell.endswith(" USD") for cell in row(blank_page, "Coste al mes")] == [True, True]
    caption = block(blank_page).locator("caption")
    expect(caption).to_contain_text("4 réplicas y 19 despliegues al mes")


@pytest.mark.parametrize("theme", ["claro", "oscuro"])
def test_it_is_accessible_and_fits(blank_page: Page, theme: str) -> None:
    """axe-core no encuentra nada grave en ningún momento, a dos anchos y en los dos temas; todo cabe."""
    draw(blank_page, *views().values(), themes=[theme])
    blank_page.evaluate("document.querySelectorAll('details').forEach((box) => (box.open = true))")
    for width in WIDTHS:
        blank_page.set_viewport_size({"width": width, "height": 900})
        for look in (OVERFLOWING, STICKING_OUT, FAINT):
            assert blank_page.evaluate(look) == []
        assert grave(blank_page, ".mt") == []


def test_who_asks_for_less_motion_gets_none(browser: Browser) -> None:
    """Con «reducir movimiento» no se anima nada; sin él, la palabra de lo que está en marcha late."""
    begun = going(FIRST, PhaseStarted(Phase.TRANSFER, 0.0))
    view = DeployView(DeployState((begun,), NodeKind.ENGINE, 20.0, ENGINE))
    for motion, animated in (("reduce", 0), ("no-preference", 1)):
        page = browser.new_page(reduced_motion=motion)  # type: ignore[arg-type]
        draw(page, view)
        assert page.evaluate("document.getAnimations().length") == animated
        page.close()


def test_an_export_gives_the_same_figures(browser: Browser, tmp_path: Path) -> None:
    """Sin kernel y sin red se leen las barras, las tablas y el cálculo; y, si se movió, con qué valores."""
    view = over(DONE)
    view.added = "Cálculo con lo que elegiste, con un enlace de 100 Mb/s:\ncálculo: tienda:ingenua. 24 s."
    book = nbformat.v4.new_notebook()
    data = {**view._repr_mimebundle_()[0], VIEW: {"model_id": "m"}}
    output = nbformat.v4.new_output("display_data", data=data)
    book.cells.append(nbformat.v4.new_code_cell("desplegar(...)", outputs=[output], execution_count=1))
    state = {"m": {"model_name": "X", "state": {"added": view.added}}}
    book.metadata["widgets"] = {STATE: {"state": state, "version_major": 2, "version_minor": 0}}
    nbformat.write(book, tmp_path / "x.ipynb")
    assert __main__.main(["exportar", str(tmp_path / "x.ipynb")]) == 0
    context = browser.new_context(offline=True)
    page = context.new_page()
    page.goto((tmp_path / "x.html").as_uri())
    shown = page.locator(".out")
    for said in (
        view.head["sentence"],
        "viajaron 277 MB de Transferencia",
        "16,65 GB",
        "con un enlace de 100 Mb/s",
    ):
        expect(shown).to_contain_text(said)
    assert page.locator("script, input, button").count() == 0
    assert grave(page, ".out") == []
    context.close()
