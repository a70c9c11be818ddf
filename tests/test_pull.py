"""Bajar de un registro de verdad: el avance, lo que no tiene, lo que calla y lo que vuelve."""

from __future__ import annotations

import base64
import functools
import json
import random
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from multietapa.bases.pull import Download, Registries, Unanswered
from multietapa.bases.silent import SilentRegistries, of_the_session
from multietapa.bases.sources import MIRROR_VARIABLE, ensure_base
from multietapa.build.events import StepDeclared, StepKind
from multietapa.build.pipeline import build_events
from multietapa.build.progress import OPENED
from multietapa.build.state import BuildState, reduce
from multietapa.errors import (
    BaseImageError,
    EngineLostError,
    NetworkError,
    RegistryUnreachableError,
    is_unreachable,
)
from multietapa.identity import SESSION_VARIABLE
from tests.conftest import SecondEngine
from tests.crafted import archive, entry, layer
from tests.registry import Registry, broken_registry, registry

NAME = "multietapa-pruebas/espejo:1"
STALLED = "answer x 'Content-Length: 1000000\n'; head -c 600000 /dev/zero; sleep 60"
UNCOUNTED = "answer x ''; head -c 1000000 /dev/zero"


@pytest.fixture(scope="module")
def mirror(engine: docker.DockerClient) -> Iterator[Registry]:
    """Un registro con :data:`NAME`: dos capas de 3 MB que no se comprimen y que el motor ya no tiene."""
    noise = random.Random(14)
    layers = [layer(entry(f"azar{n}", noise.randbytes(3_000_000))) for n in range(2)]
    with registry(engine) as found:
        engine.images.load(archive(layers, NAME))
        found.push(NAME, NAME)
        engine.images.remove(NAME, force=True)
        yield found


@pytest.fixture
def absent(engine: docker.DockerClient, mirror: Registry) -> Iterator[str]:
    """El nombre de una imagen que solo está en ``mirror``; al final se quita del motor."""
    yield NAME
    for name in (NAME, f"{mirror.host}/{NAME}"):
        if engine.images.list(name):
            engine.images.remove(name, force=True)


def test_the_mirror_of_the_class_is_used_and_says_how_far_it_is(
    engine: docker.DockerClient, mirror: Registry, absent: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lo que está en el espejo del aula se baja de él, con su avance, y queda con su nombre de siempre."""
    monkeypatch.setenv(MIRROR_VARIABLE, f"{mirror.host}/")
    seen: list[tuple[str, int, int]] = []
    found = ensure_base(engine, absent, progress=lambda *step: seen.append(step))
    assert (found.reference, found.origin, found.equivalent) == (absent, "espejo del aula", False)
    assert {title for title, _, _ in seen} == {f"descargando {mirror.host}/{absent}"}
    counted = [(done, total) for _, done, total in seen]
    assert counted[0] == (0, 0)
    assert all(0 < done <= total for done, total in counted[1:])
    assert 3_000_000 < counted[-1][1] < 6_100_000
    assert ensure_base(engine, absent).origin == "ya estaba en el motor"


def test_what_buildkit_pulls_by_itself_is_told_by_layers(engine: docker.DockerClient, tmp_path: Path) -> None:
    """Si es BuildKit quien baja la base, su paso dice qué hace con cada capa, y todas acaban abiertas.

    Cuánto ocupan lo dice cuando el motor lo dice: lo mira cada 150 ms, y estas pueden bajar en menos.
    """
    name, tag = "multietapa-pruebas/capas:1", "multietapa-pruebas/por-capas:1"
    layers = [layer(entry(f"azar{n}", random.randbytes(3_000_000))) for n in range(2)]
    with registry(engine) as found:
        engine.images.load(archive(layers, name))
        remote = found.push(name, name)
        for known in (name, remote):
            if engine.images.list(known):
                engine.images.remove(known, force=True)
        (tmp_path / "Dockerfile").write_text(f"FROM {remote}\nLABEL a=b\n")
        try:
            events = list(build_events(engine, tmp_path, tag=tag))
        finally:
            for image in engine.images.list(tag):
                engine.images.remove(image.id, force=True)
    opening = next(e for e in events if isinstance(e, StepDeclared) and e.kind is StepKind.FROM)
    step = functools.reduce(reduce, events, BuildState()).steps[opening.id]
    assert [told.doing for told in step.layers] == [OPENED] * 2
    assert all(told.total == 0 or 3_000_000 < told.total < 3_100_000 for told in step.layers)
    assert all(len(told.label) == 12 for told in step.layers)


def test_what_a_registry_does_not_have_is_said(
    engine: docker.DockerClient, mirror: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Un registro que contesta que no tiene la imagen no es un registro caído."""
    monkeypatch.setenv(MIRROR_VARIABLE, mirror.host)
    with pytest.raises(BaseImageError, match="espejo del aula: no la tiene\n"):
        ensure_base(engine, "multietapa-pruebas/no-existe:1")
    registries = Registries()
    assert registries.pull(engine, f"{mirror.host}/otra") == "no la tiene"
    said = registries.pull(engine, f"{mirror.host}/otra@sha256:{'0' * 64}")
    assert said == "no la tiene"
    assert not isinstance(said, Unanswered)
    with pytest.raises(BaseImageError) as caught:
        ensure_base(engine, f"{mirror.host}/no-existe:1")
    assert not isinstance(caught.value, NetworkError)


def test_a_private_registry_asks_to_log_in(
    engine: docker.DockerClient, base_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Sin credenciales se dice que hay que iniciar sesión; con ellas se baja, sin esperar a ningún plazo."""
    registries = Registries()
    with registry(engine, private=True) as closed:
        remote = closed.push(base_image, "p:1", auth={"username": "ana", "password": "secreta"})
        assert "docker login" in registries.pull(engine, remote)
        known = {closed.host: {"auth": base64.b64encode(b"ana:secreta").decode()}}
        (tmp_path / "config.json").write_text(json.dumps({"auths": known}))
        monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
        logged = docker.from_env()
        assert registries.pull(logged, remote) == ""
        logged.images.remove(remote)
        logged.close()


def test_a_silent_registry_is_left_alone_and_gets_another_chance(
    engine: docker.DockerClient, mirror: Registry, absent: str
) -> None:
    """De un registro que calla se deja de esperar; no se le pregunta otra vez enseguida, pero sí después."""
    registries, asked = Registries(silence=1.0, retry=1.0), 0

    def pull() -> str:
        return registries.pull(engine, absent, mirror=mirror.host, progress=count)

    def count(title: str, *_: object) -> None:
        nonlocal asked
        asked += title.startswith("descargando")

    began = time.monotonic()
    mirror.container.kill("STOP")
    try:
        said = pull()
        since = time.monotonic()
        assert said == "no contesta (pasaron 1 s sin respuesta)"
        assert since - began < 10
    finally:
        mirror.container.kill("CONT")
    again = pull()
    assert again.startswith(f"{said}: se le preguntó hace ")
    assert asked == 1
    time.sleep(max(0.0, since + 1.0 - time.monotonic()))
    assert pull() == ""


@pytest.mark.usefixtures("base_image")
def test_a_download_that_starts_and_goes_silent_is_left(engine: docker.DockerClient) -> None:
    """Una descarga que empezó y se queda callada también se abandona al pasar el plazo."""
    for _ in range(3):
        began = time.monotonic()
        with broken_registry(engine, STALLED) as stalled:
            said = Registries(silence=1.0).pull(engine, "imagen:1", mirror=stalled.host)
        if "reset by peer" not in said:  # el «nc» que hace de registro cuelga alguna vez al primero que llama
            break
    assert said == "no contesta (pasaron 1 s sin respuesta)"
    assert time.monotonic() - began < 20


def test_a_registry_that_is_not_there_is_said(engine: docker.DockerClient) -> None:
    """Si en esa dirección no escucha nadie, lo dicen las palabras del motor: no es que no exista."""
    registries = Registries()
    said = registries.pull(engine, "imagen:1", mirror="127.0.0.1:1")
    assert said.startswith("no contesta (")
    assert "connection refused" in said
    assert isinstance(said, Unanswered)
    assert isinstance(registries.pull(engine, "otra:1", mirror="127.0.0.1:1"), Unanswered)
    with pytest.raises(RegistryUnreachableError, match="su registro no contesta") as caught:
        ensure_base(engine, "127.0.0.1:1/imagen:1")
    assert isinstance(caught.value, NetworkError)
    assert "connection refused" in caught.value.detail


@pytest.mark.parametrize(
    ("said", "unreachable"),
    [
        ("dial tcp: lookup registry-1.docker.io on 10.0.2.3:53: no such host", True),
        ("dial tcp 127.0.0.1:9: connect: connection refused", True),
        ('Get "https://registry-1.docker.io/v2/": net/http: TLS handshake timeout', True),
        ('Get "https://x/v2/": tls: failed to verify certificate: x509: certificate signed by unknown', True),
        ('Get "https://x/v2/": context deadline exceeded (Client.Timeout exceeded)', True),
        ("toomanyrequests: You have reached your pull rate limit.", True),
        ("unexpected status from HEAD request to https://x/v2/a/manifests/1: 503 Service Unavailable", True),
        ("received unexpected HTTP status: 502 Bad Gateway", True),
        ("unexpected EOF", True),
        ("manifest for node:99 not found: manifest unknown: manifest unknown", False),
        ("pull access denied for nada, repository does not exist or may require 'docker login'", False),
        ("no matching manifest for linux/arm64/v8 in the manifest list entries", False),
        ("docker.io/library/node:5000-x: not found", False),
        ("invalid response status 404", False),
    ],
)
def test_silence_is_told_from_an_answer(said: str, unreachable: bool) -> None:
    """Lo que dice el motor de un registro que no contesta no se confunde con que no tiene la imagen."""
    assert is_unreachable(said) is unreachable


@pytest.mark.usefixtures("base_image")
def test_an_unknown_total_is_not_invented(engine: docker.DockerClient) -> None:
    """Si el registro no dice cuánto ocupa una capa, el avance da los bytes bajados y ningún total."""
    seen: list[tuple[int, int]] = []
    with broken_registry(engine, UNCOUNTED) as vague:
        Registries().pull(engine, "imagen:1", mirror=vague.host, progress=lambda _, *step: seen.append(step))
    assert seen[-1][0] > 0
    assert {total for _, total in seen} == {0}


def test_a_dead_engine_is_not_a_dead_registry(
    engine: docker.DockerClient, mirror: Registry, absent: str, second_engine_factory: SecondEngine
) -> None:
    """Si el que muere es el motor se dice eso, y ningún registro queda por caído."""
    registries = Registries()
    with second_engine_factory() as (client, daemon):
        daemon.kill()
        with pytest.raises(EngineLostError):
            registries.pull(client, absent, mirror=mirror.host)
        with pytest.raises(EngineLostError):
            ensure_base(client, absent)
    assert registries.pull(engine, absent, mirror=mirror.host) == ""


def test_progress_adds_the_layers_already_announced() -> None:
    """El avance suma las capas que ya dijeron cuánto ocupan; lo que no habla de bytes no lo mueve."""

    def downloading(name: str, current: int, total: int) -> dict[str, object]:
        return {"status": "Downloading", "id": name, "progressDetail": {"current": current, "total": total}}

    download = Download()
    assert download.feed({"status": "Pulling fs layer", "id": "a", "progressDetail": {}}) is None
    assert download.feed(downloading("a", 10, 100)) == (10, 100)
    assert download.feed(downloading("b", 5, 50)) == (15, 150)
    assert download.feed(downloading("a", 90, 100)) == (95, 150)
    assert download.feed({"status": "Download complete", "id": "a"}) is None
    assert download.feed(downloading("c", 1, 0)) == (96, 0)


def test_a_silent_registry_is_known_in_the_whole_session(tmp_path: Path) -> None:
    """Lo que un registro no contestó al abrir el taller lo saben sus cuadernos, y no los de otra sesión."""

    def session(name: str) -> SilentRegistries:
        return of_the_session({"MULTIETAPA_CACHE": str(tmp_path), SESSION_VARIABLE: name})

    session("a").note("docker.io", "no contesta")
    found = session("a").when("docker.io")
    assert found is not None
    assert found[0] == "no contesta"
    assert 0 <= found[1] < 60
    assert session("b").when("docker.io") is None
    session("a").forget("docker.io")
    assert session("a").when("docker.io") is None


def test_notes_that_are_not_understood_count_as_none(tmp_path: Path) -> None:
    """Un archivo de registros callados roto vale como que todos contestan."""
    notes = tmp_path / "n.json"
    for content in ("{", "[]", '{"docker.io": 3}'):
        notes.write_text(content)
        assert SilentRegistries(notes).when("docker.io") is None
