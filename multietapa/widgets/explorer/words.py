"""Las frases del explorador: titular, capas, lo que se pierde y por qué, y lo que hay que saber."""

from __future__ import annotations

from multietapa import text
from multietapa.image.nodes import Why
from multietapa.image.waste import WasteItem
from multietapa.widgets.compare.words import EQUIVALENT
from multietapa.widgets.explorer.value import Explored, LayerRow
from multietapa.widgets.progress import PhaseWords
from multietapa.widgets.surface.listing import plain

MANY = 200_000
"""Desde cuántos archivos se dice, al abrir, qué se agrupa."""
_MOST_INSTRUCTION = 140  # caracteres
PHASES = PhaseWords(
    "leyendo",
    "explorado",
    "leer",
    "Interrumpido: se enseña lo que dijo el motor; las capas leídas no se vuelven a pedir.",
)


def about(explored: Explored) -> str:
    """Qué se mira: el nombre de la vista para quien no la ve."""
    return f"Explorador de {explored.name}"


def headline(explored: Explored) -> str:
    """Lo que más cuenta, en una frase y con el nombre de la medida."""
    whole = text.size(explored.bytes)
    if explored.losses is None:
        if not explored.layers:
            return f"Lo que hay dentro de {explored.name}"
        counted = text.count(len(explored.layers), "capa", "capas")
        return f"{explored.name}: {whole}, provisional, según el motor, en {counted}"
    lost = explored.losses.total
    opening = f"{explored.name}: Desempaquetado {whole}"
    if not lost:
        return f"{opening}, y todo se ve desde un contenedor"
    return f"{opening}, y {text.size(lost)} de ellos ({share(lost, explored.bytes)}) viajan sin que se vean"


def grouping(explored: Explored) -> str:
    """Qué se agrupa, si son muchos archivos; si no, ``""``."""
    files = sum(layer.files for layer in explored.layers)
    if files < MANY:
        return ""
    return (
        f"Esta imagen tiene {text.count(files, 'archivo', 'archivos')}: se enseñan sueltos los que más "
        "pesan, y los demás van agrupados («y N más») con lo que suman. Al entrar en una carpeta se le "
        "piden al kernel, y buscar los mira todos."
    )


def notes(explored: Explored) -> tuple[str, ...]:
    """Lo que hay que saber para leer bien lo que se ve."""
    tree = explored.tree
    if tree is None:
        if not explored.layers:
            return ()
        return ("Los tamaños de las capas son los que dice el motor: valen hasta que se leen.",)
    found = []
    if tree.image.equivalent:
        found.append(
            f"«{EQUIVALENT}»: la imagen base no se pudo descargar y se hizo aquí una con el mismo papel. "
            "Lo que se ve de la base es de esa, no de la original."
        )
    if not tree.image.base_layer_count and explored.layers:
        found.append("No se sabe qué capas son de la base: el origen de cada archivo sale de su ruta.")
    if any(layer.stage for layer in explored.layers):
        found.append(
            "Una capa que copia de otra etapa («⇢») trae solo lo que copia: lo demás que había en la otra no "
            "llega a la imagen."
        )
    if tree.stages is None:
        found.append(
            "La historia de una imagen no dice de qué etapa copia cada COPY: se sabe al explorar lo que "
            "devuelve construir."
        )
    return tuple(found)


def layer_words(layers: tuple[LayerRow, ...], index: int) -> str:
    """Una capa, por su número (desde 1), y lo que la hizo: ``capa 4 (RUN npm install)``."""
    told = short(layers[index].instruction) if index < len(layers) else ""
    return f"capa {index + 1} ({told})" if told else f"capa {index + 1}"


def short(instruction: str) -> str:
    """Una instrucción, recortada si no cabe."""
    if len(instruction) <= _MOST_INSTRUCTION:
        return instruction
    return f"{instruction[: _MOST_INSTRUCTION - 1]}…"


def loss_words(item: WasteItem, layers: tuple[LayerRow, ...]) -> str:
    """Por qué se pierde algo y por culpa de quién, en una frase."""
    counted = f"{text.count(item.count, 'archivo', 'archivos')} de la " if item.count > 1 else "de la "
    why = cause(item.why)
    return f"{counted}{layer_words(layers, item.layer)}: {why} en la {layer_words(layers, item.hidden_by)}"


def cause(why: Why) -> str:
    """Por qué no se ve, para seguir con «en la capa 5»."""
    return {
        Why.SHADOWED: "lo tapa otra copia",
        Why.METADATA: "se copió entero solo para cambiarle permisos o dueño",
        Why.DELETED: "se borró",
        Why.FOLDER_DELETED: "se borró su carpeta",
        Why.FOLDER_EMPTIED: "se vació su carpeta",
        Why.REPLACED: "otra cosa ocupó el sitio de su carpeta",
    }[why]


def loss_path(item: WasteItem) -> str:
    """Lo que se pierde: un archivo, o la carpeta que lo reúne."""
    return f"/{plain(item.path)}{'/' if item.folder and item.path else ''}"


def share(part: int, whole: int) -> str:
    """Un tanto por ciento: ``7,9 %``."""
    value = 100 * part / whole if whole else 0.0
    if 0 < value < 0.05:
        return "menos del 0,1 %"
    return f"{text.number(value, 1 if value < 9.95 else 0)} %"
