"""Los secretos de una construcción: se dan al paso que los monta y no quedan en ningún sitio.

Es ``moby.buildkit.secrets.v1.Secrets/GetSecret``: el motor pide cada uno por su nombre cuando va a ejecutar
el paso, y lo pone en un archivo que solo existe en memoria y mientras dura.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

from multietapa import text
from multietapa.build.session import schema
from multietapa.build.session.grpc import NOT_FOUND, GrpcError, Handler, unary
from multietapa.errors import BuildError

METHOD = "/moby.buildkit.secrets.v1.Secrets/GetSecret"
#: Bytes que puede tener un secreto: los mismos que admite la orden ``docker``.
BIGGEST = 500 << 10
_LONGEST_PATH = 4096
_EXAMPLE = 'Escribe, por ejemplo, secretos={"token": Path("token.txt")} o secretos={"token": texto}.'

Value = str | bytes | os.PathLike[str]


def read_secrets(values: Mapping[str, Value]) -> dict[str, bytes]:
    """El contenido de cada secreto: el de su archivo si es un ``Path``; si no, el texto o los bytes mismos.

    Raises:
        BuildError: un nombre o un valor no sirven, un archivo no se puede leer o alguno pasa de ``BIGGEST``.
            Dice cuál; nunca, su contenido.
    """
    return {_checked(name): _content(name, value) for name, value in values.items()}


def handler(secrets: Mapping[str, bytes]) -> Handler:
    """Quien atiende ``GetSecret``: da los de ``secrets``, por su nombre, y ninguno más."""

    def answer(message: bytes) -> bytes:
        name = schema.read("GetSecretRequest", message).ID
        if name not in secrets:
            raise GrpcError(NOT_FOUND, f"secret {name} not found")
        return bytes(schema.new("GetSecretResponse", data=secrets[name]).SerializeToString())

    return unary(answer)


def _checked(name: object) -> str:
    if not isinstance(name, str):
        raise BuildError(
            f"Un secreto se llama con un texto, y este es {_kind(name)}.",
            why="Es el «id» con el que lo monta el Dockerfile.",
            next_step=_EXAMPLE,
        )
    if not name.strip():
        raise BuildError(
            "Hay un secreto sin nombre.",
            why="Su nombre es el «id» con el que lo monta el Dockerfile.",
            next_step=_EXAMPLE,
        )
    return name


def _content(name: str, value: object) -> bytes:
    if isinstance(value, str):
        if _names_a_file(value):
            raise BuildError(
                f"El texto del secreto «{name}» es la ruta de un archivo que existe.",
                why="Un texto entre comillas es el secreto mismo, y el paso recibiría la ruta.",
                next_step=f'Para dar el contenido del archivo: secretos={{"{name}": Path("...")}}. '
                f'Si el secreto es de verdad ese texto: secretos={{"{name}": b"..."}}.',
            )
        content = value.encode("utf-8", "surrogateescape")
    elif isinstance(value, bytes | bytearray | memoryview):
        content = bytes(value)
    elif isinstance(value, os.PathLike):
        content = _file(name, Path(value).expanduser())
    else:
        missing = "Si viene de una variable de entorno, esa variable no existe." if value is None else ""
        raise BuildError(f"El secreto «{name}» no puede ser {_kind(value)}.", why=missing, next_step=_EXAMPLE)
    if len(content) > BIGGEST:
        raise _too_big(name, len(content))
    return content


def _file(name: str, path: Path) -> bytes:
    """El contenido de un archivo corriente; de más de ``BIGGEST`` no se lee nada."""
    said = f"No se puede leer el secreto «{name}»: "
    try:
        found = path.stat()
        if stat.S_ISDIR(found.st_mode):
            raise BuildError(
                f"{said}«{path}» es una carpeta.",
                why="Un secreto es un solo archivo.",
                next_step="Pon la ruta de uno de sus archivos; si necesitas varios, son varios secretos.",
            )
        if not stat.S_ISREG(found.st_mode):
            raise BuildError(
                f"{said}«{path}» no es un archivo corriente.",
                next_step="Guarda el secreto en un archivo, o pásalo como texto.",
            )
        if found.st_size > BIGGEST:
            raise _too_big(name, found.st_size)
        with path.open("rb") as file:
            return file.read(BIGGEST + 1)
    except FileNotFoundError as error:
        full = "" if path.is_absolute() else f"Se buscó en «{Path.cwd()}»."
        raise BuildError(
            f"{said}no existe «{path}».",
            why=full,
            next_step="Revisa la ruta; se cuenta desde la carpeta del cuaderno.",
        ) from error
    except (OSError, ValueError) as error:
        why = "No tienes permiso para leerlo." if isinstance(error, PermissionError) else str(error)
        raise BuildError(
            f"{said}no se puede abrir «{path}».",
            why=why,
            next_step="Usa un archivo que puedas leer, o pasa el secreto como texto.",
        ) from error


def _names_a_file(value: str) -> bool:
    """Si un texto es la ruta de un archivo que existe: casi seguro, falta ``Path``."""
    if not value or len(value) > _LONGEST_PATH or "\n" in value:
        return False
    try:
        return Path(value).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):  # no puede ser una ruta
        return False


def _too_big(name: str, size: int) -> BuildError:
    return BuildError(
        f"El secreto «{name}» ocupa {text.size(size)}, y el máximo son {text.number(BIGGEST)} bytes.",
        why="Es el límite de la orden «docker»: un secreto es una clave o un archivo de configuración.",
        next_step="Da solo la parte que hace falta. Lo que no es secreto va en la carpeta, con «COPY».",
    )


def _kind(value: object) -> str:
    """La clase de un valor que no sirve; nunca el valor."""
    return "None" if value is None else f"de la clase «{type(value).__name__}»"
