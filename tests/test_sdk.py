"""Qué se rompe si docker-py cambia por dentro: cada función de ``sdk.py``, contra el motor de verdad."""

from __future__ import annotations

import ast
import base64
import json
import socket
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import docker
import docker.auth
import docker.tls
import docker.utils
import pytest
import requests
from docker.types import CancellableStream

from multietapa import sdk
from multietapa.cells.motor import Motor
from tests.conftest import until
from tests.test_rooms import modules

#: De quién es, cómo se llama y qué función de ``sdk.py`` lo usa.
NAMES = [
    (docker.APIClient, "_post", "post"),
    (docker.APIClient, "_get", "ping"),
    (docker.APIClient, "_url", "post"),
    (docker.APIClient, "_raise_for_status", "raise_for_status"),
    (docker.APIClient, "_set_auth_headers", "build_auth"),
    (docker.APIClient, "api_version", "api_version"),
    (docker.tls, "TLSConfig", "tls_of"),
    (docker.auth, "get_config_header", "registry_auth"),
    (docker.auth, "resolve_repository_name", "registry_of"),
    (docker.utils, "parse_repository_tag", "split_reference"),
    (docker.auth, "resolve_authconfig", "credentials"),
    (docker.auth, "load_config", "credentials"),
    (docker.APIClient, "_get_raw_response_socket", "upgrade"),
    (CancellableStream, "close", "stop_following"),
]
ONLY_HERE = ("docker.auth", "docker.tls", "docker.utils", "docker.api", "docker.transport", "docker.types")


def moved(what: str, function: str) -> str:
    """Lo que se dice cuando docker-py ya no es como se esperaba."""
    return f"docker-py {docker.__version__} ya no tiene {what}: arregla {function}() en multietapa/sdk.py"


@pytest.fixture
def own(motor_real: Motor) -> Iterator[docker.DockerClient]:
    """Un cliente solo para una prueba, sobre el motor de todas."""
    client = docker.DockerClient(base_url=motor_real.choice.host)
    yield client
    client.close()


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Un ``config.json`` de Docker propio, todavía vacío."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    path = tmp_path / "config.json"
    path.write_text("{}")
    return path


@pytest.mark.parametrize(("owner", "name", "function"), NAMES, ids=[name for _, name, _ in NAMES])
def test_what_the_sdk_does_not_promise_is_still_there(owner: Any, name: str, function: str) -> None:
    """Cada nombre que no es público sigue existiendo; si no, se dice qué función hay que arreglar."""
    assert hasattr(owner, name), moved(f"{owner.__name__}.{name}", function)


def test_nobody_else_looks_inside_the_sdk(own: docker.DockerClient) -> None:
    """Ningún otro módulo toca lo que docker-py o requests no prometen: solo ``sdk.py``."""
    response = own.api.get(f"{own.api.base_url}/_ping", stream=True)
    names = {*dir(own.api), *dir(response), *dir(response.raw), *dir(CancellableStream), "_sock"}
    response.close()
    inside = {name for name in names if name[0] == "_" and name[:2] != "__"}
    offenders = []
    for module, path in modules().items():
        if module == "sdk":
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute) and node.attr in inside:
                if not (isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")):
                    offenders.append(f"{module}:{node.lineno} .{node.attr}")
            elif isinstance(node, ast.Import):
                imported = [alias.name for alias in node.names]
                offenders += [f"{module}:{node.lineno} {n}" for n in imported if n.startswith(ONLY_HERE)]
            elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith(ONLY_HERE):
                offenders.append(f"{module}:{node.lineno} {node.module}")
    assert offenders == [], "usa (o escribe) una función de multietapa/sdk.py"


def test_the_version_of_the_engine(own: docker.DockerClient) -> None:
    """La versión de la API va en números."""
    expected = tuple(int(part) for part in own.version()["ApiVersion"].split("."))
    assert sdk.api_version(own) == expected, moved("la versión de la API", "api_version")


@pytest.fixture
def peer() -> Iterator[tuple[str, list[tuple[str, str | None, str | None]]]]:
    """Un servidor que no es un motor: su dirección y lo que le llega. Contesta un 502 suyo, en JSON."""
    seen: list[tuple[str, str | None, str | None]] = []

    class Peer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append((self.path, self.headers["X-Aula"], self.headers["X-Propia"]))
            body = b'{"fallo": "proxy"}'
            self.send_response(502)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Peer) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"tcp://127.0.0.1:{server.server_port}", seen
        server.shutdown()


def test_a_request_travels_with_the_headers_of_the_user(
    peer: tuple[str, list[tuple[str, str | None, str | None]]], config: Path
) -> None:
    """Se llega a la ruta con la versión de la API, y viajan las cabeceras que la persona configuró.

    Un no de quien no es un motor (un proxy) es un error como los demás, con lo que dijo.
    """
    host, seen = peer
    config.write_text(json.dumps({"HttpHeaders": {"X-Aula": "3"}}))
    with docker.APIClient(base_url=host, version="1.44") as api:
        answer = sdk.post(api, "/cosa", params={"a": "ñ"}, headers={"X-Propia": "si"}, timeout=5)
        assert seen == [("/v1.44/cosa?a=%C3%B1", "3", "si")], moved("esa ruta o esas cabeceras", "post")
        with pytest.raises(docker.errors.APIError) as caught:
            sdk.raise_for_status(api, answer)
    assert sdk.reason(caught.value) == '{"fallo": "proxy"}'


def test_a_refusal_is_an_error_of_the_sdk_with_the_words_of_the_engine(own: docker.DockerClient) -> None:
    """Un no del motor llega con su clase y su frase; de lo que no es un no, no se dice nada."""
    answer = sdk.post(own.api, "/containers/nadie/start", timeout=5)
    with pytest.raises(docker.errors.NotFound) as caught:
        sdk.raise_for_status(own.api, answer)
    said = sdk.reason(caught.value)
    assert said == "No such container: nadie", moved("la frase del motor", "raise_for_status")
    answer = sdk.post(own.api, "/images/nadie:1/tag", params={"repo": "x"}, timeout=5)
    with pytest.raises(docker.errors.ImageNotFound, match="No such image"):
        sdk.raise_for_status(own.api, answer)
    sdk.raise_for_status(own.api, own.api.get(f"{own.api.base_url}/_ping"))
    assert sdk.reason(OSError()) == "OSError"
    assert sdk.reason(OSError("roto ")) == "roto"


def test_asking_if_the_engine_is_there(own: docker.DockerClient, tmp_path: Path) -> None:
    """Si está no pasa nada; si no, es un error de conexión, y si calla, de plazo."""
    sdk.ping(own, timeout=5)
    nobody = docker.DockerClient(base_url=f"unix://{tmp_path}/nadie", version="1.44")
    with pytest.raises(requests.ConnectionError):
        sdk.ping(nobody, timeout=5)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{tmp_path}/mudo")
        listener.listen()
        mute = docker.DockerClient(base_url=f"unix://{tmp_path}/mudo", version="1.44")
        with pytest.raises(requests.Timeout):
            sdk.ping(mute, timeout=0.2)
        mute.close()
    nobody.close()


def decoded(headers: dict[str, str], name: str) -> Any:
    """Lo que lleva una cabecera de credenciales."""
    assert set(headers) == {name}, moved(f"la cabecera {name}", "build_auth o registry_auth")
    return json.loads(base64.urlsafe_b64decode(headers[name]))


@pytest.mark.filterwarnings("ignore:docker-credential-no-existe")
def test_credentials_travel_only_if_there_are_any(motor_real: Motor, config: Path) -> None:
    """Construir lleva todas las credenciales; bajar, las de su registro; sin ellas, ninguna cabecera."""

    def headers() -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
        with docker.DockerClient(base_url=motor_real.choice.host).api as api:
            one, other = (sdk.registry_auth(api, name) for name in ("aula:5000", "otro:1"))
            return sdk.build_auth(api), one, other

    assert headers() == ({}, {}, {})
    auth = base64.b64encode(b"ana:secreta").decode()
    config.write_text(json.dumps({"auths": {"aula:5000": {"auth": auth}}}))
    every, own, other = headers()
    assert decoded(every, "X-Registry-Config")["aula:5000"]["username"] == "ana"
    assert decoded(own, "X-Registry-Auth")["password"] == "secreta"
    assert other == {}
    config.write_text(json.dumps({"credsStore": "no-existe"}))  # un ayudante roto no impide trabajar
    assert headers() == ({}, {}, {})


@pytest.mark.parametrize(
    ("reference", "expected", "registry"),
    [
        ("node", ("node", "latest"), "docker.io"),
        ("node:14", ("node", "14"), "docker.io"),
        ("127.0.0.1:5000/x", ("127.0.0.1:5000/x", "latest"), "127.0.0.1:5000"),
        ("aula.ejemplo/a/b:1", ("aula.ejemplo/a/b", "1"), "aula.ejemplo"),
        ("a/b@sha256:0", ("a/b", "sha256:0"), "docker.io"),
    ],
)
def test_a_reference_has_its_parts(reference: str, expected: tuple[str, str], registry: str) -> None:
    """De una referencia se saben su repositorio, su etiqueta y su registro, con puerto o con digest."""
    assert sdk.split_reference(reference) == expected, moved("esa forma de partir nombres", "split_reference")
    assert sdk.registry_of(expected[0]) == registry, moved("esa forma de partir nombres", "registry_of")


def test_a_connection_is_cut_from_another_thread(own: docker.DockerClient) -> None:
    """Cortar despierta a quien espera la respuesta, y no se puede cortar lo que no hay o ya se cerró."""
    response = own.api.get(f"{own.api.base_url}/v{own.api.api_version}/events", stream=True, timeout=None)
    ended: list[BaseException | None] = []

    def wait() -> None:
        try:
            list(response.iter_content(chunk_size=None))
            ended.append(None)
        except (requests.RequestException, OSError) as problem:
            ended.append(problem)

    waiting = threading.Thread(target=wait, daemon=True)
    waiting.start()
    assert sdk.cut(response), moved("el socket bajo la respuesta", "cut")
    waiting.join(10)
    assert not waiting.is_alive(), moved("el socket bajo la respuesta", "cut")
    assert ended, moved("el socket bajo la respuesta", "cut")
    response.close()
    assert not sdk.cut(response)
    assert not sdk.cut(None)


def test_events_end_quietly(own: docker.DockerClient, base_image: str) -> None:
    """Los eventos llegan según ocurren y, al dejar de escuchar desde otro hilo, se acaban sin error."""
    events = own.events(decode=True, filters={"type": "container", "image": base_image})
    seen: list[str] = []
    errors: list[BaseException] = []

    def listen() -> None:
        try:
            for event in sdk.follow(events):
                seen.append(event["Action"])  # noqa: PERF401  la prueba mira cada uno según llega
        except BaseException as problem:  # noqa: BLE001  se mira en el hilo de la prueba
            errors.append(problem)

    listening = threading.Thread(target=listen, daemon=True)
    listening.start()
    own.containers.run(base_image, ["sh", "-c", ":"], remove=True)
    until(lambda: seen)
    sdk.stop_following(events)
    listening.join(10)
    assert not listening.is_alive(), moved("CancellableStream", "follow o stop_following")
    assert errors == [], moved("CancellableStream", "follow o stop_following")
    sdk.stop_following(events)


def test_who_answers_is_an_engine_or_not(motor_real: Motor, peer: tuple[str, Any]) -> None:
    """Un cliente que aún no ha preguntado nada distingue un motor, sea cual sea, de otro servidor."""
    for host in (motor_real.choice.host, peer[0]):
        client = sdk.unasked(host, tls=False, timeout=10, through_proxies=False)
        if host == motor_real.choice.host:
            sdk.check_engine(client)
        else:
            with pytest.raises(sdk.NotAnEngine, match="501"):
                sdk.check_engine(client)
        client.close()


def test_a_broken_connection_is_told_from_a_refusal(peer: tuple[str, Any]) -> None:
    """No llegar al motor no es que el motor diga que no, y una petición ajena al SDK no es al motor."""
    with pytest.raises(docker.errors.DockerException) as lost:
        docker.DockerClient(base_url="tcp://127.0.0.1:1")
    assert sdk.is_broken_connection(lost.value), moved("el motivo del error", "is_broken_connection")
    client = docker.DockerClient(base_url=peer[0], version="1.44")
    with pytest.raises(docker.errors.APIError) as refused:
        client.ping()
    client.close()
    assert not sdk.is_broken_connection(refused.value)
    client = docker.DockerClient(base_url="tcp://127.0.0.1:1", version="1.44")
    with pytest.raises(requests.ConnectionError) as ours:
        client.ping()
    client.close()
    assert sdk.asked_elsewhere(ours.value) == "", moved("su User-Agent", "asked_elsewhere")
    with pytest.raises(requests.ConnectionError) as other:
        requests.get("http://127.0.0.1:1/x", timeout=5)
    assert sdk.asked_elsewhere(other.value) == "http://127.0.0.1:1/x"
