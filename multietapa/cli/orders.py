"""Las órdenes de ``python -m multietapa``, sus opciones y qué hace cada una."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from multietapa.cli.arguments import Parser, port
from multietapa.console import say
from multietapa.engine.model import KINDS

Order = Callable[[argparse.Namespace, list[str]], int]


def parser() -> Parser:
    """Las órdenes y sus opciones."""
    result = Parser(prog="python -m multietapa", description="El taller Multietapa.")
    result.set_defaults(motor=None, imagenes=None)  # las órdenes que no usan un motor no las tienen
    commands = result.add_subparsers(dest="orden", required=True, metavar="orden", parser_class=Parser)
    shared = Parser()
    shared.add_argument("--motor", choices=KINDS, help="fuerza un motor")
    shared.add_argument("--imagenes", metavar="CARPETA", help="carpeta con imágenes base guardadas (*.tar)")
    workshop = commands.add_parser("taller", parents=[shared], help="abre JupyterLab")
    workshop.add_argument("--puerto", metavar="N", type=port, help="puerto de JupyterLab")
    workshop.add_argument("--sin-navegador", action="store_true", help="no abre el navegador")
    tested = commands.add_parser("pruebas", parents=[shared], help="pasa todas las pruebas")
    tested.add_argument("--rapidas", action="store_true", help="solo las que no piden motor ni navegador")
    tested.add_argument("--motores", action="store_true", help="otras: con otros Docker y con Podman")
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
    clean.add_argument(
        "--hueco",
        metavar="N",
        type=int,
        help="con varios talleres abiertos, en cuál: el número que dice la orden",
    )
    notebooks = commands.add_parser(
        "cuadernos", help="deja al día tus copias de los cuadernos y dice dónde están"
    )
    exported = commands.add_parser("exportar", help="escribe un cuaderno ejecutado como una página HTML")
    exported.add_argument("cuaderno", metavar="CUADERNO", help="un *.ipynb ya ejecutado y guardado")
    exported.add_argument("--salida", metavar="ARCHIVO", help="dónde escribirla; si falta, al lado")
    exported.add_argument("--sobrescribir", action="store_true", help="aunque el archivo ya exista")
    for each in (result, workshop, tested, engine, clean, notebooks, exported):
        each.offer_help()
    return result


def workshop(arguments: argparse.Namespace, _rest: list[str]) -> int:
    """``taller``: JupyterLab sobre un motor en marcha."""
    from multietapa.cli import workshop

    return workshop.run(port=arguments.puerto, open_browser=not arguments.sin_navegador)


def tests(arguments: argparse.Namespace, rest: list[str]) -> int:
    """``pruebas``: todas, las que no piden un motor o las de otros; ``rest`` se pasa a pytest."""
    from multietapa.cli import run_tests

    if arguments.motores:
        return run_tests.run_other_engines(rest)
    return run_tests.run_fast(rest) if arguments.rapidas else run_tests.run(rest)


def clean(arguments: argparse.Namespace, _rest: list[str]) -> int:
    """``limpiar``: lo que creó el taller en todas sus sesiones, en un motor que ya esté en marcha."""
    from multietapa.cli import cleaning

    say(cleaning.clean(arguments.hueco))
    return 0


def notebooks(_arguments: argparse.Namespace, _rest: list[str]) -> int:
    """``cuadernos``: las copias de los cuadernos, al día."""
    from multietapa.cli import copies, kernels

    found = copies.prepare()
    kernels.prepare()
    say("\n".join([f"Tus cuadernos están en {found.folder}", *found.notices]))
    return 0


def export(arguments: argparse.Namespace, _rest: list[str]) -> int:
    """``exportar``: un cuaderno ejecutado, como una página HTML."""
    from multietapa.cli import exportar

    return exportar.run(arguments.cuaderno, output=arguments.salida, overwrite=arguments.sobrescribir)


def engine(arguments: argparse.Namespace, _rest: list[str]) -> int:
    """``motor``: cuál se usaría, o lo que se pida hacer con los del taller."""
    if arguments.diagnostico:
        from multietapa.engine import diagnosis

        say(diagnosis.report())
    elif arguments.servir:
        from multietapa.engine import serving

        return serving.serve()
    elif arguments.preparar_disco or arguments.borrar_datos or arguments.empaquetar:
        if sys.platform != "linux":
            say("El taller solo tiene motores propios, y datos suyos, en Linux.")
            return 1
        say(_own_engines(arguments))
    else:
        _show_engine()
    return 0


def _own_engines(arguments: argparse.Namespace) -> str:
    if arguments.preparar_disco:
        from multietapa.cli import disk_image

        return disk_image.prepare(arguments.preparar_disco)
    if arguments.empaquetar:
        from multietapa.cli import pack_engine

        return pack_engine.pack(arguments.empaquetar)
    from multietapa.engine import slots

    return slots.remove_unused_data()


def _show_engine() -> None:
    from multietapa.engine.discovery import discover

    choice = discover()
    say(f"Elegido: {choice.kind}{f' ({choice.where})' if choice.where else ''}")
    if choice.host:
        say(f"  dirección: {choice.host}")
    elif choice.kind != "grabacion":
        say("  se pone en marcha con el taller y se apaga con él")
    for rejected in choice.rejected:
        say(f"No elegido: {rejected.name}: {rejected.reason}")


ORDERS: dict[str, Order] = {
    "taller": workshop,
    "pruebas": tests,
    "motor": engine,
    "limpiar": clean,
    "cuadernos": notebooks,
    "exportar": export,
}
