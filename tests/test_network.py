"""La red de los motores del kit: se levanta si cae, y desde fuera se ven pocos destinos."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import docker
import pytest

from multietapa.build.events import BuildFinished, LogLine
from multietapa.build.pipeline import build_events
from multietapa.engine.bundle import make as bundle
from multietapa.engine.embedded import daemon as embedded
from multietapa.engine.host.network import Network
from multietapa.engine.private import daemon as private
from multietapa.identity import labels
from tests.conftest import (
    BASE_IMAGE,
    SecondEngine,
    body_of,
    load_base_image,
    motor_over,
    processes_mentioning,
    run_web,
    unavailable,
    until,
)
from tests.test_private import descendants

NAME_SERVER = "127.77.0.1"
ADDRESSES = [f"198.51.100.{number}" for number in range(1, 13)]  # RFC 5737: no son de nadie


def test_private_network_comes_back_with_its_ports(second_engine_factory: SecondEngine) -> None:
    """Si slirp muere, el motor privado recupera la red con sus puertos, sin parar los contenedores."""
    with second_engine_factory() as (client, daemon):
        load_base_image(client)
        web = run_web(client)
        url = motor_over(client, daemon).direccion(web, 80)
        os.kill(daemon.network.pid, signal.SIGKILL)
        until(lambda: not daemon.network.alive)
        daemon.look_after()
        assert daemon.network_restarts == 1
        assert b"root:x:0" in until(lambda: body_of(f"{url}/passwd"))
        route = client.containers.run(BASE_IMAGE, "cat /proc/net/route", remove=True, labels=labels())
        assert b"eth0" in route
        web.remove(force=True)
        daemon.look_after()
        assert daemon.network_restarts == 1


def test_names_are_answered_again(second_engine_factory: SecondEngine) -> None:
    """Si muere quien contesta a los nombres, hay otro enseguida."""

    def answering(other_than: int = 0) -> int:
        with suppress(OSError):  # alguno acaba de terminar
            for pid in descendants(daemon.process.pid):
                if pid != other_than and Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"smartdns"):
                    return pid
        return 0

    with second_engine_factory() as (_, daemon):
        first = until(answering)
        os.kill(first, signal.SIGKILL)
        assert until(lambda: answering(other_than=first)) != first
        assert daemon.alive


@pytest.mark.motor
def test_a_network_left_halfway_goes_away() -> None:
    """Lo que dejó esperando una red que murió de golpe al arrancar se va al arrancar la siguiente."""
    if reason := bundle.missing_reason():
        unavailable(reason)
    run = Path(tempfile.mkdtemp(prefix="multietapa-red-"))  # corta: la ruta de un socket no puede ser larga
    first, second = (Network(bundle.make(), run, engine="embebido") for _ in range(2))
    try:
        first.serve_socket()
        os.kill(first.pid, signal.SIGKILL)
        until(lambda: not first.alive)
        assert len(processes_mentioning(str(run))) == 1
        second.serve_socket()
        until(lambda: len(processes_mentioning(str(run))) == 2)
        second.stop()
        until(lambda: not processes_mentioning(str(run)))
    finally:
        second.stop()
        shutil.rmtree(run)


class ManyAddresses(threading.Thread):
    """Un servidor de nombres como los de un CDN: doce direcciones por nombre, en otro orden cada vez."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.turn = 0
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((NAME_SERVER, 53))
        self.socket.settimeout(0.1)
        self.over = threading.Event()

    def stop(self) -> None:
        """Deja de contestar y suelta su puerto."""
        self.over.set()
        self.join()
        self.socket.close()

    def run(self) -> None:
        while not self.over.is_set():
            with suppress(TimeoutError):
                self.answer(*self.socket.recvfrom(2048))

    def answer(self, query: bytes, sender: tuple[str, int]) -> None:
        """Contesta a una pregunta: a las de IPv4, con todas las direcciones; a las demás, que no hay."""
        end = query.index(b"\0", 12) + 5
        answers = []
        if query[end - 4 : end - 2] == b"\0\1":
            self.turn += 1
            order = ADDRESSES[self.turn % 12 :] + ADDRESSES[: self.turn % 12]
            record = b"\xc0\x0c\0\1\0\1" + struct.pack(">IH", 5, 4)
            answers = [record + socket.inet_aton(address) for address in order]
        header = query[:2] + b"\x81\x80" + struct.pack(">HHHH", 1, len(answers), 0, 0)
        self.socket.sendto(header + query[12:end] + b"".join(answers), sender)


@contextmanager
def engine_that_asks(resolv: Path, kind: str) -> Iterator[docker.DockerClient]:
    """Un motor del kit con otro /etc/resolv.conf, puesto en un espacio de montajes propio."""
    script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", script, str(resolv)]
    process = subprocess.Popen(
        [*command, sys.executable, "-m", "multietapa.engine.supervisor", kind],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        messages = (json.loads(line) for line in process.stdout)
        host = next(message["host"] for message in messages if "fase" not in message)
        client = docker.DockerClient(base_url=host, timeout=120)
        load_base_image(client)
        yield client
        client.close()
    finally:
        process.stdin.close()
        assert process.wait(40) == 0
        process.stdout.close()


@pytest.mark.parametrize("kind", ["privado", "embebido"])
@pytest.mark.usefixtures("engine")
def test_a_name_has_one_address(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """En RUN y en run, un nombre con doce direcciones giratorias es siempre la misma, sin IPv6."""
    if os.geteuid() != 0:
        unavailable("hace falta ser root para atender nombres en el puerto 53")
    if reason := (embedded if kind == "embebido" else private).missing_reason():
        unavailable(reason)
    monkeypatch.setenv("MULTIETAPA_PAQUETE", str(bundle.make()))
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "caché"))
    context, resolv = tmp_path / "contexto", tmp_path / "resolv.conf"
    context.mkdir()
    resolv.write_text(f"nameserver {NAME_SERVER}\n")
    names = ManyAddresses()
    names.start()
    try:
        with engine_that_asks(resolv, kind) as client:
            ask = "for i in 1 2 3 4; do nslookup varias.prueba; done"
            seen = client.containers.run(BASE_IMAGE, ["sh", "-c", ask], remove=True, labels=labels()).decode()
            (context / "Dockerfile").write_text(f"FROM {BASE_IMAGE}\nRUN {ask}\n")
            events = list(build_events(client, context, tag="multietapa-pruebas/nombres:1"))
            assert isinstance(events[-1], BuildFinished), events[-1]
            seen += "\n".join(event.text for event in events if isinstance(event, LogLine))
    finally:
        names.stop()
    found = [address for address in re.findall(r"\d+\.\d+\.\d+\.\d+", seen) if address.startswith("198.")]
    assert len(found) >= 8
    assert len(set(found)) == 1
    assert names.turn < len(found)
