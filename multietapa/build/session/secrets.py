"""Los secretos de una construcción: se dan al paso que los monta y no quedan en ningún sitio."""

from __future__ import annotations

import os
from collections.abc import Mapping


def read_secrets(values: Mapping[str, str | os.PathLike[str]]) -> dict[str, bytes]:
    """El contenido de cada secreto: el de su archivo si es un ``Path``, o el texto mismo."""
    return {name: os.fspath(value).encode() for name, value in values.items()}
