"""Lo que se sabe de una imagen que se explora: al principio, lo que dice el motor; después, su árbol."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from multietapa.image.history import instruction
from multietapa.image.secrets.masking import without_values
from multietapa.image.secrets.steps import in_steps
from multietapa.image.tree import Tree
from multietapa.image.waste import Waste, waste
from multietapa.widgets.explorer.shelves import Shelves
from multietapa.widgets.surface.listing import plain

NO_ENGINE = "archivo, sin motor"


@dataclass(frozen=True)
class LayerRow:
    """Una capa: la instrucción que la hizo (``""``: no se sabe), sin secretos, y lo que pesa.

    ``waste`` son los bytes suyos que no se ven, ``stage`` la etapa de la que copia (``""`` si de ninguna o no
    se sabe) y ``line`` su línea del Dockerfile.
    """

    instruction: str
    bytes: int
    files: int = 0
    waste: int = 0
    in_base: bool = False
    line: int | None = None
    stage: str = ""


@dataclass(frozen=True, eq=False)
class Explored:
    """Una imagen explorada. Los tamaños son bytes de Desempaquetado.

    ``source`` es el rótulo del motor o ``NO_ENGINE``. Mientras no se han leído las capas no hay ``shelves``
    ni ``losses``, y ``layers`` y ``reported`` son provisionales: los que dice el motor.
    """

    name: str
    source: str
    layers: tuple[LayerRow, ...] = ()
    reported: int = 0
    shelves: Shelves | None = None
    losses: Waste | None = None

    @property
    def tree(self) -> Tree | None:
        """El árbol, si ya se leyó."""
        return self.shelves.tree if self.shelves else None

    @property
    def bytes(self) -> int:
        """Desempaquetado o, si aún no se ha medido, lo que dice el motor."""
        return self.shelves.tree.image.unpacked_bytes if self.shelves else self.reported


def explored(name: str, source: str, found: Tree) -> Explored:
    """Una imagen ya leída."""
    shelves = Shelves(found)
    counts = shelves.at("")
    said = masked([layer.created_by for layer in found.image.layers])
    layers = tuple(
        LayerRow(
            told,
            each.bytes,
            counts[n].files if n in counts else 0,
            each.hidden,
            each.in_base,
            each.line,
            each.stage or "",
        )
        for n, (each, told) in enumerate(zip(found.layers, said, strict=True))
    )
    return Explored(name, source, layers, found.image.unpacked_bytes, shelves, waste(found))


def masked(steps: Sequence[str]) -> tuple[str, ...]:
    """Las instrucciones de esos pasos, en una línea y con los secretos que llevan escritos tapados."""
    values = [found.hit.value for found in in_steps(steps, {})]
    return tuple(plain(without_values(instruction(step), values)) for step in steps)
