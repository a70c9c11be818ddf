"""Subir y bajar una imagen con el motor, como ``images.push`` e ``images.pull`` del SDK, y poder cancelarlo.

Son las mismas peticiones que hace el SDK y las mismas líneas que da; aquí cada una es un evento. Si el
registro se para a medias, el motor lo intenta otra vez durante casi un minuto: se le pregunta al registro
qué le pasa, y si no va a volver se corta ya.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any

import docker
import requests
import urllib3

from multietapa import sdk
from multietapa.build.reader import LineReader, arrived
from multietapa.errors import RegistryError, engine_lost, is_disk_full
from multietapa.registry.download import cancelled
from multietapa.registry.events import (
    LayerDeclared,
    LayerProgress,
    LayerState,
    Pushed,
    TransferEvent,
)
from multietapa.registry.local import Registry, checking

_POLL = 0.05  # segundos entre una mirada y otra a la cancelación
_LAYER = re.compile(r"[0-9a-f]{12}")
_NO_CREDENTIALS = "e30="  # «{}»: hay motores que no suben nada sin esta cabecera
#: Lo que dice el motor de una capa, y por dónde va con eso. Lo que empieza por «Mounted» ya estaba en otra.
_STATES = {
    "Preparing": LayerState.WAITING,
    "Waiting": LayerState.WAITING,
    "Pulling fs layer": LayerState.WAITING,
    "Pushing": LayerState.TRAVELLING,
    "Downloading": LayerState.TRAVELLING,
    "Verifying Checksum": LayerState.ARRIVED,
    "Download complete": LayerState.ARRIVED,
    "Extracting": LayerState.UNPACKING,
    "Pull complete": LayerState.DONE,
    "Pushed": LayerState.DONE,
    "Already exists": LayerState.PRESENT,
    "Layer already exists": LayerState.PRESENT,
}
#: Lo que dice el motor si el nombre que se le dio a una imagen para subirla ya no está.
_UNNAMED = re.compile(r"image does not exist locally|tag does not exist|image not known", re.IGNORECASE)
_ATTEMPTS = 10
_BAD_NAME = re.compile(r"[^a-z0-9._/-]")


def name_in(registry: Registry, image: str) -> tuple[str, str]:
    """El repositorio y la etiqueta con los que va ``image`` a ese registro: su nombre, sin el de otro.

    Un id (``sha256:...``) se llama ``imagen`` y sus primeras cifras. Lanza :class:`RegistryError` si un
    registro no admite ese nombre.
    """
    if re.fullmatch(r"(sha256:)?[0-9a-f]{12,64}", image):
        return f"{registry.host}/imagen", image.rpartition(":")[2][:12]
    repository, tag = sdk.split_reference(image)
    first, _, rest = repository.partition("/")
    if rest and ("." in first or ":" in first or first == "localhost"):
        repository = rest
    if "@" in image:
        tag = tag.rpartition(":")[2][:12]
    if repository != repository.lower():
        raise RegistryError(
            f"«{repository}» no puede ser el nombre de una imagen en un registro.",
            why="Lleva mayúsculas, y ahí los nombres van en minúsculas (la etiqueta sí puede llevarlas).",
            next_step=f"Llámala «{repository.lower()}».",
        )
    if not repository or _BAD_NAME.search(repository):
        raise RegistryError(
            f"«{repository}» no puede ser el nombre de una imagen en un registro.",
            why="Solo lleva letras sin acento, cifras, puntos, guiones y barras.",
            next_step="Ponle otro nombre con la función tag de la imagen.",
        )
    return f"{registry.host}/{repository}", tag


def push(
    client: docker.DockerClient, image: str, registry: Registry, *, cancel: threading.Event | None = None
) -> Generator[TransferEvent, None, Pushed]:
    """Sube ``image`` a ese registro y da lo que pasa con cada capa; devuelve con qué nombre quedó.

    Para subirla hay que darle un nombre más en el motor: al acabar, se quita.

    Raises:
        RegistryError: no existe la imagen, su nombre no vale, o el registro se paró o no tiene sitio.
        DeployCancelled: se activó ``cancel``; cerrar el generador hace lo mismo.
        EngineLostError: el motor se apagó.
    """
    started = time.monotonic()
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            reference, digest, layers = yield from _pushed(client, image, registry, cancel)
            break
        except RegistryError as problem:  # otro cuaderno acabó de subirla, y quitó el nombre
            if attempt == _ATTEMPTS or not _UNNAMED.search(problem.why):
                raise
    done = Pushed(reference, digest, layers, time.monotonic() - started)
    yield done
    return done


def _pushed(
    client: docker.DockerClient, image: str, registry: Registry, cancel: threading.Event | None
) -> Generator[LayerDeclared | LayerProgress, None, tuple[str, str, int]]:
    """La sube con un nombre de ese registro, que al acabar se quita: su nombre, su digest y cuántas capas."""
    repository, tag = name_in(registry, image)
    reference = f"{repository}:{tag}"
    try:
        client.api.tag(image, repository, tag, force=True)
    except docker.errors.NotFound as problem:
        raise RegistryError(
            f"No existe la imagen {image}.", next_step="Constrúyela antes, con esa misma etiqueta."
        ) from problem
    except docker.errors.APIError as problem:
        raise RegistryError(
            f"{image} no se puede subir con ese nombre.",
            why=sdk.reason(problem),
            next_step="Ponle otro con la función tag de la imagen.",
        ) from problem
    try:
        digest, moved = "", set()
        lines = _lines(
            client.api,
            f"/images/{repository}/push",
            # Podman pide TLS hasta en 127.0.0.1; Docker no mira esa opción.
            {"tag": tag, "tlsVerify": "false"},
            lambda: {"X-Registry-Auth": _NO_CREDENTIALS, **sdk.registry_auth(client.api, registry.host)},
            cancel,
        )
        with closing(lines):
            for said in _checked(lines, image, registry, "subía"):
                if isinstance(said, LayerProgress) and said.state is LayerState.DONE:
                    moved.add(said.layer)
                if isinstance(said, str):
                    digest = said
                else:
                    yield said
    finally:
        _untag(client, reference)
    return reference, digest, len(moved)


def pull(
    client: docker.DockerClient, reference: str, registry: Registry, *, cancel: threading.Event | None = None
) -> Iterator[LayerDeclared | LayerProgress]:
    """Baja ``reference`` al motor de ``client`` y da lo que pasa con cada capa.

    ``registry`` es de donde sale, aunque el nombre sea el de un enlace que lleva a él. Lanza los mismos
    errores que :func:`push`.
    """
    repository, tag = sdk.split_reference(reference)
    lines = _lines(
        client.api,
        "/images/create",
        {"fromImage": repository, "tag": tag},
        lambda: sdk.registry_auth(client.api, registry.host),
        cancel,
    )
    with closing(lines):
        for said in _checked(lines, reference, registry, "bajaba"):
            if not isinstance(said, str):
                yield said


def _checked(
    lines: Iterator[tuple[Mapping[str, Any], float]], image: str, registry: Registry, doing: str
) -> Iterator[LayerDeclared | LayerProgress | str]:
    """Lo que dice cada línea; el digest, si lo trae, como texto. Lanza el error que cuente una."""
    trouble = checking(registry)
    declared: set[str] = set()
    try:
        for line, at in lines:
            if said := sdk.error_in(line):
                raise _failed(said, image, doing, trouble, registry)
            status, layer = str(line.get("status") or ""), str(line.get("id") or "")
            if "Retrying in" in status and (why := trouble()):
                raise _failed(why, image, doing, trouble, registry)
            if digest := (line.get("aux") or {}).get("Digest"):
                yield str(digest)
            if not _LAYER.fullmatch(layer):
                continue
            detail = line.get("progressDetail") or {}
            current, total = int(detail.get("current") or 0), int(detail.get("total") or 0)
            if layer not in declared:
                declared.add(layer)
                yield LayerDeclared(layer, total)
            state = LayerState.PRESENT if status.startswith("Mounted from") else _STATES.get(status)
            if state is not None:
                yield LayerProgress(layer, state, at, current, max(total, current))
    except docker.errors.APIError as problem:
        raise _failed(sdk.reason(problem), image, doing, trouble, registry) from problem
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as problem:
        raise engine_lost(f"{doing} una imagen") from problem


def _failed(
    said: str, image: str, doing: str, trouble: Callable[[], str], registry: Registry
) -> RegistryError:
    """El error de una imagen que no llegó a pasar."""
    verb = {"subía": "subir", "bajaba": "bajar"}[doing]
    why = trouble()
    if why:
        step = "Repite la celda: el registro vuelve a ponerse en marcha."
        if "espacio" in why:
            step = "Libera disco, o vacía el registro con limpiar(), y repite."
        return RegistryError(
            f"No se pudo {verb} {image}: {why}.",
            why=f"Pasó mientras el motor la {doing}.",
            next_step=step,
            detail=said if said != why else "",
        )
    if is_disk_full(said):
        return RegistryError(
            f"No se pudo {verb} {image}: no queda espacio en el disco del motor.",
            detail=said,
            next_step="Libera disco; limpiar(cache=True) vacía la caché del motor del taller.",
        )
    return RegistryError(
        f"No se pudo {verb} {image}.",
        why=said,
        next_step="Comprueba que el registro sigue en marcha y repite.",
        detail=registry.logs(3),
    )


def _untag(client: docker.DockerClient, reference: str) -> None:
    try:
        client.images.remove(reference, noprune=True)
    except (docker.errors.APIError, requests.RequestException, OSError):
        return  # ya no está, o no hay motor


def _lines(
    api: docker.APIClient,
    path: str,
    params: Mapping[str, Any],
    headers: Callable[[], Mapping[str, str]],
    cancel: threading.Event | None,
) -> Generator[tuple[Mapping[str, Any], float], None, None]:
    """Cada línea que contesta el motor y en qué segundo llegó; al cerrarse, el motor lo deja."""
    started = time.monotonic()
    reader = LineReader(api, path, name="multietapa-registro", params=params, headers=headers)
    reader.start()
    try:
        while True:
            found = arrived(reader.found, cancel, cancelled, poll=_POLL)
            if found is None:
                return
            if isinstance(found, BaseException):
                raise found
            yield json.loads(found), time.monotonic() - started
    finally:
        while reader.is_alive():
            reader.cut()
            reader.join(_POLL)
