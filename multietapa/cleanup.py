"""``limpiar()``: borra lo que creó esta sesión, y nada más."""

from __future__ import annotations

from dataclasses import dataclass

import docker

from multietapa import text
from multietapa.identity import LABEL, SESSION_LABEL, session_id


@dataclass(frozen=True)
class Limpieza:
    """Qué se borró, por nombre; ``problems`` dice lo que no se pudo y por qué."""

    containers: tuple[str, ...]
    images: tuple[str, ...]
    problems: tuple[str, ...] = ()

    def __repr__(self) -> str:
        if not (self.containers or self.images or self.problems):
            return "No había nada que limpiar."
        done = text.join(
            [
                text.count(len(self.containers), "contenedor", "contenedores"),
                text.count(len(self.images), "imagen", "imágenes"),
            ]
        )
        return "\n".join([f"Borrado: {done}.", *self.problems])


def limpiar(
    *, cliente: docker.DockerClient | None = None, sesion: str | None = None, todas: bool = False
) -> Limpieza:
    """Borra los contenedores y las imágenes con la etiqueta de esta sesión, o de todas las del kit.

    Las imágenes base y todo lo que no lleve las etiquetas del kit se quedan como están.
    """
    if cliente is None:
        from multietapa.motor.session import motor

        cliente = motor().client
    whose = SESSION_LABEL if todas else f"{SESSION_LABEL}={sesion or session_id()}"
    wanted = {"label": [f"{LABEL}=1", whose]}
    containers, images, problems = [], [], []
    for container in cliente.containers.list(all=True, filters=wanted, ignore_removed=True):
        try:
            container.remove(force=True, v=True)
            containers.append(container.name)
        except docker.errors.APIError as problem:
            problems.append(f"No se pudo borrar el contenedor {container.name}: {problem.explanation}")
    for image in cliente.images.list(filters=wanted):
        for name in image.tags or [image.id]:
            try:
                cliente.images.remove(name)
                images.append(name)
            except docker.errors.ImageNotFound:
                continue
            except docker.errors.APIError as problem:
                problems.append(f"No se pudo borrar la imagen {name}: {problem.explanation}")
    return Limpieza(tuple(containers), tuple(images), tuple(problems))
