"""La lista de lo que hay en un paquete del motor y cómo se comprueba que sigue siendo eso.

``paquete.sha256`` es un archivo de ``sha256sum`` (``sha256sum -c paquete.sha256`` lo entiende); lo que
no son sumas (enlaces, carpetas vacías, permiso de ejecución) va en sus comentarios.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path

from multietapa.errors import BundleError
from multietapa.paths import write_whole

MANIFEST = "paquete.sha256"
_MAXIMUM_BYTES = 4 * 1024 * 1024
_FILE = re.compile(r"([0-9a-f]{64})  (.+)")
_LINK = " -> "
_HEADER = "# paquete del motor "
_RUN, _POINTER, _EMPTY = "# ejecutable ", "# enlace ", "# carpeta "


@dataclass
class Manifest:
    """Lo que hay en un paquete: rutas desde su raíz; ``key`` es la receta con la que se hizo."""

    key: str
    files: dict[str, str] = field(default_factory=dict)
    executables: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)

    def text(self) -> str:
        """El contenido de ``paquete.sha256``, siempre en el mismo orden."""
        lines = [f"{_HEADER}{self.key}"]
        lines += [f"{_EMPTY}{name}" for name in sorted(self.folders)]
        lines += [f"{_POINTER}{name}{_LINK}{target}" for name, target in sorted(self.links.items())]
        lines += [f"{_RUN}{name}" for name in sorted(self.executables)]
        lines += [f"{digest}  {name}" for name, digest in sorted(self.files.items())]
        return "".join(f"{line}\n" for line in lines)


def write(root: Path, *, key: str) -> Manifest:
    """Anota en ``root`` lo que hay ahora mismo en él."""
    manifest = Manifest(key)
    for folder, names, files in os.walk(root):
        relative = Path(folder).relative_to(root)
        for name in [*files, *names]:
            path, inside = Path(folder, name), str(relative / name)
            if path.is_symlink():
                manifest.links[inside] = os.readlink(path)
            elif path.is_dir():
                if not any(path.iterdir()):
                    manifest.folders.add(inside)
            elif inside != MANIFEST:
                manifest.files[inside] = digest_of(path)
                if path.stat().st_mode & 0o111:
                    manifest.executables.add(inside)
    (root / MANIFEST).write_text(manifest.text(), encoding="utf-8")
    (root / MANIFEST).chmod(0o644)
    return manifest


def read(root: Path, *, key: str) -> Manifest:
    """La lista de ``root``. Lanza :class:`BundleError` si falta, no se entiende o es de otra receta."""
    try:
        with (root / MANIFEST).open(encoding="utf-8") as file:
            text = file.read(_MAXIMUM_BYTES)
    except (OSError, ValueError) as problem:
        raise damaged(root, f"no se puede leer {MANIFEST} ({problem})") from problem
    first, _, rest = text.partition("\n")
    manifest = Manifest(first.removeprefix(_HEADER))
    for line in rest.splitlines():
        if line.startswith(_EMPTY):
            manifest.folders.add(line.removeprefix(_EMPTY))
        elif line.startswith(_RUN):
            manifest.executables.add(line.removeprefix(_RUN))
        elif line.startswith(_POINTER) and _LINK in line:
            name, _, target = line.removeprefix(_POINTER).partition(_LINK)
            manifest.links[name] = target
        elif found := _FILE.fullmatch(line):
            manifest.files[found[2]] = found[1]
        else:
            raise damaged(root, f"{MANIFEST} tiene una línea que no se entiende: «{line[:80]}»")
    if not first.startswith(_HEADER) or not manifest.files:
        raise damaged(root, f"{MANIFEST} está cortado")
    if manifest.key != key:
        raise BundleError(
            "El paquete del motor no es el de esta versión del taller.",
            why=f"El de {root} es «{manifest.key[:40]}», y hace falta «{key}» (cambia con la arquitectura).",
            next_step="Hazlo otra vez con «python -m multietapa motor --empaquetar CARPETA».",
        )
    return manifest


def check(root: Path, *, key: str, seal: Path | None = None, thorough: bool = False) -> None:
    """Comprueba que ``root`` tiene lo que dice su lista. Lanza :class:`BundleError` con lo que no cuadra.

    Presencia, enlaces y permisos se miran siempre. Las sumas, si no hay ``seal`` (el archivo donde se anota
    cómo estaba cada archivo la última vez que se sumaron), si algo cambió desde entonces o si se pide con
    ``thorough``.
    """
    manifest = read(root, key=key)
    state = _state(root, manifest)
    if seal is not None and not thorough and _sealed(seal) == state:
        return
    for name, expected in manifest.files.items():
        try:
            same = digest_of(root / name) == expected
        except OSError as problem:
            raise damaged(root, f"{name}: {problem.strerror}") from problem
        if not same:
            raise damaged(root, f"{name} no tiene su contenido (la suma sha256 es otra)")
    if seal is not None:
        write_whole(seal, json.dumps(state))


def set_seal(root: Path, *, key: str, seal: Path) -> None:
    """Da por buenas las sumas de un paquete recién hecho o recién comprobado."""
    write_whole(seal, json.dumps(_state(root, read(root, key=key))))


def extras(root: Path, *, key: str) -> set[str]:
    """Lo que hay en ``root`` y no está en su lista."""
    manifest = read(root, key=key)
    known = {MANIFEST, *manifest.files, *manifest.links}
    found = set()
    for folder, names, files in os.walk(root):
        for name in [*files, *names]:
            path = Path(folder, name)
            if path.is_symlink() or not path.is_dir():
                found.add(str(path.relative_to(root)))
    return found - known


def digest_of(path: Path) -> str:
    """La suma sha256 de un archivo, sin seguir enlaces."""
    digest = hashlib.sha256()
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with open(descriptor, "rb") as file:  # noqa: PTH123  Path.open seguiría el enlace
        while chunk := file.read(1024 * 1024):
            digest.update(chunk)
    return digest.hexdigest()


def damaged(root: Path, why: str) -> BundleError:
    """El error de un paquete que no es lo que dice su lista."""
    return BundleError(
        f"El paquete del motor que hay en {root} está dañado.",
        why=why,
        next_step="Bórralo y repite la orden, o consigue otra copia.",
    )


_State = dict[str, object]


def _state(root: Path, manifest: Manifest) -> _State:
    """Cómo está cada archivo (tamaño, fechas, inodo), tras comprobar presencia, enlaces y permisos."""
    files: dict[str, list[int]] = {}
    try:
        for name in manifest.files:
            status = (root / name).lstat()
            if not stat.S_ISREG(status.st_mode):
                raise damaged(root, f"{name} ya no es un archivo")
            if name in manifest.executables and not os.access(root / name, os.X_OK):
                raise damaged(root, f"{name} no se puede ejecutar")
            files[name] = [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino]
        for name, target in manifest.links.items():
            if os.readlink(root / name) != target:
                raise damaged(root, f"{name} apunta a otro sitio")
        for name in manifest.folders:
            if not (root / name).is_dir():
                raise damaged(root, f"falta la carpeta {name}")
    except OSError as problem:
        raise damaged(root, f"{Path(problem.filename).relative_to(root)}: {problem.strerror}") from problem
    listing = hashlib.sha256(manifest.text().encode()).hexdigest()
    return {"paquete": str(root), "lista": listing, "archivos": files}


def _sealed(seal: Path) -> object:
    try:
        return json.loads(seal.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
