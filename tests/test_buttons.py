"""Los botones de un ejercicio, pulsados sin navegador: hacen lo mismo que las tres llamadas."""

from __future__ import annotations

import threading
from typing import Any

import ipywidgets

from multietapa.exercises.buttons import Buttons, html_of
from multietapa.exercises.ejercicio import ejercicio
from multietapa.exercises.outcome import Observation, Outcome, Resultado, Texto
from multietapa.exercises.status import status_line
from multietapa.widgets.where import current_place

PASSED = Resultado("02.1", Outcome.PASSED, (Observation(True, "arranca"),))


def buttons(check: Any, values: dict[str, Any] | None = None) -> Buttons:
    """Los del 02.1, con ``check`` en lugar de la comprobación y esas variables en el cuaderno."""
    known = {"respuesta_1": "FROM x"} if values is None else values
    return Buttons(
        "02.1",
        name="respuesta_1",
        value=known.get,
        check=check,
        hint=lambda: Texto("Pista 1 de 2", "Mira `dist`."),
        solution=lambda: Texto("Una solución", "Con **dos** etapas.", "FROM a < b"),
    )


def press(shown: Buttons, name: str) -> None:
    """Pulsa el botón con ese nombre y espera a lo que tenga que hacer."""
    found = next(one for one in shown.children[0].children if one.description == name)
    found.click()
    if shown.worker is not None:
        shown.worker.join(10)


def test_checking_takes_the_answer_of_the_notebook() -> None:
    """Comprobar mira lo que vale la variable de la respuesta y enseña el resultado debajo."""
    asked: list[Any] = []

    def check(answer: Any) -> Resultado:
        asked.append(answer)
        return PASSED

    shown = buttons(check)
    press(shown, "Comprobar")
    assert asked == ["FROM x"]
    assert "superado" in shown.answered
    assert 'role="status"' in shown.answered


def test_without_an_answer_it_says_what_to_do() -> None:
    """Si la celda de la respuesta no se ha ejecutado, se dice, y no se comprueba nada."""
    shown = buttons(lambda _: PASSED, values={})
    press(shown, "Comprobar")
    assert "respuesta_1" in shown.answered
    assert "ejecútala" in shown.answered


def test_only_one_check_at_a_time() -> None:
    """Mientras comprueba, el botón lo dice, y pulsarlo otra vez no empieza otra comprobación."""
    go, times = threading.Event(), []

    def check(_: Any) -> Resultado:
        times.append(1)
        go.wait(10)
        return PASSED

    shown = buttons(check)
    button = shown.children[0].children[0]
    button.click()
    assert button.description == "Comprobando…"
    button.click()
    go.set()
    assert shown.worker is not None
    shown.worker.join(10)
    assert times == [1]
    assert button.description == "Comprobar"


def test_views_and_progress_go_under_the_buttons() -> None:
    """Lo que se abre al comprobar va debajo de los botones, y en qué se está, en su línea."""
    view = ipywidgets.HTML("construyendo")

    def check(_: Any) -> Resultado:
        place = current_place()
        assert place is not None
        place.add(view)
        tell = status_line()
        tell("midiendo", 1, 2)
        tell.close()
        return PASSED

    shown = buttons(check)
    press(shown, "Comprobar")
    assert view in shown.children[1].children
    assert "Comprobado en" in shown.children[2].value
    assert current_place() is None


def test_a_failure_is_told_and_the_button_comes_back() -> None:
    """Un error inesperado se enseña en lugar de perderse en su hilo."""

    def check(_: Any) -> Resultado:
        raise ValueError("<raro>")

    shown = buttons(check)
    press(shown, "Comprobar")
    assert "&lt;raro&gt;" in shown.answered
    assert shown.children[0].children[0].description == "Comprobar"


def test_hint_and_solution() -> None:
    """Pista y Solución se leen debajo, con su código y sin que nada se tome por HTML."""
    shown = buttons(lambda _: PASSED)
    press(shown, "Pista")
    assert "Pista 1 de 2" in shown.answered
    assert "<code>dist</code>" in shown.answered
    press(shown, "Solución")
    assert "<pre><code>FROM a &lt; b</code></pre>" in shown.answered
    assert "<strong>dos</strong>" in shown.answered
    assert "<script>" not in html_of(Texto("x", "<script>"))


def test_their_twin_names_the_three_calls() -> None:
    """Donde no hay widgets, los botones son las llamadas que se pueden escribir."""
    shown = ejercicio("02.1").buttons()
    data, _ = shown._repr_mimebundle_()
    for kind in ("text/plain", "text/html"):
        assert "comprobar(respuesta_1)" in data[kind]
        assert ".solucion()" in data[kind]
    names = [(one.description, one.tooltip) for one in shown.children[0].children]
    assert [name for name, _ in names] == ["Comprobar", "Pista", "Solución"]
    assert all("02.1" in tooltip for _, tooltip in names)
