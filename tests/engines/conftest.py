"""Un motor ajeno en marcha, como el que ya tendría quien usa el taller."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from multietapa.cells.motor import Motor
from multietapa.engine.private import userns
from multietapa.engine.private.daemon import missing_reason
from multietapa.engine.slots import reserve
from tests.conftest import load_base_image, motor_over, unavailable
from tests.engines.catalogue import ENGINES, OtherEngine


@dataclass(frozen=True)
class Running:
    """Un motor ajeno en marcha: qué es, su cliente del SDK, su ``host`` y el ``Motor`` de un cuaderno."""

    engine: OtherEngine
    client: docker.DockerClient
    host: str
    motor: Motor
    base: str


@pytest.fixture(scope="session", params=ENGINES, ids=lambda engine: engine.name)
def other(request: pytest.FixtureRequest) -> Iterator[Running]:
    """Cada uno de los motores ajenos, con la imagen mínima de las pruebas dentro."""
    chosen: OtherEngine = request.param
    if os.geteuid() != 0:
        unavailable("los motores ajenos se ponen en marcha siendo root")
    if reason := missing_reason():
        unavailable(f"no se puede poner en marcha otro motor: {reason}")
    slot, data = reserve(), Path(tempfile.mkdtemp(prefix="multietapa-datos-"))
    daemon = chosen.daemon(chosen.root(), run=slot.run, data=data, slot=slot.number)
    try:
        daemon.start()
        client = docker.DockerClient(base_url=daemon.host, timeout=600)
        base = load_base_image(client)
        repository, tag = base.split(":")
        if chosen.is_podman and not client.api.images(base):  # el 4 no hace caso de la etiqueta al importar
            client.images.get(f"{repository}:latest").tag(repository, tag)
        yield Running(chosen, client, daemon.host, motor_over(client, daemon, "existente"), base)
        client.close()
    finally:
        daemon.stop()
        slot.release()
        userns.remove(data)
