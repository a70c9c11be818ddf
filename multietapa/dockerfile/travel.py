"""Qué viaja de una carpeta al motor, qué se queda fuera y por qué línea de ``.dockerignore``.

Son los valores; los llena ``survey``. Viaja lo que recibiría un ``COPY . /``. Con una sesión de BuildKit es
lo más que puede viajar: el motor pide solo lo que nombran los ``COPY`` y lo que ha cambiado desde entonces.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from multietapa.dockerfile.context import Context
from multietapa.dockerfile.ignore import Rule


class Kind(Enum):
    """Qué es una entrada de la carpeta."""

    FILE = "archivo"
    FOLDER = "carpeta"
    LINK = "enlace"
    OTHER = "especial"


class Effect(Enum):
    """Qué hace una regla en esta carpeta."""

    DECIDES = "decide"
    REPEATED = "repetida"
    NOTHING = "sin efecto"
    UNKNOWN = "sin comprobar"


@dataclass(frozen=True, slots=True)  # hay una por entrada
class Amount:
    """Cuántos archivos son (también enlaces; carpetas no) y los bytes de su contenido.

    Sin ``whole``, no se pudieron contar todos: son al menos esos.
    """

    files: int = 0
    bytes: int = 0
    whole: bool = True

    def plus(self, other: Amount) -> Amount:
        """Los dos juntos."""
        return Amount(self.files + other.files, self.bytes + other.bytes, self.whole and other.whole)


NONE = Amount()


class Item(NamedTuple):
    """Una entrada. De una carpeta excluida, ``amount`` es todo lo que tiene dentro, que no se da aparte.

    ``rule`` es la que la deja fuera o la rescata. ``hollow``: viaja sin su contenido (lo explica ``ignore``).
    """

    name: str
    kind: Kind
    travels: bool
    amount: Amount
    rule: Rule | None = None
    hollow: bool = False


@dataclass(frozen=True)
class Folder:
    """Una carpeta con todo lo que tiene dentro; ``folders``, de la que más ocupa a la que menos.

    ``rule`` es la que la deja fuera entera, y entonces no se sabe de sus subcarpetas.
    """

    name: str
    travels: Amount
    out: Amount
    folders: tuple[Folder, ...] = ()
    rule: Rule | None = None

    @property
    def bytes(self) -> int:
        """Todo lo que ocupa, viaje o no."""
        return self.travels.bytes + self.out.bytes


@dataclass(frozen=True)
class RuleUse:
    """Una regla y lo que deja fuera o, si empieza por «!», lo que rescata.

    De una que no encaja con nada, ``hint`` es lo que hay y quizá se quería decir, o ``""``.
    """

    rule: Rule
    amount: Amount
    effect: Effect
    hint: str = ""


class Problem(NamedTuple):
    """Algo que no se puede leer o no puede viajar; ``blocks`` si por eso no se puede construir."""

    name: str
    why: str
    blocks: bool


@dataclass(frozen=True)
class Travel:
    """Una carpeta mirada entera: sus entradas en el orden en que viajan, sus reglas y sus totales."""

    context: Context
    items: tuple[Item, ...]
    root: Folder
    rules: tuple[RuleUse, ...]
    problems: tuple[Problem, ...]

    @property
    def travels(self) -> Amount:
        """Lo que viaja."""
        return self.root.travels

    @property
    def out(self) -> Amount:
        """Lo que se queda fuera."""
        return self.root.out
