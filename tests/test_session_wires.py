"""La sesión por cada camino que lleva a un motor: socket, TCP, TLS y ssh, de las dos maneras."""

from __future__ import annotations

import os
import secrets
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import docker
import docker.tls
import pytest

from multietapa.build.events import ContextSent, LogLine
from multietapa.build.pipeline import build_events
from multietapa.cells.motor import Motor
from multietapa.errors import BuildCancelled
from tests.certificates import identity, tls_server
from tests.conftest import needs_unix, processes_mentioning, until
from tests.relay import relay_slow, relay_tcp
from tests.sessions import build, contents, nothing_left
from tests.ssh_server import own_ssh, ssh_server

pytestmark = needs_unix
FILES, BIG = 3000, 50_000_000
TAG = "multietapa-pruebas/cable"
Way = Callable[[str, Path, pytest.MonkeyPatch], AbstractContextManager[docker.DockerClient]]


@contextmanager
def over_unix(host: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:  # noqa: ARG001
    """El socket del motor."""
    yield docker.DockerClient(base_url=host)


@contextmanager
def over_tcp(host: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:  # noqa: ARG001
    """TCP sin cifrar."""
    with relay_tcp(host) as address:
        yield docker.DockerClient(base_url=address)


@contextmanager
def over_tls(host: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    """TLS, con certificado de cliente."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):  # con ellas el SDK no mira los de TLSConfig
        monkeypatch.delenv(name, raising=False)
    folder = identity(work / "tls")
    pair = (f"{folder}/cert.pem", f"{folder}/key.pem")
    tls = docker.tls.TLSConfig(client_cert=pair, ca_cert=f"{folder}/ca.pem", verify=True)
    with relay_slow(host, tls=tls_server(folder, strict=True)) as address:
        yield docker.DockerClient(base_url=address, tls=tls)


@contextmanager
def over_ssh(host: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    """ssh, con paramiko."""
    monkeypatch.setenv("HOME", str(work))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with ssh_server(work, host) as address:
        yield docker.DockerClient(base_url=address)


@contextmanager
def over_ssh_command(host: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[docker.DockerClient]:
    """ssh, con la orden ``ssh`` de esta máquina."""
    monkeypatch.setenv("PATH", own_ssh(work / "bin", work))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    with ssh_server(work, host) as address:
        yield docker.DockerClient(base_url=address, use_ssh_client=True)
        until(lambda: not processes_mentioning(f"{work}/.ssh/config"))


@pytest.fixture(
    params=[over_unix, over_tcp, over_tls, over_ssh, over_ssh_command], ids=lambda way: way.__name__
)
def client(
    request: pytest.FixtureRequest, motor_real: Motor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[docker.DockerClient]:
    """Un cliente por cada camino."""
    way: Way = request.param
    with way(motor_real.choice.host, tmp_path, monkeypatch) as found:
        yield found
        found.close()


@pytest.fixture
def tag(engine: docker.DockerClient) -> Iterator[str]:
    """Una etiqueta que se borra al final."""
    yield f"{TAG}:{secrets.token_hex(4)}"
    for image in engine.images.list(TAG):
        engine.images.remove(image.id, force=True)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Una carpeta todavía vacía."""
    folder = tmp_path / "contexto"
    folder.mkdir()
    return folder


def test_many_files_travel_whole(
    client: docker.DockerClient, engine: docker.DockerClient, root: Path, tag: str
) -> None:
    """3.000 archivos llegan como son, la segunda vez no viaja ninguno y al acabar no queda nada abierto."""
    expected = {}
    for number in range(FILES):
        name = f"carpeta-{number % 30}/{number}.dat"
        (root / name).parent.mkdir(exist_ok=True)
        expected[name] = os.urandom(number % 2000)
        (root / name).write_bytes(expected[name])
    time.sleep(0.05)
    text = "FROM scratch\nCOPY . /\n"
    with nothing_left(client):
        first = build(client, root, text, tag=tag)
        second = build(client, root, text, tag=tag)
    assert first.sent == (FILES, sum(map(len, expected.values())))
    assert second.sent == (0, 0)
    assert contents(engine, first.image_id).items() >= expected.items()


def test_a_big_file_travels_whole(
    client: docker.DockerClient, engine: docker.DockerClient, root: Path, tag: str
) -> None:
    """50 MB en un archivo llegan como son."""
    (root / "grande").write_bytes(os.urandom(BIG))
    with nothing_left(client):
        done = build(client, root, "FROM scratch\nCOPY grande /\n", tag=tag)
    assert done.sent == (1, BIG)
    assert contents(engine, done.image_id)["grande"] == (root / "grande").read_bytes()


@pytest.mark.parametrize("moment", [ContextSent, LogLine])
def test_a_cancelled_build_leaves_nothing(
    client: docker.DockerClient, root: Path, tag: str, base_image: str, moment: type
) -> None:
    """Cancelar mientras viaja la carpeta, o durante un paso, para enseguida y no deja nada abierto."""
    (root / "grande").write_bytes(os.urandom(BIG))
    text = f"FROM {base_image}\nCOPY grande /\nRUN echo empieza; sleep 300\n"
    with nothing_left(client):
        start = time.monotonic()
        with pytest.raises(BuildCancelled):
            build_until(client, root, text, tag, moment)
        assert time.monotonic() - start < 30


def build_until(client: docker.DockerClient, root: Path, text: str, tag: str, moment: type) -> None:
    """Construye y lo cancela en el primer evento de la clase ``moment``."""
    cancel = threading.Event()
    for event in build_events(client, root, tag=tag, dockerfile=text, cancel=cancel):
        if isinstance(event, moment):
            cancel.set()
