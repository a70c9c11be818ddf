"""Lo justo de RootlessKit para que dockerd acepte su modo «rootless».

Al preparar su red, dockerd pregunta a RootlessKit quién publica los puertos. Aquí los publica slirp4netns
(:mod:`multietapa.engine.host.slirp`), así que la respuesta es «nadie», y dockerd publica como siempre.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SOCKET_NAME = "api.sock"
_INFO = {"apiVersion": "1.1.1", "version": "0", "networkDriver": {"driver": "slirp4netns"}}
_HEADERS = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "


@contextmanager
def answering(run: Path, *, inside: str) -> Iterator[dict[str, str]]:
    """Contesta en ``run`` mientras dockerd arranca, y da las variables de entorno que él espera.

    Las XDG y ``TMPDIR`` que traiga el usuario nombran carpetas que dentro del motor no existen.

    ``inside`` es el nombre que tiene ``run`` dentro del motor.
    """
    path = run / SOCKET_NAME
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        answers = threading.Thread(target=_answer, args=(listener,), name="rootlesskit", daemon=True)
        answers.start()
        try:
            yield {
                "ROOTLESSKIT_STATE_DIR": inside,
                "TMPDIR": "/tmp",
                "XDG_RUNTIME_DIR": "/run",
                "XDG_CONFIG_HOME": "/run/config",
                "XDG_DATA_HOME": "/data",
            }
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            answers.join(5)
            path.unlink(missing_ok=True)


def _answer(listener: socket.socket) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:  # se acabó
            return
        with connection:
            try:
                connection.settimeout(5)
                connection.recv(65536)
                body = json.dumps(_INFO)
                connection.sendall(f"{_HEADERS}{len(body)}\r\n\r\n{body}".encode())
            except OSError:
                continue
