"""Un despliegue plegado de sus sucesos: con sucesos sueltos, y con los de despliegues de verdad."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from itertools import pairwise

import pytest

from multietapa.cells.motor import Motor
from multietapa.errors import ContainerError, MultietapaError
from multietapa.identity import SESSION_VARIABLE
from multietapa.registry.deploy import deploy
from multietapa.registry.events import (
    DeployEvent,
    LayerDeclared,
    LayerProgress,
    LayerState,
    Phase,
    PhaseFinished,
    PhaseStarted,
    Pushed,
)
from multietapa.registry.node import ClientNode, Node, cold_node
from multietapa.registry.outcome import DeployedLayer, Deployment, NodeKind, middle
from multietapa.registry.state import (
    DeployPhase,
    DeployState,
    ImageOnItsWay,
    failed,
    finished,
    reduce,
    stopped,
)
from tests.shipping import app_image, drained, noise, own_registry

NEW = ImageOnItsWay("v1")


def folded(*events: DeployEvent, image: ImageOnItsWay = NEW) -> ImageOnItsWay:
    """La imagen después de esos sucesos."""
    return functools.reduce(reduce, events, image)


def done(seconds: float, name: str = "v1") -> Deployment:
    """Un despliegue de una capa que tardó eso en transferirse, y nada más."""
    phases = dict.fromkeys(Phase, 0.0) | {Phase.TRANSFER: seconds}
    layers = (DeployedLayer(f"sha256:{'a' * 64}", 10, True),)
    return Deployment(name, NodeKind.ENGINE, 20.0, layers, phases, 10, 0.0, 200)


# --- Sucesos sueltos ---


def test_before_the_first_phase_layers_go_to_the_registry() -> None:
    """Lo que pasa antes de transferir es la subida; lo de después, del nodo, y no se mezclan."""
    pushed = Pushed("127.0.0.1:1/v1:1", "sha256:0", 1, 0.3)
    image = folded(
        LayerDeclared("aaa"), LayerProgress("aaa", LayerState.TRAVELLING, 0.1, 40, 100),
        LayerProgress("aaa", LayerState.DONE, 0.2), pushed,
    )  # fmt: skip
    assert (image.phase, image.running, image.layers) == (DeployPhase.PUSHING, None, {})
    assert image.pushing["aaa"].size == 100  # el motor no lo dice hasta que empieza a subirla
    image = folded(PhaseStarted(Phase.TRANSFER, 0.0), LayerDeclared("bbb", 50), image=image)
    assert (image.phase, image.running, list(image.layers)) == (DeployPhase.RUNNING, Phase.TRANSFER, ["bbb"])
    assert list(image.pushing) == ["aaa"]


def test_the_bytes_of_each_layer_are_counted_once() -> None:
    """Llegan los de las capas que viajan, enteras o a medias; las que ya estaban se cuentan aparte."""
    image = folded(
        PhaseStarted(Phase.TRANSFER, 0.0),
        *(LayerDeclared(name, 100) for name in "abcde"),
        LayerProgress("a", LayerState.PRESENT, 0.1),
        LayerProgress("b", LayerState.TRAVELLING, 0.5, 30, 100),
        LayerProgress("c", LayerState.ARRIVED, 0.6),
        LayerProgress("d", LayerState.UNPACKING, 0.7, 10, 100),
    )
    assert (image.arrived_bytes, image.expected_bytes, image.present_bytes) == (230, 400, 100)
    assert image.told == 0.7
    assert list(image.layers) == list("abcde")
    assert image.layers["e"].state is LayerState.WAITING
    again = folded(LayerProgress("b", LayerState.TRAVELLING, 0.9, 5, 100), image=image)  # otro intento
    assert again.arrived_bytes == 205
    assert image.layers["b"].current == 30  # el valor de antes no cambia


def test_phases_start_and_finish() -> None:
    """De cada fase acabada quedan sus segundos; de la que está en marcha, cuándo empezó."""
    image = folded(
        PhaseStarted(Phase.TRANSFER, 0.0), PhaseFinished(Phase.TRANSFER, 2.0, 2.0),
        PhaseStarted(Phase.UNPACK, 2.0),
    )  # fmt: skip
    assert (image.seconds, image.running, image.since) == ({Phase.TRANSFER: 2.0}, Phase.UNPACK, 2.0)
    assert folded(PhaseFinished(Phase.UNPACK, 2.5, 0.5), image=image).running is None


def test_how_it_ends() -> None:
    """Acaba con su resultado, con por qué no y el registro de la aplicación, o dejada a medias."""
    half = folded(PhaseStarted(Phase.HEALTHY, 3.0))
    good = finished(half, done(2.0))
    assert (good.phase, good.running, good.result) == (DeployPhase.DONE, None, done(2.0))
    bad = failed(half, ContainerError("No contesta.", why="Se cerró.", detail="Error: x"))
    assert (bad.phase, bad.running) == (DeployPhase.FAILED, Phase.HEALTHY)
    assert (bad.reason, bad.detail) == ("No contesta. Se cerró.", "Error: x")
    assert failed(half, MultietapaError("No.")).reason == "No."
    assert stopped(half).phase is DeployPhase.CANCELLED
    ends = [good.phase, bad.phase, stopped(half).phase]
    assert [phase for phase in DeployPhase if phase.over] == ends


def test_all_is_over_when_each_one_is() -> None:
    """Una llamada no ha acabado mientras le quede una imagen en marcha o por empezar."""
    good = finished(NEW, done(1.0))
    assert not DeployState((good, NEW), NodeKind.ENGINE, 20.0, "").over
    assert DeployState((good, stopped(NEW)), NodeKind.ENGINE, 20.0, "").over


def test_the_middle_one_is_a_real_one() -> None:
    """De varios despliegues se da uno que pasó de verdad: el de total intermedio (de los dos, el menor)."""
    runs = [done(seconds) for seconds in (3.0, 1.0, 2.0)]
    assert middle(runs) is runs[2]
    assert middle([*runs, done(9.0)]) is runs[2]
    assert middle(runs[:1]) is runs[0]


# --- Sucesos de verdad ---


@pytest.fixture(params=["motor", "cliente"])
def node(request: pytest.FixtureRequest, motor_real: Motor) -> Iterator[Node]:
    """Un nodo sin ninguna capa, de cada clase."""
    found = ClientNode(motor_real) if request.param == "cliente" else cold_node(motor_real)
    yield found
    found.close()


def test_two_real_deployments(
    node: Node, motor_real: Motor, base_image: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Plegado suceso a suceso, un despliegue solo avanza, y al final dice lo que dice su resultado."""
    assert base_image
    monkeypatch.setenv(SESSION_VARIABLE, "estado")
    tags = [app_image(motor_real.client, noise(2_500_000, 11), noise(700_000, n)) for n in (12, 13)]
    with own_registry(motor_real) as found:
        for tag, there in zip(tags, (False, True), strict=True):
            options = {"registry": found, "node": node, "mbps": 40.0, "path": "/passwd"}
            events, result = drained(deploy(motor_real, tag, **options))  # type: ignore[arg-type]
            seen = [NEW]
            for event in events:
                seen.append(reduce(seen[-1], event))
            last = finished(seen[-1], result)
            order = list(DeployPhase)
            assert all(order.index(a.phase) <= order.index(b.phase) for a, b in pairwise(seen))
            assert all(a.arrived_bytes <= b.arrived_bytes for a, b in pairwise(seen))
            assert all(a.told <= b.told for a, b in pairwise(seen))
            assert all(image.arrived_bytes <= image.expected_bytes for image in seen if image.layers)
            assert last.seconds == seen[-1].seconds == result.seconds
            assert last.arrived_bytes == last.expected_bytes == result.travelled_bytes
            assert last.present_bytes == result.present_bytes
            assert (result.present_bytes > 2_500_000) is there
            assert set(last.layers) == {layer.short for layer in result.layers}
            ended = {layer.state for layer in last.layers.values()}
            assert ended == ({LayerState.DONE, LayerState.PRESENT} if there else {LayerState.DONE})
            pushed = {layer.state for layer in last.pushing.values()}
            assert pushed <= {LayerState.DONE, LayerState.PRESENT}
            assert last.pushing
    for tag in tags:
        motor_real.client.images.remove(tag, force=True)
