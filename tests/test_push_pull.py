"""Subir y bajar con el motor: cada capa se ve, se puede cancelar, y un registro que se va se dice pronto."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any, TypeVar

import docker
import pytest

from multietapa.bases.families.registry import REFERENCE, STORAGE
from multietapa.cells.motor import Motor
from multietapa.errors import DeployCancelled, RegistryError
from multietapa.identity import REGISTRY_LABEL, SESSION_VARIABLE, labels
from multietapa.registry.events import LayerDeclared, LayerProgress, LayerState, Pushed
from multietapa.registry.link import Link
from multietapa.registry.local import Registry, local_registry
from multietapa.registry.through_engine import name_in, pull, push
from tests.conftest import SecondEngine, until
from tests.crafted import archive, entry, layer
from tests.shipping import app_image, drained, no_threads, noise, own_registry

T = TypeVar("T", bound=BaseException)


@pytest.fixture(scope="module")
def place(motor_real: Motor) -> Iterator[Registry]:
    """Un registro para estas pruebas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SESSION_VARIABLE, "subir-y-bajar")
        with own_registry(motor_real) as found:
            yield found


@pytest.fixture
def image(engine: docker.DockerClient, base_image: str) -> Iterator[str]:
    """Una imagen con una capa de 6 MB que el registro no tiene."""
    assert base_image
    tag = app_image(engine, noise(6_000_000, time.monotonic_ns()))
    yield tag
    engine.images.remove(tag, force=True)


def tags(client: docker.DockerClient) -> set[str]:
    """Los nombres de todas las imágenes del motor."""
    return {tag for image in client.images.list() for tag in image.tags}


def test_there_and_back(motor_real: Motor, place: Registry, tag: str) -> None:
    """Se sube con sus capas, otra vez ya están todas, y se baja al mismo motor después de borrarla."""
    client, image = motor_real.client, tag
    client.images.load(archive([layer(entry("azar", noise(6_000_000, time.monotonic_ns())))], tag))
    before = tags(client)
    events, done = drained(push(client, image, place))
    assert isinstance(done, Pushed)
    assert events[-1] == done
    declared = {event.layer for event in events if isinstance(event, LayerDeclared)}
    last = {event.layer: event.state for event in events if isinstance(event, LayerProgress)}
    assert set(last) == declared
    assert set(last.values()) <= {LayerState.DONE, LayerState.PRESENT}
    assert done.layers >= 1
    assert any(e.state is LayerState.TRAVELLING and e.current for e in events if isinstance(e, LayerProgress))
    assert tags(client) == before
    _, again = drained(push(client, image, place))
    assert (again.layers, again.digest) == (0, done.digest)
    client.images.remove(image, force=True)
    pulled = list(pull(client, done.reference, place))
    assert LayerState.DONE in {event.state for event in pulled if isinstance(event, LayerProgress)}
    assert client.api.tag(done.reference, *image.rsplit(":", 1))
    client.images.remove(done.reference, noprune=True)
    no_threads()


@pytest.mark.parametrize("name", ["Tienda:ingenua", "taller/Tienda"])
def test_a_name_with_capitals(motor_real: Motor, place: Registry, name: str) -> None:
    """Un nombre con mayúsculas se dice, con el que sí vale, y sin hablar con el registro."""
    with pytest.raises(RegistryError, match="mayúsculas") as error:
        list(push(motor_real.client, name, place))
    assert name.split(":")[0].lower() in error.value.next_step


def test_the_name_it_gets(place: Registry) -> None:
    """Lleva el nombre de siempre, sin el del registro del que vino; un id se llama por sus cifras."""
    assert name_in(place, "tienda:ingenua") == (f"{place.host}/tienda", "ingenua")
    assert name_in(place, "ejemplo.org:5000/a/b") == (f"{place.host}/a/b", "latest")
    assert name_in(place, "localhost/a:1") == (f"{place.host}/a", "1")
    assert name_in(place, "taller/a:1") == (f"{place.host}/taller/a", "1")
    assert name_in(place, "sha256:" + "ab" * 32) == (f"{place.host}/imagen", "ab" * 6)
    with pytest.raises(RegistryError, match="no puede ser el nombre"):
        name_in(place, "tienda ñandú")


def test_an_image_that_does_not_exist(motor_real: Motor, place: Registry) -> None:
    """Lo que no está en el motor, o no está en el registro, se dice con su nombre."""
    with pytest.raises(RegistryError, match="No existe la imagen multietapa-pruebas/nadie:1"):
        list(push(motor_real.client, "multietapa-pruebas/nadie:1", place))
    with pytest.raises(RegistryError, match="No se pudo bajar"):
        list(pull(motor_real.client, f"{place.host}/nadie:1", place))


def interrupted(events: Any, act: Callable[[], Any], expected: type[T]) -> tuple[T, float]:
    """Hace algo cuando la primera capa ya viaja: el error con el que acaba, y lo que tardó en llegar."""
    acted = 0.0

    def go() -> None:
        nonlocal acted
        with closing(events):
            for event in events:
                if not acted and isinstance(event, LayerProgress) and event.state is LayerState.TRAVELLING:
                    act()
                    acted = time.monotonic()

    with pytest.raises(expected) as error:
        go()
    assert acted
    return error.value, time.monotonic() - acted


def cancels(events: Any, cancel: threading.Event) -> None:
    """Cancela cuando algo ya viaja; tiene que acabar enseguida y decirlo."""
    assert interrupted(events, cancel.set, DeployCancelled)[1] < 5


def test_two_at_once(motor_real: Motor, place: Registry, image: str) -> None:
    """Dos cuadernos suben la misma imagen a la vez, muchas veces: ninguno le quita el nombre al otro."""
    digests: list[str] = []

    def again_and_again() -> None:
        digests.extend(drained(push(motor_real.client, image, place))[1].digest for _ in range(15))

    threads = [threading.Thread(target=again_and_again) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(digests) == 30
    assert len(set(digests)) == 1


def test_cancelling_a_push(motor_real: Motor, place: Registry, image: str) -> None:
    """Cancelada a medias, el motor la deja, no queda el otro nombre ni ningún hilo, y se puede repetir."""
    cancel, before = threading.Event(), tags(motor_real.client)
    cancels(push(motor_real.client, image, place, cancel=cancel), cancel)
    assert tags(motor_real.client) == before
    no_threads()
    assert drained(push(motor_real.client, image, place))[1].digest


def killed_midway(client: docker.DockerClient, registry: Registry, events: Any) -> RegistryError:
    """El error de lo que pasa si el registro muere cuando una capa ya viaja; tiene que llegar pronto."""
    container = client.containers.get(registry.container_id)
    error, seconds = interrupted(events, container.kill, RegistryError)
    assert seconds < 20
    no_threads(besides="multietapa-enlace")
    return error


def test_a_registry_killed_during_a_push(
    motor_real: Motor, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si el registro muere a medias no se espera a los reintentos del motor: se dice, y después se repite."""
    monkeypatch.setenv(SESSION_VARIABLE, "registro-muerto")
    assert base_image
    client, heavy = motor_real.client, app_image(motor_real.client, noise(60_000_000, 7))
    try:
        with own_registry(motor_real) as found:
            error = killed_midway(client, found, push(client, heavy, found))
            assert "se paró" in error.what
            assert "vuelve a ponerse en marcha" in error.next_step
            assert not [tag for tag in tags(client) if found.host in tag]
            assert drained(push(client, heavy, local_registry(motor_real)))[1].layers >= 1
    finally:
        client.images.remove(heavy, force=True)


def test_a_registry_killed_during_a_pull_and_one_cancelled(
    motor_real: Motor, image: str, second_engine_factory: SecondEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otro motor baja por un enlace lento: se cancela sin dejar la imagen, y si el registro muere se dice."""
    from multietapa.registry.inside import listen_inside

    monkeypatch.setenv(SESSION_VARIABLE, "registro-bajando")
    with own_registry(motor_real) as found, second_engine_factory() as (other, daemon):
        reference = drained(push(motor_real.client, image, found))[1].reference
        _, _, name = reference.partition("/")
        with Link(found.address, mbps=8, listener=listen_inside(daemon.host)) as link:
            wanted = f"127.0.0.1:{link.address[1]}/{name}"
            cancel = threading.Event()
            cancels(pull(other, wanted, found, cancel=cancel), cancel)
            moved = link.down.bytes
            time.sleep(0.5)
            assert link.down.bytes - moved < 300_000
            assert other.images.list() == []
            error = killed_midway(motor_real.client, found, pull(other, wanted, found))
            assert "se paró" in error.what
            assert other.images.list() == []


def test_a_disk_that_is_full_in_the_registry(
    motor_real: Motor, place: Registry, image: str, engine: docker.DockerClient
) -> None:
    """Si en el registro no cabe, se dice que es su disco, sin esperar a los reintentos del motor."""
    small = engine.containers.run(
        REFERENCE,
        detach=True,
        labels={**labels({SESSION_VARIABLE: "registro-lleno"}), REGISTRY_LABEL: "1"},
        ports={"5000/tcp": ("127.0.0.1", None)},
        tmpfs={STORAGE: "size=2m"},
        use_config_proxy=False,
    )
    try:
        ports = engine.api.inspect_container(small.id)["NetworkSettings"]["Ports"]
        host = f"127.0.0.1:{ports['5000/tcp'][0]['HostPort']}"
        until(lambda: b"listening on" in small.logs())
        full = replace(place, container_id=small.id, host=host, url=f"http://{host}")
        began = time.monotonic()
        with pytest.raises(RegistryError, match="no queda espacio en el disco del registro") as error:
            list(push(engine, image, full))
        assert time.monotonic() - began < 20
        assert "limpiar()" in error.value.next_step
        assert not [tag for tag in tags(engine) if host in tag]
        assert motor_real.client.ping()
    finally:
        small.remove(force=True, v=True)
