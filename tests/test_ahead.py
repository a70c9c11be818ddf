"""Leer la respuesta del motor por delante: llega lo mismo, y al soltarla no queda nada."""

from __future__ import annotations

import random
import socket
import threading
import time
from collections.abc import Generator

import pytest
import requests

from multietapa.measure.ahead import CHUNK, read_ahead

PARTS = (1, 4095, 32 << 10, 100, 2 * CHUNK + 3, 7) * 9


class Server(threading.Thread):
    """Contesta una vez, por trozos de HTTP; ``ending`` es lo que hace después de mandarlos."""

    def __init__(self, parts: list[bytes], ending: str) -> None:
        super().__init__(daemon=True)
        self._parts, self._ending = parts, ending
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}/"
        self.left = threading.Event()

    def run(self) -> None:
        """Atiende a uno."""
        with self._listening, self._listening.accept()[0] as peer:
            peer.recv(65536)
            try:
                peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
                for part in self._parts:
                    peer.sendall(b"%x\r\n%b\r\n" % (len(part), part))
                if self._ending == "entera":
                    peer.sendall(b"0\r\n\r\n")
                while self._ending == "callado" and peer.recv(65536):
                    pass
            except OSError:
                pass
            self.left.set()


def served(parts: list[bytes], ending: str) -> tuple[Server, Generator[bytes, None, None]]:
    """Un servidor, y lo que contesta leído por delante."""
    server = Server(parts, ending)
    server.start()
    return server, read_ahead(requests.get(server.url, stream=True, timeout=30))


def readers() -> list[str]:
    """Los hilos que leen y siguen vivos."""
    return [one.name for one in threading.enumerate() if one.name == "multietapa-imagen"]


def test_the_same_bytes_arrive() -> None:
    """Llega lo mismo y en orden, en trozos grandes aunque vengan pequeños."""
    dice = random.Random(3)
    parts = [dice.randbytes(size) for size in PARTS]
    _, chunks = served(parts, "entera")
    found = list(chunks)
    assert b"".join(found) == b"".join(parts)
    assert len(found) < len(parts)
    assert not readers()


def test_a_cut_answer_is_told_to_who_reads() -> None:
    """Si la respuesta se corta, el error sale en el hilo que la lee, y el otro se acaba."""
    _, chunks = served([b"x" * 1000], "cortada")
    with pytest.raises(requests.RequestException):
        list(chunks)
    assert not readers()


@pytest.mark.parametrize("read", [0, 1])
def test_leaving_lets_the_engine_go(read: int) -> None:
    """Quien lo deja a mitad corta la conexión, se esté esperando al motor o a que alguien lea."""
    parts = [bytes(CHUNK)] * (200 if read else 1)
    server, chunks = served(parts, "callado")
    next(chunks)
    time.sleep(0.2)
    start = time.monotonic()
    chunks.close()
    assert time.monotonic() - start < 10
    assert server.left.wait(5)
    assert not readers()
