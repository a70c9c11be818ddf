"""Las entrañas del SDK de Docker: lo que el kit usa de él sin que el SDK lo prometa, todo aquí.

docker-py promete sus clientes, sus modelos y sus errores. Lo de este archivo (métodos con ``_``,
``docker.auth``, ``docker.utils``, el socket que hay bajo una respuesta) puede cambiar de una versión a otra:
entonces falla ``tests/test_sdk.py``, que dice qué falta, y se arregla aquí y en ningún otro sitio.
"""

from __future__ import annotations

import http
import http.client
import re
import socket
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import docker
import docker.auth
import docker.tls
import docker.utils
import requests
import urllib3
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException

#: Lo que lanza una conexión ssh, si está el paquete con el que el SDK las abre.
SSH_ERRORS: tuple[type[Exception], ...] = ()
if "paramiko" in sys.modules:
    SSH_ERRORS = (
        sys.modules["paramiko"].SSHException,
        sys.modules["paramiko.ssh_exception"].NoValidConnectionsError,
    )
#: Lo que llega en crudo cuando se corta la conexión con el motor, o no se abre.
BROKEN_CONNECTION: tuple[type[Exception], ...] = (
    requests.RequestException,
    urllib3.exceptions.HTTPError,
    http.client.HTTPException,
    ConnectionError,
    TimeoutError,
    socket.gaierror,
    *SSH_ERRORS,
)
_HUB = "registry-1.docker.io"  # como llama el motor al registro de docker.io
_USER_AGENT = "docker-sdk-python"
#: Para un cliente que aún no sabe con qué motor habla: la menor que exige el SDK, o más.
_ANY_VERSION = "1.44"
_MOST_OF_AN_ANSWER = 400  # bytes: «OK», o el principio de una página de otro servidor
#: Lo que lanza un ayudante de credenciales que no está, que falla o que contesta otra cosa.
_BROKEN_HELPER = (DockerException, StoreError, ValueError, KeyError)


def api_version(client: docker.DockerClient) -> tuple[int, ...]:
    """La versión de la API con la que se habla al motor, en números: ``(1, 51)``."""
    return tuple(int(part) for part in re.findall(r"\d+", str(client.api.api_version))[:2])


class NotAnEngine(Exception):
    """Alguien contestó a la pregunta, pero no es un motor: ``status`` y ``said`` son lo que dijo."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(f"{status} {said}")
        self.status, self.said = status, said


def unasked(host: str, *, tls: Any, timeout: float, through_proxies: bool) -> docker.DockerClient:
    """Un cliente que todavía no ha preguntado nada al motor (por ssh, sí ha abierto la conexión).

    ``tls`` es el de :func:`tls_of`, o ``False``. Sin ``through_proxies`` no mira los proxies del entorno.
    Lanza los errores del SDK si la dirección o los certificados no valen.
    """
    client = docker.DockerClient(base_url=host, version=_ANY_VERSION, tls=tls, timeout=timeout)
    client.api.trust_env = through_proxies
    return client


def tls_of(folder: str, *, verify: bool) -> Any:
    """Los certificados de ``folder``, como los lee ``docker.from_env``. Lanza ``TLSParameterError``."""
    place = Path(folder)
    pair = (str(place / "cert.pem"), str(place / "key.pem"))
    return docker.tls.TLSConfig(client_cert=pair, ca_cert=str(place / "ca.pem"), verify=verify)


def is_broken_connection(error: BaseException) -> bool:
    """El error es que no se llega al motor o que se cortó, y no lo que el motor contesta."""
    if isinstance(error, DockerException):
        return type(error) is DockerException and isinstance(error.__cause__, BROKEN_CONNECTION)
    return isinstance(error, BROKEN_CONNECTION)


def asked_elsewhere(error: BaseException) -> str:
    """La dirección a la que iba la petición que falló, si no la hizo el SDK; ``""`` si la hizo él."""
    request = getattr(error, "request", None)
    agent = str(getattr(request, "headers", {}).get("User-Agent", ""))
    return "" if request is None or agent.startswith(_USER_AGENT) else str(request.url)


def check_engine(client: docker.DockerClient) -> None:
    """Comprueba que quien contesta es un motor, de la versión que sea. Lanza :class:`NotAnEngine` si no."""
    with client.api._get(client.api._url("/_ping", versioned_api=False), stream=True) as response:
        said = next(response.iter_content(_MOST_OF_AN_ANSWER), b"").decode("utf-8", "replace").strip()
    if (response.status_code, said) != (200, "OK"):
        raise NotAnEngine(response.status_code, said)


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


def saved_image(api: docker.APIClient, image: str) -> requests.Response:
    """Pide al motor que guarde ``image``; da la respuesta, aún sin leer. Lanza los errores del SDK."""
    answer: requests.Response = api._get(api._url("/images/{0}/get", image), stream=True)
    raise_for_status(api, answer)
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


def credentials(api: docker.APIClient, registry: str) -> tuple[str, str]:
    """El usuario y la contraseña de un registro, o ``("", "")`` si no los hay (o su ayudante está roto).

    Con un *identity token* el usuario es ``""``. Se mira lo que el cliente sabe y, si no, el archivo de
    configuración tal como está ahora: puede haber habido un ``docker login`` después de crear el cliente.
    """
    name = "docker.io" if registry == _HUB else registry
    for known in (api._auth_configs, None):
        with suppress(*_BROKEN_HELPER):
            known = known or docker.auth.load_config(credstore_env=api.credstore_env)
            entry = docker.auth.resolve_authconfig(known, name, credstore_env=api.credstore_env) or {}
            found = {key.lower(): str(value or "") for key, value in entry.items()}
            if token := found.get("identitytoken"):
                return "", token
            if found.get("username"):
                return found["username"], found.get("password", "")
    return "", ""


def split_reference(reference: str) -> tuple[str, str]:
    """El repositorio y la etiqueta (o el digest) de una referencia; sin etiqueta, ``latest``."""
    repository, tag = docker.utils.parse_repository_tag(reference)
    return str(repository), str(tag or "latest")


def registry_of(repository: str) -> str:
    """El registro de un repositorio: ``docker.io`` si no nombra otro. Lanza ``InvalidRepository``."""
    return str(docker.auth.resolve_repository_name(repository)[0])


def lines(response: requests.Response) -> Iterator[bytes]:
    """Las líneas de una respuesta según llegan, sin las que están en blanco."""
    rest = b""
    for chunk in response.iter_content(chunk_size=None):
        *whole, rest = (rest + chunk).split(b"\n")
        yield from filter(bytes.strip, whole)
    if rest.strip():
        yield rest


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


def upgrade(
    api: docker.APIClient, path: str, headers: Iterable[tuple[str, str]], *, timeout: float
) -> tuple[requests.Response, Any, bytes]:
    """Pide a la ruta ``path`` que la conexión pase a ser nuestra (``Upgrade: h2c``).

    Las cabeceras pueden repetirse. Da la respuesta (guárdala mientras uses la conexión, y ciérrala), la
    conexión (un socket, un canal de ssh o lo que el SDK use) y los primeros bytes, que ya se leyeron.
    Lanza los errores del SDK si el motor no quiere, y los de ``requests`` si nadie contesta.
    """
    request = api.prepare_request(requests.Request("POST", api._url(path)))
    request.headers = urllib3.HTTPHeaderDict(request.headers)
    for name, value in (("Connection", "Upgrade"), ("Upgrade", "h2c"), *headers):
        request.headers.add(name, value)
    settings = api.merge_environment_settings(request.url, {}, True, api.verify, api.cert)
    response = api.send(request, timeout=timeout, **settings)
    if response.status_code != http.HTTPStatus.SWITCHING_PROTOCOLS:
        with response:
            raise_for_status(api, response)
            raise APIError("la conexión no cambió de protocolo", response=response)
    connection = api._get_raw_response_socket(response)
    connection = getattr(connection, "_sock", connection)
    shared = getattr(connection, "proc", None) is not None  # la orden ssh: su salida es el lector mismo
    return response, connection, b"" if shared else _already_read(response.raw._fp.fp)


def _already_read(reader: Any) -> bytes:
    """Lo que quedó leído y sin usar en el lector de una respuesta.

    Si no quedó nada, puede esperar a lo primero que diga el motor, que entonces habla enseguida.
    """
    kept = getattr(reader, "_rbuffer", None)  # paramiko
    return bytes(kept) if kept is not None else bytes(reader.peek())


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
