"""El despliegue con presupuesto de un ejercicio, de verdad y con imágenes pequeñas."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from multietapa import apps
from multietapa.cells.motor import Motor
from multietapa.errors import ContainerError
from multietapa.exercises.bench import Bench
from multietapa.exercises.trial import deploy_within
from multietapa.identity import LABEL, SESSION_LABEL, SESSION_VARIABLE
from multietapa.registry import node as nodes
from multietapa.registry.events import Phase
from multietapa.registry.outcome import NodeKind
from tests.shipping import app_image, no_threads, noise, own_registry

MBPS = 8.0
SIZE = 3_000_000
STOPS = '["sh", "-c", "echo me voy; exit 3"]'


@pytest.fixture(scope="module")
def _place(motor_real: Motor) -> Iterator[None]:
    """Un registro para estas pruebas, y un nodo que no hay que poner en marcha."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(SESSION_VARIABLE, "presupuesto")
        patch.setattr(nodes, "missing_reason", lambda: "aquí se prueba el otro")
        with own_registry(motor_real):
            yield


@pytest.fixture
def bench(motor_real: Motor, base_image: str, _place: None) -> Iterator[Callable[..., Bench]]:
    """Lo que hace falta para desplegar una imagen que pesa ``SIZE`` y contesta en ``/passwd``."""
    assert base_image
    made: list[str] = []

    def prepared(**options: str) -> Bench:
        made.append(app_image(motor_real.client, noise(SIZE, 7), **options))
        return Bench(motor_real, made[0], replace(apps.app("tienda-node"), health="/passwd"), timeout=20)

    yield prepared
    for tag in made:
        motor_real.client.images.remove(tag, force=True)


def test_in_time(bench: Callable[..., Bench]) -> None:
    """El que llega tiene sus cinco fases medidas, los bytes que viajaron y a qué nodo."""
    trial = deploy_within(bench(), 60.0, mbps=MBPS, port=3000)
    assert trial.answered
    assert trial.node is NodeKind.CLIENT
    assert list(trial.seconds) == list(Phase)
    assert trial.total == pytest.approx(sum(trial.seconds.values()))
    assert trial.travelled == trial.size > SIZE
    assert trial.seconds[Phase.TRANSFER] > SIZE * 8 / MBPS / 1e6 * 0.95
    no_threads()


def test_cut_when_it_can_no_longer_arrive(bench: Callable[..., Bench], motor_real: Motor) -> None:
    """El que ya no llega se corta antes de acabar, con lo que había viajado, y no deja nada en marcha."""
    trial = deploy_within(bench(), 1.0, mbps=MBPS, port=3000)
    assert not trial.answered
    assert 0 < trial.travelled < trial.size
    assert trial.left > 0
    assert trial.total < SIZE * 8 / MBPS / 1e6
    no_threads()
    labels = {"label": [f"{LABEL}=1", f"{SESSION_LABEL}=presupuesto"]}
    assert len(motor_real.client.containers.list(all=True, filters=labels)) <= 1  # el registro


def test_one_that_does_not_answer(bench: Callable[..., Bench]) -> None:
    """El que se cierra antes de contestar es un error con lo que escribió, no un despliegue lento."""
    with pytest.raises(ContainerError) as raised:
        deploy_within(bench(command=STOPS), 60.0, mbps=100.0, port=3000)
    assert "me voy" in str(raised.value)
    no_threads()
