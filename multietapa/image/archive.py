"""Abre archivos de imagen: los que guarda el motor y los que llegan hechos.

Entiende los dos formatos: el de ``docker save`` con ``manifest.json`` (también el antiguo, con un
``layer.tar`` por carpeta) y el de OCI con ``index.json`` y ``blobs/``, con índices anidados. No extrae
nada: anota dónde está cada capa para leerla después, una sola vez, con ``read_layer``.
"""

from __future__ import annotations

import hashlib
import json
import posixpath
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, BinaryIO

from multietapa.errors import UnknownNameError
from multietapa.image.folder import ImageFolder
from multietapa.image.tarwalk import Limits, broken, walk

_MAX_MANIFESTS = 256
_MAX_LAYERS = 1000


@dataclass(frozen=True)
class Blob:
    """Dónde está una capa en el archivo: ``offset`` y ``size`` en bytes, tal como está guardada."""

    offset: int
    size: int
    diff_id: str
    created_by: str = ""


@dataclass(frozen=True)
class ArchivedImage:
    """Una imagen de un archivo. ``ids`` reúne sus digests (el de la configuración y el del manifiesto).

    ``config`` es lo que dice de cómo arranca (``Env``, ``User``, ``Cmd``...), e ``history``, el
    ``created_by`` de cada paso, también de los que no dejan capa. Los dos pueden llevar secretos: no van en
    su ``repr``.
    """

    ids: tuple[str, ...]
    tags: tuple[str, ...]
    architecture: str
    labels: dict[str, str]
    layers: tuple[Blob, ...]
    config: Mapping[str, Any] = field(default_factory=dict, repr=False)
    history: tuple[str, ...] = field(default=(), repr=False)

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """Los digests de los tar sin comprimir, de abajo arriba."""
        return tuple(blob.diff_id for blob in self.layers)


def read_images(file: BinaryIO, *, limits: Limits | None = None) -> tuple[ArchivedImage, ...]:
    """Las imágenes de un archivo abierto y con ``seek``, o de una carpeta OCI (``ImageFolder``).

    Lanza ``ArchiveError`` si no lo es de imagen.
    """
    contents = _Contents(file, limits or Limits())
    images: dict[str, ArchivedImage] = {}
    for image in (*_from_manifest_json(contents), *_from_index(contents)):
        key = image.ids[0]
        known = images.get(key)
        if known:
            image = replace(known, ids=_union(known.ids, image.ids), tags=_union(known.tags, image.tags))
        images[key] = image
    if not images:
        broken("No trae ninguna imagen completa (ni manifest.json ni index.json la describen).")
    return tuple(images.values())


def choose(
    images: Iterable[ArchivedImage], name: str = "", *, diff_ids: tuple[str, ...] = ()
) -> ArchivedImage:
    """La imagen con esas capas o, si no se dicen, la que tiene ese nombre o ese id (vale abreviado).

    Sin nombre ni capas, la primera. Lanza ``UnknownNameError`` si ninguna encaja.
    """
    known = tuple(images)
    for image in known:
        if diff_ids:
            if image.diff_ids == diff_ids:
                return image
        elif not name or familiar(name) in map(familiar, image.tags) or _is_id(name, image.ids):
            return image
    names = [tag for image in known for tag in image.tags] or [image.ids[0] for image in known]
    raise UnknownNameError(name or "la pedida", names, kind="en el archivo la imagen")


def familiar(tag: str) -> str:
    """El nombre corto de una etiqueta: sin ``docker.io/library/`` y con ``:latest`` si no dice otra."""
    for prefix in ("docker.io/library/", "docker.io/"):
        tag = tag.removeprefix(prefix)
    return tag if ":" in tag.rpartition("/")[2] or "@" in tag else f"{tag}:latest"


def _is_id(name: str, ids: tuple[str, ...]) -> bool:
    digest = name.removeprefix("sha256:")
    return len(digest) >= 6 and any(known.removeprefix("sha256:").startswith(digest) for known in ids)


def _union(first: tuple[str, ...], second: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*first, *second)))


class _Contents:
    """El índice del archivo exterior: qué hay y dónde, con los enlaces simbólicos del formato antiguo."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._places: dict[str, tuple[int, int]] = {}
        self._links: dict[str, str] = {}
        if isinstance(file, ImageFolder):
            self._places = file.places
            return
        outer = replace(limits, layer_bytes=1 << 42)
        for entry in walk(_Seekable(file), limits=outer):
            if entry.kind == "file":
                self._places[entry.path] = (entry.offset, entry.stored)
            elif entry.kind in ("symlink", "hardlink"):
                near = posixpath.dirname(entry.path) if entry.kind == "symlink" else ""
                self._links[entry.path] = posixpath.normpath(posixpath.join(near, entry.link))

    def place(self, path: str) -> tuple[int, int] | None:
        path = path.removeprefix("./")
        return self._places.get(self._links.get(path, path))

    def raw(self, path: str) -> bytes:
        place = self.place(path)
        if place is None:
            broken(f"Falta «{path[:200]}».")
        if place[1] > self._limits.config_bytes:
            broken(f"«{path[:200]}» ocupa {place[1]} bytes.")
        self._file.seek(place[0])
        return self._file.read(place[1])

    def json(self, path: str) -> Any:
        try:
            return json.loads(self.raw(path))
        except (ValueError, RecursionError):
            broken(f"«{path[:200]}» no es JSON.")


def _from_manifest_json(contents: _Contents) -> Iterator[ArchivedImage]:
    if contents.place("manifest.json") is None:
        return
    for item in _items(contents.json("manifest.json"), _MAX_MANIFESTS):
        names = [_string(name) for name in _items(_field(item, "Layers"), _MAX_LAYERS)]
        tags = tuple(_string(tag) for tag in _items(_field(item, "RepoTags"), 10_000))
        yield _image(contents, _string(_field(item, "Config")), names, tags=tags)


def _from_index(contents: _Contents) -> Iterator[ArchivedImage]:
    if contents.place("index.json") is None:
        return
    waiting = [(item, 0) for item in _items(_field(contents.json("index.json"), "manifests"), _MAX_MANIFESTS)]
    seen = 0
    while waiting:
        descriptor, depth = waiting.pop(0)
        notes = _mapping(_field(descriptor, "annotations"))
        platform = _mapping(_field(descriptor, "platform"))
        path = _blob_path(descriptor)
        seen += 1
        if seen > _MAX_MANIFESTS or depth > 3:
            broken("Sus índices no terminan nunca.")
        attestation = platform.get("os") == "unknown" or "vnd.docker.reference.type" in notes
        if attestation or contents.place(path) is None:
            continue  # lo segundo es una plataforma que el archivo no trae
        manifest = contents.json(path)
        inherited = {"annotations": notes}
        nested = _items(_field(manifest, "manifests"), _MAX_MANIFESTS)
        waiting.extend(({**inherited, **_mapping(item)}, depth + 1) for item in nested)
        layers = _items(_field(manifest, "layers"), _MAX_LAYERS)
        if not layers and not _field(manifest, "config"):
            continue
        if any("in-toto" in str(_field(layer, "mediaType")) for layer in layers):
            continue
        paths = [_blob_path(layer) for layer in layers]
        if any(contents.place(layer) is None for layer in paths):
            continue
        name = notes.get("io.containerd.image.name") or notes.get("org.opencontainers.image.ref.name")
        tags = (_string(name),) if name else ()
        config = _blob_path(_field(manifest, "config"))
        yield _image(contents, config, paths, tags=tags, digest=_string(_field(descriptor, "digest")))


def _image(
    contents: _Contents, config_path: str, layers: list[str], *, tags: tuple[str, ...], digest: str = ""
) -> ArchivedImage:
    config = contents.json(config_path)
    identity = "sha256:" + hashlib.sha256(contents.raw(config_path)).hexdigest()
    diff_ids = [_string(item) for item in _items(_field(_field(config, "rootfs"), "diff_ids"), _MAX_LAYERS)]
    if len(diff_ids) != len(layers):
        broken(f"Describe {len(diff_ids)} capas y trae {len(layers)}.")
    history = _items(_field(config, "history"), 10 * _MAX_LAYERS)
    steps = [str(_field(item, "created_by") or "") for item in history if not _field(item, "empty_layer")]
    steps = steps if len(steps) == len(layers) else [""] * len(layers)
    blobs = []
    for path, diff_id, step in zip(layers, diff_ids, steps, strict=True):
        place = contents.place(path)
        if place is None:
            broken(f"Falta la capa «{path[:200]}».")
        blobs.append(Blob(place[0], place[1], diff_id, step))
    settings = _mapping(_field(config, "config"))
    labels = _mapping(settings.get("Labels"))
    return ArchivedImage(
        ids=(identity, digest) if digest else (identity,),
        tags=tuple(familiar(tag) for tag in tags),
        architecture=str(_field(config, "architecture") or ""),
        labels={str(key): str(value) for key, value in labels.items()},
        layers=tuple(blobs),
        config=settings,
        history=tuple(str(_field(item, "created_by") or "") for item in history),
    )


def _blob_path(descriptor: Any) -> str:
    algorithm, _, digest = _string(_field(descriptor, "digest")).partition(":")
    return f"blobs/{algorithm}/{digest}"


def _field(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else None


def _mapping(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _items(value: Any, limit: int) -> list[Any]:
    items = value if isinstance(value, list) else []
    if len(items) > limit:
        broken(f"Una de sus listas tiene {len(items)} elementos.")
    return items


def _string(value: Any) -> str:
    if not isinstance(value, str):
        broken("Uno de sus manifiestos está mal formado.")
    return value


class _Seekable:
    """Un archivo con ``seek`` como fuente de ``walk``: saltar no lee."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._size = file.seek(0, 2)
        file.seek(0)

    def read(self, n: int) -> bytes:
        return self._file.read(n)

    def skip(self, n: int) -> None:
        if self._file.seek(n, 1) > self._size:
            broken("El archivo está cortado.")

    def tell(self) -> int:
        return self._file.tell()
