"""Un socket entre quien pregunta y el motor de las pruebas, para que algo pase justo en un momento."""

from __future__ import annotations

import asyncio
import socket
import ssl
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


@contextmanager
def relay_slow(host: str, *, tls: ssl.SSLContext | None = None, pause: float = 0.0) -> Iterator[str]:
    """Lo mismo, con TLS si se da ``tls``; cada trozo espera ``pause`` segundos antes de seguir."""
    if not host.startswith("unix://"):
        pytest.skip("el motor no escucha en un socket")
    loop = asyncio.new_event_loop()

    async def carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await source.read(65536):
                if pause:
                    await asyncio.sleep(pause)
                target.write(data)
                await target.drain()
        target.close()

    async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        theirs = await asyncio.open_unix_connection(host.removeprefix("unix://"))
        await asyncio.gather(carry(reader, theirs[1]), carry(theirs[0], writer))

    server = loop.run_until_complete(asyncio.start_server(attend, "127.0.0.1", 0, ssl=tls))
    working = threading.Thread(target=loop.run_forever, daemon=True)
    working.start()
    try:
        yield f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        loop.call_soon_threadsafe(server.close)
        loop.call_soon_threadsafe(loop.stop)
        working.join(5)
        for task in asyncio.all_tasks(loop):
            task.cancel()
        loop.run_until_complete(asyncio.sleep(0.05))
        loop.close()
