"""``python -m multietapa``: la línea de órdenes."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable

from multietapa.arguments import Parser, port
from multietapa.console import complain, give_up_stdout, say, tolerate_any_terminal
from multietapa.engine.discovery import VARIABLE, discover
from multietapa.engine.model import KINDS
from multietapa.errors import MultietapaError

#: ``iniciar.py`` reenvía Ctrl-C, que en una terminal ya llegó aquí: el repetido no corta la recogida.
REPEATED_SECONDS = 1.0


def main(argv: list[str] | None = None) -> int:
    """Ejecuta una orden; devuelve su código de salida."""
    tolerate_any_terminal()
    try:
        signal.signal(signal.SIGINT, _interrupt_once())
        arguments, rest = parser().parse_known_args(argv)
        if rest and arguments.orden != "pruebas":
            parser().error(f"no conozco «{' '.join(rest)}».")
        if arguments.motor:
            os.environ[VARIABLE] = arguments.motor
        if arguments.imagenes:
            os.environ["MULTIETAPA_IMAGENES"] = os.path.abspath(arguments.imagenes)
        return _run(arguments, rest)
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


def parser() -> Parser:
    """Las órdenes y sus opciones."""
    result = Parser(prog="python -m multietapa", description="El taller Multietapa.")
    commands = result.add_subparsers(dest="orden", required=True, metavar="orden", parser_class=Parser)
    shared = Parser()
    shared.add_argument("--motor", choices=KINDS, help="fuerza un motor")
    shared.add_argument("--imagenes", metavar="CARPETA", help="carpeta con imágenes base guardadas (*.tar)")
    workshop = commands.add_parser("taller", parents=[shared], help="abre JupyterLab")
    workshop.add_argument("--puerto", metavar="N", type=port, help="puerto de JupyterLab")
    workshop.add_argument("--sin-navegador", action="store_true", help="no abre el navegador")
    commands.add_parser("pruebas", parents=[shared], help="pasa todas las pruebas")
    engine = commands.add_parser(
        "motor", parents=[shared], help="dice qué motor se usaría y por qué no los otros"
    )
    action = engine.add_mutually_exclusive_group()
    action.add_argument(
        "--diagnostico", action="store_true", help="cuenta cómo está y qué límites tiene la máquina"
    )
    action.add_argument(
        "--servir", action="store_true", help="lo pone en marcha hasta que se cierre la entrada de esta orden"
    )
    action.add_argument(
        "--preparar-disco",
        metavar="CARPETA",
        help="guarda ahí un disco del motor embebido con las imágenes base",
    )
    action.add_argument(
        "--empaquetar",
        metavar="CARPETA",
        help="escribe ahí el paquete del motor en un archivo, para máquinas sin apt",
    )
    action.add_argument(
        "--borrar-datos",
        action="store_true",
        help="borra imágenes y caché de los motores del kit que no se usan",
    )
    clean = commands.add_parser(
        "limpiar", parents=[shared], help="borra lo que creó el kit en todas sus sesiones"
    )
    for each in (result, workshop, engine, clean):  # las de «pruebas» son las de pytest
        each.add_argument("-h", "--ayuda", action="help", help="muestra esta ayuda")
    return result


def _interrupt_once() -> Callable[[int, object], None]:
    """Un manejador que lanza ``KeyboardInterrupt``, salvo si la señal repite una de hace un momento.

    Tampoco lo lanza en un hijo que aún no es otro programa: ahí nadie lo recogería, y ya lo hace el padre.
    """
    last, owner = -REPEATED_SECONDS, os.getpid()

    def interrupt(number: int, frame: object) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= REPEATED_SECONDS and os.getpid() == owner:
            last = now
            raise KeyboardInterrupt

    return interrupt


def _run(arguments: argparse.Namespace, rest: list[str]) -> int:
    if arguments.orden == "taller":
        from multietapa import workshop

        return workshop.run(port=arguments.puerto, open_browser=not arguments.sin_navegador)
    if arguments.orden == "pruebas":
        from multietapa import testing

        return testing.run(rest)
    if arguments.orden == "limpiar":
        from multietapa.cells.limpiar import limpiar

        say(str(limpiar(todas=True)))
        return 0
    if arguments.diagnostico:
        from multietapa.engine import diagnosis

        say(diagnosis.report())
        return 0
    if arguments.servir:
        from multietapa.engine import serving

        return serving.serve()
    own = arguments.preparar_disco or arguments.borrar_datos or arguments.empaquetar
    if sys.platform != "linux" and own:
        say("El taller solo tiene motores propios, y datos suyos, en Linux.")
        return 1
    if arguments.preparar_disco:
        from multietapa import disk_image

        say(disk_image.prepare(arguments.preparar_disco))
        return 0
    if arguments.empaquetar:
        from multietapa import pack_engine

        say(pack_engine.pack(arguments.empaquetar))
        return 0
    if arguments.borrar_datos:
        from multietapa.engine import slots

        say(slots.remove_unused_data())
        return 0
    return _show_engine()


def _show_engine() -> int:
    choice = discover()
    say(f"Elegido: {choice.kind}{f' ({choice.where})' if choice.where else ''}")
    if choice.host:
        say(f"  dirección: {choice.host}")
    elif choice.kind != "grabacion":
        say("  se pone en marcha con el taller y se apaga con él")
    for rejected in choice.rejected:
        where = f" ({rejected.where})" if rejected.where else ""
        say(f"No elegido: {rejected.kind}{where}: {rejected.reason}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
