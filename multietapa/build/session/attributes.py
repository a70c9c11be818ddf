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
            found[key] = FolderOffer(place)
    return found


def order(ref: str, session: str, context: Context, options: BuildOptions, extras: Extras) -> Order:
    """La orden entera. Nada que no se haya pedido."""
    values = {"filename": file_name(context)}
    if options.target:
        values["target"] = options.target
    if options.nocache:
        values["no-cache"] = ""
    values |= {f"build-arg:{name}": value for name, value in (options.buildargs or {}).items()}
    values |= {f"label:{name}": value for name, value in (options.labels or {}).items()}
    if extras.platform:
        values["platform"] = extras.platform
    if extras.cache_from:
        imports = [{"Type": "registry", "Attrs": {"ref": name}} for name in extras.cache_from]
        values["cache-imports"] = json.dumps(imports)
    for name, place in extras.contexts.items():
        values[f"context:{name}"] = f"local:{name}" if isinstance(place, Path) else place
    return Order(ref, session, values, [("moby", {"name": options.tag})])


def folder_name(context: Context, extras: Extras) -> str:
    """Un nombre que solo tienen estas carpetas de esta máquina, juntas."""
    named = sorted((name, str(place)) for name, place in extras.contexts.items())
    parts = [str(uuid.getnode()), str(context.root), *(part for pair in named for part in pair)]
    return hashlib.sha256(b"\0".join(os.fsencode(part) for part in parts)).hexdigest()


def looked(context: Context, extras: Extras, cancel: threading.Event | None = None) -> Iterator[Path]:
    """Todo lo que podría viajar, con sus carpetas: lo que ``.dockerignore`` excluye no, pero él sí.

    Lanza :class:`BuildCancelled` si se cancela, y :class:`ContextError` si una carpeta no se puede leer.
    """
    places = [place for place in extras.contexts.values() if isinstance(place, Path)]
    for root, rules in [(context.root, context.rules), *((place, ()) for place in places)]:
        yield from (root, root / ".dockerignore")
        for _, path in entries(root, rules):
            check(cancel)
            yield path
