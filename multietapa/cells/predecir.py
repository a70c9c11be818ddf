"""``predecir``: un control para decir, antes de medir, cuánto se cree que ocupará una imagen."""

from __future__ import annotations

from multietapa.cells.calls import offered
from multietapa.errors import MultietapaError
from multietapa.widgets.predict.predict import PredictView


@offered('predecir("tienda:multietapa", hasta=800)')
def predecir(imagen: str = "", *, hasta: int = 1000, paso: int = 5) -> PredictView:
    """El control de una predicción, que se pasa a ``comparar(..., prediccion=...)``.

    Args:
        imagen: de qué imagen es, para decirlo a su lado.
        hasta: lo más que se puede predecir, en MB de Desempaquetado (de un millón de bytes).
        paso: los MB que avanza cada flecha. En la casilla de al lado se puede escribir cualquier número.

    Raises:
        MultietapaError: ``hasta`` o ``paso`` no son mayores que cero.
    """
    if not 0 < paso <= hasta:
        raise MultietapaError(
            f"Con paso={paso} y hasta={hasta} no se puede mover el control.",
            next_step="Los dos son MB: paso es mayor que cero, y hasta no es menor que paso.",
        )
    return PredictView(imagen, maximum=hasta, step=paso)
