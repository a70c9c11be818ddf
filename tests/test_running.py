"""Un contenedor en marcha de verdad: contesta, se explica cuando no, y se recoge siempre."""

from __future__ import annotations

import time
from collections.abc import Iterator

import docker
import pytest

from multietapa.cells.motor import Motor
from multietapa.containers.running import read_file, run_container
from multietapa.errors import ContainerError
from multietapa.identity import LABEL, labels

SERVE = "mkdir -p /tmp/w && echo hola > /tmp/w/salud && echo escuchando && exec httpd -f -p 3000 -h /tmp/w"


def _commit(client: docker.DockerClient, base: str, tag: str, command: list[str]) -> str:
    container = client.containers.create(base, ["true"], labels=labels())
    try:
        changes = [f"LABEL {key}={value}" for key, value in labels().items()]
        quoted = ", ".join(f'"{word}"' for word in command)
        container.commit("multietapa-pruebas/marcha", tag, changes=[*changes, f"CMD [{quoted}]"])
    finally:
        container.remove(force=True)
    return f"multietapa-pruebas/marcha:{tag}"


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient, base_image: str) -> Iterator[dict[str, str]]:
    """Una imagen que sirve, una que muere al arrancar, una muda y una que no puede arrancar."""
    commands = {
        "sirve": ["sh", "-c", SERVE],
        "muere": ["sh", "-c", "echo falta el módulo express; exit 3"],
        "muda": ["sh", "-c", "echo sin puerto; exec sleep 600"],
        "imposible": ["/no/existe"],
    }
    made = {name: _commit(engine, base_image, name, command) for name, command in commands.items()}
    yield made
    for tag in made.values():
        engine.images.remove(tag, force=True)


def _ours(client: docker.DockerClient, image: str) -> list[str]:
    found = client.containers.list(all=True, filters={"label": f"{LABEL}=1", "ancestor": image})
    return [container.name for container in found]


def test_answers_and_is_removed(motor_real: Motor, images: dict[str, str]) -> None:
    """Da una dirección de esta máquina que contesta, lleva las etiquetas del kit y al salir no queda nada."""
    with run_container(motor_real, images["sirve"]) as running:
        assert running.get("/salud") == (200, "hola\n")
        assert running.get("/nada")[0] == 404
        assert running.container.labels.items() >= labels().items()
        bindings = running.container.attrs["HostConfig"]["PortBindings"]["3000/tcp"]
        assert bindings[0]["HostIp"] == "127.0.0.1"
        assert "escuchando" in running.logs()
    assert _ours(motor_real.client, images["sirve"]) == []


@pytest.mark.parametrize("already", [True, False], ids=["antes de mirar", "mientras se espera"])
def test_the_address_of_one_that_closed(motor_real: Motor, base_image: str, already: bool) -> None:
    """De un contenedor que se cierra, ``direccion`` dice enseguida que ya no está y por qué, no que calla."""
    command = ["sh", "-c", f"sleep {0.2 if already else 1}; echo falta express; exit 3"]
    container = motor_real.client.containers.run(
        base_image, command, detach=True, ports={"3000/tcp": None}, labels=labels()
    )
    if already:
        container.wait()
    started = time.monotonic()
    try:
        with pytest.raises(ContainerError, match=r"ya no está en marcha[\s\S]*código 3") as caught:
            motor_real.direccion(container)
        assert "falta express" in str(caught.value)
        assert time.monotonic() - started < 15  # no los 30 que se esperaría a que contestara
    finally:
        container.remove(force=True)


def test_the_address_of_one_that_is_not_started(motor_real: Motor, base_image: str) -> None:
    """De uno creado y sin arrancar se dice eso; de uno que publica otro puerto, cuál."""
    client, command = motor_real.client, ["sleep", "60"]
    created = client.containers.create(base_image, command, ports={"3000/tcp": None}, labels=labels())
    other = client.containers.run(base_image, command, detach=True, ports={"80/tcp": None}, labels=labels())
    try:
        with pytest.raises(ContainerError, match="todavía no se ha arrancado"):
            motor_real.direccion(created.name)
        with pytest.raises(ContainerError, match=r"no publica el puerto 3000[\s\S]*publica: 80\."):
            motor_real.direccion(other)
    finally:
        created.remove(force=True)
        other.remove(force=True)


def test_interrupting_the_cell_removes_the_container(motor_real: Motor, images: dict[str, str]) -> None:
    """Parar la celda con Ctrl-C también recoge el contenedor."""
    with pytest.raises(KeyboardInterrupt), run_container(motor_real, images["sirve"]):
        raise KeyboardInterrupt
    assert _ours(motor_real.client, images["sirve"]) == []


@pytest.mark.parametrize(
    ("name", "timeout", "expected"),
    [("muere", 20, "falta el módulo express"), ("muda", 2, "sin puerto"), ("imposible", 20, "no arranca")],
)
def test_explains_what_does_not_answer(
    motor_real: Motor, images: dict[str, str], name: str, timeout: float, expected: str
) -> None:
    """Si muere, no abre el puerto o no arranca, el error lo dice con las últimas líneas y no deja nada."""
    with (
        pytest.raises(ContainerError, match=expected),
        run_container(motor_real, images[name], timeout=timeout),
    ):
        pytest.fail("no debería contestar")
    assert _ours(motor_real.client, images[name]) == []


def test_environment_and_port(motor_real: Motor, base_image: str, engine: docker.DockerClient) -> None:
    """Las variables llegan al programa y el puerto puede ser otro."""
    tag = _commit(engine, base_image, "puerto", ["sh", "-c", SERVE.replace("3000", "$PORT")])
    try:
        with run_container(motor_real, tag, port=8080, environment={"PORT": "8080"}) as running:
            assert running.get("/salud")[0] == 200
            assert running.processes() == ()
    finally:
        engine.images.remove(tag, force=True)


def test_missing_image(motor_real: Motor) -> None:
    """Una imagen que no existe se dice con su nombre."""
    with pytest.raises(ContainerError, match="no-existe:1"), run_container(motor_real, "no-existe:1"):
        pytest.fail("no debería existir")


def test_reads_a_file_without_running(motor_real: Motor, base_image: str) -> None:
    """Lee un archivo de la imagen sin arrancarla; lo que no existe o es una carpeta es None."""
    content = read_file(motor_real, base_image, "/etc/passwd")
    assert content is not None
    assert content.startswith(b"root:")
    assert read_file(motor_real, base_image, "/resumen.txt") is None
    assert read_file(motor_real, base_image, "/etc") is None
    assert read_file(motor_real, base_image, "/etc/passwd", limit=3) is None
