"""Aviso en un servidor compartido: cuánto procesador lleva gastado esta sesión.

Los servicios públicos (Binder entre ellos) vigilan las sesiones que calculan sin parar. El kit avisa al
acercarse a una hora de procesador, para que nadie se encuentre la sesión cerrada sin haber guardado.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from multietapa import text
from multietapa.widgets.adapters.ipython import after_each_cell

#: Variables que solo pone un servidor compartido.
SHARED_VARIABLES = ("JUPYTERHUB_SERVICE_PREFIX", "BINDER_SERVICE_HOST")
LIMIT_SECONDS = 3600.0
FIRST_NOTICE_SECONDS = 3000.0
AGAIN_SECONDS = 600.0
_told_at = 0.0


def shared_host(env: Mapping[str, str] | None = None) -> bool:
    """Esto es un servidor compartido (Binder o un JupyterHub)."""
    values = os.environ if env is None else env
    return any(values.get(name) for name in SHARED_VARIABLES)


def install() -> None:
    """En un servidor compartido, mira el gasto al final de cada celda; repetirlo no cambia nada."""
    if shared_host():
        after_each_cell(_after_cell)


def _after_cell(_result: object) -> None:
    if warning := notice():
        print(f"⚠ {warning}")


def notice(env: Mapping[str, str] | None = None, *, spent: float | None = None) -> str:
    """El aviso, o ``""`` si no toca: de 50 minutos de procesador en adelante, y cada 10 más.

    ``spent`` son los segundos de procesador del contenedor; si no se da, se leen de sus grupos de control.
    """
    global _told_at
    if not shared_host(env):
        return ""
    if spent is None:
        try:
            from multietapa.engine.host import limits as host_limits
        except ImportError:  # solo Linux
            return ""
        spent = host_limits.read().cpu_seconds
    if spent is None or spent < FIRST_NOTICE_SECONDS or spent - _told_at < AGAIN_SECONDS:
        return ""
    _told_at = spent
    return (
        f"Esta sesión lleva {text.duration(spent)} de procesador. Este servidor es compartido y, hacia los "
        f"{text.duration(LIMIT_SECONDS)}, puede cerrarla: descarga ya los cuadernos que quieras guardar."
    )
