"""El estado dicho con palabras: lo que dibuja el widget, su gemelo en texto y el de HTML; sin motor."""

from __future__ import annotations

import html
import io
import json
from dataclasses import replace
from typing import Any

import pytest

from multietapa.build.events import (
    MAIN_FOLDER,
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
from multietapa.build.memory.why import Cause, Why
from multietapa.build.state import BuildState, broken, explained, reduce, sized
from multietapa.widgets.build.text_view import TextView
from multietapa.widgets.build.travel import layers, sent_phrase, summary
from multietapa.widgets.build.words import (
    Request,
    ending,
    lines,
    payload,
    recording_label,
    result,
    static_html,
    tail,
)
from tests.test_build_state import CANCELLED, FAILED, FINISHED, HALFWAY, RECORDED, recorded, state_of

REQUEST = Request("tienda:1", "Docker Engine 28.5.2")
RECEIVING: list[Event] = [
    StepDeclared("c", "[interno] recibir el contexto", StepKind.INTERNAL, folder=MAIN_FOLDER),
    StepStarted("c", 0.0),
]
HOSTILE = "<script>alert(1)</script>&\"'"


def plain(state: BuildState, summary: str = "", request: Request = REQUEST) -> str:
    """El gemelo en texto, de una pieza."""
    return "\n".join(lines(state, request, summary))


def sample(name: str) -> BuildState:
    """Un estado final, con tamaños en todos sus pasos."""
    state = state_of(*recorded(name))
    return sized(state, 123_000_000, {id_: 1_500_000 * n for n, id_ in enumerate(state.steps)})


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize("summary", ["", "Desempaquetado 612 MB"])
def test_the_twins_say_what_the_widget_says(name: str, summary: str) -> None:
    """Cada paso, tiempo, tamaño, aviso y final del widget está también en el texto y en el HTML."""
    state = sample(name)
    shown = payload(state, REQUEST, 0.0)
    twins = (plain(state, summary), html.unescape(static_html(state, REQUEST, summary)))
    expected = [shown["head"][key] for key in ("title", "context", "icon", "result")]
    expected += [summary or shown["head"]["provisional"]]
    expected += [warning["text"] for warning in shown["warnings"]]
    for group in shown["groups"]:
        expected += [group["title"]]
        for step in group["steps"]:
            expected += [f"{step['icon']} {step['word']}", step["text"], step["took"], step["size"]]
            expected += [f"línea {step['line']}"] if step["line"] else []
    for twin in twins:
        assert [text for text in expected if text not in twin] == []
    assert "\n".join(shown["log"]) in twins[1]
    if name.endswith("fallo"):
        assert [line for line in shown["log"] if line not in twins[0]] == []


def test_html_is_escaped() -> None:
    """Nada de lo que llega de fuera se cuela como HTML."""
    events: list[Event] = [
        StepDeclared("1", f"RUN {HOSTILE}", StepKind.INSTRUCTION, HOSTILE, 1),
        StepStarted("1", 0.0),
        LogLine("1", HOSTILE),
        BuildWarning(HOSTILE, 1, "javascript:alert(1)"),
        replace(FAILED, reason=HOSTILE),
    ]
    request = Request(HOSTILE, HOSTILE, HOSTILE, HOSTILE, HOSTILE)
    text = static_html(state_of(*events), request, HOSTILE)
    assert "<script" not in text
    assert "javascript:" not in text
    assert text.count(html.escape(HOSTILE)) >= 8


def test_what_travels_is_bounded() -> None:
    """Por muchos pasos, avisos y líneas que haya, el mensaje cabe en 100 kB, y dice lo que no cabe."""
    long = "ñ" * 10_000
    events: list[Event] = [
        StepDeclared(str(n), f"RUN {long}", StepKind.INSTRUCTION, f"e{n % 30}", n) for n in range(500)
    ]
    events += [StepStarted(str(n), 0.0) for n in range(500)]
    events += [StepProgress(str(n), long, 1, 2) for n in range(500)]
    events += [BuildWarning(long, n, f"https://{long}") for n in range(300)]
    events += [LogLine("1", long) for _ in range(1000)]
    shown = payload(state_of(*events), Request(long[:100], ""), 1.0)
    assert len(json.dumps(shown, ensure_ascii=False)) < 100_000
    assert shown["groups"][-1]["note"] == "380 pasos que aquí no caben"
    assert shown["warnings"][-1]["text"] == "Y 280 avisos más."


def test_the_log_tail_keeps_the_end() -> None:
    """Del registro viajan las últimas líneas que caben; una larguísima se corta."""
    kept = tail(tuple(f"{n} {'x' * 400}" for n in range(200)))
    assert kept[-1].startswith("199 ")
    assert kept[-1].endswith("…")
    assert sum(map(len, kept)) <= 16_000


@pytest.mark.parametrize("name", RECORDED)
def test_what_travels_is_json(name: str) -> None:
    """En cada momento de la construcción lo que viaja se puede escribir en JSON y volver a leer."""
    state = BuildState()
    for event in recorded(name):
        state = reduce(state, event)
        shown = payload(state, REQUEST, 1.0)
        assert json.loads(json.dumps(shown)) == shown


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (state_of(*HALFWAY), ""),
        (state_of(*HALFWAY, FINISHED), "Imagen 1 · 2,0 s · ningún paso salió de la caché"),
        (
            state_of(*HALFWAY, StepFinished("2", 1.0, 0.0, cached=True), FINISHED),
            "Imagen 1 · 2,0 s · 1 de 2 pasos salió de la caché",
        ),
        (state_of(*HALFWAY, CANCELLED), "Cancelada a los 2,0 s: no queda ninguna imagen nueva."),
        (
            broken(state_of(*HALFWAY), "No se esperó.", 3.0, cancelled=True),
            "Cancelada a los 3,0 s: No se esperó.",
        ),
        (state_of(*HALFWAY, FAILED), "Falló en la línea 3 del Dockerfile a los 2,0 s. exit code: 3"),
        (
            explained(state_of(*HALFWAY, FAILED), "Falló algo (línea 3 del Dockerfile)."),
            "Falló a los 2,0 s. Falló algo (línea 3 del Dockerfile).",
        ),
    ],
)
def test_how_it_ended_in_one_sentence(state: BuildState, says: str) -> None:
    """El final se dice en una frase que no promete lo que no se sabe ni repite la línea."""
    assert result(state) == says


def test_the_provisional_size_gives_way_to_the_measured_one() -> None:
    """El tamaño del motor dice que es suyo y quién lo mide de verdad, y deja su sitio al medido."""
    state = sized(state_of(*HALFWAY, FINISHED), 124_000_000, {})
    assert ending(state).endswith("124 MB según el motor (comparar la mide)")
    assert ending(state, "Desempaquetado 123 MB").endswith("caché · Desempaquetado 123 MB")


def test_a_stage_left_out_of_the_image_says_so() -> None:
    """Con los tamaños a la vista, la etapa cuyas capas no van en la imagen lo dice; sin ellos, nadie."""
    state = state_of(*HALFWAY, FINISHED)
    known = sized(state, 100, {"3": 40})
    assert "sus capas no van en la imagen" in plain(known)
    notes = {g["title"]: g["note"] for g in payload(known, REQUEST, 0.0)["groups"]}
    assert "no van en la imagen" in notes["Etapa build"]
    assert "no van en la imagen" not in notes["Etapa 1 (sin nombre)"]
    assert "no van en la imagen" not in plain(sized(state, 100, {}))


@pytest.mark.parametrize(
    ("progress", "activity", "fraction"),
    [
        ([], None, None),
        ([StepProgress("2", "descargando", 0, 0)], "descargando", None),
        ([StepProgress("2", "cargando", 0, 10_000)], "cargando · 10,0 kB", None),
        ([StepProgress("2", "cargando", 5_000, 10_000)], "cargando · 5,0 kB de 10,0 kB", 0.5),
        ([StepProgress("2", "a", 1_000, 4_000), StepProgress("2", "b", 0, 0)], "1,0 kB de 4,0 kB", 0.25),
        ([StepProgress("2", "abc", 1_000, 4_000, "bajando")], "1,0 kB de 4,0 kB", 0.25),
    ],
)
def test_what_a_running_step_is_doing(
    progress: list[Event], activity: str | None, fraction: float | None
) -> None:
    """Un paso en marcha cuenta su avance con lo que sabe; la barra solo sale cuando de verdad avanza."""
    shown = payload(state_of(*HALFWAY, *progress), REQUEST, 1.0)
    step: dict[str, Any] = next(s for g in shown["groups"] for s in g["steps"] if s["text"] == "RUN uno")
    assert (step.get("activity"), step.get("fraction")) == (activity, fraction)
    assert step["started"] == 0.5


@pytest.mark.parametrize(
    ("more", "notes"),
    [
        ([], ["▶ en marcha", "○ en espera"]),
        ([FAILED], ["✗ falló", "– sin ejecutar"]),
        ([CANCELLED], ["⊘ cancelado", "– sin ejecutar"]),
        ([StepFinished("2", 1.0, 0.5)], ["✓ 2 de 2 · 0,6 s", "○ en espera"]),
    ],
)
def test_a_folded_group_still_says_how_it_goes(more: list[Event], notes: list[str]) -> None:
    """El título de cada grupo resume sus pasos."""
    assert [g["note"] for g in payload(state_of(*HALFWAY, *more), REQUEST, 1.0)["groups"]] == notes


def test_a_group_with_steps_to_come_has_no_tick() -> None:
    """Con un paso hecho y otro en espera se cuenta lo que lleva, pero no parece acabado."""
    shown = payload(state_of(*HALFWAY[:-1]), REQUEST, 1.0)
    assert [group["note"] for group in shown["groups"]] == ["○ 1 de 2 · 0,1 s", "○ en espera"]


def test_a_recording_says_so_everywhere() -> None:
    """El rótulo va en el widget y en los dos gemelos, delante de todo, y no repite la arquitectura."""
    label = recording_label("Docker Engine 28.5.2 · amd64", "amd64", "2026-01-02T03:04:05+00:00")
    assert label == "GRABACIÓN · Docker Engine 28.5.2 · amd64 · 2026-01-02"
    assert recording_label("Docker", "arm64", "2026-01-02") == "GRABACIÓN · Docker · arm64 · 2026-01-02"
    request = replace(REQUEST, recording=label)
    assert plain(BuildState(), request=request).startswith(label)
    assert label in static_html(BuildState(), request)
    assert payload(BuildState(), request, 0.0)["head"]["recording"] == label


@pytest.mark.parametrize(
    ("numbers", "complete", "over", "says"),
    [
        ((3, 12_000, 120, 4_100_000), True, True, "viajaron 3 de 120 archivos (12,0 kB de 4,1 MB)"),
        ((1, 900, 120, 4_100_000), True, True, "viajó 1 de 120 archivos (900 B de 4,1 MB)"),
        ((0, 0, 120, 4_100_000), True, True, "no viajó nada: el motor ya tenía los 120 archivos (4,1 MB)"),
        ((0, 0, 1, 12), True, True, "no viajó nada: el motor ya tenía el único archivo (12 B)"),
        ((120, 4_100_000, 120, 4_100_000), True, True, "viajaron los 120 archivos (4,1 MB)"),
        ((1, 12, 1, 12), True, True, "viajó el único archivo (12 B)"),
        ((0, 0, 0, 0), True, True, "no había ningún archivo que enviar"),
        ((0, 0, 120, 4_100_000), False, False, "comparando: 120 archivos (4,1 MB)"),
        ((0, 10, 120, 4_100_000), False, False, "viajando: 0 de 120 archivos (10 B de 4,1 MB)"),
        (
            (3, 12_000, 120, 4_100_000),
            False,
            True,
            "se quedó a medias: 3 de 120 archivos (12,0 kB de 4,1 MB)",
        ),
    ],
)
def test_what_travelled_in_one_sentence(
    numbers: tuple[int, int, int, int], complete: bool, over: bool, says: str
) -> None:
    """Cuántos archivos viajaron, de cuántos, y cuántos bytes; también mientras viajan y si no acaban."""
    assert sent_phrase(ContextSent(MAIN_FOLDER, *numbers, complete=complete), over=over) == says


def test_several_folders_are_added_up() -> None:
    """De varias carpetas, la frase de todas las suma; sin sesión, o si una no acabó, no hay frase."""
    one, two = (ContextSent(name, 1, 10, 2, 30, complete=True) for name in ("context", "otra"))
    assert summary([one, two]) == "viajaron 2 de 4 archivos (20 B de 60 B), entre 2 carpetas"
    assert summary([one]) == "viajó 1 de 2 archivos (10 B de 30 B)"
    assert summary([]) == summary([one, replace(two, complete=False)]) == ""


def test_what_travels_is_said_in_its_step() -> None:
    """Mientras viaja lo cuenta su paso, en lugar de lo que diga el motor; al acabar, también el título."""
    live = ContextSent(MAIN_FOLDER, 2, 20, 3, 40)
    going = state_of(*RECEIVING, StepProgress("c", "recibiendo", 52), live)
    step = payload(going, REQUEST, 1.0)["groups"][0]["steps"][0]
    assert (step["activity"], step["detail"]) == ("viajando: 2 de 3 archivos (20 B de 40 B)", "")
    said = "viajaron 2 de 3 archivos (20 B de 40 B)"
    ended = state_of(*RECEIVING, replace(live, complete=True), StepFinished("c", 1.0, 1.0), FINISHED)
    group = payload(ended, REQUEST, 1.0)["groups"][0]
    assert group["note"] == f"✓ 1 de 1 · 1,0 s · {said}"
    assert group["steps"][0]["detail"] == said
    assert plain(ended).count(said) == 1
    assert said in static_html(ended, REQUEST)
    failed = state_of(*RECEIVING, live, FAILED)
    assert "se quedó a medias: 2 de 3 archivos" in plain(failed)


def test_without_session_nothing_is_said_of_what_travels() -> None:
    """Con un motor sin sesión no hay cuentas que enseñar."""
    state = state_of(*RECEIVING, StepFinished("c", 1.0, 1.0), FINISHED)
    assert "viaj" not in plain(state) + json.dumps(payload(state, REQUEST, 1.0))


def test_why_every_step_is_repeated_is_said_once() -> None:
    """Lo que vale para toda la construcción va al final, y no en cada paso; en la vista de texto, igual."""
    done = state_of(*recorded(RECORDED[0]))
    steps = {id_: replace(step, why=Why(Cause.NO_CACHE)) for id_, step in done.steps.items()}
    state = replace(done, steps=steps)
    assert plain(state).count("se pidió sin caché") == 1
    assert "se pidió sin caché" in result(state)
    step = next(step for step in done.instructions)
    state = replace(done, steps={**done.steps, step.id: replace(step, why=Why(Cause.NEW))})
    assert plain(state).count("es nueva") == 1
    stream = io.StringIO()
    TextView(REQUEST, stream).finish(state)
    assert stream.getvalue().count("es nueva: no estaba la última vez") == 1
    assert "Por qué no salieron de la caché:" in stream.getvalue()


def test_layers_have_a_line_each() -> None:
    """Mientras se baja una imagen, cada capa dice cómo va; al acabar, queda cuánto se bajó."""
    events: list[Event] = [
        *HALFWAY[:1],
        StepStarted("1", 0.0),
        StepProgress("1", "04cf545ee114", 5_000, 40_000, "bajando"),
        StepProgress("1", "37131433c894", 9_000, 9_000, "abriendo"),
    ]
    step = payload(state_of(*events), REQUEST, 1.0)["groups"][0]["steps"][0]
    assert step["layers"] == [
        "capa 04cf545ee114: bajando, 5,0 kB de 40,0 kB",
        "capa 37131433c894: abriendo, 9,0 kB",
    ]
    assert step["activity"] == "14,0 kB de 49,0 kB"
    done = state_of(*events, StepFinished("1", 2.0, 2.0))
    assert "bajaron 49,0 kB" in plain(done)
    assert payload(done, REQUEST, 2.0)["groups"][0]["steps"][0]["layers"] == []


def test_many_layers_are_bounded() -> None:
    """De una imagen con muchas capas se ven las que faltan, y cuántas más hay."""
    told = [StepProgress("1", f"{n:012}", 1, 1, "lista" if n < 30 else "bajando") for n in range(40)]
    shown = layers(state_of(*HALFWAY[:1], StepStarted("1", 0.0), *told).steps["1"])
    assert shown[0].startswith("capa 000000000030: bajando")
    assert (len(shown), shown[-1]) == (13, "y 28 capas más")
