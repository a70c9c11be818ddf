"""Grabar una construcción y volver a darla; sin motor."""

from __future__ import annotations

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
    Event,
    LogLine,
    Progress,
    StepDeclared,
    StepFinished,
    StepStarted,
)
from multietapa.build.recording import FORMAT, VERSION, Header, Recorder, load, replay
from multietapa.errors import ArchiveError, BuildCancelled, BuildError

HEADER = Header(
    "Docker Engine 28.5.2", "amd64", "2026-01-02T03:04:05+00:00", "Dockerfile", "a:1", "FROM a\nRUN x\n"
)
EVENTS: list[Event] = [
    StepDeclared("1", "FROM a", "build", 1),
    StepDeclared("2", "RUN ñ", "build", 2, ("1",)),
    StepStarted("2", 0.1),
    LogLine("2", "línea <b>", "stderr"),
    Progress("2", "capa", 5, 10),
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
HEAD |= {"dockerfile": "D", "tag": "t"}
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
    failed = BuildFailed("process did not complete successfully: exit code: 3", 1.0, "2", 2, ("a",))

    def events() -> Iterator[Event]:
        yield failed
        raise BuildError("x")

    with pytest.raises(BuildError):
        list(Recorder(tmp_path / "a.jsonl", header=HEADER).wrap(events()))
    seen = []
    with pytest.raises(BuildError, match="código 3") as caught:
        for event in replay(load(tmp_path / "a.jsonl"), speed=None):
            seen.append(event)
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
    """Al doble de velocidad, un segundo grabado dura medio."""
    path = broken(tmp_path / "a", HEAD, {"t": 0, "event": "LogLine", "id": "1", "text": "x"}, END)
    start = time.monotonic()
    list(replay(load(path), speed=4))
    assert 0.2 < time.monotonic() - start < 0.6


def test_replay_can_be_cancelled(tmp_path: Path) -> None:
    """Cancelar una grabación termina como una construcción cancelada, sin esperar."""
    cancel = threading.Event()
    recording = load(broken(tmp_path / "a", HEAD, {**END, "t": 3600}))
    threading.Timer(0.1, cancel.set).start()
    start = time.monotonic()
    with pytest.raises(BuildCancelled):
        list(replay(recording, cancel=cancel))
    assert time.monotonic() - start < 1


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
        ([{**HEAD, "tag": 5}, END], "«tag»"),
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
        ([HEAD, {"t": 1, "event": "StepDeclared", "id": "1", "name": "x", "inputs": [[]]}, END], "«inputs»"),
    ],
)
def test_broken_or_hostile_recordings_are_refused(tmp_path: Path, lines: list[Any], says: str) -> None:
    """Una grabación rota u hostil se rechaza con su motivo, nunca con un error de Python."""
    with pytest.raises(ArchiveError) as caught:
        load(broken(tmp_path / "a.jsonl", *lines))
    assert says in str(caught.value)
    assert "a.jsonl" in str(caught.value)


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
