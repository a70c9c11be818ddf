"""Un socket entre quien pregunta y el motor de las pruebas, para que algo pase justo en un momento."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest


@contextmanager
def relay(folder: Path, host: str, look: Callable[[bytes], None]) -> Iterator[str]:
    """La dirección de un socket que lleva al motor de ``host``.

    ``look`` ve cada trozo que pasa, en los dos sentidos, antes de que llegue. Si lanza ``OSError``, la
    conexión se corta ahí.
    """
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/s")
        listener.listen()
        _serve(listener, host, look)
        yield f"unix://{folder}/s"


@contextmanager
def relay_tcp(host: str, *, address: str = "127.0.0.1") -> Iterator[str]:
    """La dirección ``tcp://`` de un puerto de ``address`` que lleva al motor de ``host``."""
    with socket.create_server((address, 0)) as listener:
        _serve(listener, host, lambda _: None)
        yield f"tcp://{address}:{listener.getsockname()[1]}"


def _serve(listener: socket.socket, host: str, look: Callable[[bytes], None]) -> None:
    if not host.startswith("unix://"):
        pytest.skip("el motor no escucha en un socket")

    def carry(source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(65536):
                look(data)
                target.sendall(data)
        except OSError:
            for end in (source, target):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    def serve() -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                engine = socket.socket(socket.AF_UNIX)
                engine.connect(host.removeprefix("unix://"))
                for pair in ((client, engine), (engine, client)):
                    threading.Thread(target=carry, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
