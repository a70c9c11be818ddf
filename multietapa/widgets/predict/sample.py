"""Predicciones de muestra: para mirar el control sin motor y para las pruebas que lo dibujan."""

from __future__ import annotations

from multietapa.widgets.predict.predict import PredictView


def views() -> dict[str, PredictView]:
    """El control sin mover y con una predicción hecha."""
    made = PredictView("tienda:ingenua", maximum=1500, step=10)
    made.value = 300.0
    return {"sin mover": PredictView(maximum=1000, step=5), "hecha": made}
