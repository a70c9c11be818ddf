"""Comprimir las capas en otros hilos da lo mismo de todas las maneras, y no deja nada detrás."""

from __future__ import annotations

import random
import threading
import time
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from multietapa.image.transfer import BLOCK, packed_length
from multietapa.measure import packing
from multietapa.measure.packing import PACKING, Packing

Change = Callable[[pytest.MonkeyPatch], None]
WAYS: dict[str, Change] = {
    "dos procesadores": lambda patch: patch.setattr(packing, "workers", lambda: 2),
    "ocho": lambda patch: patch.setattr(packing, "workers", lambda: 8),
    "sin memoria": lambda patch: patch.setattr(packing, "_IN_MEMORY", 0),
    "poca memoria": lambda patch: patch.setattr(packing, "_IN_MEMORY", BLOCK),
    "sin memoria ni pread": lambda patch: (
        patch.setattr(packing, "_IN_MEMORY", 0), patch.setattr(packing, "_POSITIONED", False)
    )[0],
    "sin memoria ni disco": lambda patch: (
        patch.setattr(packing, "_IN_MEMORY", 0), patch.setattr(packing, "_LEFT_FREE", 1 << 62)
    )[0],
}  # fmt: skip


def layers_of(seed: int) -> dict[str, bytes]:
    """Unas capas, por su nombre: una vacía, una de varios bloques justos, una con pico y una pequeña."""
    dice = random.Random(seed)
    return {
        "vacía": b"",
        "justa": dice.randbytes(BLOCK).hex().encode(),
        "con pico": dice.randbytes(BLOCK + 7).hex().encode(),
        "pequeña": b"x" * dice.randrange(9000),
    }


def pack(work: Packing, layers: dict[str, bytes], step: int) -> None:
    """Deja pasar las capas, a trozos de ``step`` bytes."""
    for name, data in layers.items():
        pieces = (data[at : at + step] for at in range(0, len(data), step))
        assert b"".join(work.seeing(pieces)) == data
        work.named(name)


@pytest.mark.lenta
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", range(2))
def test_every_way_gives_the_same_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, seed: int
) -> None:
    """Con más o menos procesadores, memoria o disco, y lleguen en los trozos que lleguen."""
    layers = layers_of(seed)
    expected = {
        name: sum(packed_length(data[at : at + BLOCK]) for at in range(0, len(data) or 1, BLOCK))
        for name, data in layers.items()
    }
    WAYS[way](monkeypatch)
    for step in (BLOCK, 1 << 20, 1_000_003, 3 * BLOCK + 5):
        seen: list[tuple[str, int, int]] = []
        with Packing(tmp_path) as work:
            pack(work, layers, step)
            assert work.sizes(lambda *told: seen.append(told)) == expected  # noqa: B023  se usa aquí mismo
            assert work.ready
        assert seen[0][:2] == (PACKING, 0)
        assert seen[-1][1] == seen[-1][2] == sum(map(len, layers.values()))
    assert list(tmp_path.iterdir()) == []
    assert not packing_threads()


def packing_threads() -> list[str]:
    """Los hilos que comprimen y siguen vivos."""
    return [each.name for each in threading.enumerate() if each.name.startswith("multietapa-gzip")]


def test_what_waits_in_memory_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Por grande que sea la capa, en memoria no espera más de lo dicho: lo demás va al archivo."""
    monkeypatch.setattr(packing, "_IN_MEMORY", 4 * BLOCK)
    gate = threading.Event()

    def slow(block: bytes) -> int:
        """No comprime nada hasta que se le deja."""
        gate.wait()
        return len(block)

    monkeypatch.setattr(packing, "packed_length", slow)
    tracemalloc.start()
    try:
        with Packing(tmp_path) as work:
            for _ in work.seeing(bytes(1 << 20) for _ in range(200)):
                pass
            most = tracemalloc.get_traced_memory()[1]
            work.named("larga")
            gate.set()
            assert work.sizes() == {"larga": 200 << 20}
        assert most < 8 * BLOCK  # lo que espera, lo que se junta y lo que tiene cada hilo
    finally:
        gate.set()
        tracemalloc.stop()


def test_leaving_early_forgets_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Al salir antes de acabar no se espera a lo que no había empezado, y no queda ningún hilo."""
    done: list[int] = []

    def slow(block: bytes) -> int:
        """Tarda, y apunta que lo hizo."""
        time.sleep(0.05)
        done.append(len(block))
        return 0

    monkeypatch.setattr(packing, "packed_length", slow)
    with Packing(tmp_path) as work:
        for _ in work.seeing(bytes(BLOCK) for _ in range(64)):
            pass
    assert len(done) < 64
    assert not packing_threads()
