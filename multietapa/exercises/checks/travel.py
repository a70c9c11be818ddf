"""Preguntas sobre lo que viaja de una imagen a un nodo que ya tiene la versión anterior."""

from __future__ import annotations

import json
from typing import Any

from multietapa import text
from multietapa.exercises.outcome import Observation
from multietapa.image.image import Found, MeasuredImage, layer_name
from multietapa.image.layer import Layer


def travels_again(before: MeasuredImage, after: MeasuredImage, budget: int, changed: str) -> Observation:
    """De ``after`` viajan ``budget`` bytes como mucho a quien ya tiene ``before``.

    Son dos construcciones de la misma respuesta; entre una y otra cambió una línea de ``changed``. ``after``
    lleva medida su Transferencia.
    """
    known = {layer.diff_id for layer in before.layers}
    moved = list({layer.diff_id: layer for layer in after.layers if layer.diff_id not in known}.values())
    weight = sum(layer.transfer_bytes for layer in moved)
    when = f"Con una línea de {changed} cambiada"
    if not moved:
        return Observation(
            False,
            f"{when} no cambia ninguna capa: la imagen no lleva ese código.",
            (
                f"Se construyó dos veces, con una línea de {changed} distinta, y salió la misma imagen.",
                "Lo que atiende tiene que salir de compilar esta carpeta: mira de dónde llega a la última "
                "etapa.",
            ),
        )
    which = text.count(len(moved), "capa", "capas")
    seen = f"{when} vuelven a viajar {text.size(weight)} (Transferencia), en {which}"
    if weight <= budget:
        return Observation(True, f"{seen}. El objetivo era {text.size(budget)} como mucho.")
    heaviest = max(moved, key=lambda layer: layer.transfer_bytes)
    name = layer_name(after, heaviest.index + 1)
    return Observation(
        False,
        f"{seen}, y el objetivo son {text.size(budget)} como mucho. La que más pesa es la {name}: "
        f"{text.size(heaviest.transfer_bytes)}.",
        (_blame(after, moved[0], heaviest), _remedy(moved[0], heaviest)),
    )


def change_arrives(body: str, path: str, mark: str, changed: str) -> Observation:
    """Lo que contesta la segunda imagen en ``path`` lleva el cambio: el texto ``mark``."""
    if any(mark in str(product.get("descripcion")) for product in _products(body)):
        return Observation(True, "La segunda versión arranca, contesta y enseña el cambio.")
    return Observation(
        False,
        f"La segunda versión contesta, pero en {path} no se ve el cambio de {changed}.",
        (
            f"Se cambió una descripción en {changed}, y {path} sigue sin ella: la tienda que atiende no "
            "salió de ese código.",
            "A la última etapa tiene que llegar lo que la compilación acaba de hacer.",
        ),
    )


def _blame(image: MeasuredImage, first: Layer, heaviest: Layer) -> str:
    name, size = layer_name(image, heaviest.index + 1), text.size(heaviest.transfer_bytes)
    if heaviest is first:
        big = max((Found(heaviest, entry) for entry in heaviest.files), key=lambda found: found.size)
        count = text.count(len(heaviest.files), "archivo o carpeta", "archivos y carpetas")
        return (
            f"La {name} lleva juntos {count}, por ejemplo {big.path}. Una capa viaja entera: basta con que "
            f"cambie uno para que vuelvan a ir los {size}."
        )
    return (
        f"La primera capa que cambia es la {layer_name(image, first.index + 1)}. Lo que va detrás se rehace "
        f"aunque diga lo mismo: por eso la {name} vuelve a viajar, y son {size}."
    )


def _remedy(first: Layer, heaviest: Layer) -> str:
    if heaviest is first:
        return (
            "¿Qué cambia con cada línea de código, y qué no cambia casi nunca? Lo segundo puede llegar "
            "antes, en una instrucción suya."
        )
    return (
        f"¿Necesita la capa {heaviest.index + 1} algo de la {first.index + 1}? Lo que casi nunca cambia va "
        "delante; lo que cambia siempre, lo último, y lo que se haga con todos los archivos, antes de que "
        "llegue."
    )


def _products(body: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(body)["productos"]
    except (ValueError, TypeError, KeyError):
        return []
    return [product for product in found if isinstance(product, dict)] if isinstance(found, list) else []
