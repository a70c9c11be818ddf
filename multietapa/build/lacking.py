"""Lo que un Dockerfile monta y no se le da, y lo que se le da y no monta: se dice, y no se adivina más."""

from __future__ import annotations

from collections.abc import Iterator

from multietapa.build.events import BuildWarning
from multietapa.build.plan import Plan
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.mounts import SECRET, mounts
from multietapa.errors import BuildError, MultietapaError, closest
from multietapa.text import join


def lacking_warnings(plan: Plan) -> Iterator[BuildWarning]:
    """Un aviso por cada cosa que un paso monta y no tendrá, y por cada secreto que nadie monta."""
    asked: set[str] = set()
    for stage in plan.source.needed(plan.target):
        for instruction in stage.instructions:
            asked |= {mount.name for mount in mounts(instruction) if mount.kind == SECRET}
            for what, _ in _lacking(plan, instruction):
                said = f"Este paso monta {what}, que no se le ha dado: lo verá como si no existiera."
                yield BuildWarning(said, instruction.line)
    if "" in asked:
        return  # un nombre con variables puede ser cualquiera
    for name in plan.extras.secrets:
        if name not in asked:
            alike = closest(name, asked)
            end = f" ¿Querías decir «{alike[0]}»?" if alike else ""
            yield BuildWarning(f"Ningún paso monta el secreto «{name}».{end}")


def with_what_lacks(error: MultietapaError, plan: Plan) -> MultietapaError:
    """El mismo error; si su paso montaba algo que no se le dio, también dice cómo dárselo.

    No dice que esa sea la causa: el motor no lo sabe.
    """
    if not isinstance(error, BuildError) or error.line is None:
        return error
    for instruction in plan.source.instructions:
        if instruction.line == error.line and (found := _lacking(plan, instruction)):
            names, ways = zip(*found, strict=True)
            said = f"Este paso monta {join(names)}, que no se le ha dado: pásalo con {join(ways)}."
            if ways[0] not in error.next_step:
                error.next_step = f"{error.next_step} {said}".strip()
    return error


def _lacking(plan: Plan, instruction: Instruction) -> list[tuple[str, str]]:
    """Lo que monta y no se le da, y con qué palabra de ``construir`` se le da."""
    found: dict[str, str] = {}
    for mount in mounts(instruction):
        if mount.required:
            continue  # si falta, el propio motor lo dice
        if mount.kind == SECRET and mount.name and mount.name not in plan.extras.secrets:
            found[f"el secreto «{mount.name}»"] = f'«secretos={{"{mount.name}": Path("…")}}»'
        elif mount.kind != SECRET and plan.extras.ssh is None:
            found["el agente de ssh"] = "«ssh=True»"
    return list(found.items())
