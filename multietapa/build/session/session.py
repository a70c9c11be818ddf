"""Una sesión: la conexión por la que el motor pide, mientras construye, lo que se le ofrece aquí."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import docker

from multietapa.build.session import grpc, wire
from multietapa.build.session.grpc import Handler, ServedCall
from multietapa.build.session.http2 import Connection

_HEALTH = "/grpc.health.v1.Health/Check"
_SERVING = b"\x08\x01"


class Session:
    """Una sesión abierta; ``handlers`` dice qué rutas se atienden. Ciérrala siempre.

    ``key`` distingue carpetas: con la misma, el motor solo pide lo que cambió desde la última vez.

    Raises:
        docker.errors.APIError: este motor no ofrece sesiones.
        requests.RequestException: nadie contesta.
    """

    def __init__(self, client: docker.DockerClient, handlers: Mapping[str, Handler], *, key: str) -> None:
        self.id = uuid.uuid4().hex
        every = {**handlers, _HEALTH: _healthy}
        headers = [
            ("X-Docker-Expose-Session-Uuid", self.id),
            ("X-Docker-Expose-Session-Name", "multietapa"),
            ("X-Docker-Expose-Session-Sharedkey", key),
            *(("X-Docker-Expose-Session-Grpc-Method", path) for path in every),
        ]
        served = grpc.serve({path.lower(): handler for path, handler in every.items()})
        self._connection = Connection(wire.adopt(client, "/session", headers), client=False, serve=served)

    def close(self) -> None:
        """Cierra la conexión y espera a lo que estuviera atendiendo."""
        self._connection.close()


def _healthy(call: ServedCall) -> None:
    call.send(_SERVING)
