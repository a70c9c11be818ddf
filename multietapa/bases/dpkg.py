"""La base de datos de paquetes de un equivalente: en ella miran los escáneres qué hay en una imagen.

Un sistema completo la lleva como Debian: ``/var/lib/dpkg/status`` y la lista de archivos de cada paquete en
``info``. Uno mínimo, como las imágenes distroless: un archivo por paquete en ``/var/lib/dpkg/status.d``, con
las sumas de los suyos al lado. Solo nombran lo que está: ni un paquete del que no quede ningún archivo (los
que solo traen documentación, que el equivalente quita) ni un archivo que falte.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath

from multietapa.errors import BundleError

ADMIN = "var/lib/dpkg"
_INSTALLED = "Status: install ok installed"


def write(root: Path, contents: Mapping[Path, tuple[str, ...]], *, full: bool) -> None:
    """Escribe en la raíz la base de datos de los paquetes que se desempaquetaron en ella.

    ``contents`` da las rutas de cada ``.deb``, como las da :func:`unpack`; ``full`` elige la de Debian o la
    de distroless. Lanza :class:`BundleError` si un paquete no se deja leer.
    """
    found = {}
    for deb, names in contents.items():
        present = tuple(_present(root, names))
        if any(not _is_folder(root / path) for path in present):
            control = _control(deb)
            found[_field(control, "Package")] = (deb, control, present)
    folder = root / ADMIN / ("info" if full else "status.d")
    folder.mkdir(parents=True, exist_ok=True)
    stanzas = []
    for name in sorted(found):
        deb, control, present = found[name]
        if full:
            first, rest = control.split("\n", 1)
            stanzas.append(f"{first}\n{_INSTALLED}\n{rest}\n")
            listed = "\n".join(["/.", *(f"/{path}" for path in present), ""])
            (folder / f"{_qualified(control)}.list").write_text(listed, encoding="utf-8")
        else:
            (folder / name).write_text(control, encoding="utf-8")
            (folder / f"{name}.md5sums").write_text(_sums(deb, frozenset(present)), encoding="utf-8")
    if full:
        (root / ADMIN / "status").write_text("".join(stanzas), encoding="utf-8")


def _present(root: Path, names: tuple[str, ...]) -> Iterator[str]:
    """Las rutas del paquete que están en la raíz, sin «./» delante ni «/» detrás."""
    for name in names:
        path = str(PurePosixPath(name))
        if path != "." and os.path.lexists(root / path):
            yield path


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _field(control: str, name: str) -> str:
    """El valor de un campo de una línea; ``""`` si no está."""
    start = f"{name}: "
    return next((line[len(start) :] for line in control.splitlines() if line.startswith(start)), "")


def _qualified(control: str) -> str:
    """El nombre con el que dpkg guarda su lista: con la arquitectura, si puede haber varias a la vez."""
    name = _field(control, "Package")
    same = _field(control, "Multi-Arch") == "same"
    return f"{name}:{_field(control, 'Architecture')}" if same else name


def _sums(deb: Path, present: frozenset[str]) -> str:
    """Las sumas que trae el paquete (no todos las traen), sin las de lo que no está."""
    done = subprocess.run(["dpkg-deb", "--info", str(deb), "md5sums"], capture_output=True)
    lines = done.stdout.decode("utf-8").splitlines(keepends=True)
    return "".join(line for line in lines if line.split(maxsplit=1)[1].rstrip("\n") in present)


def _control(deb: Path) -> str:
    """Los campos del paquete, acabados en un salto de línea."""
    done = subprocess.run(["dpkg-deb", "--field", str(deb)], capture_output=True)
    if done.returncode != 0:
        raise BundleError(
            f"No se pudo leer qué dice de sí el paquete {deb.name}.",
            why=done.stderr.decode(errors="replace").strip()[-300:] or "dpkg-deb terminó con un error.",
            next_step="Comprueba el espacio libre en disco y repite la orden.",
        )
    return done.stdout.decode("utf-8").rstrip("\n") + "\n"
