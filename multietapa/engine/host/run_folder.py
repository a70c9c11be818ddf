"""Los archivos que un motor del taller deja en su carpeta de ejecución."""

from __future__ import annotations

from pathlib import Path

SOCKET = "docker.sock"
"""Por donde contesta su API."""
PORTS = "puertos.json"
"""Los puertos publicados: por cada ``NNNN/tcp``, ``""`` si está abierto en esta máquina o por qué no."""
STATE = "estado.json"
"""Lo que su supervisor cuenta de él (``engine.state``)."""


def host_of(run: Path) -> str:
    """La URL de Docker del motor que corre en esa carpeta."""
    return f"unix://{run}/{SOCKET}"


def folder_of(host: str) -> Path:
    """La carpeta de ejecución del motor del taller que contesta en ``host``."""
    return Path(host.removeprefix("unix://")).parent
