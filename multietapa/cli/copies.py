"""Las copias de los cuadernos de quien aprende: Git no las ve, y una versión nueva no las pisa.

Se hacen al lado de ``notebooks/``, para que valgan las mismas rutas (``../apps``). Si en el clon no se puede
escribir, en la carpeta personal, con un enlace a ``apps``.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from multietapa.paths import PROJECT_ROOT, write_whole

NAME = "mis-cuadernos"
HOME_NAME = "taller-multietapa"
#: De cada archivo entregado, la huella del cuaderno con el que se hizo.
STATE = ".multietapa.json"
_NEW = re.compile(r"(?P<stem>.+) \(versión nueva(?: \d+)?\)\.ipynb")


@dataclass(frozen=True)
class Copies:
    """Dónde están las copias y, en frases, lo que su dueño tiene que saber de ellas."""

    folder: Path
    notices: tuple[str, ...] = ()


def prepare(root: Path = PROJECT_ROOT, home: Path | None = None) -> Copies:
    """Deja al día las copias de los cuadernos del clon ``root``.

    La que nadie ha tocado se renueva cuando cambia su original; la tocada se queda como está, y la versión
    nueva se deja a su lado; la que se borró, o a la que se cambió el nombre, se entrega otra vez. Donde no
    se puede escribir, las copias son los originales. Lo que no se consigue es un aviso; lanza ``OSError`` si
    no se puede apuntar lo entregado.
    """
    originals = root / "notebooks"
    for place in (_in_clone(root), _in_home(root, home)):
        if place is not None:
            return Copies(place, tuple(_Delivery(originals, place).run()))
    nowhere = "No se puede escribir ni en el clon ni en tu carpeta personal: no podrás guardar cambios."
    return Copies(originals, (nowhere,))


def _in_clone(root: Path) -> Path | None:
    return _writable(root / NAME)


def _in_home(root: Path, home: Path | None) -> Path | None:
    """La carpeta de ``home`` (la personal), con un enlace a ``apps`` para que valgan las mismas rutas."""
    try:
        base = (home or Path.home()) / HOME_NAME
        if (folder := _writable(base / NAME)) is None:
            return None
        link = base / "apps"
        if link.is_symlink() and link.readlink() != root / "apps":
            link.unlink()
        if not link.exists():
            link.symlink_to(root / "apps", target_is_directory=True)
    except (OSError, RuntimeError, NotImplementedError):  # sin carpeta personal, o sin enlaces (Windows)
        return None
    return folder


def _writable(folder: Path) -> Path | None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK | os.X_OK) else None


def fingerprint(path: Path) -> str:
    """Lo que una persona hizo en un cuaderno, en una huella: sus celdas y lo que salió de ellas.

    No cuenta lo que JupyterLab apunta solo con abrirlo (metadatos, números de ejecución). Lanza ``OSError``
    si no se puede leer.
    """
    content = path.read_bytes()
    try:
        cells: Any = [_work(cell) for cell in json.loads(content)["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError):  # no es un cuaderno: cuenta todo
        cells = content.decode("utf-8", "replace")
    return hashlib.sha256(json.dumps(cells, ensure_ascii=False).encode("utf-8", "replace")).hexdigest()


def _work(cell: dict[str, Any]) -> list[Any]:
    return [
        cell.get("cell_type"),
        "".join(cell["source"]),
        cell.get("outputs") or [],
        cell.get("attachments"),
    ]


@dataclass
class _Delivery:
    """Una entrega de los cuadernos de ``originals`` en ``folder``."""

    originals: Path
    folder: Path
    given: dict[str, str] = field(init=False)

    def run(self) -> Iterator[str]:
        """La hace, y da las frases que hay que decir."""
        self.given = _read_state(self.folder / STATE)
        before = dict(self.given)
        names = sorted(path.name for path in self.originals.glob("*.ipynb"))
        for name in names:
            try:
                yield from self._update(name, fingerprint(self.originals / name))
            except OSError as problem:
                yield f"«{name}» no se pudo dejar en {self.folder}: {problem}"
        for name in [name for name in self.given if _original_of(name) not in names and names]:
            self._withdraw(name)
        if self.given != before:
            write_whole(self.folder / STATE, json.dumps(self.given, ensure_ascii=False, indent=1))

    def _update(self, name: str, current: str) -> Iterator[str]:
        mine = self._present(name)
        if mine in (None, current, self.given.get(name)):
            if mine != current:
                self._deliver(name, name)
            self.given[name] = current
            for other in self._beside(name):
                self._withdraw(other)
        elif self.given.get(name) != current:
            yield from self._set_beside(name, current)

    def _set_beside(self, name: str, current: str) -> Iterator[str]:
        """Deja la versión nueva junto a una copia tocada, y lo dice mientras nadie la use."""
        beside = next((n for n in self._beside(name) if self.given[n] == current), "")
        if not beside:
            free = (n for n in _names_beside(name) if self._present(n) in (None, self.given.get(n, current)))
            beside = next(free)
            self._deliver(name, beside)
            self.given[beside] = current
        if self._present(beside) == current:
            yield f"«{name}» tiene versión nueva: «{beside}», en la misma carpeta. La tuya sigue como estaba."

    def _beside(self, name: str) -> list[str]:
        """Las versiones nuevas de ``name`` que se dejaron a su lado."""
        return [other for other in self.given if other != name and _original_of(other) == name]

    def _present(self, name: str) -> str | None:
        path = self.folder / name
        return fingerprint(path) if path.exists() else None

    def _deliver(self, name: str, target: str) -> None:
        # Entera o nada: quien la abra mientras tanto ve la de antes o esta.
        partial = self.folder / f".{target}.{os.getpid()}"
        try:
            shutil.copyfile(self.originals / name, partial)
            partial.replace(self.folder / target)
        finally:
            partial.unlink(missing_ok=True)

    def _withdraw(self, name: str) -> None:
        """Quita un archivo que ya no hace falta, si nadie lo ha tocado; si no, es de quien aprende."""
        if self._present(name) == self.given.pop(name):
            (self.folder / name).unlink(missing_ok=True)


def _original_of(name: str) -> str:
    found = _NEW.fullmatch(name)
    return f"{found['stem']}.ipynb" if found else name


def _names_beside(name: str) -> Iterator[str]:
    stem, number = name.removesuffix(".ipynb"), 1
    while True:
        yield f"{stem} (versión nueva{f' {number}' if number > 1 else ''}).ipynb"
        number += 1


def _read_state(path: Path) -> dict[str, str]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, dict) else {}
