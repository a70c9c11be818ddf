"""``dom.js`` escribe números, tamaños, tiempos y plurales igual que ``text.py``: lo dice un Chromium."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from multietapa import text
from multietapa.paths import PROJECT_ROOT

DOM = (PROJECT_ROOT / "multietapa/widgets/dom.js").read_text(encoding="utf-8")
RANDOM = 4000
TIMES = (
    *(0, 0.04, 0.05, 0.25, 0.95, 1, 9.94, 9.95, 9.96, 10.5, 59.4, 59.5, 59.6, 60, 60.5, 61, 119.5, 3599.4),
    *(3599.6, 3600, 7322.5, 86_400, -0.0, -0.2, -60),
)
SIZES = (
    *(0, 1, 999, 1000, 1250, 9_949, 9_950, 99_949, 99_950, 999_499, 999_500, 999_950, 999_999, 1_000_000),
    *(99_949_999, 99_950_000, 999_499_999, 999_500_000, 999_950_000, 1_476_200_000, 999_999_999_999),
)
#: Hasta 9 billones: más allá, JavaScript no guarda los decimales.
VALUES = (0, -0.0, 0.04, 0.05, 0.15, 0.5, 1.5, 2.5, 9.95, 999.5, 999.95, 1000, 12_345.65, 1e6, 8.9e12)


def around(value: float) -> list[float]:
    """Un valor y los dos números que lo tocan, por si cae justo a un lado."""
    return [math.nextafter(value, -math.inf), float(value), math.nextafter(value, math.inf)]


def compare(page: Page, call: str, written: Callable[..., str], cases: Sequence[Sequence[Any]]) -> None:
    """Evalúa ``call`` en el navegador con cada caso y exige lo que escribe Python."""
    found = page.evaluate(f"cases => {{ {DOM}; return cases.map((args) => {call}(...args)); }}", cases)
    pairs = zip(cases, found, strict=True)
    differences = [(case, mine, written(*case)) for case, mine in pairs if mine != written(*case)]
    assert differences == [], f"dom.js no sigue a text.py en {call}: {differences[:5]}"


def test_durations_are_written_by_one_rule(blank_page: Page) -> None:
    """Cualquier duración se lee igual en las dos partes: 0,4 s nunca es 0 s."""
    dice = random.Random(1)
    cases = [near for value in TIMES for near in around(value)]
    cases += [dice.uniform(0, 10 ** dice.uniform(-2, 5)) for _ in range(RANDOM)]
    cases += [tenths / 20 for tenths in range(2500)]
    compare(blank_page, "duration", text.duration, [[seconds] for seconds in cases])


def test_sizes_are_written_by_one_rule(blank_page: Page) -> None:
    """Cualquier tamaño se lee igual en las dos partes, también los negativos y los de cada frontera."""
    dice = random.Random(2)
    cases = [near for size in SIZES for near in (size - 1, size, size + 1, -size)]
    cases += [int(10 ** dice.uniform(0, 14)) for _ in range(RANDOM)]
    cases += [n * 50 for n in range(2500)]
    compare(blank_page, "size", text.size, [[size] for size in cases])


@pytest.mark.parametrize("decimals", [0, 1, 2, 3])
def test_numbers_are_written_by_one_rule(blank_page: Page, decimals: int) -> None:
    """Cualquier número se redondea, se agrupa y lleva su signo igual en las dos partes."""
    dice = random.Random(decimals)
    cases = [sign * near for value in VALUES for near in around(value) for sign in (1, -1)]
    cases += [dice.uniform(-1, 1) * 10 ** dice.uniform(0, 9) for _ in range(RANDOM)]
    compare(blank_page, "number", text.number, [[value, decimals] for value in cases])


def test_plurals_are_written_by_one_rule(blank_page: Page) -> None:
    """Solo uno es singular, y los millares se agrupan."""
    cases = [[n, "byte", "bytes"] for n in (0, 1, 2, 21, 999, 1000, 1001, 12_345_678)]
    compare(blank_page, "count", text.count, cases)


def test_choosing_reaches_the_model_and_letting_go_stops_drawing(blank_page: Page) -> None:
    """Un conmutador cambia su rasgo y lo guarda; al soltar el dibujo ya no se vuelve a llamar."""
    blank_page.evaluate(
        """([dom]) => {
          window.log = [];
          const state = { vista: 'a' };
          const handlers = {};
          window.model = {
            get: (name) => state[name],
            set(name, value) { state[name] = value; handlers['change:' + name]?.forEach((f) => f()); },
            save_changes: () => log.push('guardado'),
            on: (event, f) => (handlers[event] = [...(handlers[event] || []), f]),
            off: (event, f) => (handlers[event] = handlers[event].filter((g) => g !== f)),
          };
          const { panel, choice, wire } = new Function(`${dom}; return { panel, choice, wire };`)();
          const options = choice(model, 'vista', 'Vista', [['a', 'Una'], ['b', 'Otra']]);
          panel(document.body, 'x').append(options.box);
          const draw = () => { options.show(); log.push(model.get('vista')); };
          window.close_view = wire(model, { vista: draw }, () => log.push('tic'), 10);
        }""",
        [DOM],
    )
    expect(blank_page.get_by_role("radio", name="Una")).to_be_checked()
    blank_page.get_by_role("radio", name="Una").focus()
    blank_page.keyboard.press("ArrowRight")
    expect(blank_page.get_by_role("radio", name="Otra")).to_be_checked()
    blank_page.wait_for_function("log.includes('tic')")
    log = blank_page.evaluate("log.filter((line) => line !== 'tic')")
    assert log == ["a", "b", "guardado"]
    blank_page.evaluate("close_view(); log.length = 0; model.set('vista', 'a')")
    blank_page.wait_for_timeout(50)
    assert blank_page.evaluate("log") == []


def test_what_is_running_says_when_nobody_answers(blank_page: Page) -> None:
    """Sin noticias se avisa y con noticias se calla; cancelar se pide una vez; sin kernel, ni botón."""
    blank_page.clock.install(time=0)
    blank_page.clock.pause_at(1_000)  # el reloj solo anda cuando se le dice: la máquina puede ir lenta
    blank_page.evaluate(
        """([dom]) => {
          const { panel, watch } = new Function(`${dom}; return { panel, watch };`)();
          window.sent = [];
          window.kernel = { comm_live: true };
          window.watched = watch({ send: (message) => sent.push(message) }, kernel);
          panel(document.body, 'x').append(watched.cancel, watched.hint);
          watched.draw('running');
        }""",
        [DOM],
    )
    hint = blank_page.get_by_role("alert")

    def later(milliseconds: int) -> float | None:
        blank_page.clock.run_for(milliseconds)
        found: float | None = blank_page.evaluate("watched.since()")
        return found

    assert later(3_000) == pytest.approx(3, abs=0.01)
    expect(hint).to_be_hidden()
    assert later(13_000) is None
    expect(hint).to_contain_text("no da noticias")
    blank_page.evaluate("watched.draw('running')")
    expect(hint).to_be_hidden()
    blank_page.get_by_role("button", name="Cancelar").click()
    expect(blank_page.get_by_role("button", name="Cancelando…")).to_be_disabled()
    assert blank_page.evaluate("sent") == [{"type": "cancelar"}]
    assert later(5_000) == pytest.approx(5, abs=0.01)
    expect(hint).to_contain_text("interrumpe el kernel")
    blank_page.evaluate("kernel.comm_live = false")
    assert later(100) is None
    expect(hint).to_contain_text("su kernel ya no está")
    expect(blank_page.get_by_role("button")).to_have_count(0)
    blank_page.evaluate("watched.draw('done')")
    expect(hint).to_be_hidden()
    assert later(60_000) is None
    expect(hint).to_be_hidden()
