"""``python -m tools.record_installs``: graba instalaciones reales de npm, pnpm y yarn.

Con cada gestor instala unos ``package.json`` hechos al azar con paquetes pequeños que comparten otros, y los
vuelve a instalar sin las dependencias de desarrollo a partir del mismo cierre. Lo que está en la primera
instalación y no en la segunda (lugar, nombre y versión) es de desarrollo: lo dice el propio gestor.

En ``tests/data/instalaciones.json.xz`` quedan las listas de archivos con su tamaño y los documentos que una
capa medida guarda, no el código de los paquetes. De cada ``package.json`` instalado quedan solo los campos de
``KEPT``. Necesita ``npm`` y su registro; los gestores se instalan en una carpeta temporal.
"""

from __future__ import annotations

import json
import lzma
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from multietapa.console import say
from multietapa.image.documents import is_document
from multietapa.image.installed import target
from multietapa.image.npm import package_keys
from multietapa.paths import PROJECT_ROOT

RECORDED = PROJECT_ROOT / "tests" / "data" / "instalaciones.json.xz"
KEPT = ("name", "version", "bin", "dependencies", "optionalDependencies", "peerDependencies",
        "peerDependenciesMeta")  # fmt: skip
# nombre: (paquete de npm, programa, instalación completa, instalación de producción, cierre)
_NPM = ("--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier")
_PNPM = ("install", "--ignore-scripts", "--no-strict-peer-dependencies")
_YARN = ("install", "--ignore-scripts", "--non-interactive", "--ignore-engines")
MANAGERS: dict[str, tuple[str, str, tuple[str, ...], tuple[str, ...], str]] = {
    "npm 6": ("npm@6.14.18", "npm/bin/npm-cli.js", ("install", *_NPM),
              ("ci", "--only=production", *_NPM), "package-lock.json"),
    "npm 11": ("npm@11", "npm/bin/npm-cli.js", ("install", *_NPM),
               ("ci", "--omit=dev", *_NPM), "package-lock.json"),
    "pnpm 7": ("pnpm@7", "pnpm/bin/pnpm.cjs", _PNPM,
               (*_PNPM, "--prod", "--frozen-lockfile"), "pnpm-lock.yaml"),
    "pnpm 10": ("pnpm@10", "pnpm/bin/pnpm.cjs", _PNPM,
                (*_PNPM, "--prod", "--frozen-lockfile"), "pnpm-lock.yaml"),
    "pnpm 10 hoisted": ("pnpm@10", "pnpm/bin/pnpm.cjs", (*_PNPM, "--node-linker=hoisted"),
                        (*_PNPM, "--node-linker=hoisted", "--prod", "--frozen-lockfile"), "pnpm-lock.yaml"),
    "yarn 1": ("yarn@1.22.22", "yarn/bin/yarn.js", _YARN,
               (*_YARN, "--production", "--frozen-lockfile"), "yarn.lock"),
    "yarn 4": ("@yarnpkg/cli-dist@4", "@yarnpkg/cli-dist/bin/yarn.js", ("install",),
               ("workspaces", "focus", "--all", "--production"), "yarn.lock"),
}  # fmt: skip
SERVER = re.compile(r"(?<=://)[\w\[][^\s/\"'<>)]*")
"""Los cierres dicen de qué servidor vino cada paquete, que depende de dónde se graba: se cambia."""
POOL = {
    "@isaacs/cliui": ("8.0.2",), "acorn": ("8.11.3", "7.4.1"), "acorn-jsx": ("5.3.2",),
    "alias-ms": ("npm:ms@2.0.0",), "ansi-styles": ("3.2.1", "4.3.0"), "brace-expansion": ("1.1.11", "2.0.1"),
    "chalk": ("2.4.2", "4.1.2"), "chokidar": ("3.5.3",), "cross-spawn": ("6.0.5", "7.0.3"),
    "debug": ("2.6.9", "4.3.4"), "glob": ("7.2.3",), "has-flag": ("3.0.0", "4.0.0"),
    "lru-cache": ("6.0.0",), "micromatch": ("4.0.5",), "minimatch": ("3.1.2", "5.1.6"),
    "minimist": ("1.2.8",), "mkdirp": ("0.5.6", "1.0.4"), "ms": ("2.0.0", "2.1.2", "2.1.3"),
    "picomatch": ("2.3.1",), "rimraf": ("2.7.1", "3.0.2"), "semver": ("5.7.2", "7.5.4"),
    "string-width": ("2.1.1", "4.2.3"), "strip-ansi": ("4.0.0", "6.0.1"),
    "supports-color": ("5.5.0", "7.2.0", "8.1.1"), "which": ("1.3.1", "2.0.2"), "wrap-ansi": ("7.0.0",),
}  # fmt: skip


def projects(seed: int) -> dict[str, dict[str, Any]]:
    """Los ``package.json`` de un repositorio al azar, por su carpeta: uno o, cada cuatro, tres."""
    dice = random.Random(seed)
    if seed % 4 != 3:
        return {"": manifest("prueba", dice, peers=True)}
    made = {
        folder: manifest(folder[7:] or "prueba", dice, peers=False) for folder in ("", "partes/a", "partes/b")
    }
    made[""]["workspaces"] = ["partes/*"]
    return made


def manifest(called: str, dice: random.Random, *, peers: bool) -> dict[str, Any]:
    """Un ``package.json`` al azar: producción y desarrollo comparten paquetes por debajo.

    Con ``peers``, algún paquete de desarrollo es además par. Donde hay varios proyectos, yarn 1 los trata
    de otra manera.
    """
    names = dice.sample(sorted(POOL), dice.randrange(4, 12))
    made: dict[str, Any] = {"name": called, "version": "1.0.0", "private": True}
    for name in names:
        sections = ("dependencies", "devDependencies", "devDependencies", "optionalDependencies")
        section = dice.choices(sections, (5, 4, 4, 1))[0]
        made.setdefault(section, {})[name] = dice.choice(POOL[name])
        if peers and section == "devDependencies" and dice.random() < 0.1:
            made.setdefault("peerDependencies", {})[name] = "*"
    return made


def listing(folder: Path) -> Iterator[tuple[str, int | str]]:
    """Cada archivo de ``folder`` con su tamaño, cada enlace con su destino y cada otro nombre con ``=``."""
    seen: dict[int, str] = {}
    for parent, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names + [name for name in folders if Path(parent, name).is_symlink()]):
            path = Path(parent, name)
            relative = path.relative_to(folder).as_posix()
            status = path.lstat()
            if path.is_symlink():
                yield relative, f"->{os.readlink(path)}"
            elif status.st_nlink > 1 and status.st_ino in seen:
                yield relative, f"={seen[status.st_ino]}"
            else:
                seen[status.st_ino] = relative
                yield relative, status.st_size


def places(folder: Path, entries: dict[str, int | str]) -> dict[str, tuple[str, str]]:
    """Los paquetes instalados: su carpeta y el nombre y la versión que hay en ella."""
    found = {}
    for path in entries:
        key = next(package_keys(path), "")
        if path == f"{key}/package.json":
            values = json.loads((folder / path).read_text(encoding="utf-8"))
            found[key] = (str(values.get("name")), str(values.get("version")))
    return found


def development(full: Path, production: Path) -> tuple[list[str], list[str]]:
    """Las rutas de ``full`` que no están en ``production``, y los paquetes que están allí en otro lugar.

    pnpm ``hoisted`` y yarn 4 vuelven a repartir los paquetes cuando faltan los de desarrollo.
    """
    before, after = dict(listing(full)), dict(listing(production))
    packages, kept = places(full, before), places(production, after)
    moved = [key for key, what in packages.items() if kept.get(key) != what and what in kept.values()]
    found = []
    for path, what in before.items():
        link = what[2:] if isinstance(what, str) and what.startswith("->") else ""
        where = [path, program_file(full, path, link)] if "/.bin/" in path else [path]
        owners = [key for place in where for key in package_keys(place) if key in packages]
        if "node_modules/" not in path:
            continue
        if owners and (len(where) > 1 or not link):
            gone = any(kept.get(owner) != packages[owner] for owner in owners)
        else:
            to = target(path, link) if link else ""
            gone = path not in after or (what != after[path] and packages.get(to) != kept.get(to))
        if gone:
            found.append(path)
    return found, moved


def program_file(folder: Path, path: str, link: str) -> str:
    """El archivo que pone en marcha un programa de ``.bin``: un enlace o, en pnpm, un guion que lo nombra."""
    named = (
        None if link else re.search(r'"\$basedir/(\.\.[^"]+)"', (folder / path).read_text(encoding="utf-8"))
    )
    started = target(path, link or (named[1] if named else ""))
    return (folder / started).resolve().relative_to(folder.resolve()).as_posix()


def documents(folder: Path, entries: dict[str, int | str]) -> dict[str, str]:
    """Los textos que una capa medida guarda de ``folder``."""
    found = {}
    for path, what in entries.items():
        if isinstance(what, int) and is_document(path):
            text = (folder / path).read_text(encoding="utf-8")
            if path.endswith("/package.json") and "node_modules/" in path:
                values = json.loads(text)
                text = json.dumps({key: values[key] for key in KEPT if key in values})
            found[path] = SERVER.sub("servidor", text)
    return found


def run(program: Path, arguments: tuple[str, ...], folder: Path) -> None:
    """Pone en marcha un gestor en ``folder``. Lanza ``CalledProcessError`` con lo que dijo."""
    environment = {**os.environ, "CI": "1", "YARN_ENABLE_TELEMETRY": "0", "YARN_NODE_LINKER": "node-modules",
                   "YARN_ENABLE_IMMUTABLE_INSTALLS": "0", "YARN_ENABLE_SCRIPTS": "0"}  # fmt: skip
    if "cli-dist" in str(program):
        registry = subprocess.run(
            ["npm", "config", "get", "registry"], capture_output=True, text=True, check=True
        )
        environment["YARN_NPM_REGISTRY_SERVER"] = registry.stdout.strip().rstrip("/")
    command = ["node", str(program), *arguments]
    subprocess.run(
        command, cwd=folder, env=environment, check=True, capture_output=True, text=True, timeout=300
    )


def record(name: str, seed: int, program: Path, folder: Path) -> dict[str, Any]:
    """Instala con un gestor y cuenta qué quedó y qué parte es de desarrollo."""
    _, _, install, install_production, lock = MANAGERS[name]
    full, production = folder / "todo", folder / "produccion"
    for place in (full, production):
        shutil.rmtree(place, ignore_errors=True)
        for inside, values in projects(seed).items():
            (place / inside).mkdir(parents=True, exist_ok=True)
            (place / inside / "package.json").write_text(json.dumps(values), encoding="utf-8")
        if name.startswith("pnpm") and len(projects(seed)) > 1:
            (place / "pnpm-workspace.yaml").write_text("packages: ['partes/*']\n", encoding="utf-8")
        if name == "yarn 4" and place is full:
            (place / "yarn.lock").touch()
    run(program, install, full)
    shutil.copy(full / lock, production / lock)
    run(program, install_production, production)
    entries = dict(listing(full))
    gone, moved = development(full, production)
    return {
        "manager": name,
        "seed": seed,
        "entries": list(entries.items()),
        "documents": documents(full, entries),
        "development": gone,
        "moved": moved,
    }


def main(seeds: Iterable[int] = range(12), recorded: Path = RECORDED) -> int:
    """Graba con cada gestor el repositorio que sale de cada uno de ``seeds``."""
    seeds = tuple(seeds)
    with tempfile.TemporaryDirectory() as temporary:
        made = []
        for name, (package, path, *_) in MANAGERS.items():
            tools = Path(temporary, "".join(letter for letter in package if letter.isalnum()))
            if not tools.exists():
                tools.mkdir()
                (tools / "package.json").write_text("{}", encoding="utf-8")
                subprocess.run(["npm", "install", "--no-audit", "--no-fund", "--silent", package],
                               cwd=tools, check=True)  # fmt: skip
            for seed in seeds:
                if name == "npm 6" and len(projects(seed)) > 1:
                    continue  # todavía no sabía de varios proyectos
                say(f"{name}, {seed}")
                try:
                    made.append(record(name, seed, tools / "node_modules" / path, Path(temporary, "pruebas")))
                except subprocess.CalledProcessError as problem:
                    say(f"  no se pudo: {(problem.stderr or problem.stdout)[-300:]}")
    recorded.write_bytes(lzma.compress(json.dumps(made, separators=(",", ":")).encode(), preset=9))
    say(f"{recorded.name}: {recorded.stat().st_size} bytes, {len(made)} instalaciones")
    return 0


if __name__ == "__main__":
    sys.exit(main())
