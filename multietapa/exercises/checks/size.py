"""Preguntas sobre cuánto ocupa una imagen medida."""

from __future__ import annotations

from collections.abc import Sequence

from multietapa import text
from multietapa.exercises.outcome import Observation
from multietapa.image.image import MeasuredImage, files, layer_name, visible


def times_smaller(measurement: MeasuredImage, baseline: MeasuredImage, times: float) -> Observation:
    """Ocupa (desempaquetada) al menos ``times`` veces menos que ``baseline``."""
    mine, reference = measurement.unpacked_bytes, baseline.unpacked_bytes
    change = text.less(reference, mine) if mine <= reference else text.more(mine, reference)
    seen = f"Desempaquetada ocupa {text.size(mine)}; tu imagen ingenua, {text.size(reference)}: {change}."
    if mine * times <= reference:
        return Observation(True, seen)
    heaviest = max(enumerate(measurement.layers, 1), key=lambda pair: pair[1].unpacked_bytes)
    size = text.size(heaviest[1].unpacked_bytes)
    base = heaviest[0] <= measurement.base_layer_count
    whose = "Viene con la base de tu última etapa." if base else "La hace una instrucción tuya."
    if not measurement.base_layer_count:
        whose = "¿Es de la base o la creas tú?"
    return Observation(
        False,
        f"{seen} El objetivo son {text.number(times)} veces.",
        (
            f"Tu capa más pesada es la {layer_name(measurement, heaviest[0])}: {size}. {whose}",
            f"Te sobran {text.size(round(mine - reference / times))}. Compara la base de tu última etapa "
            "con la de la imagen ingenua: el sistema entero también cuenta.",
        ),
    )


def at_most(measurement: MeasuredImage, budget: int, baseline: MeasuredImage) -> Observation:
    """Ocupa (desempaquetada) ``budget`` bytes como mucho."""
    mine = measurement.unpacked_bytes
    seen = f"Desempaquetada ocupa {text.size(mine)}; tu imagen ingenua, {text.size(baseline.unpacked_bytes)}."
    if mine <= budget:
        return Observation(True, seen)
    difference = mine - baseline.unpacked_bytes
    change = f"{text.size(abs(difference))} {'más' if difference > 0 else 'menos'} que la ingenua"
    return Observation(
        False,
        f"{seen} El objetivo es {text.size(budget)} como mucho.",
        (
            f"Tu imagen ocupa {change}. Borrar en una capa aparte no cambia las capas de antes.",
            "Mira qué capa pesa más y qué queda dentro de ella cuando termina su instrucción.",
        ),
    )


def light_above_base(measurement: MeasuredImage, base_layers: Sequence[str], budget: int) -> Observation:
    """Está hecha sobre las capas ``base_layers`` (diff_id) y encima pesa menos de ``budget`` bytes."""
    own_ids = [layer.diff_id for layer in measurement.layers]
    if own_ids[: len(base_layers)] != list(base_layers):
        return Observation(
            False,
            "La imagen final no está hecha sobre la base que pide el ejercicio.",
            (
                "Las primeras capas de tu imagen no son las de la base del enunciado.",
                "Puedes usar las etapas que quieras, pero la última debe partir de la base del enunciado.",
            ),
        )
    weight = sum(layer.unpacked_bytes for layer in measurement.layers[len(base_layers) :])
    if weight < budget:
        return Observation(True, f"Encima de la base pesa {text.size(weight)}.")
    above = [p for p in files(measurement) if p.number > len(base_layers)]
    biggest = max(above, key=lambda p: p.size)
    seen = any(p.path == biggest.path for p in visible(measurement))
    fate = "y el contenedor todavía lo ve" if seen else "aunque una capa posterior lo borra"
    return Observation(
        False,
        f"Encima de la base pesa {text.size(weight)}: la {layer_name(measurement, biggest.number)} lleva "
        f"{biggest.path} ({text.size(biggest.size)}), {fate}.",
        (
            f"{biggest.path} ({text.size(biggest.size)}) sigue en la "
            f"{layer_name(measurement, biggest.number)}, {fate}.",
            f"La {layer_name(measurement, biggest.number)} se guarda cuando termina su instrucción: lo que "
            "exista en ese momento viaja. ¿Y si entonces ya no existiera, o no hubiera existido nunca?",
        ),
    )
