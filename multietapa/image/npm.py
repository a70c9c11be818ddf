"""Qué paquetes de un ``node_modules`` son solo de desarrollo.

Lo dicen los archivos de cierre de npm (``package-lock.json`` de las versiones 1, 2 y 3, y el
``node_modules/.package-lock.json`` de npm 7 en adelante). npm 6 no deja ninguna señal dentro de
``node_modules``, así que sin cierre se siguen las dependencias de ``package.json`` en ``package.json``,
con la búsqueda de módulos de Node. Las claves son rutas como ``node_modules/a/node_modules/@b/c``.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

MODULES = "node_modules/"


def development_flags(text: str) -> dict[str, bool]:
    """Por cada paquete del cierre, si es solo de desarrollo. Un cierre que no se entiende da ``{}``.

    ``devOptional`` (desarrollo, o bien opcional de producción) se instala también sin las de
    desarrollo, así que no cuenta como tal.
    """
    lock = parse(text)
    packages = lock.get("packages")
    if isinstance(packages, dict):
        return {
            key: info.get("dev") is True
            for key, info in packages.items()
            if MODULES in key and isinstance(info, dict)
        }
    flags: dict[str, bool] = {}
    waiting = [("", lock)]
    while waiting:
        parent, owner = waiting.pop()
        dependencies = owner.get("dependencies")
        for name, info in dependencies.items() if isinstance(dependencies, dict) else ():
            if isinstance(info, dict):
                key = f"{parent}{MODULES}{name}"
                flags[key] = info.get("dev") is True
                waiting.append((f"{key}/", info))
    return flags


def production_packages(root: Mapping[str, Any], packages: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """Los paquetes a los que se llega desde las dependencias de producción de ``root``.

    ``packages`` da el ``package.json`` de cada clave. Cuentan las opcionales y las de pares que no se
    declaran opcionales.
    """
    reached: set[str] = set()
    waiting = [("", name) for name in _required(root)]
    while waiting:
        owner, name = waiting.pop()
        key = _resolve(owner, name, packages)
        if key and key not in reached:
            reached.add(key)
            waiting.extend((key, other) for other in _required(packages[key]))
    return reached


def package_keys(path: str) -> Iterator[str]:
    """Las claves de los paquetes que contienen ``path`` (relativa al proyecto), del más hondo al primero."""
    end = len(path)
    while (start := path.rfind(MODULES, 0, end)) >= 0:
        end = start
        if start and path[start - 1] != "/":
            continue
        parts = path[start + len(MODULES) :].split("/", 2)
        count = 2 if parts[0].startswith("@") else 1
        yield f"{path[:start]}{MODULES}{'/'.join(parts[:count])}"


def parse(text: str) -> dict[str, Any]:
    """Un objeto JSON, o ``{}`` si no lo es."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _required(manifest: Mapping[str, Any]) -> Iterator[str]:
    meta = manifest.get("peerDependenciesMeta")
    for section in ("dependencies", "optionalDependencies", "peerDependencies"):
        names = manifest.get(section)
        for name in names if isinstance(names, dict) else ():
            notes = meta.get(name) if isinstance(meta, dict) and section == "peerDependencies" else None
            if not (isinstance(notes, dict) and notes.get("optional")):
                yield name


def _resolve(owner: str, name: str, packages: Mapping[str, object]) -> str:
    while True:
        key = f"{owner}/{MODULES}{name}" if owner else f"{MODULES}{name}"
        if key in packages:
            return key
        if not owner:
            return ""
        owner = owner[: max(owner.rfind(MODULES), 0)].rstrip("/")
