"""Qué dicen los documentos de npm, pnpm y yarn: qué paquetes pide cada uno y cuáles son de desarrollo.

Aquí solo se leen textos; ``node_modules`` los junta con lo que hay en las capas. Las claves de un cierre
son rutas como ``node_modules/a/node_modules/@b/c``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

MODULES = "node_modules/"
PACKAGE = "package.json"
HIDDEN_LOCK = f"{MODULES}.package-lock.json"
NPM_LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
"""Los cierres de npm junto a ``package.json``, por orden: si están los dos, npm usa el primero."""
PNPM_LOCK = f"{MODULES}.pnpm/lock.yaml"
"""El cierre de lo que pnpm dejó instalado: viaja dentro de ``node_modules``."""
PNPM_MARK = f"{MODULES}.modules.yaml"
"""Lo que deja pnpm en ``node_modules``."""
YARN_MARKS = (f"{MODULES}.yarn-integrity", f"{MODULES}.yarn-state.yml")
"""Lo que dejan en ``node_modules`` yarn 1 y los posteriores."""
_SECTIONS = ("dependencies", "optionalDependencies", "peerDependencies", "devDependencies")
_NUMBER = re.compile(r"\d+\.\d+\.\d+")
_YAML_KEY = re.compile(r"""( *)(?:'([^']+)'|"([^"]+)"|([^\s'"#][^:]*)):(?:\s|$)""")


class Locked(NamedTuple):
    """Un paquete en un cierre: si es solo de desarrollo y su versión (``""`` si no es un número)."""

    development: bool
    version: str


def locked_packages(text: str) -> dict[str, Locked]:
    """Los paquetes de un cierre de npm (versiones 1, 2 y 3, y el de dentro de ``node_modules``).

    Un cierre que no se entiende da ``{}``. ``devOptional`` (de desarrollo, o bien opcional de producción)
    se instala también sin las de desarrollo, así que no cuenta como tal.
    """
    lock = parse(text)
    packages = lock.get("packages")
    if isinstance(packages, dict):
        return {
            key: _locked(info) for key, info in packages.items() if MODULES in key and isinstance(info, dict)
        }
    found: dict[str, Locked] = {}
    waiting = [("", lock)]
    while waiting:
        parent, owner = waiting.pop()
        dependencies = owner.get("dependencies")
        for name, info in dependencies.items() if isinstance(dependencies, dict) else ():
            if isinstance(info, dict):
                key = f"{parent}{MODULES}{name}"
                found[key] = _locked(info)
                waiting.append((f"{key}/", info))
    return found


def pnpm_projects(text: str) -> dict[str, dict[str, dict[str, str]]]:
    """Qué pide cada proyecto (su carpeta, ``"."`` la del cierre) según un ``pnpm-lock.yaml``.

    De ese YAML solo hacen falta unas claves, y pnpm las escribe siempre igual: se leen por su sangría.
    Vale para los cierres 5, 6 y 9, con y sin espacios de trabajo.
    """
    projects: dict[str, dict[str, dict[str, str]]] = {}
    above: list[tuple[int, str]] = []
    for line in text.splitlines():
        match = _YAML_KEY.match(line)
        if not match:
            continue
        indent, key = len(match[1]), match[2] or match[3] or match[4]
        while above and above[-1][0] >= indent:
            above.pop()
        above.append((indent, key))
        names = [name for _, name in above]
        if names[0] == "packages":
            break
        project, rest = (names[1], names[2:]) if names[0] == "importers" and names[1:] else (".", names)
        if len(rest) == 2 and rest[0] in _SECTIONS:
            projects.setdefault(project, {}).setdefault(rest[0], {})[rest[1]] = ""
    return projects


def required(manifest: Mapping[str, Any], manager: str = "npm") -> Iterator[str]:
    """Lo que un ``package.json`` pide para funcionar: dependencias, opcionales y pares no opcionales.

    Ningún yarn instala los pares, y pnpm da también los opcionales si los hay. Un par que está además en
    ``devDependencies`` es de desarrollo: así lo tratan todos en el ``package.json`` del proyecto.
    """
    for section in ("dependencies", "optionalDependencies"):
        yield from _names(manifest, section)
    if manager == "yarn":
        return
    meta, development = manifest.get("peerDependenciesMeta"), set(_names(manifest, "devDependencies"))
    notes = meta if isinstance(meta, dict) else {}
    optional = {name for name, note in notes.items() if isinstance(note, dict) and note.get("optional")}
    peers = {*_names(manifest, "peerDependencies"), *optional}
    yield from sorted(peers - development - (set() if manager == "pnpm" else optional))


def required_to_develop(manifest: Mapping[str, Any]) -> Iterator[str]:
    """Los nombres de ``devDependencies``."""
    yield from _names(manifest, "devDependencies")


def workspaces(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Los patrones de las carpetas de los otros proyectos del mismo repositorio (``packages/*``)."""
    found = manifest.get("workspaces")
    found = found.get("packages") if isinstance(found, dict) else found
    return (
        tuple(item.strip("./") for item in found if isinstance(item, str)) if isinstance(found, list) else ()
    )


def programs(manifest: Mapping[str, Any]) -> frozenset[str]:
    """Los nombres con los que un paquete aparece en ``node_modules/.bin``."""
    found = manifest.get("bin")
    if isinstance(found, str):
        return frozenset((str(manifest.get("name", "")).rpartition("/")[2],))
    return frozenset(found) if isinstance(found, dict) else frozenset()


def package_keys(path: str) -> Iterator[str]:
    """Las carpetas de los paquetes que contienen ``path``, de la más honda a la primera."""
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


def _names(manifest: Mapping[str, Any], section: str) -> Iterator[str]:
    names = manifest.get(section)
    yield from names if isinstance(names, dict) else ()


def _locked(info: Mapping[str, Any]) -> Locked:
    version = info.get("version")
    known = isinstance(version, str) and _NUMBER.match(version)
    return Locked(info.get("dev") is True, str(version) if known else "")
