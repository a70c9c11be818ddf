"""El SHA-256 de lo que pasa, en otro hilo: mientras uno suma, otro lee cabeceras y busca en los archivos."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType

_AHEAD = 4  # bloques sin sumar que se admiten


class Digest:
    """La suma de unos bloques; al salir del ``with`` no queda ningún hilo."""

    def __init__(self) -> None:
        self._sum = hashlib.sha256()
        self._pool = ThreadPoolExecutor(1, "multietapa-sha256")  # uno solo: los bloques van en orden
        self._waiting: deque[Future[None]] = deque()

    def __enter__(self) -> Digest:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pool.shutdown(cancel_futures=True)

    def seeing(self, blocks: Iterable[bytes]) -> Iterator[bytes]:
        """Los mismos bloques, sumados mientras pasan."""
        for block in blocks:
            self._waiting.append(self._pool.submit(self._sum.update, block))
            if len(self._waiting) > _AHEAD:
                self._waiting.popleft().result()
            yield block

    def value(self) -> str:
        """El digest de lo que ha pasado, como lo escribe Docker."""
        while self._waiting:
            self._waiting.popleft().result()
        return f"sha256:{self._sum.hexdigest()}"
