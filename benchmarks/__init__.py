"""Medidas de velocidad, siempre frente a una referencia en la misma ejecución."""
