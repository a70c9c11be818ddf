"""Pide al motor que entregue una imagen entera, en un archivo que desaparece solo."""

from __future__ import annotations

import errno
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import docker
import requests
import urllib3
from docker.errors import APIError, ImageNotFound

from multietapa import sdk
from multietapa.errors import ArchiveError, EngineLostError, UnknownNameError
from multietapa.image.image import ProgressCallback
from multietapa.paths import cache_dir

SAVING = "Pidiendo la imagen al motor"


@contextmanager
def saved(
    client: docker.DockerClient,
    image: str,
    *,
    folder: Path | None = None,
    progress: ProgressCallback | None = None,
) -> Iterator[BinaryIO]:
    """Pide al motor que guarde ``image`` y da el archivo abierto; desaparece al salir, pase lo que pase.

    El archivo no tiene nombre en Linux y macOS, así que tampoco sobrevive a un proceso muerto.
    Está en ``folder``, o en la caché del kit. Lanza ``UnknownNameError`` si la imagen no existe,
    ``EngineLostError`` si el motor se corta y ``ArchiveError`` si no cabe o el motor no la puede guardar.
    """
    where = folder or cache_dir()
    where.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=where, prefix="multietapa-") as file:
        try:
            expected = int(client.api.inspect_image(image).get("Size") or 0)
            if progress:
                progress(SAVING, 0, expected)
            done = 0
            for chunk in client.api.get_image(image):
                done += file.write(chunk)
                if progress:
                    progress(SAVING, done, max(expected, done))
            file.flush()
            if progress:
                progress(SAVING, done, done)
        except ImageNotFound as problem:
            raise unknown_image(client, image) from problem
        except APIError as problem:
            raise ArchiveError(
                f"El motor no pudo guardar la imagen «{image}».",
                detail=sdk.reason(problem),
                next_step="Comprueba que al motor le queda disco (docker system df) y repite.",
            ) from problem
        except (requests.RequestException, urllib3.exceptions.HTTPError) as problem:
            raise EngineLostError(
                f"El motor se cortó mientras guardaba «{image}».",
                detail=str(problem),
                next_step="Comprueba que sigue encendido y repite la celda.",
            ) from problem
        except OSError as problem:
            if problem.errno != errno.ENOSPC:
                raise
            raise ArchiveError(
                f"No queda disco para guardar la imagen «{image}».",
                why=f"Se llenó la carpeta {where}.",
                next_step="Libera espacio o pon MULTIETAPA_CACHE en otro disco.",
            ) from problem
        yield file


def unknown_image(client: docker.DockerClient, image: str) -> UnknownNameError:
    """El error de una imagen que no está en el motor, con las que sí están."""
    tags = sorted(tag for known in client.images.list() for tag in known.tags)
    return UnknownNameError(image, tags, kind="la imagen")
