"""El procesador de la máquina embebida: se elige el más libre, y se cambia si hay cola."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from multietapa.engine.embedded import one_cpu
from multietapa.engine.embedded.one_cpu import OneCpu, idle_times, idlest
from tests.conftest import until

FREE_TICKS = 10  # de cada 20, que son 0,2 s
BUSY = [sys.executable, "-c", "while True: pass"]


@pytest.fixture
def machine() -> Iterator[subprocess.Popen[bytes]]:
    """Un proceso que trabaja sin parar, como una construcción."""
    process = subprocess.Popen(BUSY)
    yield process
    process.kill()
    process.wait()


def test_the_idlest_is_chosen() -> None:
    """Gana el que más tiempo estuvo ocioso; a igualdad, no siempre el mismo."""
    assert idlest({0: 10, 1: 10, 2: 10}, {0: 11, 1: 19, 2: 12}) == 1
    assert idlest({0: 10, 1: 10}, {0: 11, 1: 19}, besides=1) == 0
    assert idlest({}, {}) is None
    assert len({idlest({0: 0, 1: 0, 2: 0}, {0: 5, 1: 5, 2: 5}) for _ in range(200)}) == 3
    assert set(idle_times()) == os.sched_getaffinity(0)


def another_is_free(besides: int, *, seconds: float = 30.0) -> bool:
    """Algún otro procesador estuvo ocioso un décimo de segundo seguido; lo espera ``seconds`` como mucho."""
    limit = time.monotonic() + seconds
    while time.monotonic() < limit:
        before = idle_times()
        time.sleep(0.2)
        after = idle_times()
        if any(after[cpu] - before[cpu] >= FREE_TICKS for cpu in after if cpu != besides):
            return True
    return False


@pytest.mark.motor  # ocupa un procesador entero
def test_it_moves_away_from_a_crowded_one(
    machine: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si otros programas se instalan en su procesador, la máquina se muda a uno más libre."""
    if len(os.sched_getaffinity(0)) < 2:
        pytest.skip("hace falta más de un procesador")
    monkeypatch.setattr(one_cpu, "REVIEW_SECONDS", 0.5)
    monkeypatch.setattr(one_cpu, "WORKING_SECONDS", 0.1)
    cpu = OneCpu()
    first = cpu.current
    assert first is not None
    os.sched_setaffinity(machine.pid, {first})
    if not another_is_free(first):
        pytest.skip("los demás procesadores están tan ocupados como este")
    rivals = [subprocess.Popen(BUSY) for _ in range(3)]
    for rival in rivals:
        os.sched_setaffinity(rival.pid, {first})

    def moved() -> bool:
        cpu.review(machine.pid)
        return cpu.current != first

    try:
        until(moved, seconds=20)
        assert os.sched_getaffinity(machine.pid) == {cpu.current}
    finally:
        for rival in rivals:
            rival.kill()
            rival.wait()


def test_a_machine_that_is_gone_is_no_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    """Revisar una máquina que ya no está no falla."""
    cpu = OneCpu()
    gone = subprocess.Popen(["true"])
    gone.wait()
    monkeypatch.setattr(one_cpu, "REVIEW_SECONDS", 0.0)
    cpu.review(gone.pid)
