"""Qué imágenes baja el propio BuildKit mientras construye, y cuáles trae antes el taller.

El taller busca más cerca (archivos guardados, el espejo del aula, sus equivalentes) y recuerda los registros
que no contestan: las imágenes oficiales las trae él. De una que nombra su registro (``ghcr.io/...``) no hay
copias en otro sitio, y BuildKit la baja con sus credenciales, capa a capa y a la vez que lo demás.
"""

from __future__ import annotations

import docker
from docker.errors import APIError, DockerException, ImageNotFound

from multietapa import sdk
from multietapa.build.plan import Plan
from multietapa.build.session import wire
from multietapa.build.stream import BROKEN

_OFFICIAL = "docker.io"


def pulled_by_buildkit(client: docker.DockerClient, plan: Plan, name: str) -> bool:
    """La imagen ``name`` la bajará BuildKit: nombra su registro, no está en el motor y hay sesiones."""
    try:
        elsewhere = sdk.registry_of(sdk.split_reference(name)[0]) != _OFFICIAL
    except DockerException:
        return False
    if plan.builder != "buildkit" or not elsewhere:
        return False
    try:
        client.api.inspect_image(name)
    except ImageNotFound:
        return _offers_sessions(client)
    except (DockerException, *BROKEN):
        return False
    return False


def _offers_sessions(client: docker.DockerClient) -> bool:
    try:
        found = wire.adopt(client, "/grpc")
    except (APIError, *BROKEN):
        return False
    found.close()
    found.release()
    return True
