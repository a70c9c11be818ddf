"""Preguntas sobre lo que deja a mano una imagen."""

from __future__ import annotations

from multietapa import text
from multietapa.exercises.outcome import Observation
from multietapa.image.exposure.exposure import exposure
from multietapa.image.exposure.programs import PACKAGES, SHELL
from multietapa.image.image import MeasuredImage, layer_name


def no_shells(measurement: MeasuredImage) -> Observation:
    """El contenedor no ve ningún intérprete de órdenes, se llame como se llame el enlace que lleva a él."""
    return _none_of(
        measurement,
        SHELL,
        "intérprete",
        "intérpretes de órdenes",
        "Quien entre puede ejecutar",
        "Para arrancar la tienda basta con node y las bibliotecas que abre. ¿Y si la última etapa no "
        "partiera de ningún sistema? ¿O si lo último que hiciera su intérprete fuera borrarse?",
    )


def no_package_managers(measurement: MeasuredImage) -> Observation:
    """El contenedor no ve ningún gestor de paquetes, ni del sistema ni de su lenguaje."""
    return _none_of(
        measurement,
        PACKAGES,
        "gestor",
        "gestores de paquetes",
        "Quien entre puede instalar con",
        "Instalar es trabajo de otra etapa: la última recibe lo ya instalado. ¿Qué base no trae con qué?",
    )


def _none_of(
    measurement: MeasuredImage, kind: str, one: str, plural: str, seen: str, step: str
) -> Observation:
    """No hay programas de esa clase; ``one`` es cómo se llama cada uno, y ``seen``, cómo empieza la pista."""
    found = exposure(measurement, user="").of_kind(kind)
    if not found:
        _, _, whole = plural.partition(" ")
        return Observation(True, f"El contenedor no tiene ningún {one} {whole}.")
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
        f"El contenedor tiene {plural}: {names}{rest}.",
        (f"{seen} {first.path}, que {origin}.{leads}", step),
    )
