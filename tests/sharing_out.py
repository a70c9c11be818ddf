"""Cómo se reparten las pruebas entre varios procesos: en qué grupos, y cuáles empiezan antes.

Un archivo va entero a un proceso, que así comparte lo que prepara; el de las respuestas, que son veinte
minutos, se parte por ejercicio. Los grupos largos van primero y los cortos al final, para que ningún
proceso espere a otro.
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath

import pytest
from xdist.scheduler import LoadFileScheduling

ANSWERS = "test_answers.py"
#: El ejercicio del que es una respuesta: ``test_right_answers[02.1 bien/otra]``.
EXERCISE = re.compile(r"\[(\d\d\.\d+)[ \]]")
#: Van con otro archivo, detrás: el navegador y ``iniciar.py`` instalan el mismo clon, y así se hace una vez.
WITH = {"test_iniciar.py": "test_browser.py"}
#: Los que más tardan, el primero antes; el final de un nombre vale por todos los que acaban así. Mientras un
#: proceso hace lo de Binder, el otro abre los cuadernos en el navegador y los repite con la caché ya hecha.
LONGEST = ("test_binder.py", "test_browser.py", ".ipynb", ANSWERS)


def group(nodeid: str) -> str:
    """El grupo de una prueba, que va entero a un proceso: su archivo o, en las respuestas, su ejercicio."""
    file, _, test = nodeid.partition("::")
    path = PurePosixPath(file)
    if path.name == ANSWERS and (found := EXERCISE.search(test)):
        return f"{file}::{found[1]}"
    return str(path.with_name(WITH.get(path.name, path.name)))


def sort(items: list[pytest.Item]) -> None:
    """Pone antes los grupos largos, después los demás que piden un motor, y al final los rápidos.

    Dentro de un grupo se quedan como estaban.
    """
    places: dict[str, int] = {}
    for item in items:
        one = group(item.nodeid)
        places[one] = min(_place(item), places.get(one, len(LONGEST) + 1))
    items.sort(key=lambda item: places[group(item.nodeid)])


def _place(item: pytest.Item) -> int:
    if item.get_closest_marker("motor") is None:
        return len(LONGEST) + 1
    ends = (at for at, ending in enumerate(LONGEST) if item.path.name.endswith(ending))
    return next(ends, len(LONGEST))


class SharingOut(LoadFileScheduling):  # type: ignore[misc]  # xdist no publica tipos
    """El reparto de ``--dist loadfile``, con los grupos de aquí."""

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid)
