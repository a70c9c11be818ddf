"""El IPython en el que corre este proceso, si lo hay: en una terminal o en las pruebas puede no haberlo."""

from __future__ import annotations

from typing import Any


def current_shell() -> Any:
    """El ``InteractiveShell`` de este proceso (el de un cuaderno tiene ``kernel``), o ``None``."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    return get_ipython()
