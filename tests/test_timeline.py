"""De los pasos a las etapas: estados, tiempos, camino crítico, bytes y lo que repetiría un cambio; sin motor.

``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import functools
import os
import random
from dataclasses import replace

import pytest

from multietapa.build.critical import critical
from multietapa.build.crossing import context_users, crossed, layers, travelling
from multietapa.build.events import (
    BuildFailed,
    BuildFinished,
    Event,
    StepDeclared,
    StepFinished,
    StepKind,
    StepStarted,
)
from multietapa.build.repeats import changeable, repeats
from multietapa.build.state import BuildState, broken, reduce, sized
from multietapa.build.timeline import StageStatus, Timeline, measured, timeline
from multietapa.dockerfile.graph import EdgeKind, graph
from multietapa.dockerfile.stages import parse
from multietapa.widgets.live.sample import TEXT, cold, failing, in_row, running, warm
from tests.test_build_state import RECORDED, recorded
from tests.test_buildkit import DATA

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 200)
I = StepKind.INSTRUCTION  # noqa: E741


def folded(
    state: BuildState, text: str = TEXT, target: str | None = None, *, classic: bool = False
) -> Timeline:
    """Las etapas de ese Dockerfile en ese estado."""
    source = parse(text)
    return timeline(state, source, graph(source, target, all_before=classic))


def statuses(line: Timeline) -> list[str]:
    """En qué está cada etapa."""
    return [stage.status.value for stage in line.stages]


def test_each_stage_says_where_it_is() -> None:
    """Dos a la vez, la última a la espera de una, y la que nadie usa no se hace."""
    line = folded(running())
    assert statuses(line) == ["en marcha", "en marcha", "no se hace", "en espera"]
    assert line.stages[3].waits == ("etapa:1",)
    assert line.stages[0].open == 0.9
    assert line.stages[0].end is None
    assert folded(BuildState()).stages[0].status is StageStatus.WAITING


def test_the_end_of_each_stage() -> None:
    """Hecha; de la caché la segunda vez; y si una falla, la otra se para y la última se queda a medias."""
    assert statuses(folded(cold())) == ["hecha", "hecha", "no se hace", "hecha"]
    assert statuses(folded(warm())) == ["caché", "caché", "no se hace", "caché"]
    assert statuses(folded(failing())) == ["falló", "cancelada", "no se hace", "cancelada"]
    nothing = broken(BuildState(), "se cortó", 1.0)
    assert statuses(folded(nothing)) == ["sin ejecutar", "sin ejecutar", "no se hace", "sin ejecutar"]
    empty = reduce(BuildState(), BuildFinished("sha256:1", 1.0))
    assert statuses(folded(empty))[0] == "sin pasos propios"


def test_a_stage_knows_its_times() -> None:
    """Cuándo empezó y acabó, lo que trabajó, y los ratos en que esperaba."""
    last = folded(cold()).stages[3]
    assert (last.start, last.end) == (0.5, 19.1)
    assert last.work == pytest.approx(0.8)
    assert sum(end - start for start, end in last.gaps) == pytest.approx(17.8, abs=0.01)
    assert last.cached == 1
    pairs = {(a.name, b.name): seconds for a, b, seconds in folded(cold()).together}
    assert pairs["build", "deps"] == pytest.approx(4.6)
    assert not {"pruebas"} & {name for pair in pairs for name in pair}


def test_a_step_that_starts_again_keeps_both_times() -> None:
    """Una base que se consulta y luego se baja trabajó dos veces, y el rato de en medio es un hueco."""
    events: list[Event] = [StepDeclared("f", "FROM a", StepKind.FROM, "stage-0", 1)]
    events += [
        StepStarted("f", 1.0),
        StepFinished("f", 1.5, 0.5),
        StepStarted("f", 4.0),
        StepFinished("f", 5.0, 1.5),
    ]
    stage = folded(functools.reduce(reduce, events, BuildState()), "FROM a\n").stages[0]
    assert stage.pieces == ((1.0, 1.5), (4.0, 5.0))
    assert stage.gaps == ((1.5, 4.0),)
    assert stage.work == 1.5


def test_two_stages_of_one_name_are_told_apart_by_their_lines() -> None:
    """BuildKit les da el mismo nombre a sus pasos: los distingue la línea."""
    text = "FROM a AS x\nRUN uno\nFROM b AS x\nRUN dos\nFROM x\nCOPY --from=0 /a /a\n"
    events = [StepDeclared("1", "RUN uno", I, "x", 2), StepDeclared("2", "RUN dos", I, "x", 4)]
    line = folded(functools.reduce(reduce, events, BuildState()), text)
    assert [[step.id for step in stage.steps] for stage in line.stages] == [["1"], ["2"], []]


def test_the_critical_path_is_the_longest_chain() -> None:
    """Va por la etapa que más tarda, no por la otra, y acaba al exportar."""
    line = folded(cold())
    chain = critical(line)
    assert [step.id for step in chain.steps] == ["contexto", "b3", "b4", "b5", "b6", "f4", "exportar"]
    assert chain.seconds == pytest.approx(sum(measured(step) for step in chain.steps))
    assert chain.seconds <= (line.state.seconds or 0)


def test_in_a_row_everything_waits() -> None:
    """Con el clásico todas las etapas van en fila: el camino son todos los pasos."""
    line = folded(in_row(), classic=True)
    assert statuses(line) == ["hecha", "hecha", "hecha", "hecha"]
    assert line.in_row
    assert line.together == ()
    chain = critical(line)
    assert len(chain.steps) == len(line.state.steps)
    assert chain.seconds == pytest.approx(line.state.seconds)


@pytest.mark.parametrize(
    ("number", "again"),
    [
        (1, ["b2", "b3", "b4", "b5", "b6", "f4"]),
        (5, ["b5", "b6", "f4"]),
        (10, ["d3", "f3", "f4"]),
        (15, ["f2", "f3", "f4"]),
        (18, ["f4"]),
        (19, []),
    ],
)
def test_what_a_change_would_repeat(number: int, again: list[str]) -> None:
    """Su paso y los que dependen de él, también en otras etapas; un CMD no repite ninguno."""
    found = repeats(folded(cold()), number)
    assert [step.id for step in found.steps] == again
    assert found.seconds == pytest.approx(sum(measured(step) for step in found.steps))
    assert found.row <= found.seconds + 1e-9


def test_what_came_from_the_cache_has_no_time() -> None:
    """De un paso que salió de la caché no hay tiempo medido, y se cuenta aparte."""
    assert repeats(folded(cold()), 1).unmeasured == 1
    found = repeats(folded(warm()), 5)
    assert (found.seconds, found.unmeasured) == (0, len(found.steps))


def test_what_a_variable_would_repeat() -> None:
    """Un ENV llega a cada RUN de detrás, y a un COPY solo si lo nombra; un ARG de antes, a su FROM."""
    text = "ARG V=1\nFROM a:$V AS x\nENV Q=1 R=2\nCOPY a /a\nCOPY b /$R\nRUN uno\n"
    text += "FROM x\nRUN dos\nFROM c\nRUN tres\n"
    text += "COPY --from=1 /a /a\n"
    plan = [
        ("c", "COPY a /a", "x", 4, ()),
        ("b", "COPY b /$R", "x", 5, ("c",)),
        ("r", "RUN uno", "x", 6, ("b",)),
    ]
    plan += [("s", "RUN dos", "stage-1", 8, ("r",)), ("t", "RUN tres", "stage-2", 10, ())]
    plan += [("u", "COPY --from=1 /a /a", "stage-2", 11, ("t", "s"))]
    events = [StepDeclared(id_, name, I, stage, line, inputs) for id_, name, stage, line, inputs in plan]
    line = folded(functools.reduce(reduce, events, BuildState()), text)
    assert [step.id for step in repeats(line, 3).steps] == ["b", "r", "s", "u"]
    assert [step.id for step in repeats(line, 1).steps] == ["c", "b", "r", "s", "u"]
    assert [step.id for step in repeats(line, 10).steps] == ["t", "u"]
    assert [i.line for i in changeable(line)] == [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]


def test_a_shared_step_does_not_drag_the_other_stage() -> None:
    """Dos etapas que empiezan igual comparten un paso: cambiar la línea de una no repite lo de la otra."""
    text = "FROM a AS x\nWORKDIR /w\nRUN uno\nFROM a AS y\nWORKDIR /w\nRUN dos\n"
    text += "FROM a\nCOPY --from=x /1 /\nCOPY --from=y /2 /\n"
    plan = [
        ("w", "WORKDIR /w", "x", 2, ()),
        ("r", "RUN uno", "x", 3, ("w",)),
        ("s", "RUN dos", "y", 6, ("w",)),
    ]
    plan += [
        ("c", "COPY --from=x /1 /", "stage-2", 8, ("r",)),
        ("d", "COPY --from=y /2 /", "stage-2", 9, ("c", "s")),
    ]
    events = [StepDeclared(id_, name, I, stage, line, inputs) for id_, name, stage, line, inputs in plan]
    line = folded(functools.reduce(reduce, events, BuildState()), text)
    assert [step.id for step in repeats(line, 2).steps] == ["w", "r", "c", "d"]
    assert [step.id for step in repeats(line, 5).steps] == ["s", "d"]


def test_the_bytes_that_cross() -> None:
    """Los de cada COPY --from de la imagen, los de la base y los de las capas; lo que no se sabe no es 0."""
    line = folded(cold())
    edges = {(e.source, e.target, e.kind): crossed(line, [e]) for e in line.graph.edges}
    assert edges["etapa:1", "etapa:3", EdgeKind.COPY] == 6_900_000
    assert edges["etapa:0", "etapa:3", EdgeKind.COPY] == 214_000
    assert edges["imagen:node:14-alpine", "etapa:3", EdgeKind.FROM] == 117_200_000
    assert edges["imagen:node:14", "etapa:0", EdgeKind.FROM] is None
    assert layers(line, "etapa:3") == 7_114_000
    assert layers(line, "etapa:0") is None
    assert travelling(line.graph) == ("etapa:3",)
    unknown = folded(sized(cold(), 1, {}))
    assert layers(unknown, "etapa:3") is None
    assert [crossed(unknown, [edge]) for edge in unknown.graph.edges] == [None] * len(unknown.graph.edges)


def test_the_layers_of_a_stage_that_starts_from_another() -> None:
    """Lo que cruza por un FROM entre etapas son la base y las capas de las de antes."""
    text = "FROM a AS x\nRUN uno\nFROM x\nRUN dos\n"
    steps = [StepDeclared("1", "RUN uno", I, "x", 2), StepDeclared("2", "RUN dos", I, "stage-1", 4, ("1",))]
    state = sized(functools.reduce(reduce, steps, BuildState()), 111, {"1": 10, "2": 1}, 100)
    line = folded(state, text)
    assert [crossed(line, [edge]) for edge in line.graph.edges] == [100, 110]
    scratch = folded(replace(state, base=0), text.replace("FROM a", "FROM scratch"))
    assert [crossed(scratch, [edge]) for edge in scratch.graph.edges] == [0, 10]


def test_who_takes_from_the_folder() -> None:
    """Un COPY o un ADD sin --from, o un RUN que la monta; no una dirección, un heredoc ni otra etapa."""
    text = (
        "FROM a AS x\nCOPY a /a\nADD b /b\nFROM a AS y\nADD https://a.invalid/x /x\nCOPY --from=x /a /a\n"
        "FROM a AS z\nRUN --mount=type=bind,target=/s ls\nRUN --mount=type=cache,target=/c ls\n"
        "FROM a\nCOPY <<F /f\nhola\nF\nRUN --mount=from=x,target=/x ls\n"
    )
    source = parse(text)
    assert context_users(source, graph(source)) == {"etapa:0": [2, 3], "etapa:2": [8]}


@pytest.mark.parametrize("name", RECORDED)
def test_every_moment_of_a_real_answer_can_be_folded(name: str) -> None:
    """En cualquier momento de una respuesta real, cada paso de una etapa está en una y solo una."""
    file = "fallo" if name.endswith("fallo") else name.partition("_")[0]
    source = parse((DATA / f"{file}.Dockerfile").read_text(encoding="utf-8"))
    state = BuildState()
    for event in recorded(name):
        state = reduce(state, event)
        line = timeline(state, source, graph(source, all_before=name.startswith("clasico")))
        check(line, name)
    assert not {StageStatus.RUNNING, StageStatus.WAITING} & {stage.status for stage in line.stages}


def random_build(draw: random.Random) -> tuple[str, list[Event]]:
    """Un Dockerfile al azar y los eventos de construirlo: cada paso, cuando están los que espera."""
    text, plan, ends = "", list[StepDeclared](), dict[int, str]()
    line, made = 0, draw.randint(1, 6)
    for at in range(made):
        parent = draw.choice([*ends, None]) if ends else None
        line += 1
        text += f"FROM {f's{parent}' if parent is not None else 'a'} AS s{at}\n"
        before = ends.get(parent) if parent is not None else None
        for n in range(draw.randint(1, 4)):
            line += 1
            inputs = [before] if before else []
            origin = draw.choice([*ends]) if ends and draw.random() < 0.5 else None
            if origin is not None:
                inputs.append(ends[origin])
            text += f"COPY --from=s{origin} /a /{n}\n" if origin is not None else f"RUN {n}\n"
            name = text.splitlines()[-1]
            plan.append(StepDeclared(f"v{len(plan)}", name, I, f"s{at}", line, tuple(inputs)))
            before = plan[-1].id
        ends[at] = plan[-1].id
    events: list[Event] = [*plan]
    done: dict[str, float] = {}
    for step in plan:
        start = max((done[one] for one in step.inputs), default=0.0) + draw.choice((0.0, 0.1, 2.0))
        cached, spent = draw.random() < 0.2, draw.choice((0.0, 0.01, 1.0, 7.5))
        done[step.id] = start + spent
        events += [StepStarted(step.id, start), StepFinished(step.id, start + spent, spent, cached)]
    return text, events


def check(line: Timeline, what: str) -> None:
    """Lo que vale siempre."""
    owned = [step.id for stage in line.everything for step in stage.steps]
    assert sorted(owned) == sorted(step.id for step in line.state.steps.values() if step.name), what
    for stage in line.everything:
        for (start, end), (after, _) in zip(stage.pieces, stage.pieces[1:], strict=False):
            assert start <= end < after, what
        if stage.start is not None and stage.end is not None:
            idle = sum(end - start for start, end in stage.gaps)
            busy = sum(end - start for start, end in stage.pieces)
            assert stage.end - stage.start == pytest.approx(busy + idle), what


@pytest.mark.sin_ramas
def test_random_builds() -> None:
    """En cualquier construcción: los ratos van en orden, y ninguna cadena dura más que todo.

    Lo que repetiría una línea se cuenta también a lo bruto: los que llegan a ella por lo que esperan.
    """
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    draw = random.Random(seed)
    for case in range(CASES):
        what = f"MULTIETAPA_SEMILLA={seed}, caso {case}"
        text, events = random_build(draw)
        cut = draw.randint(0, len(events))
        check(folded(functools.reduce(reduce, events[:cut], BuildState()), text), what)
        state = functools.reduce(reduce, events, BuildState())
        wall = max(end for step in state.steps.values() for _, end in step.intervals)
        ends: list[Event] = [BuildFinished("sha256:1", wall), BuildFailed("x", wall, "v0", 2)]
        end = draw.choice(ends)
        line = folded(reduce(state, end), text)
        check(line, what)
        chain = critical(line)
        assert chain.seconds <= wall + 1e-6, what
        assert chain.seconds >= max(map(measured, line.state.steps.values())) - 1e-9, what
        assert len({step.id for step in chain.steps}) == len(chain.steps), what
        for instruction in changeable(line):
            brute = {s.id for s in line.state.steps.values() if s.line == instruction.line}
            if instruction.keyword == "FROM":
                stage = line.source.stage_at(instruction.line)
                assert stage is not None
                brute = {s.id for s in line.state.steps.values() if s.stage == stage.name}
            while more := {s.id for s in line.state.steps.values() if brute & {*s.inputs}} - brute:
                brute |= more
            assert {step.id for step in repeats(line, instruction.line).steps} == brute, what
