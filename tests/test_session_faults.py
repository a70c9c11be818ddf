"""La sesión cuando algo va mal: el motor que muere o tarda, lo que se cancela, lo que no se puede leer."""

from __future__ import annotations

import _thread
import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import docker
import pytest
import requests

from multietapa.build.events import BuildFailed, ContextSent, Event, LogLine
from multietapa.build.pipeline import build_events
from multietapa.build.session import filesync, grpc, schema
from multietapa.build.session.http2 import Connection
from multietapa.build.session.http2_stream import Broken
from multietapa.build.session.listing import FolderOffer
from multietapa.build.session.stream import stream
from multietapa.build.session.wire import AdoptedWire, PlainWire, ProcessWire
from multietapa.build.stream import BuildOptions
from multietapa.cells.motor import Motor
from multietapa.dockerfile.context import open_context
from multietapa.errors import BuildCancelled, EngineLostError, MultietapaError
from multietapa.paths import PROJECT_ROOT
from tests.conftest import SecondEngine, load_base_image, needs_unix, unavailable, until
from tests.relay import relay_slow
from tests.sessions import at_work, build, contents, nothing_left
from tests.test_build import endless, processes

pytestmark = needs_unix
FILES = int(os.environ.get("MULTIETAPA_ARCHIVOS") or 20_000)
TEXT = "FROM scratch\nCOPY . /\n"


@pytest.fixture
def tag(engine: docker.DockerClient) -> Iterator[str]:
    """Una etiqueta que se borra al final."""
    name = f"multietapa-pruebas/fallos-{secrets.token_hex(4)}"
    yield name
    for image in engine.images.list(name):
        engine.images.remove(image.id, force=True)


@pytest.mark.parametrize("moment", [ContextSent, LogLine])
def test_an_engine_that_dies(second_engine_factory: SecondEngine, tmp_path: Path, moment: type) -> None:
    """Si el motor muere mientras viaja la carpeta, o en un paso, se dice enseguida y no queda ningún hilo."""
    (tmp_path / "grande").write_bytes(os.urandom(100_000_000))
    with second_engine_factory() as (client, daemon):
        text = f"FROM {load_base_image(client)}\nCOPY grande /\nRUN echo empieza; sleep 300\n"
        events: list[Event] = []
        died = 0.0

        def follow() -> None:
            nonlocal died
            for event in build_events(client, tmp_path, tag="x:1", dockerfile=text):
                events.append(event)
                if isinstance(event, moment) and not died:
                    died = time.monotonic()
                    daemon.kill()

        with pytest.raises(EngineLostError):
            follow()
        assert time.monotonic() - died < 10
        assert isinstance(events[-1], BuildFailed)
        until(lambda: not at_work(), seconds=2)


def test_cancelling_at_any_moment_leaves_nothing(
    engine: docker.DockerClient, base_image: str, tmp_path: Path, tag: str
) -> None:
    """Cancelar 20 veces, cada una en un momento al azar: ni hilos, ni sockets, ni pasos en marcha."""
    (tmp_path / "grande").write_bytes(os.urandom(30_000_000))
    text, mark = endless(base_image)
    text = text.replace("\n", "\nCOPY grande /\n", 1)
    seed = random.randrange(10**9)
    print("semilla", seed)
    draw = random.Random(seed)
    with nothing_left(engine):
        for _ in range(20):
            (tmp_path / "grande").write_bytes(os.urandom(30_000_000))
            cancel, delay = threading.Event(), draw.uniform(0, 1.2)
            threading.Timer(delay, cancel.set).start()
            start = time.monotonic()
            with pytest.raises(BuildCancelled):
                list(build_events(engine, tmp_path, tag=tag, dockerfile=text, cancel=cancel))
            assert time.monotonic() - start < delay + 10
            until(lambda: not at_work(), seconds=2)
    assert processes(engine, base_image, mark) == 0


def test_ctrl_c_while_the_folder_travels(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Ctrl-C mientras viaja la carpeta corta el viaje y no deja nada."""
    (tmp_path / "grande").write_bytes(os.urandom(300_000_000))
    with nothing_left(engine):
        stream = build_events(engine, tmp_path, tag=tag, dockerfile=TEXT)
        with closing(stream):
            next(event for event in stream if isinstance(event, ContextSent))
            threading.Timer(0.01, _thread.interrupt_main).start()
            with pytest.raises(KeyboardInterrupt):
                list(stream)
    assert engine.images.list(tag) == []


def test_eight_builds_at_once(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Ocho construcciones a la vez, cada dos de la misma carpeta, acaban bien y cada una con lo suyo."""
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name in range(200):
            (folder / f"{name}.txt").write_text(f"{number}-{name}")

    def one(number: int) -> dict[str, bytes]:
        done = build(engine, tmp_path / str(number % 4), TEXT, tag=f"{tag}:{number}")
        return contents(engine, done.image_id)

    with ThreadPoolExecutor(8) as several:
        found = list(several.map(one, range(8)))
    for number, files in enumerate(found):
        assert files["7.txt"] == f"{number % 4}-7".encode()
        assert len(files) >= 200
    until(lambda: not at_work(), seconds=2)


def test_a_very_long_dockerignore(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Un ``.dockerignore`` de 6.000 líneas, que viaja entero en las cabeceras, vale como uno corto."""
    rules = [f"carpeta-{number}/*.larguísimo-{number}" for number in range(6000)]
    (tmp_path / ".dockerignore").write_text("\n".join([*rules, "no*", ""]), encoding="utf-8")
    (tmp_path / "carpeta-5").mkdir()
    for name in ("si.txt", "no.txt", "carpeta-5/a.larguísimo-5", "carpeta-5/a.larguísimo-6"):
        (tmp_path / name).write_text(name)
    found = contents(engine, build(engine, tmp_path, TEXT, tag=tag).image_id)
    assert {"si.txt", "carpeta-5/a.larguísimo-6"} <= found.keys()
    assert not {"no.txt", "carpeta-5/a.larguísimo-5"} & found.keys()


def test_very_many_files(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Muchísimos archivos viajan todos (``MULTIETAPA_ARCHIVOS`` dice cuántos) y la segunda vez, ninguno."""
    for number in range(FILES):
        folder = tmp_path / f"{number // 500}"
        if number % 500 == 0:
            folder.mkdir()
        (folder / str(number)).write_text(str(number))
    time.sleep(0.05)
    for expected in (FILES, 0):
        start = time.monotonic()
        assert build(engine, tmp_path, TEXT, tag=tag).sent[0] == expected
        print(f"{expected} archivos viajaron: {time.monotonic() - start:.1f} s")


def test_a_file_with_holes(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Un archivo con huecos viaja con su tamaño entero, y los huecos son ceros."""
    with (tmp_path / "huecos").open("wb") as file:
        file.truncate(50_000_000)
        file.seek(20_000_000)
        file.write(b"algo")
    expected = (tmp_path / "huecos").read_bytes()
    assert contents(engine, build(engine, tmp_path, TEXT, tag=tag).image_id)["huecos"] == expected


def test_a_link_that_leaves_the_folder(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Un enlace que sale de la carpeta viaja como enlace: nunca lo que hay al otro lado."""
    root = tmp_path / "carpeta"
    root.mkdir()
    (tmp_path / "fuera").mkdir()
    (tmp_path / "fuera/secreto").write_text("secreto")
    (root / "enlace").symlink_to("../fuera")
    (root / "archivo").symlink_to(tmp_path / "fuera/secreto")
    (root / "a").write_text("a")
    found = contents(engine, build(engine, root, TEXT, tag=tag).image_id)
    assert "secreto" not in "".join(found)
    assert b"secreto" not in b"".join(found.values())
    with pytest.raises(MultietapaError):
        build(engine, root, "FROM scratch\nCOPY enlace/secreto /\n", tag=tag)


CHILD = """
import sys
import docker
from multietapa.build.pipeline import build_events
from multietapa.errors import MultietapaError
client = docker.DockerClient(base_url=sys.argv[1])
try:
    list(build_events(client, sys.argv[2], tag=sys.argv[3], dockerfile=sys.argv[4]))
except MultietapaError as error:
    print(error)
else:
    print("construida")
client.close()
"""


def test_what_cannot_be_read_is_said(motor_real: Motor, tmp_path: Path, tag: str) -> None:
    """Sin permiso de lectura: si hace falta, se dice cuál; si nadie lo pide, se construye. Nunca va vacío."""
    (tmp_path / "a").write_text("a")
    (tmp_path / "cerrado").write_text("secreto")
    (tmp_path / "cerrado").chmod(0)
    (tmp_path / "cerrada").mkdir(mode=0)
    command = [sys.executable, "-c", CHILD, motor_real.choice.host, str(tmp_path), tag]
    if os.geteuid() == 0:  # a root nada se le cierra, salvo que renuncie
        if not shutil.which("setpriv"):
            unavailable("falta setpriv")
        given_up = "-dac_override,-dac_read_search"
        command = ["setpriv", f"--bounding-set={given_up}", f"--inh-caps={given_up}", *command]

    def said(text: str) -> str:
        return subprocess.run(
            [*command, text], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True
        ).stdout

    assert "No se puede leer «cerrado»" in said("FROM scratch\nCOPY cerrado a /\n")
    assert "No se puede leer «cerrada»" in said(TEXT)
    assert said("FROM scratch\nCOPY a /\n") == "construida\n"


def test_a_slow_engine(engine: docker.DockerClient, motor_real: Motor, tmp_path: Path, tag: str) -> None:
    """Con un camino que retrasa cada trozo, lo que tarda es el camino, y todo llega."""
    for number in range(300):
        (tmp_path / str(number)).write_bytes(os.urandom(3000))
    with relay_slow(motor_real.choice.host, pause=0.02) as host:
        client = docker.DockerClient(base_url=host)
        with nothing_left(client):
            done = build(client, tmp_path, TEXT, tag=tag)
        client.close()
    assert contents(engine, done.image_id)["7"] == (tmp_path / "7").read_bytes()


def test_an_engine_that_does_not_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Del motor que acepta la conexión y calla se dice que no contesta, y no que se apagó."""
    monkeypatch.setattr("multietapa.build.session.wire.ANSWER_SECONDS", 0.5)
    (tmp_path / "Dockerfile").write_text(TEXT)
    with closing(socket.socket(socket.AF_UNIX)) as silent:
        silent.bind(str(tmp_path / "s"))
        silent.listen()
        client = docker.DockerClient(base_url=f"unix://{tmp_path / 's'}", version="1.51")
        events = stream(client, open_context(tmp_path), BuildOptions("Dockerfile", tag="calla:1"), text=TEXT)
        with pytest.raises(EngineLostError, match=r"en 0,5 s no ha contestado") as caught:
            next(events)
        client.close()
    assert "se apagó" not in str(caught.value)
    until(lambda: not at_work(), seconds=2)


@contextmanager
def intruder(root: Path, failures: list[MultietapaError]) -> Iterator[Connection]:
    """La conexión con la que un motor que no es de fiar pide a quien ofrece ``root``."""
    ours, theirs = socket.socketpair()
    serve = grpc.serve(
        {filesync.METHOD.lower(): filesync.handler({"context": FolderOffer(root)}, failed=failures.append)}
    )
    ends = [AdoptedWire(PlainWire(end), b"", requests.Response()) for end in (ours, theirs)]
    server = Connection(ends[0], client=False, serve=serve)
    engine = Connection(ends[1], client=True)
    try:
        yield engine
    finally:
        engine.close()
        server.close()
        ours.close()
        theirs.close()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"dir-name": "otra"}, "la carpeta «otra»"),
        ({}, "la carpeta «»"),
        ({"dir-name": "context", "followpaths": "../../etc/passwd"}, "«../../etc/passwd»"),
        ({"dir-name": "context", "followpaths": "a/../../fuera"}, "«a/../../fuera»"),
    ],
)
def test_an_engine_that_asks_for_what_is_not_offered(
    tmp_path: Path, asked: dict[str, str], said: str
) -> None:
    """Una carpeta que no se ofrece, o un camino que sale de ella, no se dan, y se dice qué se pidió."""
    root = tmp_path / "carpeta"
    root.mkdir()
    (tmp_path / "fuera").write_text("secreto")
    failures: list[MultietapaError] = []
    with intruder(root, failures) as engine:
        made = grpc.call(engine, filesync.METHOD, asked)
        made.half_close()
        answered: list[bytes] = []
        with pytest.raises(grpc.GrpcError):
            answered.extend(made.messages())
    assert said in failures[0].what
    assert b"secreto" not in b"".join(answered)
    until(lambda: not at_work(), seconds=2)


@pytest.mark.parametrize("number", [0, 2, 99, 2**31])
def test_an_engine_that_asks_for_what_was_not_announced(tmp_path: Path, number: int) -> None:
    """Pedir una carpeta, un enlace o un número que no se anunció corta el viaje sin dar nada."""
    (tmp_path / "a").mkdir()
    (tmp_path / "a/b").write_text("contenido")
    (tmp_path / "c").symlink_to("/etc/passwd")
    failures: list[MultietapaError] = []
    with intruder(tmp_path, failures) as engine:
        made = grpc.call(engine, filesync.METHOD, {"dir-name": "context"})
        made.send(schema.new("Packet", type=schema.REQ, ID=number).SerializeToString(), now=True)
        packets: list[Any] = []
        with pytest.raises(grpc.GrpcError):
            packets.extend(schema.read("Packet", message) for message in made.messages())
    assert "no se le había anunciado" in failures[0].what
    assert [packet.stat.path for packet in packets if packet.type == schema.STAT][:1] == ["a"]
    assert not any(packet.data for packet in packets if packet.type == schema.DATA)
    until(lambda: not at_work(), seconds=2)


@pytest.mark.parametrize("noise", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\0" * 1000, os.urandom(1000)])
def test_an_engine_that_speaks_nonsense(tmp_path: Path, noise: bytes) -> None:
    """Quien no habla HTTP/2, o cuelga, acaba la conexión sin dejar ningún hilo esperando."""
    ours, theirs = socket.socketpair()
    serve = grpc.serve({filesync.METHOD.lower(): filesync.handler({"context": FolderOffer(tmp_path)})})
    server = Connection(AdoptedWire(PlainWire(ours), b"", requests.Response()), client=False, serve=serve)
    with suppress(OSError):
        theirs.sendall(noise)
    theirs.close()
    start = time.monotonic()
    server.close()
    ours.close()
    assert time.monotonic() - start < 3
    until(lambda: not at_work(), seconds=2)


@pytest.mark.filterwarnings("error::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_command_that_is_closed_while_we_write() -> None:
    """Si la orden «ssh» se cierra con algo por escribir, se dice que no se pudo, y ningún hilo revienta."""
    process = subprocess.Popen(["sleep", "100"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdin.close()  # type: ignore[union-attr]  # los hay: se pidieron
    ours = Connection(AdoptedWire(ProcessWire(process), b"", requests.Response()), client=True)

    def refused() -> str:
        try:
            ours.open([(":path", "/")])
        except Broken as problem:
            return str(problem)
        return ""

    assert "no se pudo escribir" in until(refused)
    ours.close()
    until(lambda: not at_work(), seconds=2)
    process.stdout.close()  # type: ignore[union-attr]
