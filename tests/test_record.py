"""Las grabaciones del taller: las que se entregan, y cómo se hacen."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import docker
import pytest

from multietapa.apps import App, Version
from multietapa.build.events import BuildFailed, Event, LogLine, StepFinished, StepStarted
from multietapa.build.recording import load, replay
from multietapa.cells.reproducir import RECORDINGS, find_recording
from multietapa.engine.model import describe
from multietapa.errors import BuildError
from tests.test_build_state import state_of
from tools import record

RECORDED = list(record.recorded())
each_recorded = pytest.mark.parametrize(("app", "version"), RECORDED, ids=[v.tag for _, v in RECORDED])


def test_every_recording_belongs_to_an_app() -> None:
    """No hay más grabaciones que las que piden las aplicaciones, y ninguna la piden dos."""
    asked = [version.recording for _, version in RECORDED]
    assert sorted(asked) == [path.name for path in sorted(RECORDINGS.glob("*.jsonl"))]
    assert len(asked) == len(set(asked))


@each_recorded
def test_shipped_recordings_are_up_to_date(app: App, version: Version) -> None:
    """Cada grabación se lee, es del Dockerfile de hoy y se reproduce hasta el final."""
    path = RECORDINGS / version.recording
    again = f"«{path.name}» está anticuada: vuelve a grabarla con «{record.COMMAND}»."
    assert path.exists(), again
    recording = load(path)
    assert recording.header.text == (app.folder / version.dockerfile).read_text(encoding="utf-8"), again
    assert (recording.header.app, recording.header.tag) == (app.name, version.tag), again
    state = state_of(*replay(recording, speed=None))
    assert state.image_id.startswith("sha256:")
    assert all(step.line for step in state.instructions)
    assert find_recording(app.folder, version.dockerfile, version.tag) == recording


@each_recorded
def test_shipped_recordings_name_no_machine(app: App, version: Version) -> None:  # noqa: ARG001  se dan las dos
    """Una grabación es pequeña y no nombra carpetas, servidores ni espejos de donde se grabó."""
    path = RECORDINGS / version.recording
    assert path.stat().st_size < 300_000
    lines = path.read_text(encoding="utf-8").splitlines()
    servers = set(re.findall(r"://([^/\s\"]+)", "\n".join(lines))) - {record.MASK, "docs.docker.com"}
    assert servers == set()
    text = "\n".join(lines).replace("docker.io/library/", "")
    assert re.findall(r"[\w-]+\.(?:com|org|net|io|dev)\b", text) == []
    assert re.findall(r"/(?:root|home|tmp|work|Users)/", text) == []


def test_recording_hides_the_servers() -> None:
    """Del registro se quitan los servidores de las direcciones, y nada más; un fallo no deja final."""
    events: list[Event] = [
        StepStarted("1", 0.0),
        LogLine("1", "GET https://user:clave@registro.interno:8080/express (http://b.c)"),
        LogLine("1", "a://, nada"),
        StepFinished("1", 1.0, 1.0),
        BuildFailed("x", 1.0),
    ]
    assert list(record.neutral(events)) == [
        events[0],
        LogLine("1", "GET https://«servidor»/express (http://«servidor»)"),
        events[2],
        events[3],
    ]


def test_recording_for_real_leaves_no_trace(
    engine: docker.DockerClient, base_image: str, tmp_path: Path
) -> None:
    """Grabar deja solo el archivo: borra su imagen y devuelve la etiqueta a quien la tenía."""
    tag = f"multietapa-pruebas/grabada:{uuid.uuid4().hex[:8]}"
    folder, tapes = tmp_path / "app", tmp_path / "grabaciones"
    folder.mkdir()
    version = Version("una", "Dockerfile", tag, "a.jsonl")
    app = App(folder, "Prueba", "sh", 80, "/", (version,), (base_image,))
    (folder / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo hola\n")
    info = describe(engine)
    before = {image.id for image in engine.images.list(all=True)}
    path = record.record(engine, app, version, info, folder=tapes)
    assert {image.id for image in engine.images.list(all=True)} == before
    header = load(path).header
    assert (header.engine, header.app, header.tag) == (info.label, "app", tag)
    assert "hola" in [e.text for _, e in load(path).events if isinstance(e, LogLine)]
    engine.images.get(base_image).tag(tag)
    try:
        (folder / "Dockerfile").write_text(f"FROM {base_image}\nRUN exit 3\n")
        good = path.read_bytes()
        with pytest.raises(BuildError, match="código 3"):
            record.record(engine, app, version, info, folder=tapes)
        assert [p.name for p in tapes.iterdir()] == ["a.jsonl"]
        assert path.read_bytes() == good
        (folder / "Dockerfile").write_text(f"FROM {base_image}\nRUN echo otra\n")
        record.record(engine, app, version, info, folder=tapes)
        assert engine.images.get(tag).id == engine.images.get(base_image).id
    finally:
        engine.images.remove(tag)
    assert {image.id for image in engine.images.list(all=True)} == before
