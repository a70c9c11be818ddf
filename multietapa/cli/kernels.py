"""Los kernels de este entorno explican en español lo que falla en una celda, desde la primera.

Al reiniciar un kernel, lo primero que se ejecuta puede ser cualquier celda, sin haber importado el taller.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

#: Lo que IPython lee al empezar un kernel, en el entorno de su Python.
CONFIG = Path("etc/ipython/ipython_kernel_config.json")


def prepare(prefix: Path = Path(sys.prefix), base: Path = Path(sys.base_prefix)) -> None:
    """Lo deja dispuesto en un entorno; en el Python del sistema (``base``), o sin permiso, no hace nada."""
    target = prefix / CONFIG
    if prefix == base or target.exists():
        return
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(__file__).with_name(CONFIG.name), target)
    except OSError:
        pass
