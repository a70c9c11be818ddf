"""Grabar una construcción y volver a darla; sin motor."""

from __future__ import annotations

import functools
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

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
from multietapa.build.recording import FORMAT, VERSION, Header, Recorder, load, replay
from multietapa.build.state import BuildPhase, BuildState, reduce
from multietapa.errors import ArchiveError, BuildCancelled, BuildError
from multietapa.widgets.build.words import Request, lines
from tests.test_buildkit import DATA

HEADER = Header(
    engine="Docker Engine 28.5.2",
    architecture="amd64",
    date="2026-01-02T03:04:05+00:00",
    dockerfile="Dockerfile",
    tag="a:1",
    text="FROM a\nRUN x\n",
    app="tienda-node",
)
EVENTS: list[Event] = [
    StepDeclared("1", "FROM a", StepKind.FROM, "build", 1),
    StepDeclared("2", "RUN ñ", StepKind.INSTRUCTION, "build", 2, ("1",)),
    StepStarted("2", 0.1),
    LogLine("2", "línea <b>", "stderr"),
    StepProgress("2", "capa", 5, 10),
    StepProgress("1", "04cf545ee114", 5, 10, "bajando"),
    StepDeclared("3", "recibir", StepKind.INTERNAL, folder="context"),
    ContextSent("context", 1, 5, 3, 12),
    ContextSent("context", 2, 9, 3, 12, complete=True),
    BuildWarning("aviso", 2, "https://example.invalid"),
    StepFinished("2", 1.0, 0.9, True),
    BuildFinished("sha256:1", 1.5),
]


def record(path: Path, events: list[Event]) -> Path:
    """Graba unos eventos."""
    assert list(Recorder(path, header=HEADER).wrap(iter(events))) == events
    return path


def broken(path: Path, *lines: Any) -> Path:
    """Escribe una grabación a mano: cada línea es un objeto o texto tal cual."""
    path.write_text("\n".join(x if isinstance(x, str) else json.dumps(x) for x in lines), encoding="utf-8")
    return path


HEAD = {"format": FORMAT, "version": VERSION, "engine": "e", "architecture": "amd64", "date": "d"}
HEAD |= {"dockerfile": "D", "tag": "t", "app": "tienda-node"}
STEP = {"t": 0, "event": "StepDeclared", "id": "1", "name": "x"}
END = {"t": 1.0, "event": "BuildFinished", "image_id": "sha256:1", "seconds": 1.0}


def test_what_is_recorded_comes_back(tmp_path: Path) -> None:
    """Los eventos y la cabecera vuelven iguales, y ``replay`` da los mismos."""
    recording = load(record(tmp_path / "sub/a.jsonl", EVENTS))
    assert recording.header == HEADER
    assert [event for _, event in recording.events] == EVENTS
    assert list(replay(recording, speed=None)) == EVENTS
    assert [p.name for p in (tmp_path / "sub").iterdir()] == ["a.jsonl"]


def test_a_failed_build_is_recorded_and_fails_again(tmp_path: Path) -> None:
    """Una construcción fallida se graba entera; al darla, lanza su error con la línea."""
    failed = BuildFailed(
        'process "/bin/sh -c exit 3" did not complete successfully: exit code: 3', 1.0, "2", 2, ("a",)
    )

    def events() -> Iterator[Event]:
        yield failed
        raise BuildError("x")

    with pytest.raises(BuildError):
        list(Recorder(tmp_path / "a.jsonl", header=HEADER).wrap(events()))
    seen: list[Event] = []
    with pytest.raises(BuildError, match="código 3") as caught:
        seen.extend(replay(load(tmp_path / "a.jsonl"), speed=None))  # si falla, quedan los de antes
    assert seen == [failed]
    assert caught.value.line == 2
    assert "2 | RUN x" in str(caught.value)


def test_an_abandoned_build_leaves_nothing(tmp_path: Path) -> None:
    """Si se abandona a medias no queda ningún archivo, y el generador de dentro se cierra."""
    closed = []

    def events() -> Iterator[Event]:
        try:
            yield from EVENTS
        finally:
            closed.append(True)

    stream = Recorder(tmp_path / "a.jsonl", header=HEADER).wrap(events())
    next(stream)
    stream.close()
    assert closed == [True]
    assert list(tmp_path.iterdir()) == []


def test_replay_keeps_its_pace(tmp_path: Path) -> None:
    """A veinte veces su velocidad, diez segundos grabados duran medio."""
    line = {"t": 0, "event": "LogLine", "id": "1", "text": "x"}
    recording = load(broken(tmp_path / "a", HEAD, line, {**END, "t": 10}))
    start = time.monotonic()
    list(replay(recording, speed=20))
    assert 0.49 < time.monotonic() - start < 5


def test_replay_can_be_cancelled(tmp_path: Path) -> None:
    """Cancelar una grabación termina como una construcción cancelada, sin esperar."""
    cancel = threading.Event()
    recording = load(broken(tmp_path / "a", HEAD, {**END, "t": 3600}))
    threading.Timer(0.1, cancel.set).start()
    start = time.monotonic()
    with pytest.raises(BuildCancelled):
        list(replay(recording, cancel=cancel))
    assert time.monotonic() - start < 60  # no la hora que dura


@pytest.mark.parametrize("speed", [0, -1, float("nan"), float("inf")])
def test_a_speed_that_is_not_one(tmp_path: Path, speed: float) -> None:
    """Una velocidad que no es positiva se rechaza."""
    recording = load(record(tmp_path / "a", EVENTS))
    with pytest.raises(ValueError, match="mayor que 0"):
        next(replay(recording, speed=speed))


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ([], "no es una grabación"),
        (["hola"], "línea 1"),
        (["[1]"], "no es un objeto"),
        (["[" * 100_000], "no es JSON"),
        ([{"format": "otra"}], "no es una grabación"),
        ([{**HEAD, "version": 99}, END], "versión 99"),
        ([{**HEAD, "version": [1]}, END], "versión [1]"),
        ([{**HEAD, "tag": 5}, END], "«tag»"),
        ([{**HEAD, "app": None}, END], "«app»"),
        ([{key: HEAD[key] for key in HEAD if key != "app"}, END], "«app»"),
        ([HEAD], "está cortada"),
        ([HEAD, {"t": 0, "event": "StepStarted", "id": "1", "at": 0}], "está cortada"),
        ([HEAD, END, END], "sigue después del final"),
        ([HEAD, {"t": 2, "event": "LogLine", "id": "1", "text": "x"}, END], "hacia atrás"),
        ([HEAD, {**END, "t": -1}], "cuándo"),
        ([HEAD, {**END, "t": True}], "cuándo"),
        ([HEAD, '{"t": NaN, "event": "BuildFinished"}'], "cuándo"),
        ([HEAD, {**END, "t": 1e9}], "cuándo"),
        ([HEAD, {**END, "event": "os.system"}], "desconocido"),
        ([HEAD, {**END, "event": ["BuildFinished"]}], "desconocido"),
        ([HEAD, {**END, "image_id": 5}], "«image_id»"),
        ([HEAD, {**END, "otro": 5}], "«otro»"),
        ([HEAD, {"t": 1, "event": "BuildFinished"}], "faltan campos"),
        ([HEAD, {"t": 1, "event": "LogLine", "id": "1", "text": "x" * 2_000_000}, END], "demasiado larga"),
        ([HEAD, {**STEP, "kind": "from", "inputs": [[]]}, END], "«inputs»"),
        ([HEAD, {**STEP, "kind": "otra"}, END], "«kind»"),
        ([HEAD, {**STEP, "kind": ["from"]}, END], "«kind»"),
        ([HEAD, STEP, END], "faltan campos"),
        ([{**HEAD, "version": 1}, {**STEP, "name": 5}, END], "«name»"),
        ([{**HEAD, "version": 1}, {**STEP, "event": ["StepDeclared"]}, END], "desconocido"),
    ],
)
def test_broken_or_hostile_recordings_are_refused(tmp_path: Path, lines: list[Any], says: str) -> None:
    """Una grabación rota u hostil se rechaza con su motivo, nunca con un error de Python."""
    with pytest.raises(ArchiveError) as caught:
        load(broken(tmp_path / "a.jsonl", *lines))
    assert says in str(caught.value)
    assert "a.jsonl" in str(caught.value)


@pytest.mark.parametrize(
    ("step", "kind"),
    [
        ({"id": "base:node:14", "name": "traer la imagen base node:14"}, StepKind.BASE),
        ({"name": "[interno] recibir el contexto"}, StepKind.INTERNAL),
        ({"name": "[interno] consultar docker.io/library/node:14"}, StepKind.INTERNAL),
        ({"name": "FROM docker.io/library/node:14", "stage": "build", "line": 2}, StepKind.FROM),
        ({"name": "FROM docker.io/library/node:14", "stage": "ajena"}, StepKind.FROM),
        ({"name": "RUN a", "stage": "build", "line": 3}, StepKind.INSTRUCTION),
        ({"name": "RUN de un ONBUILD", "stage": "build"}, StepKind.INSTRUCTION),
        ({"name": "ARG V=1", "line": 1}, StepKind.INSTRUCTION),
        ({"name": "LABEL org.multietapa=1", "stage": "stage-1", "line": 9}, StepKind.INSTRUCTION),
        ({"name": "LABEL org.multietapa=1", "stage": "stage-1"}, StepKind.LABEL),
        ({"name": "exportar la imagen"}, StepKind.EXPORT),
    ],
)
def test_version_1_says_no_kinds(tmp_path: Path, step: dict[str, Any], kind: StepKind) -> None:
    """En una grabación de la versión 1 la clase de cada paso se deduce de cómo se escribía, y no hay app."""
    old = {key: HEAD[key] for key in HEAD if key != "app"} | {"version": 1}
    progress = {"t": 0, "event": "Progress", "id": "1", "label": "capa", "current": 5, "total": 10}
    recording = load(broken(tmp_path / "a", old, {**STEP, **step}, progress, END))
    declared = recording.events[0][1]
    assert isinstance(declared, StepDeclared)
    assert (declared.kind, declared.name) == (kind, step["name"])
    assert recording.events[1][1] == StepProgress("1", "capa", 5, 10)
    assert recording.header.app == ""


def test_a_whole_recording_of_version_1(tmp_path: Path) -> None:
    """Una de las que se entregaban con la versión 1 se carga entera, y grabada otra vez es de la 2."""
    old = load(DATA / "grabacion_v1.jsonl")
    assert (old.header.tag, old.header.app) == ("tienda:ingenua", "")
    events = [event for _, event in old.events]
    kinds = [event.kind.value for event in events if isinstance(event, StepDeclared)]
    assert kinds == ["internal"] * 3 + ["from"] + ["instruction"] * 5 + ["export"]
    new = load(record(tmp_path / "a.jsonl", events))
    assert [event for _, event in new.events] == events
    assert json.loads((tmp_path / "a.jsonl").read_text().splitlines()[0])["version"] == VERSION == 2


def test_a_recording_from_before_sessions_still_plays(tmp_path: Path) -> None:
    """La que no dice qué viajó se ve igual que antes: nadie lo inventa."""
    declared = {**STEP, "name": "[interno] recibir el contexto", "kind": "internal"}
    old = load(broken(tmp_path / "a.jsonl", HEAD, declared, END))
    state = functools.reduce(reduce, replay(old, speed=None), BuildState())
    assert (state.phase, state.sent) == (BuildPhase.DONE, {})
    assert "viaj" not in "\n".join(lines(state, Request("a:1", "")))


def test_a_recording_that_is_not_there(tmp_path: Path) -> None:
    """Una grabación que no existe, o que es una carpeta, se dice."""
    for path in (tmp_path / "nada", tmp_path):
        with pytest.raises(ArchiveError):
            load(path)


def test_binary_is_refused(tmp_path: Path) -> None:
    """Un archivo binario no es una grabación."""
    (tmp_path / "a").write_bytes(bytes(range(256)) * 10)
    with pytest.raises(ArchiveError):
        load(tmp_path / "a")
