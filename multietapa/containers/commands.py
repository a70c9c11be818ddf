"""Una orden suelta dentro de una imagen, en un contenedor que se borra al terminar."""

from __future__ import annotations

import docker

from multietapa.containers.created import created, finished, start
from multietapa.errors import ContainerError


def run_command(client: docker.DockerClient, image: str, command: str) -> str:
    """Lo que escribe una orden de ``sh`` en un contenedor de ``image``, por sus dos salidas.

    El contenedor se borra siempre, también si se interrumpe la espera. Lanza :class:`ContainerError`, con lo
    que la orden escribió, si no existe la imagen o la orden acaba mal, y :class:`EngineLostError`
    si el motor se apagó.
    """
    with created(client, image, ["-c", command], entrypoint=["sh"]) as container:
        start(
            container,
            what=f"En {image} no se puede ejecutar esa orden.",
            next_step="Hace falta una imagen con «sh»; las mínimas de verdad no lo llevan.",
        )
        code, written = finished(container)
    if code:
        raise ContainerError(
            f"La orden terminó con el código {code} dentro de {image}.",
            why=f"se ejecutó: {command}",
            detail=written.strip(),
            next_step="Comprueba que esa imagen tiene los programas que usa la orden.",
        )
    return written
