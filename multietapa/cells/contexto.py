"""``contexto("carpeta")``: qué viaja al motor, qué se queda fuera y por qué línea de ``.dockerignore``.

Solo mira la carpeta: no hace falta ningún motor.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from multietapa.build.suspects import suspects
from multietapa.cells.calls import offered
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.survey import survey
from multietapa.dockerfile.travel import Amount, Folder, Item, Kind
from multietapa.widgets.base import SilentView, open_view
from multietapa.widgets.context.context import ContextView, TextView
from multietapa.widgets.context.twin import lines
from multietapa.widgets.context.words import Look, amount, headline, readable, rule_does
from multietapa.widgets.where import ShownInCell, check_view

Row = dict[str, str | int | bool]


@dataclass(frozen=True)
class Cantidad:
    """Cuántos ``archivos`` son y sus ``bytes``; sin ``completa``, no se pudieron contar todos."""

    archivos: int
    bytes: int
    completa: bool = True

    def __repr__(self) -> str:
        return amount(Amount(self.archivos, self.bytes, self.completa))


@dataclass(frozen=True)
class Contexto(ShownInCell):
    """Lo que viaja de una carpeta y lo que no; todos los tamaños son bytes.

    ``viajan`` y ``fuera`` son las dos cantidades (``.archivos`` y ``.bytes``). ``archivos`` son los nombres
    de lo que viaja. Las filas para una tabla de datos son ``carpetas`` (de la mayor a la menor), ``reglas``,
    ``avisos`` (lo que viaja y seguramente no debería), ``problemas`` (lo que no se puede leer o no puede
    viajar) y ``lista()``, que es todo lo que hay. ``tabla_texto`` es lo que se ve, para ``print``.
    """

    carpeta: str
    viajan: Cantidad
    fuera: Cantidad
    carpetas: list[Row] = field(repr=False)
    reglas: list[Row] = field(repr=False)
    avisos: list[Row] = field(repr=False)
    problemas: list[Row] = field(repr=False)
    tabla_texto: str = field(repr=False)
    vista: ContextView | TextView | SilentView | None = field(default=None, repr=False, compare=False)
    _items: tuple[Item, ...] = field(default=(), repr=False)
    _frase: str = field(default="", repr=False)

    @property
    def archivos(self) -> list[str]:
        """Los archivos que viajan, por su nombre, en el orden en que viajan."""
        return [readable(item.name) for item in self._items if item.travels and item.kind is not Kind.FOLDER]

    def lista(self) -> list[Row]:
        """Una fila por entrada, con la línea que la decide. Una carpeta excluida es una sola fila."""
        return [
            {
                "ruta": readable(item.name),
                "tipo": item.kind.value,
                "archivos": item.amount.files,
                "bytes": item.amount.bytes,
                "completa": item.amount.whole,
                "viaja": item.travels,
                "línea": item.rule.line if item.rule else 0,
                "regla": item.rule.text if item.rule else "",
            }
            for item in self._items
        ]

    def __repr__(self) -> str:
        return self._frase


@offered(
    'contexto("apps/tienda-node")',
    interrupted="la carpeta se quedó a medio mirar; no ha cambiado nada.",
)
def contexto(
    carpeta: str | os.PathLike[str], *, dockerfile: str = "Dockerfile", vista: bool | str = True
) -> Contexto:
    """Mira una carpeta y enseña qué viajaría al motor, qué se queda fuera y por qué línea.

    Args:
        carpeta: la que se pasaría a ``construir``.
        dockerfile: el nombre del Dockerfile. Si tiene sus reglas (``NOMBRE.dockerignore``), valen esas.
        vista: ``True`` (lo que mejor vaya aquí), ``"texto"`` o ``False``.

    Raises:
        ContextError: la carpeta o el Dockerfile no existen, o una regla no se entiende.
        UnknownNameError: la vista no existe.
    """
    check_view(vista)
    travel = survey(open_context(carpeta, dockerfile=dockerfile))
    look = Look(str(carpeta), travel, suspects(travel))
    view = open_view(vista, lambda: ContextView(look), lambda: TextView(look))
    return Contexto(
        carpeta=str(carpeta),
        viajan=_counted(travel.travels),
        fuera=_counted(travel.out),
        carpetas=sorted(map(_folder_row, _all(travel.root)), key=lambda row: -int(row["bytes"])),
        reglas=[
            {
                "línea": use.rule.line,
                "regla": use.rule.text,
                "archivos": use.amount.files,
                "bytes": use.amount.bytes,
                "completa": use.amount.whole,
                "efecto": rule_does(use),
            }
            for use in travel.rules
        ],
        avisos=[
            {
                "ruta": readable(one.name),
                "motivo": one.why,
                "archivos": one.amount.files,
                "bytes": one.amount.bytes,
                "secreto": one.secret,
            }
            for one in look.suspects
        ],
        problemas=[
            {"ruta": readable(one.name), "motivo": one.why, "impide construir": one.blocks}
            for one in travel.problems
        ],
        tabla_texto="\n".join(lines(look)),
        vista=view,
        _items=travel.items,
        _frase=headline(look),
    )


def _counted(found: Amount) -> Cantidad:
    return Cantidad(found.files, found.bytes, found.whole)


def _all(folder: Folder) -> Iterator[Folder]:
    for one in folder.folders:
        yield one
        yield from _all(one)


def _folder_row(folder: Folder) -> Row:
    return {
        "carpeta": readable(folder.name),
        "bytes": folder.bytes,
        "bytes que viajan": folder.travels.bytes,
        "bytes fuera": folder.out.bytes,
        "archivos que viajan": folder.travels.files,
        "archivos fuera": folder.out.files,
        "completa": folder.travels.whole and folder.out.whole,
    }
