"""``motor --servir``: el mejor motor posible, en marcha mientras viva quien lo pidió.

Lo usa Binder: se lanza a la vez que JupyterLab, sin retrasarlo, y cuenta cómo va en el archivo que nombra
``MULTIETAPA_MOTOR_ESTADO``, donde lo esperan los kernels.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from multietapa.console import say
from multietapa.engine.discovery import discover
from multietapa.engine.model import OWN_KINDS
from multietapa.engine.state import VARIABLE, StateFile
from multietapa.errors import MultietapaError, NoEngineError


def serve() -> int:
    """Sirve hasta que se cierre la entrada (o SIGTERM) y apaga en orden. Devuelve el código de salida."""
    environment = {name: value for name, value in os.environ.items() if name != VARIABLE}
    path = os.environ.get(VARIABLE)
    state = StateFile(Path(path)) if path else None

    def tell(**message: str) -> None:
        for value in message.values():
            say(value)
        if state is not None:
            state.update(**message, **({"fase": "en marcha"} if "host" in message else {}))

    failed: dict[str, str] = {}
    try:
        while True:
            try:
                choice = discover(environment, failed=failed)
            except NoEngineError as problem:  # se pidió uno que no puede ser: lo sabrán los cuadernos
                tell(error=str(problem))
                sys.stdin.read()
                return 1
            if choice.kind not in OWN_KINDS or choice.host:
                tell(kind=choice.kind, **({"host": choice.host} if choice.host else {}))
                sys.stdin.read()
                return 0
            from multietapa.engine import supervisor  # solo Linux

            if state is not None:
                state.update(kind=choice.kind)
            try:
                supervisor.look_after(choice.kind, say=tell)
                return 0
            except MultietapaError as problem:
                say(f"✗ {problem}")
                failed[choice.kind] = f"no arrancó. {problem}"
    except KeyboardInterrupt:
        return 0
    finally:
        if state is not None:
            state.remove()
