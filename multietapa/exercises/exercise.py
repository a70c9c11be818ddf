"""Un ejercicio, como valor: su número, la aplicación con la que se trabaja y qué se comprueba."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from multietapa.exercises.bench import Bench
from multietapa.exercises.content import Content
from multietapa.exercises.form import DOCKERFILE, Form
from multietapa.exercises.given import NOTHING, Given
from multietapa.exercises.outcome import Observation

Check = Callable[[Bench], tuple[Observation, ...]]


@dataclass(frozen=True)
class Exercise:
    """Un ejercicio que se responde con un Dockerfile, con la imagen que sale de él o con otro archivo.

    ``id`` es su número (``"02.1"``: el primero del cuaderno 02); ``app``, el nombre de la aplicación en cuya
    carpeta se construye; ``check``, lo que se mira de la imagen; ``given``, lo que se da además al
    construirla. ``form`` es lo que se escribe: un Dockerfile, si no dice otra cosa. ``folder`` es la carpeta
    con sus textos y sus respuestas de prueba: la pone el catálogo. Cómo se lee una respuesta está en
    ``answer.py``; un ejercicio que pida otra cosa (un número, una orden) lo dirá con un campo más, y los
    demás no se tocan.
    """

    id: str
    app: str
    check: Check
    given: Given = field(default=NOTHING, kw_only=True)
    form: Form = field(default=DOCKERFILE, kw_only=True)
    folder: Path = field(default=Path(), kw_only=True)

    @cached_property
    def content(self) -> Content:
        """Sus textos. Lanza :class:`MultietapaError` si en la carpeta falta alguno o no tiene su forma."""
        return Content.from_folder(self.folder, self.form.suffix)
