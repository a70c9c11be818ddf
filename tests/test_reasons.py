"""Por qué no se llega a un motor: cada fallo, provocado de verdad, con su razón en español y qué hacer."""

from __future__ import annotations

import errno
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from multietapa import sdk
from multietapa.engine import reasons
from multietapa.engine.discovery import existing
from multietapa.engine.endpoint import Endpoint, malformed, normal
from multietapa.engine.model import Rejected
from tests.certificates import identity, tls_server

ENGLISH = (
    "error",
    "failed",
    "refused",
    "retries",
    "unable",
    "invalid argument",
    "timed out",
    "denied",
    "http",
    "none",
)


def reason(host: str, **env: str) -> str:
    """Lo que dice el descubrimiento de un ``DOCKER_HOST``."""
    rejected: list[Rejected] = []
    assert existing({"DOCKER_HOST": host, **env}, rejected) is None
    assert len(rejected) == 1
    said = rejected[0].reason
    assert not [word for word in ENGLISH if word in said.replace(host, "").lower()], said
    assert len(said.splitlines()) == 1
    return said


class Web(http.server.BaseHTTPRequestHandler):
    """Un servidor que no es un motor."""

    def do_GET(self) -> None:
        """Dice que no sabe de qué le hablan."""
        self.send_error(404)

    def log_message(self, *_: object) -> None:
        """Sin registro."""


@contextmanager
def web(context: ssl.SSLContext | None = None) -> Iterator[str]:
    """Un servidor web de verdad, con TLS si se da; da ``tcp://127.0.0.1:NNNN``."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Web) as server:
        server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


@contextmanager
def listener(act: Callable[[socket.socket], None]) -> Iterator[str]:
    """Un puerto que hace ``act`` con cada conexión."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            try:
                while True:
                    act(server.accept()[0])
            except OSError:
                return

        threading.Thread(target=serve, daemon=True).start()
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Una carpeta con ``ca.pem``, ``cert.pem`` y ``key.pem``: la misma identidad para los dos lados."""
    return identity(tmp_path_factory.mktemp("tls"))


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("unix:///no/hay/nadie.sock", "no hay ningún motor escuchando ahí. Si tienes Docker, enciéndelo"),
        ("tcp://127.0.0.1:1", "no hay ningún motor escuchando ahí"),
        ("tcp://motor.no-existe.invalid:2375", "qué dirección de red tiene «motor.no-existe.invalid»"),
        (f"unix:///{'x' * 120}.sock", "la ruta del socket pasa de 107 letras"),
        ("/var/run/docker.sock", "escribe «unix:///var/run/docker.sock»"),
        ("htp://a:1", "«htp» no es una manera de llegar a un motor. Vale unix://"),
        ("fd://3", "«fd» no es una manera"),
        ("tcp://", "no es una dirección completa"),
        ("tcp://equipo:puerto", "Escribe el equipo y el puerto: «tcp://EQUIPO:2375»"),
        ("tcp://equipo:99999", "no es una dirección completa"),
        ("tcp://[::1:2375", "no es una dirección completa"),
        ("tcp://equipo:2375?a=b", "no es una dirección completa"),
    ],
)
def test_why_an_address_does_not_work(host: str, said: str) -> None:
    """Una dirección mal escrita, o en la que no hay nadie, se dice en español y con qué hacer."""
    assert said in reason(host)


@pytest.mark.skipif(sys.platform == "win32", reason="npipe es de Windows")
def test_a_pipe_of_windows_is_said() -> None:
    """Una dirección de Windows en otro sistema se dice como tal."""
    assert "solo existe en Windows" in reason("npipe:////./pipe/docker_engine")


def test_ssh_says_what_it_needs(tmp_path: Path) -> None:
    """Por ssh se dice si falta el paquete que usa el SDK o, si está, que nadie contesta."""
    said = reason("ssh://ana@127.0.0.1:1", HOME=str(tmp_path))
    assert ("nadie contesta por SSH" if sdk.SSH_ERRORS else "pip install paramiko") in said


def test_a_socket_of_other_people_says_how_to_use_it(tmp_path: Path) -> None:
    """Sin permiso sobre el socket se dice cómo conseguirlo."""
    place = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as closed:
        closed.bind(str(place))
        closed.listen()
        place.chmod(0)
        user = os.geteuid()
        try:
            if user == 0:
                for folder in (tmp_path, *tmp_path.parents):
                    if folder.name.startswith("pytest-"):
                        folder.chmod(0o755)
                os.seteuid(65534)
            assert "usermod -aG docker" in reason(f"unix://{place}")
        finally:
            os.seteuid(user)


def test_another_server_is_not_an_engine() -> None:
    """Un servidor web que contesta no es un motor, y se dice con su código."""
    with web() as host:
        assert "no es un motor de Docker (el código 404)" in reason(host)


@pytest.fixture
def own_authorities(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sin las variables que cambian en quién confía ``requests``."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.usefixtures("own_authorities")
def test_tls_that_is_missing_or_left_over(certificates: Path, tmp_path: Path) -> None:
    """Hablar TLS a quien no lo habla, o al revés, o sin todos los certificados, se dice con las variables."""
    with web(tls_server(certificates)) as host:
        assert "Si es un motor que pide TLS, pon DOCKER_TLS_VERIFY" in reason(host)
        assert "no es un motor de Docker (el código 404)" in reason(
            host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(certificates)
        )
        named = host.replace("127.0.0.1", "localhost")
        assert "es de otro equipo, no de «localhost»" in reason(
            named, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(certificates)
        )
        (tmp_path / "ca.pem").write_bytes((certificates / "ca.pem").read_bytes())
        said = reason(host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(tmp_path))
        assert f"hacen falta ca.pem, cert.pem y key.pem en {tmp_path}" in said
        assert f"en {tmp_path}/.docker," in reason(host, DOCKER_TLS_VERIFY="1", HOME=str(tmp_path))
    with web() as host:
        said = reason(host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(certificates))
        assert "no habla TLS. Quita DOCKER_TLS_VERIFY y DOCKER_CERT_PATH" in said


@pytest.mark.usefixtures("own_authorities")
def test_a_client_certificate_that_is_not_accepted(
    certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Un certificado que el motor no acepta, o que no es el de quien contesta, se dice."""
    other = tmp_path / "otra"
    shutil.copytree(certificates, other)
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-subj", "/CN=otra", "-days", "2", "-keyout", f"{other}/key.pem", "-out", f"{other}/cert.pem"]
    subprocess.run(command, check=True, capture_output=True)
    strict = tls_server(certificates, strict=True)
    with web(strict) as host:
        said = reason(host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(other))
        assert f"no acepta el tuyo. Revisa los de {other}" in said
        shutil.copy(other / "cert.pem", other / "ca.pem")  # ahora quien no es de fiar es el motor
        said = reason(host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(other))
        assert "contesta, pero su certificado se firma a sí mismo" in said
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", f"{other}/ca.pem")
        said = reason(host, DOCKER_TLS_VERIFY="1", DOCKER_CERT_PATH=str(certificates))
        assert "con REQUESTS_CA_BUNDLE puesta el SDK no mira tu ca.pem" in said


def test_someone_who_hangs_up_or_says_nothing() -> None:
    """Quien cuelga sin contestar, o calla, no se confunde con que no haya nadie."""
    with listener(lambda connection: connection.close()) as host:
        assert "alguien escucha ahí, pero cuelga sin contestar" in reason(host)
    held: list[socket.socket] = []
    with listener(held.append) as host:
        with pytest.raises(reasons.UNREACHABLE) as caught:
            Endpoint(host).ask(timeout=0.2)
        said = reasons.explain(caught.value, Endpoint(host), seconds=0.2)
    assert "alguien escucha ahí, pero en 0,2 s no ha contestado" in said
    for connection in held:
        connection.close()


def test_what_is_not_in_the_table_is_said_whole() -> None:
    """Un error desconocido se dice entero, sin cortar; el de una red sin camino, con su equipo."""
    strange = OSError("x" * 400)
    assert reasons.explain(strange).endswith("x" * 400)
    lost = OSError(errno.EHOSTUNREACH, "No route to host")
    assert "no hay camino de red hasta lejos" in reasons.explain(lost, Endpoint("tcp://lejos:1"))


@pytest.mark.parametrize(
    ("written", "tls", "meant"),
    [
        ("http://equipo:2375", False, "tcp://equipo:2375"),
        ("https://equipo:2376/", True, "tcp://equipo:2376"),
        ("equipo:2375", False, "tcp://equipo:2375"),
        ("tcp://equipo", False, "tcp://equipo:2375"),
        ("tcp://equipo/", True, "tcp://equipo:2376"),
        ("tcp://:2375", False, "tcp://127.0.0.1:2375"),
        (" unix:///s ", False, "unix:///s"),
        ("ssh://ana@equipo", False, "ssh://ana@equipo"),
    ],
)
def test_addresses_are_written_for_both(written: str, tls: bool, meant: str) -> None:
    """Una dirección se escribe como la entienden el SDK y la orden ``docker``: ``tcp://`` y con puerto."""
    assert normal(written, tls=tls) == meant
    assert malformed(meant) == ""
