"""Pide al motor que entregue una imagen entera, en un archivo que desaparece solo."""

from __future__ import annotations

import errno
import re
import tempfile
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, BinaryIO

import docker
import requests
import urllib3
from docker.errors import APIError, NotFound

from multietapa import sdk
from multietapa.dockerfile.references import invalid_reference
from multietapa.errors import ArchiveError, EngineLostError, MultietapaError, UnknownNameError
from multietapa.image.archive import familiar
from multietapa.image.image import ProgressCallback
from multietapa.measure.ahead import CHUNK, read_ahead
from multietapa.paths import cache_dir

_ID = re.compile(r"(?:sha256:)?[0-9a-f]{1,64}")  # también recortado
SAVING = "Pidiendo la imagen al motor"


@contextmanager
def saved(
    client: docker.DockerClient,
    image: str,
    *,
    folder: Path | None = None,
    progress: ProgressCallback | None = None,
    through: Callable[[Iterator[bytes]], None] | None = None,
) -> Iterator[BinaryIO]:
    """Pide al motor que guarde ``image`` y da el archivo cuando ya está entero.

    El archivo desaparece al salir, pase lo que pase: no tiene nombre en Linux y macOS, así que tampoco
    sobrevive a un proceso muerto. Está en ``folder``, o en la caché del kit. ``through`` ve pasar los trozos
    que quiera según llegan.

    Lanza ``UnknownNameError`` si la imagen no existe, ``EngineLostError`` si el motor se corta y
    ``ArchiveError`` si no cabe o el motor no la puede guardar.
    """
    where = folder or cache_dir()
    where.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=where, prefix="multietapa-") as file:
        with closing(_arriving(client, image, file, where, progress)) as chunks:
            if through:
                through(chunks)
            exhaust(chunks)
        yield file


def saved_to(
    client: docker.DockerClient, image: str, place: Path, *, progress: ProgressCallback | None = None
) -> None:
    """Lo mismo en un archivo con nombre, para un programa de fuera; borrarlo es cosa de quien llama."""
    with place.open("wb") as file:
        exhaust(_arriving(client, image, file, place.parent, progress))


def passed(
    client: docker.DockerClient,
    image: str,
    through: Callable[[Iterator[bytes]], None],
    *,
    progress: ProgressCallback | None = None,
    ahead: bool = False,
) -> None:
    """Pide al motor que guarde ``image`` y deja que ``through`` la vea pasar: aquí no se escribe nada.

    Con ``ahead`` se lee por delante, en otro hilo: conviene si el motor la va haciendo según la manda, como
    con containerd. Lanza lo que :func:`saved`, menos lo del disco.
    """
    with closing(_arriving(client, image, None, Path(), progress, ahead=ahead)) as chunks:
        through(chunks)
        exhaust(chunks)


def exhaust(chunks: Iterator[bytes]) -> None:
    """Pide los trozos que queden."""
    for _ in chunks:
        pass


def _arriving(
    client: docker.DockerClient,
    image: str,
    file: IO[bytes] | None,
    where: Path,
    progress: ProgressCallback | None,
    *,
    ahead: bool = False,
) -> Generator[bytes, None, None]:
    """Cada trozo, cuando ya está en el archivo, si lo hay."""
    done = 0
    try:
        expected = int(client.api.inspect_image(image).get("Size") or 0)
        if progress:
            progress(SAVING, 0, expected)
        response = sdk.saved_image(client.api, image)
        chunks = read_ahead(response) if ahead else (part for part in response.iter_content(CHUNK))
        with response, closing(chunks):
            for chunk in chunks:
                if file:
                    with disk_to(f"guardar la imagen «{image}»", where):
                        file.write(chunk)
                        file.flush()
                done += len(chunk)
                if progress:
                    progress(SAVING, done, max(expected, done))
                yield chunk
        if progress:
            progress(SAVING, done, done)
    except NotFound as problem:
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


@contextmanager
def disk_to(doing: str, where: Path) -> Iterator[None]:
    """Si no queda disco en ``where`` para ``doing``, lo dice: ``ArchiveError``."""
    try:
        yield
    except OSError as problem:
        if problem.errno != errno.ENOSPC:
            raise
        raise ArchiveError(
            f"No queda disco para {doing}.",
            why=f"Se llenó la carpeta {where}.",
            next_step="Libera espacio o pon MULTIETAPA_CACHE en otro disco.",
        ) from problem


def unknown_image(client: docker.DockerClient, image: str) -> MultietapaError:
    """El error de una imagen que el motor no da por ese nombre: no vale, es de otra plataforma o no está."""
    why, next_step = ("", "") if _ID.fullmatch(image) else invalid_reference(image)
    if why:
        return MultietapaError(f"«{image}» no es el nombre de una imagen.", why=why, next_step=next_step)
    # En una sola petición: mientras se pregunta por cada una, otra construcción puede borrarla.
    listed = {tag: known for known in client.api.images() for tag in known.get("RepoTags") or ()}
    same = (tag for tag, known in listed.items() if image in (tag, known["Id"]) or tag == familiar(image))
    if tag := next(same, ""):
        return _foreign(client, tag)
    return UnknownNameError(image, sorted(listed.keys() - {"<none>:<none>"}), kind="la imagen")


def _foreign(client: docker.DockerClient, name: str) -> MultietapaError:
    """El error de una imagen que el motor tiene y no puede dar: la tiene para otra plataforma."""
    mine = str(client.version().get("Arch") or "amd64")
    try:
        has = f"linux/{client.api.inspect_image(name).get('Architecture')}"
    except APIError:
        has = "otra plataforma"
    return MultietapaError(
        f"La imagen «{name}» está en el motor, pero es para {has}.",
        why=f"Este motor es linux/{mine}, y de esa imagen no tiene la parte que le toca.",
        next_step=f"Tráela para él: docker pull --platform linux/{mine} {name}",
    )
