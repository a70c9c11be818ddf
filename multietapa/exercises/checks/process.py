"""Preguntas sobre lo que hace un contenedor en marcha, y sobre la configuración de su imagen."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from multietapa import text
from multietapa.containers.running import Process
from multietapa.errors import ContainerError
from multietapa.exercises.outcome import Observation

_LOOK = "Mira qué arranca el CMD de la última etapa y qué archivos necesita al lado."


def healthy(status: int, body: str, path: str) -> Observation:
    """La tienda contestó bien a ``GET path``."""
    if status == 200 and said_in(body).get("estado") == "bien":
        return Observation(True, f"Arranca y contesta en {path}.")
    return Observation(
        False,
        f"En {path} contesta con el código {status}, y no es la respuesta de la tienda.",
        (
            f"El programa que arranca contesta con el código {status} en {path}: ¿es la tienda?",
            _LOOK,
        ),
    )


def does_not_answer(problem: ContainerError) -> Observation:
    """La imagen no arranca, o nadie contesta: se ve lo que afirma el motor y lo que escribió el programa.

    La primera pista nombra la línea decisiva y lo que quiere decir; la segunda, qué hacer.
    """
    facts = " ".join(filter(None, [problem.what, problem.facts]))
    log = "\n".join(f"    {line}" for line in problem.detail.splitlines())
    first = " ".join(filter(None, [facts, problem.said]))
    return Observation(False, "\n".join(filter(None, [facts, log])), (first, problem.next_step or _LOOK))


def runs_node(body: str, major: int) -> Observation:
    """El programa que contesta corre con Node ``major``, según él mismo dice en su respuesta."""
    version = str(said_in(body).get("node", ""))
    if version.startswith(f"v{major}."):
        return Observation(True, f"Corre con Node {version.removeprefix('v')}.")
    seen = f"Node {version.removeprefix('v')}" if version else "una versión de Node que no dice"
    return Observation(
        False,
        f"Corre con {seen}, y se pide Node {major}.",
        (
            f"La tienda dice en su respuesta que corre con {seen}; aquí se compara lo mismo con lo mismo, "
            f"Node {major}.",
            "El Node de la imagen es el de la base de su última etapa: mira la versión que nombra ese FROM.",
        ),
    )


def not_root(processes: Sequence[Process], declared: int | None) -> Observation:
    """Ningún proceso es root. ``declared`` es el uid que dice ``/salud``, por si dentro no se puede mirar."""
    uids = {p.uid for p in processes} or ({declared} if declared is not None else set())
    if not uids:
        return Observation(
            False, "No se pudo saber con qué usuario corre.", ("El contenedor no dice su usuario.",) * 2
        )
    if 0 not in uids:
        return Observation(True, f"Corre con el uid {text.join([str(uid) for uid in sorted(uids)])}.")
    who = next((f"El proceso {p.pid} ({p.name})" for p in processes if p.uid == 0), "El proceso de la tienda")
    return Observation(
        False,
        f"{who} corre como root (uid 0).",
        (
            f"{who} corre con uid 0, aunque en otra etapa hubieras elegido otro usuario.",
            "El usuario no pasa de una etapa a otra ni viaja con los archivos copiados: la última etapa "
            "tiene que decir el suyo, después de lo que necesite permisos de root.",
        ),
    )


def node_environment(processes: Sequence[Process], configured: Mapping[str, str]) -> Observation:
    """``NODE_ENV`` vale ``production`` para el programa que atiende."""
    known = [p.node_env for p in processes if p.node_env is not None]
    value = known[-1] if known else configured.get("NODE_ENV", "")
    if value == "production":
        return Observation(True, "NODE_ENV vale «production» en el programa que atiende.")
    seen = f"vale «{value}»" if value else "no tiene valor"
    if value.strip().strip("\"'").lower() == "production":
        return Observation(
            False,
            f"NODE_ENV {seen} en el programa que atiende, y no «production».",
            (
                f"En el contenedor en marcha NODE_ENV {seen}. Se parece, pero no es «production»: se "
                "comparan letra a letra, con sus mayúsculas, espacios y comillas.",
                "Escríbelo todo en minúsculas y sin nada alrededor. Express y npm solo reconocen ese valor "
                "exacto.",
            ),
        )
    return Observation(
        False,
        f"NODE_ENV {seen} en el programa que atiende.",
        (
            f"En el contenedor en marcha NODE_ENV {seen}.",
            "Las variables de una etapa se quedan en ella: la última tiene que decir las que el programa "
            "necesita cuando ya está en marcha, no solo mientras se construye.",
        ),
    )


def environment_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Las variables de entorno que la imagen declara."""
    return dict(item.partition("=")[::2] for item in config.get("Env") or [])


def ports_of(config: Mapping[str, Any], default: int) -> tuple[int, ...]:
    """Los puertos en los que puede escuchar, por orden: ``PORT`` (o ``default``) y los de EXPOSE."""
    declared = environment_of(config).get("PORT", "")
    first = int(declared) if declared.isdigit() else default
    exposed = (int(name.split("/")[0]) for name in config.get("ExposedPorts") or {} if name.endswith("/tcp"))
    return tuple(dict.fromkeys([first, *sorted(exposed)]))


def uid_of(body: str) -> int | None:
    """El uid que la tienda declara en ``/salud``, o ``None``."""
    uid = said_in(body).get("uid")
    return uid if isinstance(uid, int) else None


def said_in(body: str) -> dict[str, Any]:
    """Lo que dice una respuesta en JSON; vacío si no es un objeto."""
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
