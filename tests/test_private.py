"""El motor privado: funciona, no toca nada del anfitrión y no deja nada."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from pathlib import Path

import docker
import pytest
from docker.models.containers import Container

from multietapa.cells.motor import motor
from multietapa.engine import session, supervisor
from multietapa.engine.bundle import make as bundle
from multietapa.engine.private.daemon import PrivateDaemon
from multietapa.errors import ContainerError, EngineError
from multietapa.identity import labels
from multietapa.paths import PROJECT_ROOT
from multietapa.registry.local import local_registry
from tests.conftest import BASE_IMAGE, SecondEngine, load_base_image, motor_over, run_web


def host_state() -> dict[str, object]:
    """Lo que un motor podría estropear: interfaces, montajes, reglas y grupos de control."""
    interfaces = sorted(path.name for path in Path("/sys/class/net").iterdir())
    mounts = sorted(line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines())
    routes = Path("/proc/net/route").read_text()
    forwarding = Path("/proc/sys/net/ipv4/ip_forward").read_text()
    return {"interfaces": interfaces, "mounts": mounts, "routes": routes, "forwarding": forwarding}


def test_private_engine_leaves_the_host_as_it_was(second_engine_factory: SecondEngine) -> None:
    """Interfaces, montajes, rutas y procesos del anfitrión son los mismos durante y después."""
    before = host_state()
    with second_engine_factory() as (client, daemon):
        assert client.ping()
        load_base_image(client)
        client.containers.run("multietapa-pruebas/base:1", "echo hola", remove=True, labels=labels())
        assert host_state() == before
        run, pids = daemon.run, [daemon.process.pid, daemon.network.pid]
    assert host_state() == before
    assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
    assert not list(Path("/sys/fs/cgroup").glob(f"**/multietapa-{run.name}"))
    assert not list(run.glob("*.sock"))


def test_two_engines_do_not_see_each_other(
    second_engine_factory: SecondEngine, engine: docker.DockerClient
) -> None:
    """Dos talleres a la vez: cada uno con sus contenedores y sus puertos."""
    with second_engine_factory() as (client, daemon):
        load_base_image(client)
        container = run_web(client)
        assert container.id not in {c.id for c in engine.containers.list()}
        url = motor_over(client, daemon).direccion(container, 80)
        with urllib.request.urlopen(f"{url}/passwd", timeout=5) as answer:
            assert b"root:x:0" in answer.read()
        container.remove(force=True)
        deadline = time.monotonic() + 5
        while json.loads((daemon.run / "puertos.json").read_text()) and time.monotonic() < deadline:
            time.sleep(0.05)
        assert json.loads((daemon.run / "puertos.json").read_text()) == {}


def test_taken_port_is_explained(second_engine_factory: SecondEngine) -> None:
    """Publicar un puerto que ya usa otro programa del anfitrión se explica con el número."""
    with socket.socket() as busy, second_engine_factory() as (client, daemon):
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        load_base_image(client)
        container = client.containers.run(
            "multietapa-pruebas/base:1", ["sleep", "60"], detach=True, ports={"80/tcp": port}, labels=labels()
        )
        here = motor_over(client, daemon)
        with pytest.raises(ContainerError, match=f"El puerto {port} no se puede usar"):
            here.direccion(container, 80)
        container.remove(force=True)


def test_killed_engine_is_noticed_and_leaves_nothing(second_engine_factory: SecondEngine) -> None:
    """Tras un corte de luz no queda ningún proceso del motor."""
    with second_engine_factory() as (client, daemon):
        pids = [daemon.process.pid, daemon.network.pid]
        daemon.kill()
        assert not daemon.alive
        assert not any(Path(f"/proc/{pid}").exists() for pid in pids)
        with pytest.raises((docker.errors.DockerException, OSError)):
            client.version()


def test_engine_that_cannot_start_shows_its_log(second_engine_factory: SecondEngine) -> None:
    """Si dockerd no arranca, el error trae lo último que escribió y dónde está el registro."""
    with second_engine_factory() as (_, daemon):
        daemon.stop()
        daemon.options = ("--storage-driver=inventado",)
        with pytest.raises(EngineError, match="inventado") as raised:
            daemon.start()
        assert str(daemon.log_path) in str(raised.value)
        assert not daemon.alive


def test_supervisor_stops_its_engine_when_its_parent_is_killed(engine: docker.DockerClient) -> None:
    """Si quien pidió el motor muere de golpe, el motor se apaga solo."""
    script = (
        "from multietapa.engine import supervisor; import time; s = supervisor.start(); "
        "print(s.host, s.process.pid, flush=True); time.sleep(600)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", script],
        stdout=subprocess.PIPE,
        text=True,
        cwd=PROJECT_ROOT,
    )
    assert parent.stdout is not None
    host = parent.stdout.readline().split()[0]
    assert docker.DockerClient(base_url=host).ping()
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    parent.stdout.close()
    deadline = time.monotonic() + 20
    while Path(host.removeprefix("unix://")).exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not Path(host.removeprefix("unix://")).exists()
    assert engine.ping(), "el otro motor sigue vivo"


def descendants(pid: int) -> list[int]:
    """Los procesos que cuelgan de ``pid``, de arriba abajo; del que acaba mientras se mira, ninguno."""
    try:
        found = [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    return found + [deeper for child in found for deeper in descendants(child)]


@pytest.mark.usefixtures("engine")
def test_a_dead_dockerd_comes_back_with_its_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Si dockerd muere, vuelve con las mismas imágenes y el registro con lo suyo; ``motor()`` lo espera."""
    monkeypatch.setenv("MULTIETAPA_RUN", str(tmp_path / "r"))
    running = supervisor.start()
    try:
        client = docker.DockerClient(base_url=running.host, timeout=60)
        base = load_base_image(client)
        mine = motor_over(client, running)
        monkeypatch.setattr(session, "_current", mine)
        shop = f"{local_registry(mine).host}/tienda"
        assert client.api.tag(base, shop, "1")
        client.images.push(shop, "1")
        client.images.remove(f"{shop}:1", noprune=True)
        for pid in descendants(running.process.pid):
            with suppress(FileNotFoundError, ProcessLookupError):  # alguno es de paso, y ya acabó
                if b"dockerd" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[0]:
                    os.kill(pid, signal.SIGKILL)
        assert session.current() is mine
        assert client.images.get(base).tags == [base]
        assert mine.registro().imagenes == ["tienda:1"]
        client.images.remove(base, force=True)
        running.stop()
        assert not session.comes_back(mine, seconds=5)
    finally:
        running.stop()


@pytest.mark.parametrize("name", ["aula, año 2026", "a:b"])
@pytest.mark.usefixtures("engine")
def test_any_folder_name_works(tmp_path: Path, name: str) -> None:
    """El paquete y los datos pueden estar en una carpeta con espacios, comas, eñes o dos puntos."""
    folder = tmp_path / name
    folder.mkdir()
    (folder / "paquete").symlink_to(bundle.make())
    daemon = PrivateDaemon(folder / "paquete", run=tmp_path / "r", data=folder / "datos", slot=19)
    try:
        daemon.start()
        assert docker.DockerClient(base_url=daemon.host).ping()
    finally:
        daemon.stop()


def test_engines_of_two_run_folders_do_not_share_control_groups(tmp_path: Path) -> None:
    """Dos motores con el mismo número en carpetas de ejecución distintas no comparten grupos de control."""
    made = [PrivateDaemon(tmp_path, run=tmp_path / place / "motor-1", data=tmp_path) for place in "ab"]
    assert made[0].cgroup != made[1].cgroup


def shares_mounts(client: docker.DockerClient) -> Container:
    """Comprueba un montaje ``rshared`` en un motor que tiene la imagen base; da el contenedor, en marcha."""
    mount = {"/tmp": {"bind": "/compartida", "mode": "rw,rshared"}}
    container: Container = client.containers.run(
        BASE_IMAGE, ["sleep", "60"], detach=True, volumes=mount, labels=labels()
    )
    mounts = container.exec_run(["cat", "/proc/self/mountinfo"]).output.decode().splitlines()
    assert " shared:" in next(line for line in mounts if line.split()[4] == "/compartida")
    return container


def shows_processes(container: Container) -> None:
    """Comprueba ``docker top`` en un contenedor de :func:`shares_mounts`, y lo borra."""
    top = container.top()
    assert "sleep 60" in [row[top["Titles"].index("CMD")] for row in top["Processes"]]
    container.remove(force=True)


@pytest.mark.usefixtures("base_image")
def test_processes_and_shared_mounts(engine: docker.DockerClient) -> None:
    """``top()`` enseña los procesos de un contenedor, y una carpeta se puede montar con ``rshared``."""
    if motor().choice.kind == "privado" and os.geteuid() != 0:
        shares_mounts(engine).remove(force=True)  # sin root no hay grupos de control, ni «docker top»
    else:
        shows_processes(shares_mounts(engine))
