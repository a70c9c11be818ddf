"""Interrumpir una celda (■): una línea en español, y nada en marcha. Con un kernel y un motor de verdad."""

from __future__ import annotations

import io
import os
import queue
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import docker
import pytest
from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager, start_new_kernel

from multietapa.cells.limpiar import limpiar
from multietapa.cells.motor import Motor
from multietapa.engine.discovery import KIND_VARIABLE
from multietapa.identity import SESSION_VARIABLE, labels
from tests.conftest import until
from tests.shipping import nodes_of

SESSION = "interrumpida"
START = """
import io
import docker
from multietapa import comparar, construir, desplegar, ejercicio, limpiar, motor
cliente = docker.from_env(timeout=600)
motor().available
"""


@dataclass
class Learner:
    """Quien escribe en un cuaderno y pulsa ■."""

    manager: KernelManager
    client: BlockingKernelClient

    def interrupt(self, code: str, when: Callable[[str], object]) -> str:
        """Ejecuta una celda, la interrumpe cuando se cumple ``when`` y devuelve todo lo que se leyó.

        ``when`` recibe lo escrito hasta entonces.
        """
        asked = self.client.execute(code)
        pressed, read = False, ""
        limit = time.monotonic() + 120
        while True:
            assert time.monotonic() < limit, read
            if not pressed and when(read):
                self.manager.interrupt_kernel()
                pressed = True
            try:
                message = self.client.get_iopub_msg(timeout=0.05)
            except queue.Empty:
                continue
            if message["parent_header"].get("msg_id") != asked:
                continue
            read += _text(message["msg_type"], message["content"])
            if message["content"].get("execution_state") == "idle":
                assert pressed, read
                return read


def _text(kind: str, content: dict[str, Any]) -> str:
    if kind == "error":
        return "\n".join(content["traceback"])
    return str(content["text"]) if kind == "stream" else ""


@pytest.fixture(scope="module")
def learner(motor_real: Motor) -> Iterator[Learner]:
    """Un cuaderno abierto sobre el motor de las pruebas."""
    engine = {"DOCKER_HOST": motor_real.choice.host, KIND_VARIABLE: motor_real.choice.kind}
    env = {**os.environ, **engine, SESSION_VARIABLE: SESSION}
    manager, client = start_new_kernel(startup_timeout=60, env=env)
    try:
        client.execute_interactive(START, timeout=60)
        yield Learner(manager, client)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@pytest.fixture(scope="module")
def images(engine: docker.DockerClient, base_image: str) -> Iterator[dict[str, str]]:
    """Una imagen que no contesta a nadie y una que tarda en medirse."""
    recipes = {
        "muda": f'FROM {base_image}\nCMD ["sleep", "60"]\n',
        "grande": f"FROM {base_image}\nRUN dd if=/dev/urandom of=/x bs=1M count=60\n",
    }
    marks = labels({SESSION_VARIABLE: "imagenes-de-pruebas"})  # el limpiar() de la celda no se las lleva
    for name, recipe in recipes.items():
        engine.images.build(fileobj=io.BytesIO(recipe.encode()), tag=f"{name}:1", labels=marks, rm=True)
    yield {name: f"{name}:1" for name in recipes}
    for name in recipes:
        engine.images.remove(f"{name}:1", force=True)


def asleep(engine: docker.DockerClient) -> list[Any]:
    """Los contenedores en marcha que están dormidos."""
    return [c for c in engine.api.containers() if "sleep" in c["Command"]]


def check(read: str, said: str) -> None:
    """Lo que se leyó termina en una línea, en español y sin rastro de Python."""
    assert "Traceback" not in read
    assert "KeyboardInterrupt" not in read
    assert read.splitlines()[-1].startswith(f"■ Interrumpido: {said}"), read


def test_ejecutar(learner: Learner, engine: docker.DockerClient, base_image: str) -> None:
    """``motor().ejecutar``: su contenedor se borra."""
    read = learner.interrupt(f"motor().ejecutar('{base_image}', 'sleep 60')", lambda _: asleep(engine))
    check(read, "la orden se cortó y su contenedor se borró.")
    assert read.count("\n") == 0
    assert asleep(engine) == []


def test_comprobar(learner: Learner, engine: docker.DockerClient, images: dict[str, str]) -> None:
    """``comprobar``: el contenedor que se estaba esperando se borra."""
    code = f"ejercicio('02.2').comprobar('{images['muda']}')"
    read = learner.interrupt(code, lambda _: asleep(engine))
    check(read, "el ejercicio se quedó sin comprobar")
    assert asleep(engine) == []


def test_comparar(learner: Learner, images: dict[str, str]) -> None:
    """``comparar``: la tabla se queda como estaba y se dice; repetirla termina."""
    code = f"comparar('{images['grande']}', vista='texto')"
    read = learner.interrupt(code, lambda written: "(1 de 1)" in written)
    check(read, "la comparación se quedó a medias")
    assert "interrump" in read.lower().split("■")[0]
    client = learner.client
    assert (
        client.execute_interactive(code, timeout=120, output_hook=lambda _: None)["content"]["status"] == "ok"
    )


def test_desplegar(learner: Learner, images: dict[str, str], engine: docker.DockerClient) -> None:
    """``desplegar``: su contenedor y su nodo ya no están cuando se lee."""
    code = f"desplegar('{images['muda']}', mbps=None, vista='texto')"
    read = learner.interrupt(code, lambda written: "arrancar, " in written)
    check(read, "el despliegue se dejó a medias; su contenedor y su nodo se borraron.")
    kernel: Any = learner.manager.provisioner
    assert nodes_of(kernel.pid) == set()
    limpiar(cliente=engine, sesion=SESSION)


def test_build_of_the_sdk(learner: Learner, engine: docker.DockerClient, base_image: str) -> None:
    """``client.images.build``: el motor abandona la construcción y borra su contenedor."""
    recipe = f"FROM {base_image}\nRUN sleep 60\n".encode()
    code = f"cliente.images.build(fileobj=io.BytesIO({recipe!r}), tag='cortada:1', rm=True)"
    read = learner.interrupt(code, lambda _: asleep(engine))
    check(read, "la construcción se canceló, también en el motor.")
    until(lambda: not asleep(engine), seconds=15)
    assert engine.images.list("cortada:1") == []


def test_limpiar(learner: Learner, engine: docker.DockerClient, base_image: str) -> None:
    """``limpiar``: lo que no dio tiempo a borrar sigue ahí, y repetirlo lo borra."""
    marks = labels({SESSION_VARIABLE: SESSION})
    # Muchos: con el equipo ocupado, unos pocos se borran antes de que llegue la interrupción.
    made = [engine.containers.create(base_image, ["sleep", "1"], labels=marks) for _ in range(40)]

    def left() -> int:
        return len(engine.api.containers(all=True, filters={"label": list(map("=".join, marks.items()))}))

    read = learner.interrupt("limpiar()", lambda _: left() < len(made))
    check(read, "puede quedar algo sin borrar.")
    learner.client.execute_interactive("limpiar()", timeout=60, output_hook=lambda _: None)
    assert left() == 0


def test_any_other_cell(learner: Learner) -> None:
    """Una celda cualquiera también acaba en una línea."""
    read = learner.interrupt(
        "import time\nprint('ya', flush=True)\ntime.sleep(60)", lambda written: "ya" in written
    )
    check(read, "la celda se detuvo antes de terminar.")
