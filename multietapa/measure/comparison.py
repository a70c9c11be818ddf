"""La comparación de imágenes medidas, como valores: filas, partes, efectos y predicción.

Aquí no se mide ni se enseña nada. Cada medida se parte a su manera: Desempaquetado por origen y
Transferencia por capas, porque los archivos de una capa se comprimen juntos. En las dos, las partes suman
el total al byte. Todos los tamaños son bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import TypeGuard

from multietapa.errors import MultietapaError
from multietapa.image.image import MeasuredImage
from multietapa.image.layer import NOT_MEASURED
from multietapa.image.origins import by_origin
from multietapa.measure.measure import QuickSizes

BASE_LAYERS = "capas de la base"
OWN_LAYERS = "capas propias"
UNKNOWN_LAYERS = "capas (base desconocida)"
SIMILAR = 1.05
"""Dos tamaños cuya razón no llega a esto se llaman «casi iguales»."""
_ADDS_UP = 0.02  # de lo que se ahorra; por debajo, los efectos casi se suman


class Measure(Enum):
    """Las dos medidas; el valor es su nombre en pantalla."""

    UNPACKED = "Desempaquetado"
    TRANSFER = "Transferencia"


@dataclass(frozen=True)
class Part:
    """Un tramo de una barra: su nombre y sus bytes."""

    name: str
    bytes: int


@dataclass(frozen=True)
class Figure:
    """El total de una medida y sus partes, que lo suman."""

    bytes: int
    parts: tuple[Part, ...]

    def share(self, part: Part) -> float:
        """Qué fracción del total es esa parte, de 0 a 1."""
        return part.bytes / self.bytes if self.bytes else 0.0


@dataclass(frozen=True)
class Row:
    """Una imagen de la comparación, medida o todavía no.

    ``name`` es cómo se la llama aquí y ``tag`` su etiqueta. ``reported_bytes`` es lo que dice el motor, con
    su almacén: no es ninguna de las dos medidas. ``figures`` está vacío hasta que se mide; Desempaquetado
    llega antes que Transferencia.
    """

    name: str
    tag: str
    reported_bytes: int = 0
    figures: Mapping[Measure, Figure] | None = None
    architecture: str = ""
    base: str = ""
    equivalent: bool = False

    @property
    def measured(self) -> bool:
        """Ya tiene sus dos medidas."""
        return all(self.has(measure) for measure in Measure)

    def has(self, measure: Measure) -> bool:
        """Ya tiene esa medida."""
        return measure in (self.figures or ())

    def figure(self, measure: Measure) -> Figure:
        """Su total y sus partes en esa medida; solo si la tiene."""
        assert self.figures is not None, f"«{self.name}» está sin medir"
        return self.figures[measure]

    @classmethod
    def from_quick(cls, name: str, tag: str, quick: QuickSizes) -> Row:
        """La fila provisional de una imagen que aún no se ha medido."""
        return cls(name, tag, reported_bytes=quick.reported_bytes)

    @classmethod
    def from_measurement(
        cls, name: str, tag: str, measured: MeasuredImage, *, reported_bytes: int = 0
    ) -> Row:
        """La fila de una imagen medida; sin Transferencia si aún no la tiene."""
        figures = {Measure.UNPACKED: unpacked(measured)}
        if measured.transfer_bytes != NOT_MEASURED:
            figures[Measure.TRANSFER] = transfer(measured)
        return cls(
            name,
            tag,
            reported_bytes=reported_bytes,
            figures=figures,
            architecture=measured.architecture,
            base=measured.base,
            equivalent=measured.equivalent,
        )


@dataclass(frozen=True)
class Grid:
    """Los nombres de un cuadro de dos por dos: filas y columnas, en el orden en que se dieron."""

    rows: tuple[str, str]
    columns: tuple[str, str]

    @property
    def cells(self) -> tuple[tuple[str, str], ...]:
        """Las cuatro casillas (fila, columna), por filas."""
        return tuple((row, column) for row in self.rows for column in self.columns)


@dataclass(frozen=True)
class Effect:
    """Lo que cambia al pasar de ``before`` a ``after``; ``fixed`` es lo que no cambia (``""``: nada)."""

    before: str
    after: str
    fixed: str
    before_bytes: int
    after_bytes: int

    @property
    def saved(self) -> int:
        """Bytes que se ahorran; negativo si la imagen crece."""
        return self.before_bytes - self.after_bytes

    @property
    def times(self) -> float:
        """Cuántas veces cabe lo de después en lo de antes; menos de 1 si la imagen crece."""
        return times(self.before_bytes, self.after_bytes)


@dataclass(frozen=True)
class Effects:
    """Los efectos de un cuadro: solo la fila, solo la columna (dos de cada) y los dos cambios."""

    row: tuple[Effect, Effect]
    column: tuple[Effect, Effect]
    both: Effect

    @property
    def all(self) -> tuple[Effect, ...]:
        """Los cinco, en el orden en que se enseñan."""
        return (*self.row, *self.column, self.both)

    @property
    def separate(self) -> int:
        """Lo que sumarían los dos ahorros, tomados cada uno por su lado desde la primera casilla."""
        return self.row[0].saved + self.column[0].saved

    @property
    def add_up(self) -> bool:
        """Si lo que ahorran juntos es, con un margen del 2 %, la suma de lo que ahorran por separado."""
        gap = abs(self.separate - self.both.saved)
        return gap <= _ADDS_UP * max(abs(self.separate), abs(self.both.saved))


@dataclass(frozen=True)
class Comparison:
    """Todo lo que se enseña. ``engine`` es la línea del motor; ``architecture``, la suya.

    ``prediction`` son los bytes de Desempaquetado que se predijeron para la primera imagen, o ``None``.
    """

    rows: tuple[Row, ...]
    engine: str
    architecture: str = ""
    grid: Grid | None = None
    prediction: int | None = None

    @property
    def measured(self) -> bool:
        """Todas las imágenes están medidas."""
        return all(row.measured for row in self.rows)

    def known(self, measure: Measure) -> bool:
        """Todas las imágenes tienen esa medida."""
        return all(row.has(measure) for row in self.rows)

    def extremes(self, measure: Measure) -> tuple[Row, Row]:
        """La mayor y la menor en esa medida; a igualdad, la que va antes."""
        key = {id(row): row.figure(measure).bytes for row in self.rows}
        return max(self.rows, key=lambda row: key[id(row)]), min(self.rows, key=lambda row: key[id(row)])

    def times(self, measure: Measure = Measure.UNPACKED) -> float:
        """Cuántas veces cabe la menor en la mayor; 1.0 si solo hay una."""
        biggest, smallest = self.extremes(measure)
        return times(biggest.figure(measure).bytes, smallest.figure(measure).bytes)

    def effects(self, measure: Measure) -> Effects | None:
        """Los efectos medidos del cuadro, o ``None`` si no lo hay."""
        if self.grid is None:
            return None
        (above, below), (left, right) = self.grid.rows, self.grid.columns
        a, b, c, d = (row.figure(measure).bytes for row in self.rows)
        return Effects(
            row=(Effect(above, below, left, a, c), Effect(above, below, right, b, d)),
            column=(Effect(left, right, above, a, b), Effect(left, right, below, c, d)),
            both=Effect(f"{above}, {left}", f"{below}, {right}", "", a, d),
        )


def unpacked(measured: MeasuredImage) -> Figure:
    """Desempaquetado, por origen: siempre los seis, en su orden."""
    parts = tuple(Part(origin.value, size) for origin, size in by_origin(measured).items())
    return Figure(measured.unpacked_bytes, parts)


def transfer(measured: MeasuredImage) -> Figure:
    """Transferencia, por capas: las de la base y las propias, o todas juntas si no se sabe la base.

    Una capa repetida viaja una vez y cuenta donde aparece primero.
    """
    seen: set[str] = set()
    base = own = 0
    for layer in measured.layers:
        if layer.diff_id in seen:
            continue
        seen.add(layer.diff_id)
        if layer.index < measured.base_layer_count:
            base += layer.transfer_bytes
        else:
            own += layer.transfer_bytes
    if not measured.base_layer_count:
        return Figure(measured.transfer_bytes, (Part(UNKNOWN_LAYERS, own),))
    return Figure(measured.transfer_bytes, (Part(BASE_LAYERS, base), Part(OWN_LAYERS, own)))


def times(before: int, after: int) -> float:
    """``before`` entre ``after``; 1.0 si los dos son cero e infinito si solo lo es ``after``."""
    if after:
        return before / after
    return math.inf if before else 1.0


def grid_of(keys: Sequence[object]) -> Grid:
    """El cuadro que describen unas parejas (fila, columna).

    Lanza ``MultietapaError`` si no son exactamente las cuatro combinaciones de dos filas y dos columnas, y
    dice cuáles faltan.
    """
    pairs = [key for key in keys if _is_pair(key)]
    if len(pairs) < len(keys):
        wrong = next(key for key in keys if not _is_pair(key))
        raise MultietapaError(
            f"El cuadro tiene una casilla mal nombrada: {wrong!r}.",
            why="cada casilla se nombra con dos textos, el de su fila y el de su columna.",
            next_step='Escríbela así: ("una etapa", "base grande"): "tienda:ingenua".',
        )
    rows = tuple(dict.fromkeys(row for row, _ in pairs))
    columns = tuple(dict.fromkeys(column for _, column in pairs))
    problems = [_wrong_count("filas", rows), _wrong_count("columnas", columns)]
    missing = [(row, column) for row in rows for column in columns if (row, column) not in pairs]
    if missing and len(rows) <= 2 and len(columns) <= 2:
        problems.append("faltan estas casillas: " + "; ".join(f"(«{r}», «{c}»)" for r, c in missing))
    if found := [problem for problem in problems if problem]:
        raise MultietapaError(
            "El cuadro no es de dos por dos.",
            why="; ".join(found) + ".",
            next_step="Da cuatro imágenes: las dos filas combinadas con las dos columnas.",
        )
    return Grid((rows[0], rows[1]), (columns[0], columns[1]))


def _is_pair(key: object) -> TypeGuard[tuple[str, str]]:
    return (
        isinstance(key, tuple)
        and len(key) == 2
        and all(isinstance(name, str) and name.strip() for name in key)
    )


def _wrong_count(what: str, names: Sequence[str]) -> str:
    if len(names) == 2:
        return ""
    listed = f": {', '.join(f'«{name}»' for name in names)}" if names else ""
    return f"hacen falta 2 {what} y hay {len(names)}{listed}"
