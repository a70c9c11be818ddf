"""``argparse`` en español. Solo biblioteca estándar: ``iniciar.py`` lo carga antes de que haya entorno."""

from __future__ import annotations

import argparse
import re
import sys
from typing import Any, NoReturn

_MESSAGES = (
    (r"argument (.+?): (tiene que ser .+)", "{0} {1}"),  # lo que dice ``port``
    (r"argument (.+?): invalid choice: '(.*?)' \(choose from (.+)\)", "{0} no puede ser «{1}». Vale: {2}."),
    (r"argument (.+?): expected one argument", "a {0} le falta su valor."),
    (r"the following arguments are required: (CUADERNO)", "falta qué cuaderno."),
    (r"the following arguments are required: (.+)", "falta la {0}."),
    (r"unrecognized arguments: (.+)", "no conozco «{0}»."),
)


class Parser(argparse.ArgumentParser):
    """Un ``ArgumentParser`` con ayuda y errores en español. La de ayuda la añade ``offer_help``."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**kwargs, "add_help": False, "allow_abbrev": False})
        self._positionals.title, self._optionals.title = "órdenes", "opciones"

    def offer_help(self) -> None:
        """Añade ``--ayuda`` y, sin decirlo, el ``--help`` de otros programas."""
        self.add_argument("-h", "--ayuda", action="help", help="muestra esta ayuda")
        self.add_argument("--help", action="help", help=argparse.SUPPRESS)

    def format_help(self) -> str:
        """La ayuda entera."""
        return super().format_help().replace("usage: ", "uso: ", 1)

    def error(self, message: str) -> NoReturn:
        """Escribe el error y qué hacer, y sale con 2."""
        print(f"✗ {_spanish(message)}\nQué hacer: «{self.prog} --ayuda» explica lo que hay.", file=sys.stderr)
        sys.exit(2)


def port(text: str) -> int:
    """Un número de puerto, para ``type=``. Lanza :class:`argparse.ArgumentTypeError` si no lo es."""
    try:
        number = int(text)
    except ValueError as problem:
        raise argparse.ArgumentTypeError(f"tiene que ser un número entero, no «{text}».") from problem
    if not 1 <= number <= 65535:
        raise argparse.ArgumentTypeError(f"tiene que ser un número entre 1 y 65535, no «{text}».")
    return number


def _spanish(message: str) -> str:
    for pattern, wording in _MESSAGES:
        if found := re.fullmatch(pattern, message):
            return wording.format(*(group.replace("'", "") for group in found.groups()))
    return message
