"""Lo que comparten el taller y las pruebas: un motor en marcha y las imágenes base dentro."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterable

from multietapa.apps import app
from multietapa.bases.sources import ensure_base, saved_bases
from multietapa.console import Steps, phase, say
from multietapa.engine.discovery import discover
from multietapa.engine.session import Engine, connect, environment
from multietapa.errors import BaseImageError
from multietapa.identity import SESSION_VARIABLE

#: La aplicación de los primeros cuadernos: sus imágenes base son las que se esperan antes de abrirlos.
FIRST_APP = "tienda-node"


def first_bases() -> tuple[str, ...]:
    """Las imágenes base que se preparan antes de abrir el taller; las demás llegan cuando se piden.

    Son las de los primeros cuadernos y, con ``--imagenes CARPETA``, también las que estén en la carpeta: en
    un aula es un disco que luego pasa a otro equipo.
    """
    return tuple(dict.fromkeys((*app(FIRST_APP).bases, *saved_bases())))


def prepare(bases: Iterable[str] | None = None) -> tuple[Engine, dict[str, str]]:
    """Pone el motor y las bases; devuelve el motor y el entorno que deben heredar los hijos.

    ``bases`` son las que tienen que estar; si no se dicen, las de :func:`first_bases`. Sin motor posible no
    falla: lo dice y devuelve un motor no disponible. El motor que se arranca aquí se apaga solo al terminar
    este proceso.
    """
    os.environ[SESSION_VARIABLE] = uuid.uuid4().hex[:12]  # también este proceso es de la sesión
    with phase("Buscando un motor de Docker"):
        steps = Steps()
        engine = connect(discover(), log=steps)
        steps.close()
        say(f"  {engine.info.label}" if engine.info else "  no hay motor posible; se verán grabaciones")
        for rejected in engine.choice.rejected:
            say(f"  ({rejected.name} no: {rejected.reason})")
    if not engine.available:
        return engine, dict(os.environ)
    with phase("Preparando las imágenes base"):
        for reference in first_bases() if bases is None else bases:
            steps = Steps("    ")
            try:
                said: object = ensure_base(engine.client, reference, progress=steps)
            except BaseImageError as problem:
                said = problem
            steps.close()
            say(f"  {said}")
    return engine, {**os.environ, **environment(engine.choice)}
