"""Hace el archivo de imagen de un equivalente local. En la caché del usuario quedan sus capas."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from multietapa.bases.catalogue import layer_files
from multietapa.bases.downloading import client
from multietapa.bases.equivalent import ARCHITECTURES, Equivalent, Layer
from multietapa.bases.reporting import ReportProgress, silent
from multietapa.engine.bundle.apt import missing_reason
from multietapa.errors import BaseImageError
from multietapa.image.write import LayerFile, saved_layer, write_image, write_layer
from multietapa.paths import cache_dir


@contextmanager
def archive(wanted: Equivalent, *, progress: ReportProgress = silent) -> Iterator[Path]:
    """Da el archivo de imagen del equivalente, que se borra al salir.

    Lanza :class:`BaseImageError` si esta máquina no puede hacerlo y dice por qué.
    """
    folder = cache_dir() / "bases"
    folder.mkdir(parents=True, exist_ok=True)
    with _locked(folder, wanted):
        for leftover in folder.glob("base-*"):  # de una vez que acabó de golpe: con el candado no es de nadie
            shutil.rmtree(leftover, ignore_errors=True)
        if not all((folder / layer.file).exists() for layer in wanted.layers):
            _check_tools(wanted)
        with tempfile.TemporaryDirectory(prefix="base-", dir=folder) as name:
            work = Path(name)
            layers = [
                _layer(layer, folder, work / Path(layer.file).stem, progress) for layer in wanted.layers
            ]
            _forget_old_layers(folder, wanted)
            target = work / "imagen.tar"
            write_image(
                layers,
                target,
                reference=wanted.reference,
                config=wanted.config(),
                architecture=ARCHITECTURES[os.uname().machine][0],
            )
            yield target


def _layer(layer: Layer, folder: Path, work: Path, progress: ReportProgress) -> LayerFile:
    """La capa, de la caché o recién hecha."""
    saved = folder / layer.file
    if saved.exists():
        return saved_layer(saved, created_by=layer.created_by)
    scratch = work / Path(layer.file).stem
    root = scratch / "raiz"
    root.mkdir(parents=True)
    layer.fill(root, scratch, progress)
    made = write_layer(root, scratch / "capa.tar", created_by=layer.created_by, owners=layer.owners)
    made.path.replace(saved)
    shutil.rmtree(scratch)
    return LayerFile(saved, made.diff_id, layer.created_by)


@contextmanager
def _locked(folder: Path, wanted: Equivalent) -> Iterator[None]:
    """Uno a la vez en toda la máquina."""
    try:
        import fcntl
    except ImportError:  # Windows
        raise _impossible(wanted, "en este sistema no hay paquetes de Debian") from None
    with (folder / "candado").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _forget_old_layers(folder: Path, wanted: Equivalent) -> None:
    """Borra las capas de recetas que ya no se usan: ocupan cientos de MB."""
    used = layer_files() | {layer.file for layer in wanted.layers}
    for path in folder.glob("*.tar"):
        if path.name not in used:
            path.unlink()


def _check_tools(wanted: Equivalent) -> None:
    reason = missing_reason()
    absent = [f"falta {tool}, {why}" for tool, why in wanted.tools.items() if not client(tool)]
    if not reason and absent:
        reason = "; ".join(absent)
    if not reason and os.uname().machine not in ARCHITECTURES:
        reason = f"no hay receta para la arquitectura {os.uname().machine}"
    if reason:
        raise _impossible(wanted, reason)


def _impossible(wanted: Equivalent, reason: str) -> BaseImageError:
    return BaseImageError(
        f"No se puede hacer un equivalente local de {wanted.reference}.",
        why=reason,
        next_step="Conéctate a una red con acceso a un registro de imágenes, o usa --imagenes CARPETA.",
    )
