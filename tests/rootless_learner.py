"""Lo que hace el alumno sin root de ``test_rootless``: ``python rootless_learner.py ORDEN ...``."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from multietapa.engine.private import daemon as private
from multietapa.engine.private import userns
from multietapa.errors import EngineError


def engine(root: str, home: str) -> None:
    """Pone en marcha un motor, lo cuenta y lo apaga en orden cuando se cierra la entrada."""
    daemon = private.PrivateDaemon(Path(root), run=Path(home, "r"), data=Path(home, "datos"), slot=17)
    started = time.monotonic()
    daemon.start()
    try:
        print(json.dumps({"host": daemon.host, "seconds": time.monotonic() - started}), flush=True)
        sys.stdin.read()
    finally:
        daemon.stop()


def space() -> None:
    """Pide un espacio de usuario y dice por qué no, si no."""
    try:
        userns.UserSpace().close()
    except EngineError as problem:
        print(problem.why)


if __name__ == "__main__":
    order, *arguments = sys.argv[1:]
    if order == "motor":
        engine(*arguments)
    elif order == "espacio":
        space()
    elif order == "borrar":
        userns.remove(Path(arguments[0]))
    else:
        print(private.missing_reason())
