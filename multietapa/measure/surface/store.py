"""Lo que ya se vio de cada capa y de cada imagen, en disco, para no volver a pedirla al motor.

No guarda ningún secreto. De una capa en la que se encontró alguno no se guarda lo visto: las marcas con las
que se tapa en las instrucciones solo sirven en este proceso y, guardadas con su clave, dejarían probar
valores hasta dar con él. De una imagen se guardan las listas, que ya lo llevan todo tapado.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from multietapa.containers.runs_as import RunsAs
from multietapa.image.lifecycle import Runtime
from multietapa.image.secrets.looking import LayerLook, SetAside, Unseen
from multietapa.measure.cache import MeasureCache
from multietapa.measure.surface.face import Count, Entry, Kind

VERSION = 1
"""Cambia con lo que se busca en una capa y con lo que se dice de ella: lo guardado con otra no vale."""
_WRONG = (KeyError, TypeError, ValueError, AttributeError, IndexError)


@dataclass(frozen=True)
class Contents:
    """Las listas de una imagen, lo que ejecuta y el nombre de cada uno de sus uid."""

    counts: Mapping[Kind, Count]
    runtimes: tuple[Runtime, ...]
    users: Mapping[int, str]


class SurfaceStore:
    """Lo visto, al lado de las medidas de ``cache``."""

    def __init__(self, cache: MeasureCache) -> None:
        self.cache = cache

    def look(self, diff_id: str) -> LayerLook | None:
        """Lo que se vio en una capa sin secretos, o ``None``."""
        found = self.cache.read("miradas", diff_id, VERSION)
        try:
            return LayerLook(
                found["diff_id"],
                (),
                tuple(SetAside(*row) for row in found["set_aside"]),
                tuple(Unseen(*row) for row in found["unseen"]),
                (found["archives"][0], found["archives"][1]),
                (found["binaries"][0], found["binaries"][1]),
                {path: bytes.fromhex(raw) for path, raw in found["capabilities"].items()},
            )
        except _WRONG:
            return None

    def keep_look(self, look: LayerLook) -> None:
        """Guarda lo visto en una capa, si no lleva ningún secreto."""
        if look.hits:
            return
        value = {
            "diff_id": look.diff_id,
            "set_aside": [(item.path, item.kind, item.why) for item in look.set_aside],
            "unseen": [(item.path, item.size, item.why) for item in look.unseen],
            "archives": look.archives,
            "binaries": look.binaries,
            "capabilities": {path: raw.hex() for path, raw in look.capabilities.items()},
        }
        self.cache.write("miradas", look.diff_id, VERSION, value)

    def contents(self, image_id: str) -> Contents | None:
        """Las listas de una imagen, o ``None``."""
        found = self.cache.read("superficies", image_id, VERSION)
        try:
            said: list[str] = found["said"]
            return Contents(
                {Kind[name]: _count(row, said) for name, row in found["counts"].items()},
                tuple(Runtime(*row) for row in found["runtimes"]),
                {int(uid): name for uid, name in found["users"].items()},
            )
        except _WRONG:
            return None

    def keep_contents(self, image_id: str, contents: Contents) -> None:
        """Guarda las listas de una imagen; las instrucciones, que se repiten, una vez."""
        said: dict[str, int] = {}
        counts = {kind.name: _row(count, said) for kind, count in contents.counts.items()}
        value = {
            "counts": counts,
            "said": list(said),
            "runtimes": [(one.name, one.version, one.said_by, one.keeper) for one in contents.runtimes],
            "users": contents.users,
        }
        self.cache.write("superficies", image_id, VERSION, value)

    def runs_as(self, image_id: str, engine: str) -> RunsAs | None:
        """Con qué usuario corrió una imagen en ese motor, o ``None``."""
        found = self.cache.read("usuarios", image_id, VERSION)
        try:
            return RunsAs(int(found["uid"]), int(found["gid"])) if found["engine"] == engine else None
        except _WRONG:
            return None

    def keep_runs_as(self, image_id: str, engine: str, ran: RunsAs) -> None:
        """Guarda con qué usuario corrió una imagen, si se supo."""
        if not ran.why:
            value = {"engine": engine, "uid": ran.uid, "gid": ran.gid}
            self.cache.write("usuarios", image_id, VERSION, value)


def _row(count: Count, said: dict[str, int]) -> dict[str, Any]:
    entries = [
        (one.key, one.name, one.detail, one.layer, said.setdefault(one.instruction, len(said)), one.group)
        for one in count.entries
    ]
    return {"entries": entries, "why": count.why, "notes": count.notes}


def _count(row: dict[str, Any], said: list[str]) -> Count:
    entries = tuple(
        Entry(key, name, detail, layer, said[place], group)
        for key, name, detail, layer, place, group in row["entries"]
    )
    return Count(entries, str(row["why"]), tuple(row["notes"]))
