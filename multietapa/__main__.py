"""``python -m multietapa``: la línea de órdenes."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from multietapa.cli.orders import ORDERS, parser
from multietapa.console import complain, give_up_stdout, say, tolerate_any_terminal
from multietapa.errors import MultietapaError

#: ``iniciar.py`` reenvía Ctrl-C, que en una terminal ya llegó aquí: el repetido no corta la recogida.
REPEATED_SECONDS = 1.0


def main(argv: list[str] | None = None) -> int:
    """Ejecuta una orden; devuelve su código de salida."""
    tolerate_any_terminal()
    try:
        signal.signal(signal.SIGINT, interrupt_once())
        arguments, rest = parser().parse_known_args(argv)
        if rest and arguments.orden != "pruebas":
            parser().error(f"no conozco «{' '.join(rest)}».")
        if arguments.motor:
            from multietapa.engine.discovery import VARIABLE  # carga el SDK

            os.environ[VARIABLE] = arguments.motor
        if arguments.imagenes:
            os.environ["MULTIETAPA_IMAGENES"] = str(Path(arguments.imagenes).absolute())
        return ORDERS[arguments.orden](arguments, rest)
    except MultietapaError as problem:
        complain(problem)
        return 1
    except KeyboardInterrupt:
        say("\nInterrumpido.")
        return 130
    except BrokenPipeError:
        give_up_stdout()
        return 1
    except OSError as problem:
        complain(
            MultietapaError(
                "La orden no pudo terminar.",
                why="el sistema o el motor respondió con un error que no se esperaba:",
                detail=f"{type(problem).__name__}: {problem}",
                next_step="Comprueba que queda disco, que puedes escribir en tu carpeta personal y que el "
                "motor sigue encendido, y repite la orden.",
            )
        )
        return 1


def interrupt_once() -> Callable[[int, object], None]:
    """Un manejador que lanza ``KeyboardInterrupt``, salvo si la señal repite una de hace un momento.

    Tampoco lo lanza en un hijo que aún no es otro programa: ahí nadie lo recogería, y ya lo hace el padre.
    """
    last, owner = -REPEATED_SECONDS, os.getpid()

    def interrupt(_number: int, _frame: object) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= REPEATED_SECONDS and os.getpid() == owner:
            last = now
            raise KeyboardInterrupt

    return interrupt


if __name__ == "__main__":
    sys.exit(main())
