"""Con qué usuario corre una imagen de verdad: se arranca, se le pregunta al motor y se recoge siempre."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from threading import Event
from typing import Any

import docker
import requests

from multietapa.containers.created import LOG_LINES, created, explained, start
from multietapa.containers.ended import crash_of
from multietapa.containers.running import Running
from multietapa.errors import ContainerError
from multietapa.text import duration

LIMIT_SECONDS = 10.0
_PAUSE_SECONDS = 0.1
_SETTLED = 4
"""Veces seguidas que se ve el mismo usuario: un guion de arranque empieza de root y cede el puesto a otro."""
_COLUMNS = ("PID", "UID", "GID")
_REMAPPED = "name=userns"
_IDS = re.compile(r"^Uid:\s+\d+\s+(\d+).*^Gid:\s+\d+\s+(\d+)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class RunsAs:
    """Los ids efectivos del proceso principal; o ``None`` y por qué no se saben (``why``)."""

    uid: int | None
    gid: int | None
    why: str = ""


def runs_as(
    client: docker.DockerClient, image: str, *, limit: float = LIMIT_SECONDS, stop: Event | None = None
) -> RunsAs:
    """Arranca ``image`` con su orden y mira de quién es su proceso principal, que no ha de terminar.

    No publica ningún puerto ni tiene red, y su entrada queda abierta: así un intérprete espera en vez de
    acabar. ``limit`` son los segundos que se le dan, y ``stop`` avisa de que ya no hace falta. Lanza
    :class:`EngineLostError` si el motor se apagó.
    """
    try:
        with created(client, image, stdin_open=True, network_mode="none") as container:
            start(container, what="El contenedor no arranca.", next_step="Revisa su CMD y su USER.")
            try:
                with explained(what="El contenedor desapareció.", next_step="Comprueba que nadie lo borró."):
                    return _watched(client, container, limit, stop or Event())
            finally:
                with suppress(docker.errors.APIError, requests.RequestException):
                    container.kill()  # Podman, al borrarlo, esperaría diez segundos a que acabe
    except ContainerError as problem:
        return RunsAs(None, None, _lower(problem.why or problem.what))


def _watched(client: docker.DockerClient, container: Any, limit: float, stop: Event) -> RunsAs:
    """Espera a que el usuario deje de cambiar."""
    remapped = any(_REMAPPED in option for option in client.info().get("SecurityOptions") or ())
    until = time.monotonic() + limit
    seen: list[tuple[int, int] | None] = []
    while time.monotonic() < until and not stop.is_set():
        state = client.api.inspect_container(container.id)["State"]
        if not state["Running"]:
            return RunsAs(None, None, _closed(container, state))
        ids = None if remapped else _from_engine(container, int(state.get("Pid") or 0))
        seen.append(ids or _from_inside(container))
        last = seen[-_SETTLED:]
        if len(last) == _SETTLED and len(set(last)) == 1:
            if last[0] is None:
                why = "el motor no dice de quién son sus procesos, y la imagen no lleva con qué mirarlo"
                return RunsAs(None, None, why)
            return RunsAs(*last[0])
        stop.wait(_PAUSE_SECONDS)
    return RunsAs(None, None, f"en {duration(limit)} no se llegó a ver su proceso principal")


def _from_engine(container: Any, main: int) -> tuple[int, int] | None:
    """Lo que ve el motor, con su ``ps``; ``None`` si no lo tiene o contesta otra cosa."""
    try:
        told = container.top(ps_args="-o pid,uid,gid")
    except (docker.errors.APIError, ValueError):  # Podman 4 contesta bien, y sin nada que leer
        return None
    if tuple(told.get("Titles") or ()) != _COLUMNS:
        return None
    rows = [row for row in told.get("Processes") or () if len(row) == 3 and all(map(str.isdigit, row))]
    mine = [row for row in rows if int(row[0]) == main] or rows[:1]
    return (int(mine[0][1]), int(mine[0][2])) if mine else None


def _from_inside(container: Any) -> tuple[int, int] | None:
    """Lo que se ve desde dentro, si la imagen lleva ``cat`` o Node; el proceso principal es el primero."""
    try:
        code, output = container.exec_run(["cat", "/proc/1/status"], user="0", stderr=False)
    except docker.errors.APIError:
        code, output = 1, b""
    if code == 0 and (found := _IDS.search(output.decode("utf-8", "replace"))):
        return int(found[1]), int(found[2])
    processes = Running("", container, 0).processes()
    return (processes[0].uid, processes[0].gid) if processes else None


def _closed(container: Any, state: Mapping[str, Any]) -> str:
    """Por qué no dio tiempo a mirarlo: terminó."""
    crash = crash_of(container, state, read=LOG_LINES)
    why = f"el programa terminó antes de poder mirarlo: {crash.facts}"
    return _lower(f"{why}. {crash.said}") if crash.said else why


def _lower(sentence: str) -> str:
    """Una frase como parte de otra: sin mayúscula ni punto."""
    return f"{sentence[:1].lower()}{sentence[1:]}".rstrip(".")
