"""``limpiar()``: borra lo que creó esta sesión, y nada más."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import docker

from multietapa import text
from multietapa.cells.calls import offered
from multietapa.cells.motor import motor
from multietapa.engine.model import OWN_KINDS
from multietapa.engine.session import info_of
from multietapa.engine.talking import talking
from multietapa.identity import LABEL, SESSION_LABEL, session_id

#: Una sola etiqueta: con dos, Podman 4 no encuentra ninguna imagen. La sesión se mira aquí.
_KIT = {"label": f"{LABEL}=1"}


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
@talking("borraba lo que creó el taller")
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
    Lanza :class:`EngineLostError` si el motor se apagó.
    """
    cliente = cliente or motor().client
    session = None if todas else sesion or session_id()
    containers, images, problems = [], [], []
    for container in _own(cliente.api.containers(all=True, filters=_KIT), session):
        name = str((container.get("Names") or [container["Id"][:12]])[0]).lstrip("/")
        try:
            cliente.api.remove_container(container["Id"], force=True, v=True)
            containers.append(name)
        except docker.errors.NotFound:
            continue
        except docker.errors.APIError as problem:
            problems.append(f"No se pudo borrar el contenedor {name}: {problem.explanation}")
    for image in _own(cliente.api.images(filters=_KIT), session):
        for name in _names(image):
            try:
                cliente.images.remove(name)
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


def _own(found: list[dict[str, Any]], session: str | None) -> list[dict[str, Any]]:
    """De lo que lleva la etiqueta del kit, lo de esa sesión; con ``None``, lo de cualquiera."""

    def belongs(labels: Mapping[str, str]) -> bool:
        return SESSION_LABEL in labels if session is None else labels.get(SESSION_LABEL) == session

    return [item for item in found if belongs(item.get("Labels") or {})]


def _names(image: Mapping[str, Any]) -> list[str]:
    """Por qué nombres se borra una imagen: todas sus etiquetas o, si no tiene, su id."""
    tags = [str(tag) for tag in image.get("RepoTags") or () if tag != "<none>:<none>"]
    return tags or [str(image["Id"])]
