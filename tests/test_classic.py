"""El texto del constructor clásico traducido a eventos, con respuestas reales grabadas; sin motor."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from multietapa.build.classic import read
from multietapa.build.events import (
    BuildFailed,
    BuildFinished,
    Event,
    LogLine,
    StepDeclared,
    StepFinished,
    StepKind,
    StepProgress,
    StepStarted,
)
from multietapa.build.numbering import steps_of
from multietapa.dockerfile.stages import Dockerfile, parse
from multietapa.errors import EngineLostError

DATA = Path(__file__).with_name("data")


def source(name: str = "clasico") -> Dockerfile:
    """El Dockerfile de una respuesta grabada."""
    return parse((DATA / f"{name}.Dockerfile").read_text())


def lines(name: str) -> Iterator[dict[str, Any]]:
    """Los objetos JSON de una respuesta grabada."""
    yield from map(json.loads, (DATA / f"{name}.jsonl").read_text().splitlines())


def events(messages: Iterable[dict[str, Any]], file: Dockerfile | None) -> list[Event]:
    """Los eventos de unas respuestas, con un reloj que avanza 0,01 s cada vez que se mira."""
    ticks = itertools.count()
    return list(read(iter(messages), file, clock=lambda: next(ticks) / 100))


def of(found: list[Event], kind: type) -> list[Any]:
    """Los eventos de una clase."""
    return [event for event in found if isinstance(event, kind)]


def test_the_whole_plan_comes_first_with_its_lines() -> None:
    """Todos los pasos se declaran al principio, con etapa y línea; la etiqueta del kit llega al final."""
    found = events(lines("clasico"), source())
    steps = [(e.id, e.kind, e.stage, e.line) for e in of(found, StepDeclared)]
    assert steps == [
        ("paso-1", StepKind.INSTRUCTION, "", 1),
        ("paso-2", StepKind.FROM, "build", 2),
        ("paso-3", StepKind.INSTRUCTION, "build", 3),
        ("paso-4", StepKind.INSTRUCTION, "build", 4),
        ("paso-5", StepKind.INSTRUCTION, "build", 5),
        ("paso-6", StepKind.FROM, "stage-1", 8),
        ("paso-7", StepKind.INSTRUCTION, "stage-1", 9),
        ("paso-8", StepKind.INSTRUCTION, "stage-1", 10),
        ("paso-9", StepKind.INSTRUCTION, "stage-1", 11),
        ("paso-10", StepKind.LABEL, "stage-1", None),
    ]
    assert all(isinstance(event, StepDeclared) for event in found[:9])


def test_graph_follows_stages_and_copies() -> None:
    """Una copia entre etapas depende del final de la otra etapa; un FROM de fuera, de nada."""
    inputs = {step.id: step.inputs for step in steps_of(source())}
    assert inputs["paso-5"] == ("paso-4",)
    assert inputs["paso-6"] == ()
    assert set(inputs["paso-7"]) == {"paso-5", "paso-6"}
    assert [step.id for step in steps_of(source(), "build")][-1] == "paso-5"


def test_every_step_starts_and_ends_once_and_the_image_is_the_last() -> None:
    """Cada paso empieza y acaba una vez, y la imagen es la de la última etapa."""
    found = events(lines("clasico"), source())
    expected = [f"paso-{n}" for n in range(1, 11)]
    assert [e.id for e in of(found, StepStarted)] == expected
    assert [e.id for e in of(found, StepFinished)] == expected
    ids = [m["aux"]["ID"] for m in lines("clasico") if "aux" in m]
    assert isinstance(found[-1], BuildFinished)
    assert (len(ids), found[-1].image_id) == (2, ids[-1])


def test_only_what_the_steps_wrote_is_log() -> None:
    """En el registro no está la charla del motor, y lo que va en rojo es stderr."""
    found = of(events(lines("clasico"), source()), LogLine)
    assert sorted((e.id, e.stream, e.text) for e in found) == [
        ("paso-5", "stderr", "dos"),
        ("paso-5", "stdout", "a"),
        ("paso-5", "stdout", "b"),
        ("paso-5", "stdout", "uno"),
        ("paso-8", "stdout", "Dockerfile"),
        ("paso-8", "stdout", "a.txt"),
    ]


def test_cached_steps_say_so() -> None:
    """``Using cache`` marca el paso, y FROM no."""
    found = of(events(lines("clasico_cache"), source()), StepFinished)
    assert {e.id for e in found if e.cached} >= {f"paso-{n}" for n in (3, 4, 5, 7, 8, 9)}
    assert not {"paso-2", "paso-6"} & {e.id for e in found if e.cached}


def test_failure_names_the_step() -> None:
    """Un fallo señala el paso, su línea y su registro."""
    found = events(lines("clasico_fallo"), source("fallo"))
    failed = found[-1]
    assert isinstance(failed, BuildFailed)
    assert (failed.step_id, failed.line, failed.log) == ("paso-2", 3, ("antes",))
    assert of(found, StepFinished)[-1].error == failed.reason


def test_without_the_dockerfile_steps_are_still_steps() -> None:
    """Sin el Dockerfile leído los pasos se declaran según llegan."""
    found = of(events(lines("clasico"), None), StepDeclared)
    assert [(step.name, step.kind) for step in found][:2] == [
        ("ARG V=1", StepKind.INSTRUCTION),
        ("FROM bb:1 AS build", StepKind.FROM),
    ]
    assert found[1].inputs == ("paso-1",)


def test_pull_progress_belongs_to_its_step() -> None:
    """El avance de una descarga llega como progreso del FROM."""
    sent: list[dict[str, Any]] = [
        {"stream": "Step 1/1 : FROM a"},
        {"status": "Downloading", "id": "abc", "progressDetail": {"current": 5, "total": 10}},
        {"status": "Pull complete", "id": "abc", "progressDetail": {}},
        {"aux": {"ID": "sha256:1"}},
    ]
    found = of(events(sent, parse("FROM a\n")), StepProgress)
    assert found == [
        StepProgress("paso-1", "abc Downloading", 5, 10),
        StepProgress("paso-1", "abc Pull complete", 0, 0),
    ]


def test_podman_text_is_understood() -> None:
    """El texto de Buildah, en mayúsculas y sin espacio, también se parte en pasos."""
    sent: list[dict[str, Any]] = [
        {"stream": "STEP 1/2: FROM a\n"},
        {"stream": "STEP 2/2: RUN x\n"},
        {"stream": "hola\n"},
        {"stream": "--> Using cache 0123456789ab\n"},
        {"aux": {"ID": "sha256:1"}},
    ]
    found = events(sent, parse("FROM a\nRUN x\n"))
    assert [e.id for e in of(found, StepStarted)] == ["paso-1", "paso-2"]
    assert [e.text for e in of(found, LogLine)] == ["hola"]


def test_output_that_looks_like_the_engine_is_log() -> None:
    """Una línea de un RUN que imita al motor sin serlo se queda en el registro."""
    sent: list[dict[str, Any]] = [
        {"stream": "Step 1/1 : RUN x"},
        {"stream": " ---> no soy el motor\n"},
        {"aux": {"ID": "sha256:1"}},
    ]
    assert [e.text for e in of(events(sent, None), LogLine)] == [" ---> no soy el motor"]


def test_what_counts_the_triggers_of_the_base_is_not_log() -> None:
    """El motor dice cuántos ``ONBUILD`` va a ejecutar; el registro es lo que ellos escriben, en su «FROM»."""
    messages: list[dict[str, Any]] = [
        {"stream": "Step 1/2 : FROM a"},
        {"stream": "\n"},
        {"stream": "# Executing 2 build trigger"},
        {"stream": "s"},
        {"stream": "\n"},
        {"stream": " ---> Running in 0123456789ab\n"},
        {"stream": "hola\n"},
        {"errorDetail": {"message": "The command '/bin/sh -c x' returned a non-zero code: 1"}},
    ]
    found = events(messages, parse("FROM a\nRUN b\n"))
    assert [(line.id, line.text) for line in of(found, LogLine)] == [("paso-1", "hola")]
    assert isinstance(found[-1], BuildFailed)
    assert (found[-1].line, found[-1].step, found[-1].log) == (1, "FROM a", ("hola",))


def test_a_failure_before_the_first_step_has_no_step() -> None:
    """Si el motor falla antes de empezar, no se culpa a ningún paso."""
    found = events([{"errorDetail": {"message": "no"}}], parse("FROM a\n"))
    assert isinstance(found[-1], BuildFailed)
    assert (found[-1].step_id, found[-1].line, found[-1].step) == ("", None, "")


def test_a_stream_that_just_ends_is_a_lost_engine() -> None:
    """Si la respuesta acaba sin imagen y sin error, el motor se perdió."""
    with pytest.raises(EngineLostError):
        events(iter([{"stream": "Step 1/2 : FROM a"}]), None)


@pytest.mark.parametrize("version", ["4.3", "5.8"])
def test_the_stages_of_podman_are_those_of_the_dockerfile(version: str) -> None:
    """Lo que contesta Podman se parte en los pasos del Dockerfile, con su etapa, su línea y su registro."""
    found = events(lines(f"podman-{version}"), source("podman"))
    steps = [(e.id, e.kind, e.stage, e.line) for e in of(found, StepDeclared)]
    assert steps[:5] == [
        ("paso-2", StepKind.FROM, "build", 2),
        ("paso-3", StepKind.INSTRUCTION, "build", 3),
        ("paso-4", StepKind.FROM, "stage-1", 4),
        ("paso-5", StepKind.INSTRUCTION, "stage-1", 5),
        ("paso-6", StepKind.INSTRUCTION, "stage-1", 6),
    ]
    assert {(kind, line) for _, kind, _, line in steps[5:]} == {(StepKind.LABEL, None)}
    assert [e.id for e in of(found, StepStarted)] == [id_ for id_, *_ in steps]
    assert [e.id for e in of(found, StepFinished)] == [id_ for id_, *_ in steps]
    assert [(e.id, e.text) for e in of(found, LogLine)] == [("paso-3", "uno"), ("paso-6", "dos")]
    assert isinstance(found[-1], BuildFinished)


def test_the_steps_of_podman_are_steps_without_the_dockerfile() -> None:
    """Sin el Dockerfile leído, los pasos de Podman se declaran según llegan, cada etapa con los suyos."""
    found = of(events(lines("podman-5.8"), None), StepDeclared)
    assert [(step.id, step.name.split()[0], step.line) for step in found] == [
        ("paso-1.1", "FROM", None),
        ("paso-1.2", "RUN", None),
        ("paso-2.1", "FROM", None),
        ("paso-2.2", "COPY", None),
        ("paso-2.3", "RUN", None),
        ("paso-2.4", "LABEL", None),
    ]
    assert found[2].inputs == ()
    assert found[-1].kind is StepKind.LABEL


def test_podman_says_what_came_from_the_cache() -> None:
    """``Using cache`` de Podman marca el paso, y el final de uno no se toma por lo que escribió."""
    found = events(lines("podman-cache"), source("podman"))
    assert {e.id for e in of(found, StepFinished) if e.cached} >= {"paso-3", "paso-5", "paso-6"}
    assert of(found, LogLine) == []


def test_a_trigger_of_the_base_is_not_a_step_of_the_dockerfile() -> None:
    """El ``ONBUILD`` de la base es un paso de la línea de ``FROM``, aunque se parezca al que viene detrás."""
    sent = [{"stream": f"STEP {text}\n"} for text in ("1/3: FROM x", "2/4: RUN false", "3/4: RUN true")]
    found = events([*sent, {"aux": {"ID": "sha256:1"}}], parse("FROM x\nRUN true\n"))
    by_id = {step.id: step for step in of(found, StepDeclared)}
    assert [by_id[e.id].line for e in of(found, StepStarted)] == [1, 1, 2]
