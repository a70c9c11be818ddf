"""Los mensajes de una sesión de BuildKit: archivos, secretos, credenciales, agentes de ssh y la orden misma.

Los números son los de los ``.proto`` de los proyectos moby/buildkit (``api/services/control`` y
``session/*``) y tonistiigi/fsutil (``types``).
"""

from __future__ import annotations

from functools import cache
from typing import Any

from multietapa.build.messages import BOOL, BYTES, INT32, INT64, STRING, UINT32, Table, message_classes

#: Lo que dice un ``Packet``.
STAT, REQ, DATA, FIN, ERR = range(5)

_MESSAGES: Table = {
    # fsutil
    "Stat": (
        ("path", 1, STRING, False),
        ("mode", 2, UINT32, False),
        ("uid", 3, UINT32, False),
        ("gid", 4, UINT32, False),
        ("size", 5, INT64, False),
        ("modTime", 6, INT64, False),
        ("linkname", 7, STRING, False),
        ("devmajor", 8, INT64, False),
        ("devminor", 9, INT64, False),
        ("xattrs", 10, BYTES, "map"),
    ),
    "Packet": (
        ("type", 1, INT32, False),
        ("stat", 2, "Stat", False),
        ("ID", 3, UINT32, False),
        ("data", 4, BYTES, False),
    ),
    # session
    "BytesMessage": (("data", 1, BYTES, False),),
    "CredentialsRequest": (("Host", 1, STRING, False),),
    "CredentialsResponse": (("Username", 1, STRING, False), ("Secret", 2, STRING, False)),
    "GetSecretRequest": (("ID", 1, STRING, False),),
    "GetSecretResponse": (("data", 1, BYTES, False),),
    "CheckAgentRequest": (("ID", 1, STRING, False),),
    # control
    "CacheOptionsEntry": (("Type", 1, STRING, False), ("Attrs", 2, STRING, "map")),
    "CacheOptions": (
        ("Exports", 4, "CacheOptionsEntry", True),
        ("Imports", 5, "CacheOptionsEntry", True),
    ),
    "Exporter": (("Type", 1, STRING, False), ("Attrs", 2, STRING, "map")),
    "SolveRequest": (
        ("Ref", 1, STRING, False),
        ("Exporter", 3, STRING, False),
        ("ExporterAttrs", 4, STRING, "map"),
        ("Session", 5, STRING, False),
        ("Frontend", 6, STRING, False),
        ("FrontendAttrs", 7, STRING, "map"),
        ("Cache", 8, "CacheOptions", False),
        ("Entitlements", 9, STRING, True),
        ("Internal", 11, BOOL, False),
        ("Exporters", 13, "Exporter", True),
    ),
    "SolveResponse": (("ExporterResponse", 1, STRING, "map"),),
    "StatusRequest": (("Ref", 1, STRING, False),),
    # google.rpc
    "Any": (("type_url", 1, STRING, False), ("value", 2, BYTES, False)),
    "Status": (("code", 1, INT32, False), ("message", 2, STRING, False), ("details", 3, "Any", True)),
}


@cache
def _classes() -> dict[str, Any]:
    return message_classes("multietapa/sesion.proto", "multietapa.sesion", _MESSAGES)


def new(name: str, **fields: Any) -> Any:
    """Un mensaje nuevo de esa clase."""
    return _classes()[name](**fields)


def read(name: str, data: bytes) -> Any:
    """El mensaje de esa clase que hay en ``data``. Lanza ``DecodeError`` si no lo es."""
    return _classes()[name].FromString(data)
