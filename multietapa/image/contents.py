"""Qué clase de archivo es cada uno de los que lleva una imagen: código, compilador, paquete de npm."""

from __future__ import annotations

import posixpath
import re

# Python no está: en muchas bases viene por otros motivos y no compila nada.
COMPILERS = frozenset(
    """
    gcc g++ cc c++ cpp cc1 cc1plus clang clang++ tcc gfortran nasm yasm go gccgo rustc cargo javac jlink
    jpackage kotlinc scalac ghc swiftc zig tsc make gmake cmake ninja meson bazel mvn gradle ant
    """.split()
)
_TARGET = re.compile(r"(?:[a-z0-9_-]+-linux-[a-z0-9]+-)?(.+?)(?:-\d+(?:\.\d+)*)?$")
_BINARY_FOLDERS = ("bin", "sbin", "libexec")
_SOURCES = (".ts", ".tsx", ".mts", ".cts")
_DECLARATIONS = (".d.ts", ".d.mts", ".d.cts")
_NOT_OURS = ("/usr/lib/", "/usr/share/", "/usr/local/lib/", "/usr/local/share/")


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
