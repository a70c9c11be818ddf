"""Las entrañas del SDK de Docker: lo que el kit usa de él sin que el SDK lo prometa, todo aquí.

docker-py promete sus clientes, sus modelos y sus errores. Lo de este archivo (métodos con ``_``,
``docker.auth``, ``docker.utils``, el socket que hay bajo una respuesta) puede cambiar de una versión a otra:
entonces falla ``tests/test_sdk.py``, que dice qué falta, y se arregla aquí y en ningún otro sitio.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import docker
import docker.auth
import docker.utils
import requests
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException

#: Lo que lanza un ayudante de credenciales que no está, que falla o que contesta otra cosa.
_BROKEN_HELPER = (DockerException, StoreError, ValueError, KeyError)


def api_version(client: docker.DockerClient) -> tuple[int, ...]:
    """La versión de la API con la que se habla al motor, en números: ``(1, 51)``."""
    return tuple(int(part) for part in re.findall(r"\d+", str(client.api.api_version))[:2])


def host_of(client: docker.DockerClient) -> str:
    """La dirección del motor de ese cliente: ``unix:///ruta`` si es un socket, o su URL."""
    base = str(client.api.base_url)
    adapter = client.api.get_adapter(base) if base.startswith("http+docker") else None
    path = getattr(adapter, "socket_path", "")
    return f"unix://{path}" if path else base


def post(
    api: docker.APIClient,
    path: str,
    *,
    timeout: float | None,
    params: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    data: Any = None,
    stream: bool = False,
) -> requests.Response:
    """Hace ``POST`` a una ruta de la API (``/build``), con las cabeceras que el usuario tenga configuradas.

    ``timeout`` son los segundos que el motor puede estar callado (``None``: los que quiera). No mira el
    código de la respuesta: para eso está :func:`raise_for_status`. Lanza los errores de ``requests`` si nadie
    contesta.
    """
    answer: requests.Response = api._post(
        api._url(path), params=params, headers=dict(headers or {}), data=data, stream=stream, timeout=timeout
    )
    return answer


def raise_for_status(api: docker.APIClient, response: requests.Response) -> None:
    """Lanza el error del SDK que corresponde a una respuesta que no es un sí, con lo que dijo el motor."""
    try:
        api._raise_for_status(response)
    except (KeyError, TypeError) as problem:  # contestó un JSON que no es del motor: un proxy, por ejemplo
        raise APIError(response.reason, response=response, explanation=response.text.strip()) from problem


def reason(problem: BaseException) -> str:
    """Lo que dijo el motor, con sus palabras; si no dijo nada, lo que dice el error."""
    said = getattr(problem, "explanation", None) or str(problem) or type(problem).__name__
    return str(said).strip()


def error_in(message: Mapping[str, Any]) -> str:
    """El error que trae una línea de la respuesta del motor, con sus palabras; ``""`` si no trae ninguno."""
    if "errorDetail" not in message and "error" not in message:
        return ""
    return str((message.get("errorDetail") or {}).get("message") or message.get("error") or "error")


def ping(client: docker.DockerClient, *, timeout: float) -> None:
    """Pregunta al motor si está. Lanza los errores de ``requests`` si en ``timeout`` segundos no contesta."""
    client.api._get(client.api._url("/_ping", versioned_api=False), timeout=timeout).close()


def build_auth(api: docker.APIClient) -> dict[str, str]:
    """La cabecera con las credenciales de todos los registros, o ninguna si no las hay.

    Un ayudante de credenciales roto cuenta como no tenerlas: no impide construir.
    """
    headers: dict[str, str] = {}
    with suppress(*_BROKEN_HELPER):
        api._set_auth_headers(headers)
    return headers


def registry_auth(api: docker.APIClient, registry: str) -> dict[str, str]:
    """La cabecera con las credenciales de un registro, o ninguna si no las hay (o su ayudante está roto)."""
    with suppress(*_BROKEN_HELPER):
        if header := docker.auth.get_config_header(api, registry):
            return {"X-Registry-Auth": header.decode() if isinstance(header, bytes) else str(header)}
    return {}


def split_reference(reference: str) -> tuple[str, str]:
    """El repositorio y la etiqueta (o el digest) de una referencia; sin etiqueta, ``latest``."""
    repository, tag = docker.utils.parse_repository_tag(reference)
    return str(repository), str(tag or "latest")


def registry_of(repository: str) -> str:
    """El registro de un repositorio: ``docker.io`` si no nombra otro. Lanza ``InvalidRepository``."""
    return str(docker.auth.resolve_repository_name(repository)[0])


def cut(response: requests.Response | None) -> bool:
    """Corta la conexión de una respuesta a medio leer, para que el motor note que ya nadie espera.

    Se puede llamar desde otro hilo. Dice si pudo: no puede si todavía no hay respuesta o ya se cerró.
    """
    try:
        raw = response.raw._fp.fp.raw  # type: ignore[union-attr]
        getattr(raw, "_sock", raw).shutdown(socket.SHUT_RDWR)
    except (AttributeError, ValueError, OSError):
        return False
    return True


def follow(events: Any) -> Iterator[dict[str, Any]]:
    """Los eventos de ``client.events(decode=True)`` según llegan, hasta que se cierran o el motor se va.

    Al cerrarse desde otro hilo, el SDK tropieza con lo que ya no está (``AttributeError``): aquí es el final.
    """
    with suppress(OSError, ValueError, AttributeError, DockerException):
        yield from events


def stop_following(events: Any) -> None:
    """Deja de escuchar unos eventos, aunque otro hilo los esté esperando."""
    with suppress(OSError, AttributeError, DockerException):
        events.close()
