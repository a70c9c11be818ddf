"""Lo común de los motores del kit: su carpeta de ejecución, su proceso, su red y cómo se apagan."""

from __future__ import annotations

import subprocess
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from multietapa.engine.host import run_folder
from multietapa.engine.host.network import Network


class Daemon(ABC):
    """Un dockerd del kit.

    ``process`` es el proceso del que cuelga todo (``None`` si no se ha arrancado) y ``network``, su red.
    """

    def __init__(self, root: Path, *, run: Path, slot: int, options: Sequence[str], network: Network) -> None:
        self.root, self.run, self.slot, self.options = root, run, slot, tuple(options)
        self.log_path = run / "dockerd.log"
        self.network = network
        self.process: subprocess.Popen[Any] | None = None

    @property
    def host(self) -> str:
        """La URL de la API."""
        return run_folder.host_of(self.run)

    @property
    def alive(self) -> bool:
        """Su proceso sigue en marcha."""
        return self.process is not None and self.process.poll() is None

    @property
    def network_restarts(self) -> int:
        """Cuántas veces se volvió a poner en marcha su red."""
        return self.network.restarts

    @abstractmethod
    def start(self, *, log: Callable[[str], None] = ..., timeout: float = ...) -> None:
        """Arranca y espera ``timeout`` segundos a que la API conteste; si no, :class:`EngineError`."""

    @abstractmethod
    def look_after(self) -> None:
        """Vuelve a poner en marcha la red si se cayó, con los puertos que tenía. Se llama a menudo."""

    @abstractmethod
    def stop(self, *, grace: float = ...) -> None:
        """Lo apaga en orden, en ``grace`` segundos como mucho, y borra todo lo que no son datos."""

    def kill(self) -> None:
        """Lo mata sin avisar, como un corte de luz."""
        self._end_process(0.0)
        self.stop(grace=0.1)

    def _end_process(self, grace: float) -> None:
        """Espera a que el proceso termine y, si no lo hace en ``grace`` segundos, lo mata."""
        if self.process is None:
            return
        try:
            self.process.wait(grace)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
