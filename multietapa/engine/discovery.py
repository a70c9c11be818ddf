"""Qué motor usar: una lista ordenada de candidatos, cada uno con su razón si no se elige.

``MULTIETAPA_MOTOR`` (``existente``, ``privado``, ``embebido``, ``grabacion``) fuerza uno.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType

import docker

from multietapa import sdk
from multietapa.engine.model import KINDS, Choice, Rejected
from multietapa.errors import UnknownNameError

VARIABLE = "MULTIETAPA_MOTOR"
#: La exporta quien puso en marcha un motor del kit, para que los cuadernos digan cuál es.
KIND_VARIABLE = "MULTIETAPA_MOTOR_EN_MARCHA"

KNOWN_SOCKETS = (
    "~/.docker/run/docker.sock",
    "~/.docker/desktop/docker.sock",
    "~/.colima/default/docker.sock",
    "~/.config/colima/default/docker.sock",
    "~/.rd/docker.sock",
    "${XDG_RUNTIME_DIR}/docker.sock",
    "${XDG_RUNTIME_DIR}/podman/podman.sock",
    "/run/podman/podman.sock",
)


def discover(
    env: Mapping[str, str] | None = None, *, failed: Mapping[str, str] = MappingProxyType({})
) -> Choice:
    """Recorre los candidatos y devuelve el primero posible (``host`` vacío: hay que arrancarlo).

    ``failed`` son los que ya se intentó arrancar, con su motivo. No arranca nada. Lanza
    :class:`UnknownNameError` si ``MULTIETAPA_MOTOR`` nombra otra cosa.
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
            rejected.append(Rejected(kind, "", f"no hizo falta, porque antes sirvió «{chosen.kind}»"))
            continue
        if forced and kind != forced:
            rejected.append(Rejected(kind, "", f"se pidió «{forced}» ({VARIABLE})"))
            continue
        if kind in failed:
            rejected.append(Rejected(kind, "", failed[kind]))
            continue
        chosen = probe(values, rejected)
    if chosen is None:
        return Choice("grabacion", "", "", tuple(rejected))
    return Choice(chosen.kind, chosen.host, chosen.where, tuple(rejected))


def _existing(env: dict[str, str], rejected: list[Rejected]) -> Choice | None:
    kind = env.get(KIND_VARIABLE, "existente")
    problem = _answers(lambda: docker.from_env(environment=env, timeout=5))
    where = env.get("DOCKER_HOST") or "contexto actual de Docker"
    if not problem:
        return Choice(kind, _current_host(env), where)
    rejected.append(Rejected("existente", where, problem))
    if env.get("DOCKER_HOST"):
        return None
    for pattern in KNOWN_SOCKETS:
        # Path.expanduser lanza un error si no se sabe cuál es la carpeta personal.
        path = Path(os.path.expanduser(os.path.expandvars(pattern)))  # noqa: PTH111
        if "$" in str(path) or not path.exists():
            continue
        host = f"unix://{path}"
        problem = _answers(lambda host=host: docker.DockerClient(base_url=host, timeout=5))  # type: ignore[misc]
        if not problem:
            return Choice("existente", host, str(path))
        rejected.append(Rejected("existente", str(path), problem))
    return None


def _of_the_kit(kind: str, where: str, _env: dict[str, str], rejected: list[Rejected]) -> Choice | None:
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


CANDIDATES: tuple[tuple[str, Callable[[dict[str, str], list[Rejected]], Choice | None]], ...] = (
    ("existente", _existing),
    ("privado", partial(_of_the_kit, "privado", "espacios de nombres propios, sin instalar nada")),
    (
        "embebido",
        partial(_of_the_kit, "embebido", "un núcleo de Linux como programa, sin ningún privilegio"),
    ),
)


def _answers(connect: Callable[[], docker.DockerClient]) -> str:
    """Vacío si el motor contesta a una petición real; si no, el motivo en una línea."""
    try:
        client = connect()
    except (docker.errors.DockerException, OSError, ValueError) as problem:
        return _one_line(problem)
    try:
        client.ping()
    except (docker.errors.DockerException, OSError) as problem:
        return _one_line(problem)
    finally:
        client.close()
    return ""


def _one_line(problem: BaseException) -> str:
    text = str(problem)
    if "No such file" in text or "Connection refused" in text or "ConnectionRefused" in text:
        return "no hay ningún motor escuchando ahí"
    if "Permission denied" in text or "PermissionError" in text:
        return "tu usuario no tiene permiso para usar ese socket (¿estás en el grupo docker?)"
    return text.splitlines()[0][:160] if text else type(problem).__name__


def _current_host(env: dict[str, str]) -> str:
    client = docker.from_env(environment=env, timeout=5)
    try:
        return env.get("DOCKER_HOST") or sdk.host_of(client)
    finally:
        client.close()
