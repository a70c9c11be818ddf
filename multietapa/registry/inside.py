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
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from multietapa.errors import EngineError

T = TypeVar("T")
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
    try:
        return within(host, lambda: socket.create_server(("127.0.0.1", port)))
    except OSError as problem:
        raise EngineError("No se pudo abrir un puerto en la red del nodo.", why=str(problem)) from problem


def within(host: str, work: Callable[[], T]) -> T:
    """Lo que dé ``work``, hecho en la red del motor de ``host``. Lanza ``OSError`` si el núcleo no deja."""
    done: list[T] = []
    problems: list[BaseException] = []

    def go() -> None:  # en un hilo: el espacio de red es de cada uno, y este se va con él
        try:
            place = os.open(Path(f"/proc/{engine_pid(host)}/ns/net"), os.O_RDONLY | os.O_CLOEXEC)
            try:
                libc = ctypes.CDLL(None, use_errno=True)
                if libc.setns(place, _NETWORK):
                    number = ctypes.get_errno()
                    raise OSError(number, os.strerror(number))
            finally:
                os.close(place)
            done.append(work())
        except BaseException as problem:  # noqa: BLE001  se lanza en el hilo de quien espera
            problems.append(problem)

    thread = threading.Thread(target=go, name="multietapa-puerto", daemon=True)
    thread.start()
    thread.join()
    if problems:
        raise problems[0]
    return done[0]
