"""El descubrimiento: un orden, y una razón para cada candidato que no se elige."""

from __future__ import annotations

import os
import socket
import subprocess
import sys

import docker
import pytest

from multietapa.cells.motor import Motor
from multietapa.engine import supervisor
from multietapa.engine.discovery import KIND_VARIABLE, VARIABLE, discover, existing
from multietapa.engine.model import OWN_KINDS, Rejected
from multietapa.engine.private import daemon as private
from multietapa.engine.session import connect, info_of
from multietapa.errors import EngineError, NoEngineError, UnknownNameError
from tests.conftest import unavailable
from tests.relay import relay_tcp


def test_no_engine_is_a_value_with_reasons(no_engine_environment: dict[str, str]) -> None:
    """Sin motor posible no hay excepción: hay un valor que explica cada descarte."""
    env = {**no_engine_environment, VARIABLE: ""}
    choice = discover(env, failed={"privado": "no arrancó", "embebido": "no arrancó"})
    assert choice.kind == "grabacion"
    assert not choice.available
    assert {r.kind for r in choice.rejected} == {"existente", "privado", "embebido"}
    assert all(r.reason for r in choice.rejected)


def test_a_forced_engine_that_is_not_there_is_an_error(no_engine_environment: dict[str, str]) -> None:
    """Pedir tu motor y que no conteste es un error con la razón, y no otro motor ni una grabación."""
    with pytest.raises(NoEngineError, match="Se pidió el motor «existente»") as raised:
        discover({**no_engine_environment, VARIABLE: "existente"})
    assert no_engine_environment["DOCKER_HOST"] in raised.value.why
    assert "no hay ningún motor escuchando ahí" in raised.value.why
    assert "--motor existente" in raised.value.next_step


def test_using_a_missing_engine_explains_what_to_install(no_engine_environment: dict[str, str]) -> None:
    """Pedir el cliente cuando no hay motor da un error con razones y siguiente paso."""
    engine = connect(discover(no_engine_environment))
    assert not engine.available
    with pytest.raises(NoEngineError, match="Instala Docker"):
        _ = engine.client


def test_unknown_forced_engine_lists_the_valid_ones() -> None:
    """Un nombre de motor mal escrito lista los que existen."""
    with pytest.raises(UnknownNameError, match="existente, privado, embebido, grabacion"):
        discover({"MULTIETAPA_MOTOR": "pribado"})


def test_running_engine_is_chosen_and_the_rest_say_why(motor_real: Motor) -> None:
    """Con un motor que contesta se elige ese, y los demás dicen que no hicieron falta."""
    choice = discover({"DOCKER_HOST": motor_real.choice.host, KIND_VARIABLE: motor_real.choice.kind})
    assert (choice.kind, choice.host) == (motor_real.choice.kind, motor_real.choice.host)
    others = [kind for kind in ("privado", "embebido") if kind != choice.kind]
    assert [r.kind for r in choice.rejected] == others


def test_forced_recording_uses_no_engine() -> None:
    """``MULTIETAPA_MOTOR=grabacion`` no toca ningún motor aunque lo haya."""
    assert not discover({"MULTIETAPA_MOTOR": "grabacion"}).available


@pytest.mark.motor
def test_forcing_the_private_engine_starts_only_one() -> None:
    """Con ``--motor privado``, los cuadernos usan el motor del taller y no ponen en marcha otro."""
    if reason := private.missing_reason():
        unavailable(f"no se puede arrancar un motor privado: {reason}")
    program = """
from multietapa.engine.discovery import discover
from multietapa.engine.session import connect, environment
engine = connect(discover())
choice = discover({**__import__("os").environ, **environment(engine.choice)})
print(engine.choice.kind, choice.kind, choice.host == engine.choice.host)
"""
    env = {**os.environ, "MULTIETAPA_MOTOR": "privado", "DOCKER_HOST": "", KIND_VARIABLE: ""}
    done = subprocess.run([sys.executable, "-c", program], env=env, capture_output=True, text=True)
    assert done.stdout.split() == ["privado", "privado", "True"], done.stderr


def test_the_client_of_this_process_keeps_its_kind(motor_real: Motor) -> None:
    """El cliente del motor del kit dice de qué clase es aunque se pase suelto; otro, lo que contesta."""
    assert info_of(motor_real.client) == motor_real.info
    other = docker.DockerClient(base_url=motor_real.choice.host)
    assert info_of(other).version == motor_real.info.version
    other.close()


@pytest.mark.motor
def test_an_engine_that_does_not_start_gives_way_to_the_next(
    no_engine_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si un motor del taller no arranca se prueba con el siguiente, y se dice; forzado, es un error."""
    tried: list[str] = []

    def broken(kind: str, **_: object) -> None:
        tried.append(kind)
        raise EngineError("no hay memoria")

    monkeypatch.setattr(supervisor, "start", broken)
    for name in ("DOCKER_HOST", VARIABLE):
        monkeypatch.delenv(name, raising=False)
    for name, value in no_engine_environment.items():
        if name not in ("PATH", VARIABLE):
            monkeypatch.setenv(name, value)
    start = next((k for k in OWN_KINDS if discover().kind == k), None)
    if start is None:
        unavailable("aquí no es posible ningún motor del taller")
    found = connect(discover())
    assert not found.available
    assert tried == list(OWN_KINDS[OWN_KINDS.index(start) :])
    reasons = {r.kind: r.reason for r in found.choice.rejected}
    assert all("no hay memoria" in reasons[kind] for kind in tried)
    monkeypatch.setenv(VARIABLE, start)
    with pytest.raises(EngineError, match="no hay memoria"):
        connect(discover())


PROXIES = "HTTP_PROXY http_proxy HTTPS_PROXY https_proxy ALL_PROXY all_proxy NO_PROXY no_proxy".split()
DEAD_PROXY = "http://127.0.0.1:9"
#: Lo que hace un cuaderno: buscar el motor y, en otra celda, usarlo con el SDK.
CELLS = """
import docker, os
from multietapa import motor
here = motor()
print(docker.from_env().info()["ID"])
print(os.environ["DOCKER_HOST"], os.environ["NO_PROXY"])
print(here)
"""


def own_address() -> str:
    """Una dirección de esta máquina que no sea 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # no envía nada: solo elige por dónde saldría
            return str(probe.getsockname()[0])
        except OSError:
            return ""


def run_cells(host: str, **variables: str) -> list[str]:
    """Lo que escriben :data:`CELLS` en un proceso con ese ``DOCKER_HOST`` y esas variables."""
    env = {
        name: value for name, value in os.environ.items() if name not in (*PROXIES, KIND_VARIABLE, VARIABLE)
    }
    env |= {"DOCKER_HOST": host, **variables}
    done = subprocess.run([sys.executable, "-c", CELLS], env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_a_proxy_does_not_hide_an_engine_of_this_machine(motor_real: Motor) -> None:
    """Con ``HTTP_PROXY`` y sin ``NO_PROXY`` se llega a un puerto de esta máquina sin pasar por el proxy."""
    with relay_tcp(motor_real.choice.host) as host:
        identity, exported, *_ = run_cells(host.replace("tcp://", "http://"), HTTP_PROXY=DEAD_PROXY)
    assert identity == motor_real.client.info()["ID"]
    assert exported == f"{host} 127.0.0.1,localhost"


def test_a_proxy_that_leads_nowhere_is_left_aside_and_said(motor_real: Motor) -> None:
    """A otra máquina se prueba por el proxy; si no lleva al motor y el camino directo sí, se va directo."""
    if not (address := own_address()):
        pytest.skip("esta máquina no tiene red")
    with relay_tcp(motor_real.choice.host, address=address) as host:
        identity, exported, *shown = run_cells(host, http_proxy=DEAD_PROXY, no_proxy="interno")
    assert identity == motor_real.client.info()["ID"]
    assert exported == f"{host} interno,127.0.0.1,localhost,{address}"
    said = next(line for line in shown if DEAD_PROXY in line)
    assert f"no se eligió existente ({host}, a través del proxy {DEAD_PROXY})" in said
    assert "no lleva hasta él" in said


def test_a_proxy_is_not_blamed_for_an_engine_that_is_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Si tampoco se llega sin el proxy, se dicen los dos caminos."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HTTP_PROXY", DEAD_PROXY)
    rejected: list[Rejected] = []
    address = own_address() or "192.0.2.1"
    assert existing({"DOCKER_HOST": f"tcp://{address}:1"}, rejected) is None
    by_proxy, direct = rejected
    assert by_proxy.where.endswith(f"a través del proxy {DEAD_PROXY}")
    assert direct.where == f"tcp://{address}:1, sin proxy"
