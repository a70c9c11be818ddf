"""Qué lleva una imagen medida: sus archivos, en qué capa están y de qué clase son."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from multietapa.layer_reading import FileEntry
from multietapa.measure import Measurement
from multietapa.overlay import overlay

# Python no está: en muchas bases viene por otros motivos y no compila nada.
COMPILERS = frozenset("gcc g++ cc c++ cpp cc1 cc1plus clang clang++ tcc make gmake cmake ninja tsc".split())
_TARGET = re.compile(r"(?:[a-z0-9_-]+-linux-[a-z0-9]+-)?(.+?)(?:-\d+(?:\.\d+)*)?$")
_BINARY_FOLDERS = ("bin", "sbin", "libexec")
_CONTENT = frozenset(("file", "symlink", "hardlink"))
_SOURCES = (".ts", ".tsx", ".mts", ".cts")
_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")
_NOT_OURS = ("/usr/lib/", "/usr/share/", "/usr/local/lib/", "/usr/local/share/")
_MAX_INSTRUCTION = 60  # caracteres


@dataclass(frozen=True)
class Place:
    """Un archivo y la capa (desde 1, contando las de la base) en la que está."""

    path: str
    size: int
    layer: int


def places(measurement: Measurement, *, skip_base: bool = False) -> Iterator[Place]:
    """Todos los archivos de todas las capas, también los que una capa posterior tapa o borra."""
    for number, layer in enumerate(measurement.layers, 1):
        if skip_base and number <= measurement.base_layer_count:
            continue
        for entry in layer.files:
            if entry.kind in _CONTENT:
                yield _place(entry, number)


def visible(measurement: Measurement) -> tuple[Place, ...]:
    """Los archivos que ve un contenedor: el resultado de poner unas capas sobre otras."""
    merged = overlay(measurement.layers)
    return tuple(
        _place(entry, merged.owners[path] + 1)
        for path, entry in merged.files.items()
        if entry.kind in _CONTENT
    )


def layer_name(measurement: Measurement, number: int) -> str:
    """Cómo se nombra una capa: su número (desde 1, contando las de la base) y la instrucción que la hizo."""
    instruction = _instruction(measurement.layers[number - 1].created_by)
    return f"capa {number}, la de «{instruction}»" if instruction else f"capa {number}"


def _instruction(created_by: str) -> str:
    """La instrucción tal como se escribió, o casi; el constructor clásico y BuildKit la envuelven."""
    line = " ".join(created_by.partition("#(nop)")[2].split() or created_by.split())
    line = line.removesuffix("# buildkit").strip().replace("RUN /bin/sh -c ", "RUN ", 1)
    line = re.sub(r"^(\|\d+ .*?)?/bin/sh -c ", "RUN ", line)
    return line if len(line) <= _MAX_INSTRUCTION else f"{line[: _MAX_INSTRUCTION - 1]}…"


def development_packages(found: Iterable[Place], names: Iterable[str]) -> dict[str, tuple[int, int]]:
    """Qué paquetes de ``names`` hay en algún ``node_modules``: ruta -> (bytes, capa)."""
    wanted = set(names)
    totals: dict[str, tuple[int, int]] = {}
    for place in found:
        for match in re.finditer(r"/node_modules/((?:@[^/]+/)?[^/]+)(?=/)", place.path):
            if match.group(1) in wanted:
                root = place.path[: match.end()]
                size, layer = totals.get(root, (0, place.layer))
                totals[root] = (size + place.size, min(layer, place.layer))
                break
    return totals


def carried(measurement: Measurement) -> Iterator[Place]:
    """Lo que ve un contenedor y, además, lo que las capas propias llevan escondido."""
    yield from visible(measurement)
    yield from places(measurement, skip_base=True)


def _absolute(path: str) -> str:
    return "/" + path.strip("/")


def _place(entry: FileEntry, layer: int) -> Place:
    return Place(_absolute(entry.path), entry.own_bytes, layer)


def is_source(path: str) -> bool:
    """Es código TypeScript de la aplicación, ni declaraciones ni de una dependencia."""
    return (
        path.endswith(_SOURCES)
        and not path.endswith(_DECLARATIONS)
        and "/node_modules/" not in path
        and not path.startswith(_NOT_OURS)
    )


def is_compiler(path: str) -> bool:
    """Es un compilador o un constructor, también con plataforma y versión (``x86_64-linux-gnu-gcc-12``)."""
    folder, name = posixpath.split(path)
    if posixpath.basename(folder) not in _BINARY_FOLDERS and name not in ("cc1", "cc1plus"):
        return False
    if "/node_modules/" in path:
        return False
    match = _TARGET.match(name)
    return match is not None and match.group(1) in COMPILERS
