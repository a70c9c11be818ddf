"""Lo que se le pregunta al motor después de un fallo, para no deducirlo de lo que escribió un programa."""

from __future__ import annotations

import time
from collections.abc import Iterable

import docker
import requests
from docker.errors import APIError, DockerException, ImageNotFound

from multietapa import sdk
from multietapa.errors import engine_lost, is_disk_full
from multietapa.identity import labels

_ANSWERS = 60  # segundos que se espera a que conteste: el embebido, con la máquina cargada, se lo piensa
#: Con el disco lleno, y mientras BuildKit devuelve lo que ocupaba el paso que falló, el contenedor puede no
#: crearse por otra razón: overlayfs no hizo su carpeta, y el motor tropieza al no encontrarla. Se repite.
_TRIES, _PAUSE = 5, 0.3
_FREE = "df -Pk / || busybox df -Pk /"
_BROKEN = (DockerException, requests.RequestException, OSError)


def free_bytes(client: docker.DockerClient, image: str) -> int | None:
    """Los bytes libres del disco del motor, medidos en un contenedor de ``image``; ``None`` si no se sabe.

    Si al motor no le queda sitio ni para crear el contenedor, son 0.
    """
    for _ in range(_TRIES):
        try:
            return _measured(client, image)
        except APIError as problem:
            if is_disk_full(sdk.reason(problem)):
                return 0
            if not problem.is_server_error():
                return None
        except _BROKEN:
            return None
        time.sleep(_PAUSE)
    return None


def _measured(client: docker.DockerClient, image: str) -> int | None:
    """Lo mismo, una vez; lanza los errores del SDK.

    Lo que mide se lee en directo: lo que el motor guarda de un contenedor es un archivo más, y con el disco
    lleno se queda vacío.
    """
    container = None
    try:
        container = client.containers.create(
            image, ["-c", _FREE], entrypoint=["/bin/sh"], network_mode="none", labels=labels()
        )
        said = container.attach(stdout=True, stderr=False, stream=True, logs=False)
        container.start()
        container.wait(timeout=_ANSWERS)
        return _available(b"".join(said).decode(errors="replace"))
    finally:
        if container is not None:
            _remove(container)


def foreign_platform(
    client: docker.DockerClient, wanted: Iterable[tuple[str, str]]
) -> tuple[str, str, str] | None:
    """La primera de esas imágenes que está en el motor, pero para otro procesador; para cuál, y cuál se pide.

    ``wanted`` es cada imagen con la plataforma para la que hace falta (``linux/arm64``).
    """
    for name, platform in wanted:
        system, _, rest = platform.partition("/")
        architecture = rest.partition("/")[0]
        try:
            attributes = client.api.inspect_image(name)
        except (ImageNotFound, *_BROKEN):
            continue
        has = str(attributes.get("Architecture") or architecture)
        if has != architecture:
            variant = str(attributes.get("Variant") or "")
            has = "/".join(filter(None, (str(attributes.get("Os") or system), has, variant)))
            return name, has, platform
    return None


def _available(said: str) -> int | None:
    """Los bytes de la cuarta columna de ``df -Pk``."""
    for line in reversed(said.splitlines()):
        columns = line.split()
        if len(columns) >= 6 and columns[3].isdecimal():
            return int(columns[3]) * 1024
    return None


def _remove(container: docker.models.containers.Container) -> None:
    try:
        container.remove(force=True, v=True)
    except _BROKEN:
        pass  # sin motor no hay nada que quitar, y «limpiar» lo encuentra por su etiqueta


def architecture(client: docker.DockerClient) -> str:
    """La arquitectura del motor, en los nombres de Docker. Lanza ``EngineLostError`` si no contesta."""
    try:
        return str(client.version().get("Arch", "amd64"))
    except (requests.RequestException, DockerException) as error:
        raise engine_lost() from error
