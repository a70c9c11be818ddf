"""El motor embebido, en un solo procesador: su núcleo y sus procesos se turnan en cada llamada, y cambiarse
de procesador cada vez lo hace mucho más lento. Se elige el más ocioso, y se cambia si hay cola.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

SAMPLE_SECONDS = 0.03
REVIEW_SECONDS = 2.0
#: Parte del tiempo esperando turno a partir de la cual compensa mudarse.
CROWDED = 0.25
WORKING_SECONDS = 0.4


def idle_times(stat: Path = Path("/proc/stat")) -> dict[int, int]:
    """El tiempo ocioso acumulado de cada procesador que se puede usar, en pulsos del reloj del sistema."""
    allowed = os.sched_getaffinity(0)
    idle = {}
    with suppress(OSError):
        for line in stat.read_text(encoding="ascii").splitlines():
            name, *values = line.split()
            if name[:3] == "cpu" and name[3:].isdigit() and int(name[3:]) in allowed:
                idle[int(name[3:])] = int(values[3]) + int(values[4])
    return idle


def idlest(before: dict[int, int], after: dict[int, int], *, besides: int = -1) -> int | None:
    """El procesador que más tiempo estuvo ocioso entre dos lecturas, sin contar ``besides``.

    A igualdad, uno al azar: en un servidor con muchas sesiones no deben elegir todas el mismo.
    """
    spare = [(after[cpu] - before.get(cpu, 0), os.urandom(2), cpu) for cpu in after if cpu != besides]
    return max(spare)[2] if spare else None


class OneCpu:
    """El procesador de una máquina embebida. ``current`` es su número, o ``None`` si no se sabe elegir."""

    def __init__(self) -> None:
        before = idle_times()
        time.sleep(SAMPLE_SECONDS)
        self.current = idlest(before, idle_times())
        self._idle, self._spent, self._reviewed = before, (0.0, 0.0), time.monotonic()

    def pin(self) -> None:
        """Deja a este proceso, y a los que lance, en él. Para ``preexec_fn``."""
        if self.current is not None:
            os.sched_setaffinity(0, {self.current})

    def review(self, pid: int) -> None:
        """Cada poco, muda la máquina ``pid`` si pasa mucho tiempo esperando turno y otro está más libre."""
        now = time.monotonic()
        if now - self._reviewed < REVIEW_SECONDS or self.current is None:
            return
        idle, spent = idle_times(), self._turns(pid)
        ran, waited = spent[0] - self._spent[0], spent[1] - self._spent[1]
        before, self._idle, self._spent, self._reviewed = self._idle, idle, spent, now
        if ran + waited < WORKING_SECONDS or waited < CROWDED * (ran + waited):
            return
        better = idlest(before, idle, besides=self.current)
        if (
            better is None
            or idle[better] - before.get(better, 0) <= idle[self.current] - before[self.current]
        ):
            return
        self.current = better
        for process in _family(pid):
            for task in Path(f"/proc/{process}/task").glob("*"):
                with suppress(OSError):
                    os.sched_setaffinity(int(task.name), {better})

    def _turns(self, pid: int) -> tuple[float, float]:
        """Segundos (corriendo, esperando turno) de los procesos de la máquina que siguen vivos."""
        ran = waited = 0
        for process in _family(pid):
            with suppress(OSError, ValueError, IndexError):
                words = Path(f"/proc/{process}/schedstat").read_text(encoding="ascii").split()
                ran, waited = ran + int(words[0]), waited + int(words[1])
        return ran / 1e9, waited / 1e9


def _family(pid: int) -> Iterator[int]:
    """El proceso y sus hijos directos: cada programa de la máquina es un hijo de su núcleo."""
    yield pid
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            yield from map(int, task.read_text(encoding="ascii").split())
