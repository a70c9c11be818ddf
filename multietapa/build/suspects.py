"""Lo que viaja al motor y seguramente no debería: secretos, carpetas que se rehacen y archivos enormes.

De los archivos que guardan un secreto por su nombre se mira el contenido, si caben; de los demás no se abre
ninguno. El valor de un secreto no se guarda ni se enseña.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from multietapa.dockerfile.travel import Amount, Folder, Item, Kind, Travel
from multietapa.image.secrets.looking import LayerInspector
from multietapa.image.secrets.named import LARGEST, named_file

FOLDERS = {
    ".git": "es la historia entera del proyecto, con lo que ya se borró",
    ".hg": "es la historia entera del proyecto, con lo que ya se borró",
    ".svn": "es la historia entera del proyecto, con lo que ya se borró",
    "node_modules": "se instala dentro de la imagen; lo de tu equipo puede no servir en ella",
    ".venv": "es un entorno de Python de tu equipo, y fuera de él no sirve",
    "venv": "es un entorno de Python de tu equipo, y fuera de él no sirve",
    "__pycache__": "se rehace solo",
    ".idea": "son los ajustes de tu editor",
    ".vscode": "son los ajustes de tu editor",
    ".terraform": "son descargas de Terraform",
}
"""Las carpetas que casi nunca hacen falta en una imagen, y por qué."""
LARGE = 10_000_000
"""Bytes a partir de los cuales se nombra un archivo."""
PARTLY = "por su nombre puede guardar un secreto, y no se puede comprobar"
_KEYS = re.compile(r"(?:^|/)(?:id_(?:rsa|dsa|ecdsa|ed25519)|[^/]+\.(?:pem|key|ppk|p8|pk8))$", re.IGNORECASE)
_STORES = re.compile(r"\.(?:p12|pfx|jks|keystore|kdbx)$", re.IGNORECASE)
_STORE = "es un almacén de claves"
_MOST = 200  # de cada clase


@dataclass(frozen=True)
class Suspect:
    """Algo que viaja y llama la atención: su nombre, por qué y cuánto es. ``secret``: guarda un secreto."""

    name: str
    why: str
    amount: Amount
    secret: bool = False


def suspects(travel: Travel) -> tuple[Suspect, ...]:
    """Lo que llama la atención de lo que viaja: primero los secretos; lo demás, de mayor a menor."""
    secrets = _first(_secrets(travel))
    named = {one.name for one in secrets}
    others = [*_first(_folders(travel.root)), *(one for one in _large(travel) if one.name not in named)]
    return (*secrets, *sorted(others, key=lambda one: (-one.amount.bytes, one.name)))


def _first(found: Iterator[Suspect]) -> list[Suspect]:
    return [one for one, _ in zip(found, range(_MOST), strict=False)]


def _secrets(travel: Travel) -> Iterator[Suspect]:
    for item in travel.items:
        if not item.travels or item.kind is not Kind.FILE or item.hollow:
            continue
        if why := _secret(travel.context.root, item):
            yield Suspect(item.name, why, item.amount, True)


def _secret(root: Path, item: Item) -> str:
    """Por qué guarda un secreto, o ``""``. Un certificado ``.pem``, que es público, no lo guarda."""
    if _STORES.search(item.name):
        return _STORE
    if not named_file(item.name) and not _KEYS.search(item.name):
        return ""
    if item.amount.bytes > LARGEST:
        return PARTLY
    try:
        with (root / item.name).open("rb") as file:
            content = file.read(LARGEST)
    except OSError:
        return PARTLY
    inspector = LayerInspector("")
    inspector.look(item.name, len(content), iter([content]))
    kinds = list(dict.fromkeys(hit.kind for hit in inspector.done().hits))
    return f"lleva dentro: {kinds[0]}" if kinds else ""


def _folders(folder: Folder) -> Iterator[Suspect]:
    for one in folder.folders:
        name = one.name.rsplit("/", 1)[-1]
        if name in FOLDERS and one.travels.files:
            yield Suspect(one.name, FOLDERS[name], one.travels)
        else:
            yield from _folders(one)


def _large(travel: Travel) -> Iterator[Suspect]:
    inside = tuple(f"{one.name}/" for one in _folders(travel.root))
    for item in travel.items:
        if item.travels and item.amount.bytes >= LARGE and not item.name.startswith(inside):
            yield Suspect(item.name, "es un archivo grande", item.amount)
