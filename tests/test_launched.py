"""Por qué el núcleo no arranca un archivo, según sus primeros bytes: sin motor."""

from __future__ import annotations

import struct

import pytest

from multietapa.containers.launched import problem_of


def elf(machine: int, loader: str = "") -> bytes:
    """Un ELF de 64 bits con esa máquina y, si se da, ese cargador."""
    text = loader.encode() + b"\0"
    head = b"\x7fELF\x02\x01\x01".ljust(16, b"\0") + struct.pack(
        "<HHIQQQIHHH", 2, machine, 1, 0, 64, 0, 0, 64, 56, 1
    )
    return (
        head.ljust(64, b"\0")
        + struct.pack("<IIQQQQQQ", 3 if loader else 1, 4, 120, 0, 0, len(text), 0, 1)
        + text
    )


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (b"#!/bin/sh\r\necho hola\r\n", "retorno de carro"),
        (b"#!/bin/bash\necho hola\n", "«/bin/bash», y ese intérprete no está"),
        (b"echo hola\n", "no empieza por «#!»"),
        (b"", "no empieza por «#!»"),
        (elf(62, "/lib/ld-musl-x86_64.so.1"), "necesita el cargador «/lib/ld-musl-x86_64.so.1»"),
        (elf(183), "programa de ARM de 64 bits, y este motor no sabe ejecutarlo"),
    ],
)
def test_the_file_itself_says_why(content: bytes, cause: str) -> None:
    """De un guion se mira su primera línea; de un binario, su máquina y el cargador que pide."""
    found = problem_of(content, "/inicio")
    assert found is not None
    assert cause in found[0]
    assert "«/inicio»" in found[0]
    assert found[1]


def test_a_broken_binary_says_nothing() -> None:
    """De un binario cortado no se dice nada: mejor la frase del núcleo."""
    assert problem_of(b"\x7fELF\x02", "/x") is None
