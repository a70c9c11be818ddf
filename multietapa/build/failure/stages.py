"""Las etapas: un objetivo que no existe, un ``--from`` mal escrito, y el orden en que se necesitan."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator

from multietapa.build.failure.case import Case, dockerfile_error, quote, where
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.stages import Dockerfile, Stage
from multietapa.errors import BuildError, DockerfileError, MultietapaError, RegistryUnreachableError
from multietapa.text import join

_TARGET = re.compile(
    r"^target stage \"?(?P<new>[^\"]*?)\"? could not be found$"
    r"|^failed to reach build target (?P<classic>\S+) in Dockerfile$"
    r"|^no stage of this name found: (?P<podman>\S+)$"
)
_CIRCULAR = re.compile(r"^circular dependency detected on stage: (\S+)$")
_LATER = re.compile(
    r"^cannot (?:copy|mount) from stage \"(?P<origin>[^\"]*)\"(?: to \"[^\"]*\")?, "
    r"(?:it|stage) needs to be defined before current (?:stage \"(?P<stage>[^\"]*)\"|command)$"
)
_CLASSIC_FROM = re.compile(r"^invalid from flag value (?P<origin>\S+): ")
_REPEATED = re.compile(r"^(\S+) stage name already used$")
_NAME = re.compile(r"^[A-Za-z][\w-]*$")


def unknown_target(name: str, source: Dockerfile | None) -> BuildError:
    """El error de un ``objetivo`` que no existe; lista las etapas que hay."""
    labels = source.stage_labels if source else ()
    close = difflib.get_close_matches(name.lower(), labels, n=1)
    listed = f"Las etapas de este Dockerfile son: {join(labels)}." if labels else ""
    hint = (
        f"¿Querías decir «{close[0]}»?"
        if close
        else "Elige una, o quita el objetivo para construir la última."
    )
    return BuildError(f"No existe la etapa «{name}».", why=listed, next_step=hint)


def missing_stage(
    name: str, source: Dockerfile, asker: Instruction | None, *, unreachable: bool = False
) -> MultietapaError | None:
    """El error de un ``--from`` sin imagen que parece el nombre de una etapa mal escrito, o ``None``.

    Con ``unreachable`` (el registro no contesta, y la imagen puede existir), si no se parece a ninguna se
    dicen las dos cosas, y nadie tiene la culpa.
    """
    if asker is not None and asker.keyword == "RUN" and name.isdecimal():
        return BuildError(
            f"No existe la imagen «{name}»{where(asker.line)}.",
            why="En «--mount» una etapa va por su nombre: un número es el nombre de una imagen, y no hay "
            "ninguna que se llame así.",
            next_step="Pon nombre a la etapa con «AS», y ese nombre en «from=».",
            detail=quote(source, asker.line),
            line=asker.line,
        )
    if asker is None or asker.keyword == "FROM" or not _NAME.match(name):
        return None
    error = unknown_target(name, source)
    close = error.next_step.startswith("¿")
    if unreachable and not close:
        return RegistryUnreachableError(
            f"«{name}» no es una etapa{where(asker.line)}, y el registro en el que buscarla como imagen no "
            "contesta.",
            why=error.why,
            next_step="Si es una etapa, escribe una de esas en «--from»; si es una imagen, comprueba la "
            "conexión y repite.",
            detail=quote(source, asker.line),
        )
    return BuildError(
        f"No existe la etapa «{name}»{where(asker.line)}.",
        why=f"{error.why} Tampoco se consigue una imagen con ese nombre.",
        next_step=error.next_step
        if close
        else "Escribe una de esas etapas en «--from», o el nombre de la imagen con su versión.",
        detail=quote(source, asker.line),
        line=asker.line,
    )


def target(case: Case) -> MultietapaError | None:
    """El objetivo no existe."""
    found = _TARGET.match(case.words)
    return unknown_target(next(filter(None, found.groups()), ""), case.source) if found else None


def repeated(case: Case) -> MultietapaError | None:
    """El clásico no deja que dos etapas se llamen igual; BuildKit sí."""
    found = _REPEATED.match(case.words)
    if found is None:
        return None
    name = found[1]
    same = [stage.line for stage in case.source.stages if stage.name == name] if case.source else []
    line = same[1] if len(same) > 1 else None
    why = f"Ya hay una etapa «{name}», en la línea {same[0]}." if same else f"Ya hay una etapa «{name}»."
    return dockerfile_error(case.source, line, why, next_step="Dale otro nombre a una de las dos.")


def later(case: Case) -> MultietapaError | None:
    """Una etapa copia de una posterior, y BuildKit la busca donde aún no está."""
    found = _LATER.match(case.words)
    if found is None:
        return None
    asker = _asker(case.source, found["origin"], found["stage"] or "")
    return _later(case.source, asker, found["origin"])


def looked_for_outside(case: Case) -> MultietapaError | None:
    """El clásico no ve las etapas posteriores, ni la que está haciendo: busca una imagen con ese nombre."""
    found = _CLASSIC_FROM.match(case.words)
    if found is None or case.source is None or case.stage is None:
        return None
    origin = case.source.stage(found["origin"])
    if origin is None or origin.index < case.stage.index:
        return None
    if origin.index == case.stage.index:
        return itself(case.source, case.line, origin.label)
    return _later(case.source, case.instruction, found["origin"])


def circular(case: Case) -> MultietapaError | None:
    """Una etapa copia de sí misma, o de otra que a su vez la necesita."""
    found = _CIRCULAR.match(case.words)
    if found is None:
        return None
    name = found[1]
    return _circle(case.source, case.source.stage(name) if case.source else None, name)


def misplaced(source: Dockerfile, target: str | None, *, classic: bool) -> MultietapaError | None:
    """Los mismos errores, antes de construir: quien copia de sí misma, de otra posterior o en círculo.

    BuildKit mira los círculos de todo el archivo y el orden de lo que hace; el clásico, todo lo que hace.
    """
    ahead = (other.index >= stage.index for stage in source.stages for other in source.linked(stage))
    if not any(ahead):
        return None
    if not classic:
        for stage in source.stages:
            if any(stage in source.needed(str(other.index)) for other in source.linked(stage)):
                return _circle(source, stage, stage.label)
    last = source.stage(target) if target else source.stages[-1]
    before = source.stages[: last.index + 1 if last else None]
    for stage in before if classic else source.needed(target):
        for instruction in source.done_in(stage):
            for origin in instruction.froms:
                found = source.origin(instruction, origin)
                if found is stage:
                    return itself(source, instruction.line, stage.label)
                if found is not None and found.index > stage.index:
                    return _later(source, instruction, origin)
    return None


def _circle(source: Dockerfile | None, stage: Stage | None, name: str) -> MultietapaError:
    own = source.done_in(stage) if source and stage else ()
    same = next((i for i in own if stage and _mentions(source, i, stage)), None)
    if same is not None:
        return itself(source, same.line, name)
    guilty = next(_waiting(source, stage), None) if source and stage else None
    line = guilty.line if guilty else stage.line if stage else None
    why = f"La etapa «{name}» y otra se necesitan la una a la otra; el orden no se puede resolver."
    step = "Quita una de las dos copias, o saca lo común a una tercera etapa que vaya antes."
    return dockerfile_error(source, line, why, next_step=step)


def itself(source: Dockerfile | None, line: int | None, name: str) -> DockerfileError:
    """El error de una etapa que copia de sí misma."""
    why = f"La etapa «{name}» copia de sí misma, y mientras se construye aún no tiene nada que dar."
    step = "Copia de una etapa anterior; lo que ya está en esta se mueve con «RUN cp»."
    return dockerfile_error(source, line, why, next_step=step)


def _waiting(source: Dockerfile, stage: Stage) -> Iterator[Instruction]:
    """Las instrucciones de ``stage`` que copian de una etapa que a su vez la necesita."""
    for instruction in source.done_in(stage):
        origins = (source.origin(instruction, name) for name in instruction.froms)
        if any(o is not None and stage in source.needed(o.label) for o in origins):
            yield instruction


def _later(source: Dockerfile | None, asker: Instruction | None, origin: str) -> MultietapaError:
    found = source.stage(origin) if source else None
    which = f" (línea {found.line})" if found else ""
    return dockerfile_error(
        source,
        asker.line if asker else None,
        f"Copia de la etapa «{origin}»{which}, que está más abajo: solo se puede copiar de una anterior.",
        next_step=f"Pon la etapa «{origin}» antes de la que copia de ella.",
    )


def _mentions(source: Dockerfile | None, instruction: Instruction, stage: Stage) -> bool:
    return source is not None and any(source.origin(instruction, name) is stage for name in instruction.froms)


def _asker(source: Dockerfile | None, origin: str, stage: str) -> Instruction | None:
    """La primera instrucción que copia de ``origin`` y está en ``stage``, o en una etapa anterior a él."""
    if source is None:
        return None
    wanted = source.stage(origin)
    return next(iter(_askers(source, wanted, source.stage(stage) if stage else None)), None)


def _askers(source: Dockerfile, wanted: Stage | None, inside: Stage | None) -> Iterator[Instruction]:
    for stage in source.stages:
        if inside is not None and stage.label != inside.label:
            continue
        if wanted is not None and stage.index < wanted.index:
            yield from (i for i in source.done_in(stage) if _mentions(source, i, wanted))
