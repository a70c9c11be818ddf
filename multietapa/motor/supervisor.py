"""El proceso que cuida de un motor privado mientras alguien lo necesite.

Se lanza como ``python -m multietapa.motor.supervisor``. Escribe en la salida líneas JSON
(``{"fase": ...}`` y al final ``{"host": ...}`` o ``{"error": ...}``) y se apaga en orden cuando
se cierra su entrada estándar: si quien lo pidió muere, el motor se va con él.
"""

from __future__ import annotations

import json
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from multietapa.errors import EngineError, MultietapaError
from multietapa.motor import bundle
from multietapa.motor.private import PrivateDaemon
from multietapa.motor.slots import reserve

WATCH_SECONDS = 0.1
MAX_RESTARTS = 5


def main() -> int:
    """Pone en marcha el motor, espera al cierre de la entrada y lo apaga."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    slot = daemon = None
    try:
        root = bundle.make(log=lambda text: _say(fase=text))
        slot = reserve()
        daemon = PrivateDaemon(root, run=slot.run, data=slot.data, slot=slot.number)
        daemon.start(log=lambda text: _say(fase=text))
        _say(host=daemon.host)
        _watch(daemon)
    except MultietapaError as problem:
        _say(error=str(problem))
        return 1
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if daemon is not None:
            daemon.stop()
        if slot is not None:
            slot.release()
    return 0


def _watch(daemon: PrivateDaemon) -> None:
    """Espera al cierre de la entrada. Si dockerd muere, lo pone en marcha otra vez: mismos datos y socket."""
    restarts = 0
    while not select.select([sys.stdin], [], [], WATCH_SECONDS)[0]:
        if not daemon.alive and restarts < MAX_RESTARTS:
            restarts += 1
            daemon.stop(grace=0.1)
            daemon.start()


def _leave(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(**message: str) -> None:
    print(json.dumps(message), flush=True)


@dataclass(frozen=True)
class Supervised:
    """Un motor privado en marcha, cuidado por otro proceso."""

    host: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """Pide el apagado en orden y espera a que termine."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(*, log: Callable[[str], None] = lambda _: None) -> Supervised:
    """Lanza un supervisor y espera a que su motor conteste. Lanza :class:`EngineError`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "multietapa.motor.supervisor"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            message: dict[str, Any] = json.loads(line)
            if "fase" in message:
                log(message["fase"])
            elif "host" in message:
                threading.Thread(target=process.stdout.read, daemon=True).start()
                return Supervised(message["host"], process)
            else:
                raise EngineError(message["error"])
        raise EngineError("El supervisor del motor terminó sin decir nada.", next_step="Repite la orden.")
    except BaseException:
        # Todavía no lee su entrada: puede estar descargando. La señal corta también lo que haya lanzado.
        process.terminate()
        Supervised("", process).stop()
        raise


if __name__ == "__main__":
    sys.exit(main())
