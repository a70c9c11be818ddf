"""Los errores del SDK de Docker, en español cuando saltan en una celda.

El taller enseña primero las llamadas del SDK, y sus errores llegan en inglés. Aquí se dice qué pasó, por qué
y qué hacer, y se conserva la frase original del motor; ``cell_errors`` lo pone en lugar del rastro.
"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Callable, Iterator
from typing import Any

import docker
import requests

from multietapa import sdk
from multietapa.bases.catalogue import workshop_bases
from multietapa.engine import reasons
from multietapa.errors import MultietapaError, is_disk_full

HANDLED = (docker.errors.DockerException, requests.exceptions.RequestException, *sdk.SSH_ERRORS)
_LOG_LINES = 15
#: Lo que dice runc de «docker top» en el motor privado sin root.
_NO_CGROUPS = "unable to get all container pids"


_ASK_ADDRESS = "Comprueba la dirección: la de un contenedor la da motor().direccion(contenedor, puerto)."
#: Por qué no contesta una dirección que no es la del motor.
_UNANSWERED: tuple[tuple[type[BaseException], str], ...] = (
    (ConnectionRefusedError, "Nadie escucha en ese puerto: el programa no arrancó, o escucha en otro."),
    (socket.gaierror, "No se sabe qué dirección de red tiene ese nombre."),
    (requests.Timeout, "Pasó el tiempo de espera sin respuesta."),
    (ConnectionResetError, "Cerró la conexión sin contestar."),
    (http.client.HTTPException, "Cerró la conexión sin contestar."),
)


def translate(error: BaseException) -> MultietapaError:
    """El mismo fallo, dicho en español; ``error`` es del SDK o de la conexión con el motor."""
    for kind, explain in _EXPLAINED:
        if isinstance(error, kind):
            return explain(error)
    if not sdk.is_broken_connection(error):
        return _other(error)
    url = sdk.asked_elsewhere(error)
    return _elsewhere(error, url) if url else _unreachable(error)


def _elsewhere(error: BaseException, url: str) -> MultietapaError:
    """El fallo de una petición de quien aprende a otro sitio: a su contenedor, por ejemplo."""
    answer = getattr(error, "response", None)
    if answer is not None:
        return MultietapaError(f"{url} contestó con el código {answer.status_code}.", next_step=_ASK_ADDRESS)
    causes = list(reasons.causes(error))
    known = (said for kind, said in _UNANSWERED if any(isinstance(cause, kind) for cause in causes))
    why = next(known, _line(error))
    return MultietapaError(f"En {url} no contesta nadie.", why=why, next_step=_ASK_ADDRESS)


def _unreachable(error: BaseException) -> MultietapaError:
    if isinstance(error, requests.exceptions.Timeout):
        return MultietapaError(
            "El motor de Docker tarda demasiado en contestar.",
            why="Pasó el tiempo que espera el cliente del SDK (60 s, si no se le dice otra cosa).",
            next_step="Repite la celda; si tu conexión es lenta, usa docker.from_env(timeout=600).",
        )
    return MultietapaError(
        "No hay ningún motor de Docker que conteste.",
        why=reasons.sentence(error),
        next_step="Si es tu motor, enciéndelo y repite la celda. motor() dice qué se buscó y dónde.",
    )


def _build(error: docker.errors.BuildError) -> MultietapaError:
    written = "".join(str(entry.get("stream", "")) for entry in _entries(error))
    return MultietapaError(
        "La construcción falló.",
        why=str(error.msg),
        detail="\n".join(written.strip().splitlines()[-_LOG_LINES:]),
        next_step="Lee el final del registro: falló el último «Step». construir(...) señala la línea.",
    )


def _entries(error: docker.errors.BuildError) -> Iterator[dict[str, Any]]:
    for entry in error.build_log:
        if isinstance(entry, dict):
            yield entry


def _container(error: docker.errors.ContainerError) -> MultietapaError:
    written = error.stderr.decode("utf-8", "replace") if isinstance(error.stderr, bytes) else ""
    return MultietapaError(
        f"La orden del contenedor terminó con el código {error.exit_status}.",
        why=f"Se ejecutó {error.command!r} en {getattr(error.image, 'tags', None) or error.image}.",
        detail="\n".join(written.strip().splitlines()[-_LOG_LINES:]),
        next_step="Comprueba que la orden existe en esa imagen y que está bien escrita.",
    )


def _missing_image(error: docker.errors.ImageNotFound, why: str = "") -> MultietapaError:
    found = re.search(r"(?:image|for|such image:)\s+\"?([\w./:@-]+)\"?", sdk.reason(error))
    if found and found[1] in workshop_bases():
        return MultietapaError(
            f"La imagen base {found[1]} todavía no está en el motor.",
            why=why or sdk.reason(error),
            next_step=f'Tráela con motor().bases("{found[1]}") y repite la celda.',
        )
    return MultietapaError(
        f"No está la imagen «{found[1]}»." if found else "No está esa imagen.",
        why=why or sdk.reason(error),
        next_step="Comprueba el nombre y la etiqueta, o ejecuta antes la celda que la construye.",
    )


def _missing_behind(error: BaseException) -> docker.errors.ImageNotFound | None:
    """La imagen que faltaba, si el fallo es de ``containers.run`` al querer descargarla."""
    behind = error.__context__
    while behind is not None and not isinstance(behind, docker.errors.ImageNotFound):
        behind = behind.__context__
    return behind


def _api(error: docker.errors.APIError) -> MultietapaError:
    reason = sdk.reason(error)
    if missing := _missing_behind(error):
        return _missing_image(missing, reason)
    port = re.search(r"Bind for \S*?:(\d+) failed|address already in use", reason)
    if port:
        return MultietapaError(
            f"El puerto {port[1] or ''} ya está ocupado.".replace("  ", " "),
            why=reason,
            next_step='Deja que el motor elija uno libre con ports={"3000/tcp": None}.',
        )
    if is_disk_full(reason):
        return MultietapaError(
            "No queda espacio en el disco del motor.",
            why=reason,
            next_step="Libera espacio; limpiar() borra lo que construiste en esta sesión.",
        )
    if _NO_CGROUPS in reason:
        return MultietapaError(
            "Este motor no puede decir qué procesos tiene un contenedor.",
            why=f"Corre sin root, y así no tiene los grupos de control con los que los cuenta ({reason}).",
            next_step='Si la imagen lleva «ps», pregunta al propio contenedor: contenedor.exec_run("ps").',
        )
    return MultietapaError(
        f"El motor rechazó la petición (código {error.status_code}).",
        why=reason,
        next_step="Lee la razón del motor, aquí arriba: dice qué valor no le gustó.",
    )


def _other(error: BaseException) -> MultietapaError:
    return MultietapaError(
        "El SDK de Docker no pudo hacer lo que se le pidió.",
        why=reasons.recognised(error) or _line(error),
        next_step="Revisa los argumentos de la llamada.",
    )


def _line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300] if lines else type(error).__name__


_EXPLAINED: tuple[tuple[type[BaseException], Callable[[Any], MultietapaError]], ...] = (
    (docker.errors.BuildError, _build),
    (docker.errors.ContainerError, _container),
    (docker.errors.ImageNotFound, _missing_image),
    (docker.errors.APIError, _api),
)
