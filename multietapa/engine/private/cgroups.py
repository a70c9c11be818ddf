"""Los grupos de control que deja dockerd: se borran los de un solo padre, el nuestro."""

from __future__ import annotations

import os
from pathlib import Path


def remove(parent: str, *, root: Path = Path("/sys/fs/cgroup")) -> None:
    """Borra los grupos vacíos ``parent`` de cada jerarquía; lo que aún tiene procesos se queda."""
    for top in (root / parent, *root.glob(f"*/{parent}")):
        for folder, _, _ in os.walk(top, topdown=False):
            try:
                Path(folder).rmdir()
            except OSError:
                continue
