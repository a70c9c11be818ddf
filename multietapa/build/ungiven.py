"""Lo que el Dockerfile monta y no se le ha dado: qué es y cómo se le da."""

from __future__ import annotations

from collections.abc import Iterable

from multietapa.build.session.extras import Extras
from multietapa.dockerfile.mounts import DEFAULT_AGENT, SECRET, Mount
from multietapa.errors import closest


def ungiven(mounts: Iterable[Mount], extras: Extras) -> tuple[Mount, ...]:
    """De esos montajes, los que se quedarán sin lo suyo; no cuentan aquellos cuyo nombre no se sabe."""
    return tuple(mount for mount in mounts if mount.known and not _given(mount, extras))


def called(mount: Mount) -> str:
    """``el secreto «x»``, ``el agente de ssh`` o ``el agente de ssh «otro»``."""
    if mount.kind == SECRET:
        return f"el secreto «{mount.name}»"
    return "el agente de ssh" + ("" if mount.name == DEFAULT_AGENT else f" «{mount.name}»")


def how_to_give(mount: Mount, extras: Extras) -> str:
    """Qué hay que escribir para dárselo."""
    if mount.kind != SECRET:
        if mount.name == DEFAULT_AGENT:
            return "Dáselo con ssh=True."
        return f"Solo se puede dar uno, «{DEFAULT_AGENT}»: quita «id={mount.name}» y construye con ssh=True."
    close = closest(mount.name, extras.secrets) or (list(extras.secrets) if len(extras.secrets) == 1 else [])
    meant = f"¿Es «{close[0]}», que sí se ha dado? Si no, dáselo" if close else "Dáselo"
    return f'{meant} con secretos={{"{mount.name}": Path("...")}}.'


def _given(mount: Mount, extras: Extras) -> bool:
    if mount.kind == SECRET:
        return mount.name in extras.secrets
    return extras.ssh is not None and mount.name == DEFAULT_AGENT
