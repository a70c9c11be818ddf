"""Escribe un archivo de imagen que ``docker load`` acepta, siempre igual byte a byte."""

from __future__ import annotations

import hashlib
import io
import json
import os
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

#: Fecha fija de todo lo que se escribe, para que la misma receta dé el mismo digest.
EPOCH = 1_700_000_000
CREATED = "2023-11-14T22:13:20Z"


@dataclass(frozen=True)
class LayerFile:
    """Una capa en disco: su tar sin comprimir, su ``diff_id`` y cómo se hizo."""

    path: Path
    diff_id: str
    created_by: str


def write_layer(
    folder: Path, target: Path, *, created_by: str, owners: Mapping[str, int] | None = None
) -> LayerFile:
    """Empaqueta ``folder`` como capa: en orden, con fecha fija y todo de root.

    ``owners`` da el uid (y gid) de las rutas que no son de root.
    """
    digest = hashlib.sha256()

    class Tee(io.RawIOBase):
        def writable(self) -> bool:
            return True

        def write(self, data: Any) -> int:
            digest.update(data)
            return int(output.write(data))

    with (
        target.open("wb") as output,
        tarfile.open(fileobj=Tee(), mode="w|", format=tarfile.GNU_FORMAT) as tar,
    ):
        for parent, folders, files in os.walk(folder):
            folders.sort()
            for name in sorted(folders + files):
                path = Path(parent, name)
                entry = tar.gettarinfo(path, arcname=os.path.relpath(path, folder))
                entry.mtime, entry.uname, entry.gname = EPOCH, "", ""
                entry.uid = entry.gid = (owners or {}).get(entry.name, 0)
                if entry.isreg():
                    with path.open("rb") as content:
                        tar.addfile(entry, content)
                else:
                    tar.addfile(entry)
    return LayerFile(target, f"sha256:{digest.hexdigest()}", created_by)


def saved_layer(path: Path, *, created_by: str) -> LayerFile:
    """Una capa ya escrita: se vuelve a calcular su digest, porque el archivo pudo cambiar."""
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(1 << 20):
            digest.update(piece)
    return LayerFile(path, f"sha256:{digest.hexdigest()}", created_by)


def write_image(
    layers: list[LayerFile], target: Path, *, reference: str, config: dict[str, Any], architecture: str
) -> None:
    """Escribe el archivo de imagen con sus capas, su configuración y su etiqueta."""
    description = json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": CREATED,
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
            "history": [{"created": CREATED, "created_by": layer.created_by} for layer in layers],
        },
        sort_keys=True,
    ).encode()
    config_name = f"{hashlib.sha256(description).hexdigest()}.json"
    names = [f"{layer.diff_id.removeprefix('sha256:')}.tar" for layer in layers]
    manifest = json.dumps([{"Config": config_name, "RepoTags": [reference], "Layers": names}]).encode()
    partial = target.with_name(target.name + ".parcial")
    try:
        with tarfile.open(partial, "w", format=tarfile.GNU_FORMAT) as tar:
            for name, content in (("manifest.json", manifest), (config_name, description)):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime = len(content), EPOCH
                tar.addfile(entry, io.BytesIO(content))
            for name, layer in zip(names, layers, strict=True):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mtime = layer.path.stat().st_size, EPOCH
                with layer.path.open("rb") as opened:
                    tar.addfile(entry, opened)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
