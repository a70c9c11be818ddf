"""``desplegar`` en una celda: lo que devuelve, lo que se pide mal, y que no queda nada si algo va mal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa import limpiar
from multietapa.bases.families.registry import REFERENCE, STORAGE
from multietapa.bases.sources import ensure_base
from multietapa.cells import desplegar as cell
from multietapa.cells.construccion import Construccion
from multietapa.cells.construir import construir
from multietapa.cells.desplegar import desplegar
from multietapa.cells.despliegues import Despliegues
from multietapa.cells.motor import Motor
from multietapa.engine.discovery import KIND_VARIABLE
from multietapa.errors import (
    ContainerError,
    DeployCancelled,
    DeployError,
    Interrupted,
    MultietapaError,
    NoEngineError,
    RegistryError,
    UnknownNameError,
)
from multietapa.identity import LABEL, REGISTRY_LABEL, SESSION_VARIABLE, labels
from multietapa.paths import PROJECT_ROOT
from multietapa.registry.events import LayerState, Phase
from multietapa.registry.outcome import NodeKind
from multietapa.registry.state import DeployPhase, DeployState
from multietapa.widgets.deploy.deploy import DeployView
from tests.conftest import until
from tests.shipping import app_image, no_threads, nodes_of, noise

SESSION = "celda-desplegar"
SHARED, CHANGED = 2_000_000, 700_000


@pytest.fixture(autouse=True)
def _own_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """El registro de estas pruebas no es el de nadie más."""
    monkeypatch.setenv(SESSION_VARIABLE, SESSION)


@pytest.fixture(scope="module")
def versions(engine: docker.DockerClient, base_image: str) -> Iterator[tuple[str, str]]:
    """Dos versiones de una aplicación: comparten la base y la primera capa."""
    assert base_image
    found = [app_image(engine, noise(SHARED, 21), noise(CHANGED, n)) for n in (22, 23)]
    yield found[0], found[1]
    for tag in found:
        engine.images.remove(tag, force=True)


@pytest.fixture(scope="module")
def registry_goes(engine: docker.DockerClient) -> Iterator[None]:
    """El registro de estas pruebas, que comparten, se va al final."""
    yield
    limpiar(cliente=engine, sesion=SESSION)


@pytest.fixture
def mute(engine: docker.DockerClient, base_image: str) -> Iterator[str]:
    """Una imagen que escribe algo y no contesta nunca."""
    assert base_image
    tag = app_image(
        engine, command='["sh", "-c", "echo espero a la base de datos; sleep 100"]\nSTOPSIGNAL SIGKILL'
    )
    yield tag
    engine.images.remove(tag, force=True)


def left(client: docker.DockerClient) -> set[str]:
    """Los contenedores del taller, sin contar los registros."""
    listed = client.containers.list(all=True, filters={"label": f"{LABEL}=1"})
    return {one.name for one in listed if REGISTRY_LABEL not in one.labels}


@pytest.fixture
def nothing_left(engine: docker.DockerClient, registry_goes: None) -> Iterator[None]:  # noqa: ARG001
    """Al acabar no queda ningún contenedor, hilo ni nodo más que al empezar."""
    before = left(engine)
    yield
    until(lambda: left(engine) == before)
    until(lambda: not nodes_of(os.getpid()))
    until(lambda: not [one for one in threading.enumerate() if one.name == "multietapa-desplegar"])
    no_threads()


class Presser:
    """Quien mira la vista de verdad y, en cuanto ve algo, hace algo: pulsar «Cancelar», por ejemplo."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.states: list[DeployState] = []
        self.view: Any = None
        self.when: Callable[[DeployState], object] = lambda _: False
        self.then: Callable[[], object] = self.press
        self.acted = 0.0
        monkeypatch.setattr(cell, "open_view", self.open)

    def open(self, _vista: object, widget: Callable[[], DeployView], _text: object) -> Presser:
        """La vista de un cuaderno, sin cuaderno."""
        self.view = widget()
        return self

    def press(self) -> None:
        """Lo que manda el botón."""
        self.view._handle_custom_msg({"type": "cancelar"}, [])  # noqa: SLF001

    def show(self, state: DeployState) -> None:
        """Lo que la celda enseña."""
        self.view.show(state)
        self.states.append(state)
        if not self.acted and self.when(state):
            self.acted = time.monotonic()
            self.then()

    def finish(self, state: DeployState, results: Any) -> None:
        """Lo último que enseña."""
        self.view.finish(state, results)
        self.states.append(state)


@pytest.fixture
def presser(monkeypatch: pytest.MonkeyPatch) -> Presser:
    """Una vista de verdad, vigilada."""
    return Presser(monkeypatch)


@pytest.fixture
def as_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """Como quien no es root: el nodo es el cliente del taller, que no hay que poner en marcha."""
    monkeypatch.setattr("os.geteuid", lambda: 1000)


@pytest.mark.usefixtures("nothing_left")
def test_what_travels_again(versions: tuple[str, str], presser: Presser) -> None:
    """Con el nodo templado, de la segunda solo viaja su capa; con repeticiones, se da la de en medio."""
    done = desplegar(
        *versions, nombres=["uno", "dos"], mbps=None, frio=False, veces=3, ruta="/passwd", entorno={"N": 1}
    )
    assert isinstance(done, Despliegues)
    assert list(done.despliegues) == list(done.segundos) == ["uno", "dos"]
    assert CHANGED < done.bytes_viajados["dos"] < CHANGED * 1.02 < SHARED < done.bytes_presentes["dos"]
    assert done.bytes_viajados["uno"] > SHARED + CHANGED
    assert done.bytes_presentes["uno"] == 0
    for name, runs in done.todos.items():
        assert len(runs) == 3
        assert len({run.travelled_bytes for run in runs}) == 1
        assert sorted(run.total_seconds for run in runs)[1] == done.total[name]
        assert done.segundos[name] == {phase.value: done.despliegues[name].seconds[phase] for phase in Phase}
        assert sum(done.segundos[name].values()) == pytest.approx(done.total[name])
    assert done.veces_mas_rapido == max(done.total.values()) / min(done.total.values())
    assert [row["etiqueta"] for row in done.tabla] == list(versions)
    assert [row["bytes que viajaron"] for row in done.tabla] == list(done.bytes_viajados.values())
    last = presser.states[-1]
    assert done.motor.label in repr(done)
    assert NodeKind.ENGINE.value in repr(done)
    assert "uno" in done.tabla_texto
    assert (last.node, last.over, last.turn) == (NodeKind.ENGINE, True, 3)
    assert any(state.preparing for state in presser.states)
    assert not [state for state in presser.states if state.over and state.turn < 3]


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_without_root_it_says_why(versions: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Sin root el nodo es el cliente del taller, y se lee por qué; lo que viaja es lo mismo."""
    done = desplegar(*versions, nombres=["uno", "dos"], mbps=1e9, frio=False, ruta="/passwd", vista="texto")
    assert {one.node for one in done.despliegues.values()} == {NodeKind.CLIENT}
    assert CHANGED < done.bytes_viajados["dos"] < CHANGED * 1.02
    said = "".join(capsys.readouterr())
    assert "hace falta ser root" in said
    assert NodeKind.CLIENT.value in said


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"mbps": 0}, "no puede ir a 0 Mb/s"),
        ({"mbps": True}, "no puede ir a True Mb/s"),
        ({"veces": 0}, "0 veces"),
        ({"veces": True}, "True veces"),
        ({"puerto": 70_000}, "puerto 70000"),
        ({"ruta": "salud"}, "no es una ruta"),
        ({"ruta": "/salud ñ"}, "no es una ruta"),
        ({"espera": 0}, "0 segundos"),
        ({"espera": float("nan")}, "nan segundos"),
    ],
)
def test_what_cannot_be(options: dict[str, Any], said: str) -> None:
    """Lo que no puede ser se dice sin tocar el motor, con un ejemplo."""
    with pytest.raises(DeployError, match=said) as error:
        desplegar("tienda:1", **options)
    assert "ejemplo" in error.value.next_step


def test_names_and_images() -> None:
    """Ninguna imagen, algo que no lo es, o dos que se llaman igual."""
    with pytest.raises(MultietapaError, match="ninguna imagen que desplegar"):
        desplegar()
    with pytest.raises(MultietapaError, match="no es una imagen: ''"):
        desplegar("")
    with pytest.raises(MultietapaError, match="se llaman igual: «a:1»"):
        desplegar("a:1", "a:1")
    with pytest.raises(MultietapaError, match="1 imagen y 2 nombres"):
        desplegar("a:1", nombres=["uno", "dos"])


def test_images_that_cannot_be_deployed(
    engine: docker.DockerClient, motor_real: Motor, tmp_path: Path
) -> None:
    """Una grabación, una que no existe, una con mayúsculas y una de otra plataforma: cada una con lo suyo."""
    assert motor_real.info is not None
    recorded = Construccion("sha256:1", "tienda:1", 1.0, (), "", motor_real.info, grabacion="GRABACIÓN")
    with pytest.raises(NoEngineError, match="es una grabación y no se puede desplegar"):
        desplegar(recorded, cliente=engine)
    with pytest.raises(UnknownNameError, match="No existe la imagen «nadie:1»"):
        desplegar("nadie:1", cliente=engine)
    with pytest.raises(MultietapaError, match="no es el nombre de una imagen") as error:
        desplegar("Tienda:1", cliente=engine)
    assert "minúsculas" in error.value.why + error.value.next_step
    other = "arm64" if motor_real.info.architecture == "amd64" else "amd64"
    (tmp_path / "a.txt").write_text("a")
    far = construir(
        tmp_path, etiqueta="multietapa-pruebas/lejos:1", dockerfile="FROM scratch\nCOPY a.txt /\n",
        plataforma=f"linux/{other}", vista=False, cliente=engine,
    )  # fmt: skip
    with pytest.raises(DeployError, match=f"es para linux/{other}"):
        desplegar(far, cliente=engine)
    engine.images.remove(far.etiqueta)


def test_without_an_engine(no_engine_environment: dict[str, str]) -> None:
    """Sin motor se dice por qué no lo hay."""
    program = (
        "from multietapa import desplegar\ntry:\n    desplegar('a:1')\nexcept Exception as e:\n    print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "MULTIETAPA_MOTOR_EN_MARCHA": "", **no_engine_environment},
        cwd=PROJECT_ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.stdout.startswith("No hay ningún motor"), done.stderr


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_the_port_it_declares(engine: docker.DockerClient, base_image: str) -> None:
    """El puerto es el que declara con ``EXPOSE``; lo que no es TCP no cuenta. Va por el cliente que se dé."""
    assert base_image
    command = '["httpd", "-f", "-p", "81", "-h", "/etc"]\nEXPOSE 81 53/udp'
    image = app_image(engine, command=command)
    done = desplegar(image, mbps=None, vista=False, cliente=engine)
    engine.images.remove(image, force=True)
    assert done.despliegues[image].status in (200, 404)


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_an_app_that_never_answers(versions: tuple[str, str], mute: str, presser: Presser) -> None:
    """El error lleva lo que escribió, la vista también, y la que faltaba ni se intenta."""
    with pytest.raises(ContainerError, match="nadie contesta en el puerto 3000") as error:
        desplegar(mute, versions[0], nombres=["muda", "otra"], mbps=None, espera=1.5)
    assert "espero a la base de datos" in error.value.detail
    first, second = presser.states[-1].images
    assert (first.phase, second.phase) == (DeployPhase.FAILED, DeployPhase.CANCELLED)
    assert "espero a la base de datos" in first.detail
    assert "espero a la base de datos" in "".join(presser.view.twins()[:1])


MOMENTS: dict[str, Callable[[DeployState], object]] = {
    "preparar": lambda state: state.preparing,
    "subir": lambda state: state.images[0].phase is DeployPhase.PUSHING,
    "transferir": lambda state: state.images[0].running is Phase.TRANSFER,
    "contestar": lambda state: state.images[0].running is Phase.HEALTHY,
}


@pytest.mark.usefixtures("nothing_left")
@pytest.mark.parametrize("moment", MOMENTS)
def test_the_cancel_button(
    engine: docker.DockerClient, request: pytest.FixtureRequest, presser: Presser, mute: str, moment: str
) -> None:
    """El botón, pulsado en cada momento, acaba pronto y lo deja dicho."""
    if moment in ("subir", "contestar"):
        request.getfixturevalue("as_client")
    presser.when = MOMENTS[moment]
    image = mute
    if moment in ("subir", "transferir"):
        image = app_image(engine, noise(40_000_000 if moment == "subir" else 4_000_000, time.monotonic_ns()))
    with pytest.raises(DeployCancelled):
        desplegar(image, mbps=4 if moment == "transferir" else None)
    assert presser.acted
    assert time.monotonic() - presser.acted < 10
    assert presser.states[-1].images[0].phase is DeployPhase.CANCELLED
    if image != mute:
        engine.images.remove(image, force=True)


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_ctrl_c(presser: Presser, mute: str, engine: docker.DockerClient) -> None:
    """Ctrl-C se dice en una línea, y lo que estaba en marcha se recoge antes de volver."""
    before = left(engine)
    presser.when = MOMENTS["contestar"]
    presser.then = lambda: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Interrupted, match="se dejó a medias"):
        desplegar(mute, mbps=None)
    assert left(engine) == before
    assert presser.states[-1].images[0].phase is DeployPhase.CANCELLED


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_ctrl_c_without_patience(presser: Presser, mute: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Si no se espera a que se recoja, se dice que todavía se está en ello; y acaba recogido."""
    monkeypatch.setattr(cell, "STOP_LIMIT", 0.0)
    presser.when = MOMENTS["contestar"]
    presser.then = lambda: os.kill(os.getpid(), signal.SIGINT)
    with pytest.raises(Interrupted, match="todavía se está recogiendo"):
        desplegar(mute, mbps=None)
    assert presser.states[-1].over


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_a_view_that_breaks(presser: Presser, mute: str) -> None:
    """Si se va quien leía, el despliegue se recoge y el error es el suyo."""

    def broken() -> None:
        raise BrokenPipeError

    presser.when, presser.then = MOMENTS["transferir"], broken
    with pytest.raises(BrokenPipeError):
        desplegar(mute, mbps=0.5)


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_a_registry_killed_during_the_push(
    engine: docker.DockerClient, motor_real: Motor, base_image: str, presser: Presser
) -> None:
    """Si el registro muere mientras se sube se dice, y al repetir la celda vuelve y se despliega."""
    assert base_image
    image = app_image(engine, noise(40_000_000, 31))
    motor_real.registro()
    name = f"multietapa-registro-{SESSION}"
    presser.when = lambda state: any(
        layer.state is LayerState.TRAVELLING for layer in state.images[0].pushing.values()
    )
    presser.then = lambda: motor_real.client.containers.get(name).kill()
    try:
        with pytest.raises(RegistryError, match=r"se paró") as error:
            desplegar(image, mbps=None, ruta="/passwd")
        assert presser.acted
        assert time.monotonic() - presser.acted < 20
        assert "Repite la celda" in error.value.next_step
        assert presser.states[-1].images[0].phase is DeployPhase.FAILED
        assert desplegar(image, mbps=None, ruta="/passwd").bytes_viajados[image] > 40_000_000
    finally:
        engine.images.remove(image, force=True)


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_a_registry_without_room(
    engine: docker.DockerClient, versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si no cabe en el registro, se dice que es su disco y cómo vaciarlo."""
    monkeypatch.setenv(SESSION_VARIABLE, "celda-lleno")
    ensure_base(engine, REFERENCE)
    small = engine.containers.run(
        REFERENCE, detach=True, labels={**labels(), REGISTRY_LABEL: "1"}, tmpfs={STORAGE: "size=1m"},
        ports={"5000/tcp": ("127.0.0.1", None)}, use_config_proxy=False,
    )  # fmt: skip
    try:
        with pytest.raises(RegistryError, match="no queda espacio en el disco del registro") as error:
            desplegar(versions[0], mbps=None, vista=False)
        assert "limpiar()" in error.value.next_step
    finally:
        small.remove(force=True, v=True)


@pytest.mark.usefixtures("nothing_left", "as_client")
def test_a_disk_without_room_on_arrival(
    versions: tuple[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Si no cabe donde se baja, se dice que es este disco, y no queda nada en él."""
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "pequeño", str(tmp_path)]
    if not shutil.which("mount") or subprocess.run(mount, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("aquí no se puede montar un disco pequeño")
    try:
        monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
        with pytest.raises(DeployError, match="No se pudo escribir la imagen en este disco") as error:
            desplegar(versions[0], mbps=None, vista=False)
        assert "No queda espacio" in error.value.why
        assert list(tmp_path.iterdir()) == []
    finally:
        subprocess.run(["umount", "-l", tmp_path], check=True)


def kernel(motor_real: Motor, code: str) -> subprocess.Popen[str]:
    """Otro proceso, como un cuaderno más de la misma sesión, que ejecuta eso."""
    env = {**os.environ, "DOCKER_HOST": motor_real.choice.host, KIND_VARIABLE: motor_real.choice.kind}
    return subprocess.Popen(
        [sys.executable, "-c", f"from multietapa import desplegar\n{code}"],
        env=env, cwd=PROJECT_ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


@pytest.mark.usefixtures("nothing_left")
def test_two_kernels_at_once(motor_real: Motor, versions: tuple[str, str]) -> None:
    """Dos cuadernos despliegan a la vez la misma imagen: comparten el registro y cada uno tiene su nodo."""
    code = (
        f"print(desplegar({versions[0]!r}, mbps=None, veces=2, ruta='/passwd', vista=False).bytes_viajados)"
    )
    both = [kernel(motor_real, code) for _ in range(2)]
    said = [one.communicate(timeout=100)[0] for one in both]
    assert [one.returncode for one in both] == [0, 0], said
    assert said[0] == said[1]


@pytest.mark.usefixtures("registry_goes")
def test_a_kernel_killed_midway(motor_real: Motor, mute: str, engine: docker.DockerClient) -> None:
    """Si el kernel muere de golpe, su nodo se va con él: ni procesos, ni contenedores, ni datos."""
    containers = left(engine)
    running = kernel(motor_real, f"desplegar({mute!r}, mbps=None, vista='texto')")
    assert running.stdout is not None
    for line in running.stdout:
        if "arrancar," in line:  # ya arrancó; nadie contesta
            break
    nodes = nodes_of(running.pid)
    assert nodes
    running.kill()
    running.wait()
    until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in nodes), seconds=20)
    assert left(engine) == containers
