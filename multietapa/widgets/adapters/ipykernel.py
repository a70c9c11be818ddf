"""Lo que el kit necesita de ipykernel: saber si hay cuaderno, y atender un botón con la celda ocupada.

Frágil: ``InteractiveShell.kernel``, que solo tiene el de un kernel, y ``Comm._reply_subshell_for`` (privado,
desde la 7.4), que elige el hilo al que va cada mensaje del navegador.
"""

from __future__ import annotations

from typing import Any

from multietapa.widgets.adapters.ipython import current_shell


def in_notebook() -> bool:
    """Si este código corre en el kernel de un cuaderno."""
    return getattr(current_shell(), "kernel", None) is not None


def listen_while_busy(comm: Any) -> None:
    """Los mensajes de ``comm`` los atiende el hilo por el que llegan, aunque la celda siga trabajando.

    Desde la 7.4, ipykernel devuelve cada mensaje al hilo que escribió el último, que es el de la celda y está
    ocupado: «Cancelar» esperaría a que terminase. ``comm`` es ``None`` si no hay kernel.
    """
    if comm is not None:
        comm._reply_subshell_for = None
