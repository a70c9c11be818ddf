"""El agente de ssh que un paso puede usar mientras se construye, sin que ninguna clave viaje."""

from __future__ import annotations

import os
import socket
import stat
import threading
from contextlib import closing, suppress
from pathlib import Path

from multietapa.build.session import schema
from multietapa.build.session.grpc import NOT_FOUND, GrpcError, Handler, ServedCall
from multietapa.build.session.http2 import Broken
from multietapa.errors import BuildError

VARIABLE = "SSH_AUTH_SOCK"
_SERVICE = "/moby.sshforward.v1.SSH"
_DEFAULT = "default"  # el «id» de un «--mount=type=ssh» que no dice otro
_READ = 64 << 10  # bytes
_ANSWERS = 5.0  # segundos que se espera a que el agente acepte


def find_agent(asked: bool | str | os.PathLike[str]) -> Path | None:
    """El socket del agente: el de ``SSH_AUTH_SOCK`` o el que se dice; ``None`` si no se pidió ninguno.

    Raises:
        BuildError: no hay agente, no es un socket o nadie contesta en él.
    """
    if asked is False or asked is None:
        return None
    if os.name == "nt":
        raise BuildError(
            "En Windows «ssh» todavía no se puede usar.",
            why="Su agente de ssh no está en un socket, sino en una tubería con nombre.",
            next_step="Construye desde WSL, o pasa la llave como un secreto.",
        )
    if asked is True:
        place = os.environ.get(VARIABLE, "")
        if not place:
            raise BuildError(
                "No hay ningún agente de ssh en marcha.",
                why=f"La variable {VARIABLE}, que dice dónde está, no tiene nada.",
                next_step="En una terminal: «eval $(ssh-agent)» y «ssh-add»; después abre el taller desde "
                'ella. O di dónde está: ssh="/ruta/del/socket".',
            )
    else:
        place = os.fspath(asked)
    path = Path(place).expanduser()
    try:
        _connect(path).close()
    except OSError as error:
        raise BuildError(
            f"El agente de ssh de «{path}» no contesta.",
            why=_why(path, error),
            next_step=f"Comprueba con «ssh-add -l» que está en marcha y que {VARIABLE} es el suyo.",
        ) from error
    return path


def handlers(agent: Path) -> dict[str, Handler]:
    """Quienes atienden que un paso use el agente: cada conexión suya es una con él."""

    def check(call: ServedCall) -> None:
        for message in call.messages():
            _only_default(schema.read("CheckAgentRequest", message).ID)
            call.send(b"", now=True)

    def forward(call: ServedCall) -> None:
        _only_default(next(iter(call.metadata.get("buildkit.ssh.id", [])), ""))
        try:
            connection = _connect(agent)
        except OSError as error:
            raise GrpcError(NOT_FOUND, f"the ssh agent does not answer: {error}") from error
        with closing(connection):
            _carry(call, connection)

    return {f"{_SERVICE}/CheckAgent": check, f"{_SERVICE}/ForwardAgent": forward}


def _carry(call: ServedCall, connection: socket.socket) -> None:
    """Lleva lo que dice cada uno al otro, hasta que uno de los dos se va."""
    answers = threading.Thread(
        target=_answer, args=(call, connection), name="multietapa-sesion-agente", daemon=True
    )
    answers.start()
    try:
        for message in call.messages():
            connection.sendall(schema.read("BytesMessage", message).data)
        with suppress(OSError):
            connection.shutdown(socket.SHUT_WR)
        answers.join(_ANSWERS)
    except OSError:
        return  # el agente se fue: el paso verá que su conexión acaba
    finally:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        answers.join()


def _answer(call: ServedCall, connection: socket.socket) -> None:
    with suppress(OSError, Broken):
        while data := connection.recv(_READ):
            call.send(schema.new("BytesMessage", data=data).SerializeToString(), now=True)


def _connect(path: Path) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX)
    try:
        connection.settimeout(_ANSWERS)
        connection.connect(str(path))
        connection.settimeout(None)
    except BaseException:
        connection.close()
        raise
    return connection


def _only_default(name: str) -> None:
    if name not in ("", _DEFAULT):
        raise GrpcError(NOT_FOUND, f"unset ssh forward key {name}")


def _why(path: Path, error: OSError) -> str:
    try:
        kind = path.stat().st_mode
    except FileNotFoundError:
        return "Ese socket no existe."
    except OSError:
        return f"El sistema dice: {error.strerror or error}."
    if not stat.S_ISSOCK(kind):
        return "Eso no es un socket."
    if isinstance(error, PermissionError):
        return "Tu usuario no puede usarlo."
    return "El socket está, pero nadie escucha en él."
