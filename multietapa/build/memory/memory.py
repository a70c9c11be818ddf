"""Recuerda cada construcción terminada, y dice de la siguiente por qué se repitió cada paso.

Mira la carpeta en otro hilo, mientras el motor construye, y no lo espera: lo que no dio tiempo a mirar no se
compara.
"""

from __future__ import annotations

import hashlib
import threading
from dataclasses import replace
from functools import cache

import docker
import requests
from docker.errors import DockerException

from multietapa.build.masking import hider
from multietapa.build.memory.portrait import Portrait, Spot, portrait
from multietapa.build.memory.reasons import reasons
from multietapa.build.memory.record import Record, StageRecord
from multietapa.build.memory.store import Store
from multietapa.build.memory.taken import Hashes, look
from multietapa.build.plan import Plan
from multietapa.build.state import BuildState
from multietapa.build.step import Status, Step

_WAITS = 0.5  # segundos que se espera, ya construida, a lo que falte por mirar
_BROKEN = (DockerException, requests.RequestException, OSError)


class Memory:
    """La de una construcción: se abre cuando empieza, y ``told`` la cierra cuando acaba bien.

    ``plain``: construye el clásico, o el de Podman, que cuentan cada instrucción como un paso. ``store``,
    dónde se guarda.
    """

    def __init__(
        self,
        client: docker.DockerClient,
        plan: Plan,
        *,
        nocache: bool = False,
        plain: bool = False,
        store: Store | None = None,
    ) -> None:
        self._client, self._plan, self._nocache = client, plan, nocache
        self._plain = plain or plan.builder == "clasico"
        self._store = store or Store()
        self._stop = threading.Event()
        self._key, self._portrait = "", Portrait(Record({}), {})
        self._old: Record | None = None
        self._taken: dict[Spot, dict[str, str] | None] = {}
        self._hashes: Hashes = {}
        self._ready = threading.Event()
        self._worker = threading.Thread(target=self._look, name="multietapa-memoria", daemon=True)
        self._worker.start()

    def close(self) -> None:
        """Deja de mirar."""
        self._stop.set()

    def told(self, state: BuildState) -> BuildState:
        """El estado de una construcción terminada, con la razón de cada paso que se repitió; y la guarda."""
        self._worker.join(timeout=_WAITS)
        self._stop.set()
        if not self._ready.is_set():
            return state
        try:
            return self._compared(state)
        except Exception:  # noqa: BLE001  la imagen está hecha: que falte una razón no la estropea
            return state

    def _compared(self, state: BuildState) -> BuildState:
        looked = not self._worker.is_alive()
        spots = self._spots(state)
        stages = self._portrait.filled(self._taken if looked else {}, cache(self._image_id))
        new = Record(_done(stages, spots, state), self._hashes if looked else {})
        ran = frozenset(spot for id_, spot in spots.items() if state.steps[id_].status is Status.DONE)
        told = reasons(self._old, new, ran, classic=self._plain, nocache=self._nocache)
        self._store.write(self._key, new.with_older(self._old))
        whys = {id_: told[spot] for id_, spot in spots.items() if spot in told}
        steps = {id_: replace(step, why=whys.get(id_)) for id_, step in state.steps.items()}
        return replace(state, steps=steps)

    def _look(self) -> None:
        try:
            engine = _engine_id(self._client)
            self._key = _key(self._plan, engine, "texto" if self._plain else "buildkit")
            self._old = self._store.read(self._key)
            self._portrait = portrait(self._plan, hider(self._plan.extras.secrets.values()), self._key)
        except Exception:  # noqa: BLE001  sin memoria se construye igual; lo que esté mal lo dirá el motor
            return
        self._ready.set()
        known = self._old or Record({})
        wanted = self._portrait.wanted
        self._taken, self._hashes = look(self._plan.context, wanted, known.hashes, self._stop)

    def _spots(self, state: BuildState) -> dict[str, Spot]:
        """Qué instrucción es cada paso: la de su etapa y su línea."""
        places: dict[tuple[str, int], Spot] = {}
        for label, stage in self._portrait.record.stages.items():
            for n, element in enumerate(stage.elements[1:], 1):
                places[label, element.line] = label, n
        found = {}
        for id_, step in state.steps.items():
            spot = places.get((self._label(step), step.line or 0))
            if spot and step.is_instruction and step.keyword == self._keyword(spot):
                found[id_] = spot
        return found

    def _label(self, step: Step) -> str:
        stage = self._plan.source.stage(step.stage)
        return self._plan.source.called(stage) if stage else step.stage

    def _keyword(self, spot: Spot) -> str:
        return self._portrait.record.stages[spot[0]].elements[spot[1]].keyword

    def _image_id(self, name: str) -> str:
        try:
            return str(self._client.api.inspect_image(name)["Id"])
        except _BROKEN:  # la bajó BuildKit sin dejarla entre las imágenes, o el motor se fue
            return ""


def _engine_id(client: docker.DockerClient) -> str:
    """Lo que distingue a un motor de otro. Lanza los errores del SDK."""
    info = client.info()
    return "\0".join(str(info.get(name, "")) for name in ("ID", "Name", "DockerRootDir"))


def _key(plan: Plan, engine: str, builder: str) -> str:
    """La de las construcciones que comparten lo recordado."""
    context = plan.context
    own = ",".join(plan.source.stage_labels) if context.own_text else context.dockerfile
    place = (str(context.root), str(context.own_text), own)
    parts = (engine, *place, str(plan.platform), plan.source.syntax, builder)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:40]


def _done(
    stages: dict[str, StageRecord], spots: dict[str, Spot], state: BuildState
) -> dict[str, StageRecord]:
    """Las etapas, sabiendo qué pasos se hicieron de ellas."""
    ended = (Status.DONE, Status.CACHED)
    done = {spot for id_, spot in spots.items() if state.steps[id_].status in ended}
    return {
        label: replace(
            stage,
            elements=tuple(
                replace(element, done=(label, n) in done) for n, element in enumerate(stage.elements)
            ),
        )
        for label, stage in stages.items()
    }
