"""``motor()``: el motor de este proceso, encontrado una vez y compartido por todas las celdas."""

from __future__ import annotations

import atexit
import html
import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import docker

from multietapa import sdk_errors
from multietapa.address import Direccion
from multietapa.asking import wait_for_answer
from multietapa.bases import Bases, available_bases
from multietapa.commands import run_command
from multietapa.console import Steps
from multietapa.errors import ContainerError, EngineError, NoEngineError
from multietapa.identity import labels
from multietapa.motor import budget, state
from multietapa.motor.discovery import KIND_VARIABLE, VARIABLE, discover
from multietapa.motor.model import OWN_KINDS, Choice, EngineInfo, describe

TIMEOUT_SECONDS = 600
NOTICEABLE_SECONDS = 0.7


@dataclass(frozen=True)
class Motor:
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

    @property
    def etiquetas(self) -> dict[str, str]:
        """Las que lleva todo lo que se crea en el taller: ``labels=motor().etiquetas``."""
        return labels()

    def bases(self) -> Bases:
        """Qué imágenes base del taller están en el motor y cuáles son equivalentes locales."""
        return available_bases(self.client, engine=self.info.label if self.info else "")

    def direccion(self, contenedor: Any, puerto: int = 3000, *, plazo: float = 30.0) -> Direccion:
        """La dirección de un puerto publicado, ya contestando: ``http://127.0.0.1:NNNN``.

        Al mostrarla en un cuaderno es un enlace que se puede abrir, también en Binder.

        ``contenedor`` es el del SDK o su nombre; ``plazo``, los segundos que se espera a que
        conteste. Lanza :class:`ContainerError` si no se publicó, no se pudo abrir o nadie contesta.
        """
        url = self.published(contenedor, puerto)
        problem = wait_for_answer(url, seconds=plazo)
        if problem:
            raise ContainerError(
                f"En {url} no contesta nadie.",
                why=problem,
                next_step=f"Mira su registro con .logs(); el programa debe escuchar en 0.0.0.0:{puerto}.",
            )
        return Direccion(url)

    def ejecutar(self, imagen: str, orden: str) -> str:
        """Lo que escribe una orden de ``sh`` en un contenedor que se borra al terminar.

        Lanza :class:`ContainerError`, con lo que escribió, si no existe la imagen o la orden acaba mal.
        """
        return run_command(self.client, imagen, orden)

    def published(self, container: Any, port: int, *, timeout: float = 5.0) -> str:
        """La dirección de un puerto publicado, conteste o no; espera ``timeout`` segundos a que esté abierto.

        Lanza :class:`ContainerError` si no se publicó o no se pudo abrir en esta máquina.
        """
        name = getattr(container, "id", container)
        limit = time.monotonic() + timeout
        while True:
            attributes = self.client.api.inspect_container(name)
            bindings = (attributes["NetworkSettings"].get("Ports") or {}).get(f"{port}/tcp")
            if bindings:
                break
            if time.monotonic() > limit or not attributes["State"]["Running"]:
                raise ContainerError(
                    f"El contenedor no publica el puerto {port}.",
                    why=f"Su estado es «{attributes['State']['Status']}».",
                    next_step=f'Arráncalo con ports={{"{port}/tcp": None}} y mira su registro con .logs().',
                )
            time.sleep(0.05)
        opened = int(bindings[0]["HostPort"])
        self._check_forward(opened, limit)
        return f"http://{self._address()}:{opened}"

    def _address(self) -> str:
        url = urlsplit(self.choice.host)
        return url.hostname or "127.0.0.1" if url.scheme in ("tcp", "http", "https", "ssh") else "127.0.0.1"

    def _check_forward(self, port: int, limit: float) -> None:
        """En un motor del kit, el puerto lo abre su supervisor; aquí se espera a que lo diga."""
        if self.choice.kind not in OWN_KINDS:
            return
        published = Path(self.choice.host.removeprefix("unix://")).with_name("puertos.json")
        while time.monotonic() < limit:
            table = json.loads(published.read_text(encoding="utf-8")) if published.exists() else {}
            if f"{port}/tcp" in table:
                if table[f"{port}/tcp"]:
                    raise ContainerError(
                        f"El puerto {port} no se puede usar en esta máquina.",
                        why=table[f"{port}/tcp"],
                        next_step='Elige otro, o deja que elija el motor con ports={"3000/tcp": None}.',
                    )
                return
            time.sleep(0.05)

    def __repr__(self) -> str:
        lines = [f"Motor: {self.info.label}" if self.info else "Motor: ninguno (se verán grabaciones)"]
        lines += [
            f"  no se eligió {r.kind}{f' ({r.where})' if r.where else ''}: {r.reason}"
            for r in self.choice.rejected
        ]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head, *rest = repr(self).splitlines()
        items = "".join(f"<li>{html.escape(line.strip())}</li>" for line in rest)
        why = f"<details><summary>Por qué este motor y no otro</summary><ul>{items}</ul></details>"
        return f"<p><strong>{html.escape(head)}</strong></p>" + (why if items else "")


_current: Motor | None = None


def motor(*, log: Callable[[str], None] | None = None) -> Motor:
    """El motor de este proceso. La primera vez lo busca y, si hace falta, lo pone en marcha.

    Si hay que esperarlo, se ven sus fases (``log`` las recibe; si no se da, se escriben).

    Si no hay ninguno posible devuelve un ``Motor`` con ``available`` falso: no es una excepción. En un
    cuaderno, desde entonces los errores del SDK se explican en español y, si el servidor es compartido, se
    avisa de cuánto procesador se gasta.
    """
    global _current
    sdk_errors.install()
    budget.install()
    log = log or _slow_steps()
    if _current is not None and _current.available and (_still_there(_current) or _comes_back(_current)):
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
    if _current is not None and _current.info is not None and _current._client is client:
        return _current.info
    return describe(client)


def connect(choice: Choice, *, log: Callable[[str], None] = lambda _: None) -> Motor:
    """Abre el motor elegido, y lo arranca si es de los del kit.

    Si no arranca, se prueba con el siguiente candidato. Lanza :class:`EngineError` solo si se había
    forzado ese (``MULTIETAPA_MOTOR``).
    """
    failed: dict[str, str] = {}
    while choice.kind in OWN_KINDS and not choice.host:
        from multietapa.motor import supervisor  # solo Linux

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
        return Motor(choice)
    if host == os.environ.get("DOCKER_HOST") or "://" not in host or host.startswith("http"):
        client = docker.from_env(timeout=TIMEOUT_SECONDS)
    else:
        client = docker.DockerClient(base_url=host, timeout=TIMEOUT_SECONDS)
    return Motor(choice, describe(client, choice.kind), client)


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


def _comes_back(current: Motor, *, seconds: float = 15.0) -> bool:
    """Un motor del kit que se cae lo levanta su supervisor, si sigue ahí: se le espera, con sus imágenes."""
    if current.choice.kind not in OWN_KINDS:
        return False
    from multietapa.motor.slots import is_reserved  # usa fcntl, que no existe en Windows

    run = Path(current.choice.host.removeprefix("unix://")).parent
    limit = time.monotonic() + seconds
    while is_reserved(run) and time.monotonic() < limit:
        if _still_there(current):
            return True
        time.sleep(0.1)
    return False


def _still_there(current: Motor) -> bool:
    try:
        return bool(current.client.ping())
    except (OSError, docker.errors.DockerException):
        return False
