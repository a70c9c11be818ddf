"""Lo que devuelve ``comparar`` en filas y diccionarios, para una tabla de datos. Los tamaños, en bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from multietapa.image.history import instruction
from multietapa.image.image import MeasuredImage
from multietapa.measure.comparison import (
    BASE_LAYERS,
    OWN_LAYERS,
    UNKNOWN_LAYERS,
    Comparison,
    Measure,
    Row,
    Split,
)


def parts(row: Row, measure: Measure, split: Split | None = None) -> dict[str, int]:
    """Las partes de un reparto de una imagen, por su nombre."""
    return {part.name: part.bytes for part in row.figure(measure, split).parts}


def table_row(row: Row) -> dict[str, str | int | bool]:
    """Una fila de ``tabla``."""
    return {
        "imagen": row.name,
        "etiqueta": row.tag,
        "desempaquetado": row.figure(Measure.UNPACKED).bytes,
        **parts(row, Measure.UNPACKED),
        "transferencia": row.figure(Measure.TRANSFER).bytes,
        **dict.fromkeys((BASE_LAYERS, OWN_LAYERS, UNKNOWN_LAYERS), 0),
        **parts(row, Measure.TRANSFER),
        "desperdicio": row.waste.bytes,
        "base": row.base,
        "base equivalente local": row.equivalent,
        "arquitectura": row.architecture,
    }


def effect_rows(comparison: Comparison) -> list[dict[str, str | int | float]]:
    """Una fila por cada cambio de un cuadro, en cada medida."""
    return [
        {
            "medida": kind.value,
            "de": effect.before,
            "a": effect.after,
            "con": effect.fixed,
            "antes": effect.before_bytes,
            "después": effect.after_bytes,
            "ahorro": effect.saved,
            "veces": effect.times,
        }
        for kind in Measure
        if (effects := comparison.effects(kind))
        for effect in effects.all
    ]


def layer_rows(images: Mapping[str, MeasuredImage]) -> dict[str, list[dict[str, Any]]]:
    """Las capas de cada imagen, de abajo arriba, y qué otras imágenes de las comparadas llevan cada una."""
    carried: dict[str, dict[str, None]] = {}
    for name, image in images.items():
        for layer in image.layers:
            carried.setdefault(layer.diff_id, {})[name] = None
    return {
        name: [
            {
                "capa": layer.index + 1,
                "instrucción": instruction(layer.created_by),
                "desempaquetado": layer.unpacked_bytes,
                "transferencia": layer.transfer_bytes,
                "de la base": layer.index < image.base_layer_count,
                "también en": [other for other in carried[layer.diff_id] if other != name],
            }
            for layer in image.layers
        ]
        for name, image in images.items()
    }


def waste_row(row: Row) -> dict[str, Any]:
    """El desperdicio de una imagen y de quién es."""
    return {
        "bytes": row.waste.bytes,
        "tapado": row.waste.shadowed,
        "borrado": row.waste.deleted,
        "capas": [
            {"de": blame.layer, "por": blame.by, "tapado": blame.shadowed, "borrado": blame.deleted}
            for blame in row.waste.blames
        ],
    }


def change_rows(comparison: Comparison) -> list[dict[str, Any]]:
    """Una fila por cada grupo que desaparece, es nuevo o se queda, de la primera imagen a cada una."""
    found: list[dict[str, Any]] = []
    for change in comparison.changes:
        for what, groups in (("desaparece", change.gone), ("es nuevo", change.new)):
            found += [
                {
                    "de": change.before,
                    "a": change.after,
                    "qué pasa": what,
                    "origen": group.name,
                    "razón": group.reason,
                    "bytes": group.bytes,
                    "archivos": group.files,
                    "sobre todo": [piece.name for piece in group.pieces],
                }
                for group in groups
            ]
        stays = {"de": change.before, "a": change.after, "qué pasa": "se queda", "bytes": change.stayed}
        found.append({**stays, "origen": "", "razón": "", "archivos": change.stayed_files, "sobre todo": []})
    return found
