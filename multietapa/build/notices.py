"""Los avisos que se pueden dar antes de construir: lo que sobra y lo que falta, con su línea."""

from __future__ import annotations

from collections.abc import Iterator

from multietapa.build.events import BuildWarning
from multietapa.build.plan import Plan
from multietapa.build.session.agent import count_keys
from multietapa.build.ungiven import called, how_to_give, ungiven
from multietapa.dockerfile.mounts import SECRET, SSH, asked_mounts
from multietapa.errors import closest
from multietapa.text import join


def notices(plan: Plan) -> Iterator[BuildWarning]:
    """Un aviso por cada etapa o contexto que nadie usa, y por cada secreto o agente que falta o que sobra."""
    yield from _unused(plan)
    if plan.builder == "buildkit":  # el clásico no sabe montar nada, y ya lo dice
        yield from _missing(plan)
        yield from _left_over(plan)
        yield from _unnamed(plan)


def _unused(plan: Plan) -> Iterator[BuildWarning]:
    """Sin este aviso, una etapa que nadie usa desaparecería sin decir nada."""
    for stage in plan.unused_stages:
        alone = all(stage not in plan.source.linked(other) for other in plan.source.stages)
        who = f"etapa «{stage.name}»" if stage.name else f"etapa {stage.index} (sin nombre)"
        said = f"Nadie usa la {who}" if alone else f"La {who} solo sirve a otra que nadie usa"
        only = f'no se construye (salvo con objetivo="{stage.name or stage.index}").'
        end = "el constructor clásico la construye igual." if plan.builds(stage) else only
        yield BuildWarning(f"{said}: {end}", stage.line)


def _missing(plan: Plan) -> Iterator[BuildWarning]:
    """Lo que monta una etapa que se va a construir y no se ha dado: el motor ejecuta el paso sin ello."""
    told = set()
    for mount in ungiven(asked_mounts(plan.source, plan.source.needed(plan.target)), plan.extras):
        if (mount.kind, mount.name) in told:
            continue
        told.add((mount.kind, mount.name))
        without = "no se puede ejecutar" if mount.required else "se ejecuta"
        said = f"El Dockerfile monta {called(mount)} y no se le ha dado: ese paso {without} sin él."
        yield BuildWarning(f"{said} {how_to_give(mount, plan.extras)}", mount.line)


def _left_over(plan: Plan) -> Iterator[BuildWarning]:
    """Lo que se ha dado y no monta nadie: casi siempre, un nombre mal escrito."""
    mounts = asked_mounts(plan.source)
    names = {mount.name for mount in mounts if mount.kind == SECRET}
    unknown = any(mount.kind == SECRET and not mount.known for mount in mounts)
    for name in plan.extras.secrets:
        if name in names or unknown:
            continue
        close = closest(name, names)
        step = (
            f"¿Querías decir «{close[0]}»?"
            if close
            else f"Se monta con «RUN --mount=type=secret,id={name} ...»."
        )
        yield BuildWarning(f"Ningún «RUN» monta el secreto «{name}», que se ha dado. {step}")
    if plan.extras.ssh is None:
        return
    if not any(mount.kind == SSH for mount in mounts):
        yield BuildWarning(
            "Ningún «RUN» monta el agente de ssh, que se ha dado. Se monta con «RUN --mount=type=ssh ...»."
        )
    elif not _has_keys(plan):
        yield BuildWarning(
            "El agente de ssh no ofrece ninguna clave, y sin ella nadie dejará entrar. Añádela con «ssh-add»."
        )


def _unnamed(plan: Plan) -> Iterator[BuildWarning]:
    """Los contextos que el Dockerfile no nombra."""
    for name, close in plan.unused_contexts.items():
        question = f" ¿Querías decir {join([f'«{one}»' for one in close], 'o')}?" if close else ""
        yield BuildWarning(f"Nadie usa el contexto «{name}»: ningún «FROM» ni «--from» lo nombra.{question}")


def _has_keys(plan: Plan) -> bool:
    """Si el agente ofrece claves. Uno que ya no contesta lo dirá el paso que lo use."""
    if plan.extras.ssh is None:
        return False
    try:
        return count_keys(plan.extras.ssh) > 0
    except OSError:
        return True
