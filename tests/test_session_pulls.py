"""BuildKit baja él mismo lo que falta, de un registro abierto o con contraseña, y se ve cuánto lleva."""

from __future__ import annotations

import base64
import json
import os
import random
import secrets
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from multietapa import construir, sdk
from multietapa.build.events import Event, StepDeclared, StepKind, StepProgress
from multietapa.build.image import build_image
from multietapa.cells.motor import Motor
from multietapa.errors import BaseImageError, MultietapaError
from tests.crafted import archive, layer
from tests.crafted import entry as file
from tests.registry import Registry, registry, token_registry

ANA = {"username": "ana", "password": "secreta"}
NAME = "multietapa-pruebas/bajada:1"


@pytest.fixture(scope="module")
def pushed(engine: docker.DockerClient) -> Iterator[Callable[[Registry], str]]:
    """Sube a un registro una imagen nueva de dos capas, que el motor ya no tiene, y dice cómo se llama."""
    names: list[str] = []

    def push(where: Registry, auth: dict[str, str] | None = None) -> str:
        noise = random.Random(secrets.randbits(32))
        layers = [layer(file(f"azar{n}", noise.randbytes(3_000_000))) for n in range(2)]
        engine.images.load(archive(layers, NAME))
        names.append(where.push(NAME, f"bajada:{len(names)}", auth=auth))
        engine.images.remove(NAME, force=True)
        return names[-1]

    yield push
    for name in names:
        for image in engine.images.list(name):
            engine.images.remove(image.id, force=True)


@pytest.fixture(scope="module")
def closed(engine: docker.DockerClient) -> Iterator[Registry]:
    """Un registro en el que solo entra «ana»."""
    with registry(engine, private=True) as found:
        yield found


@pytest.fixture
def outsider(motor_real: Motor) -> Iterator[docker.DockerClient]:
    """Un cliente del SDK que no sabe nada de nadie."""
    client = docker.DockerClient(base_url=motor_real.choice.host)
    yield client
    client.close()


def app(folder: Path, base: str) -> Path:
    """Una carpeta cuyo Dockerfile parte de ``base``."""
    (folder / "Dockerfile").write_text(f"FROM {base}\nCOPY Dockerfile /\n")
    return folder


def test_an_absent_base_is_pulled_with_its_progress(
    engine: docker.DockerClient, tmp_path: Path, tag: str, pushed: Callable[..., str]
) -> None:
    """Lo que falta lo baja BuildKit, y su ``FROM`` dice cuántos bytes lleva de cada capa, y de cuántos."""
    events: list[Event] = []
    with registry(engine) as open_to_all:
        base = pushed(open_to_all)
        image = build_image(engine, app(tmp_path, base), tag=tag, on_event=events.append)
    opening = [e.id for e in events if isinstance(e, StepDeclared) and e.kind is StepKind.FROM]
    told = [e for e in events if isinstance(e, StepProgress) and e.id in opening and e.total > 1_000_000]
    assert len({e.label for e in told}) == 2
    assert all(0 <= e.current <= e.total for e in told)
    assert image.tags == [tag]
    assert not any(name.startswith("org.multietapa") for name in image.labels)


def test_the_login_of_the_client_is_used(
    outsider: docker.DockerClient, tmp_path: Path, tag: str, closed: Registry, pushed: Callable[..., str]
) -> None:
    """Con ``client.login`` se baja de un registro con contraseña."""
    base = pushed(closed, ANA)
    outsider.login(**ANA, registry=closed.host)
    assert build_image(outsider, app(tmp_path, base), tag=tag).tags == [tag]


@pytest.mark.parametrize("kind", ["archivo", "ayudante"])
def test_the_login_of_docker_is_used(
    outsider: docker.DockerClient,
    tmp_path: Path,
    tag: str,
    closed: Registry,
    pushed: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    """Vale lo que guardó ``docker login`` después de crear el cliente: en su archivo o con un ayudante."""
    base = pushed(closed, ANA)
    settings = tmp_path / "config"
    settings.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(settings))
    if kind == "archivo":
        known: dict[str, dict[str, object]] = {
            "auths": {closed.host: {"auth": base64.b64encode(b"ana:secreta").decode()}}
        }
    else:
        helper = settings / "docker-credential-prueba"
        answer = json.dumps({"ServerURL": closed.host, "Username": "ana", "Secret": "secreta"})
        helper.write_text(f"#!/bin/sh\ncat > /dev/null\nprintf '%s' '{answer}'\n")
        helper.chmod(helper.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", f"{settings}{os.pathsep}{os.environ['PATH']}")
        known = {"credHelpers": {closed.host: "prueba"}}
    (settings / "config.json").write_text(json.dumps(known))
    folder = tmp_path / "app"
    folder.mkdir()
    assert build_image(outsider, app(folder, base), tag=tag).tags == [tag]


@pytest.mark.usefixtures("base_image")
def test_a_registry_that_asks_for_a_token(outsider: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """De un registro que quiere un *token* se baja con el usuario y la contraseña: el motor lo pide."""
    content = layer(file("hola.txt", secrets.token_hex(8)))
    with token_registry(outsider, content) as asking:
        folder = app(tmp_path, f"{asking.host}/imagen:1")
        with pytest.raises(BaseImageError, match="no deja entrar"):
            build_image(outsider, folder, tag=tag)
        outsider.login(**ANA, registry=asking.host)
        try:
            assert build_image(outsider, folder, tag=tag).tags == [tag]
        finally:
            for image in outsider.images.list(f"{asking.host}/imagen"):
                outsider.images.remove(image.id, force=True)


@pytest.mark.parametrize("login", [None, {"username": "ana", "password": "otra"}])
def test_a_registry_that_does_not_let_in_is_said(
    outsider: docker.DockerClient,
    tmp_path: Path,
    closed: Registry,
    pushed: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    login: dict[str, str] | None,
) -> None:
    """Sin credenciales, o con unas que no valen, el error dice que ese registro no deja entrar."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "nada"))
    base = pushed(closed, ANA)
    if login:
        (tmp_path / "nada").mkdir()
        known = {"auths": {closed.host: {"auth": base64.b64encode(b"ana:otra").decode()}}}
        (tmp_path / "nada" / "config.json").write_text(json.dumps(known))
    with pytest.raises(MultietapaError) as caught:
        build_image(outsider, app(tmp_path, base), tag="multietapa-pruebas/no:1")
    assert isinstance(caught.value, BaseImageError)
    assert "docker login" in str(caught.value)


def test_construir_leaves_those_bases_to_buildkit(
    motor_real: Motor, tmp_path: Path, tag: str, pushed: Callable[..., str]
) -> None:
    """``construir`` no baja antes la base que nombra su registro: su ``FROM`` es quien la trae."""
    with registry(motor_real.client) as open_to_all:
        base = pushed(open_to_all)
        done = construir(app(tmp_path, base), etiqueta=tag, vista=False)
    assert not [step.texto for step in done.pasos if "traer la imagen base" in step.texto]
    assert motor_real.client.images.get(tag).tags == [tag]


def test_nobody_known_has_no_credentials(
    outsider: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """De un registro del que no se sabe nada no hay usuario ni contraseña, tampoco con un ayudante roto."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert sdk.credentials(outsider.api, "registro.prueba") == ("", "")
    (tmp_path / "config.json").write_text('{"credsStore": "no-existe"}')
    assert sdk.credentials(outsider.api, "registry-1.docker.io") == ("", "")
