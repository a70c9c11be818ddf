"""De lo que se quiere construir a lo que BuildKit entiende: qué se le pide y qué carpetas se le ofrecen."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from multietapa.build.events import MAIN_FOLDER
from multietapa.build.session.control import Order
from multietapa.build.session.extras import Extras
from multietapa.build.session.listing import FolderOffer, Offer, TextOffer
from multietapa.build.stream import BuildOptions
from multietapa.dockerfile.context import Context, check
from multietapa.dockerfile.walk import entries

CONTEXT, DOCKERFILE = MAIN_FOLDER, "dockerfile"
_NO_CACHE = "no-cache"
_INLINE_CACHE = "BUILDKIT_INLINE_CACHE"  # la pide un ARG, y la atiende quien da la orden
_TRUE = ("1", "t", "T", "true", "TRUE", "True")


def file_name(context: Context) -> str:
    """Cómo se llama el Dockerfile para el motor: igual que en la carpeta, si está en ella."""
    return "Dockerfile" if context.own_text else PurePosixPath(context.dockerfile).name


def offers(context: Context, text: str, extras: Extras) -> dict[str, Offer]:
    """Lo que el motor puede pedir, por su nombre: la carpeta, el Dockerfile con sus reglas y las demás."""
    name = file_name(context)
    files = {name: text.encode()}
    own_rules = f"{name}.dockerignore"
    if context.ignore_file and PurePosixPath(context.ignore_file).name == own_rules:
        files[own_rules] = (context.root / context.ignore_file).read_bytes()
    found: dict[str, Offer] = {CONTEXT: FolderOffer(context.root), DOCKERFILE: TextOffer(files)}
    for key, place in extras.contexts.items():
        if isinstance(place, Path):
            found[_mount(key)] = FolderOffer(place)
    return found


def _mount(name: str) -> str:
    """Cómo se pide la carpeta de un contexto, sin que se confunda con las dos de siempre."""
    return f"_{name}" if name in (CONTEXT, DOCKERFILE) else name


def orders(
    session: str, context: Context, options: BuildOptions, extras: Extras, *, together: bool = True
) -> list[Order]:
    """Lo que se pide, en una orden. Con una carpeta de salida y sin ``together`` (motores antiguos), en dos.

    La segunda no repite ningún paso, tampoco si la primera los repitió todos: usa lo que acaba de hacer.
    """
    values = _values(context, options, extras)
    image = ("moby", {"name": options.tag})
    files: tuple[str, dict[str, str]] = ("tar", {})
    inline = (options.buildargs or {}).get(_INLINE_CACHE, "") in _TRUE
    exports: list[tuple[str, dict[str, str]]] = [("inline", {})] if inline else []
    outputs = [[image]] if not extras.output else [[image, files]] if together else [[image], [files]]
    found = []
    for number, exporters in enumerate(outputs):
        own = {name: value for name, value in values.items() if not (number and name == _NO_CACHE)}
        ref, caches = uuid.uuid4().hex, [] if number else exports
        found.append(Order(ref, session, own, exporters, exports=caches, internal=bool(extras.secrets)))
    return found


def _values(context: Context, options: BuildOptions, extras: Extras) -> dict[str, str]:
    """Lo que se dice al frontend. Nada que no se haya pedido."""
    values = {"filename": file_name(context)}
    if options.target:
        values["target"] = options.target
    if options.nocache:
        values[_NO_CACHE] = ""
    values |= {f"build-arg:{name}": value for name, value in (options.buildargs or {}).items()}
    values |= {f"label:{name}": value for name, value in (options.labels or {}).items()}
    if extras.platform:
        values["platform"] = extras.platform
    if extras.cache_from:
        imports = [{"Type": "registry", "Attrs": {"ref": name}} for name in extras.cache_from]
        values["cache-imports"] = json.dumps(imports)
    for name, place in extras.contexts.items():
        values[f"context:{name}"] = f"local:{_mount(name)}" if isinstance(place, Path) else place
    return values


def folder_name(context: Context, extras: Extras) -> str:
    """Un nombre que solo tienen estas carpetas de esta máquina, juntas."""
    named = sorted((name, str(place)) for name, place in extras.contexts.items())
    parts = [str(uuid.getnode()), str(context.root), *(part for pair in named for part in pair)]
    return hashlib.sha256(b"\0".join(os.fsencode(part) for part in parts)).hexdigest()


def looked(context: Context, extras: Extras, cancel: threading.Event | None = None) -> Iterator[str]:
    """Todo lo que podría viajar, con sus carpetas: lo que ``.dockerignore`` excluye no, pero él sí.

    Lanza :class:`BuildCancelled` si se cancela, y :class:`ContextError` si una carpeta no se puede leer.
    """
    places = [place for place in extras.contexts.values() if isinstance(place, Path)]
    for root, rules in [(context.root, context.rules), *((place, ()) for place in places)]:
        yield from (str(root), str(root / ".dockerignore"))
        for _, path in entries(root, rules):
            check(cancel)
            yield path
