"""Lo que comparten las vistas: cuál se abre, su dibujo, su sitio en la celda y sus gemelos.

Una vista es una carpeta con cuatro archivos: ``<nombre>.py`` (rasgos, ``show`` y ``finish``), ``words.py``
(lo que viaja al widget y lo que dicen sus gemelos; funciones puras), ``<nombre>.js`` y ``<nombre>.css``. Sus
muestras van en ``sample.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import anywidget
import ipywidgets
import traitlets
from IPython.display import display

from multietapa.widgets.adapters.anywidget import Bundle, with_twins
from multietapa.widgets.adapters.ipykernel import in_notebook
from multietapa.widgets.adapters.ipython import current_cell
from multietapa.widgets.drawing import LOADER, Drawing, drawing, shared_drawing
from multietapa.widgets.where import current_place

__all__ = ["SilentView", "WidgetView", "drawing", "open_view"]


class WidgetView(anywidget.AnyWidget):
    """Un widget con su sitio en una celda y sus dos gemelos.

    La clase hija pone ``_esm, _css = drawing(__file__)``, sus rasgos y ``twins``. ``cell`` dice en qué
    celda está (``current_cell``), o 0; ``handle`` pone al día su salida, o es ``None`` si no se ha mostrado.
    Lo que se guarda con el cuaderno son sus rasgos; el servidor ordena sus claves, así que nada puede
    depender del orden de un diccionario.
    """

    source: tuple[str, str]
    """El JavaScript y el CSS de la clase, los que dio ``drawing``."""
    shared = traitlets.Instance(Drawing).tag(sync=True, **ipywidgets.widget_serialization)

    def __init_subclass__(cls, **options: Any) -> None:
        if "_css" in vars(cls):  # cada vista lleva el cargador; el dibujo lo comparten
            cls.source = (cls._esm, cls._css)
            cls._esm = LOADER
            del cls._css
        super().__init_subclass__(**options)

    def __init__(self, **traits: Any) -> None:
        self.handle: Any = None
        self.cell = 0
        super().__init__(shared=shared_drawing(*self.source), **traits)

    def twins(self) -> tuple[str, str]:
        """Lo mismo que se ve, en texto y en HTML: para exportaciones, lectores de pantalla y pruebas."""
        raise NotImplementedError

    def display(self) -> None:
        """La pone en la salida de la celda o, si hay un sitio preparado (``where.py``), en él."""
        if (place := current_place()) is not None:
            place.add(self)
            return
        self.cell = current_cell()
        self.handle = display(self, display_id=True)

    def put(self, values: Mapping[str, Any]) -> None:
        """Manda a la pantalla los rasgos que cambian, en un solo mensaje."""
        with self.hold_sync():
            for name, value in values.items():
                setattr(self, name, value)

    def save_twins(self) -> None:
        """Deja los gemelos de ahora guardados en la salida de la celda, para exportaciones."""
        if self.handle is not None:
            self.handle.update(self)

    def _repr_mimebundle_(self, **kwargs: Any) -> Bundle:
        text, html = self.twins()
        return with_twins(super()._repr_mimebundle_(**kwargs), text=text, html=html)


class SilentView:
    """No enseña nada (``vista=False``): vale por cualquier vista."""

    def show(self, *_: object) -> None:
        """Nada."""

    def advance(self, *_: object) -> None:
        """Nada."""

    def finish(self, *_: object) -> None:
        """Nada."""

    def note(self, *_: object) -> None:
        """Nada."""


W = TypeVar("W", bound=WidgetView)
T = TypeVar("T")


def open_view(vista: bool | str, widget: Callable[[], W], text: Callable[[], T]) -> W | T | SilentView:
    """La vista que corresponde: el widget en un cuaderno, texto en una terminal, o ninguna.

    Con ``vista="texto"``, siempre texto; con cualquier otro nombre, como con ``True``.
    """
    if vista is False:
        return SilentView()
    if vista != "texto" and in_notebook():
        opened = widget()
        opened.display()
        return opened
    return text()
