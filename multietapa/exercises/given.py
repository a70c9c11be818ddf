"""Lo que se le da a la construcción de una respuesta, además de la carpeta de su aplicación."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from multietapa.apps import App

_REMADE = shutil.ignore_patterns("node_modules", "dist", "dist-*", "__pycache__")


@dataclass(frozen=True)
class Given:
    """Secretos, argumentos y archivos con los que se construyen las respuestas de un ejercicio.

    ``secrets`` y ``arguments`` van por su nombre, como los recibe ``construir``; ``files``, por su ruta, con
    lo que llevan: se añaden a una copia de la carpeta de la aplicación, o toman el sitio de los que tenía.
    Sus valores pueden ser secretos: no van en el ``repr``.
    """

    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, str] = field(default_factory=dict, repr=False)

    @contextmanager
    def folder(self, app: App) -> Iterator[Path]:
        """La carpeta en la que se construye: la de ``app``, o una copia con ``files``, que luego se borra."""
        if not self.files:
            yield app.folder
            return
        with tempfile.TemporaryDirectory(prefix="multietapa-") as work:
            copy = Path(work) / app.name
            shutil.copytree(app.folder, copy, ignore=_REMADE)
            for name, content in self.files.items():
                (copy / name).parent.mkdir(parents=True, exist_ok=True)
                (copy / name).write_text(content, encoding="utf-8")
            yield copy


NOTHING = Given()
