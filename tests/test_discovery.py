"""El descubrimiento: un orden, y una razón para cada candidato que no se elige."""

from __future__ import annotations

import os
import subprocess
import sys

import docker
import pytest

from multietapa.cells.motor import Motor
from multietapa.engine import supervisor
from multietapa.engine.discovery import KIND_VARIABLE, VARIABLE, discover
from multietapa.engine.model import OWN_KINDS
from multietapa.engine.private import daemon as private
from multietapa.engine.session import connect, info_of
from multietapa.errors import EngineError, NoEngineError, UnknownNameError
from tests.conftest import unavailable


def test_no_engine_is_a_value_with_reasons(no_engine_environment: dict[str, str]) -> None:
    """Sin motor posible no hay excepción: hay un valor que explica cada descarte."""
    choice = discover(no_engine_environment)
    assert choice.kind == "grabacion"
    assert not choice.available
    assert {r.kind for r in choice.rejected} == {"existente", "privado", "embebido"}
    assert all(r.reason for r in choice.rejected)


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
choice = discover({**__import__("os").environ, **environment(engine.choice.kind, engine.choice.host)})
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
