"""Lo que el menú «Guardar y exportar como» de JupyterLab hace antes de convertir un cuaderno del taller."""

from __future__ import annotations

from typing import Any

from nbconvert.preprocessors import Preprocessor

from multietapa.widgets.saved import freeze


class WithoutWidgets(Preprocessor):
    """Cambia los widgets por sus gemelos: así la página no pide a la red el programa que los dibujaría."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Lo que pide nbconvert: el cuaderno cambiado y los recursos."""
        freeze(nb)
        return nb, resources
