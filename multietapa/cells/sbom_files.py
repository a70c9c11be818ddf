"""Los archivos en los que se guarda la lista de paquetes de una imagen: nunca encima de otro."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import docker

from multietapa.errors import MultietapaError
from multietapa.image.packages.inventory import inventory
from multietapa.image.sbom import sbom
from multietapa.measure.measure import measure
from multietapa.measure.surface.face import Face

SUFFIX = ".cdx.json"
_UNSAFE = re.compile(r"[^\w.-]+")


def packages(client: docker.DockerClient, face: Face) -> str:
    """La lista de paquetes de una imagen ya mirada, en CycloneDX: sus capas están en la caché."""
    measured = measure(client, face.image_id, transfer=False)
    return sbom(measured, inventory(measured), name=face.tag or face.name)


def file_name(name: str) -> str:
    """El archivo de la lista de una imagen, por su nombre: ``tienda-ingenua.cdx.json``."""
    return f"{_UNSAFE.sub('-', name).strip('.-') or 'imagen'}{SUFFIX}"


def new_files(where: Path, names: Sequence[str]) -> list[Path]:
    """El archivo de la lista de cada imagen: ``where``, si acaba en ``.json``, o uno por imagen dentro.

    Lanza ``MultietapaError`` si uno ya está, o si no caben en un archivo.
    """
    if where.suffix.casefold() != ".json" or where.is_dir():
        files = [file_name(name) for name in names]
        again = len(set(files)) < len(files)
        targets = [where / (f"{n}-{file}" if again else file) for n, file in enumerate(files, 1)]
    elif len(names) == 1:
        targets = [where]
    else:
        raise MultietapaError(
            f"En un archivo solo cabe la lista de una imagen, y hay {len(names)}.",
            next_step="Di de cuál con imagen=..., o da una carpeta, que lleva un archivo por imagen.",
        )
    if taken := next((target for target in targets if target.exists()), None):
        raise _taken(taken)
    return targets


def write_new(target: Path, words: str) -> None:
    """Escribe un archivo que no estaba, entero o nada; lanza ``MultietapaError`` si está o no se puede."""
    folder = target.parent
    if folder.exists() and not folder.is_dir():
        raise MultietapaError(f"«{folder}» es un archivo, no una carpeta.", next_step="Elige otro nombre.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with target.open("x", encoding="utf-8") as file:
            try:
                file.write(words)
                file.flush()
            except BaseException:
                with suppress(OSError):
                    target.unlink()
                raise
    except FileExistsError as problem:
        raise _taken(target) from problem
    except OSError as problem:
        raise MultietapaError(
            f"No se pudo escribir «{target}».",
            why=problem.strerror or str(problem),
            next_step="Elige otra carpeta.",
        ) from problem


def _taken(target: Path) -> MultietapaError:
    return MultietapaError(
        f"«{target}» ya existe, y no se escribe encima.",
        next_step="Bórralo o elige otro nombre.",
    )
