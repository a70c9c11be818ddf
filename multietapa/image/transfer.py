"""Cuánto ocupa, comprimida, una capa que el motor guarda sin comprimir.

Un motor con containerd guarda las capas comprimidas y las mueve como están: ocupan lo que ocupan. Uno con
overlay2 las comprime al subirlas, con el gzip de Go, que es lento. **Transferencia** se calcula aquí: el tar
de la capa en bloques de 4 MiB, cada uno un miembro de gzip (RFC 1952 los admite seguidos, y son un gzip
válido), comprimido con libdeflate en el nivel que menos se aparta de lo que sube Docker: el 1 si el bloque
es sobre todo de binarios, y el 4 si es de texto. Medido, en cinco imágenes de Node da entre un 3,2 % y un
3,4 % más, y en texto un 0,7 % más (``gzip -6`` da entre un 3 y un 5 % menos, y tarda siete veces lo que
este). Los bloques no dependen unos de otros, así que no importa cuántos hilos haya. libdeflate viene con el
paquete ``deflate``, no con el sistema: ``METHOD`` dice cuál.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor, Future

import deflate

BLOCK = 4 << 20
BINARY_LEVEL, TEXT_LEVEL = 1, 4
METHOD = (
    f"gzip de libdeflate, nivel {BINARY_LEVEL} en binarios y {TEXT_LEVEL} en texto, bloques de 4 MiB, "
    f"deflate {deflate.__version__}"
)
_ASCII = bytes(range(128))
_STRIDE = 4093  # primo: un tar repite su estructura cada 512 bytes
_BINARY = 0.05  # desde qué parte de bytes que no son ASCII


def packed(block: bytes) -> bytes:
    """El miembro de gzip de un bloque: los de una capa, seguidos, son su gzip."""
    return bytes(deflate.gzip_compress(block, _level(block)))


def packed_length(block: bytes) -> int:
    """Los bytes que ocupa un bloque comprimido."""
    return len(deflate.gzip_compress(block, _level(block)))


def _level(block: bytes) -> int:
    """El nivel que le toca, mirando uno de cada :data:`_STRIDE` bytes."""
    sample = block[::_STRIDE]
    return BINARY_LEVEL if len(sample.translate(None, _ASCII)) >= len(sample) * _BINARY else TEXT_LEVEL


def workers() -> int:
    """Cuántos hilos comprimen a la vez: los procesadores que este proceso puede usar, ocho como mucho."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return min(allowed, 8)


class PackedSize:
    """Suma el tamaño comprimido de una capa; recibe sus bloques, de ``BLOCK`` bytes menos el último.

    libdeflate suelta el GIL, así que los hilos de ``pool`` trabajan de verdad en paralelo. Con :meth:`add`
    nunca hay más de ``2 * workers()`` bloques esperando.
    """

    def __init__(self, pool: Executor) -> None:
        self._pool = pool
        self._pending: deque[Future[int]] = deque()
        self._limit = 2 * workers()
        self._bytes = 0
        self._empty = True

    def add(self, block: bytes) -> None:
        """Encarga un bloque; espera si ya hay demasiados en marcha."""
        self.add_later(lambda: packed_length(block))
        while len(self._pending) > self._limit:
            self._bytes += self._pending.popleft().result()

    def add_later(self, pack: Callable[[], int]) -> Future[int]:
        """Encarga un bloque sin esperar nunca: ``pack`` lo busca y da lo que ocupa comprimido."""
        self._empty = False
        self._pending.append(self._pool.submit(pack))
        return self._pending[-1]

    def result(self) -> int:
        """El tamaño final en bytes."""
        while self._pending:
            self._bytes += self._pending.popleft().result()
        return len(packed(b"")) if self._empty else self._bytes

    def cancel(self) -> None:
        """Olvida lo que no haya empezado."""
        while self._pending:
            self._pending.popleft().cancel()
