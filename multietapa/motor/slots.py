"""Huecos: cada taller de esta máquina usa un motor privado distinto, con sus datos y puertos."""

from __future__ import annotations

import fcntl
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from multietapa.errors import EngineError
from multietapa.paths import cache_dir, runtime_dir

MAXIMUM = 20


@dataclass(frozen=True)
class Slot:
    """Un hueco reservado mientras ``lock`` siga abierto."""

    number: int
    run: Path
    data: Path
    lock: IO[str]

    def release(self) -> None:
        """Devuelve el hueco."""
        self.lock.close()


def reserve() -> Slot:
    """Reserva el primer hueco libre. Lanza :class:`EngineError` si están todos ocupados.

    El candado es del sistema (``flock``): si el proceso muere, el hueco queda libre solo. Vive
    en la carpeta de ejecución y no en la caché, porque los puertos son de toda la máquina.
    """
    for number in range(MAXIMUM):
        run = runtime_dir() / f"motor-{number}"
        run.mkdir(mode=0o700, exist_ok=True)
        handle = (run / "candado").open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            handle.close()
            continue
        return Slot(number=number, run=run, data=cache_dir() / f"motores/{number}", lock=handle)
    raise EngineError(
        f"Ya hay {MAXIMUM} motores privados en marcha en esta máquina.",
        next_step="Cierra alguno de los talleres abiertos y repite la orden.",
    )
