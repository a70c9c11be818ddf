"""El agente de ssh que un paso puede usar mientras se construye, sin que ninguna clave viaje.

El motor pone en el paso un socket y, por cada programa que lo abre, llama a ``ForwardAgent``: aquí se abre
una conexión con el agente y se llevan los bytes de un lado a otro. La clave no sale del agente: solo firma.
"""

from __future__ import annotations

import os
import socket
import stat
import struct
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from google.protobuf.message import DecodeError

from multietapa import text
from multietapa.build.session import schema
from multietapa.build.session.grpc import NOT_FOUND, UNAVAILABLE, GrpcError, Handler, ServedCall, unary
from multietapa.build.session.http2_stream import Broken
from multietapa.dockerfile.mounts import DEFAULT_AGENT
from multietapa.errors import BuildError

CHECK = "/moby.sshforward.v1.SSH/CheckAgent"
FORWARD = "/moby.sshforward.v1.SSH/ForwardAgent"
_VARIABLE = "SSH_AUTH_SOCK"
_READ = 32 << 10  # bytes de una lectura
_PATIENCE = 5.0  # segundos que se espera a que un agente conteste
#: El protocolo del agente (draft-miller-ssh-agent): pedir las claves, y la lista como respuesta.
_REQUEST_IDENTITIES, _IDENTITIES = 11, 12


def find_agent(asked: bool | str | os.PathLike[str]) -> Path | None:
    """El socket del agente de ssh, o ``None`` si no se pidió.

    Args:
        asked: ``True`` es el agente de esta sesión (``$SSH_AUTH_SOCK``); si no, la ruta de su socket.

    Raises:
        BuildError: no hay agente, o eso no es uno; dice por qué.
    """
    if asked is False:
        return None
    if sys.platform == "win32":
        raise BuildError(
            "En Windows no se puede dar el agente de ssh a una construcción.",
            why="Aquí se habla con él por un socket de Unix, y el de Windows usa una tubería.",
            next_step="Abre el taller en WSL, o da la clave como secreto: "
            'secretos={"clave": Path("...")} y «RUN --mount=type=secret,id=clave».',
        )
    path = _session_agent() if asked is True else Path(asked).expanduser()
    _check(path)
    try:
        count_keys(path)
    except OSError as error:
        raise BuildError(
            f"En el socket «{path}» no contesta ningún agente de ssh.",
            why=_silence(error),
            next_step=_START,
        ) from error
    return path


_START = "Arranca uno con «eval $(ssh-agent)» y «ssh-add», y abre el taller desde esa misma terminal."


def _silence(error: OSError) -> str:
    """Por qué no contesta."""
    if isinstance(error, ConnectionRefusedError):
        return "El agente que lo abrió ya no está."
    if isinstance(error, ConnectionError):
        return "Lo que hay al otro lado cuelga sin contestar."
    if isinstance(error, PermissionError):
        return "Tu usuario no puede usarlo."
    if isinstance(error, TimeoutError):
        return f"Nadie contestó en {text.count(round(_PATIENCE), 'segundo', 'segundos')}."
    return str(error)


def _session_agent() -> Path:
    value = os.environ.get(_VARIABLE, "")
    if value:
        return Path(value)
    raise BuildError(
        "No hay ningún agente de ssh en marcha.",
        why=f"La variable {_VARIABLE}, que dice dónde está, no existe o está vacía.",
        next_step=f'{_START} Si ya tienes uno, da la ruta de su socket: ssh=Path("...").',
    )


def _check(path: Path) -> None:
    """Lanza ``BuildError`` si en ``path`` no hay un socket."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        raise BuildError(
            f"No existe el socket «{path}» del agente de ssh."
            if missing
            else f"No se puede llegar al socket «{path}» del agente de ssh.",
            why="El agente que lo abrió ya no está, o la ruta está mal escrita." if missing else str(error),
            next_step=_START,
        ) from error
    if stat.S_ISSOCK(mode):
        return
    folder = stat.S_ISDIR(mode)
    raise BuildError(
        f"«{path}» no es el socket de un agente de ssh, sino {'una carpeta' if folder else 'un archivo'}.",
        why="" if folder else "Si es una clave, no viaja: la guarda el agente, que firma con ella.",
        next_step="Da la ruta del socket."
        if folder
        else f"Añádela al agente con «ssh-add {path}» y construye con ssh=True.",
    )


def count_keys(path: Path) -> int:
    """Cuántas claves ofrece el agente; 0 también si está bloqueado.

    Lanza ``OSError`` si no contesta en 5 segundos, o si lo que contesta no es de un agente.
    """
    with _connect(path) as connection:
        connection.sendall(struct.pack(">IB", 1, _REQUEST_IDENTITIES))
        with connection.makefile("rb") as answer:
            head = answer.read(5)
            if len(head) < 5:
                raise ConnectionResetError
            if head[4] != _IDENTITIES:
                return 0
            return int.from_bytes(answer.read(4), "big")


def handlers(agent: Path) -> Mapping[str, Handler]:
    """Quienes atienden al agente de ``agent``, que el Dockerfile llama ``default``; no hay ningún otro."""

    def check(message: bytes) -> bytes:
        _known(schema.read("CheckAgentRequest", message).ID)
        return b""

    def forward(call: ServedCall) -> None:
        _known(next(iter(call.metadata.get("buildkit.ssh.id", [])), ""))
        try:
            connection = _connect(agent)
        except OSError as error:
            raise GrpcError(UNAVAILABLE, f"el agente de ssh no contesta: {error}") from error
        connection.settimeout(None)
        try:
            _carry(call, connection)
        finally:
            _stop(connection, socket.SHUT_RDWR)  # también para quien esté escribiendo en él
            connection.close()

    return {CHECK: unary(check), FORWARD: forward}


def _known(name: str) -> None:
    if name not in ("", DEFAULT_AGENT):
        raise GrpcError(NOT_FOUND, f'no SSH key "{name}" forwarded from the client')


def _connect(path: Path) -> socket.socket:
    """Una conexión con el agente. Lanza ``OSError``."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(_PATIENCE)
        connection.connect(os.fspath(path))
    except BaseException:
        connection.close()
        raise
    return connection


def _carry(call: ServedCall, connection: socket.socket) -> None:
    """Lleva los bytes en los dos sentidos hasta que el agente acaba o la llamada se corta."""
    threading.Thread(
        target=_deliver, args=(call, connection), name="multietapa-sesion-agente", daemon=True
    ).start()
    while data := _received(connection):
        call.send(schema.new("BytesMessage", data=data).SerializeToString(), now=True)


def _deliver(call: ServedCall, connection: socket.socket) -> None:
    """Del paso al agente. Corre en su hilo; al acabar la llamada, deja de esperar."""
    how = socket.SHUT_RDWR
    try:
        for message in call.messages():
            connection.sendall(schema.read("BytesMessage", message).data)
        how = socket.SHUT_WR  # el paso no dirá nada más; el agente aún puede contestar
    except (Broken, GrpcError, DecodeError, OSError):
        pass
    _stop(connection, how)


def _stop(connection: socket.socket, how: int) -> None:
    with suppress(OSError):  # ya se había cortado
        connection.shutdown(how)


def _received(connection: socket.socket) -> bytes:
    try:
        return connection.recv(_READ)
    except OSError:  # el agente murió
        return b""
