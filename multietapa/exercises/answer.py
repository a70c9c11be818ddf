"""De lo que se responde a la imagen que se mira."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NoReturn

import docker

from multietapa.apps import App
from multietapa.cells.construccion import Construccion
from multietapa.cells.hechas import Paso
from multietapa.cells.motor import Motor
from multietapa.errors import MultietapaError, UncheckableError
from multietapa.exercises.bench import build
from multietapa.exercises.form import DOCKERFILE, Form
from multietapa.exercises.given import NOTHING, Given
from multietapa.measure.export import unknown_image


@dataclass(frozen=True)
class Built:
    """La imagen de una respuesta: su etiqueta o su id.

    ``steps`` son los pasos con los que se construyó, si se saben; ``unused``, las etapas que no se hicieron
    porque la última no las necesita; ``dockerfile``, el texto del que salió, o ``""``.
    """

    image: str
    steps: tuple[Paso, ...] = ()
    unused: tuple[str, ...] = ()
    dockerfile: str = ""
    given: Given = NOTHING


def read(path: Path) -> str:
    """El texto de una respuesta guardada. Lanza :class:`MultietapaError` si no se puede leer."""
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as problem:
        raise MultietapaError(
            f"No existe el archivo «{path}».",
            why=f"se buscó en {path.absolute()}.",
            next_step="Comprueba el nombre y la carpeta, y vuelve a comprobar el ejercicio.",
        ) from problem
    except UnicodeDecodeError as problem:
        raise MultietapaError(
            f"El archivo «{path}» no es texto UTF-8.",
            next_step="Ábrelo en un editor, guárdalo con la codificación UTF-8 y vuelve a comprobarlo.",
        ) from problem
    except OSError as problem:
        raise MultietapaError(
            f"No se puede leer el archivo «{path}».",
            detail=str(problem),
            next_step="Pasa la ruta de un Dockerfile que tu usuario pueda leer, o su texto.",
        ) from problem


def untouched(x: Any, template: str) -> bool:
    """No hay nada, o solo la plantilla; los comentarios y los espacios no cuentan."""
    if x is None or x is ...:
        return True
    return isinstance(x, str) and (not _meaningful(x) or _meaningful(x) == _meaningful(template))


def image_of(
    engine: Motor, x: Any, *, app: App, tag: str, given: Given = NOTHING, form: Form = DOCKERFILE
) -> Built:
    """La imagen que hay que mirar. Si ``x`` es el texto de la respuesta, la construye y la etiqueta ``tag``.

    ``given`` es lo que se le da a esa construcción, además de la carpeta de ``app``.

    Lanza :class:`MultietapaError` si no construye, si no existe o si ``x`` no es una respuesta, y
    :class:`UncheckableError` si de ``x`` no se sabe qué se escribió.
    """
    if form.file:
        if not isinstance(x, str):
            _only_text(form)
        given = replace(given, files={**given.files, form.file: x.rstrip() + "\n"})
        made = build(engine, app, form.dockerfile, tag, given)
        return Built(tag, made.pasos, made.etapas_sin_usar, form.dockerfile, given)
    if isinstance(x, str) and _is_dockerfile(x):
        dockerfile = x.rstrip() + "\n"
        made = build(engine, app, dockerfile, tag, given)
        return Built(tag, made.pasos, made.etapas_sin_usar, dockerfile, given)
    names = (x, *(getattr(x, name, None) for name in ("imagen", "etiqueta", "id")))
    image = next((name.strip() for name in names if isinstance(name, str) and name.strip()), "")
    try:
        found = str(engine.client.api.inspect_image(image)["Id"]) if image else _reject(x)
        if isinstance(x, Construccion):
            return Built(found, x.pasos, x.etapas_sin_usar, given=given)
        return Built(found, given=given)
    except docker.errors.APIError as problem:
        raise unknown_image(engine.client, image) from problem


def _meaningful(source: str) -> list[str]:
    lines = (line.strip() for line in source.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _is_dockerfile(source: str) -> bool:
    return "\n" in source.strip() or "FROM" in source.upper().split()


def _only_text(form: Form) -> NoReturn:
    raise UncheckableError(
        f"Este ejercicio se responde con el texto de un {form.name}.",
        why="De una imagen no se sabe qué se quedó fuera al construirla, ni por qué.",
        next_step=f"Comprueba el texto de tu {form.name}, o Path(...) con la ruta de su archivo.",
    )


def _reject(x: Any) -> str:
    raise MultietapaError(
        f"No sé comprobar un valor de tipo «{type(x).__name__}».",
        next_step=(
            "Pasa el texto de un Dockerfile, la etiqueta de una imagen o lo que devuelve construir(...)."
        ),
    )
