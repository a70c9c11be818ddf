"""Lo que se da por su nombre: otras carpetas, otras imágenes, la plataforma y las cachés de fuera.

Aquí solo se comprueba que está bien escrito, con las reglas de la orden ``docker buildx``, antes de empezar.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from multietapa.dockerfile.platforms import PlatformError, read_platform
from multietapa.dockerfile.references import invalid_reference, short_name
from multietapa.errors import BuildError

IMAGE = "docker-image://"
_HOW = (
    'Escribe contextos={"nombre": "../una-carpeta"}, o la imagen con su etiqueta: '
    f'"node:24-alpine", que también vale como "{IMAGE}node:24-alpine".'
)


def check_platform(name: str | None, *, architecture: str = "amd64") -> str:
    """La plataforma, como la escribe BuildKit (``aarch64`` es ``linux/arm64``); ``""`` si no se pidió.

    ``architecture`` es la del motor. Lanza :class:`BuildError` si está mal escrita.
    """
    if name is None:
        return ""
    what = f"La plataforma «{name}» no vale."
    try:
        found = read_platform(name, architecture=architecture)
    except PlatformError as error:
        raise BuildError(what, why=str(error), next_step=error.step) from error
    if found.os != "linux":
        why = f"Un motor de Linux solo hace imágenes de Linux, y esa es de {found.os}."
        raise BuildError(what, why=why, next_step=f"Escribe, por ejemplo, «linux/{found.architecture}».")
    return str(found)


def check_cache_from(names: str | Sequence[str]) -> tuple[str, ...]:
    """Las imágenes que traen caché. Lanza :class:`BuildError` si un nombre no vale."""
    found = (names,) if isinstance(names, str) else tuple(names)
    for name in found:
        why, step = invalid_reference(name)
        if why:
            raise BuildError(f"En «cache_desde», «{name}» no es una imagen.", why=why, next_step=step)
    return found


def check_contexts(places: Mapping[str, str | os.PathLike[str]]) -> dict[str, Path | str]:
    """Cada carpeta (o imagen, ``docker-image://...``) por su nombre, como lo busca BuildKit.

    Raises:
        BuildError: un nombre no vale, o lo que se da no es una carpeta que exista ni una imagen.
    """
    found: dict[str, Path | str] = {}
    for name, place in places.items():
        why, step = invalid_reference(name)
        if why:
            raise BuildError(
                f"«{name}» no vale como nombre de un contexto.",
                why=f"Se usa donde iría el nombre de una imagen. {why}",
                next_step=step if "minúsculas" in why else "Usa letras minúsculas, números, «-» y «_».",
            )
        short = short_name(name)
        if short in found:
            raise BuildError(
                f"El contexto «{short}» está dos veces.",
                why="Con «:latest», o sin él, es el mismo nombre.",
                next_step="Quita uno.",
            )
        found[short] = _place(name, place)
    return found


def _place(name: str, place: str | os.PathLike[str]) -> Path | str:
    text = os.fspath(place)
    path = Path(text).expanduser()
    if isinstance(place, str) and place.startswith(IMAGE):
        return IMAGE + _image(name, place.removeprefix(IMAGE))
    if text and path.is_dir():
        return path.resolve()
    tagged = isinstance(place, str) and bool({":", "@"} & set(place.rpartition("/")[2]))
    if tagged and "//" not in text and not invalid_reference(text)[0] and not path.exists():
        return IMAGE + text
    what = "es un archivo, no una carpeta" if text and path.exists() else "no es una carpeta que exista"
    raise BuildError(
        f"Lo que se da como contexto «{name}», «{text}», {what}.",
        why=f"Se buscó en «{path.absolute()}».",
        next_step=_HOW,
    )


def _image(name: str, reference: str) -> str:
    why, step = invalid_reference(reference)
    if why:
        raise BuildError(
            f"La imagen que se da como contexto «{name}» no vale.", why=why, next_step=step or _HOW
        )
    return reference
