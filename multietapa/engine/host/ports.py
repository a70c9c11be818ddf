"""Qué puertos de esta máquina puede publicar cada motor del kit."""

FIRST_PORT = 20000
PORTS_PER_ENGINE = 400


def port_range(slot: int) -> tuple[int, int]:
    """El primero y el último de un hueco: un tramo para cada uno, sin solaparse."""
    first = FIRST_PORT + slot * PORTS_PER_ENGINE
    return first, first + PORTS_PER_ENGINE - 1
