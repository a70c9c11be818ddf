"""Crear un contenedor: lo que lleva, por qué no se pudo y que no quede nunca, ni a medio crear."""

from __future__ import annotations

import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import docker
import pytest

from multietapa.cells.motor import Motor
from multietapa.containers.commands import run_command
from multietapa.containers.created import created
from multietapa.containers.running import read_file, run_container
from multietapa.errors import ContainerError, EngineLostError
from multietapa.identity import SESSION_LABEL, session_id
from tests.conftest import SecondEngine, load_base_image, motor_over, until
from tests.relay import relay

TAG = "multietapa-pruebas/no-arranca"
SAID = {
    "programa": ('CMD ["/no/existe", "ya"]', "no tiene el programa «/no/existe»", "no such file"),
    "permiso": ('CMD ["/etc/passwd"]', "«/etc/passwd» no se puede ejecutar", "permission denied"),
    "usuario": ("USER nadie\nCMD sh", "no tiene el usuario «nadie»", "unable to find user"),
    "formato": ('CMD ["/etc/formato"]', "«/etc/formato» no empieza por «#!»", "exec format error"),
    "cargador": ('CMD ["/etc/guion"]', "«/etc/guion» pide que lo lea «/bin/bash»", "no such file"),
    "windows": ('CMD ["/etc/fin"]', "«#!/bin/sh» y acaba en un retorno de carro", "no such file"),
    "comillas": ('CMD ["sh -c true"]', "«sh -c true», entero, por el nombre de un programa", "not found"),
}


@pytest.fixture(scope="module")
def refused(engine: docker.DockerClient, base_image: str) -> Iterator[dict[str, str]]:
    """Una imagen por cada motivo por el que el motor no arranca un contenedor."""
    made = {}
    prepare = "echo x > /etc/formato; echo '#!/bin/bash' > /etc/guion; "
    prepare += "printf '#!/bin/sh\\r\\n' > /etc/fin; busybox chmod +x /etc/[fg]*"
    with created(engine, base_image, ["sh", "-c", prepare]) as container:
        container.start()
        container.wait()
        for name, (changes, _, _) in SAID.items():
            container.commit(TAG, name, changes=changes.split("\n"))
            made[name] = f"{TAG}:{name}"
    yield made
    for tag in made.values():
        engine.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def silent(engine: docker.DockerClient) -> Iterator[str]:
    """Una imagen que no dice qué se arranca y que no lleva ``sh``."""
    engine.api.import_image_from_data(b"\0" * 10240, repository=TAG, tag="callada")
    yield f"{TAG}:callada"
    engine.images.remove(f"{TAG}:callada", force=True)


def left(client: docker.DockerClient, image: str) -> list[str]:
    """Los contenedores de esta sesión que quedan de una imagen."""
    filters = {"label": f"{SESSION_LABEL}={session_id()}", "ancestor": image}
    return [container.name for container in client.containers.list(all=True, filters=filters)]


@pytest.mark.parametrize("name", SAID)
def test_why_it_does_not_start_is_said_in_spanish(
    motor_real: Motor, refused: dict[str, str], name: str
) -> None:
    """La causa va en español con lo que nombra, y debajo, la frase del motor entera."""
    _, cause, original = SAID[name]
    with pytest.raises(ContainerError) as caught, run_container(motor_real, refused[name]):
        pytest.fail("no debía arrancar")
    assert cause in caught.value.why
    assert original in caught.value.detail
    assert refused[name] in caught.value.what
    assert caught.value.next_step
    assert left(motor_real.client, refused[name]) == []


def test_why_it_cannot_be_created(motor_real: Motor, silent: str) -> None:
    """Una imagen que no dice qué se arranca, o un nombre imposible, se explican igual que lo demás."""
    with pytest.raises(ContainerError, match="no dice qué programa"), run_container(motor_real, silent):
        pytest.fail("no debía arrancar")
    with pytest.raises(ContainerError, match="nombre de imagen válido"):
        run_command(motor_real.client, "Tienda:Mía", "true")
    assert left(motor_real.client, silent) == []


def test_an_image_without_a_shell_runs_no_commands(motor_real: Motor, silent: str) -> None:
    """Sin «sh» no hay orden que valga, y se dice qué le falta a la imagen."""
    with pytest.raises(ContainerError, match="no tiene el programa «sh»"):
        run_command(motor_real.client, silent, "true")
    assert left(motor_real.client, silent) == []


def test_the_three_ways_say_the_same_of_a_missing_image(motor_real: Motor) -> None:
    """Poner en marcha, ejecutar y leer dicen lo mismo de una imagen que no existe."""
    said = set()
    with pytest.raises(ContainerError) as caught, run_container(motor_real, "nadie-la-tiene:1"):
        pytest.fail("no debía arrancar")
    said.add(str(caught.value))
    for ask in (
        lambda: run_command(motor_real.client, "nadie-la-tiene:1", "true"),
        lambda: read_file(motor_real, "nadie-la-tiene:1", "/etc/passwd"),
    ):
        with pytest.raises(ContainerError) as caught:
            ask()
        said.add(str(caught.value))
    assert len(said) == 1
    assert "nadie-la-tiene:1" in said.pop()


@pytest.mark.usefixtures("motor_real")
def test_no_proxy_of_the_client_gets_in(
    base_image: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Un proxy configurado para el cliente de Docker no aparece en el entorno del contenedor."""
    proxies = {"default": {"httpProxy": "http://proxy.invalid:1"}}
    (tmp_path / "config.json").write_text(json.dumps({"proxies": proxies}))
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    client = docker.from_env()
    assert "proxy.invalid" in str(client.containers.run(base_image, ["sh", "-c", "set"], remove=True))
    assert "proxy.invalid" not in run_command(client, base_image, "set")
    client.close()


def test_a_dead_engine_is_not_the_fault_of_the_image(second_engine_factory: SecondEngine) -> None:
    """Si el motor muere, antes o con el contenedor en marcha, se dice eso y no que la imagen falla."""
    with second_engine_factory() as (client, daemon):
        image = load_base_image(client)
        engine = motor_over(client, daemon)
        threading.Timer(0.5, daemon.kill).start()
        with pytest.raises(EngineLostError):
            run_command(client, image, "sleep 60")
        until(lambda: not daemon.alive)
        with pytest.raises(EngineLostError), run_container(engine, image):
            pytest.fail("no debía arrancar")


@pytest.mark.parametrize("moment", [b'"Image":', b"201 Created"], ids=["encargo", "respuesta"])
def test_an_interruption_while_it_is_created_leaves_nothing(
    motor_real: Motor, base_image: str, tmp_path: Path, moment: bytes
) -> None:
    """Un Ctrl-C antes de que llegue el encargo al motor, o su respuesta, tampoco deja el contenedor."""
    seen: list[bytes] = []
    made: list[bytes] = []
    noticed = threading.Event()

    def interrupt(*_: object) -> None:
        noticed.set()
        raise KeyboardInterrupt

    def look(data: bytes) -> None:
        if b"201 Created" in data:
            made.append(data)
        if moment in data and not seen:
            seen.append(data)
            os.kill(os.getpid(), signal.SIGINT)
            noticed.wait(20)
            time.sleep(0.1)  # para entonces, quien lo pidió ya no espera

    before = signal.signal(signal.SIGINT, interrupt)
    with ExitStack() as stack:
        stack.callback(signal.signal, signal.SIGINT, before)
        host = stack.enter_context(relay(tmp_path, motor_real.choice.host, look))
        client = docker.DockerClient(base_url=host, timeout=30)
        with pytest.raises(KeyboardInterrupt), created(client, base_image, ["sleep", "60"]):
            pytest.fail("no debía llegar a crearse")
        client.close()
        until(lambda: made)
    assert left(motor_real.client, base_image) == []
