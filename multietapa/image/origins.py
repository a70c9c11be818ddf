"""De dónde sale cada byte de una imagen: seis orígenes cuya suma es Desempaquetado, al byte.

Un archivo que otra capa tapa o borra sigue contando en su origen: sus bytes viajan con la imagen.
``overlay`` dice cuántos son.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import Enum

from multietapa.image.image import MeasuredImage
from multietapa.image.layer import FileEntry, Layer
from multietapa.image.node_modules import NodeModules
from multietapa.image.npm import MODULES


class Origin(Enum):
    """Los orígenes, en el orden en que se muestran; el valor es su nombre en pantalla."""

    SYSTEM = "sistema base"
    RUNTIME = "runtime"
    PRODUCTION = "dependencias de producción"
    DEVELOPMENT = "dependencias de desarrollo"
    APPLICATION = "aplicación"
    CACHES = "cachés"


RUNTIMES = {
    "node": (
        r"usr/(local/)?bin/(node|nodejs|npm|npx|corepack|yarn|yarnpkg)$",
        r"usr/(local/)?lib/node_modules/(npm|corepack|yarn)(/|$)",
        r"usr/(local/)?include/node(/|$)",
        r"usr/local/(CHANGELOG\.md|README\.md|LICENSE)$",
        r"usr/local/share/(doc/node/|man/man1/node\.1|systemtap/tapset/node\.stp)",
        r"usr/share/nodejs/",
        r"opt/yarn[^/]*/",
        r"nodejs/",
    ),
    "python": (
        r"usr/local/bin/(python|pip|idle|pydoc|2to3)[^/]*$",
        r"usr/local/lib/(libpython[^/]*$|pkgconfig/python|python\d[\d.]*/(?!site-packages/))",
        r"usr/local/lib/python\d[\d.]*/site-packages/"
        r"(pip|setuptools|wheel|pkg_resources|_distutils_hack|distutils-precedence|README)",
        r"usr/local/include/python",
    ),
    "java": (r"opt/(java|jdk|jre|openjdk)[^/]*/", r"usr/(local/openjdk[^/]*|lib/jvm|java)/"),
    "go": (r"usr/local/go/",),
    "rust": (r"usr/local/(rustup/|cargo/(?!registry/|git/))",),
}
"""Qué rutas son el entorno de ejecución (o las herramientas) de cada lenguaje, en cualquier capa."""

_RUNTIME = re.compile("|".join(pattern for patterns in RUNTIMES.values() for pattern in patterns))
_CACHE = re.compile(
    r"(root|home/[^/]+)/\.(cache|m2|gradle|node-gyp|local/share/pnpm/store|cargo/(registry|git))/|(.*/)?\.npm/|(.*/)?node_modules/\.cache/"
    r"|var/(cache|tmp|lib/apt/lists)/|tmp/|usr/local/share/\.cache/|go/pkg/|usr/local/cargo/(registry|git)/"
)
_OWN = re.compile(r"usr/(src|share/nginx/html|local)/|var/www/")
_PYTHON_PACKAGES = re.compile(r"(?!usr/lib/)(.*/)?(site-packages|dist-packages|\.?venv)/")
_SYSTEM = re.compile(
    r"(usr/(lib|lib32|lib64|libx32|bin|sbin|include|libexec|share|games)|bin|sbin|lib|lib32|lib64|libx32|etc|run"
    r"|dev|boot|var/(lib|log|spool|mail))(/|$)"
)

#: Donde alguna de las de arriba mira el nombre del archivo: usr, con lo que lleva, var y la raíz.
_BY_NAME = re.compile(r"(usr(/.*)?|var|)$", re.DOTALL)


def by_origin(measurement: MeasuredImage) -> dict[Origin, int]:
    """Bytes de cada origen, en su orden; suman exactamente ``measurement.unpacked_bytes``.

    Si no se sabe qué capas son de la base (``base_layer_count`` 0), lo que hay fuera de las carpetas
    del sistema cuenta como de la aplicación.
    """
    totals = dict.fromkeys(Origin, 0)
    for _, entry, origin in classified(measurement):
        totals[origin] += entry.own_bytes
    return totals


def classified(measurement: MeasuredImage) -> Iterator[tuple[Layer, FileEntry, Origin]]:
    """Cada entrada con bytes propios, con su capa y su origen."""
    modules = NodeModules(measurement.layers)
    for layer in measurement.layers:
        in_base = layer.index < measurement.base_layer_count
        for entry in layer.files:
            if entry.own_bytes:
                yield layer, entry, origin_of(entry, layer.index, in_base, modules)


def origin_of(entry: FileEntry, layer: int, in_base: bool, modules: NodeModules) -> Origin:
    """El origen de una entrada de la capa ``layer``, que es o no de la base (``in_base``)."""
    path = entry.path
    if in_base:
        return Origin.RUNTIME if _RUNTIME.match(path) else Origin.SYSTEM
    inside = f"/{MODULES}" in f"/{path}"
    shared = not inside and modules.holds(entry, layer)  # el almacén de pnpm, enlazado desde node_modules
    if not shared and _CACHE.match(path):
        return Origin.CACHES
    if not shared and _RUNTIME.match(path):
        return Origin.RUNTIME
    if inside or shared:
        return Origin.DEVELOPMENT if modules.is_development(entry, layer) else Origin.PRODUCTION
    if _PYTHON_PACKAGES.match(path):
        return Origin.PRODUCTION
    return Origin.SYSTEM if not _OWN.match(path) and _SYSTEM.match(path) else Origin.APPLICATION


def origin_in(folder: str, layer: int, in_base: bool, modules: NodeModules) -> Origin | None:
    """El origen de los archivos corrientes que cuelgan de ``folder``, o ``None`` si depende de su nombre.

    Donde lo que decide es la carpeta, preguntar por cada archivo sería repetir lo mismo mil veces.
    """
    if _BY_NAME.match(folder) or modules.by_name(folder, layer):
        return None
    return origin_of(FileEntry(f"{folder}/x", 0, "file", 0, 0, 0), layer, in_base, modules)
