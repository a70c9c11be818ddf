"""Un registro de verdad en el motor: un contenedor con su puerto en 127.0.0.1, uno por sesión.

El motor llega a él por ``127.0.0.1:PUERTO``, que no pide TLS, y este proceso por la dirección que dé
:func:`multietapa.containers.ports.published`. Lo que guarda va en un volumen anónimo: se borra con él.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import docker
import requests

from multietapa import sdk
from multietapa.bases.families.registry import REFERENCE, STORAGE
from multietapa.bases.reporting import ReportProgress, silent
from multietapa.bases.sources import described, ensure_base
from multietapa.containers.created import LOG_LINES, last_lines
from multietapa.containers.ended import check_running
from multietapa.containers.http import wait_for_answer
from multietapa.containers.ports import published
from multietapa.engine.session import Engine
from multietapa.engine.talking import talking
from multietapa.errors import ContainerError, RegistryError, is_disk_full
from multietapa.identity import LABEL, REGISTRY_LABEL, SESSION_LABEL, labels, session_id

PORT = 5000
START_SECONDS = 20.0
_RACE_SECONDS = 10.0  # lo que se espera a que otra celda acabe de ponerlo en marcha
_NOT_FOUND = 404
_LOST = re.compile(r"no such volume|error evaluating symlinks from mount source", re.I)
_TAKEN = re.compile(r"port is already allocated|address already in use|ports are not available", re.I)
#: Lo que cambia respecto a la imagen: se puede borrar, no apunta cada petición y no manda trazas a nadie.
_ENVIRONMENT = {
    "REGISTRY_STORAGE_DELETE_ENABLED": "true",
    "REGISTRY_LOG_ACCESSLOG_DISABLED": "true",
    "OTEL_TRACES_EXPORTER": "none",
}


@dataclass(frozen=True)
class Registry:
    """Un registro en marcha.

    ``host`` es como lo nombra el motor (``127.0.0.1:NNNN``) y ``url``, por donde llega este proceso;
    ``origin`` dice de dónde salió su imagen.
    """

    client: docker.DockerClient
    container_id: str
    host: str
    url: str
    origin: str

    @property
    def address(self) -> tuple[str, int]:
        """El nombre y el puerto de ``url``."""
        parts = urlsplit(self.url)
        return parts.hostname or "127.0.0.1", parts.port or 80

    def trouble(self) -> str:
        """Por qué ya no atiende, en una frase: se paró, o su disco está lleno. ``""`` si no se ve nada.

        Lanza los errores del SDK si el que no contesta es el motor.
        """
        try:
            state = self.client.api.inspect_container(self.container_id)["State"]
        except docker.errors.NotFound:
            return "el registro ya no está: alguien borró su contenedor"
        if not state.get("Running"):
            return f"el registro se paró (código {state.get('ExitCode')})"
        said = last_lines(self.client.containers.get(self.container_id), LOG_LINES)
        return "no queda espacio en el disco del registro" if is_disk_full(said) else ""

    def logs(self, lines: int = LOG_LINES) -> str:
        """Las últimas líneas que escribió; nada si ya no está."""
        try:
            return last_lines(self.client.containers.get(self.container_id), lines)
        except docker.errors.NotFound:
            return ""

    def remove(self) -> None:
        """Lo borra con todo lo que guarda. Si ya no está, no pasa nada."""
        _remove(self.client, self.container_id)


@talking("ponía en marcha el registro")
def local_registry(
    engine: Engine, *, port: int | None = None, progress: ReportProgress = silent, image: str = REFERENCE
) -> Registry:
    """El registro de esta sesión en ese motor; si no lo hay, lo pone en marcha.

    Con ``port`` escucha en ese puerto de 127.0.0.1; sin él, en uno libre. Si ya hay uno se usa, en el puerto
    que tenga; si se había parado, vuelve con lo que guardaba, o vacío si se perdió. ``progress`` se entera
    mientras se trae la imagen: ``registry:3`` o su equivalente.

    Raises:
        RegistryError: el puerto no es posible o está ocupado, no arranca o no se llega a él desde aquí.
        BaseImageError: la imagen no se consigue por ningún camino.
        EngineLostError: el motor se apagó.
    """
    if port is not None and (isinstance(port, bool) or not isinstance(port, int) or not 0 < port < 65536):
        raise RegistryError(
            f"El registro no puede escuchar en el puerto {port!r}.",
            why="Un puerto es un número entero de 1 a 65535.",
            next_step="Quita port=, y el motor elige uno libre.",
        )
    client = engine.client
    existing = _existing(client)
    if existing is not None and not _comes_back(client, existing):
        _remove(client, existing)  # lo que guardaba se perdió con su volumen
        existing = None
    if existing is None:
        origin = ensure_base(client, image, progress=progress).described
        container = client.containers.get(_created(client, image, port))
    else:
        container = client.containers.get(existing)
        origin = described(client, container.attrs["Image"]).described
    try:
        return _serving(engine, container, origin)
    except BaseException:
        if existing is None:  # es de ahora: no se queda a medias
            _remove(client, container.id)
        raise


def _name() -> str:
    return f"multietapa-registro-{re.sub(r'[^a-zA-Z0-9_.-]', '', session_id())}"


def _existing(client: docker.DockerClient) -> str | None:
    """El id del registro de esta sesión, corra o no."""
    for item in client.api.containers(all=True, filters={"label": f"{LABEL}=1"}):  # una: por Podman 4
        own = item.get("Labels") or {}
        if own.get(REGISTRY_LABEL) == "1" and own.get(SESSION_LABEL) == session_id():
            return str(item["Id"])
    return None


def _comes_back(client: docker.DockerClient, container: str) -> bool:
    """Si un registro parado puede volver: no, si su volumen (o él mismo) ya no está."""
    try:
        client.api.start(container)  # si ya corre, no hace nada
    except docker.errors.APIError as problem:
        return problem.status_code != _NOT_FOUND and not _LOST.search(sdk.reason(problem))
    return True


def _created(client: docker.DockerClient, image: str, port: int | None) -> str:
    limit = time.monotonic() + _RACE_SECONDS
    while True:
        try:
            container = client.containers.create(
                image,
                name=_name(),
                labels={**labels(), REGISTRY_LABEL: "1"},
                environment=_ENVIRONMENT,
                ports={f"{PORT}/tcp": ("127.0.0.1", port)},
                # Con volumes=[...] el motor no apunta el nombre del volumen, y si se reinicia lo pierde.
                mounts=[docker.types.Mount(STORAGE, None, type="volume", labels=labels())],
                use_config_proxy=False,
            )
            return str(container.id)
        except docker.errors.APIError as problem:
            if problem.status_code == 409 and time.monotonic() < limit:  # otra celda se adelantó
                if (other := _existing(client)) is not None:
                    return other
                time.sleep(0.1)
                continue
            raise RegistryError(
                "El registro no se puede crear.", why=sdk.reason(problem), next_step="Repite la celda."
            ) from problem


def _serving(engine: Engine, container: Any, origin: str) -> Registry:
    """Arranca el contenedor, si no lo está, y espera a que conteste."""
    try:
        container.start()  # si ya corre, no hace nada
        base = published(engine, container, PORT)
        missing = wait_for_answer(
            f"{base}/v2/", seconds=START_SECONDS, check=lambda: check_running(engine, container)
        )
    except docker.errors.APIError as problem:
        raise _not_started(sdk.reason(problem), container) from problem
    except ContainerError as problem:
        raise _not_started(problem.why or problem.what, container) from problem
    if missing:
        host = urlsplit(base).hostname
        far = host not in ("127.0.0.1", "localhost", "::1")
        raise RegistryError(
            f"El registro está en marcha, pero desde aquí no se llega a {base}.",
            why=f"Tu motor está en otra máquina ({host}), y el registro solo escucha en su 127.0.0.1."
            if far
            else missing,
            next_step="Usa un motor de esta máquina." if far else "Repite la celda.",
            detail=last_lines(container, LOG_LINES),
        )
    attributes = engine.client.api.inspect_container(container.id)
    binding = attributes["NetworkSettings"]["Ports"][f"{PORT}/tcp"][0]
    return Registry(engine.client, container.id, f"127.0.0.1:{binding['HostPort']}", base, origin)


def _not_started(said: str, container: Any) -> RegistryError:
    if _TAKEN.search(said) or "no se pudo abrir" in said:
        return RegistryError(
            "El registro no arranca: su puerto está ocupado.",
            why=said,
            next_step="Elige otro con port=, o quítalo y el motor elige uno libre.",
        )
    return RegistryError(
        "El registro no arranca.",
        why=said,
        next_step="Bórralo con limpiar() y repite la celda.",
        detail=last_lines(container, LOG_LINES),
    )


def _remove(client: docker.DockerClient, container: str) -> None:
    with suppress(docker.errors.APIError, requests.RequestException):
        client.api.remove_container(container, force=True, v=True)


def checking(registry: Registry) -> Callable[[], str]:
    """Pregunta por qué el registro no atiende, como :meth:`Registry.trouble`; si no se puede, ``""``."""

    def ask() -> str:
        try:
            return registry.trouble()
        except (docker.errors.DockerException, requests.RequestException, OSError):
            return ""

    return ask
