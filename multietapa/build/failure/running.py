"""El final de una orden de ``RUN``: con qué código acabó, según el motor, y qué se dice de ella.

El motor cita entera la orden, y esa puede decir cualquier cosa, también otro final. Por eso se reconoce desde
el principio de su frase hasta el final, y de lo que escribió el programa no se deduce nada.
"""

from __future__ import annotations

import re

#: Lo que ponen delante algunas versiones.
_PREFIX = re.compile(
    r"^(?:failed to solve(?: with frontend \S+)?: |failed to build LLB: |failed to create LLB definition: "
    r"|rpc error: code = \w+ desc = )*"
)
_COMMAND = re.compile(
    r"^(?:process \"(?P<buildkit>.*)\" did not complete successfully: "
    r"|executor failed running \[(?P<older>.*)\]: "  # BuildKit en los motores 20.10
    r"|building at STEP \"(?P<podman>.*)\": (?:while running runtime: )?"
    r"(?=exit status \d+|checking on sources |determining run uid: |Build error: |reading \"|Unknown type )"
    r"|The command '(?P<classic>.*)' (?=returned a non-zero code: \d+\s*$))",
    re.DOTALL,
)
_EXIT = re.compile(r"(?:exit code:|returned a non-zero code:|exit status) (\d+)\b")


def engine_words(reason: str) -> str:
    """Lo que dice el motor de un fallo, sin la orden que cita: esa la escribió quien construye."""
    said = _PREFIX.sub("", reason.strip(), count=1)
    return said[cited.end() :] if (cited := _COMMAND.match(said)) else said


def exit_code(reason: str) -> int | None:
    """El código con el que acabó una orden, o ``None`` si no es eso lo que falló."""
    ended = _EXIT.match(engine_words(reason))
    return int(ended[1]) if ended else None


def cited_command(reason: str) -> str:
    """La orden que cita el motor, como la ejecutó (``/bin/sh -c npm ci``), o ``""``."""
    cited = _COMMAND.match(_PREFIX.sub("", reason.strip(), count=1))
    return next(filter(None, cited.groups()), "") if cited else ""
