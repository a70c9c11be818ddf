"""Imágenes hechas a mano para las pruebas: capas y archivos tar en memoria."""

from __future__ import annotations

import hashlib
import importlib
import io
import json
import random
import tarfile
from collections.abc import Iterable, Sequence
from typing import Any

import pytest

from multietapa.image.history import keyword
from multietapa.keywords import WITHOUT_LAYER

CREATED = "2026-01-01T00:00:00Z"  # sin fecha, Podman no sabe dar la historia de una imagen
TYPES = {
    "file": tarfile.REGTYPE,
    "dir": tarfile.DIRTYPE,
    "symlink": tarfile.SYMTYPE,
    "hardlink": tarfile.LNKTYPE,
    "device": tarfile.CHRTYPE,
    "fifo": tarfile.FIFOTYPE,
}


def entry(
    path: str, content: bytes | str = b"", kind: str = "file", **fields: Any
) -> tuple[tarfile.TarInfo, bytes]:
    """Una entrada; en los enlaces, ``content`` es el destino. ``fields`` cambia lo que haga falta."""
    info = tarfile.TarInfo(path)
    info.type = TYPES[kind]
    info.mode = 0o755 if kind == "dir" else 0o644
    data = content.encode() if isinstance(content, str) else content
    if kind in ("symlink", "hardlink"):
        info.linkname, data = data.decode(), b""
    elif kind == "device":
        info.devmajor, info.devminor = 1, 3
    info.size = len(data)
    for name, value in fields.items():
        setattr(info, name, value)
    return info, data


def layer(*entries: tuple[tarfile.TarInfo, bytes], format: int = tarfile.PAX_FORMAT) -> bytes:
    """El tar de una capa."""
    with io.BytesIO() as buffer:
        with tarfile.open(fileobj=buffer, mode="w", format=format) as tar:
            for info, data in entries:
                tar.addfile(info, io.BytesIO(data))
        return buffer.getvalue()


def zstd(data: bytes) -> bytes:
    """Unos bytes con zstd, si este Python sabe."""
    for name in ("compression.zstd", "backports.zstd"):
        try:
            return bytes(importlib.import_module(name).compress(data))
        except ImportError:
            continue
    pytest.skip("este Python no sabe zstd (compression.zstd, desde 3.14, o backports.zstd)")


def bulk(paths: Iterable[str], content: bytes = b"") -> bytes:
    """Las entradas de muchos archivos con el mismo contenido, sin el final del tar.

    Para un millón: ``tarfile`` tardaría un minuto. Los nombres, de hasta 100 bytes.
    """
    block = entry("", content)[0].tobuf(tarfile.USTAR_FORMAT)
    before, after = block[100:148], block[156:]
    base = sum(before) + sum(after) + 8 * ord(" ")
    data = content + bytes(-len(content) % tarfile.BLOCKSIZE)
    names = (path.encode() for path in paths)
    return b"".join(
        b"%b%b%06o\0 %b%b" % (name.ljust(100, b"\0"), before, base + sum(name), after, data) for name in names
    )


def folder(path: str) -> tuple[tarfile.TarInfo, bytes]:
    """Una carpeta."""
    return entry(path, kind="dir")


def digest(data: bytes) -> str:
    """El digest de unos bytes, como lo escribe Docker."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def config(
    layers: Sequence[bytes | str],
    labels: dict[str, str] | None = None,
    *,
    history: Sequence[str] = (),
    settings: dict[str, Any] | None = None,
    architecture: str = "amd64",
) -> bytes:
    """La configuración de una imagen con esas capas, o con las de esos digests.

    ``history`` son sus pasos (los que no dejan capa, por su instrucción); ``settings``, cómo arranca.
    """
    steps = history or [f"paso {n}" for n, _ in enumerate(layers)]
    digests = [one if isinstance(one, str) else digest(one) for one in layers]
    return json.dumps(
        {
            "architecture": architecture,
            "os": "linux",
            "created": CREATED,
            "config": {"Labels": labels or {}, **(settings or {})},
            "rootfs": {"type": "layers", "diff_ids": digests},
            "history": [
                {"created": CREATED, "created_by": step, "empty_layer": keyword(step) in WITHOUT_LAYER}
                for step in steps
            ],
        }
    ).encode()


def tar_of(files: dict[str, bytes]) -> bytes:
    """Un tar con esos archivos."""
    return layer(*(entry(path, data) for path, data in files.items()))


def archive(
    layers: Sequence[bytes], tag: str = "prueba:1", *, labels: dict[str, str] | None = None, **described: Any
) -> bytes:
    """Una imagen en el formato antiguo de ``docker save``: ``manifest.json`` y carpetas con ``layer.tar``."""
    return archive_of((layers, tag), labels=labels, **described)


def archive_of(
    *images: tuple[Sequence[bytes], str], labels: dict[str, str] | None = None, **described: Any
) -> bytes:
    """Varias imágenes, (capas, etiqueta), en un archivo con el formato antiguo de ``docker save``."""
    files: dict[str, bytes] = {}
    manifest = []
    for number, (layers, tag) in enumerate(images):
        settings = config(layers, labels, **described)
        paths = [f"{number}-{index}/layer.tar" for index, _ in enumerate(layers)]
        files |= {digest(settings)[7:] + ".json": settings, **dict(zip(paths, layers, strict=True))}
        manifest.append({"Config": digest(settings)[7:] + ".json", "RepoTags": [tag], "Layers": paths})
    return tar_of({**files, "manifest.json": json.dumps(manifest).encode()})


def oci_archive(
    images: Sequence[tuple[Sequence[bytes], Sequence[bytes], str]], *, nested: bool = True
) -> bytes:
    """Varias imágenes en formato OCI: (capas, capas tal como se guardan, etiqueta), con una atestación."""
    files: dict[str, bytes] = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}

    def keep(data: bytes) -> dict[str, Any]:
        files["blobs/sha256/" + digest(data)[7:]] = data
        return {"digest": digest(data), "size": len(data)}

    top = []
    for plain, stored, tag in images:
        manifest = {"config": keep(config(plain)), "layers": [keep(data) for data in stored]}
        real = {**keep(json.dumps(manifest).encode()), "platform": {"os": "linux", "architecture": "amd64"}}
        proof = {
            "config": keep(b"{}"),
            "layers": [{**keep(b"{}"), "mediaType": "application/vnd.in-toto+json"}],
        }
        attestation = {
            **keep(json.dumps(proof).encode()),
            "platform": {"os": "unknown", "architecture": "unknown"},
        }
        absent = {"digest": digest(tag.encode()), "platform": {"os": "linux", "architecture": "arm64"}}
        notes = {"io.containerd.image.name": f"docker.io/library/{tag}"}
        if nested:
            index = {"manifests": [absent, attestation, real]}
            top.append({**keep(json.dumps(index).encode()), "annotations": notes})
        else:
            top.append({**real, "annotations": notes})
    return tar_of({**files, "index.json": json.dumps({"manifests": top}).encode()})


def random_layers(seed: int, count: int = 5) -> list[bytes]:
    """Capas al azar que un motor acepta: archivos, enlaces, marcas de borrado y carpetas vaciadas."""
    dice = random.Random(seed)
    visible: dict[str, str] = {}
    layers = []
    for _ in range(count):
        entries = []
        used: dict[str, str] = {}
        for path in dice.sample(sorted(visible), min(len(visible), dice.randrange(4))):
            if any(_inside(path, other) or _inside(other, path) for other in used) or path not in visible:
                continue
            parent, _, name = path.rpartition("/")
            if visible[path] == "dir" and dice.random() < 0.5:
                entries += [folder(path), entry(f"{path}/.wh..wh..opq")]
                used[path] = "dir"
                gone = [other for other in visible if other != path and _inside(other, path)]
            else:
                entries.append(entry(f"{parent}/.wh.{name}".lstrip("/")))
                used[path] = "gone"
                gone = [other for other in visible if _inside(other, path)]
            for other in gone:
                del visible[other]
        for _ in range(dice.randrange(1, 9)):
            parts = [dice.choice("abcd") for _ in range(dice.randrange(1, 4))]
            path = "/".join(parts)
            parents = ["/".join(parts[:depth]) for depth in range(1, len(parts))]
            blocked = any(used.get(parent, "dir") != "dir" for parent in parents)
            if path in used or blocked or any(_inside(other, path) for other in used):
                continue
            for parent in parents:
                if parent not in used:
                    entries.append(folder(parent))
                    used[parent] = visible[parent] = "dir"
            kind = dice.choice(("file", "file", "file", "dir", "symlink", "hardlink"))
            files = [other for other, what in used.items() if what == "file"]
            if kind == "hardlink" and not files:
                kind = "file"
            content = {"file": "x" * dice.randrange(300), "dir": "", "symlink": "y" * dice.randrange(1, 30)}
            entries.append(entry(path, dice.choice(files) if kind == "hardlink" else content[kind], kind))
            used[path] = kind
            if kind != "dir":
                for other in [other for other in visible if _inside(other, path)]:
                    del visible[other]
            visible[path] = kind
        layers.append(layer(*entries))
    return layers


def _inside(path: str, parent: str) -> bool:
    return path == parent or path.startswith(f"{parent}/")
