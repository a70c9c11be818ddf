"""El motor embebido: un dockerd de verdad dentro de User-mode Linux, sin privilegios."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import socket
import ssl
import stat
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import docker
import pytest

from multietapa.build.engine_facts import free_bytes
from multietapa.build.events import BuildFinished
from multietapa.build.pipeline import build_events
from multietapa.engine import supervisor
from multietapa.engine.bundle import make as bundle
from multietapa.engine.contexts import read as read_contexts
from multietapa.engine.embedded import daemon as embedded
from multietapa.engine.embedded.daemon import EmbeddedDaemon
from multietapa.engine.embedded.data_disk import DataDisk
from multietapa.engine.host.run_folder import STATE
from multietapa.engine.slots import reserve
from multietapa.engine.state import read
from multietapa.errors import EngineError, MultietapaError
from multietapa.identity import labels
from multietapa.measure.measure import measure
from tests.conftest import (
    BASE_IMAGE,
    body_of,
    load_base_image,
    motor_over,
    processes_mentioning,
    run_web,
    unavailable,
    until,
)
from tests.sessions import everything_at_once
from tests.test_contexts import write_context
from tests.test_discovery import run_cells
from tests.test_private import shares_mounts, shows_processes
from tools.docker_cli import DockerCommand, command_line

pytestmark = pytest.mark.motor
MEMORY_MB = 640
#: Llena el disco hasta el último byte y devuelve tantos KiB.
FILL = (
    "rm -f /resto /grande /final;"
    " dd if=/dev/zero of=/resto bs=1k count={}; dd if=/dev/zero of=/grande bs=64k;"
    " for i in $(seq 50); do echo x >> /final; done; rm /resto; sync"
)


@pytest.fixture(scope="module")
def daemon() -> Iterator[EmbeddedDaemon]:
    """Un motor embebido en marcha, con un disco pequeño."""
    with running(data_size_mb=1500) as started:
        yield started


@pytest.fixture(scope="module")
def client(daemon: EmbeddedDaemon) -> Iterator[docker.DockerClient]:
    """El SDK sobre el motor embebido, con la imagen base de las pruebas dentro."""
    found = docker.DockerClient(base_url=daemon.host, timeout=120)
    load_base_image(found)
    yield found
    found.close()


class running:
    """``with running() as daemon``: un motor embebido en un hueco libre y con datos de usar y tirar."""

    def __init__(self, *, data: Path | None = None, data_size_mb: int = 0) -> None:
        if reason := embedded.missing_reason():
            unavailable(f"no se puede arrancar un motor embebido: {reason}")
        self.slot, self.temporary = reserve(), data is None
        self.data = data or Path(tempfile.mkdtemp(prefix="multietapa-datos-"))
        self.daemon = EmbeddedDaemon(
            bundle.make(), run=self.slot.run, data=self.data, slot=self.slot.number,
            data_size_mb=data_size_mb, memory_mb=MEMORY_MB,
        )  # fmt: skip
        self.phases: list[str] = []

    def __enter__(self) -> EmbeddedDaemon:
        self.daemon.start(log=self.phases.append)
        return self.daemon

    def __exit__(self, *_: object) -> None:
        self.daemon.stop()
        self.slot.release()
        if self.temporary:
            shutil.rmtree(self.data)


def docker_client(daemon: EmbeddedDaemon) -> Any:
    """Un cliente que se cierra solo."""
    return closing(docker.DockerClient(base_url=daemon.host, timeout=120))


def test_start_tells_its_phases_and_stop_leaves_nothing() -> None:
    """Se ven el núcleo, la red y dockerd; al parar no queda proceso ni socket, y el disco está limpio."""
    engine = running()
    with engine as started:
        told = " · ".join(engine.phases)
        assert [word in told for word in ("núcleo", "red", "dockerd")] == [True] * 3
        assert stat.S_IMODE((started.run / "docker.sock").stat().st_mode) == 0o600
        with docker_client(started) as client:
            load_base_image(client)
            client.containers.run(BASE_IMAGE, "sleep 60", detach=True, labels=labels())
        assert processes_mentioning(str(started.run))
    assert not processes_mentioning(str(started.run))
    assert not [path for path in started.run.iterdir() if path.suffix not in (".log", "") or path.is_socket()]


def test_disk_is_clean_after_an_orderly_stop(tmp_path: Path) -> None:
    """Tras apagar en orden, la revisión completa del disco no encuentra nada, y las imágenes siguen ahí."""
    with running(data=tmp_path) as started, docker_client(started) as client:
        load_base_image(client)
    assert started.disk.clean()
    with running(data=tmp_path) as again, docker_client(again) as client:
        assert client.images.get(BASE_IMAGE)


def test_disk_survives_a_power_cut(tmp_path: Path) -> None:
    """Si su máquina muere de golpe, el disco se arregla solo y conserva las imágenes."""
    engine = running(data=tmp_path)
    with engine as started:
        with docker_client(started) as client:
            load_base_image(client)
        time.sleep(6)  # lo que tarda su diario en llegar al disco
        started.kill()
        started.start()
        with docker_client(started) as client:
            assert client.images.get(BASE_IMAGE)


def test_published_ports_reach_the_host(daemon: EmbeddedDaemon, client: docker.DockerClient) -> None:
    """Un puerto publicado (en todas las direcciones o solo en 127.0.0.1) contesta aquí, y luego se cierra."""
    here = motor_over(client, daemon, "embebido")
    for publication in (None, ("127.0.0.1", None)):
        container = run_web(client, publication)
        url = here.direccion(container, 80)
        with urllib.request.urlopen(f"{url}/passwd", timeout=5) as answer:
            assert b"root:x:0" in answer.read()
        container.remove(force=True)
        until(lambda: json.loads((daemon.run / "puertos.json").read_text()) == {})


def test_processes_and_shared_mounts(client: docker.DockerClient) -> None:
    """``top()`` enseña los procesos de un contenedor, y una carpeta se puede montar con ``rshared``."""
    shows_processes(shares_mounts(client))


def test_sdk_runs_and_talks_to_containers(client: docker.DockerClient) -> None:
    """run, exec, logs en directo, attach con entrada que se cierra, y wait: como en cualquier motor."""
    assert client.containers.run(BASE_IMAGE, "echo hola", remove=True, labels=labels()) == b"hola\n"
    container = client.containers.run(
        BASE_IMAGE, ["sh", "-c", "for i in 1 2 3; do echo $i; sleep 0.2; done"], detach=True, labels=labels()
    )
    assert [line for line in container.logs(stream=True, follow=True)] == [b"1\n", b"2\n", b"3\n"]
    assert container.wait()["StatusCode"] == 0
    container.remove()
    container = client.containers.create(BASE_IMAGE, "cat", stdin_open=True, labels=labels())
    attached = container.attach_socket(params={"stdin": 1, "stdout": 1, "stream": 1})
    container.start()
    with socket.socket(fileno=os.dup(attached.fileno())) as wire:
        wire.setblocking(True)
        wire.sendall(b"una linea\n" * 20_000)
        wire.shutdown(socket.SHUT_WR)
        received = b"".join(iter(lambda: wire.recv(65536), b""))
    assert received.count(b"una linea\n") >= 19_000  # con cabeceras de 8 bytes entre medias
    attached.close()
    assert container.wait(timeout=10)["StatusCode"] == 0
    container.remove()
    container = client.containers.run(BASE_IMAGE, "sleep 60", detach=True, labels=labels())
    assert (
        container.exec_run(["sh", "-c", "echo dentro; ls /bin/busybox"]).output == b"dentro\n/bin/busybox\n"
    )
    container.remove(force=True)


def test_sdk_builds_saves_loads_and_prunes(client: docker.DockerClient) -> None:
    """build con el SDK, save y load de ida y vuelta, events y prune (solo lo etiquetado)."""
    since = int(time.time()) - 1
    dockerfile = io.BytesIO(f"FROM {BASE_IMAGE}\nRUN echo hola > /saludo\n".encode())
    image, _ = client.images.build(
        fileobj=dockerfile, tag="multietapa-pruebas/sdk:1", labels=labels(), rm=True
    )
    saved = b"".join(image.save(named=True))
    client.images.remove("multietapa-pruebas/sdk:1")
    assert client.images.load(saved)[0].id == image.id
    assert client.containers.run(image, "cat /saludo", remove=True, labels=labels()) == b"hola\n"
    seen = [event["Action"] for event in client.events(since=since, until=int(time.time()) + 1, decode=True)]
    assert {"tag", "create", "start", "die", "destroy"} <= set(seen)
    client.images.remove("multietapa-pruebas/sdk:1", force=True)
    client.containers.create(BASE_IMAGE, "true", labels=labels())
    pruned = client.containers.prune(filters={"label": [f"{k}={v}" for k, v in labels().items()]})
    assert len(pruned["ContainersDeleted"]) >= 1


@pytest.mark.usefixtures("base_image")
def test_same_image_measures_the_same_here_and_natively(
    client: docker.DockerClient, engine: docker.DockerClient, tmp_path: Path
) -> None:
    """La misma imagen construida aquí y en el motor del taller tiene el mismo Desempaquetado, al byte."""
    (tmp_path / "datos.txt").write_text("dato\n" * 20_000)
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BASE_IMAGE} AS build\nCOPY datos.txt /datos\n"
        "RUN cat /datos /datos > /doble && ln /doble /otro\n"
        f"FROM {BASE_IMAGE}\nCOPY --from=build /doble /doble\nRUN rm /bin/wget; echo x > /x\n"
    )
    sizes = []
    for number, each in enumerate((client, engine)):
        tag = f"multietapa-pruebas/misma:{number}"
        assert finished(each, tmp_path, tag).image_id
        sizes.append(measure(each, tag).unpacked_bytes)
        each.images.remove(tag, force=True)
    assert sizes[0] == sizes[1] > 200_000


def finished(client: docker.DockerClient, folder: Path, tag: str, **options: Any) -> BuildFinished:
    """Construye y devuelve el final de la construcción."""
    events = list(build_events(client, folder, tag=tag, **options))
    last = events[-1]
    assert isinstance(last, BuildFinished), last
    return last


def test_another_user_cannot_reach_the_engine(daemon: EmbeddedDaemon, client: docker.DockerClient) -> None:
    """Otro usuario no puede abrir el socket, y el puerto de la API no atiende sin el certificado."""
    assert daemon.tunnel is not None
    port, path = daemon.tunnel.port, str(daemon.run / "docker.sock")

    def attempt() -> str:
        try:
            socket.socket(socket.AF_UNIX).connect(path)
            return "abrió el socket"
        except PermissionError:
            pass
        for name in ("api.key", "slirp.sock", "vec.sock", "estado.json"):
            if os.access(daemon.run / name, os.R_OK):
                return f"puede leer {name}"
        plain = socket.create_connection(("127.0.0.1", port), 5)
        plain.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
        if b"API-Version" in plain.recv(4096) or b"OK\n" in plain.recv(4096):
            return "contestó sin TLS"
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        try:
            secure = context.wrap_socket(socket.create_connection(("127.0.0.1", port), 5))
            secure.sendall(b"GET /_ping HTTP/1.1\r\nHost: x\r\n\r\n")
            return f"contestó sin certificado: {secure.recv(4096)!r}"
        except (ssl.SSLError, ConnectionError):
            return ""

    assert as_another_user(attempt) == ""
    assert client.ping()


def test_an_engine_with_tls_is_used_through_its_context(
    daemon: EmbeddedDaemon, client: docker.DockerClient, tmp_path: Path
) -> None:
    """De un contexto con TLS, el SDK y la orden ``docker`` reciben su motor y sus certificados."""
    assert daemon.tunnel is not None
    own = write_context(tmp_path, "seguro", f"tcp://127.0.0.1:{daemon.tunnel.port}", skip_verify=True)
    own.mkdir(parents=True)
    for name, source in (("ca.pem", "api.crt"), ("cert.pem", "api.crt"), ("key.pem", "api.key")):
        shutil.copy(daemon.run / source, own / name)
    variables = {"DOCKER_CONTEXT": "seguro", "DOCKER_CONFIG": str(tmp_path), "REQUESTS_CA_BUNDLE": ""}
    identity, exported, *_ = run_cells("", **variables, CURL_CA_BUNDLE="")
    assert identity == client.info()["ID"]
    assert exported.startswith(f"tcp://127.0.0.1:{daemon.tunnel.port} ")
    place = read_contexts(variables).known["seguro"]
    command = DockerCommand(str(command_line() / "usr/bin/docker"), {**os.environ, **place.variables()})
    assert command.run("info", "--format", "{{.ID}}").stdout.strip() == identity


def as_another_user(action: Callable[[], str]) -> str:
    """Lo que devuelve ``action`` en un proceso del usuario «nobody»."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(65534)
            os.setuid(65534)
            answer = action()
        except BaseException as problem:  # noqa: BLE001  lo recibe el padre
            answer = repr(problem)
        os.write(write_end, answer.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as answer_file:
        answer = answer_file.read()
    os.waitpid(child, 0)
    return answer


def test_network_comes_back_during_a_build(
    daemon: EmbeddedDaemon, client: docker.DockerClient, tmp_path: Path
) -> None:
    """Si slirp muere a mitad de una construcción, en 10 s hay motor otra vez, y repetirla funciona."""
    (tmp_path / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN sleep 4; echo listo > /listo\n")
    web = run_web(client)
    url = motor_over(client, daemon, "embebido").direccion(web, 80)
    outcome: list[object] = []

    def build() -> None:
        try:
            outcome.append(finished(client, tmp_path, "multietapa-pruebas/corte:1"))
        except MultietapaError as problem:
            outcome.append(problem)

    thread = threading.Thread(target=build)
    thread.start()
    time.sleep(2)
    os.kill(daemon.network.pid, signal.SIGKILL)
    until(lambda: not daemon.network.alive)
    killed = time.monotonic()
    daemon.look_after()
    until(lambda: answers(daemon))
    assert time.monotonic() - killed < 10
    assert daemon.network_restarts == 1
    thread.join(60)
    assert outcome
    assert isinstance(outcome[0], (BuildFinished, MultietapaError))
    if isinstance(outcome[0], MultietapaError):
        assert "motor" in str(outcome[0])
    with docker_client(daemon) as again:
        assert finished(again, tmp_path, "multietapa-pruebas/corte:1").image_id
        again.images.remove("multietapa-pruebas/corte:1", force=True)
        assert b"root:x:0" in until(lambda: body_of(f"{url}/passwd"))
        again.containers.get(web.id).remove(force=True)


def answers(daemon: EmbeddedDaemon) -> bool:
    """El motor contesta a una petición de verdad."""
    try:
        with docker_client(daemon) as client:
            return bool(client.ping())
    except (OSError, docker.errors.DockerException):
        return False


def test_a_pause_of_the_machine_is_waited_for(daemon: EmbeddedDaemon) -> None:
    """Si el equipo se queda sin procesador para ella más de lo normal, la petición espera y se contesta."""
    assert daemon.process is not None
    machine = os.getpgid(daemon.process.pid)
    os.killpg(machine, signal.SIGSTOP)
    again = threading.Timer(7.0, os.killpg, (machine, signal.SIGCONT))
    again.start()
    started = time.monotonic()
    try:
        with docker_client(daemon) as client:
            assert client.ping()
    finally:
        again.join()
    assert time.monotonic() - started > 6.0


def test_full_disk_is_explained_and_the_engine_goes_on(tmp_path: Path) -> None:
    """Sin sitio en su disco, la construcción falla con un error claro y el motor sigue sirviendo."""
    (tmp_path / "Dockerfile").write_text(
        f"FROM {BASE_IMAGE}\nRUN dd if=/dev/zero of=/grande bs=1M count=900\n"
    )
    with running(data_size_mb=400) as started, docker_client(started) as client:
        load_base_image(client)
        with pytest.raises(MultietapaError) as caught:
            finished(client, tmp_path, "multietapa-pruebas/lleno:1")
        assert "espacio" in str(caught.value)

        def works() -> (
            bool
        ):  # BuildKit devuelve enseguida, pero no al momento, lo que ocupaba el paso fallido
            try:
                return bool(client.containers.run(BASE_IMAGE, "echo sigo", remove=True, labels=labels()))
            except docker.errors.APIError:
                return False

        until(works, seconds=30)


def test_a_build_with_all_that_can_be_given(client: docker.DockerClient, tmp_path: Path) -> None:
    """Secretos, otras carpetas, otra plataforma y archivos de vuelta cruzan también el túnel."""
    everything_at_once(client, BASE_IMAGE, tmp_path)


def test_free_space_is_known_while_the_disk_stays_full() -> None:
    """Con el disco lleno, quede lo que quede, se sabe cuánto: medirlo no necesita escribir en él."""
    with running(data_size_mb=400) as started, docker_client(started) as client:
        load_base_image(client)
        full = client.containers.run(BASE_IMAGE, ["sleep", "600"], detach=True, labels=labels())
        for left in (0, 32, 40, 48, 56, 64, 256):
            full.exec_run(["sh", "-c", FILL.format(left)])
            free = free_bytes(client, BASE_IMAGE)
            assert free is not None, f"con {left} KiB libres no supo cuánto queda"
            assert free < 1_000_000
        full.remove(force=True, v=True)
        until(lambda: (free_bytes(client, BASE_IMAGE) or 0) > 100_000_000, seconds=30)


def test_killed_machine_is_told_and_comes_back_with_its_images(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Si el núcleo embebido muere, el estado lo dice y su supervisor lo levanta con las mismas imágenes."""
    real_bundle = bundle.make()
    monkeypatch.setenv("MULTIETAPA_PAQUETE", str(real_bundle))
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "caché con espacios, y comas"))
    served = supervisor.start("embebido")
    run = Path(served.host.removeprefix("unix://")).parent
    try:
        with docker.DockerClient(base_url=served.host, timeout=60).api as api:
            load_base_image(docker.DockerClient(base_url=served.host, timeout=60))
            assert api.version()["Os"] == "linux"
        machine = int((run / "uml/motor/pid").read_text())
        time.sleep(6)
        os.kill(machine, signal.SIGKILL)
        until(lambda: "cayó" in read(run / STATE).get("fase", ""), seconds=5)
        until(lambda: read(run / STATE).get("fase") == "en marcha", seconds=30)
        assert read(run / STATE)["arranques"] == 2
        assert docker.DockerClient(base_url=served.host, timeout=60).images.get(BASE_IMAGE)
    finally:
        served.stop()
    assert not processes_mentioning(str(run))


def test_nothing_remains_when_the_supervisor_is_killed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Si el supervisor muere de golpe, el motor se va con él, y su disco tiene arreglo."""
    real_bundle = bundle.make()
    monkeypatch.setenv("MULTIETAPA_PAQUETE", str(real_bundle))
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path))
    served = supervisor.start("embebido")
    run = Path(served.host.removeprefix("unix://")).parent
    served.process.kill()
    served.process.wait()
    until(lambda: not processes_mentioning(str(run)), seconds=5)
    disk = next(tmp_path.glob("motores/*/disco.img"))
    assert DataDisk(real_bundle, disk).check()


def test_broken_root_is_explained(tmp_path: Path) -> None:
    """Si su máquina no llega a arrancar, el error dice en qué fase, enseña el registro y no deja nada."""
    root = tmp_path / "raiz"
    shutil.copytree(bundle.make(), root, symlinks=True)
    (root / "arranque").unlink()
    slot = reserve()
    broken = EmbeddedDaemon(
        root, run=slot.run, data=tmp_path / "datos", slot=slot.number, memory_mb=MEMORY_MB
    )
    with pytest.raises(EngineError, match="núcleo"):
        broken.start()
    assert not processes_mentioning(str(slot.run))
    slot.release()
