"""El enlace con velocidad: deja pasar los bytes de verdad, al ritmo que se le pide."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from typing import Any

import pytest

from multietapa.errors import DeployError
from multietapa.registry.link import FASTEST_MBPS, SLOWEST_MBPS, Flow, Link
from tests.conftest import until
from tests.pace import TOLERANCE, keeps_the_pace
from tests.shipping import no_threads


@pytest.fixture(scope="module")
def source() -> Iterator[tuple[str, int]]:
    """Un servidor que manda los bytes que le pidan, y antes se traga los que le digan."""

    def attend(client: socket.socket) -> None:
        with client, suppress(OSError):
            swallow, give = map(int, client.recv(64).split())
            client.sendall(b"!")
            while swallow > 0:
                swallow -= len(client.recv(1 << 18))
            block = bytes(1 << 20)
            while give > 0:
                client.sendall(block[: min(give, len(block))])
                give -= len(block)

    def serve(listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=attend, args=(client,), daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener,), daemon=True).start()
        yield listener.getsockname()


def ask(address: tuple[str, int], size: int, *, send: int = 0) -> float:
    """Recibe ``size`` bytes, después de mandar ``send``: los segundos que tardaron en pasar."""
    with socket.create_connection(address) as connection:
        connection.sendall(f"{send} {size}".encode())
        assert connection.recv(1) == b"!"
        began = time.monotonic()
        connection.sendall(bytes(send))
        got = 0
        while data := connection.recv(1 << 18):
            got += len(data)
        assert got == size
        return time.monotonic() - began


def together(source: tuple[str, int], mbps: float | None, each: int, connections: int) -> float:
    """Los segundos que tardan en pasar ``each`` bytes por cada una de tantas conexiones a la vez."""
    with Link(source, mbps=mbps) as link:
        threads = [threading.Thread(target=ask, args=(link.address, each)) for _ in range(connections)]
        began = time.monotonic()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        took = time.monotonic() - began
        passed = link.down.bytes
    assert passed == (each + 1) * connections
    return took


@pytest.mark.lenta
@pytest.mark.parametrize(
    ("mbps", "seconds"), [(1, 0.8), (20, 0.3), (20, 1.0), (100, 0.5), (1000, 0.5)], ids=str
)
@pytest.mark.parametrize("connections", [1, 3])
def test_the_bytes_take_what_they_must(
    source: tuple[str, int], mbps: float, seconds: float, connections: int
) -> None:
    """Tardan lo que dice la velocidad, con menos de un 5 % de error, con una conexión o con tres a la vez."""
    each = int(mbps * 1e6 / 8 * seconds / connections)
    keeps_the_pace(
        each * connections * 8 / 1e6 / mbps,
        lambda: together(source, mbps, each, connections),
        lambda: together(source, None, each, connections),
    )
    no_threads()


def test_going_is_limited_too(source: tuple[str, int]) -> None:
    """Lo que se sube pasa al mismo ritmo, y se cuenta aparte."""

    def send(mbps: float | None) -> float:
        with Link(source, mbps=mbps) as link:
            took = ask(link.address, 0, send=1_250_000)
            assert link.up.bytes > 1_250_000 > link.down.bytes
        return took

    keeps_the_pace(0.5, lambda: send(20), lambda: send(None))


def test_turns_at_a_pace_without_a_clock() -> None:
    """Seguidos, los turnos van al ritmo exacto; lo que la máquina se retrasa se recupera, lo parado no.

    A 1000 bytes por segundo, cien de cada vez.
    """
    flow, now = Flow(), 50.0
    for _ in range(40):
        now = flow.turn(100, 1000, now, awaited=False)
    assert now == pytest.approx(54)
    assert flow.turn(100, 1000, now + 0.2, awaited=False) == pytest.approx(now + 0.1)
    assert flow.turn(100, 1000, now + 0.11, awaited=True) == pytest.approx(now + 0.2)
    assert flow.turn(100, 1000, now + 1, awaited=True) == pytest.approx(now + 1.1)
    assert flow.turn(100, 1000, now + 1.2, awaited=True) == pytest.approx(now + 1.3)
    assert flow.turn(100, 1000, now + 9, awaited=False) == pytest.approx(now + 9.1)


def test_without_limit_and_beyond_any_reach(source: tuple[str, int]) -> None:
    """Sin límite, o a mil millones de Mb/s, pasa tan deprisa como pueda; con 400 Mb/s, no."""
    seconds = {}
    for mbps in (None, 1e9, 400.0):
        with Link(source, mbps=mbps) as link:
            assert (link.mbps, link.limited) == (mbps, mbps == 400.0)
            seconds[mbps] = ask(link.address, 40_000_000)
    assert max(seconds[None], seconds[1e9]) < seconds[400.0]
    assert seconds[400.0] > 0.8 * (1 - TOLERANCE)
    assert FASTEST_MBPS < 1e9


@pytest.mark.parametrize(
    ("mbps", "why"),
    [
        (0, "no llega nunca"),
        (-20, "negativa"),
        (SLOWEST_MBPS / 2, "módem"),
        (float("nan"), "no es un número"),
        (float("inf"), "None"),
        (True, "no es un número"),
        ("20", "no es un número"),
    ],
)
def test_a_speed_that_cannot_be(source: tuple[str, int], mbps: Any, why: str) -> None:
    """Una velocidad imposible se dice en español, con qué escribir en su lugar, y no queda nada abierto."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        with pytest.raises(DeployError, match=why) as error:
            Link(source, mbps=mbps, listener=listener)
        assert listener.fileno() == -1
    assert "por ejemplo 20" in error.value.next_step
    no_threads()


def test_closing_it_cuts_what_is_passing(source: tuple[str, int]) -> None:
    """Cerrarlo a medias corta a los dos lados enseguida, no deja hilos, y se puede cerrar otra vez."""
    link = Link(source, mbps=1)
    with closing(socket.create_connection(link.address)) as connection:
        connection.sendall(b"0 10000000")
        until(lambda: link.down.bytes > 20_000)
        began = time.monotonic()
        link.close()
        connection.settimeout(2)
        with suppress(ConnectionError):
            while connection.recv(1 << 16):
                pass
    link.close()
    assert time.monotonic() - began < 10  # no los 80 que tardaría en pasar
    no_threads()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(link.address, timeout=1)


def test_nobody_at_the_other_end() -> None:
    """Si al otro lado no hay nadie, la conexión se cierra y el enlace sigue atendiendo."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        nobody = free.getsockname()
    with Link(nobody, mbps=20) as link:
        for _ in range(2):
            with socket.create_connection(link.address, timeout=2) as connection, suppress(ConnectionError):
                assert connection.recv(1) == b""
    no_threads()
