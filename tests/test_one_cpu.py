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

EACH_SECONDS, LOOK_SECONDS = 0.5, 15.0
SLACK_TICKS = 1  # el núcleo los cuenta de uno en uno: 0,01 s
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


@pytest.mark.motor  # ocupa un procesador entero
def test_it_moves_away_from_a_crowded_one(
    machine: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si otros programas se instalan en su procesador, se muda a uno más libre, y si no lo hay, espera.

    Cada decisión se compara con lo que estuvo ocioso cada procesador desde la anterior, leído antes y después
    de ella: así se sabe si acertó también con los demás procesadores ocupados.
    """
    monkeypatch.setattr(one_cpu, "REVIEW_SECONDS", 0.0)
    monkeypatch.setattr(one_cpu, "WORKING_SECONDS", 0.1)
    early = idle_times()
    cpu = OneCpu()
    late = idle_times()
    first = cpu.current
    assert first is not None
    settled = False  # mientras los rivales llegan, puede que aún no haya cola
    os.sched_setaffinity(machine.pid, {first})
    rivals = [subprocess.Popen(BUSY) for _ in range(3)]
    try:
        for rival in rivals:
            os.sched_setaffinity(rival.pid, {first})
        limit = time.monotonic() + LOOK_SECONDS
        while cpu.current == first and time.monotonic() < limit:
            time.sleep(EACH_SECONDS)
            before = idle_times()
            cpu.review(machine.pid)
            after = idle_times()
            least = {one: before[one] - late[one] for one in before}
            most = {one: after[one] - early[one] for one in after}
            early, late = before, after
            freer = [one for one in least if least[one] > most[first] + SLACK_TICKS]
            assert freer == [] or cpu.current != first or not settled, (least, most)
            settled = True
        assert cpu.current is not None
        assert cpu.current == first or most[cpu.current] > least[first]
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
