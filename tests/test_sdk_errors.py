"""Los errores del SDK, explicados en español; los de verdad salen de un motor real."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable

import docker
import pytest
import requests
from IPython.core.interactiveshell import InteractiveShell

from multietapa.cells import cell_errors
from multietapa.cells.sdk_errors import translate
from multietapa.identity import labels
from tests.conftest import needs_unix


def _failing_build(client: docker.DockerClient, base: str) -> None:
    recipe = f"FROM {base}\nRUN echo buscando && exit 3\n".encode()
    client.images.build(fileobj=io.BytesIO(recipe), rm=True, forcerm=True, labels=labels())


def _failing_command(client: docker.DockerClient, base: str) -> None:
    client.containers.run(base, ["sh", "-c", "echo no hay >&2; exit 4"], remove=True, labels=labels())


def _missing_image(client: docker.DockerClient, _base: str) -> None:
    client.images.get("tienda:no-existe")


def _bad_request(client: docker.DockerClient, base: str) -> None:
    client.containers.create(base, ["true"], mem_limit="1k", labels=labels())


def _taken_port(client: docker.DockerClient, base: str) -> None:
    first = client.containers.run(base, ["sleep", "60"], detach=True, ports={"80/tcp": None}, labels=labels())
    try:
        first.reload()
        port = int(first.ports["80/tcp"][0]["HostPort"])
        second = client.containers.create(base, ["sleep", "60"], ports={"80/tcp": port}, labels=labels())
        try:
            second.start()
        finally:
            second.remove(force=True)
    finally:
        first.remove(force=True)


@pytest.mark.parametrize(
    ("provoke", "expected"),
    [
        (_failing_build, ["La construcción falló", "exit 3", "buscando", "Step 2/"]),
        (_failing_command, ["código 4", "no hay"]),
        (_missing_image, ["«tienda:no-existe»"]),
        (_bad_request, ["El motor rechazó", "memory"]),
        (_taken_port, ["ya está ocupado", "ports="]),
    ],
    ids=["build", "orden", "imagen", "petición", "puerto"],
)
def test_real_errors_are_explained(
    engine: docker.DockerClient,
    base_image: str,
    provoke: Callable[[docker.DockerClient, str], None],
    expected: list[str],
) -> None:
    """Un error de verdad del motor dice en español qué pasó y qué hacer, y conserva la frase original."""
    with pytest.raises(docker.errors.DockerException) as raised:
        provoke(engine, base_image)
    message = str(translate(raised.value))
    assert "Qué hacer:" in message
    for words in expected:
        assert words in message


@needs_unix
def test_no_engine_is_explained() -> None:
    """Sin motor, ``docker.from_env()`` se explica en lugar de enseñar un rastro de urllib3."""
    with pytest.raises(docker.errors.DockerException) as raised:
        docker.from_env(environment={"DOCKER_HOST": "unix:///no/hay/nadie.sock"})
    assert "No hay ningún motor de Docker que conteste." in str(translate(raised.value))


def test_a_slow_engine_is_explained() -> None:
    """Si el motor no contesta a tiempo, el error propone esperar más."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        client = docker.DockerClient(f"tcp://127.0.0.1:{deaf.getsockname()[1]}", version="1.44", timeout=1)
        with pytest.raises(requests.exceptions.Timeout) as raised:
            client.ping()
    assert "timeout=600" in str(translate(raised.value))


@needs_unix
def test_a_cell_shows_the_explanation_and_still_fails(
    shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    """En una celda se ve la explicación, sin rastro de Python, y la celda cuenta como fallida."""
    cell_errors.install()
    cell = "import docker\ndocker.from_env(environment={'DOCKER_HOST': 'unix:///no/hay/nadie.sock'})"
    result = shell.run_cell(cell)
    written = capsys.readouterr().out
    assert isinstance(result.error_in_exec, docker.errors.DockerException)
    assert "No hay ningún motor de Docker" in written
    assert "Traceback" not in written


def test_another_address_is_not_the_engine() -> None:
    """Una petición de quien aprende a un puerto en el que no hay nadie no se cuenta como un motor apagado."""
    with pytest.raises(requests.ConnectionError) as raised:
        requests.get("http://127.0.0.1:1/salud", timeout=5)
    message = str(translate(raised.value))
    assert "En http://127.0.0.1:1/salud no contesta nadie." in message
    assert "Nadie escucha en ese puerto" in message
    assert "motor().direccion(" in message


@needs_unix
def test_why_the_engine_is_not_reached_is_in_spanish() -> None:
    """De un motor al que no se llega se dice la razón, y no la frase en inglés de quien lo intentó."""
    for host, said in (("unix:///no/hay.sock", "enciéndelo"), ("tcp://no-existe.invalid:1", "qué dirección")):
        with pytest.raises(docker.errors.DockerException) as raised:
            docker.from_env(environment={"DOCKER_HOST": host})
        message = str(translate(raised.value))
        assert said in message
        assert "Error" not in message
