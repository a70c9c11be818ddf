"""Los secretos de una construcción: se dan al paso que los monta y no quedan en ningún sitio."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from multietapa import text
from multietapa.build.session import schema
from multietapa.build.session.grpc import NOT_FOUND, GrpcError, Handler, ServedCall
from multietapa.errors import BuildError

METHOD = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
BIGGEST = 500_000  # bytes: el límite del cliente de docker; el motor no espera nada mayor
_REASONS: dict[type[Exception], str] = {
    FileNotFoundError: "No existe.",
    IsADirectoryError: "Es una carpeta, y un secreto es un archivo.",
    PermissionError: "Tu usuario no puede leerlo.",
}


def read_secrets(values: Mapping[str, str | os.PathLike[str]]) -> dict[str, bytes]:
    """El contenido de cada secreto: el de su archivo si es un ``Path``, o el texto mismo.

    Raises:
        BuildError: el nombre no vale, o el archivo falta, no se puede leer o pasa de 500 kB.
    """
    return {_name(name): _content(name, value) for name, value in values.items()}


def handler(secrets: Mapping[str, bytes]) -> Handler:
    """Quien atiende ``GetSecret``: da los de ``secrets`` y ninguno más."""

    def attend(call: ServedCall) -> None:
        for message in call.messages():
            asked = schema.read("GetSecretRequest", message).ID
            if asked not in secrets:
                raise GrpcError(NOT_FOUND, f"secret {asked}: not found")
            answer = schema.new("GetSecretResponse", data=secrets[asked])
            call.send(answer.SerializeToString(), now=True)

    return attend


def _name(name: object) -> str:
    if isinstance(name, str) and name and name == name.strip() and "," not in name:
        return name
    raise BuildError(
        f"«{name}» no vale como nombre de un secreto.",
        why="Es el «id» con el que lo pide el Dockerfile: un texto sin comas ni espacios alrededor.",
        next_step='Por ejemplo, para «--mount=type=secret,id=npm»: secretos={"npm": Path(".npmrc")}.',
    )


def _content(name: str, value: object) -> bytes:
    if isinstance(value, str):
        _check_not_a_path(name, value)
        data = value.encode("utf-8", "surrogateescape")
    elif isinstance(value, os.PathLike):
        data = _read(name, Path(value))
    else:
        raise BuildError(
            f"El secreto «{name}» es de tipo {type(value).__name__}, que no vale.",
            why="Un secreto es un texto, o un Path con el archivo que lo guarda.",
            next_step=f'Escribe secretos={{"{name}": Path("archivo")}}.',
        )
    if len(data) > BIGGEST:
        raise _too_big(name, len(data))
    return data


def _too_big(name: str, size: int) -> BuildError:
    return BuildError(
        f"El secreto «{name}» ocupa {text.size(size)}, y como mucho puede ocupar 500 kB.",
        why="Un secreto viaja de una vez: es para contraseñas y llaves, no para archivos grandes.",
        next_step="Para una carpeta entera, usa «contextos» y «RUN --mount=type=bind,from=...».",
    )


def _check_not_a_path(name: str, value: str) -> None:
    """Un texto de una línea que es la ruta de un archivo casi seguro quería ser un ``Path``."""
    try:
        is_file = bool(value) and "\n" not in value and Path(value).expanduser().is_file()
    except (OSError, ValueError):
        is_file = False
    if is_file:
        raise BuildError(
            f"El secreto «{name}» es el texto «{value}», que también es un archivo.",
            why="Un texto es el secreto mismo; para que se lea un archivo hace falta un Path.",
            next_step=f'Escribe secretos={{"{name}": Path("{value}")}} (con «from pathlib import Path»).',
        )


def _read(name: str, path: Path) -> bytes:
    try:
        place = path.expanduser()
        if place.exists() and not place.is_file() and not place.is_dir():
            raise OSError(0, "no es un archivo normal")
        size = place.stat().st_size
        if size > BIGGEST:
            raise _too_big(name, size)
        with place.open("rb") as file:
            return file.read(BIGGEST + 1)
    except (OSError, RuntimeError, ValueError) as error:
        why = _REASONS.get(type(error), f"El sistema dice: {getattr(error, 'strerror', None) or error}.")
        raise BuildError(
            f"No se puede leer «{path}», el archivo del secreto «{name}».",
            why=f"{why} Se buscó en «{path.absolute()}».",
            next_step="Corrige la ruta en «secretos».",
        ) from error
