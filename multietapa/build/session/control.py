"""La orden de construir, dada a BuildKit en su propio idioma: ``Control/Solve`` y ``Control/Status``.

Es lo que usa ``docker buildx``. El motor lo ofrece en ``/grpc``, y con ello llega a todo lo que BuildKit
sabe: contextos con nombre, varias salidas o ninguna, cachés de fuera.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import docker
from google.protobuf.message import DecodeError

from multietapa.build.session import schema, wire
from multietapa.build.session.grpc import GrpcError, MadeCall, ask
from multietapa.build.session.http2 import Connection

_SOLVE = "/moby.buildkit.v1.Control/Solve"
_STATUS = "/moby.buildkit.v1.Control/Status"


@dataclass(frozen=True)
class Order:
    """Lo que se pide: ``ref`` lo identifica; ``attributes`` son los del frontend de Dockerfile.

    ``exporters``: qué se hace con el resultado, cada uno con su clase y sus datos; ``imports`` y ``exports``,
    cachés de fuera, igual. ``entitlements``, permisos especiales. Con ``internal`` no queda en el historial
    del motor, que guarda en su disco lo que escribió cada paso.
    """

    ref: str
    session: str
    attributes: Mapping[str, str]
    exporters: Sequence[tuple[str, Mapping[str, str]]] = ()
    imports: Sequence[tuple[str, Mapping[str, str]]] = ()
    exports: Sequence[tuple[str, Mapping[str, str]]] = ()
    entitlements: Sequence[str] = ()
    internal: bool = False

    def message(self) -> bytes:
        """El ``SolveRequest``. Con una sola salida va donde la leen también los motores antiguos."""
        request = schema.new(
            "SolveRequest",
            Ref=self.ref,
            Session=self.session,
            Frontend="dockerfile.v0",
            FrontendAttrs=dict(self.attributes),
            Entitlements=list(self.entitlements),
            Internal=self.internal,
        )
        if len(self.exporters) == 1:
            kind, values = self.exporters[0]
            request.Exporter = kind
            request.ExporterAttrs.update(values)
        else:
            request.Exporters.extend(schema.new("Exporter", Type=k, Attrs=dict(v)) for k, v in self.exporters)
        for name, entries in (("Imports", self.imports), ("Exports", self.exports)):
            new = [schema.new("CacheOptionsEntry", Type=k, Attrs=dict(v)) for k, v in entries]
            getattr(request.Cache, name).extend(new)
        return bytes(request.SerializeToString())


class Control:
    """Una conexión con el BuildKit del motor. Ciérrala siempre.

    Raises:
        docker.errors.APIError: este motor no la ofrece.
        requests.RequestException: nadie contesta.
    """

    def __init__(self, client: docker.DockerClient) -> None:
        self._connection = Connection(wire.adopt(client, "/grpc"), client=True)

    def solve(self, order: Order) -> MadeCall:
        """Empieza la construcción; ``result`` espera su final. Cortar la llamada la cancela."""
        return ask(self._connection, _SOLVE, order.message())

    def status(self, ref: str) -> MadeCall:
        """Los mensajes ``StatusResponse`` de la construcción ``ref``, según llegan."""
        return ask(self._connection, _STATUS, schema.new("StatusRequest", Ref=ref).SerializeToString())

    def close(self) -> None:
        """Cierra la conexión."""
        self._connection.close()


def result(made: MadeCall) -> dict[str, str]:
    """Lo que contestan los exportadores (``containerimage.digest``...), al terminar.

    Raises:
        GrpcError: la construcción falló.
        Broken: se cortó.
    """
    answer: dict[str, str] = {}
    for message in made.messages():
        answer.update(schema.read("SolveResponse", message).ExporterResponse)
    return answer


def place(error: GrpcError) -> tuple[str, int | None]:
    """Dónde dice el motor que falló: el digest del paso (o ``""``) y la línea del Dockerfile (o ``None``)."""
    step, line = "", None
    for kind, value in _details(error):
        if kind == "errdefs.Vertex+json":
            step = str(value.get("digest") or "")
        elif kind == "errdefs.Source+json":
            ranges = value.get("ranges") or [{}]
            line = int((ranges[0].get("start") or {}).get("line") or 0) or None
    return step, line


def _details(error: GrpcError) -> Iterator[tuple[str, dict[str, Any]]]:
    """Lo que el motor añade a un fallo, por su tipo."""
    with suppress(DecodeError):
        for item in schema.read("Status", error.details).details if error.details else ():
            with suppress(ValueError):
                value = json.loads(item.value)
                if isinstance(value, dict):
                    yield item.type_url.rpartition("/")[2], value
