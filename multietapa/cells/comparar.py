"""``comparar``: mide imágenes y las pone una al lado de otra, mientras se ve cómo avanza."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from typing import Any

import docker

from multietapa import text
from multietapa.cells.asked import asked_images, named, reference, refuse_recordings, tag_of
from multietapa.cells.calls import offered
from multietapa.cells.comparing import Comparing
from multietapa.cells.comparison_tables import (
    change_rows,
    effect_rows,
    layer_rows,
    parts,
    table_row,
    waste_row,
)
from multietapa.cells.construccion import Construccion
from multietapa.cells.motor import motor
from multietapa.engine.model import EngineInfo
from multietapa.engine.session import info_of
from multietapa.engine.talking import talking
from multietapa.errors import MultietapaError
from multietapa.measure.comparison import Comparison, Grid, Measure, Row, Split, grid_of
from multietapa.measure.measure import Measurement, quick_sizes
from multietapa.widgets.base import WidgetView, open_view
from multietapa.widgets.compare.compare import CompareView
from multietapa.widgets.compare.twin import lines
from multietapa.widgets.compare.words import headline
from multietapa.widgets.reading import TextView, View
from multietapa.widgets.where import ShownInCell, check_view


@dataclass(frozen=True)
class Comparacion(ShownInCell):
    """Las imágenes comparadas; todos los tamaños son bytes.

    ``medidas`` tiene la medida completa de cada nombre, ``desempaquetado`` y ``transferencia`` sus totales.
    ``por_origen`` y ``por_clase`` reparten su Desempaquetado, y ``por_capa`` es una fila por capa, con sus
    dos medidas, su instrucción y qué otras imágenes la llevan. ``desperdicio`` es lo que va en cada imagen y
    ningún contenedor ve: tapado por otra copia o borrado después, y en qué capas. ``desaparecido`` es una
    fila por cada grupo de archivos que, de la primera imagen a cada una de las demás, desaparece, es nuevo o
    se queda, con su razón. ``veces`` es cuántas veces cabe la menor en la mayor, en
    Desempaquetado (1.0 si solo hay una). ``tabla`` es una fila por imagen, lista para una tabla de datos;
    ``efectos``, una por cada cambio de un ``cuadro`` y medida. ``tabla_texto`` es todo, para ``print``.
    """

    medidas: dict[str, Measurement]
    desempaquetado: dict[str, int]
    transferencia: dict[str, int]
    veces: float
    por_origen: dict[str, dict[str, int]]
    por_capa: dict[str, list[dict[str, Any]]]
    por_clase: dict[str, dict[str, int]]
    desperdicio: dict[str, dict[str, Any]]
    desaparecido: list[dict[str, Any]]
    tabla: list[dict[str, str | int | bool]]
    efectos: list[dict[str, str | int | float]]
    motor: EngineInfo
    tabla_texto: str = field(repr=False)
    vista: View[Comparison] | None = field(default=None, repr=False, compare=False)
    _frase: str = field(default="", repr=False)

    def __repr__(self) -> str:
        return f"{self._frase} · {self.motor.label}"


@offered(
    'comparar("tienda:ingenua", "tienda:multietapa")',
    interrupted="la comparación se quedó a medias; lo que ya estaba medido no se vuelve a medir.",
)
@talking("medía las imágenes")
def comparar(
    *imagenes: str | Construccion,
    nombres: Sequence[str] | None = None,
    prediccion: Any = None,
    cuadro: Mapping[tuple[str, str], str | Construccion] | None = None,
    cliente: docker.DockerClient | None = None,
    vista: bool | str = True,
) -> Comparacion:
    """Mide las imágenes y enseña de dónde salen sus bytes.

    La primera vez tarda: el motor tiene que entregar la imagen entera. Lo ya medido se guarda.

    Args:
        imagenes: etiquetas (``"tienda:multietapa"``) o lo que devuelve ``construir``.
        nombres: cómo llamar a cada una; si falta, por su etiqueta.
        prediccion: los MB (de un millón de bytes) de Desempaquetado que esperas de la primera imagen: un
            número, o un control (el de ``predecir``). A cero no se enseña nada.
        cuadro: en lugar de ``imagenes``, cuatro que combinan dos decisiones:
            ``{("una etapa", "base grande"): "a", ("una etapa", "base pequeña"): "b", ...}``.
        cliente: un cliente del SDK; si falta, el del motor del kit.
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.

    Raises:
        UnknownNameError: una imagen o la vista no existen.
        NoEngineError: no hay motor, o una de las imágenes es una grabación.
        EngineLostError, ArchiveError: el motor se apagó, o no pudo entregar una imagen.
        MultietapaError: faltan imágenes, sobran nombres, o el cuadro no es de dos por dos.
    """
    check_view(vista)
    grid, wanted = _wanted(imagenes, nombres, cuadro)
    guess = _prediction(prediccion)
    opened = None if cliente is not None else motor()
    client = opened.client if opened is not None else cliente
    refuse_recordings(wanted, "medir")
    info = (opened.info if opened else None) or info_of(client)
    quick = {name: quick_sizes(client, reference(image)) for name, image in wanted.items()}
    rows = tuple(Row.from_quick(name, tag_of(image), quick[name]) for name, image in wanted.items())
    comparison = Comparison(rows, info.label, info.architecture, grid, guess)
    view = open_view(vista, lambda: CompareView(comparison), lambda: TextView(lines))
    running = Comparing(client, info, comparison, view)
    running.run(quick)
    return _result(running.comparison, running.measured, info, view)


def _result(
    comparison: Comparison, measured: dict[str, Measurement], info: EngineInfo, view: View[Comparison]
) -> Comparacion:
    rows = {row.name: row for row in comparison.rows}
    return Comparacion(
        medidas=measured,
        desempaquetado={name: row.figure(Measure.UNPACKED).bytes for name, row in rows.items()},
        transferencia={name: row.figure(Measure.TRANSFER).bytes for name, row in rows.items()},
        veces=comparison.times(),
        por_origen={name: parts(row, Measure.UNPACKED) for name, row in rows.items()},
        por_capa=layer_rows(measured),
        por_clase={name: parts(row, Measure.UNPACKED, Split.KIND) for name, row in rows.items()},
        desperdicio={name: waste_row(row) for name, row in rows.items()},
        desaparecido=change_rows(comparison),
        tabla=[table_row(row) for row in comparison.rows],
        efectos=effect_rows(comparison),
        motor=info,
        tabla_texto="\n".join(lines(comparison)),
        vista=view,
        _frase=headline(comparison),
    )


def _wanted(
    images: Sequence[str | Construccion],
    names: Sequence[str] | None,
    grid: Mapping[tuple[str, str], str | Construccion] | None,
) -> tuple[Grid | None, dict[str, str | Construccion]]:
    """Las imágenes que hay que medir, por su nombre y en su orden; y el cuadro, si lo hay."""
    if grid is not None:
        if images or names is not None:
            raise MultietapaError(
                "Un cuadro ya dice qué imágenes se comparan y cómo se llaman.",
                next_step="Deja solo cuadro={...}, o quítalo y pasa las imágenes sueltas.",
            )
        shape = grid_of(list(grid))
        called = [text.join(cell) for cell in shape.cells]
        return shape, named(called, [grid[cell] for cell in shape.cells])
    return None, asked_images("comparar", "comparar", images, names)


def _prediction(guess: Any) -> int | None:
    """Los bytes predichos. Un control vale lo que valga ahora; a cero, es que nadie lo ha movido."""
    value = getattr(guess, "value", guess)
    if isinstance(guess, WidgetView):
        guess.save_twins()  # se movió después de enseñarse
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < math.inf:
        raise MultietapaError(
            f"La predicción {value!r} no es un tamaño.",
            next_step="Escribe un número de MB mayor que cero: prediccion=300.",
        )
    return round(float(value) * 1e6) or None
