"""Un equivalente local de una imagen base: de qué capas se hace. Lo describe su familia (``families/``).

Se hace con paquetes de Debian (y los de su lenguaje), sin guiones de mantenedor, y lleva la etiqueta
``multietapa.equivalente=1``.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from multietapa.bases.reporting import ReportProgress
from multietapa.identity import (
    BASE_LABEL,
    BASE_LAYERS_LABEL,
    EQUIVALENT_LABEL,
    LABEL,
    NOTE_LABEL,
    RECIPE_LABEL,
)

#: Se sube si cambia lo que se hace con los paquetes: entonces todos los equivalentes se vuelven a hacer.
REVISION = 2
#: Lo que dice ``uname``, y cómo lo llaman Docker (y Debian) y npm.
ARCHITECTURES = {"x86_64": ("amd64", "x64"), "aarch64": ("arm64", "arm64")}
CERTIFICATES = "etc/ssl/certs/ca-certificates.crt"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#: Llena la raíz vacía de una capa: la raíz, una carpeta para lo que estorba después, y a quién contarlo.
Fill = Callable[[Path, Path, ReportProgress], None]


@dataclass(frozen=True)
class Layer:
    """Una capa: con qué nombre se guarda en la caché, cómo se llena y de quién es lo que no es de root.

    ``owners`` da el uid (y gid) de esas rutas.
    """

    file: str
    created_by: str
    fill: Fill
    owners: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Equivalent:
    """Una imagen base que se sabe hacer aquí.

    ``key`` identifica la receta, igual en todas las máquinas: con otra, la que haya se vuelve a hacer.
    ``environment`` y ``command`` son los de la imagen; ``tools``, los programas de esta máquina que hacen
    falta, además de los de apt, cada uno con su porqué; ``absent``, los programas de la imagen publicada que
    el equivalente no puede traer; ``note``, lo que conviene saber de él, que se dice donde se muestra. Si la
    imagen los dice, ``entrypoint`` es su programa, ``user`` con quién corre, y ``folder`` dónde.
    """

    reference: str
    key: str
    layers: tuple[Layer, ...]
    command: tuple[str, ...]
    environment: tuple[str, ...] = ()
    tools: Mapping[str, str] = field(default_factory=dict)
    absent: tuple[str, ...] = ()
    note: str = ""
    entrypoint: tuple[str, ...] = ()
    user: str = ""
    folder: str = "/"

    def config(self) -> dict[str, object]:
        """La configuración de la imagen, con las etiquetas que dicen qué es."""
        labels = {LABEL: "1", EQUIVALENT_LABEL: "1", BASE_LABEL: self.reference, RECIPE_LABEL: self.key}
        labels[BASE_LAYERS_LABEL] = str(len(self.layers))
        if self.note:
            labels[NOTE_LABEL] = self.note
        environment = [_PATH, *self.environment]
        said = {"Entrypoint": list(self.entrypoint), "Cmd": list(self.command), "User": self.user}
        return {
            "Env": environment,
            **{name: value for name, value in said.items() if value},
            "WorkingDir": self.folder,
            "Labels": labels,
        }


def digest(*recipe: object) -> str:
    """Doce cifras que cambian cuando cambia la receta."""
    return hashlib.sha256(repr(recipe).encode()).hexdigest()[:12]


def layer_file(kind: str, *recipe: object) -> str:
    """El nombre de una capa en la caché: cambia cuando cambia su receta."""
    return f"{kind}-{digest(*recipe)}.tar"


def certificates() -> bytes:
    """El almacén de certificados del anfitrión: así un proxy de empresa no rompe ``npm install``."""
    for name in (os.environ.get("SSL_CERT_FILE", ""), f"/{CERTIFICATES}"):
        if name and Path(name).is_file():
            return Path(name).read_bytes()
    return b""


def link(path: Path, target: str) -> None:
    """Pone en ``path`` un enlace a ``target``, en lugar de lo que hubiera."""
    path.unlink(missing_ok=True)
    path.symlink_to(target)
