"""De los eventos al estado que se enseña, con respuestas reales grabadas; sin motor y sin pantalla."""

from __future__ import annotations

import copy
import functools

import pytest

from multietapa.build.events import (
    BuildFailed,
    BuildFinished,
    BuildWarning,
    ContextSent,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepKind,
    StepProgress,
    StepStarted,
)
from multietapa.build.state import (
    LOG_LINES,
    BuildPhase,
    BuildState,
    broken,
    cancelling,
    explained,
    reduce,
    sized,
)
from multietapa.build.step import Status
from tests import test_buildkit, test_classic

RECORDED = ("buildkit", "buildkit_cache", "buildkit_fallo", "clasico", "clasico_cache", "clasico_fallo")
FAILED = BuildFailed("exit code: 3", 2.0, "2", 3, ("x",))
CANCELLED = BuildFailed("cancelada", 2.0, cancelled=True)
FINISHED = BuildFinished("sha256:1", 2.0)
HALFWAY: list[Event] = [
    StepDeclared("1", "FROM docker.io/library/a:1", StepKind.FROM, "build", 1),
    StepDeclared("2", "RUN uno", StepKind.INSTRUCTION, "build", 3, ("1",)),
    StepDeclared("3", "RUN dos", StepKind.INSTRUCTION, "stage-1", 7, ("2",)),
    StepFinished("1", 0.1, 0.1),
    StepStarted("2", 0.5),
]


def recorded(name: str) -> list[Event]:
    """Los eventos de una respuesta grabada de un motor real."""
    if name.startswith("buildkit"):
        return test_buildkit.events(name, "fallo" if name.endswith("fallo") else "buildkit")
    source = test_classic.source("fallo" if name.endswith("fallo") else "clasico")
    return test_classic.events(test_classic.lines(name), source)


def state_of(*events: Event) -> BuildState:
    """El estado después de unos eventos."""
    return functools.reduce(reduce, events, BuildState())


@pytest.mark.parametrize("name", RECORDED)
def test_reducing_never_changes_what_it_receives(name: str) -> None:
    """Cada estado queda intacto después de calcular el siguiente."""
    state = BuildState()
    for event in recorded(name):
        before = copy.deepcopy(state)
        after = reduce(state, event)
        assert state == before
        state = after
    assert state.phase.over


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("end", [FINISHED, FAILED, CANCELLED, None], ids=["bien", "mal", "cancelada", "rota"])
def test_every_ending_closes_every_step(name: str, end: Event | None) -> None:
    """Acabe cuando acabe y como acabe, ningún paso queda en marcha ni en espera."""
    events = recorded(name)[:-1]
    for cut in range(len(events) + 1):
        state = state_of(*events[:cut])
        state = reduce(state, end) if end else broken(state, "se cortó", 2.0)
        assert state.phase.over
        assert not {s.status for s in state.steps.values()} & {Status.RUNNING, Status.WAITING}
        assert state.seconds == 2.0


def test_an_engine_that_was_asked_twice_says_cached() -> None:
    """En la segunda construcción las instrucciones salen de la caché y se cuentan."""
    first, second = state_of(*recorded("buildkit")), state_of(*recorded("buildkit_cache"))
    assert first.cached < second.cached == len(second.instructions)


def test_a_failed_step_is_pointed_at() -> None:
    """Falla el paso culpable, con su línea; los que iban detrás quedan sin ejecutar."""
    state = state_of(*HALFWAY, FAILED)
    assert [s.status for s in state.steps.values()] == [Status.DONE, Status.FAILED, Status.SKIPPED]
    assert (state.phase, state.line, state.reason) == (BuildPhase.FAILED, 3, "exit code: 3")


def test_a_cancelled_step_keeps_its_time() -> None:
    """Al cancelar, el paso en marcha dice cuánto llevaba y los demás quedan sin ejecutar."""
    state = state_of(*HALFWAY, CANCELLED)
    assert state.steps["2"].status is Status.CANCELLED
    assert state.steps["2"].seconds == 1.5
    assert state.steps["3"].status is Status.SKIPPED
    assert (state.phase, state.reason) == (BuildPhase.CANCELLED, "")


def test_a_step_stopped_by_another_did_not_fail() -> None:
    """Si un paso paralelo falla, el motor para el otro con «context canceled»: está cancelado, no fallado."""
    state = state_of(*HALFWAY, StepFinished("2", 1.0, 0.5, error="process: context canceled"))
    assert state.steps["2"].status is Status.CANCELLED


@pytest.mark.parametrize("end", [FINISHED, FAILED, CANCELLED])
def test_the_end_is_the_end(end: Event) -> None:
    """Un estado final ya no se cancela ni se rompe."""
    state = state_of(*HALFWAY, end)
    assert cancelling(state) is state
    assert broken(state, "x", 9.0) is state


def test_cancelling_is_seen_until_the_engine_stops() -> None:
    """Entre pedir la cancelación y que el motor pare, la fase lo dice."""
    state = cancelling(state_of(*HALFWAY))
    assert state.phase is BuildPhase.CANCELLING
    assert reduce(state, LogLine("2", "sigue")).phase is BuildPhase.CANCELLING
    assert reduce(state, CANCELLED).phase is BuildPhase.CANCELLED


@pytest.mark.parametrize("cancelled", [True, False])
def test_a_broken_build_says_why(cancelled: bool) -> None:
    """Sin final propio, el estado guarda la razón que se le da, también si se canceló."""
    state = broken(state_of(*HALFWAY), "el motor no confirmó", 3.0, cancelled=cancelled)
    assert state.reason == "el motor no confirmó"
    assert state.phase is (BuildPhase.CANCELLED if cancelled else BuildPhase.FAILED)


def test_the_reason_can_be_said_better() -> None:
    """La razón del motor se cambia por la del error en español, y nada más."""
    before = state_of(*HALFWAY, FAILED)
    assert explained(before, "Una orden terminó mal.").reason == "Una orden terminó mal."
    assert explained(explained(before, "x"), before.reason) == before


def test_the_log_is_a_ring() -> None:
    """Solo se guardan las últimas líneas, pero se cuentan todas."""
    state = state_of(*HALFWAY, *(LogLine("2", f"l{n}") for n in range(1000)))
    assert len(state.log) == LOG_LINES
    assert (state.log[0], state.log[-1]) == ("l800", "l999")
    assert state.log_total == 1001


def test_the_log_says_who_speaks() -> None:
    """Cada vez que habla otro paso hay un título con su etapa; una sin nombre, por su índice."""
    lines = [LogLine("2", "a"), LogLine("2", "b"), LogLine("3", "c"), LogLine("2", "d"), LogLine("?", "e")]
    assert state_of(*HALFWAY, *lines).log == (
        "── build: RUN uno", "a", "b", "── etapa 1: RUN dos", "c", "── build: RUN uno", "d", "e",
    )  # fmt: skip


@pytest.mark.parametrize(
    "event",
    [
        StepStarted("?", 1.0),
        StepFinished("?", 1.0, 1.0),
        StepProgress("?", "x", 1, 2),
        LogLine("?", "x"),
        FAILED,
    ],
)
def test_a_step_nobody_declared_breaks_nothing(event: Event) -> None:
    """Un evento de un paso desconocido no rompe nada ni se enseña como un paso sin nombre."""
    state = reduce(reduce(BuildState(), event), FINISHED)
    assert (state.phase, state.groups) == (BuildPhase.DONE, ())


def test_what_is_told_before_the_step_is_declared_is_not_lost() -> None:
    """Una base cuenta su avance desde el principio, y su paso se declara si tarda."""
    state = state_of(
        StepProgress("base:a", "descargando", 1, 2), StepDeclared("base:a", "traer a", StepKind.BASE)
    )
    assert [(s.name, s.activity) for s in state.groups[0].steps] == [("traer a", "descargando")]


def test_groups_follow_the_dockerfile() -> None:
    """Primero la preparación, después las etapas en el orden del Dockerfile y al final la exportación."""
    state = state_of(
        StepDeclared("e", "exportar la imagen", StepKind.EXPORT),
        StepDeclared("5", "RUN b", StepKind.INSTRUCTION, "stage-1", 9),
        StepDeclared("4", "FROM docker.io/ana/base:1", StepKind.FROM, "stage-1", 8),
        StepDeclared("2", "RUN a", StepKind.INSTRUCTION, "build", 3),
        StepDeclared("1", "FROM docker.io/library/a:1", StepKind.FROM, "build", 1),
        StepDeclared("t", "RUN de un ONBUILD", StepKind.INSTRUCTION, "build"),
        StepDeclared("i", "[interno] consultar docker.io/library/a:1", StepKind.INTERNAL),
        StepDeclared("l", "LABEL org.multietapa=1", StepKind.LABEL, "stage-1"),
    )
    assert [(g.title, [s.name for s in g.steps]) for g in state.groups] == [
        ("Preparación", ["[interno] consultar a:1"]),
        ("Etapa build", ["FROM a:1", "RUN de un ONBUILD", "RUN a"]),
        ("Etapa 1 (sin nombre)", ["FROM ana/base:1", "RUN b"]),
        ("Exportación", ["exportar la imagen", "LABEL org.multietapa=1"]),
    ]
    assert len(state.instructions) == 3


def test_names_decide_nothing() -> None:
    """Dónde va un paso, y si es una instrucción, lo dice su clase: nunca las palabras con que se enseña."""
    state = state_of(
        StepDeclared("1", "exportar la imagen", StepKind.INTERNAL),
        StepDeclared("2", "[interno] consultar a", StepKind.EXPORT),
        StepDeclared("3", "traer a", StepKind.BASE),
        StepDeclared("4", "FROM x | cat", StepKind.INSTRUCTION, "build", 2),
        StepDeclared("5", "LABEL org.multietapa=mía", StepKind.INSTRUCTION, "build", 3),
        StepDeclared("6", "ARG V=1", StepKind.INSTRUCTION, "", 1),
    )
    assert [(g.title, [s.id for s in g.steps]) for g in state.groups] == [
        ("Preparación", ["1", "3", "6"]),
        ("Etapa build", ["4", "5"]),
        ("Exportación", ["2"]),
    ]
    assert [step.id for step in state.instructions] == ["4", "5"]


def test_a_from_named_by_another_build_is_preparation() -> None:
    """BuildKit da a un FROM compartido el nombre de otra construcción: no se inventa una etapa por él."""
    state = state_of(StepDeclared("1", "FROM docker.io/library/a:1", StepKind.FROM, "ajena", None))
    assert [g.title for g in state.groups] == ["Preparación"]


def test_downloads_of_a_step_are_added_up() -> None:
    """Lo que baja un paso se suma; lo que no dice su total no cuenta."""
    told = [("a", 5, 10), ("b", 30, 20), ("c", 7, 0), ("a", 8, 10)]
    step = state_of(*HALFWAY, *(StepProgress("2", *each) for each in told)).steps["2"]
    assert step.bytes == (28, 30)
    assert step.activity == "a"


def test_layers_keep_their_place() -> None:
    """Las capas que baja un paso salen en el orden en que se supo de ellas, con lo último de cada una."""
    told = [
        ("a", 1, 10, "bajando"),
        ("b", 5, 20, "bajando"),
        ("consultar x", 0, 0, ""),
        ("a", 10, 10, "lista"),
    ]
    step = state_of(*HALFWAY, *(StepProgress("1", *each) for each in told)).steps["1"]
    assert [(layer.label, layer.doing) for layer in step.layers] == [("a", "lista"), ("b", "bajando")]
    assert step.bytes == (15, 30)


def test_what_travelled_is_kept_by_folder() -> None:
    """De cada carpeta se guarda lo último que se supo, aunque su paso se declare después."""
    half, whole = ContextSent("context", 1, 5, 2, 9), ContextSent("context", 2, 9, 2, 9, complete=True)
    other = ContextSent("otra", 0, 0, 1, 7, complete=True)
    declared = StepDeclared("9", "recibir", StepKind.INTERNAL, folder="context")
    state = state_of(half, other, declared, whole)
    assert state.sent == {"context": whole, "otra": other}
    assert state.steps["9"].folder == "context"


def test_a_base_image_tells_one_phase_at_a_time() -> None:
    """De una imagen base solo cuenta la fase de ahora: descargar 9 de 10 no es cargar 0 de 99."""
    phases = [StepProgress("base:a", "descargando", 9, 10), StepProgress("base:a", "cargando", 0, 99)]
    declared = StepDeclared("base:a", "traer a", StepKind.BASE)
    orders: tuple[list[Event], ...] = ([declared, *phases], [*phases, declared])
    for events in orders:
        step = state_of(*events).steps["base:a"]
        assert (step.bytes, step.activity, len(step.progress)) == ((0, 99), "cargando", 1)


def test_warnings_are_kept() -> None:
    """Los avisos se guardan en orden."""
    warnings = (BuildWarning("a", 1), BuildWarning("b"))
    assert state_of(*warnings).warnings == warnings


def test_sizes_are_added_at_the_end() -> None:
    """Los tamaños van al paso que los tiene, y la imagen al total, sin tocar lo demás."""
    before = state_of(*HALFWAY, FINISHED)
    after = sized(before, 100, {"2": 40})
    assert (after.reported, after.steps["2"].size, after.steps["3"].size) == (100, 40, None)
    assert (before.reported, before.steps["2"].size) == (None, None)
