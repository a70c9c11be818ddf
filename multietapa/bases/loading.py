"""Cargar en el motor un archivo de imágenes guardado."""

from __future__ import annotations

from pathlib import Path

import docker

from multietapa import sdk


def load(client: docker.DockerClient, path: Path) -> None:
    """Carga las imágenes de un archivo de ``docker save``, las que traiga.

    No se usa ``images.load``: busca después cada imagen por el nombre que escribió el motor, y Podman escribe
    los de todas en una línea. Lanza ``ImageLoadError`` con lo que dijo el motor si no pudo.
    """
    with path.open("rb") as opened:
        for message in client.api.load_image(opened):
            if said := sdk.error_in(message):
                raise docker.errors.ImageLoadError(said)
