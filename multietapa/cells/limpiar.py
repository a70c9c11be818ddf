"""``limpiar()``: borra lo que creó esta sesión, y nada más."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import docker

from multietapa import text
from multietapa.cells.calls import offered
from multietapa.cells.motor import motor
from multietapa.engine.model import OWN_KINDS
from multietapa.engine.session import info_of
from multietapa.identity import LABEL, SESSION_LABEL, session_id

OURS = {"label": f"{LABEL}=1"}


@dataclass(frozen=True)
class Limpieza:
    """Qué se borró, por nombre; ``problems`` dice lo que no se pudo y por qué.

    ``cache_bytes`` son los de la caché de compilación, según el motor.
    """

    containers: tuple[str, ...]
    images: tuple[str, ...]
    problems: tuple[str, ...] = ()
    cache_bytes: int = 0

    def __repr__(self) -> str:
        if not (self.containers or self.images or self.problems or self.cache_bytes):
            return "No había nada que limpiar."
        done = text.join(
            [
                text.count(len(self.containers), "contenedor", "contenedores"),
                text.count(len(self.images), "imagen", "imágenes"),
            ]
        )
        cache = f" Caché de compilación: {text.size(self.cache_bytes)} menos." if self.cache_bytes else ""
        return "\n".join([f"Borrado: {done}.{cache}", *self.problems])


@offered("limpiar()", interrupted="puede quedar algo sin borrar. Ejecuta otra vez limpiar().")
def limpiar(
    *,
    cliente: docker.DockerClient | None = None,
    sesion: str | None = None,
    todas: bool = False,
    cache: bool = False,
) -> Limpieza:
    """Borra los contenedores y las imágenes con la etiqueta de esta sesión, o de todas las del kit.

    Las imágenes base y todo lo que no lleve las etiquetas del kit se quedan como están. ``cache=True`` vacía
    además la caché de compilación, si el motor es el del taller: la de tu propio motor no es solo del kit.
    """
    cliente = cliente or motor().client
    session = None if todas else sesion or session_id()
    containers, images, problems = [], [], []
    for found in _ours(cliente.api.containers(all=True, filters=OURS), session):
        name = (found.get("Names") or [found["Id"]])[0].lstrip("/")
        try:
            cliente.api.remove_container(found["Id"], force=True, v=True)
            containers.append(name)
        except docker.errors.NotFound:
            continue
        except docker.errors.APIError as problem:
            problems.append(f"No se pudo borrar el contenedor {name}: {problem.explanation}")
    # Sin los modelos del SDK: preguntan por cada imagen, y otra celda puede haberla borrado ya.
    for found in _ours(cliente.api.images(filters=OURS), session):
        tags = [tag for tag in found.get("RepoTags") or () if tag != "<none>:<none>"]
        for name in tags or [found["Id"]]:
            try:
                cliente.api.remove_image(name)
                images.append(name)
            except docker.errors.ImageNotFound:
                continue
            except docker.errors.APIError as problem:
                problems.append(f"No se pudo borrar la imagen {name}: {problem.explanation}")
    freed = 0
    if cache and info_of(cliente).kind in OWN_KINDS:
        freed = int(cliente.api.prune_builds().get("SpaceReclaimed") or 0)
    elif cache:
        problems.append("La caché de compilación de tu motor no se toca: vacíala con «docker builder prune».")
    return Limpieza(tuple(containers), tuple(images), tuple(problems), freed)


def _ours(listed: Iterable[Mapping[str, Any]], session: str | None) -> Iterator[Mapping[str, Any]]:
    """Lo que es de esa sesión, o de alguna (``None``).

    Al motor se le pide por una sola etiqueta: hay versiones de Podman que con dos no encuentran nada.
    """
    for found in listed:
        marks = found.get("Labels") or {}
        if marks.get(LABEL) == "1" and SESSION_LABEL in marks and session in (None, marks[SESSION_LABEL]):
            yield found
