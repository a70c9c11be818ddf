"""Las ramas que recorren las pruebas de las salas puras: ``pytest -p tools.branch_watch``.

Las mira coverage, y solo mientras corre una prueba de esas salas: mirar también la carga de todo, las demás
pruebas y lo que hace pytest entre medias hace que las rápidas tarden casi el doble. Cada proceso deja su
medida, y ``tools/branches.py`` las junta.
"""

from __future__ import annotations

import os
from collections.abc import Generator
from functools import cache
from types import ModuleType

import pytest
from coverage import Coverage

#: Lo que importa el archivo de una prueba de las salas puras.
ROOMS = ("multietapa.dockerfile", "multietapa.image", "multietapa.build")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Quien reparte borra lo de otras veces; quien prueba, mira."""
    if "PYTEST_XDIST_WORKER" not in os.environ:
        Coverage().erase()
    session.config.pluginmanager.register(_Watch())


class _Watch:
    """Mira las pruebas de un proceso."""

    def __init__(self) -> None:
        self.coverage = Coverage()
        self.used = False

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Mira una prueba entera, con lo que prepara."""
        if item.get_closest_marker("sin_ramas") or not _of_the_rooms(item):
            return (yield)
        self.used = True
        self.coverage.start()
        try:
            return (yield)
        finally:
            self.coverage.stop()

    def pytest_sessionfinish(self) -> None:
        """Deja lo medido."""
        if self.used:
            self.coverage.save()


def _of_the_rooms(item: pytest.Item) -> bool:
    """El archivo de la prueba importa algo de esas salas."""
    return isinstance(item, pytest.Function) and _imports_them(item.module)


@cache
def _imports_them(module: ModuleType) -> bool:
    homes = (
        getattr(value, "__module__", None) or getattr(value, "__name__", None)
        for value in vars(module).values()
    )
    return any(isinstance(home, str) and home.startswith(ROOMS) for home in homes)
