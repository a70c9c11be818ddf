"""Qué pide un ``RUN`` en sus ``--mount``: secretos y agentes de ssh."""

from __future__ import annotations

import csv
import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from multietapa.dockerfile.instructions import Instruction

SECRET, SSH = "secret", "ssh"


@dataclass(frozen=True)
class Mount:
    """Un ``--mount``: su clase (``kind``), el nombre de lo que pide (``""`` si no se sabe) y si es obligado.

    El nombre no se sabe si lleva variables.
    """

    kind: str
    name: str
    required: bool


def mounts(instruction: Instruction) -> Iterator[Mount]:
    """Los secretos y los agentes de ssh que monta una instrucción, con las reglas de BuildKit.

    El nombre de un secreto es su ``id``, o su ``source``, o cómo se llama el archivo de destino.
    """
    for key, value in instruction.flags:
        if key != "mount":
            continue
        pairs = [part.partition("=") for part in next(csv.reader([value]), [])]
        values = {name.strip().lower(): (text if equals else "true") for name, equals, text in pairs}
        kind = values.get("type", "")
        if kind in (SECRET, SSH):
            target = values.get("target") or values.get("dst") or values.get("destination") or ""
            name = values.get("source") or values.get("src") or values.get("id") or posixpath.basename(target)
            required = values.get("required", "").lower() in ("true", "1")
            yield Mount(kind, "" if "$" in name else name, required)
