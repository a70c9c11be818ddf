"""El registro de la sesión: uno de verdad, en el motor que haya, y sin dejar nada."""

from __future__ import annotations

import socket
import threading
import time
import urllib.request
from pathlib import Path

import docker
import pytest

from multietapa import limpiar
from multietapa.cells.motor import Motor
from multietapa.engine.model import OWN_KINDS
from multietapa.errors import RegistryError
from multietapa.identity import EQUIVALENT_LABEL, SESSION_VARIABLE, labels
from multietapa.registry.local import START_SECONDS, Registry, local_registry
from tests.sessions import build
from tests.shipping import own_registry


@pytest.fixture(autouse=True)
def _own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Una sesión para cada prueba: su registro no es el de nadie más."""
    monkeypatch.setenv(SESSION_VARIABLE, "registro-local")


def volumes(client: docker.DockerClient) -> set[str]:
    """Los nombres de los volúmenes del motor."""
    return {volume.name for volume in client.volumes.list()}


def test_one_call_away(motor_real: Motor) -> None:
    """Con una llamada hay un registro al que llegan el motor y este proceso; otra da el mismo."""
    with own_registry(motor_real) as found:
        with urllib.request.urlopen(f"{found.url}/v2/", timeout=5) as answer:
            assert answer.status == 200
        again = local_registry(motor_real)
        assert (again.container_id, again.host, again.url) == (found.container_id, found.host, found.url)
        assert found.trouble() == ""
        image = motor_real.client.containers.get(found.container_id).image
        if image.labels.get(EQUIVALENT_LABEL):
            assert "equivalente" in found.origin
            assert "equivalente" in again.origin
            assert image.attrs["Size"] < 30_000_000


def test_two_cells_at_once_share_it(motor_real: Motor) -> None:
    """Dos celdas que lo piden a la vez tienen el mismo."""
    found: list[Registry] = []
    threads = [threading.Thread(target=lambda: found.append(local_registry(motor_real))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found[0].remove()
    assert len(found) == 3
    assert len({one.container_id for one in found}) == 1


def test_cleaning_takes_it_with_what_it_keeps(motor_real: Motor) -> None:
    """``limpiar`` se lleva el contenedor y su volumen; la imagen se queda, como las bases."""
    before = volumes(motor_real.client)
    found = local_registry(motor_real)
    assert volumes(motor_real.client) != before
    mounted = motor_real.client.containers.get(found.container_id).attrs["Mounts"]
    assert mounted[0]["Name"] in volumes(motor_real.client)  # sin él, no arranca si el motor se reinicia
    assert "multietapa-registro-registro-local" in limpiar().containers
    assert volumes(motor_real.client) == before
    assert "ya no está" in found.trouble()
    assert found.logs() == ""
    found.remove()  # otra vez no pasa nada


def test_what_a_learner_sees(motor_real: Motor, base_image: str) -> None:
    """``motor().registro()``: su dirección y lo que guarda, con las llamadas del SDK; y de dónde salió."""
    client, found = motor_real.client, motor_real.registro()
    assert found.imagenes == []
    assert repr(found).startswith(f"Registro en {found.direccion} · guarda 0 imágenes · registry:3: ")
    for tag in ("dos", "uno"):
        client.images.get(base_image).tag(f"{found.direccion}/taller/prueba", tag)
        assert "error" not in client.images.push(f"{found.direccion}/taller/prueba", tag)
        client.images.remove(f"{found.direccion}/taller/prueba:{tag}", noprune=True)
    again = motor_real.registro()
    assert (again.direccion, again.imagenes) == (found.direccion, ["taller/prueba:dos", "taller/prueba:uno"])
    image = client.containers.get("multietapa-registro-registro-local").image
    assert ("equivalente local" in repr(again)) == (image.labels.get(EQUIVALENT_LABEL) == "1")
    limpiar()
    assert "ahora no contesta" in repr(again)
    with pytest.raises(RegistryError, match="dejó de contestar"):
        assert again.imagenes
    with pytest.raises(RegistryError, match="puerto 0"):
        motor_real.registro(0)


def test_one_that_stopped_comes_back_with_its_content(motor_real: Motor, base_image: str) -> None:
    """Si se para, la siguiente llamada lo levanta, con lo que guardaba."""
    with own_registry(motor_real) as found:
        assert motor_real.client.api.tag(base_image, f"{found.host}/guardada", "1")
        motor_real.client.images.push(f"{found.host}/guardada", "1")
        motor_real.client.images.remove(f"{found.host}/guardada:1", noprune=True)
        motor_real.client.containers.get(found.container_id).kill()
        assert "se paró" in found.trouble()
        again = local_registry(motor_real)
        assert again.container_id == found.container_id
        with urllib.request.urlopen(f"{again.url}/v2/guardada/tags/list", timeout=5) as answer:
            assert b'"1"' in answer.read()


def test_one_whose_volume_is_gone_is_made_again(motor_real: Motor, base_image: str) -> None:
    """Si se paró y lo que guardaba ya no está, hay otro, vacío, en lugar de un error para siempre."""
    client = motor_real.client
    with own_registry(motor_real) as found:
        attributes = client.api.inspect_container(found.container_id)
        volume = next(mount["Name"] for mount in attributes["Mounts"] if mount["Type"] == "volume")
        client.containers.get(found.container_id).kill()
        folder = f"{client.info()['DockerRootDir']}/volumes"
        inside = {folder: {"bind": "/volumes", "mode": "rw"}}
        command = ["rm", "-rf", f"/volumes/{volume}"]
        client.containers.run(base_image, command, volumes=inside, remove=True, labels=labels())
        with own_registry(motor_real) as again:
            assert again.container_id != found.container_id
            with urllib.request.urlopen(f"{again.url}/v2/_catalog", timeout=5) as answer:
                assert answer.read().strip() == b'{"repositories":[]}'


def test_a_port_that_is_taken(motor_real: Motor) -> None:
    """Un puerto ocupado se dice en español, con qué hacer, y no queda ningún contenedor."""
    if motor_real.choice.kind not in OWN_KINDS:
        pytest.skip("el puerto se ocupa en esta máquina, y el motor puede estar en otra")
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(RegistryError, match="ocupado") as error,
    ):
        local_registry(motor_real, port=taken.getsockname()[1])
    assert "port=" in error.value.next_step
    with own_registry(motor_real) as holder:
        port = int(holder.host.rpartition(":")[2])
        name = motor_real.client.containers.get(holder.container_id).name
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv(SESSION_VARIABLE, "registro-otra")
            with pytest.raises(RegistryError, match="ocupado"):
                local_registry(motor_real, port=port)
        names = [one.name for one in motor_real.client.containers.list(all=True) if "registro-" in one.name]
        assert [one for one in names if one.startswith("multietapa-registro-registro-")] == [name]


def test_one_that_closes_at_once(motor_real: Motor, base_image: str, tmp_path: Path) -> None:
    """Del que se cierra al arrancar se dice enseguida que se paró, con lo que escribió, y no queda nada."""
    tag = "multietapa-pruebas/registro-roto:1"
    build(motor_real.client, tmp_path, f"FROM {base_image}\nCMD sleep 0.3; echo no puedo; exit 3\n", tag=tag)
    started = time.monotonic()
    try:
        with pytest.raises(RegistryError, match="no arranca") as error:
            local_registry(motor_real, image=tag)
        assert time.monotonic() - started < START_SECONDS
        assert "código 3" in error.value.why
        assert "no puedo" in str(error.value)
        assert not [
            one for one in motor_real.client.containers.list(all=True) if "registro-local" in one.name
        ]
    finally:
        motor_real.client.images.remove(tag, force=True)


@pytest.mark.parametrize("port", [0, -1, 65_536, True, "5000", 5.5])
def test_a_port_that_cannot_be(motor_real: Motor, port: int) -> None:
    """Lo que no es un puerto se dice sin tocar el motor."""
    with pytest.raises(RegistryError, match=r"puerto .*") as error:
        local_registry(motor_real, port=port)
    assert "65535" in error.value.why
