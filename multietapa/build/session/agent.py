"""El agente de ssh que un paso puede usar mientras se construye, sin que ninguna clave viaje."""

from __future__ import annotations

import os
from pathlib import Path


def find_agent(asked: bool | str | os.PathLike[str]) -> Path | None:
    """El socket del agente, o ``None`` si no se pidió."""
    return Path(os.environ["SSH_AUTH_SOCK"]) if asked else None
