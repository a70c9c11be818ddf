"""Una orden suelta dentro de una imagen, en un contenedor que se borra al terminar."""

from __future__ import annotations

from contextlib import suppress

import docker
import requests

from multietapa.errors import ContainerError
from multietapa.identity import labels


def run_command(client: docker.DockerClient, image: str, command: str) -> str:
    """Lo que escribe una orden de ``sh`` en un contenedor de ``image``, por sus dos salidas.

    El contenedor se borra siempre, también si se interrumpe la espera. Lanza :class:`ContainerError`, con lo
    que la orden escribió, si no existe la imagen o la orden acaba mal.
    """
    try:
        container = client.containers.create(image, ["-c", command], entrypoint=["sh"], labels=labels())
    except docker.errors.ImageNotFound as problem:
        raise ContainerError(
            f"No existe la imagen {image}.", next_step="Constrúyela antes, con esa misma etiqueta."
        ) from problem
    try:
        container.start()
        code = int(container.wait()["StatusCode"])
        written = str(container.logs().decode("utf-8", "replace"))
    except docker.errors.APIError as problem:
        raise ContainerError(
            f"En {image} no se puede ejecutar esa orden.",
            why=str(problem.explanation or problem),
            next_step="Hace falta una imagen con «sh»; las mínimas de verdad no lo llevan.",
        ) from problem
    finally:
        with suppress(docker.errors.APIError, requests.ConnectionError):
            container.remove(force=True, v=True)
    if code:
        raise ContainerError(
            f"La orden terminó con el código {code} dentro de {image}.",
            why=f"se ejecutó: {command}",
            detail=written.strip(),
            next_step="Comprueba que esa imagen tiene los programas que usa la orden.",
        )
    return written
