"""Qué línea del Dockerfile hizo cada capa: la misma que dice la vista de la construcción."""

from __future__ import annotations

from collections.abc import Sequence

from multietapa.cells.hechas import Paso
from multietapa.image.history import keyword
from multietapa.image.image import MeasuredImage
from multietapa.keywords import WITH_LAYER


def layer_lines(image: MeasuredImage, steps: Sequence[Paso]) -> tuple[int | None, ...]:
    """La línea de cada capa, de abajo arriba; ``None`` en las de la base y en las que no se sepa.

    ``steps`` son los pasos con los que se construyó. Las instrucciones que dejan capa van en el mismo orden
    en los dos sitios; si no coinciden todas, no se dice ninguna: mejor ninguna que una equivocada.
    """
    base = image.base_layer_count
    unknown: tuple[int | None, ...] = (None,) * len(image.layers)
    made = [step for step in steps if step.bytes is not None and _keyword(step) in WITH_LAYER]
    own = image.layers[base:]
    if not base or [_keyword(step) for step in made] != [keyword(layer.created_by) for layer in own]:
        return unknown
    return (*unknown[:base], *(step.linea for step in made))


def _keyword(step: Paso) -> str:
    return step.texto.partition(" ")[0].upper()
