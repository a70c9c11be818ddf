"""El motor de este proceso: se elige uno, se abre una conexión con él y se reutiliza mientras conteste."""

from __future__ import annotations

import atexit
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import docker

from multietapa.console import Steps
from multietapa.engine import state
from multietapa.engine.discovery import KIND_VARIABLE, VARIABLE, discover
from multietapa.engine.host.run_folder import folder_of
from multietapa.engine.model import OWN_KINDS, Choice, EngineInfo, describe
from multietapa.errors import EngineError, NoEngineError

TIMEOUT_SECONDS = 600
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
                why="\n".join(f"{r.kind}: {r.reason}" for r in self.choice.rejected),
                next_step="Instala Docker Desktop (o Docker Engine), ábrelo y vuelve a ejecutar esta celda.",
            )
        return self._client


_current: Engine | None = None


def current(*, log: Callable[[str], None] | None = None) -> Engine:
    """El motor de este proceso. La primera vez lo busca y, si hace falta, lo pone en marcha.

    Si hay que esperarlo, se ven sus fases (``log`` las recibe; si no se da, se escriben). Si no hay ninguno
    posible devuelve uno con ``available`` falso: no es una excepción.
    """
    global _current
    log = log or _slow_steps()
    if _current is not None and _current.available and (_still_there(_current) or comes_back(_current)):
        return _current
    if served := state.wait_for_served(os.environ, log=log):
        _use_served(served)
    _current = connect(discover(), log=log)
    return _current


def _slow_steps() -> Callable[[str], None]:
    """Escribe las fases, pero solo si la espera se nota."""
    steps, started = Steps(""), time.monotonic()

    def step(phase: str) -> None:
        if time.monotonic() - started > NOTICEABLE_SECONDS:
            steps(phase)

    return step


def _use_served(served: dict[str, Any]) -> None:
    """El motor que sirve otro proceso pasa a ser el de este."""
    if served.get("host"):
        os.environ.update(environment(served["kind"], served["host"]))


def info_of(client: docker.DockerClient) -> EngineInfo:
    """Qué motor hay detrás de un cliente; si es el de este proceso, se sabe también de qué clase es.

    Lanza los errores del SDK si no contesta.
    """
    if _current is not None and _current.info is not None and _current.client is client:
        return _current.info
    return describe(client)


def connect(choice: Choice, *, log: Callable[[str], None] = lambda _: None) -> Engine:
    """Abre el motor elegido, y lo arranca si es de los del kit.

    Si no arranca, se prueba con el siguiente candidato. Lanza :class:`EngineError` solo si se había
    forzado ese (``MULTIETAPA_MOTOR``).
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
        os.environ.update(environment(choice.kind, running.host))
        choice = Choice(choice.kind, running.host, choice.where, choice.rejected)
    host = choice.host
    if not host:
        return Engine(choice)
    if host == os.environ.get("DOCKER_HOST") or "://" not in host or host.startswith("http"):
        client = docker.from_env(timeout=TIMEOUT_SECONDS)
    else:
        client = docker.DockerClient(base_url=host, timeout=TIMEOUT_SECONDS)
    return Engine(choice, describe(client, choice.kind), client)


def environment(kind: str, host: str) -> dict[str, str]:
    """Lo que se exporta a cuadernos y terminales para que todos usen el mismo motor.

    El proxy de la red, si lo hay, no debe ponerse entre un cuaderno y un puerto de esta misma máquina.
    """
    direct = ",".join(dict.fromkeys([*os.environ.get("NO_PROXY", "").split(","), "127.0.0.1", "localhost"]))
    return {
        "DOCKER_HOST": host,
        KIND_VARIABLE: kind,
        VARIABLE: "",  # ya está elegido: forzarlo otra vez pondría en marcha un segundo motor
        "NO_PROXY": direct.lstrip(","),
        "no_proxy": direct.lstrip(","),
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
        return bool(engine.client.ping())
    except (OSError, docker.errors.DockerException):
        return False
