"""Preguntas sobre un despliegue medido."""

from __future__ import annotations

from multietapa import text
from multietapa.exercises.outcome import Observation
from multietapa.exercises.trial import Trial
from multietapa.image.image import MeasuredImage, layer_name

_NEXT = (
    "Casi todo el tiempo es de transferir, y lo que viaja se elige en la última etapa: de qué base parte y "
    "qué dependencias lleva."
)


def in_time(trial: Trial, budget: float, image: MeasuredImage) -> Observation:
    """La imagen contesta antes de ``budget`` segundos."""
    where = f"Desplegada a {text.number(trial.mbps)} Mb/s en {trial.node.value}, sin ninguna de sus capas,"
    limit = f"El presupuesto son {text.duration(budget)}."
    if trial.answered:
        each = [f"{phase.value}, {text.duration(lasted)}" for phase, lasted in trial.seconds.items()]
        seen = f"{where} contesta a los {text.duration(trial.total)} ({'; '.join(each)}). {limit}"
    elif trial.left:
        seen = (
            f"{where} a los {text.duration(trial.total)} habían llegado {text.size(trial.travelled)} de "
            f"{text.size(trial.size)}, y se cortó: faltaban otros {text.duration(trial.left)} (cálculo). "
            f"{limit}"
        )
    else:
        seen = f"{where} a los {text.duration(trial.total)} había llegado entera, y no contestaba. {limit}"
    if trial.answered and trial.total <= budget:
        return Observation(True, seen)
    heaviest = max(image.layers, key=lambda layer: layer.unpacked_bytes)
    name, base = layer_name(image, heaviest.index + 1), heaviest.index < image.base_layer_count
    first = (
        f"Viajan {text.size(trial.size)}. La capa que más ocupa es la {name}: "
        f"{text.size(heaviest.unpacked_bytes)} desempaquetada. "
        f"{'Viene con la base de tu última etapa.' if base else 'La hace una instrucción tuya.'}"
    )
    return Observation(False, seen, (first, _NEXT))
