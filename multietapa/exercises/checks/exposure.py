"""Preguntas sobre lo que deja a mano una imagen."""

from __future__ import annotations

from multietapa import text
from multietapa.exercises.outcome import Observation
from multietapa.image.exposure.exposure import exposure
from multietapa.image.exposure.programs import SHELL
from multietapa.image.image import MeasuredImage, layer_name


def no_shells(measurement: MeasuredImage) -> Observation:
    """El contenedor no ve ningún intérprete de órdenes, se llame como se llame el enlace que lleva a él."""
    found = exposure(measurement, user="").of_kind(SHELL)
    if not found:
        return Observation(True, "El contenedor no tiene ningún intérprete de órdenes.")
    first = found[0]
    names = text.join([program.path for program in found][:4])
    rest = f", y {text.number(len(found) - 4)} más" if len(found) > 4 else ""
    layer = first.item.layer + 1
    base = layer <= measurement.base_layer_count
    origin = (
        "viene con la base de la última etapa" if base else f"está en la {layer_name(measurement, layer)}"
    )
    file = first.item.path
    leads = f" {first.path} lleva a {file}." if first.path != file else ""
    return Observation(
        False,
        f"El contenedor tiene intérpretes de órdenes: {names}{rest}.",
        (
            f"Quien entre puede ejecutar {first.path}, que {origin}.{leads}",
            "Para arrancar la tienda basta con node y las bibliotecas que abre. ¿Y si la última etapa no "
            "partiera de ningún sistema? ¿O si lo último que hiciera su intérprete fuera borrarse?",
        ),
    )
