"""El bucle que enseña una construcción: finales, errores, cancelaciones e interrupciones; sin motor."""

from __future__ import annotations

import _thread
import queue
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from multietapa.build import follow as build_loop
from multietapa.build.events import BuildFailed, Event, LogLine, StepProgress
from multietapa.build.follow import follow
from multietapa.build.state import BuildPhase, BuildState, sized
from multietapa.build.step import Status
from multietapa.errors import BuildCancelled, BuildError, EngineLostError
from tests.test_build_state import CANCELLED, FAILED, FINISHED, HALFWAY


class Watcher:
    """Una vista que apunta lo que le enseñan, y desde qué hilo."""

    def __init__(self) -> None:
        self.shown: list[tuple[BuildPhase, float]] = []
        self.final: BuildState | None = None
        self.threads: set[threading.Thread] = set()
        self.on_show: Callable[[], object] = lambda: None

    def show(self, state: BuildState, elapsed: float) -> None:
        """Apunta la fase y la hora."""
        self.threads.add(threading.current_thread())
        self.shown.append((state.phase, elapsed))
        self.on_show()

    def finish(self, state: BuildState) -> None:
        """Apunta el final."""
        self.final = state

    def note(self, phrase: str) -> None:
        """Nada."""


def until(cancel: threading.Event, *end: Event, error: Exception | None = None) -> Iterator[Event]:
    """Empieza, espera a que se cancele y acaba como se le diga."""
    yield from HALFWAY
    cancel.wait(20)
    yield from end
    if error:
        raise error


@pytest.fixture
def view() -> Watcher:
    """La vista de la prueba."""
    return Watcher()


@pytest.fixture
def cancel() -> threading.Event:
    """El evento que activa el botón."""
    return threading.Event()


def test_a_build_that_ends_well(view: Watcher, cancel: threading.Event) -> None:
    """Devuelve el estado final, que es el que se enseñó, y el registro con quién dijo qué."""
    events = [*HALFWAY, LogLine("2", "hola"), FINISHED]
    state, log = follow(iter(events), view, cancel)
    assert state == view.final
    assert (state.phase, state.image_id) == (BuildPhase.DONE, "sha256:1")
    assert log == "── build: RUN uno\nhola"


def test_only_this_thread_touches_the_view(view: Watcher, cancel: threading.Event) -> None:
    """Aunque los eventos llegan en otro hilo, la vista solo cambia desde el de la celda."""
    threading.Timer(0.3, cancel.set).start()
    follow(until(cancel, FINISHED), view, cancel)
    assert view.threads == {threading.current_thread()}


@pytest.mark.parametrize(
    ("end", "error", "phase", "reason"),
    [
        (FAILED, BuildError("Una orden falló."), BuildPhase.FAILED, "Una orden falló."),
        (FAILED, ValueError("inesperado"), BuildPhase.FAILED, "exit code: 3"),
        (None, EngineLostError("El motor se apagó."), BuildPhase.FAILED, "El motor se apagó."),
        (None, ValueError("inesperado"), BuildPhase.FAILED, "inesperado"),
        (CANCELLED, BuildCancelled("La construcción se canceló."), BuildPhase.CANCELLED, ""),
    ],
)
def test_the_error_comes_after_the_view(
    view: Watcher,
    cancel: threading.Event,
    end: BuildFailed | None,
    error: Exception,
    phase: BuildPhase,
    reason: str,
) -> None:
    """El error del generador se lanza cuando la vista ya dice cómo acabó, en español y sin pasos a medias."""

    def events() -> Iterator[Event]:
        yield from HALFWAY
        if end:
            yield end
        raise error

    with pytest.raises(type(error)) as caught:
        follow(events(), view, cancel)
    assert caught.value is error
    assert view.final is not None
    assert view.final.phase is phase
    assert reason in view.final.reason
    assert not {s.status for s in view.final.steps.values()} & {Status.RUNNING, Status.WAITING}


@pytest.mark.parametrize("events", [HALFWAY, []])
def test_a_generator_that_does_not_say_how_it_ended(
    view: Watcher, cancel: threading.Event, events: list[Event]
) -> None:
    """Si los eventos se acaban sin final, hay un error que lo dice, y no se llama cancelación."""
    with pytest.raises(BuildError, match="sin decir cómo") as caught:
        follow(iter(events), view, cancel)
    assert not isinstance(caught.value, BuildCancelled)
    assert view.final is not None
    assert view.final.phase is BuildPhase.FAILED


def test_the_button_cancels(view: Watcher, cancel: threading.Event) -> None:
    """Al cancelar se ve «cancelando» y después «cancelada», y sale ``BuildCancelled``."""
    threading.Timer(0.3, cancel.set).start()

    def slow() -> Iterator[Event]:
        yield from until(cancel)
        time.sleep(0.3)
        yield CANCELLED
        raise BuildCancelled("La construcción se canceló.")

    with pytest.raises(BuildCancelled):
        follow(slow(), view, cancel)
    assert BuildPhase.CANCELLING in [phase for phase, _ in view.shown]
    assert view.final is not None
    assert view.final.phase is BuildPhase.CANCELLED


def test_a_button_pressed_too_late_does_not_fail(view: Watcher, cancel: threading.Event) -> None:
    """Si la imagen se terminó mientras se cancelaba, está hecha y se devuelve."""
    threading.Timer(0.2, cancel.set).start()
    state, _ = follow(until(cancel, FINISHED), view, cancel)
    assert state.phase is BuildPhase.DONE


def test_an_engine_that_does_not_stop_is_not_waited_for_forever(
    view: Watcher, cancel: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pasado el plazo se deja de esperar, y no se promete que no quede ninguna imagen."""
    monkeypatch.setattr(build_loop, "STOP_LIMIT", 0.3)
    cancel.set()
    gate = threading.Event()
    start = time.monotonic()
    with pytest.raises(BuildCancelled, match="sin esperar"):
        follow(until(gate, FINISHED), view, cancel)
    assert time.monotonic() - start < 10  # no los 20 que tarda en acabar
    assert view.final is not None
    assert (view.final.phase, view.final.reason != "") == (BuildPhase.CANCELLED, True)
    gate.set()


def test_interrupting_the_kernel_cancels(view: Watcher, cancel: threading.Event) -> None:
    """El botón ■ cancela como el otro y espera a que el motor pare."""
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(BuildCancelled, match="se canceló"):
        follow(until(cancel, CANCELLED, error=BuildCancelled("La construcción se canceló.")), view, cancel)
    assert cancel.is_set()
    assert view.final is not None
    assert view.final.phase is BuildPhase.CANCELLED


def test_interrupting_twice_does_not_wait(view: Watcher, cancel: threading.Event) -> None:
    """La segunda vez no se espera al motor, y el mensaje lo dice."""
    gate = threading.Event()
    for moment in (0.3, 0.7):
        threading.Timer(moment, _thread.interrupt_main).start()
    start = time.monotonic()
    with pytest.raises(BuildCancelled, match="sin esperar"):
        follow(until(gate, FINISHED), view, cancel)
    assert 0.6 < time.monotonic() - start < 10
    assert view.final is not None
    assert view.final.phase is BuildPhase.CANCELLED
    gate.set()


def test_interrupting_at_the_very_end_tells_the_truth(view: Watcher, cancel: threading.Event) -> None:
    """Si se interrumpe y la imagen llegó a hacerse, se dice; la celda se detiene igual."""
    threading.Timer(0.3, _thread.interrupt_main).start()
    with pytest.raises(BuildCancelled, match="ya había terminado") as caught:
        follow(until(cancel, FINISHED), view, cancel)
    assert "está en el motor" in str(caught.value)


def test_other_threads_can_add_events(view: Watcher, cancel: threading.Event) -> None:
    """Lo que cuenta otro hilo (traer una base) se enseña como un evento más."""
    messages: queue.SimpleQueue[Any] = queue.SimpleQueue()
    threading.Timer(0.2, messages.put, [StepProgress("2", "capa", 5, 10)]).start()
    threading.Timer(0.5, cancel.set).start()
    state, _ = follow(until(cancel, FINISHED), view, cancel, messages=messages)
    assert state.steps["2"].bytes == (5, 10)


def test_a_quiet_build_keeps_its_clock(
    view: Watcher, cancel: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Aunque no pase nada, la vista recibe la hora en cada latido, al ritmo pedido."""
    monkeypatch.setattr(build_loop, "HEARTBEAT", 0.15)
    threading.Timer(1.0, cancel.set).start()
    follow(until(cancel, FINISHED), view, cancel, rate=10.0)
    assert 3 <= len(view.shown) <= 8
    assert 8 < view.shown[-1][1] < 15


@pytest.mark.parametrize(("end", "asked"), [(FINISHED, 1), (FAILED, 0), (CANCELLED, 0)])
def test_what_is_known_only_at_the_end(
    view: Watcher, cancel: threading.Event, end: Event, asked: int
) -> None:
    """Los tamaños se preguntan una vez, solo si hay imagen, y están en lo último que se enseña."""
    calls: list[BuildState] = []

    def complete(state: BuildState) -> BuildState:
        calls.append(state)
        return sized(state, 7, {})

    try:
        follow(iter([*HALFWAY, end]), view, cancel, complete=complete)
    except BuildError:
        pass
    assert len(calls) == asked
    assert view.final is not None
    assert view.final.reported == (7 if asked else None)


def test_a_long_log_stops_being_kept(
    view: Watcher, cancel: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Un registro sin fin no llena la memoria, y dice dónde se dejó de guardar."""
    monkeypatch.setattr(build_loop, "_LOG_LIMIT", 10)
    events = [*HALFWAY, *(LogLine("2", "doce letras!") for _ in range(5)), LogLine("3", "otro"), FINISHED]
    _, log = follow(iter(events), view, cancel)
    assert log.splitlines()[1:] == ["doce letras!", "(el registro sigue, pero ya no se guarda)"]


def test_the_generator_is_closed(view: Watcher, cancel: threading.Event) -> None:
    """El generador se agota o se cierra siempre, para que el motor no siga."""
    closed: list[bool] = []

    def events() -> Iterator[Event]:
        try:
            yield from [*HALFWAY, FINISHED]
        finally:
            closed.append(True)

    follow(events(), view, cancel)
    assert closed == [True]


def test_a_fast_log_is_shown_in_batches(view: Watcher, cancel: threading.Event) -> None:
    """Miles de líneas son pocos cambios de pantalla."""
    follow(iter([*HALFWAY, *(LogLine("2", str(n)) for n in range(20_000)), FINISHED]), view, cancel)
    assert len(view.shown) < 30
