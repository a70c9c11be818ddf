"""El motor de este proceso: se elige uno, se abre una conexión con él y se reutiliza mientras conteste."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import docker
import requests

from multietapa import sdk
from multietapa.console import Steps
from multietapa.engine import endpoint, reasons, state
from multietapa.engine.contexts import config_dir
from multietapa.engine.discovery import KIND_VARIABLE, PATIENCE, VARIABLE, again, discover
from multietapa.engine.endpoint import Endpoint
from multietapa.engine.host.run_folder import folder_of
from multietapa.engine.model import OWN_KINDS, Choice, EngineInfo, describe
from multietapa.errors import EngineError, EngineLostError, NoEngineError

TIMEOUT_SECONDS = 600
#: Lo que se espera a que un motor que no es del taller acabe de reiniciarse.
RESTART_SECONDS = 3.0
NOTICEABLE_SECONDS = 0.7


@dataclass(frozen=True)
class Engine:
    """El motor con el que trabaja el kit (o la razón de que no lo haya)."""

    choice: Choice
    info: EngineInfo | None = None
    _client: docker.DockerClient | None = None

    @property
    def available(self) -> bool:
        """Hay un motor real."""
        return self._client is not None

    @property
    def client(self) -> docker.DockerClient:
        """El cliente del SDK. Lanza :class:`NoEngineError` si no hay motor."""
        if self._client is None:
            raise NoEngineError(
                "No hay ningún motor de Docker posible en esta máquina.",
                why="\n".join(f"{r.name}: {r.reason}" for r in self.choice.rejected),
                next_step="Instala Docker Desktop (o Docker Engine), ábrelo y vuelve a ejecutar esta celda.",
            )
        return self._client


_current: Engine | None = None


def current(*, log: Callable[[str], None] | None = None) -> Engine:
    """El motor de este proceso. La primera vez lo busca y, si hace falta, lo pone en marcha.

    Si hay que esperarlo, se ven sus fases (``log`` las recibe; si no se da, se escriben). Si no hay ninguno
    posible devuelve uno con ``available`` falso: no es una excepción. Un motor que no es del taller no se
    cambia por otro: si se apaga lanza :class:`EngineLostError`, y cuando vuelve se sigue con él.
    """
    global _current
    log = log or _slow_steps()
    if _current is not None and _current.available and (_still_there(_current) or comes_back(_current)):
        return _current
    if _chosen_before():
        _current = _the_same(log)
        return _current
    if served := state.wait_for_served(os.environ, log=log):
        _use_served(served)
    _current = connect(discover(), log=log)
    return _current


def _chosen_before() -> bool:
    """Esta sesión ya trabaja con un motor que no es del taller."""
    env = os.environ
    return env.get(KIND_VARIABLE) == "existente" and bool(env.get("DOCKER_HOST")) and not env.get(VARIABLE)


def _the_same(log: Callable[[str], None]) -> Engine:
    """El motor que esta sesión ya tenía; si se está reiniciando, se le espera."""
    limit = time.monotonic() + RESTART_SECONDS
    while True:
        try:
            return connect(again(os.environ), log=log)
        except EngineLostError:
            if time.monotonic() > limit:
                raise
        log("tu motor no contesta; se espera a que vuelva")
        time.sleep(0.2)


def _slow_steps() -> Callable[[str], None]:
    """Escribe las fases, pero solo si la espera se nota."""
    steps, started = Steps(""), time.monotonic()

    def step(phase: str) -> None:
        if time.monotonic() - started > NOTICEABLE_SECONDS:
            steps(phase)

    return step


def _use_served(served: dict[str, Any]) -> None:
    """El motor que sirve otro proceso pasa a ser el de este."""
    host, kind = served.get("host"), served.get("kind", "existente")
    if not host:
        return
    place = Endpoint(host)
    if kind not in OWN_KINDS:  # es el que había: se le habla como diga el entorno, que es el mismo
        values = {**os.environ, "DOCKER_HOST": host}
        place = endpoint.from_environment(values, config=config_dir(values)) or place
    os.environ.update(environment(Choice(kind, host, "", endpoint=place)))


def known() -> EngineInfo | None:
    """El motor de este proceso, si ya se sabe cuál es: ni se busca, ni se pone en marcha."""
    return _current.info if _current is not None else None


def info_of(client: docker.DockerClient) -> EngineInfo:
    """Qué motor hay detrás de un cliente; si es el de este proceso, se sabe también de qué clase es.

    Lanza los errores del SDK si no contesta.
    """
    if _current is not None and _current.info is not None and _current.client is client:
        return _current.info
    return describe(client)


def engine_of(client: docker.DockerClient) -> Engine:
    """El motor que hay detrás de un cliente del SDK, sea el de este proceso u otro.

    Lanza los errores del SDK si no contesta.
    """
    if _current is not None and _current.available and _current.client is client:
        return _current
    return Engine(Choice("existente", client.api.base_url, ""), describe(client), client)


def connect(choice: Choice, *, log: Callable[[str], None] = lambda _: None) -> Engine:
    """Abre el motor elegido, y lo arranca si es de los del kit.

    Desde entonces, también ``docker.from_env()`` habla con él. Si no arranca, se prueba con el siguiente
    candidato. Lanza :class:`EngineError` si se había forzado ese (``MULTIETAPA_MOTOR``), o si hay un motor
    con el que no se puede trabajar.
    """
    failed: dict[str, str] = {}
    while choice.kind in OWN_KINDS and not choice.host:
        from multietapa.engine import supervisor  # solo Linux

        try:
            running = supervisor.start(choice.kind, log=log)
        except EngineError as problem:
            if os.environ.get(VARIABLE):
                raise
            log(f"el motor {choice.kind} no arrancó")
            failed[choice.kind] = f"no arrancó. {problem}"
            choice = discover(failed=failed)
            continue
        atexit.register(running.stop)
        choice = Choice(choice.kind, running.host, choice.where, choice.rejected)
    if not choice.host:
        return Engine(choice)
    os.environ.update(environment(choice))
    try:
        client = docker.from_env(timeout=TIMEOUT_SECONDS)
        return Engine(choice, describe(client, choice.kind), client)
    except reasons.UNREACHABLE as problem:
        raise EngineError(
            f"En {choice.where or choice.host} hay un motor, pero no se puede trabajar con él.",
            why=reasons.sentence(problem, choice.endpoint),
            next_step="Arréglalo y repite la celda.",
        ) from problem


def environment(choice: Choice) -> dict[str, str]:
    """Lo que se exporta a cuadernos y terminales para que todos usen el mismo motor.

    El proxy de la red, si lo hay, no debe ponerse entre un cuaderno y un puerto de esta misma máquina.
    """
    place = choice.endpoint or Endpoint(choice.host)
    direct = [
        name for variable in ("NO_PROXY", "no_proxy") for name in os.environ.get(variable, "").split(",")
    ]
    direct += ["127.0.0.1", "localhost", place.name if place.direct else ""]
    known = ",".join(dict.fromkeys(name.strip() for name in direct if name.strip()))
    return {
        **place.variables(),
        KIND_VARIABLE: choice.kind,
        VARIABLE: "",  # ya está elegido: forzarlo otra vez pondría en marcha un segundo motor
        "NO_PROXY": known,
        "no_proxy": known,
    }


def comes_back(engine: Engine, *, seconds: float = 15.0) -> bool:
    """Un motor del kit que se cae lo levanta su supervisor, si sigue ahí: se le espera, con sus imágenes."""
    if engine.choice.kind not in OWN_KINDS:
        return False
    from multietapa.engine.slots import is_reserved  # usa fcntl, que no existe en Windows

    run = folder_of(engine.choice.host)
    limit = time.monotonic() + seconds
    while is_reserved(run) and time.monotonic() < limit:
        if _still_there(engine):
            return True
        time.sleep(0.1)
    return False


def _still_there(engine: Engine) -> bool:
    try:
        sdk.ping(engine.client, timeout=PATIENCE)
    except requests.ConnectTimeout:
        return False
    except requests.Timeout:
        return True  # va lento, pero está
    except reasons.UNREACHABLE:
        return False
    return True
