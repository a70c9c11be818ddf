"""Qué motor usar: una lista ordenada de candidatos, cada uno con su razón si no se elige.

``MULTIETAPA_MOTOR`` (``existente``, ``privado``, ``embebido``, ``grabacion``) fuerza uno.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from types import MappingProxyType

from multietapa.engine import contexts, endpoint, reasons
from multietapa.engine.endpoint import Endpoint
from multietapa.engine.model import KINDS, Choice, Rejected
from multietapa.errors import EngineLostError, NoEngineError, UnknownNameError

VARIABLE = "MULTIETAPA_MOTOR"
#: La exporta quien ya eligió un motor para esta sesión, con su clase: los cuadernos no eligen otro.
KIND_VARIABLE = "MULTIETAPA_MOTOR_EN_MARCHA"
#: Segundos que se espera a que un motor diga que está.
PATIENCE = 5.0

KNOWN_SOCKETS = (
    "{HOME}/.docker/run/docker.sock",
    "{HOME}/.docker/desktop/docker.sock",
    "{HOME}/.colima/default/docker.sock",
    "{HOME}/.config/colima/default/docker.sock",
    "{HOME}/.rd/docker.sock",
    "{HOME}/.orbstack/run/docker.sock",
    "{XDG_RUNTIME_DIR}/docker.sock",
    "{XDG_RUNTIME_DIR}/podman/podman.sock",
    "/run/podman/podman.sock",
)

Probe = Callable[[Mapping[str, str], list[Rejected]], Choice | None]


def discover(
    env: Mapping[str, str] | None = None, *, failed: Mapping[str, str] = MappingProxyType({})
) -> Choice:
    """Recorre los candidatos y devuelve el primero posible (``host`` vacío: hay que arrancarlo).

    ``failed`` son los que ya se intentó arrancar, con su motivo. No arranca nada. Lanza
    :class:`UnknownNameError` si ``MULTIETAPA_MOTOR`` nombra otra cosa, y :class:`NoEngineError` si el que
    nombra no es posible.
    """
    values = dict(os.environ if env is None else env)
    forced = values.get(VARIABLE, "")
    if forced and forced not in KINDS:
        raise UnknownNameError(forced, KINDS, kind="el motor")
    rejected: list[Rejected] = []
    chosen: Choice | None = None
    for kind, probe in CANDIDATES:
        if chosen is not None and chosen.kind == kind:
            continue  # es el que ya está en marcha: lo encontró «existente»
        if chosen is not None:
            rejected.append(_not_needed(kind, chosen))
            continue
        if forced and kind != forced:
            rejected.append(Rejected(kind, "", f"se pidió «{forced}» ({VARIABLE})"))
            continue
        if kind in failed:
            rejected.append(Rejected(kind, "", failed[kind]))
            continue
        chosen = probe(values, rejected)
    if chosen is not None:
        return replace(chosen, rejected=tuple(rejected))
    if forced not in ("", "grabacion"):
        raise _impossible(forced, rejected)
    return Choice("grabacion", "", "", tuple(rejected))


def again(env: Mapping[str, str]) -> Choice:
    """El motor que esta sesión ya eligió, que no es del taller: el de ``DOCKER_HOST`` y ningún otro.

    Lanza :class:`EngineLostError` con la razón si no contesta.
    """
    rejected: list[Rejected] = []
    if chosen := existing(env, rejected):
        others = (_not_needed(kind, chosen) for kind, _ in CANDIDATES if kind != chosen.kind)
        return replace(chosen, rejected=(*rejected, *others))
    raise EngineLostError(
        "Tu motor de Docker se apagó.",
        why="\n".join(f"En {r.where}, {r.reason}." for r in rejected),
        next_step="Enciéndelo y repite la celda: todo sigue donde estaba; no hace falta reiniciar el kernel. "
        "El taller no lo cambia por otro; si ya no lo quieres usar, cierra el taller y ábrelo otra vez.",
    )


def existing(env: Mapping[str, str], rejected: list[Rejected]) -> Choice | None:
    """El primer motor que ya está en marcha; en ``rejected`` deja por qué no los anteriores."""
    named = env.get(KIND_VARIABLE) if env.get("DOCKER_HOST") else ""
    tried: set[str] = set()
    for where, place, problem in _places(env):
        if place.host in tried:
            continue
        tried.add(place.host)
        if problem := problem or endpoint.malformed(place.host):
            rejected.append(Rejected("existente", where, problem))
        elif found := _reached(place, where, rejected):
            return Choice(named or "existente", found.host, where, endpoint=found)
    return None


def _places(env: Mapping[str, str]) -> Iterator[tuple[str, Endpoint, str]]:
    """Dónde puede haber un motor en marcha: cómo se llama el sitio, su dirección y por qué no vale.

    Si el entorno nombra uno, no se mira ningún otro. De los contextos que nadie pidió, solo los de esta
    máquina: nada se construye en otra sin que se pida.
    """
    if asked := endpoint.from_environment(env, config=contexts.config_dir(env)):
        yield asked.host, asked, ""
        return
    found = contexts.read(env)
    place = found.known.get(found.current, Endpoint(""))
    where = f"contexto «{found.current}»" if found.current != contexts.DEFAULT else place.host
    yield where, place, found.missing()
    if found.asked:
        return
    for name, place in found.known.items():
        if place.local:
            yield f"contexto «{name}»", place, ""
    folders = {"HOME": contexts.home(env), "XDG_RUNTIME_DIR": env.get("XDG_RUNTIME_DIR", "/no")}
    for pattern in KNOWN_SOCKETS:
        if (place := Endpoint(f"unix://{pattern.format(**folders)}")).local:
            yield place.host.removeprefix("unix://"), place, ""


def _reached(place: Endpoint, where: str, rejected: list[Rejected]) -> Endpoint | None:
    """Cómo se llega a ese motor, o ``None`` si no se llega; en ``rejected``, cada camino que no llevó a él.

    La orden ``docker`` pasa por el proxy del entorno si el motor está en otra máquina, así que se prueba
    antes ese camino; si no lleva al motor y el directo sí, se va directo.
    """
    proxy = place.proxy
    if not proxy:
        problem = _problem(place)
        if not problem:
            return place
        rejected.append(Rejected("existente", where, problem))
        return None
    direct = replace(place, direct=True)
    if not place.loopback:
        problem = _problem(place)
        if not problem:
            return place
        rejected.append(Rejected("existente", f"{where}, a través del proxy {proxy}", problem))
        where += ", sin proxy"
    if problem := _problem(direct):
        rejected.append(Rejected("existente", where, problem))
        return None
    return direct


def _problem(place: Endpoint) -> str:
    """Vacío si el motor contesta a una petición real; si no, la razón y qué hacer."""
    try:
        place.ask(timeout=PATIENCE)
    except reasons.UNREACHABLE as problem:
        return reasons.explain(problem, place, seconds=PATIENCE)
    return ""


def _not_needed(kind: str, chosen: Choice) -> Rejected:
    return Rejected(kind, "", f"no hizo falta, porque antes sirvió «{chosen.kind}»")


def _impossible(forced: str, rejected: list[Rejected]) -> NoEngineError:
    why = [f"{r.where}: {r.reason}" if r.where else r.reason for r in rejected if r.kind == forced]
    return NoEngineError(
        f"Se pidió el motor «{forced}», y aquí no se puede usar.",
        why="\n".join(why),
        next_step=f"Arréglalo y repite, o quita «--motor {forced}» (o la variable {VARIABLE}): sin ella se "
        "elige el mejor que haya.",
    )


def _of_the_kit(kind: str, where: str, _env: Mapping[str, str], rejected: list[Rejected]) -> Choice | None:
    """Un motor que el kit sabe poner en marcha: si esta máquina lo permite y se puede tener el paquete."""
    reason = "solo existe en Linux"
    if sys.platform == "linux":
        from multietapa.engine.bundle import make as bundle
        from multietapa.engine.embedded import daemon as embedded
        from multietapa.engine.private import daemon as private  # usan fcntl, que no existe en Windows

        module = {"privado": private, "embebido": embedded}[kind]
        reason = module.missing_reason() or bundle.missing_reason()
    if reason:
        rejected.append(Rejected(kind, "", reason))
        return None
    return Choice(kind, "", where)


CANDIDATES: tuple[tuple[str, Probe], ...] = (
    ("existente", existing),
    ("privado", partial(_of_the_kit, "privado", "espacios de nombres propios, sin instalar nada")),
    (
        "embebido",
        partial(_of_the_kit, "embebido", "un núcleo de Linux como programa, sin ningún privilegio"),
    ),
)
