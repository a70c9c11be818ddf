"""Construcciones de muestra, terminadas, para comparar: para mirar el widget sin motor y para las pruebas."""

from __future__ import annotations

from multietapa.widgets.lanes.lanes import LanesView
from multietapa.widgets.live.sample import REQUEST, built, cold, failing, warm


def views() -> dict[str, LanesView]:
    """El widget en cada momento que merece mirarse, por su nombre."""
    return {
        "en frío y en caliente": LanesView([built(REQUEST, cold()), built(REQUEST, warm())]),
        "la última marca del eje, al borde": LanesView([built(REQUEST, cold(21.2)), built(REQUEST, warm())]),
        "una que falla": LanesView([built(REQUEST, cold()), built(REQUEST, failing())]),
    }
