"""Un puerto en la red de otro motor de esta máquina, para que algo de aquí le conteste desde dentro.

Los motores del kit no llegan al 127.0.0.1 de la máquina, y en el suyo no piden TLS a un registro. Un socket
es siempre del espacio de red donde se abrió: se abre en el del motor y lo atiende este proceso.
"""

from __future__ import annotations

import ctypes
import os
import socket
import struct
import threading
from pathlib import Path

from multietapa.errors import EngineError

_NETWORK = 0x40000000  # CLONE_NEWNET, de <linux/sched.h>


def engine_pid(host: str) -> int:
    """El proceso que atiende en ``host`` (``unix://...``), visto desde aquí. Lanza ``OSError`` si nadie."""
    with socket.socket(socket.AF_UNIX) as probe:
        probe.settimeout(5)
        probe.connect(host.removeprefix("unix://"))
        peer = probe.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", peer)[0])


def listen_inside(host: str, *, port: int = 0) -> socket.socket:
    """Un socket que escucha en el 127.0.0.1 del motor de ``host``; sin ``port``, en un puerto libre.

    Hace falta ser root. Lanza :class:`EngineError` si el motor no está o el núcleo no deja.
    """
    opened: list[socket.socket] = []
    problems: list[OSError] = []

    def work() -> None:  # en un hilo: el espacio de red es de cada uno, y este se va con él
        try:
            place = os.open(Path(f"/proc/{engine_pid(host)}/ns/net"), os.O_RDONLY | os.O_CLOEXEC)
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(place, _NETWORK):
                    number = ctypes.get_errno()
                    raise OSError(number, os.strerror(number))
            finally:
                os.close(place)
            opened.append(socket.create_server(("127.0.0.1", port)))
        except OSError as problem:
            problems.append(problem)

    thread = threading.Thread(target=work, name="multietapa-puerto", daemon=True)
    thread.start()
    thread.join()
    if problems:
        raise EngineError("No se pudo abrir un puerto en la red del nodo.", why=str(problems[0]))
    return opened[0]
