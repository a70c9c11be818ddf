"""Las vistas de una construcción: el widget, la de texto y ninguna; sin motor."""

from __future__ import annotations

import io
import re
import threading
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from multietapa.build.events import BuildWarning, LogLine, StepProgress
from multietapa.build.follow import HEARTBEAT
from multietapa.build.state import LOG_LINES, BuildState, cancelling, sized
from multietapa.widgets.base import SilentView
from multietapa.widgets.build import text_view
from multietapa.widgets.build.build import BuildView
from multietapa.widgets.build.sample import views
from multietapa.widgets.build.text_view import TextView
from multietapa.widgets.build.words import Request, payload
from multietapa.widgets.saved import STATE, VIEW, freeze, keep_what_is_shown
from tests.drawing import draw
from tests.test_build_state import FINISHED, HALFWAY, RECORDED, recorded, state_of

REQUEST = Request("tienda:1", "Docker Engine 28.5.2")
JS = str(BuildView(REQUEST).shared.esm)


def click(view: BuildView, content: object) -> None:
    """Un mensaje del navegador, como lo entrega Jupyter."""
    view.comm.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Los rasgos que lleva cada mensaje que el widget manda al navegador."""
    found: list[list[str]] = []

    def send(_: BuildView, message: dict[str, Any], **__: object) -> None:
        found.append(sorted(message.get("state", {})))

    monkeypatch.setattr(BuildView, "_send", send)
    return found


@pytest.mark.parametrize(
    ("content", "cancelled"),
    [
        ({"type": "cancelar"}, True),
        ({"type": "otra"}, False),
        ("cancelar", False),
        (None, False),
        ([], False),
    ],
)
def test_only_the_button_cancels(content: object, cancelled: bool) -> None:
    """El mensaje del botón activa el evento; cualquier otro se ignora."""
    cancel = threading.Event()
    click(BuildView(REQUEST, cancel=cancel), content)
    assert cancel.is_set() is cancelled


def test_only_what_changes_travels(sent: list[list[str]]) -> None:
    """Un cambio es un mensaje con lo que cambió; la hora sola viaja una vez en cada latido."""
    view = BuildView(REQUEST)
    sent.clear()
    state = state_of(*HALFWAY)
    view.show(state, 1.0)
    view.show(state, 1.5)
    spoken = state_of(*HALFWAY, LogLine("2", "hola"))
    view.show(spoken, 2.0)
    view.show(spoken, 1.0 + HEARTBEAT)
    view.show(cancelling(spoken), 1.1 + HEARTBEAT)
    assert sent == [["groups"], ["log"], ["head"], ["head"]]


@pytest.mark.parametrize("name", RECORDED)
def test_the_widget_holds_the_final_state(name: str) -> None:
    """Al terminar, los rasgos del widget son los del estado final."""
    view, state = BuildView(REQUEST), state_of(*recorded(name))
    view.finish(state)
    assert {key: getattr(view, key) for key in payload(state, REQUEST, 0.0)} == payload(state, REQUEST, 0.0)


def test_the_output_carries_its_twins() -> None:
    """La salida lleva la vista y, para quien no pueda dibujarla, su texto y su HTML con lo último."""
    view = BuildView(REQUEST)
    view.finish(sized(state_of(*HALFWAY, FINISHED), 124_000_000, {}))
    view.note("Desempaquetado 123 MB")
    data, _ = view._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in data
    for kind in ("text/plain", "text/html"):
        assert "Desempaquetado 123 MB" in data[kind]
        assert "provisional" not in data[kind]


def test_the_saved_output_is_renewed() -> None:
    """Al terminar y al saberse el tamaño, la salida guardada se pone al día."""
    updates: list[str] = []

    class Handle:
        def update(self, view: BuildView) -> None:
            updates.append(view._repr_mimebundle_()[0]["text/plain"].splitlines()[-1])

    view = BuildView(REQUEST)
    view.handle = Handle()
    view.finish(state_of(*HALFWAY, FINISHED))
    view.note("Desempaquetado 1 MB")
    assert [line.split(" · ")[-1] for line in updates] == [
        "ningún paso salió de la caché",
        "Desempaquetado 1 MB",
    ]


def test_the_drawing_asks_only_for_what_python_sends() -> None:
    """Todo lo que usa el JavaScript de cada mensaje existe: ningún nombre se queda sin su dato."""
    shown = payload(state_of(*HALFWAY, BuildWarning("a", 1, "https://a.invalid")), REQUEST, 0.0)
    optional = {"started", "fraction", "activity"}
    for name, keys in (
        ("head", set(shown["head"])),
        ("group", set(shown["groups"][0])),
        ("step", set(shown["groups"][0]["steps"][0]) | optional),
        ("warning", set(shown["warnings"][0])),
    ):
        used = set(re.findall(rf"\b{name}\.(\w+)", JS)) - {"rows", "box"}
        assert used <= keys, name
    traits = set(re.findall(r'model\.get\("(\w+)"\)', JS))
    assert traits == {*payload(BuildState(), REQUEST, 0.0), "rate", "summary"}


def test_the_drawing_writes_no_html() -> None:
    """Lo que escribe una construcción es siempre texto: el JavaScript no escribe HTML."""
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML", JS)


def test_the_button_asks_once_and_the_clock_runs(blank_page: Page) -> None:
    """El reloj corre entre un mensaje y otro, escrito como en Python; Cancelar lo pide una sola vez."""
    draw(blank_page, views()["en marcha"])
    clock = blank_page.get_by_role("timer")
    expect(clock).to_have_text(re.compile(r"^(9,\d|\d\d) s$"))
    expect(clock).to_have_text(re.compile(r"^1[1-9] s$"))
    cancel = blank_page.locator(".mt-cancel")
    cancel.focus()
    blank_page.keyboard.press("Enter")
    expect(cancel).to_be_disabled()
    expect(cancel).to_have_text("Cancelando…")
    assert blank_page.evaluate("shown[0].model.sent") == [{"type": "cancelar"}]


def test_every_moment_is_drawn(blank_page: Page) -> None:
    """Cada muestra enseña su fase, sus pasos y, al acabar, cómo acabó; una grabación, su rótulo."""
    samples = views()
    draw(blank_page, *samples.values())
    for view, box in zip(samples.values(), blank_page.locator(".mtb").all(), strict=True):
        expect(box.get_by_role("status")).to_have_text(f"{view.head['icon']} {view.head['word']}")
        expect(box.locator(".mtb-step")).to_have_count(sum(len(group["steps"]) for group in view.groups))
        for said in filter(None, (view.head["result"], view.head["provisional"], view.head["recording"])):
            expect(box).to_contain_text(said)


def test_what_arrives_is_drawn(blank_page: Page) -> None:
    """Lo que viaja, la barra de una descarga y cada capa se leen en su paso; al acabar queda lo que viajó."""
    draw(blank_page, views()["recibiendo"])
    steps = blank_page.locator(".mtb-step")
    expect(steps.nth(0)).to_contain_text("viajando: 1\u202f204 de 3\u202f120 archivos (37,2 MB de 91,4 MB)")
    expect(steps.nth(0).locator("progress")).to_be_hidden()
    expect(steps.nth(1).locator("progress")).to_be_visible()
    layers = blank_page.get_by_role("list", name="Capas que se bajan").get_by_role("listitem")
    expect(layers).to_have_count(4)
    expect(layers.nth(2)).to_have_text("capa fd79e8318ca4: bajando, 31,4 MB de 198 MB")
    draw(blank_page, views()["terminada"])
    box = blank_page.locator(".mtb").last
    expect(box.locator(".mtb-note").first).to_contain_text("viajó 1 de 31 archivos (1,2 kB de 92,8 kB)")
    box.locator("summary").first.click()
    expect(box.locator(".mtb-detail").first).to_have_text("viajó 1 de 31 archivos (1,2 kB de 92,8 kB)")
    expect(box.get_by_role("list", name="Capas que se bajan")).to_have_count(0)


def test_why_a_step_is_repeated(blank_page: Page) -> None:
    """La razón va debajo de su paso; la culpable dice lo suyo, y las demás, cuál es. Los gemelos, igual."""
    view = views()["con razones"]
    draw(blank_page, view)
    own, other = blank_page.locator(".mtb-why:visible").all()
    expect(own).to_have_text("cambió «package.json»; es nuevo «package-lock.json»")
    expect(other).to_have_text("se repite por «COPY package.json package-lock.json ./» (línea 4)")
    data, _ = view._repr_mimebundle_()
    for said in (own.inner_text(), other.inner_text()):
        assert said in data["text/plain"]
        assert said in data["text/html"]


def test_what_travelled_stays_in_what_is_saved() -> None:
    """Un cuaderno guardado y la página exportada dicen qué viajó: está en el estado y en los gemelos."""
    view, said = views()["terminada"], "viajó 1 de 31 archivos (1,2 kB de 92,8 kB)"
    data, _ = view._repr_mimebundle_()
    assert said in data["text/plain"]
    assert said in data["text/html"]
    model_id = data[VIEW]["model_id"]
    saved = {"state": {model_id: {"state": {"groups": view.get_state()["groups"]}}}}
    notebook: dict[str, Any] = {
        "cells": [{"outputs": [{"data": dict(data)}]}],
        "metadata": {"widgets": {STATE: saved}},
    }
    keep_what_is_shown(notebook, {})
    assert said in str(notebook["metadata"]["widgets"])
    freeze(notebook)
    assert said in str(notebook["cells"])


def test_the_text_view_tells_how_long_steps_go() -> None:
    """En texto, un paso largo dice cómo va cada pocos segundos, y cada capa una vez, cuando está."""
    stream = io.StringIO()
    view = TextView(REQUEST, stream)
    layer = StepProgress("2", "04cf545ee114", 9_000, 9_000, "lista")
    for second in range(12):
        other = StepProgress("2", "37131433c894", 1_000 * second, 20_000, "bajando")
        view.show(state_of(*HALFWAY, layer, other), float(second))
    text = stream.getvalue()
    assert text.count("capa 04cf545ee114: lista, 9,0 kB") == 1
    told = [line.strip() for line in text.splitlines() if " de 29,0 kB" in line]
    assert told == ["RUN uno: 14,0 kB de 29,0 kB", "RUN uno: 19,0 kB de 29,0 kB"]


def test_silence_is_longer_than_several_heartbeats() -> None:
    """La pantalla solo dice que el kernel calla cuando ha perdido varios latidos."""
    found = re.search(r"SILENCE_MS = (\d+)", JS)
    assert found
    assert int(found[1]) / 1000 >= 4 * HEARTBEAT


def written(name: str) -> str:
    """Lo que escribe la vista de texto mientras pasa una construcción grabada."""
    stream = io.StringIO()
    view = TextView(Request("tienda:1", "motor", recording="GRABACIÓN · x"), stream)
    events = recorded(name)
    for n in range(1, len(events)):
        view.show(state_of(*events[:n]), n / 10)
    view.finish(state_of(*events))
    return stream.getvalue()


@pytest.mark.parametrize("name", RECORDED)
def test_the_text_view_tells_every_step_and_line_once(name: str) -> None:
    """En texto se lee el rótulo, cada paso al terminar, cada línea una vez y cómo acabó."""
    text, final = written(name), state_of(*recorded(name))
    assert text.startswith("GRABACIÓN · x\nConstruyendo tienda:1 · BuildKit · motor\n")
    assert sum(f" {step.status.value}" in text for step in final.steps.values()) == len(final.steps)
    for line in (e.text for e in recorded(name) if isinstance(e, LogLine) and e.text):
        assert text.count(f"{' ' * 12}{line}\n") >= 1
    assert len(re.findall(r"^ {12}── ", text, re.MULTILINE)) == sum(x.startswith("── ") for x in final.log)
    assert text.splitlines()[-1].startswith(("Imagen ", "Falló "))


def test_the_text_view_says_when_lines_do_not_fit() -> None:
    """Si llegan de golpe más líneas de las que se guardan, dice cuántas faltan."""
    stream = io.StringIO()
    view = TextView(REQUEST, stream)
    view.show(state_of(*HALFWAY, *(LogLine("2", f"l{n}") for n in range(LOG_LINES + 50))), 1.0)
    assert "(51 líneas que aquí no caben)" in stream.getvalue()
    assert f"l{LOG_LINES + 49}\n" in stream.getvalue()


@pytest.mark.parametrize("inside", [True, False])
def test_where_the_text_goes(
    inside: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """En un cuaderno el texto va por stdout (stderr se pinta como un error); en una terminal, por stderr."""
    monkeypatch.setattr(text_view, "in_notebook", lambda: inside)
    TextView(REQUEST).note("hola")
    out, error = capsys.readouterr()
    assert ("hola" in out, "hola" in error) == (inside, not inside)


def test_the_silent_view_says_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    """Sin vista no se escribe nada."""
    view = SilentView()
    view.show(BuildState(), 0.0)
    view.finish(state_of(FINISHED))
    view.note("x")
    assert capsys.readouterr() == ("", "")
