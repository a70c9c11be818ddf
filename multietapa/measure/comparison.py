"""La comparación de imágenes medidas, como valores: filas, partes, efectos y predicción.

Aquí no se mide ni se enseña nada. Cada medida se reparte a su manera (``splits``): Transferencia solo por
capas, porque los archivos de una capa se comprimen juntos. Todos los tamaños son bytes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeGuard

from multietapa.errors import MultietapaError
from multietapa.image.image import MeasuredImage
from multietapa.measure.disappeared import Disappeared
from multietapa.measure.measure import QuickSizes
from multietapa.measure.splits import (
    BASE_LAYERS,
    OWN_LAYERS,
    SPLITS,
    UNKNOWN_LAYERS,
    Figure,
    Measure,
    Part,
    Split,
    transfer,
    transfer_figures,
    unpacked,
    unpacked_figures,
)
from multietapa.measure.waste import Waste, waste

__all__ = [
    "BASE_LAYERS",
    "OWN_LAYERS",
    "SPLITS",
    "UNKNOWN_LAYERS",
    "Comparison",
    "Effect",
    "Effects",
    "Figure",
    "Grid",
    "Measure",
    "Part",
    "Row",
    "Split",
    "grid_of",
    "times",
    "transfer",
    "unpacked",
]
SIMILAR = 1.05
"""Dos tamaños cuya razón no llega a esto se llaman «casi iguales»."""
_ADDS_UP = 0.02  # de lo que se ahorra; por debajo, los efectos casi se suman


@dataclass(frozen=True)
class Row:
    """Una imagen de la comparación, medida o todavía no.

    ``name`` es cómo se la llama aquí y ``tag`` su etiqueta. ``reported_bytes`` es lo que dice el motor, con
    su almacén: no es ninguna de las dos medidas. ``figures`` está vacío hasta que se mide, y Desempaquetado
    llega antes que Transferencia; de cada medida tiene el reparto que se enseña al empezar, y ``splits``, los
    demás. ``waste`` es lo que lleva y ningún contenedor ve.
    """

    name: str
    tag: str
    reported_bytes: int = 0
    figures: Mapping[Measure, Figure] | None = None
    architecture: str = ""
    base: str = ""
    equivalent: bool = False
    splits: Mapping[tuple[Measure, Split], Figure] = field(default_factory=dict)
    waste: Waste = field(default_factory=Waste)

    @property
    def measured(self) -> bool:
        """Ya tiene sus dos medidas."""
        return all(self.has(measure) for measure in Measure)

    def has(self, measure: Measure) -> bool:
        """Ya tiene esa medida."""
        return measure in (self.figures or ())

    def figure(self, measure: Measure, split: Split | None = None) -> Figure:
        """Su total y sus partes en esa medida, con ese reparto; solo si la tiene."""
        assert self.figures is not None, f"«{self.name}» está sin medir"
        return self.splits[measure, split] if split in SPLITS[measure][1:] else self.figures[measure]

    @classmethod
    def from_quick(cls, name: str, tag: str, quick: QuickSizes) -> Row:
        """La fila provisional de una imagen que aún no se ha medido."""
        return cls(name, tag, reported_bytes=quick.reported_bytes)

    @classmethod
    def from_measurement(
        cls, name: str, tag: str, measured: MeasuredImage, *, reported_bytes: int = 0
    ) -> Row:
        """La fila de una imagen medida; sin Transferencia si aún no la tiene."""
        wasted = waste(measured)
        unmeasured = cls(
            name,
            tag,
            reported_bytes=reported_bytes,
            waste=wasted,
            architecture=measured.architecture,
            base=measured.base,
            equivalent=measured.equivalent,
        )
        row = unmeasured._with(Measure.UNPACKED, unpacked_figures(measured, wasted))
        return row.with_transfer(measured)

    def with_transfer(self, measured: MeasuredImage) -> Row:
        """La misma fila con la Transferencia de su imagen, si ya la tiene."""
        figures = transfer_figures(measured)
        return self._with(Measure.TRANSFER, figures) if figures else self

    def _with(self, measure: Measure, figures: Mapping[Split, Figure]) -> Row:
        first, *others = SPLITS[measure]
        return replace(
            self,
            figures={**(self.figures or {}), measure: figures[first]},
            splits={**self.splits, **{(measure, split): figures[split] for split in others}},
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
    ``changes`` es lo que desaparece de la primera a cada una de las demás; está al final.
    """

    rows: tuple[Row, ...]
    engine: str
    architecture: str = ""
    grid: Grid | None = None
    prediction: int | None = None
    changes: tuple[Disappeared, ...] = ()

    @property
    def measured(self) -> bool:
        """Todas las imágenes están medidas."""
        return all(row.measured for row in self.rows)

    def known(self, measure: Measure) -> bool:
        """Todas las imágenes tienen esa medida."""
        return all(row.has(measure) for row in self.rows)

    @property
    def shared(self) -> dict[str, tuple[str, ...]]:
        """Las capas que llevan varias imágenes: su ``diff_id`` y cómo se llaman las que la llevan."""
        carried: dict[str, dict[str, None]] = {}
        for row in self.rows:
            for part in row.splits[Measure.UNPACKED, Split.LAYER].parts if row.splits else ():
                carried.setdefault(part.layer, {})[row.name] = None
        return {layer: tuple(names) for layer, names in carried.items() if len(names) > 1}

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
