"""Por qué un programa no llegó a empezar, mirando el archivo que se quiso arrancar."""

from __future__ import annotations

import posixpath
import re
import struct
from typing import Any

import docker
import requests

from multietapa.containers.crash import Crash
from multietapa.containers.created import file_in

#: Las clases de ``kinds/launch.py`` en las que mirar el archivo dice más que el núcleo.
KINDS = ("sin-cargador", "otro-formato")
_TARGET = re.compile(r"^exec (\S+): ")
_LIMIT = 200_000_000  # bytes; un programa de Go o de Rust puede pesar decenas de megabytes
_MACHINES = {3: "x86", 40: "ARM", 62: "x86-64", 183: "ARM de 64 bits", 243: "RISC-V"}
_INTERPRETER = 3  # PT_INTERP


def why_not_launched(container: Any, crash: Crash) -> tuple[str, str] | None:
    """Por qué el núcleo no arrancó ese archivo y qué hacer; ``None`` si arrancó o mirarlo no dice más."""
    target = _TARGET.match(crash.line)
    if crash.kind not in KINDS or target is None:
        return None
    try:
        folder = container.client.api.inspect_container(container.id)["Config"].get("WorkingDir") or "/"
        content = file_in(container, posixpath.join(folder, target[1]), limit=_LIMIT)
    except (docker.errors.APIError, requests.RequestException):
        return None
    return problem_of(content, target[1]) if content is not None else None


def problem_of(content: bytes, path: str) -> tuple[str, str] | None:
    """Lo que le pasa al archivo ``path``, según sus primeros bytes, y qué hacer."""
    if content.startswith(b"#!"):
        return _of_script(content, path)
    if content.startswith(b"\x7fELF"):
        return _of_binary(content, path)
    return (
        f"«{path}» no empieza por «#!» ni es un programa de Linux: el núcleo no sabe con qué arrancarlo.",
        "Si es un guion, escribe su primera línea (por ejemplo «#!/bin/sh»), o arráncalo con su intérprete.",
    )


def _of_script(content: bytes, path: str) -> tuple[str, str]:
    first = content.split(b"\n", 1)[0]
    shown = first.rstrip(b"\r").decode("utf-8", "replace")
    if first.endswith(b"\r"):
        return (
            f"La primera línea de «{path}» es «{shown}» y acaba en un retorno de carro (CRLF, el final de "
            "línea de Windows): el núcleo busca un intérprete con ese carácter en su nombre, y no existe.",
            "Guárdalo con finales de línea LF; en Git, «*.sh text eol=lf» en .gitattributes los conserva.",
        )
    return (
        f"«{path}» pide que lo lea «{shown[2:].strip()}», y ese intérprete no está en la imagen.",
        "Escribe en su primera línea uno que esté (en una imagen mínima suele haber /bin/sh, pero no "
        "bash), o parte de una base que lo lleve.",
    )


def _of_binary(content: bytes, path: str) -> tuple[str, str] | None:
    try:
        machine = _MACHINES.get(struct.unpack_from("<H", content, 18)[0], "otra")
        loader = _loader(content)
    except struct.error:
        return None
    if loader:
        return (
            f"«{path}» es un programa de {machine} que necesita el cargador «{loader}», y en la imagen no "
            "está, o el programa es de otra arquitectura.",
            "Un binario dinámico corre donde está la biblioteca de C con la que se hizo (glibc en Debian, "
            "musl en Alpine): compílalo sobre la misma familia, o estático.",
        )
    return (
        f"«{path}» es un programa de {machine}, y este motor no sabe ejecutarlo.",
        "Constrúyelo para la arquitectura del motor.",
    )


def _loader(content: bytes) -> str:
    """El cargador que pide un ELF de 64 bits, o ``""`` si es estático."""
    if content[4] != 2:
        return ""
    offset = struct.unpack_from("<Q", content, 32)[0]
    size, count = struct.unpack_from("<HH", content, 54)
    for number in range(count):
        kind, _, start, _, _, length = struct.unpack_from("<IIQQQQ", content, offset + number * size)
        if kind == _INTERPRETER:
            return content[start : start + length].split(b"\0", 1)[0].decode("ascii", "replace")
    return ""
