"""El esquema de lo que BuildKit cuenta mientras construye.

El motor manda cada novedad como un mensaje ``StatusResponse`` de ``moby.buildkit.v1`` en protobuf.
Aquí se declaran solo los campos que el kit lee, con los números de ``api/services/control/control.proto``
y ``solver/pb/ops.proto`` del proyecto moby/buildkit; los demás se saltan solos al descodificar.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from multietapa.build.messages import BOOL, BYTES, INT32, INT64, STRING, TIME, Table, message_classes

PACKAGE = "moby.buildkit.v1"

_MESSAGES: Table = {
    "Position": (("line", 1, INT32, False),),
    "Range": (("start", 1, "Position", False), ("end", 2, "Position", False)),
    "SourceInfo": (("filename", 1, STRING, False),),
    "Vertex": (
        ("digest", 1, STRING, False),
        ("inputs", 2, STRING, True),
        ("name", 3, STRING, False),
        ("cached", 4, BOOL, False),
        ("started", 5, TIME, False),
        ("completed", 6, TIME, False),
        ("error", 7, STRING, False),
    ),
    "VertexStatus": (
        ("ID", 1, STRING, False),
        ("vertex", 2, STRING, False),
        ("name", 3, STRING, False),
        ("current", 4, INT64, False),
        ("total", 5, INT64, False),
        ("timestamp", 6, TIME, False),
        ("started", 7, TIME, False),
        ("completed", 8, TIME, False),
    ),
    "VertexLog": (
        ("vertex", 1, STRING, False),
        ("timestamp", 2, TIME, False),
        ("stream", 3, INT64, False),
        ("msg", 4, BYTES, False),
    ),
    "VertexWarning": (
        ("vertex", 1, STRING, False),
        ("level", 2, INT64, False),
        ("short", 3, BYTES, False),
        ("detail", 4, BYTES, True),
        ("url", 5, STRING, False),
        ("info", 6, "SourceInfo", False),
        ("ranges", 7, "Range", True),
    ),
    "StatusResponse": (
        ("vertexes", 1, "Vertex", True),
        ("statuses", 2, "VertexStatus", True),
        ("logs", 3, "VertexLog", True),
        ("warnings", 4, "VertexWarning", True),
    ),
}


@cache
def _status_class() -> Any:
    return message_classes("multietapa/trace.proto", PACKAGE, _MESSAGES)["StatusResponse"]


def decode_status(data: bytes) -> Any:
    """Descodifica un ``StatusResponse`` (``vertexes``, ``statuses``, ``logs``, ``warnings``).

    Raises:
        google.protobuf.message.DecodeError: los bytes no son un mensaje de este esquema.
    """
    return _status_class().FromString(data)


def seconds(timestamp: Any) -> float:
    """Pasa un ``Timestamp`` de protobuf a segundos desde 1970."""
    return float(timestamp.seconds) + float(timestamp.nanos) / 1e9
