"""Las marcas con las que el kit reconoce lo suyo. Solo borra lo que lleva estas etiquetas."""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping

LABEL = "org.multietapa"
SESSION_LABEL = "org.multietapa.sesion"
REGISTRY_LABEL = "org.multietapa.registro"
BASE_LABEL = "org.multietapa.base"
BASE_LAYERS_LABEL = f"{BASE_LABEL}.capas"
EQUIVALENT_LABEL = "multietapa.equivalente"
RECIPE_LABEL = "multietapa.receta"
NOTE_LABEL = "multietapa.nota"
SESSION_VARIABLE = "MULTIETAPA_SESION"

_process_session = uuid.uuid4().hex[:12]


def session_id(env: Mapping[str, str] | None = None) -> str:
    """El identificador de la sesión: el del servidor si lo exporta, o uno propio del proceso."""
    return (os.environ if env is None else env).get(SESSION_VARIABLE) or _process_session


def labels(env: Mapping[str, str] | None = None) -> dict[str, str]:
    """Las etiquetas que lleva todo lo que el kit crea."""
    return {LABEL: "1", SESSION_LABEL: session_id(env)}


def counted_layers(values: Mapping[str, str], most: int) -> int:
    """Las capas de la base que dice la etiqueta de un equivalente; 0 si no las dice o no puede ser."""
    text = values.get(BASE_LAYERS_LABEL, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 and int(text) <= most else 0
