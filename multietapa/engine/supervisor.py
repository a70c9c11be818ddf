"""El proceso que cuida de un motor del kit mientras alguien lo necesite.

Se lanza como ``python -m multietapa.engine.supervisor CLASE``. Escribe en la salida líneas JSON
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
import time
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any

from multietapa.engine.bundle import make as bundle
from multietapa.engine.embedded.daemon import EmbeddedDaemon
from multietapa.engine.host.daemon import Daemon
from multietapa.engine.host.run_folder import STATE
from multietapa.engine.model import NODE_KIND
from multietapa.engine.private import userns
from multietapa.engine.private.daemon import PrivateDaemon
from multietapa.engine.slots import Slot, reserve
from multietapa.engine.state import StateFile
from multietapa.errors import EngineError, MultietapaError

WATCH_SECONDS = 0.1
MAX_RESTARTS = 5
#: Un motor que aguantó este tiempo en pie recupera el derecho a todos sus reinicios.
STEADY_SECONDS = 300.0


def make_daemon(kind: str, slot: Slot, *, log: Callable[[str], None] = lambda _: None) -> Daemon:
    """Un motor de esa clase en ese hueco, sin arrancar. Lanza :class:`BundleError`."""
    root, data = bundle.make(log=log), slot.data_for(kind)
    if kind == NODE_KIND:  # lo que dejara uno que acabó de golpe
        userns.remove(data)
    if kind == "embebido":
        return EmbeddedDaemon(root, run=slot.run, data=data, slot=slot.number)
    return PrivateDaemon(root, run=slot.run, data=data, slot=slot.number)


def main(kind: str) -> int:
    """Pone en marcha el motor, espera al cierre de la entrada y lo apaga."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        look_after(kind, say=_say)
    except MultietapaError as problem:
        _say(error=str(problem))
        return 1
    return 0


def look_after(kind: str, *, say: Callable[..., None]) -> None:
    """Lo mismo, sin escribir nada: ``say`` recibe ``fase=`` y ``host=``. Lanza :class:`EngineError`."""
    signal.signal(signal.SIGTERM, _leave)
    slot = daemon = state = None

    def phase(text: str) -> None:
        say(fase=text)
        if state is not None:
            state.update(fase=text)

    try:
        slot = reserve()
        state = StateFile(slot.run / STATE)
        state.update(kind=kind, arranques=1, red=0)
        daemon = make_daemon(kind, slot, log=phase)
        daemon.start(log=phase)
        state.update(fase="en marcha", host=daemon.host)
        say(host=daemon.host)
        _watch(daemon, state)
    except (KeyboardInterrupt, BrokenPipeError):
        pass
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if daemon is not None:
            daemon.stop()
        if state is not None:
            state.remove()
        if slot is not None:
            if kind == NODE_KIND:
                userns.remove(slot.data_for(kind))
            slot.release()


def _watch(daemon: Daemon, state: StateFile) -> None:
    """Espera al cierre de la entrada. Si el motor muere, lo levanta otra vez: mismos datos y socket."""
    starts, since = 1, time.monotonic()
    while not select.select([sys.stdin], [], [], WATCH_SECONDS)[0]:
        if daemon.alive:
            _keep_network(daemon, state)
            continue
        if time.monotonic() - since > STEADY_SECONDS:
            starts = 1
        if starts > MAX_RESTARTS:
            continue
        starts += 1
        state.update(fase="se cayó; poniéndolo en marcha otra vez", arranques=state.values["arranques"] + 1)
        daemon.stop(grace=0.1)
        try:
            daemon.start()
        except EngineError as problem:
            state.update(fase=f"se cayó y no vuelve a arrancar: {problem.what}")
            continue
        since = time.monotonic()
        state.update(fase="en marcha")


def _keep_network(daemon: Daemon, state: StateFile) -> None:
    try:
        daemon.look_after()
    except EngineError as problem:
        state.update(fase=f"sin red: {problem.what}")
        return
    if daemon.network_restarts != state.values["red"]:
        state.update(fase="en marcha", red=daemon.network_restarts)


def _leave(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _say(**message: str) -> None:
    print(json.dumps(message), flush=True)


@dataclass(frozen=True)
class Supervised:
    """Un motor del kit en marcha, cuidado por otro proceso."""

    host: str
    process: subprocess.Popen[str]

    def stop(self) -> None:
        """Pide el apagado en orden y espera a que termine."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        try:
            self.process.wait(40)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start(kind: str = "privado", *, log: Callable[[str], None] = lambda _: None) -> Supervised:
    """Lanza un supervisor y espera a que su motor conteste. Lanza :class:`EngineError`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "multietapa.engine.supervisor", kind],
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
    sys.exit(main(sys.argv[1]))
