"""Lo que llega en crudo cuando el motor se apaga a mitad de una llamada, dicho en español."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import docker

from multietapa import sdk
from multietapa.engine import reasons
from multietapa.errors import engine_lost


@contextmanager
def talking(doing: str) -> Iterator[None]:
    """Para lo que habla con el motor: ``@talking("medía las imágenes")``; ``doing`` sigue a «mientras».

    Si se corta la conexión lanza :class:`EngineLostError` en lugar de lo que lance quien la usaba. Lo que
    contesta el motor, aunque sea un no, pasa sin tocar.
    """
    try:
        yield
    except (docker.errors.DockerException, *sdk.BROKEN_CONNECTION) as error:
        if not sdk.is_broken_connection(error):
            raise
        raise engine_lost(doing, why=reasons.sentence(error)) from error
