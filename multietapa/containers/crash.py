"""Por qué se cerró un programa: lo que sabe el motor, y la línea decisiva de lo que escribió.

Lo que afirma el motor (el código de salida, si lo mató por memoria) se afirma. La línea, en cambio, la
escribió el programa: se cita como suya, y la tabla de ``kinds/`` dice qué quiere decir.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from multietapa.containers.kinds.general import GENERAL
from multietapa.containers.kinds.go import GO
from multietapa.containers.kinds.java import JAVA
from multietapa.containers.kinds.kind import Kind
from multietapa.containers.kinds.launch import LAUNCH
from multietapa.containers.kinds.node import NODE
from multietapa.containers.kinds.python import PYTHON
from multietapa.containers.kinds.shell import SHELL

#: Por orden: si una línea casa con dos, vale la primera.
KINDS: tuple[Kind, ...] = (*LAUNCH, *NODE, *JAVA, *GO, *PYTHON, *SHELL, *GENERAL)
UNKNOWN_STEP = "Lee lo que escribió: suele decir qué archivo, paquete o permiso le faltó."
SILENT_STEP = "No escribió nada. Revisa qué arranca el CMD de la última etapa."

_LONGEST = 240  # caracteres de una línea que se enseñan
_BEFORE = 3  # líneas que se enseñan delante de la decisiva
_COLOUR = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
#: Lo que se escribe alrededor de un fallo y no lo explica: marcos de la pila, cierres, el envoltorio de npm.
_NOISE = re.compile(
    r"^npm (?:ERR!|error|WARN|warn|notice)(?: |$)|^\s+at "
    r"|^\s*[\[\](){}^~]*[,;]?$|^\s*(?:code|errno|syscall|path|requireStack):"
    r"|^Node\.js v\d|^\s*throw |^\s*File \"|^goroutine \d|^\s+/\S+:\d+|^exit status \d|^> |^\s*note: run with"
)


@dataclass(frozen=True)
class Crash:
    """Por qué se cerró un programa.

    ``facts`` es lo que afirma el motor («salió con el código 1»); ``line``, la línea decisiva tal como la
    escribió el programa (``""`` si no escribió ninguna); ``cause``, qué quiere decir; ``step``, qué hacer;
    ``kind``, su fila de la tabla (``""`` si no está), y ``extract``, las líneas del registro que la rodean.
    """

    kind: str
    facts: str
    line: str
    cause: str
    step: str
    extract: str

    @property
    def said(self) -> str:
        """La línea y lo que quiere decir, en una frase que la cita como del programa."""
        quoted = f"El programa escribió: «{self.line}»." if self.line else ""
        return " ".join(filter(None, [quoted, self.cause]))


def explain(log: str, code: int, *, out_of_memory: bool = False, lines: int = 15) -> Crash:
    """Por qué se cerró un programa que salió con ``code`` y escribió ``log`` (o su final).

    ``out_of_memory`` es lo que dice el motor; ``lines``, cuántas líneas del registro se enseñan.
    """
    written = log.split("\n")
    facts, known = _facts(code, out_of_memory)
    if known is not None:
        return Crash(known[0], facts, "", known[1], known[2], _around(written, None, lines))
    found = decisive(written, code)
    if found is None:
        last = _last(written)
        step = UNKNOWN_STEP if last else SILENT_STEP
        return Crash("", facts, _shown(last), "", step, _around(written, None, lines))
    number, row, groups = found
    cause = row.cause.format(*groups)
    return Crash(row.name, facts, _shown(written[number]), cause, row.step, _around(written, number, lines))


def of_step(log: Sequence[str]) -> Crash | None:
    """Lo mismo de un paso que falló al construir, sin mirar su código; ``None`` si no se reconoce."""
    written = list(log)
    if (found := decisive(written, None)) is None:
        return None
    number, row, groups = found
    return Crash(row.name, "", _shown(written[number]), row.cause.format(*groups), row.step, "")


def decisive(written: list[str], code: int | None) -> tuple[int, Kind, tuple[str, ...]] | None:
    """La línea que explica el final: su número (desde 0), su fila de la tabla y lo que nombra.

    Es la última conocida, porque un programa puede contar antes fallos que sí supo llevar; salvo que otra
    sea, por su clase, la causa de las que siguen. ``code`` es con el que salió, o ``None`` si no se sabe.
    """
    last = None
    for number, line in enumerate(written):
        clean = _COLOUR.sub("", line)
        for row in KINDS:
            if (not row.codes or code is None or code in row.codes) and (match := row.pattern.search(clean)):
                last = number, row, tuple(_shown(group) for group in match.groups() if group is not None)
                if row.root:
                    return last
                break
    return last


def _facts(code: int, out_of_memory: bool) -> tuple[str, tuple[str, str, str] | None]:
    """Lo que afirma el motor, y (clase, causa, qué hacer) si con eso basta."""
    if out_of_memory:
        return "el motor lo mató porque se quedó sin memoria", (
            "sin-memoria",
            "Pidió más memoria de la que tenía permitida.",
            "Dale más memoria al contenedor, o haz que el programa pida menos.",
        )
    return f"salió con el código {code}", _BY_CODE.get(code)


#: Los códigos que lo dicen todo, sin leer nada: los del núcleo cuando mata, y el de quien acaba bien.
_BY_CODE = {
    0: (
        "acaba-bien",
        "Terminó bien, como quien ya no tiene nada que hacer: lo que se arranca no se queda atendiendo.",
        "¿Qué dice el CMD de la última etapa? No se hereda de otra y, si falta, vale el de su base. Un "
        "servidor que se manda al fondo («&», o un modo demonio) también deja solo al contenedor.",
    ),
    137: (
        "muerto",
        "Alguien mató el proceso (SIGKILL): no fue el programa quien decidió parar.",
        "Casi siempre es por memoria: dale más al motor, o haz que el programa pida menos.",
    ),
    139: (
        "violacion-de-segmento",
        "El núcleo lo paró porque tocó memoria que no era suya (SIGSEGV).",
        "Suele ser un binario o un módulo nativo compilado para otro sistema: mira en qué base se hizo y "
        "en cuál corre.",
    ),
    143: (
        "le-pidieron-parar",
        "Alguien le pidió que parase (SIGTERM).",
        "Comprueba que nadie lo detuvo a mano y repite.",
    ),
}


def _last(written: list[str]) -> str:
    """Lo último que escribió y que dice algo."""
    told = [line for line in map(lambda line: _COLOUR.sub("", line), written) if line.strip()]
    return next((line for line in reversed(told) if not _NOISE.search(line)), told[-1] if told else "")


def _shown(line: str) -> str:
    """Una línea para enseñar: sin colores, con el retorno de carro a la vista y sin pasarse de larga."""
    clean = _COLOUR.sub("", line).strip(" \t\n").replace("\r", "␍")
    return clean if len(clean) <= _LONGEST else f"{clean[:_LONGEST]}…"


def _around(written: list[str], number: int | None, lines: int) -> str:
    """``lines`` líneas del registro: las que rodean a la decisiva o, sin ella, las últimas."""
    while written and not written[-1].strip():
        written = written[:-1]
    first = len(written) - lines if number is None else min(number - _BEFORE, len(written) - lines)
    chosen = written[max(first, 0) :][:lines]
    return "\n".join(_COLOUR.sub("", line).replace("\r", "␍") for line in chosen).strip("\n")
