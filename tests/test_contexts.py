"""Los contextos de la orden ``docker``, leídos como los lee ella, y el motor que sale de ellos."""

from __future__ import annotations

import json
import os
from hashlib import sha256
from pathlib import Path

import docker
import pytest

from multietapa.cells.motor import Motor
from multietapa.engine import session
from multietapa.engine.contexts import DEFAULT, read
from multietapa.engine.discovery import KIND_VARIABLE, VARIABLE, discover, existing
from multietapa.engine.endpoint import DEFAULT_HOST, Endpoint
from multietapa.engine.model import Rejected
from multietapa.errors import NoEngineError
from tests.conftest import unavailable
from tools.docker_cli import DockerCommand


def write_context(folder: Path, name: str, host: str, *, skip_verify: bool = False) -> Path:
    """Escribe un contexto en la carpeta de Docker ``folder`` y devuelve dónde irían sus certificados."""
    identity = sha256(name.encode()).hexdigest()
    meta = folder / "contexts/meta" / identity
    meta.mkdir(parents=True)
    engine = {"Host": host, "SkipTLSVerify": skip_verify}
    values = {"Name": name, "Metadata": {}, "Endpoints": {"docker": engine}}
    (meta / "meta.json").write_text(json.dumps(values))
    return folder / "contexts/tls" / identity / "docker"


def test_contexts_need_no_config_file(tmp_path: Path) -> None:
    """Un contexto se encuentra aunque no haya ``config.json``, y se usa si lo pide ``DOCKER_CONTEXT``."""
    write_context(tmp_path / ".docker", "lejos", "http://equipo:2375")
    found = read({"HOME": str(tmp_path), "DOCKER_CONTEXT": "lejos"})
    assert found.known == {DEFAULT: Endpoint(DEFAULT_HOST), "lejos": Endpoint("tcp://equipo:2375")}
    assert (found.current, found.asked, found.missing()) == ("lejos", True, "")


def test_the_current_context_is_the_one_of_the_configuration(tmp_path: Path) -> None:
    """Sin ``DOCKER_CONTEXT`` manda ``config.json``; un archivo roto vale como que no está."""
    write_context(tmp_path, "uno", "unix:///uno.sock")
    env = {"DOCKER_CONFIG": str(tmp_path)}
    (tmp_path / "config.json").write_text('{"currentContext": "uno"}')
    assert read(env).current == "uno"
    assert read({**env, "DOCKER_CONTEXT": DEFAULT}).current == DEFAULT
    for broken in ("{", "[]", '{"currentContext": ""}'):
        (tmp_path / "config.json").write_text(broken)
        assert read(env).current == DEFAULT
    next(tmp_path.glob("contexts/meta/*/meta.json")).write_text('{"Name": "uno", "Endpoints": []}')
    assert set(read(env).known) == {DEFAULT}


def test_a_missing_context_says_its_name_and_which_there_are(tmp_path: Path) -> None:
    """Un ``DOCKER_CONTEXT`` que no existe no usa otro motor en silencio: dice su nombre y cuáles hay."""
    write_context(tmp_path, "uno", "unix:///uno.sock")
    env = {"DOCKER_CONFIG": str(tmp_path), "DOCKER_CONTEXT": "otro", VARIABLE: "existente"}
    with pytest.raises(NoEngineError) as raised:
        discover(env)
    said = str(raised.value)
    assert "no hay ningún contexto «otro»; hay default y uno. Corrige" in said
    assert raised.value.why.count("\n") == 0, "no se miró ningún otro sitio"


def test_a_tls_context_keeps_its_certificates(tmp_path: Path) -> None:
    """De un contexto con TLS se exportan su dirección ``tcp://`` y la carpeta de sus certificados."""
    own = write_context(tmp_path, "seguro", "tcp://equipo:2376")
    own.mkdir(parents=True)
    for name in ("ca.pem", "cert.pem", "key.pem"):
        (own / name).touch()
    place = read({"DOCKER_CONFIG": str(tmp_path)}).known["seguro"]
    assert place.variables() == {
        "DOCKER_HOST": "tcp://equipo:2376",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(own),
        "DOCKER_TLS": "1",
    }


def test_tls_left_over_is_emptied(monkeypatch: pytest.MonkeyPatch) -> None:
    """Las variables de TLS que sobren se vacían: con ellas, el SDK no podría hablar con un socket."""
    monkeypatch.setenv("DOCKER_TLS_VERIFY", "1")
    monkeypatch.delenv("DOCKER_CERT_PATH", raising=False)
    assert Endpoint("unix:///s").variables() == {"DOCKER_HOST": "unix:///s", "DOCKER_TLS_VERIFY": ""}


def test_nothing_is_built_in_another_machine_unless_it_is_asked(tmp_path: Path) -> None:
    """De los contextos que nadie pidió solo se miran los de esta máquina."""
    write_context(tmp_path / ".docker", "lejos", "tcp://127.0.0.1:1")
    write_context(tmp_path / ".docker", "apagado", f"unix://{tmp_path}/s")
    (tmp_path / "s").touch()
    rejected: list[Rejected] = []
    existing({"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}, rejected)
    places = [item.where for item in rejected]
    assert "contexto «apagado»" in places
    assert not any("lejos" in place for place in places)


def test_what_the_command_writes_is_what_is_read(docker_cli: DockerCommand, tmp_path: Path) -> None:
    """Los contextos que crea la orden ``docker`` se leen con su dirección, y el actual es el suyo."""
    command = DockerCommand(docker_cli.program, {**docker_cli.env, "DOCKER_CONFIG": str(tmp_path)})
    command.env.pop("DOCKER_HOST")
    for name, host in (("uno", "unix:///a.sock"), ("dos", "tcp://equipo:2375"), ("tres", "ssh://ana@equipo")):
        assert command.run("context", "create", name, "--docker", f"host={host}").returncode == 0
        assert read(command.env).known[name] == Endpoint(host)
    assert command.run("context", "use", "dos").returncode == 0
    assert read(command.env).current == "dos"
    refused = DockerCommand(command.program, {**command.env, "DOCKER_CONTEXT": "no-existe"}).run("version")
    assert refused.returncode != 0
    assert "no-existe" in refused.stderr
    accepted = DockerCommand(command.program, {**command.env, **Endpoint("tcp://127.0.0.1:1").variables()})
    assert "Cannot connect" in accepted.run("version").stderr, "la orden entiende lo que se exporta"


@pytest.mark.parametrize("place", [".colima/default/docker.sock", ".rd/docker.sock", "contexto"])
def test_a_known_socket_is_exported(
    place: str, motor_real: Motor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Un motor encontrado en un sitio conocido es también el de ``docker.from_env()`` en una celda."""
    if not motor_real.choice.host.startswith("unix://"):
        unavailable("el motor no escucha en un socket")
    for name in list(os.environ):
        if name.startswith("DOCKER_") or name in (VARIABLE, KIND_VARIABLE):
            monkeypatch.delenv(name)
    for name in ("DOCKER_HOST", VARIABLE, KIND_VARIABLE, "NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")  # para que al final queden como estaban
    monkeypatch.setenv("HOME", str(tmp_path))
    socket = tmp_path / place
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.symlink_to(motor_real.choice.host.removeprefix("unix://"))
    if place == "contexto":
        write_context(tmp_path / ".docker", "mío", f"unix://{socket}")
        (tmp_path / ".docker/config.json").write_text('{"currentContext": "mío"}')
    elif Endpoint(DEFAULT_HOST).local:
        pytest.skip("en esta máquina contesta antes el motor de siempre")
    found = session.connect(discover())
    assert found.choice.host == f"unix://{socket}" == os.environ["DOCKER_HOST"]
    assert (found.choice.kind, os.environ[KIND_VARIABLE]) == ("existente", "existente")
    ours = docker.from_env()
    assert ours.info()["ID"] == motor_real.client.info()["ID"]
    ours.close()
    found.client.close()
