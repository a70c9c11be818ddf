"""El esquema de lo que BuildKit cuenta mientras construye.

El motor manda cada novedad como un mensaje ``StatusResponse`` de ``moby.buildkit.v1`` en protobuf.
Aquí se declaran solo los campos que el kit lee, con los números de ``api/services/control/control.proto``
y ``solver/pb/ops.proto`` del proyecto moby/buildkit; los demás se saltan solos al descodificar.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from multietapa.build.messages import BOOL as _BOOL
from multietapa.build.messages import BYTES as _BYTES
from multietapa.build.messages import INT32 as _INT32
from multietapa.build.messages import INT64 as _INT64
from multietapa.build.messages import STRING as _STRING
from multietapa.build.messages import TIME as _TIME
from multietapa.build.messages import Table, message_classes

PACKAGE = "moby.buildkit.v1"

_MESSAGES: Table = {
    "Position": (("line", 1, _INT32, False),),
    "Range": (("start", 1, "Position", False), ("end", 2, "Position", False)),
    "SourceInfo": (("filename", 1, _STRING, False),),
    "Vertex": (
        ("digest", 1, _STRING, False),
        ("inputs", 2, _STRING, True),
        ("name", 3, _STRING, False),
        ("cached", 4, _BOOL, False),
        ("started", 5, _TIME, False),
        ("completed", 6, _TIME, False),
        ("error", 7, _STRING, False),
    ),
    "VertexStatus": (
        ("ID", 1, _STRING, False),
        ("vertex", 2, _STRING, False),
        ("name", 3, _STRING, False),
        ("current", 4, _INT64, False),
        ("total", 5, _INT64, False),
        ("timestamp", 6, _TIME, False),
        ("started", 7, _TIME, False),
        ("completed", 8, _TIME, False),
    ),
    "VertexLog": (
        ("vertex", 1, _STRING, False),
        ("timestamp", 2, _TIME, False),
        ("stream", 3, _INT64, False),
        ("msg", 4, _BYTES, False),
    ),
    "VertexWarning": (
        ("vertex", 1, _STRING, False),
        ("level", 2, _INT64, False),
        ("short", 3, _BYTES, False),
        ("detail", 4, _BYTES, True),
        ("url", 5, _STRING, False),
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
