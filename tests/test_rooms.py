"""La casa: qué sala puede importar a cuál. La tabla es la de CONTRIBUTING, y aquí se comprueba."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from multietapa.paths import PROJECT_ROOT

PACKAGE = PROJECT_ROOT / "multietapa"
#: Cada sala con su nivel: solo se importa hacia abajo.
LEVELS = {
    "cli": 8,
    "exercises": 6,
    "cells": 5,
    "widgets": 4,
    "measure": 3,
    "registry": 3,
    "bases": 2,
    "containers": 2,
    "build": 1,
    "engine": 1,
    "dockerfile": 0,
    "image": 0,
}
#: Lo que cada sala puede importar, además de la planta baja y de sí misma.
MAY_IMPORT = {
    "cli": set(LEVELS),
    "exercises": {"cells", "widgets", "containers", "measure", "registry", "image", "bases", "dockerfile"},
    "cells": set(LEVELS) - {"cli", "exercises", "cells"},
    "widgets": {"build", "measure", "registry", "image", "dockerfile"},
    "measure": {"bases", "containers", "image", "engine", "dockerfile"},
    "registry": {"bases", "containers", "build", "engine", "image"},
    "bases": {"image", "engine"},
    "containers": {"image", "engine"},
    "build": {"dockerfile", "image"},
    "engine": set(),
    "dockerfile": set(),
    "image": set(),
}
#: La planta baja: archivos sueltos, cada uno con los que puede importar (siempre los de antes).
GROUND = ("keywords", "text", "errors", "sdk", "identity", "paths", "console", "apps")
ENTRANCES = ("__init__", "__main__")
#: Lo que las salas puras no cargan nunca: un cliente del motor, ni IPython.
IMPURE = ("docker", "requests", "IPython", "anywidget", "ipywidgets", "traitlets")
PURE = ("dockerfile", "image")


@cache
def modules() -> dict[str, Path]:
    """Cada módulo del paquete, por su nombre desde ``multietapa``."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
        found[name if name == "__init__" else name.removesuffix(".__init__")] = path
    return found


def imports(path: Path) -> Iterator[str]:
    """Lo que importa un módulo, también lo que importa dentro de una función."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name} importa con puntos"
            module = node.module or ""
            known = {f"{module}.{alias.name}" for alias in node.names}
            inside = {name for name in known if name.removeprefix("multietapa.") in modules()}
            yield from inside
            if len(inside) < len(known):
                yield module


@cache
def own_imports(path: Path) -> set[str]:
    """Los módulos del paquete que importa, por su nombre desde ``multietapa``."""
    own = {name for name in imports(path) if name.split(".")[0] == "multietapa"}
    return {name.removeprefix("multietapa").lstrip(".") or "__init__" for name in own}


def room_of(name: str) -> str:
    """La sala de un módulo, o ``""`` si es un archivo suelto."""
    first = name.split(".")[0]
    return first if first in LEVELS else ""


def test_no_import_climbs() -> None:
    """Ningún módulo importa hacia arriba ni de una sala que su fila no nombra, ni en una función."""
    offenders = []
    for name, path in modules().items():
        room = room_of(name)
        for other in sorted(own_imports(path)):
            target = room_of(other)
            if name in ENTRANCES or (other == "__init__" and not room):
                continue
            if not room and name in GROUND:
                fine = other in GROUND and GROUND.index(other) < GROUND.index(name)
            else:
                fine = other in GROUND or target == room or target in MAY_IMPORT.get(room, set())
            if not fine:
                offenders.append(f"{name} -> {other}")
    assert offenders == []


def test_the_rooms_are_those_of_the_table() -> None:
    """Cada carpeta es una sala de la tabla, y cada archivo suelto es de la planta baja o una entrada."""
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == set(LEVELS) == set(MAY_IMPORT)
    assert {path.stem for path in PACKAGE.glob("*.py")} == {*GROUND, *ENTRANCES}
    assert len(GROUND) <= 9


def test_the_table_only_goes_down() -> None:
    """Lo que una sala puede importar está siempre en un nivel más bajo."""
    climbs = [(room, o) for room, others in MAY_IMPORT.items() for o in others if LEVELS[o] >= LEVELS[room]]
    assert [pair for pair in climbs if pair[0] != "cli" or pair[1] != "cli"] == []


def test_no_module_waits_for_itself() -> None:
    """No hay círculos entre módulos, ni siquiera con importaciones dentro de funciones."""
    graph = {name: own_imports(path) & set(modules()) for name, path in modules().items()}
    waiting = set(graph)
    done: set[str] = set()
    while free := {name for name in waiting if graph[name] - {name} <= done}:
        done |= free
        waiting -= free
    assert sorted(waiting) == []


def test_each_room_says_its_question() -> None:
    """La primera línea de cada sala es la pregunta que contesta."""
    silent = []
    for path in PACKAGE.rglob("__init__.py"):
        if path.parent != PACKAGE:
            first = (ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or "").split("\n")[0]
            if not re.match(r"¿[^?]+\?", first):
                silent.append(str(path.relative_to(PACKAGE)))
    assert silent == []


def test_the_pure_rooms_load_no_client() -> None:
    """Cargar las salas puras enteras no carga el SDK, IPython ni los widgets."""
    names = [f"multietapa.{name}" for name in modules() if room_of(name) in PURE]
    program = f"import sys, {', '.join(names)}\nprint(sorted(set({IMPURE!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], cwd=PROJECT_ROOT, capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr


def test_contributing_shows_this_table() -> None:
    """CONTRIBUTING enseña la misma tabla, fila por fila."""
    text = (PROJECT_ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d) \| `(\w+)/` \| ¿[^|]+\? \| ([^|]*) \|$", text, re.MULTILINE)
    assert {room: int(level) for level, room, _ in rows} == LEVELS
    shown = {room: set(re.findall(r"`(\w+)`", allowed)) for _, room, allowed in rows}
    assert shown == {room: others - {room} for room, others in MAY_IMPORT.items()}
    ground = re.search(r"^\| planta baja \| (.*?) \|", text, re.MULTILINE)
    assert ground is not None
    assert tuple(re.findall(r"`(\w+)`", ground[1])) == GROUND
