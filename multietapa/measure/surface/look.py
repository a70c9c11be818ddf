"""Mira una imagen del motor: de lo que lleva dentro y de cómo corre, a los valores que se enseñan."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Event

from multietapa.containers.runs_as import RunsAs, runs_as
from multietapa.engine.model import EngineInfo, describe
from multietapa.engine.session import Engine
from multietapa.identity import EQUIVALENT_LABEL
from multietapa.image.archive import familiar
from multietapa.image.image import ProgressCallback
from multietapa.image.lifecycle import life
from multietapa.measure.cache import MeasureCache
from multietapa.measure.measure import QuickSizes, quick_sizes
from multietapa.measure.surface.face import Face, Kind, RunningUser
from multietapa.measure.surface.lists import contents_of
from multietapa.measure.surface.scanners import NOT_ASKED, vulnerabilities
from multietapa.measure.surface.seen import see
from multietapa.measure.surface.store import SurfaceStore


def look(
    engine: Engine,
    image: str,
    *,
    name: str = "",
    progress: ProgressCallback | None = None,
    scan: bool = False,
    cache: MeasureCache | None = None,
    quick: QuickSizes | None = None,
) -> Face:
    """Lo que deja a mano ``image`` (etiqueta o id), que se llamará ``name`` (si falta, como su etiqueta).

    Lo ya visto se guarda: la segunda vez no se pide la imagen al motor ni se arranca. Con ``scan`` busca
    además vulnerabilidades con el escáner que haya en esta máquina, y eso se hace siempre de nuevo.
    ``progress`` recibe (fase, bytes hechos, bytes totales), y ``quick`` es lo que ya se le preguntó al motor
    de esa imagen.

    Lanza ``UnknownNameError`` si la imagen no existe, ``EngineLostError`` si el motor se corta y
    ``ArchiveError`` si lo que guarda no se puede leer.
    """
    client = engine.client
    info = engine.info or describe(client)
    quick = quick or quick_sizes(client, image)
    store = SurfaceStore((cache or MeasureCache()).of(packed=info.packs_layers))
    stop = Event()
    with ThreadPoolExecutor(1, "multietapa-usuario") as pool:
        try:
            ran = store.runs_as(quick.image_id, info.label)
            waiting = None if ran else pool.submit(runs_as, client, quick.image_id, stop=stop)
            contents = store.contents(quick.image_id)
            if contents is None:
                seen = see(client, quick, store=store, progress=progress, plain=not info.packs_layers)
                contents = contents_of(seen)
                store.keep_contents(quick.image_id, contents)
            found = vulnerabilities(client, quick.image_id, progress=progress) if scan else NOT_ASKED
            if waiting:
                ran = waiting.result()
                store.keep_runs_as(quick.image_id, info.label, ran)
        finally:
            stop.set()
    assert ran is not None  # si no estaba guardado, se ha mirado
    tag = _tag(quick, image)
    return Face(
        name=name or tag or quick.image_id,
        tag=tag,
        image_id=quick.image_id,
        architecture=quick.architecture,
        user=_user(ran, quick, info, contents.users),
        counts={**contents.counts, Kind.VULNERABILITIES: found},
        runtimes=tuple(life(runtime) for runtime in contents.runtimes),
        today=date.today().isoformat(),
        equivalent=quick.labels.get(EQUIVALENT_LABEL) == "1",
    )


def _tag(quick: QuickSizes, image: str) -> str:
    """La etiqueta con la que se pidió o, si se pidió por su id, la primera que tenga."""
    same = (tag for tag in quick.tags if familiar(tag) == familiar(image))
    return next(same, quick.tags[0] if quick.tags else "")


def _user(ran: RunsAs, quick: QuickSizes, info: EngineInfo, users: Mapping[int, str]) -> RunningUser:
    why = ran.why
    if why and quick.architecture not in ("", info.architecture):
        why = f"la imagen es para linux/{quick.architecture} y este motor es linux/{info.architecture}: {why}"
    name = users.get(ran.uid, "") if ran.uid is not None else ""
    return RunningUser(ran.uid, ran.gid, name, str(quick.config.get("User") or ""), why)
