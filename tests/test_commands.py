"""Órdenes sueltas dentro de una imagen: lo que escriben, y por qué no pudieron."""

from __future__ import annotations

import os
import signal
import threading

import docker
import pytest

from multietapa.containers.commands import run_command
from multietapa.errors import ContainerError
from multietapa.identity import LABEL


def containers(client: docker.DockerClient, image: str) -> list[str]:
    """Los contenedores del kit que quedan de una imagen."""
    filters = {"label": f"{LABEL}=1", "ancestor": image}
    return [container.name for container in client.containers.list(all=True, filters=filters)]


def test_what_a_command_writes_comes_back_and_nothing_is_left(
    engine: docker.DockerClient, base_image: str
) -> None:
    """Devuelve lo que la orden escribió por sus dos salidas y borra el contenedor."""
    written = run_command(engine, base_image, "echo hola; echo ñu >&2")
    assert sorted(written.split()) == ["hola", "ñu"]
    assert containers(engine, base_image) == []


@pytest.mark.parametrize(
    ("command", "said"),
    [("echo se rompió >&2; exit 7", ["código 7", "se rompió"]), ("no-existe", ["código 127", "no-existe"])],
)
def test_a_failing_command_is_explained(
    engine: docker.DockerClient, base_image: str, command: str, said: list[str]
) -> None:
    """Una orden que acaba mal dice su código y lo que escribió, y no deja el contenedor."""
    with pytest.raises(ContainerError) as raised:
        run_command(engine, base_image, command)
    assert all(words in str(raised.value) for words in said)
    assert containers(engine, base_image) == []


def test_an_image_that_is_not_there_is_explained(engine: docker.DockerClient) -> None:
    """Una imagen que no existe se dice por su nombre; no se intenta bajar de ningún sitio."""
    with pytest.raises(ContainerError, match="nadie-la-tiene:1"):
        run_command(engine, "nadie-la-tiene:1", "true")


def test_an_interruption_leaves_no_container(engine: docker.DockerClient, base_image: str) -> None:
    """Interrumpir la celda mientras la orden corre borra también su contenedor."""
    threading.Timer(0.7, os.kill, (os.getpid(), signal.SIGINT)).start()
    with pytest.raises(KeyboardInterrupt):
        run_command(engine, base_image, "sleep 60")
    assert containers(engine, base_image) == []
