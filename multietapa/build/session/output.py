"""Los archivos de una etapa, en una carpeta de este disco."""

from __future__ import annotations

import os
from pathlib import Path


def check_output(folder: str | os.PathLike[str] | None) -> Path | None:
    """La carpeta donde se dejarán, o ``None`` si no se pidió."""
    return Path(folder) if folder else None
