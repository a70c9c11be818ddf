"""El control con el que se predice un tamaño. El valor lo cambia quien aprende, desde el navegador."""

from __future__ import annotations

import traitlets
from IPython.display import display

from multietapa.widgets.adapters.ipython import current_cell
from multietapa.widgets.base import WidgetView, drawing
from multietapa.widgets.predict.words import question, sentence, static_html


class PredictView(WidgetView):
    """El control. ``value`` son MB (de un millón de bytes) y a cero es que nadie lo ha movido.

    ``maximum`` es lo más que se puede predecir y ``step``, lo que avanza cada flecha. ``said`` es
    lo predicho, en una frase: la escribe también el navegador, y es lo que se exporta.
    """

    _esm, _css = drawing(__file__)

    value = traitlets.Float(0.0).tag(sync=True)
    maximum = traitlets.Float(1000.0).tag(sync=True)
    step = traitlets.Float(5.0).tag(sync=True)
    label = traitlets.Unicode("").tag(sync=True)
    said = traitlets.Unicode("").tag(sync=True)

    def __init__(self, subject: str = "", *, maximum: float, step: float) -> None:
        self._subject = subject
        super().__init__(maximum=maximum, step=step, label=question(subject), said=sentence(subject, 0))

    @traitlets.observe("value")
    def _say(self, _: object) -> None:
        self.said = sentence(self._subject, self.value)

    def twins(self) -> tuple[str, str]:
        """Lo que se ha predicho, en texto y en HTML."""
        return sentence(self._subject, self.value), static_html(self._subject, self.value)

    def display(self) -> None:
        """La pone en la salida de la celda; también cuando la celda acaba en ella, para saber cuál es."""
        data, metadata = self._repr_mimebundle_()
        self.cell = current_cell()
        self.handle = display(data, metadata=metadata, raw=True, display_id=True)

    def save_twins(self) -> None:
        """Deja guardado en la salida lo que se ha predicho, que en ella sigue sin mover."""
        data, metadata = self._repr_mimebundle_()
        if self.handle is not None:
            self.handle.update(data, metadata=metadata, raw=True)

    def _ipython_display_(self) -> None:
        self.display()

    def __repr__(self) -> str:
        return sentence(self._subject, self.value)
