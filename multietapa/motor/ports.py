"""Qué puertos de esta máquina puede publicar cada motor del kit: un tramo por hueco, sin solaparse."""

FIRST_PORT = 20000
PORTS_PER_ENGINE = 400
