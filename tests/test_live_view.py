"""Las etapas de una construcción en marcha, y varias en un mismo eje: widget, terminal y gemelos."""

from __future__ import annotations

import io
import json
import re
import threading
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from multietapa.build.events import (
    BuildFinished,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepKind,
    StepStarted,
)
from multietapa.build.follow import HEARTBEAT
from multietapa.build.state import BuildState, cancelling
from multietapa.dockerfile.stages import parse
from multietapa.widgets.build.words import Request
from multietapa.widgets.lanes import sample as lanes_sample
from multietapa.widgets.lanes.lanes import LanesView
from multietapa.widgets.live import sample
from multietapa.widgets.live.live import LiveView
from multietapa.widgets.live.sample import REQUEST, built, cold, failing, running, staged, views, warm
from multietapa.widgets.live.text_view import LiveTextView
from multietapa.widgets.live.value import stages_of
from tests.axe import grave
from tests.drawing import FAINT, OVERFLOWING, STICKING_OUT, draw
from tests.test_build_state import state_of
from tests.test_build_view import click

JS = str(LiveView(staged()).shared.esm)
WIDTHS = (1280, 768)
STATE_BYTES = 60_000


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Los rasgos que lleva cada mensaje que el widget manda al navegador."""
    found: list[list[str]] = []

    def send(_: LiveView, message: dict[str, Any], **__: object) -> None:
        found.append(sorted(message.get("state", {})))

    monkeypatch.setattr(LiveView, "_send", send)
    return found


def state_bytes(view: LiveView | LanesView) -> int:
    """Lo que ocupa una vista en un cuaderno guardado, sin su dibujo, que es de todas."""
    kept = {key: value for key, value in view.get_state().items() if key != "shared"}
    return len(json.dumps(kept, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("content", "cancelled"), [({"type": "cancelar"}, True), ({"type": "otra"}, False), (None, False)]
)
def test_only_the_button_cancels(content: object, cancelled: bool) -> None:
    """El mensaje del botón activa el evento; cualquier otro se ignora."""
    cancel = threading.Event()
    click(LiveView(staged(), cancel=cancel), content)
    assert cancel.is_set() is cancelled


def test_only_what_changes_travels(sent: list[list[str]]) -> None:
    """Un cambio es un mensaje con lo que cambió: una línea del registro no vuelve a mandar el dibujo."""
    view = LiveView(staged())
    view.show(running(), 1.0)
    sent.clear()
    events = [LogLine("b4", f"línea {n}") for n in range(300)]
    spoken = state_of(*sample.HALF, *events)
    view.show(spoken, 1.2)
    view.show(spoken, 1.4)
    view.show(spoken, 1.0 + HEARTBEAT)
    view.show(cancelling(spoken), 1.1 + HEARTBEAT)
    assert sent == [["log"], ["head"], ["head"]]


def test_what_is_announced_is_little() -> None:
    """En voz alta solo se dice qué etapas acaban: ni cada paso, ni cada línea, ni cada segundo."""
    view, said = LiveView(staged()), list[str]()
    view.observe(lambda change: said.append(change["new"]), "news")
    events = list(sample.DONE)
    for n in range(1, len(events) + 1):
        view.show(state_of(*events[:n]), n / 10)
    assert said == ["deps: hecha 4,6 s.", "build: hecha 18 s.", "etapa 3: hecha 0,8 s."]


def huge(stages: int) -> tuple[str, list[Event]]:
    """Un Dockerfile con etapas de 12 pasos y su construcción, con nombres largos y mucho registro."""
    text, events, line = "", list[Event](), 0
    for at in range(stages):
        line += 1
        text += f"FROM registro.example.org/equipo/imagen-{at} AS etapa-de-nombre-largo-{at}\n"
        for n in range(12):
            line += 1
            name = f"RUN orden-{n} {'con muchos argumentos ' * 5}"
            name = f"COPY --from=etapa-de-nombre-largo-{at - 1} /a/{n} /b" if at and n % 3 == 0 else name
            text += f"{name}\n"
            before = (f"{at}.{n - 1}",) if n else ()
            inputs = (*before, f"{at - 1}.11") if at and n % 3 == 0 else before
            id_, stage = f"{at}.{n}", f"etapa-de-nombre-largo-{at}"
            events.append(StepDeclared(id_, name, StepKind.INSTRUCTION, stage, line, inputs))
            events += [
                StepStarted(id_, line * 1.0),
                LogLine(id_, "x" * 300),
                StepFinished(id_, line + 0.9, 0.9),
            ]
    return text, events


@pytest.mark.lenta
@pytest.mark.parametrize("stages", [5, 12, 20, 40, 80])
def test_what_is_saved_is_small(stages: int) -> None:
    """Lo que guarda un cuaderno de una vista cabe en lo acordado, también de una construcción enorme."""
    text, events = huge(stages)
    view = LiveView(stages_of(REQUEST, parse(text), None))
    view.show(state_of(*events), 500.0)
    assert state_bytes(view) < STATE_BYTES
    view.finish(state_of(*events, BuildFinished("sha256:1", 530.0)))
    assert state_bytes(view) < STATE_BYTES
    text_twin, html_twin = view.twins()
    assert f"{stages} etapas" in text_twin
    assert f"{stages} etapas" in html_twin


def test_a_circle_that_nobody_needs_is_not_drawn() -> None:
    """Un Dockerfile que el motor rechazará por un círculo no rompe la vista: se enseña sin dibujo."""
    text = "FROM a AS x\nCOPY --from=y /a /a\nFROM a AS y\nCOPY --from=x /a /a\nFROM a\n"
    view = LiveView(stages_of(REQUEST, parse(text), None))
    view.finish(state_of(BuildFinished("sha256:1", 1.0)))
    assert view.picture == ""
    assert "x no se hace" in view.twins()[0]


def test_the_drawing_asks_only_for_what_python_sends() -> None:
    """Todo lo que el JavaScript pide a la vista existe, y no se manda nada que no use."""
    traits = set(re.findall(r'model\.get\("(\w+)"\)', JS)) - {"value"}
    own = {
        name
        for name, trait in LiveView.class_traits().items()
        if trait.metadata.get("sync") and name in vars(LiveView)
    }
    assert own - {"_esm"} <= traits
    assert set(views()["terminada"].after) >= set(re.findall(r'model\.get\("after"\)\.(\w+)', JS))


def test_the_twins_say_it_all() -> None:
    """Los dos gemelos dicen estados, tiempos, bytes, camino crítico, qué repetiría un cambio y el rótulo."""
    for twin in views()["grabación"].twins():
        assert "GRABACIÓN · Docker Engine" in twin
        assert "La etapa pruebas no se hace: nadie la usa." in twin
        assert not {"Pruebas", "Deps", "Node:14-alpine"} & set(re.findall(r"[\w:-]+", twin))
        assert "La etapa 3 recibe con COPY --from archivos de deps: 6,9 MB, según el motor." in twin
        assert "Camino crítico (cálculo): la cadena más larga de pasos que se esperan suma 19,5 s" in twin
        assert "Se repetirían 3 pasos (build y etapa 3): 6,8 s de trabajo." in twin
        assert "De 1 paso no hay tiempo medido: salió de la caché." in twin
    text, page = views()["falló"].twins()
    assert "✗ build: falló" in text
    assert "Camino crítico" not in text + page
    assert "npm ERR! code ERESOLVE" in text
    assert "El constructor clásico hace todas las etapas" in views()["el clásico"].twins()[0]


def test_unknown_bytes_are_said() -> None:
    """Lo que no se sabe se dice, en el dibujo y en los gemelos: no es 0."""
    view = LiveView(staged())
    view.finish(state_of(*sample.DONE))
    assert "no se sabe cuántos bytes" in view.twins()[0]
    assert set(view.amounts.values()) == {"no se sabe"}
    assert ">no se sabe<" in view.twins()[1]


def test_a_terminal_reads_the_stages() -> None:
    """En texto, una línea por cada etapa que cambia de estado, y al final todo lo que se sabe."""
    stream = io.StringIO()
    view = LiveTextView(staged(Request("t", "motor", recording="GRABACIÓN · x")), stream)
    view.show(running(), 1.0)
    view.show(running(), 2.0)
    view.finish(cold())
    view.note("Desempaquetado 1 MB")
    text = stream.getvalue()
    assert text.startswith("GRABACIÓN · x\nConstruyendo por etapas t · BuildKit · motor\n")
    assert text.count("▶ en marcha: build") == 1
    assert "     1,0 s  ▶ en marcha: deps\n" in text
    assert "✓ hecha 18 s: build (sus capas no viajan)" in text
    assert text.count("GRABACIÓN") == 1
    assert text.endswith("Desempaquetado 1 MB\n")


def test_several_builds_share_an_axis() -> None:
    """Varias construcciones terminadas se miden con el mismo eje, y se dice cuánto más tardó la peor."""
    view = LanesView([built(REQUEST, cold()), built(REQUEST, warm()), built(REQUEST, failing())])
    assert view.shown["total"] == 19.8
    assert [len(each["lanes"]) for each in view.shown["builds"]] == [6, 5, 5]
    said = "La 1 (tienda:multietapa) tardó 20 s: 33,0 veces lo que la 2 (tienda:multietapa), que tardó 0,6 s."
    assert repr(view) == said
    assert all(said in twin for twin in view.twins())
    assert "Tardaron lo mismo" in repr(LanesView([built(REQUEST, cold()), built(REQUEST, cold())]))


def test_the_mouse_opens_a_stage_and_picks_a_line(blank_page: Page) -> None:
    """Con el ratón: un nodo dice sus pasos; al elegir una línea se encienden las etapas que repetirían."""
    draw(blank_page, views()["terminada"])
    blank_page.locator(".mtg-node", has_text="build").first.click()
    detail = blank_page.get_by_role("group", name="Detalle de build")
    expect(detail.get_by_role("listitem")).to_have_count(6)
    expect(detail).to_contain_text("RUN npm ci")
    expect(detail).to_contain_text("Parte de node:14")
    detail.get_by_role("button", name="Cerrar").click()
    expect(detail).to_be_hidden()
    expect(blank_page.locator(".mtg-hot")).to_have_count(2)
    blank_page.get_by_label("Si cambiara la").select_option("10")
    expect(blank_page.locator(".mtv-change")).to_have_text(
        "Se repetirían 3 pasos (deps y etapa 3): 5,2 s de trabajo."
    )
    expect(blank_page.locator(".mtg-again .mtg-more")).to_have_text(["↻ repite 1 paso", "↻ repite 2 pasos"])
    expect(blank_page.locator("li.mtl-again")).to_have_count(2)
    expect(blank_page.locator(".mtv-after > ul").last.get_by_role("listitem")).to_have_count(3)
    blank_page.get_by_label("Si cambiara la").select_option("0")
    expect(blank_page.locator(".mtg-again")).to_have_count(0)


def test_the_keyboard_does_the_same(blank_page: Page) -> None:
    """Sin ratón: el tabulador llega al dibujo, las flechas lo recorren, Intro abre y Escape cierra."""
    draw(blank_page, views()["en marcha"])
    cancel = blank_page.locator(".mt-cancel")
    cancel.focus()
    blank_page.keyboard.press("Tab")
    nodes = blank_page.get_by_role("button", name=re.compile("etapa|imagen|carpeta"))
    expect(nodes.first).to_be_focused()
    blank_page.keyboard.press("End")
    blank_page.keyboard.press("ArrowLeft")
    blank_page.keyboard.press("Home")
    for _ in range(3):
        blank_page.keyboard.press("ArrowRight")
    blank_page.keyboard.press("Enter")
    detail = blank_page.get_by_role("group", name="Detalle de build")
    expect(detail.get_by_role("button", name="Cerrar")).to_be_focused()
    expect(detail).to_contain_text("en marcha")
    blank_page.keyboard.press("Escape")
    expect(detail).to_be_hidden()
    expect(blank_page.locator('.mtg-node[tabindex="0"]')).to_be_focused()
    cancel.focus()
    blank_page.keyboard.press("Enter")
    expect(cancel).to_have_text("Cancelando…")
    assert blank_page.evaluate("shown[0].model.sent") == [{"type": "cancelar"}]


def test_the_clocks_run(blank_page: Page) -> None:
    """Entre un mensaje y otro corren el reloj, el de cada etapa en marcha y su franja."""
    draw(blank_page, views()["en marcha"])
    mark = blank_page.locator(".mtg-node", has_text="etapa 1").locator(".mtg-mark")
    expect(mark).to_have_text(re.compile(r"^▶ en marcha [3-9],\d s$"))
    before = mark.text_content() or ""
    expect(mark).not_to_have_text(before)
    expect(blank_page.get_by_role("timer")).to_have_text(re.compile(r"^([4-9],\d|1\d) s$"))


@pytest.mark.parametrize("theme", ["claro", "oscuro"])
def test_everyone_can_use_it(blank_page: Page, theme: str) -> None:
    """En los dos temas y a dos anchos todo cabe, se lee, y axe no encuentra nada grave."""
    for shown in (views(), lanes_sample.views()):
        draw(blank_page, *shown.values(), themes=[theme])
        blank_page.evaluate("document.querySelectorAll('details').forEach((box) => (box.open = true))")
        for width in WIDTHS:
            blank_page.set_viewport_size({"width": width, "height": 900})
            for look in (OVERFLOWING, STICKING_OUT, FAINT):
                assert blank_page.evaluate(look) == []
        assert grave(blank_page, ".mt") == []


def test_the_html_twin_can_be_read(blank_page: Page) -> None:
    """El gemelo en HTML, tal como queda en una página exportada, se lee y axe no encuentra nada grave."""
    for view in (views()["terminada"], lanes_sample.views()["en frío y en caliente"]):
        blank_page.set_content(f'<html lang="es"><title>a</title><body>{view.twins()[1]}</body></html>')
        assert blank_page.locator("script, input, button, select").count() == 0
        assert blank_page.evaluate(FAINT) == []
        assert grave(blank_page, ".mt") == []


def test_an_empty_start_is_drawn() -> None:
    """Antes de empezar están ya todas las etapas, cada una con su estado."""
    view = LiveView(staged())
    assert [node["mark"] for node in view.nodes if node["mark"]] == [
        "○ en espera",
        "○ en espera",
        "✕ no se hace",
        "○ en espera",
    ]
    assert repr(view) == "Construcción de tienda:multietapa: en marcha"
    view.show(BuildState(), 0.1)
