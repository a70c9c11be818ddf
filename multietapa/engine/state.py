"""Lo que un motor del kit cuenta de sí mismo en un archivo, para quien lo espera y para el diagnóstico."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from multietapa.errors import EngineError
from multietapa.paths import write_whole

#: Nombra el archivo de un motor que otro proceso (``motor --servir``) pone en marcha por su cuenta.
VARIABLE = "MULTIETAPA_MOTOR_ESTADO"
WAIT_SECONDS = 240.0
APPEAR_SECONDS = 20.0


class StateFile:
    """Un JSON que se reescribe entero. Claves: ``fase``, ``host``, ``kind``, ``error``, ``pid``,
    ``arranques`` (del motor) y ``red`` (veces que se volvió a levantar su red)."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.values: dict[str, Any] = {"pid": os.getpid()}
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)

    def update(self, **changes: Any) -> None:
        """Cambia unas claves y lo escribe; ``None`` quita la clave."""
        self.values = {k: v for k, v in {**self.values, **changes}.items() if v is not None}
        write_whole(self.path, json.dumps(self.values, ensure_ascii=False))

    def remove(self) -> None:
        """Lo borra: ya no hay motor."""
        self.path.unlink(missing_ok=True)


def read(path: Path) -> dict[str, Any]:
    """El estado escrito, o vacío si no hay (o se está escribiendo)."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def wait_for_served(
    env: Mapping[str, str], *, log: Callable[[str], None], seconds: float = WAIT_SECONDS
) -> dict[str, Any]:
    """Espera al motor que sirve otro proceso y devuelve su estado (``host``, ``kind``); vacío si nadie sirve.

    Lanza :class:`EngineError` si ese proceso dice que no pudo, murió o tarda más de ``seconds``.
    """
    if not env.get(VARIABLE):
        return {}
    path, started = Path(env[VARIABLE]), time.monotonic()
    while True:
        state = read(path)
        if state.get("host") or state.get("kind") == "grabacion":
            return state
        waited = time.monotonic() - started
        if "error" in state:
            raise EngineError(
                "El motor que se preparaba con este JupyterLab no arrancó.",
                why=str(state["error"]),
                next_step="Reinicia el servidor; si vuelve a pasar, ejecuta «python -m multietapa motor "
                "--diagnostico» en una terminal y compártelo.",
            )
        if waited > (seconds if _is_running(state.get("pid")) else APPEAR_SECONDS):
            raise EngineError(
                "El motor que debía ponerse en marcha con este JupyterLab no aparece.",
                why=f"en {waited:.0f} s no ha dicho que esté listo"
                + (f"; su última fase fue «{state['fase']}»." if state.get("fase") else "."),
                next_step=f"Reinicia el servidor, o quita la variable {VARIABLE} y repite la celda.",
            )
        log(str(state.get("fase", "esperando al motor")))
        time.sleep(0.1)


def _is_running(pid: Any) -> bool:
    try:
        os.kill(int(pid), 0)
    except (OSError, TypeError, ValueError):
        return False
    return True
