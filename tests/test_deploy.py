"""Desplegar de verdad: a un segundo motor, o con el cliente del taller, hasta la primera respuesta."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.bases.families.registry import REFERENCE
from multietapa.cells.motor import Motor
from multietapa.engine.model import Choice, describe
from multietapa.engine.session import Engine
from multietapa.engine.slots import running
from multietapa.errors import ContainerError, DeployCancelled, DeployError, RegistryError
from multietapa.identity import LABEL, SESSION_VARIABLE
from multietapa.registry import node as nodes
from multietapa.registry.deploy import deploy
from multietapa.registry.events import LayerProgress, LayerState, Phase, PhaseFinished, PhaseStarted
from multietapa.registry.link import Link
from multietapa.registry.local import Registry
from multietapa.registry.node import ClientNode, EngineNode, Node, cold_node
from multietapa.registry.outcome import Deployment, NodeKind
from tests.conftest import SecondEngine, load_base_image, processes_mentioning, unavailable, until
from tests.pace import keeps_the_pace
from tests.shipping import app_image, drained, no_threads, noise, own_registry

MBPS = 20
SHARED, CHANGED = 4_000_000, 1_500_000


@pytest.fixture(scope="module")
def place(motor_real: Motor) -> Iterator[Registry]:
    """Un registro para estas pruebas."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SESSION_VARIABLE, "desplegar")
        with own_registry(motor_real) as found:
            yield found


@pytest.fixture(scope="module")
def versions(engine: docker.DockerClient, base_image: str) -> Iterator[tuple[str, str]]:
    """Dos versiones de una aplicación: comparten la base y la primera capa, y cambia la última."""
    assert base_image
    found = tuple(app_image(engine, noise(SHARED, 1), noise(CHANGED, n)) for n in (2, 3))
    yield found[0], found[1]
    for tag in found:
        engine.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def second() -> Iterator[EngineNode]:
    """Un segundo motor, que estas pruebas vacían cuando hace falta."""
    if reason := nodes.missing_reason():
        unavailable(f"no se puede desplegar a un segundo motor: {reason}")
    node = EngineNode()
    yield node
    node.close()


@pytest.fixture(params=["motor", "cliente"])
def node(request: pytest.FixtureRequest, motor_real: Motor) -> Node:
    """Un nodo sin ninguna capa, de cada clase."""
    if request.param == "cliente":
        return ClientNode(motor_real)
    found: EngineNode = request.getfixturevalue("second")
    found.empty()
    return found


@pytest.fixture
def ship(motor_real: Motor, place: Registry) -> Callable[..., Any]:
    """Despliega con el registro de estas pruebas y pregunta por ``/passwd``, que la imagen tiene."""

    def start(image: str, node: Node, mbps: float | None = MBPS, **options: Any) -> Any:
        return deploy(motor_real, image, registry=place, node=node, mbps=mbps, path="/passwd", **options)

    return start


def containers(client: docker.DockerClient) -> set[str]:
    """Los contenedores del taller en ese motor."""
    return {one.name for one in client.containers.list(all=True, filters={"label": f"{LABEL}=1"})}


def test_two_versions(
    ship: Callable[..., Any], node: Node, versions: tuple[str, str], motor_real: Motor
) -> None:
    """La primera viaja entera, al ritmo del enlace; de la segunda, solo su capa; y otra vez, nada."""
    before = containers(motor_real.client)
    events, first = drained(ship(versions[0], node, None))

    def transfer(mbps: float | None) -> float:
        nonlocal events, first
        node.empty()
        events, first = drained(ship(versions[0], node, mbps))
        return float(first.seconds[Phase.TRANSFER])

    keeps_the_pace(first.travelled_bytes * 8 / 1e6 / MBPS, lambda: transfer(MBPS), lambda: transfer(None))
    assert isinstance(first, Deployment)
    assert (first.node, first.mbps, first.status) == (node.kind, MBPS, 200)
    assert len(first.layers) == 3
    assert all(layer.travelled for layer in first.layers)
    assert first.present_bytes == 0
    assert first.travelled_bytes < first.link_bytes < first.travelled_bytes * 1.01
    started = [event.phase for event in events if isinstance(event, PhaseStarted)]
    finished = {event.phase: event.seconds for event in events if isinstance(event, PhaseFinished)}
    assert started == list(finished) == list(Phase)
    assert finished == first.seconds
    assert first.total_seconds == pytest.approx(sum(first.seconds.values()))

    _, second = drained(ship(versions[1], node))
    assert [layer.travelled for layer in second.layers] == [False, False, True]
    assert CHANGED < second.travelled_bytes < CHANGED * 1.01
    assert second.present_bytes > SHARED
    assert second.link_bytes < CHANGED * 1.02
    assert second.seconds[Phase.TRANSFER] < first.seconds[Phase.TRANSFER]

    events, third = drained(ship(versions[1], node))
    assert (third.travelled_bytes, third.present_bytes) == (0, sum(one.size for one in second.layers))
    assert third.link_bytes < 10_000
    node.empty()
    assert drained(ship(versions[1], node, None))[1].present_bytes == 0
    assert containers(motor_real.client) == before
    assert containers(node.engine.client) == (before if node.kind is NodeKind.CLIENT else set())
    no_threads()


def test_without_limit_it_goes_faster(
    ship: Callable[..., Any], node: Node, versions: tuple[str, str]
) -> None:
    """Sin límite, o a mil millones de Mb/s, tarda menos que a 20; lo que cuenta es lo medido."""
    for mbps in (None, 1e9):
        node.empty()
        _, found = drained(ship(versions[0], node, mbps))
        assert found.mbps == mbps
        assert found.seconds[Phase.TRANSFER] < found.travelled_bytes * 8 / 1e6 / MBPS


@pytest.mark.parametrize("mbps", [0, -1, float("nan")])
def test_a_speed_that_cannot_be(
    ship: Callable[..., Any], motor_real: Motor, versions: tuple[str, str], mbps: float
) -> None:
    """Una velocidad imposible se dice antes de subir nada."""
    with pytest.raises(DeployError, match="no puede ir a"):
        next(ship(versions[0], ClientNode(motor_real), mbps))


def test_an_app_that_never_answers(
    ship: Callable[..., Any], node: Node, motor_real: Motor, base_image: str
) -> None:
    """Si nadie contesta a tiempo, o el programa se cierra, el error lleva lo que escribió; no queda nada."""
    assert base_image
    before = containers(motor_real.client)
    said = {
        "en marcha, pero": ('["sh", "-c", "echo escucho en otro sitio; sleep 100"]', 2),
        "se cerró antes": ('["sh", "-c", "echo me voy; exit 3"]', 30),
    }
    for what, (command, timeout) in said.items():
        image = app_image(motor_real.client, command=command)
        try:
            with pytest.raises(ContainerError, match=what) as error:
                drained(ship(image, node, None, timeout=timeout))
            assert ("escucho en otro sitio" if "marcha" in what else "me voy") in error.value.detail
            assert image in error.value.what
        finally:
            motor_real.client.images.remove(image, force=True)
    assert containers(motor_real.client) == before
    no_threads()


@pytest.mark.parametrize("phase", list(Phase), ids=lambda phase: phase.name)
def test_cancelling_in_each_phase(
    ship: Callable[..., Any],
    node: Node,
    motor_real: Motor,
    versions: tuple[str, str],
    phase: Phase,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Cancelado en cualquier fase (a la mitad, si dura) acaba pronto, sin contenedor, hilo ni carpeta."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before, cancel = containers(motor_real.client), threading.Event()
    image = versions[0]
    if phase is Phase.HEALTHY:  # una que no contesta nunca: hay tiempo de cancelar
        image = app_image(motor_real.client, command='["sleep", "100"]')
    moment, lasts = 0.0, phase in (Phase.TRANSFER, Phase.HEALTHY)

    def go() -> None:
        nonlocal moment
        with closing(ship(image, node, MBPS if phase is Phase.TRANSFER else None, cancel=cancel)) as events:
            for event in events:
                if isinstance(event, PhaseStarted) and event.phase is phase:
                    moment = time.monotonic()
                    timer = threading.Timer(0.3 if lasts else 0, cancel.set)
                    timer.start()
                    if not lasts:
                        timer.join()

    with pytest.raises(DeployCancelled):
        go()
    assert time.monotonic() - moment < 8
    assert containers(motor_real.client) == before
    assert containers(node.engine.client) == (before if node.kind is NodeKind.CLIENT else set())
    assert list(tmp_path.iterdir()) == []
    no_threads()
    if image not in versions:
        motor_real.client.images.remove(image, force=True)


def test_a_registry_that_dies_on_the_way(
    motor_real: Motor, node: Node, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si el registro muere mientras la imagen viaja, se dice sin esperar a los reintentos."""
    monkeypatch.setenv(SESSION_VARIABLE, "registro-que-muere")
    assert base_image
    heavy = app_image(motor_real.client, noise(30_000_000, 9))  # lo que está ya en camino llega igual
    before, died = containers(motor_real.client), 0.0

    def go(found: Registry) -> None:
        nonlocal died
        with closing(deploy(motor_real, heavy, registry=found, node=node, mbps=8)) as events:
            travelling = False
            for event in events:
                travelling = travelling or isinstance(event, PhaseStarted)
                moving = isinstance(event, LayerProgress) and event.state is LayerState.TRAVELLING
                if travelling and moving and not died:
                    motor_real.client.containers.get(found.container_id).kill()
                    died = time.monotonic()

    with own_registry(motor_real) as found, pytest.raises(RegistryError, match=r"se paró|dejó de contestar"):
        go(found)
    motor_real.client.images.remove(heavy, force=True)
    assert died
    assert time.monotonic() - died < 20
    assert containers(motor_real.client) == before
    no_threads()


def test_closing_a_second_engine_leaves_nothing(motor_real: Motor) -> None:
    """Un nodo cerrado no deja procesos ni datos; y no cuenta entre los motores del taller."""
    if reason := nodes.missing_reason():
        unavailable(reason)
    phases: list[str] = []
    node = cold_node(motor_real, log=phases.append)
    assert isinstance(node, EngineNode)
    assert phases
    assert node.host not in {host for _, _, host in running()}  # puede haber otros, de otras pruebas
    assert node.engine.client.images.list() == []
    run = node.host.removeprefix("unix://").rpartition("/")[0]
    with Link(("127.0.0.1", 1), listener=node.listener()):
        assert processes_mentioning(run)
    node.close()
    node.close()
    until(lambda: not processes_mentioning(run))
    no_threads()


def test_where_there_can_be_no_second_engine(motor_real: Motor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Sin root, o fuera de Linux, el nodo es el cliente del taller, y dice por qué."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    node = cold_node(motor_real)
    assert (node.kind, node.why) == (NodeKind.CLIENT, "hace falta ser root")
    monkeypatch.setattr("sys.platform", "darwin")
    assert "Linux" in cold_node(motor_real).why


@pytest.mark.usefixtures("place")
def test_an_engine_with_containerd_and_one_that_is_not_of_the_workshop(
    motor_real: Motor, second_engine_factory: SecondEngine, second: EngineNode
) -> None:
    """Con el almacén de containerd, o con un motor que ya estaba, se despliega igual, a las dos clases."""
    with second_engine_factory(containerd=True) as (client, daemon):
        load_base_image(client)
        client.images.load(motor_real.client.images.get(REFERENCE).save(named=REFERENCE))  # sin ir a buscarla
        image = app_image(client, noise(1_000_000, 4))
        of_kind = {
            kind: Engine(Choice(kind, daemon.host, ""), describe(client, kind), client)
            for kind in ("privado", "existente")
        }
        second.empty()
        with own_registry(of_kind["existente"]) as found:
            for kind, node in (("privado", ClientNode(of_kind["privado"])), ("existente", second)):
                events = deploy(of_kind[kind], image, registry=found, node=node, mbps=None, path="/passwd")
                _, done = drained(events)
                assert (done.status, done.present_bytes, len(done.layers)) == (200, 0, 2)
                assert done.travelled_bytes > 1_000_000
        assert not [one for one in client.images.list() for tag in one.tags if "127.0.0.1" in tag]
