"""Lo que comparten el taller y las pruebas: un motor en marcha y las imágenes base dentro."""

from __future__ import annotations

import os
import uuid

from multietapa.bases.sources import WORKSHOP_BASES, ensure_base
from multietapa.console import Steps, phase, say
from multietapa.engine.discovery import discover
from multietapa.engine.session import Engine, connect, environment
from multietapa.errors import BaseImageError
from multietapa.identity import SESSION_VARIABLE


def prepare() -> tuple[Engine, dict[str, str]]:
    """Pone el motor y las bases; devuelve el motor y el entorno que deben heredar los hijos.

    Sin motor posible no falla: lo dice y devuelve un motor no disponible. El motor que se
    arranca aquí se apaga solo al terminar este proceso.
    """
    session = {SESSION_VARIABLE: uuid.uuid4().hex[:12]}
    with phase("Buscando un motor de Docker"):
        steps = Steps()
        engine = connect(discover(), log=steps)
        steps.close()
        say(f"  {engine.info.label}" if engine.info else "  no hay motor posible; se verán grabaciones")
        for rejected in engine.choice.rejected:
            say(f"  ({rejected.kind} no: {rejected.reason})")
    if not engine.available:
        return engine, {**os.environ, **session}
    with phase("Preparando las imágenes base"):
        for reference in WORKSHOP_BASES:
            steps = Steps("    ")
            try:
                said: object = ensure_base(engine.client, reference, progress=steps)
            except BaseImageError as problem:
                said = problem
            steps.close()
            say(f"  {said}")
    return engine, {**os.environ, **environment(engine.choice.kind, engine.choice.host), **session}
