"""Un enlace con velocidad: un puerto que lleva a otro y deja pasar los bytes al ritmo que se elija.

No divide: los bytes pasan de verdad, cada trozo cuando le toca. La velocidad es la del enlace entero, en cada
sentido, y la comparten todas sus conexiones: tres capas a la vez van cada una a un tercio.
"""

from __future__ import annotations

import asyncio
import math
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from types import TracebackType

from multietapa import text
from multietapa.errors import DeployError

SLOWEST_MBPS = 0.05
"""La menor velocidad que se admite, en megabits por segundo: la de un módem de 1998."""
FASTEST_MBPS = 10_000.0
"""Desde esta velocidad el enlace ya no espera: no hay manera de pasar tantos bytes por aquí."""
#: Un trozo tarda 10 ms en pasar, si cabe entre estos bytes.
_CHUNK_SECONDS, _LEAST, _MOST = 0.01, 512, 256 * 1024
#: Lo que puede llegar tarde un trozo sin perder su turno: poco si hubo que esperarlo, porque el enlace estaba
#: parado; más si ya estaba ahí, porque la tardanza es de esta máquina.
_LATE_SECONDS, _BUSY_SECONDS = 0.02, 0.25
_CONNECT_SECONDS = 10.0


def check_speed(mbps: float | None) -> float | None:
    """La velocidad, si vale; ``None`` es «sin límite». Lanza :class:`DeployError` si no puede ser.

    Por encima de :data:`FASTEST_MBPS` se admite, y en la práctica es no tener límite: lo que cuenta es lo que
    se mida.
    """
    if mbps is None:
        return None
    if isinstance(mbps, bool) or not isinstance(mbps, (int, float)) or math.isnan(mbps):
        why = f"{mbps!r} no es un número."
    elif math.isinf(mbps):
        why = "Infinito no es una velocidad; sin límite se escribe None."
    elif mbps <= 0:
        why = "A cero o menos no llega nunca nada." if mbps == 0 else "Una velocidad no puede ser negativa."
    elif mbps < SLOWEST_MBPS:
        why = f"Es menos que un módem de 1998 ({text.number(SLOWEST_MBPS, 2)} Mb/s): no acabaría."
    else:
        return float(mbps)
    raise DeployError(
        f"El enlace no puede ir a {mbps!r} Mb/s.",
        why=why,
        next_step="Da los megabits por segundo, por ejemplo 20, o None para no poner límite.",
    )


@dataclass
class Flow:
    """Lo que pasó en un sentido: bytes, y entre qué instantes (``time.monotonic``; 0 si no pasó nada)."""

    bytes: int = 0
    first: float = 0.0
    last: float = 0.0
    _free: float = field(default=0.0, repr=False)  # cuándo queda libre el enlace

    def turn(self, size: int, rate: float, now: float, *, awaited: bool) -> float:
        """Reserva el paso de ``size`` bytes a ``rate`` bytes por segundo: cuándo acaban de pasar.

        ``awaited``: no estaban cuando se fue a por ellos.
        """
        if now - self._free > (_LATE_SECONDS if awaited else _BUSY_SECONDS):
            self._free = now
        self._free += size / rate
        return self._free

    def passed(self, size: int, now: float) -> None:
        """Anota lo que acaba de pasar."""
        self.bytes += size
        self.first = self.first or now
        self.last = now


class Link:
    """Un enlace abierto hacia ``target``; quien se conecta a ``address`` habla con él.

    Args:
        target: nombre y puerto del otro extremo.
        mbps: megabits (10⁶ bits) por segundo en cada sentido, o ``None`` sin límite.
        listener: un socket que ya escucha (de otro espacio de red, por ejemplo); sin él, uno de 127.0.0.1. El
            enlace lo cierra.

    ``down`` es lo que vino de ``target`` y ``up`` lo que fue hacia él. Lanza :class:`DeployError` si la
    velocidad no vale.
    """

    def __init__(
        self, target: tuple[str, int], *, mbps: float | None = None, listener: socket.socket | None = None
    ) -> None:
        try:
            self.mbps = check_speed(mbps)
        except DeployError:
            if listener is not None:
                listener.close()
            raise
        self.target = target
        self.down, self.up = Flow(), Flow()
        self._rate = None if self.mbps is None or self.mbps >= FASTEST_MBPS else self.mbps * 1e6 / 8
        self._listener = listener or socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.address: tuple[str, int] = self._listener.getsockname()[:2]
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="multietapa-enlace", daemon=True)
        self._thread.start()

    @property
    def limited(self) -> bool:
        """Si el enlace hace esperar a alguien."""
        return self._rate is not None

    def __enter__(self) -> Link:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Corta lo que esté pasando y deja de escuchar. Se puede llamar dos veces y desde cualquier hilo."""
        with suppress(RuntimeError):  # ya cerrado
            self._loop.call_soon_threadsafe(self._stop)
        if self._thread is not threading.current_thread():
            self._thread.join()

    def _stop(self) -> None:
        for task in asyncio.all_tasks(self._loop):
            task.cancel()

    def _run(self) -> None:
        try:
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._serve())
        finally:
            self._listener.close()
            self._loop.close()

    async def _serve(self) -> None:
        attending: set[asyncio.Task[None]] = set()
        try:
            while True:
                client, _ = await self._loop.sock_accept(self._listener)
                task = self._loop.create_task(self._attend(client))
                attending.add(task)
                task.add_done_callback(attending.discard)
        finally:
            for task in attending:
                task.cancel()
            await asyncio.gather(*attending, return_exceptions=True)

    async def _attend(self, client: socket.socket) -> None:
        family = socket.AF_INET6 if ":" in self.target[0] else socket.AF_INET
        with client, suppress(OSError, asyncio.TimeoutError), socket.socket(family) as server:
            for end in (client, server):
                end.setblocking(False)
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await asyncio.wait_for(self._loop.sock_connect(server, self.target), _CONNECT_SECONDS)
            both = [
                self._loop.create_task(self._carry(client, server, self.up)),
                self._loop.create_task(self._carry(server, client, self.down)),
            ]
            try:
                await asyncio.gather(*both)
            finally:
                for task in both:
                    task.cancel()
                await asyncio.gather(*both, return_exceptions=True)

    async def _carry(self, source: socket.socket, target: socket.socket, flow: Flow) -> None:
        """Lleva lo que llega de un extremo al otro, hasta que se acaba; entonces lo dice al otro."""
        room = _MOST if self._rate is None else int(min(max(self._rate * _CHUNK_SECONDS, _LEAST), _MOST))
        buffer = memoryview(bytearray(room))
        while True:
            awaited = False
            try:
                size = source.recv_into(buffer)
            except (BlockingIOError, InterruptedError):
                awaited = True
                size = await self._loop.sock_recv_into(source, buffer)
            if not size:
                break
            if self._rate is not None:
                free = flow.turn(size, self._rate, time.monotonic(), awaited=awaited)
                wait = free - time.monotonic()
                if wait > 0:
                    await asyncio.sleep(wait)
            await self._loop.sock_sendall(target, buffer[:size])
            flow.passed(size, time.monotonic())
        with suppress(OSError):
            target.shutdown(socket.SHUT_WR)
