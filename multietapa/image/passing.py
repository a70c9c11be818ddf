"""Lee las capas de una imagen mientras el motor la entrega, sin esperar a tenerla entera.

Las que van sin comprimir y con su ``diff_id`` por nombre (Docker con overlay2, Podman) se conocen al
empezar. Las comprimidas (containerd) y las que se llaman de otra manera (Docker anterior a 25) se conocen al
acabar, por su digest. Las que no se entiendan se leen después, de un archivo ya escrito.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import chain
from typing import Protocol

from multietapa.errors import ArchiveError
from multietapa.image.layer import NOT_MEASURED, Inspector, Layer, read_passing, within
from multietapa.image.stored import Blocks, inflated, is_packed
from multietapa.image.tarwalk import PIECE, RECORD, Limits, sums, walk

_DIGEST = re.compile(r"(?:^|[/:])([0-9a-f]{64})(?:\.tar)?$")


class Packer(Protocol):
    """Quien comprime las capas que pasan sin comprimir."""

    def seeing(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Los mismos trozos."""

    def named(self, diff_id: str) -> None:
        """La última que vio entera es esa."""


class PackedNames(Protocol):
    """Qué capa es cada archivo comprimido, por su digest, si ya se leyó alguna vez."""

    def packed_layer(self, digest: str) -> str:
        """Su ``diff_id``, o ``""`` si no se sabe."""

    def keep_packed_layer(self, digest: str, diff_id: str) -> None:
        """Lo apunta."""


def passing_layers(
    chunks: Iterator[bytes],
    inspectors: Mapping[str, Inspector | None],
    *,
    limits: Limits | None = None,
    packer: Packer | None = None,
    names: PackedNames | None = None,
    known: Collection[str] = (),
) -> dict[str, Layer]:
    """Las capas de ``inspectors``, por su ``diff_id``, que se han podido leer al pasar.

    ``chunks`` son los trozos del archivo de la imagen; se consumen. A quien inspecciona una capa hay que
    dársela desde el principio: si hay alguno, solo se leen las que se conocen por su nombre. ``packer`` ve
    las que no están comprimidas; las que sí ya traen su ``transfer_bytes``, lo que ocupan. No se abre otra
    vez una que no haga falta: las de ``known``, por su ``diff_id``, y las comprimidas que conozca ``names``.

    Lanza ``ArchiveError`` si el archivo o una de las capas conocidas está rota, o entre todas pasan de
    ``limits``.
    """
    reading = _Reading(inspectors, limits or Limits(), packer, names, known)
    outer = replace(reading.limits, layer_bytes=1 << 42)
    for _ in walk(Blocks(chunks), limits=outer, look=reading.look):
        pass
    return reading.found


class _Reading:
    """Las capas que se van encontrando."""

    def __init__(
        self,
        inspectors: Mapping[str, Inspector | None],
        limits: Limits,
        packer: Packer | None,
        names: PackedNames | None,
        known: Collection[str],
    ) -> None:
        self.found: dict[str, Layer] = {}
        self.limits = self._left = limits
        self._inspectors, self._packer, self._names = inspectors, packer, names
        self._inspected, self._known = any(inspectors.values()), known

    def look(self, path: str, size: int, pieces: Iterator[bytes]) -> None:
        """Lee un archivo del exterior, si es una de las capas."""
        named = _DIGEST.search(path)
        digest = f"sha256:{named[1]}" if named else ""
        if digest in self.found or len(self.found) == len(self._inspectors):
            return
        if digest in self._inspectors:
            self._keep(self._plain(pieces, digest))
        elif not self._inspected and digest not in self._known:
            known = self._names.packed_layer(digest) if self._names and digest else ""
            if known and (known in self.found or known not in self._inspectors):
                return
            try:
                layer = self._guessed(pieces, size)
            except (ArchiveError, EOFError, zlib.error, ImportError):
                return  # no es una capa o, si lo es, ya se dirá qué le pasa al leerla del archivo
            if layer and layer.diff_id in self._inspectors and layer.diff_id not in self.found:
                self._keep(layer)
            if layer and self._names and digest and layer.transfer_bytes != NOT_MEASURED:
                self._names.keep_packed_layer(digest, layer.diff_id)

    def _guessed(self, pieces: Iterator[bytes], size: int) -> Layer | None:
        """Lo que parece una capa, leído; ``None`` si no lo parece."""
        start = next(pieces, b"")
        pieces = chain((start,), pieces)
        if is_packed(start):
            return self._packed(pieces, size)
        return self._plain(pieces, "") if size % RECORD == 0 and _is_tar(start[:RECORD]) else None

    def _plain(self, pieces: Iterator[bytes], diff_id: str) -> Layer:
        seen = self._packer.seeing(pieces) if self._packer else pieces
        return read_passing(seen, diff_id=diff_id, limits=self._left, inspector=self._inspectors.get(diff_id))

    def _packed(self, pieces: Iterator[bytes], size: int) -> Layer:
        blocks = within(inflated(pieces, PIECE), self._left)
        layer = read_passing(blocks, diff_id="", limits=self._left, inspector=None)
        return replace(layer, transfer_bytes=size)

    def _keep(self, layer: Layer) -> None:
        if self._packer and layer.transfer_bytes == NOT_MEASURED:
            self._packer.named(layer.diff_id)
        self._left = replace(self._left, used=self._left.used + len(layer.files))
        self.found[layer.diff_id] = layer


def _is_tar(record: bytes) -> bool:
    """Si lo que empieza así es un tar: una cabecera, o los ceros de uno vacío."""
    with suppress(ArchiveError):
        return len(record) == RECORD and (not any(record) or sums(record))
    return False
