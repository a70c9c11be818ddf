"""Una orden que acabó mal, y un disco que se llenó."""

from __future__ import annotations

import re

from multietapa import text
from multietapa.build.failure.case import Case, one_line, where
from multietapa.build.failure.running import cited_command, exit_code
from multietapa.errors import BuildError, DiskFullError, MultietapaError, is_disk_full

_FULL = re.compile(r"(?:^|: )(?:no space left on device|disk quota exceeded)\s*$", re.IGNORECASE)
_NO_SHELL = re.compile(r"exec: \"(?P<shell>[^\"]+)\": stat (?P=shell): no such file or directory")
#: Con menos bytes libres que estos se cree a una orden que dice que no le queda sitio.
TIGHT = 1_000_000_000
_HINTS = {
    126: "El programa existe pero no se puede ejecutar: revisa su permiso de ejecución.",
    127: "Esa orden no existe dentro de la imagen: instálala antes, o revisa su nombre.",
    137: "Algo mató el proceso, casi siempre por falta de memoria: dale más al motor.",
}


def ended(case: Case) -> MultietapaError | None:
    """Una orden de ``RUN`` terminó con un código que no es 0."""
    code = exit_code(case.reason)
    if code is None:
        return None
    says_full = any(map(is_disk_full, case.failed.log))
    free = case.free_space() if says_full and case.free_space else None
    if free is not None and free < TIGHT:
        return _full(case, f"La orden se quedó sin sitio, y al motor le quedan {text.size(free)} libres.")
    hint = _HINTS.get(code, "Lee el final del registro: suele decir qué faltó.")
    if says_full and free is not None:
        left = text.size(free)
        hint = (
            f"El registro habla de falta de sitio, y al motor le quedan {left}: mira dónde escribe la orden."
        )
    if case.trigger:
        return _trigger(case, code, hint)
    return BuildError(
        f"Una orden terminó con el código {code}{where(case.line)}.",
        why="En un «RUN», cualquier código distinto de 0 detiene la construcción.",
        next_step=hint,
        detail="\n".join([case.quoted or case.reason, *case.failed.log]),
        line=case.line,
        log=case.failed.log,
    )


def disk_full(case: Case) -> MultietapaError | None:
    """El motor mismo se quedó sin sitio: lo dice al final de su frase."""
    if not _FULL.search(case.words):
        return None
    return _full(case, "El paso necesitaba escribir más de lo que cabe.")


def no_shell(case: Case) -> MultietapaError | None:
    """``RUN`` en una imagen sin ``sh``, como ``scratch``."""
    found = _NO_SHELL.search(case.words)
    if found is None:
        return None
    return BuildError(
        f"La imagen no tiene «{found['shell']}», y sin él no se puede ejecutar un «RUN»{where(case.line)}.",
        why="Un «RUN» se lo pasa a la shell de la imagen, y esta (como «scratch») viene sin ninguna.",
        next_step="Haz ese paso en una etapa anterior, con una imagen completa, y copia aquí el resultado.",
        detail="\n".join(filter(None, [case.quoted, case.reason])),
        line=case.line,
        log=case.failed.log,
    )


def _full(case: Case, why: str) -> DiskFullError:
    return DiskFullError(
        f"No queda espacio en el disco del motor{where(case.line)}.",
        why=why,
        next_step="Libera espacio con «limpiar(cache=True)» o borra lo que no uses, y repite.",
        detail=case.reason,
        line=case.line,
        log=case.failed.log,
    )


def _trigger(case: Case, code: int, hint: str) -> BuildError:
    """Falló lo que la base dejó dicho con ``ONBUILD``: ninguna línea de este Dockerfile lo ejecuta."""
    here = case.instruction is not None and case.instruction.keyword == "ONBUILD"
    command = case.failed.step if case.failed.step.startswith("RUN") else f"RUN {cited_command(case.reason)}"
    whose = "de una etapa" if here else "de la imagen base"
    return BuildError(
        f"Un «ONBUILD» {whose} terminó con el código {code}{where(case.line)}.",
        why="La base dejó esa orden para quien parta de ella, y se ejecuta justo detrás de su «FROM».",
        next_step=hint if here else f"No la escribiste tú: prepara lo que pide, o parte de otra base. {hint}",
        detail="\n".join([case.quoted, f"ONBUILD {one_line(command)}", *case.failed.log]),
        line=case.line,
        log=case.failed.log,
    )
