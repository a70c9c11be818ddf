"""Una orden que acabó mal, y un disco que se llenó."""

from __future__ import annotations

import re

from multietapa import text
from multietapa.build.failure.case import Case, one_line, quote, where
from multietapa.build.failure.running import cited_command, exit_code
from multietapa.build.failure.secrets import without
from multietapa.dockerfile.instructions import Instruction
from multietapa.errors import BuildError, DiskFullError, MultietapaError, is_disk_full

_FULL = re.compile(r"(?:^|: )(?:no space left on device|disk quota exceeded)\s*$", re.IGNORECASE)
_NO_PROGRAM = re.compile(
    r"exec: \"(?P<program>[^\"]+)\": (?P<why>executable file not found in \$PATH|permission denied"
    r"|(?:stat \S+: )?no such file or directory|exec format error)(?:: unknown)?$"
)
_WITHOUT = {
    "permission denied": (
        "El programa «{}» no se puede ejecutar",
        "Le falta el permiso de ejecución.",
        "Dáselo: «chmod +x».",
    ),
    "exec format error": (
        "El programa «{}» es de otro procesador, o no es un programa",
        "El núcleo no sabe ejecutarlo.",
        "Usa el de esta arquitectura; si es un guion, su primera línea dice con qué se ejecuta.",
    ),
}
_ABSENT = (
    "No existe el programa «{}» en la imagen",
    "Un «RUN» se ejecuta dentro de la imagen, con lo que ella tiene.",
    "Instálalo antes, revisa su nombre, o haz ese paso en una etapa con una imagen completa.",
)
_NO_USER = re.compile(
    r"(?:^|: )(?:unable to find user (?P<user>[^:]+): no matching entries in passwd file"
    r"|unable to find group (?P<group>[^:]+): no matching entries in group file"
    r"|unknown user error looking up user \"(?P<podman>[^\"]+)\""
    r"|can't find uid for user (?P<owner>[^:]+): no such user: .*)$"
)
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
    missing, give = without(case)
    return BuildError(
        f"Una orden terminó con el código {code}{where(case.line)}.",
        why=f"En un «RUN», cualquier código distinto de 0 detiene la construcción. {missing}".strip(),
        next_step=f"{give} {hint}".strip(),
        detail="\n".join([case.quoted or case.reason, *case.failed.log]),
        line=case.line,
        log=case.failed.log,
    )


def disk_full(case: Case) -> MultietapaError | None:
    """El motor mismo se quedó sin sitio: lo dice al final de su frase."""
    if not _FULL.search(case.words):
        return None
    return _full(case, "El paso necesitaba escribir más de lo que cabe.")


def no_program(case: Case) -> MultietapaError | None:
    """El programa de un ``RUN`` no está en la imagen, como ``sh`` en ``scratch``, o no se puede ejecutar."""
    found = _NO_PROGRAM.search(case.words)
    empty = case.source and case.stage and case.source.root(case.stage) == "scratch"
    # En el clásico lo dice el motor; en BuildKit, el registro: ahí solo cuenta si la base está vacía.
    if found is None and empty and exit_code(case.reason) == 1:
        found = next(filter(None, map(_NO_PROGRAM.search, case.failed.log)), None)
    if found is None:
        return None
    what, why, next_step = _WITHOUT.get(found["why"], _ABSENT)
    if empty:
        why = "«scratch» está vacía: no tiene ni una shell a la que pasarle la orden."
        next_step = "Haz ese paso en una etapa anterior, con una imagen completa, y copia aquí el resultado."
    return BuildError(
        f"{what.format(found['program'])}{where(case.line)}.",
        why=why,
        next_step=next_step,
        detail="\n".join(filter(None, [case.quoted, case.reason])),
        line=case.line,
        log=case.failed.log,
    )


def unknown_user(case: Case) -> MultietapaError | None:
    """``USER`` o ``--chown`` nombran a alguien que no existe en la imagen."""
    found = _NO_USER.search(case.words)
    if found is None:
        return None
    kind, name = (
        ("grupo", found["group"])
        if found["group"]
        else ("usuario", found["user"] or found["podman"] or found["owner"])
    )
    own = case.stage.instructions if case.stage else ()
    earlier = [i for i in own if i.keyword == "USER" and case.line and i.line < case.line]
    user = earlier and found["owner"] is None
    asked = f"Lo pide el «USER» de la línea {earlier[-1].line}, y " if user else "Lo pide esta línea, y "
    return BuildError(
        f"No existe el {kind} «{name}» en la imagen{where(case.line)}.",
        why=f"{asked}su «/etc/{'group' if found['group'] else 'passwd'}» no lo tiene.",
        next_step="Usa uno que exista en esa base (en las de Node, «node»), o créalo antes con un «RUN».",
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
    """Falló un ``ONBUILD``: si lo escribió una etapa de aquí es esa línea; si no, es cosa de la base."""
    step, written = case.failed.step, _written(case)
    quoted = one_line(step if step.startswith("ONBUILD") else f"ONBUILD RUN {cited_command(case.reason)}")
    line, whose = (written.line, "de una etapa") if written else (case.line, "de la base")
    return BuildError(
        f"Un «ONBUILD» {whose} terminó con el código {code}{where(line)}.",
        why="Lo dejó escrito para quien parta de ella, y se ejecuta justo detrás de su «FROM».",
        next_step=hint
        if written
        else f"No es una orden tuya: prepara lo que pide, o parte de otra base. {hint}",
        detail="\n".join(
            [quote(case.source, line), *([] if written else [quoted]), *case.failed.log],
        ),
        line=line,
        log=case.failed.log,
    )


def _written(case: Case) -> Instruction | None:
    """El ``ONBUILD`` de este Dockerfile que falló, si es suyo; el clásico solo dice quién lo arrastra."""
    if case.instruction is not None and case.instruction.keyword == "ONBUILD":
        return case.instruction
    parent = case.source.parent(case.stage) if case.source and case.stage else None
    command = one_line(cited_command(case.reason))
    for instruction in parent.instructions if parent else ():
        keyword, _, order = one_line(instruction.arguments).partition(" ")
        if (
            instruction.keyword == "ONBUILD"
            and keyword.upper() == "RUN"
            and order
            and command.endswith(order)
        ):
            return instruction
    return None
