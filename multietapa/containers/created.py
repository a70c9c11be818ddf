"""La única manera de crear un contenedor y de explicar por qué el motor no quiso.

Lleva las etiquetas del kit, ningún proxy del cliente se cuela en su entorno y se borra siempre, también si la
celda se interrumpe mientras el motor lo está creando.
"""

from __future__ import annotations

import io
import re
import tarfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import docker
import requests

from multietapa import sdk
from multietapa.errors import ContainerError, engine_lost, is_disk_full
from multietapa.identity import labels

LOG_LINES = 15
"""Líneas del registro que acompañan a un error."""
_LATE_SECONDS = 1.0  # lo que el motor puede tardar en acabar de crear lo que ya nadie espera
_PAUSE_SECONDS = 0.05
_REPEAT = "Comprueba que nadie lo borró y repite."
Cause = tuple[str, str, str]
"""Lo que se dice (``re``), la causa y qué hacer; ``{0}`` es lo que nombra."""
_FULL = (
    "No queda espacio en el disco del motor.",
    "Libera disco; limpiar(cache=True) vacía la caché del motor del taller.",
)
#: Lo que contesta el motor cuando no crea o no arranca un contenedor.
_REFUSED: tuple[Cause, ...] = (
    (
        r'exec: "([^"]*\s[^"]*)".*(?:executable file not found|no such file or directory)',
        "El motor toma «{0}», entero, por el nombre de un programa, y no existe.",
        "En la forma con corchetes, cada palabra de la orden va entre sus propias comillas.",
    ),
    (
        r'exec: "([^"]+)".*(?:executable file not found|no such file or directory)',
        "La imagen no tiene el programa «{0}».",
        "Ese programa, el del CMD (o ENTRYPOINT), tiene que estar en la última etapa: mira de qué base "
        "parte y qué copia.",
    ),
    (
        r'exec: "([^"]+)".*permission denied',
        "«{0}» no se puede ejecutar: le falta el permiso.",
        "Cópialo con COPY --chmod=755, o arráncalo con su intérprete.",
    ),
    (
        r"unable to find user ([^:]+):",
        "La imagen no tiene el usuario «{0}».",
        "Los usuarios están en /etc/passwd de la última etapa, y los de otra no llegan: mira cuáles trae "
        "su base, o crea ahí el tuyo. Un número (uid) vale aunque nadie lo tenga.",
    ),
    (
        r"unable to find group ([^:]+):",
        "La imagen no tiene el grupo «{0}».",
        "Los grupos están en /etc/group de la última etapa: mira cuáles trae su base, o crea ahí el tuyo.",
    ),
    (
        r'chdir to cwd \("([^"]+)"\).*: permission denied',
        "El usuario de la imagen no puede entrar en «{0}», su carpeta de trabajo.",
        "Mira de quién es esa carpeta y qué permisos tiene: WORKDIR la crea de root.",
    ),
    (
        r'chdir to cwd \("([^"]+)"\)|cannot mkdir: not a directory|mkdir (\S+): not a directory',
        "La carpeta de trabajo de la imagen no es una carpeta.",
        "Revisa el WORKDIR de la última etapa: en esa ruta hay un archivo.",
    ),
    (
        r"no command specified",
        "La imagen no dice qué programa se arranca.",
        "Escribe su CMD (o ENTRYPOINT) en la última etapa.",
    ),
    (
        r"invalid reference format",
        "No es un nombre de imagen válido.",
        "Escribe su etiqueta en minúsculas, sin espacios ni acentos.",
    ),
)


@contextmanager
def created(
    client: docker.DockerClient, image: str, command: Sequence[str] | None = None, **options: Any
) -> Iterator[Any]:
    """Un contenedor de ``image`` sin arrancar; al salir se borra con sus volúmenes, pase lo que pase.

    ``options`` son las de ``containers.create`` del SDK. Lanza :class:`ContainerError` si la imagen no existe
    o el motor no acepta crearlo, y :class:`EngineLostError` si el motor se apagó.
    """
    name = f"multietapa-{uuid.uuid4().hex[:12]}"
    answered = False
    try:
        try:
            container = _create(client, image, command, name=name, **options)
        except Exception:  # un no también es una respuesta; una interrupción, no
            answered = True
            raise
        answered = True
        yield container
    finally:
        # Por su nombre y no por su id: si se interrumpe mientras se crea, el id no ha llegado.
        _remove(client, name, wait=0.0 if answered else _LATE_SECONDS)


def start(container: Any, *, what: str, next_step: str) -> None:
    """Arranca un contenedor.

    Si el motor se niega lanza :class:`ContainerError` con ``what``, la causa y qué hacer: ``next_step``, si
    la causa no se reconoce.
    """
    with explained(what=what, next_step=next_step):
        container.start()


def finished(container: Any) -> tuple[int, str]:
    """Espera, lo que haga falta, a que termine: su código y lo que escribió por sus dos salidas.

    Lanza :class:`EngineLostError` si el motor se apagó.
    """
    with explained(what="El contenedor desapareció antes de terminar.", next_step=_REPEAT):
        code = int(container.wait()["StatusCode"])
        return code, str(container.logs().decode("utf-8", "replace"))


@contextmanager
def explained(*, what: str, next_step: str) -> Iterator[None]:
    """Cambia lo que lanza el SDK por el error que lo explica: ``what``, la causa y qué hacer.

    ``next_step`` es para cuando la causa no se reconoce.
    """
    try:
        yield
    except docker.errors.APIError as problem:
        raise refusal(problem, what=what, next_step=next_step) from problem
    except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError) as problem:
        raise engine_lost("tenía un contenedor en marcha") from problem


def refusal(problem: docker.errors.APIError, *, what: str, next_step: str) -> ContainerError:
    """El error que explica un no del motor; su frase original va entera, traducida o no la causa."""
    said = sdk.reason(problem)
    if found := _FULL if is_disk_full(said) else _cause(said, _REFUSED):
        return ContainerError(what, why=found[0], detail=said, next_step=found[1])
    return ContainerError(what, why=said, next_step=next_step)


def _cause(said: str, table: tuple[Cause, ...]) -> tuple[str, str] | None:
    for pattern, cause, step in table:
        if found := re.search(pattern, said, re.IGNORECASE | re.DOTALL):
            return cause.format(*found.groups()), step
    return None


def last_lines(container: Any, lines: int) -> str:
    """Las últimas líneas que escribió el programa; nada si el motor ya no las da."""
    try:
        return str(container.logs(tail=lines).decode("utf-8", "replace").strip())
    except (docker.errors.APIError, requests.RequestException):
        return ""


def file_in(container: Any, path: str, *, limit: int) -> bytes | None:
    """El contenido de un archivo de un contenedor, corra o no.

    ``None`` si no existe, si no es un archivo o si pasa de ``limit`` bytes.
    """
    try:
        chunks, status = container.get_archive(path)
    except docker.errors.NotFound:
        return None
    if status.get("size", 0) > limit:
        return None
    with tarfile.open(fileobj=io.BytesIO(b"".join(chunks))) as archive:
        member = archive.next()
        content = archive.extractfile(member) if member is not None and member.isreg() else None
        return content.read(limit) if content else None


def _create(client: docker.DockerClient, image: str, command: Sequence[str] | None, **options: Any) -> Any:
    what = f"Con la imagen {image} no se puede crear un contenedor."
    with explained(what=what, next_step="Comprueba que la imagen dice qué programa se arranca."):
        try:
            return client.containers.create(
                image, command, labels=labels(), use_config_proxy=False, **options
            )
        except docker.errors.NotFound as problem:  # no todos los motores dicen «no such image»
            raise ContainerError(
                f"No existe la imagen {image}.", next_step="Constrúyela antes, con esa misma etiqueta."
            ) from problem


def _remove(client: docker.DockerClient, name: str, *, wait: float) -> None:
    """Borra el contenedor de ese nombre; si todavía no está, le da ``wait`` segundos para aparecer."""
    limit = time.monotonic() + wait
    while True:
        try:
            client.api.remove_container(name, force=True, v=True)
            return
        except docker.errors.NotFound:
            if time.monotonic() >= limit:
                return
            time.sleep(_PAUSE_SECONDS)
        except (docker.errors.APIError, requests.RequestException):
            return  # ya se está borrando, o no hay motor del que borrarlo
