"""Las imágenes base del taller y las familias que saben hacer sus equivalentes.

Una familia es un módulo de ``families/`` con dos nombres: ``BASES``, las imágenes que sabe hacer, y
``recipe(imagen)``, que da su :class:`Equivalent` o ``None``. Basta con que el archivo esté ahí. En
``SERVICES``, si lo tiene, van las que el taller pone en marcha y de las que nadie parte (un registro).
"""

from __future__ import annotations

import pkgutil
from functools import cache
from importlib import import_module
from typing import Protocol, cast

from multietapa.apps import apps
from multietapa.bases import families as _folder
from multietapa.bases.equivalent import Equivalent


class Family(Protocol):
    """Lo que ofrece cada módulo de ``families/``."""

    BASES: tuple[str, ...]

    def recipe(self, reference: str) -> Equivalent | None:
        """Cómo se hace el equivalente de esa imagen, o ``None`` si no es de la familia."""
        ...


@cache
def families() -> tuple[Family, ...]:
    """Todas las familias, por el nombre de su módulo."""
    names = sorted(module.name for module in pkgutil.iter_modules(_folder.__path__))
    return tuple(cast(Family, import_module(f"{_folder.__name__}.{name}")) for name in names)


def recipe(reference: str) -> Equivalent | None:
    """Cómo se hace el equivalente de esa imagen; ``None`` si ninguna familia sabe."""
    return next(filter(None, (family.recipe(reference) for family in families())), None)


@cache
def workshop_bases() -> tuple[str, ...]:
    """Las imágenes base del taller: las de sus aplicaciones y, detrás, las demás que sabe hacer."""
    of_apps = (base for app in apps() for base in app.bases)
    of_families = (base for family in families() for base in family.BASES)
    return tuple(dict.fromkeys((*of_apps, *of_families)))


@cache
def workshop_services() -> tuple[str, ...]:
    """Las imágenes que el taller pone en marcha y de las que nadie parte."""
    return tuple(dict.fromkeys(name for family in families() for name in getattr(family, "SERVICES", ())))


def layer_files() -> frozenset[str]:
    """Los nombres en la caché de las capas de todos los equivalentes que se saben hacer."""
    names = (*(name for family in families() for name in family.BASES), *workshop_services())
    known = filter(None, map(recipe, names))
    return frozenset(layer.file for equivalent in known for layer in equivalent.layers)
