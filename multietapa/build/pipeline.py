"""Una construcción de principio a fin, como generador de eventos.

Con su plan ya hecho, se asegura de que están las imágenes base, empaqueta el contexto y construye. Si algo
falla, el último evento es ``BuildFailed`` y después el generador lanza el error en español.
"""

from __future__ import annotations

import os
import re
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing
from typing import Any, NoReturn

import docker

from multietapa import sdk
from multietapa.build import buildkit, classic
from multietapa.build.engine_facts import architecture, foreign_platform, free_bytes
from multietapa.build.events import (
    BuildFailed,
    BuildWarning,
    Event,
    StepDeclared,
    StepFinished,
    StepKind,
    StepStarted,
)
from multietapa.build.failure import explain, foreign_run, missing_stage, syntax_image, wrong_platform
from multietapa.build.masking import masked
from multietapa.build.notices import notices
from multietapa.build.plan import Plan, plan_build
from multietapa.build.reader import POLL
from multietapa.build.session.extras import Extras, needs_session
from multietapa.build.session.stream import NotOffered
from multietapa.build.session.stream import stream as session_stream
from multietapa.build.stream import BuildOptions
from multietapa.dockerfile.context import check, pack
from multietapa.dockerfile.targets import name_target
from multietapa.errors import (
    BaseImageError,
    BuildCancelled,
    BuildError,
    MultietapaError,
    NetworkError,
)
from multietapa.identity import labels as own_labels

_STREAMS = {"buildkit": buildkit.stream, "clasico": classic.stream}
_NO_SESSION = (
    "Este motor no ofrece sesiones de BuildKit: la carpeta viaja entera cada vez, y el Dockerfile con ella."
)
_OFFICIAL_SYNTAX = re.compile(r"^(docker\.io/)?docker/dockerfile(:1[\w.]*)?$")
_SYNTAX_LINE = re.compile(r"^\s*#\s*syntax\s*=", re.IGNORECASE)
_BUILT_IN_SINCE = (
    1,
    42,
)  # versión de la API cuyo BuildKit ya entiende todo lo de docker/dockerfile:1 que se usa
_QUIET = 0.3  # segundos; una base que ya está no merece un paso propio


def build_events(
    client: docker.DockerClient,
    context: str | os.PathLike[str],
    *,
    tag: str,
    dockerfile: str = "Dockerfile",
    target: str | None = None,
    buildargs: Mapping[str, str] | None = None,
    nocache: bool = False,
    labels: Mapping[str, str] | None = None,
    builder: str = "buildkit",
    extras: Extras | None = None,
    cancel: threading.Event | None = None,
    ensure_base: Callable[[str], None] | None = None,
) -> Generator[Event, None, None]:
    """Construye la carpeta ``context`` y da sus eventos según ocurren: ``plan_build`` y ``run``, seguidos.

    Los argumentos y los errores son los de las dos; también los del plan llegan después de ``BuildFailed``.
    """
    try:
        plan = plan_build(
            context,
            tag=tag,
            architecture=architecture(client),
            dockerfile=dockerfile,
            target=target,
            buildargs=buildargs,
            builder=builder,
            extras=extras,
        )
    except MultietapaError as error:
        events: Generator[Event, None, None] = failing(error)
    else:
        events = run(client, plan, nocache=nocache, labels=labels, cancel=cancel, ensure_base=ensure_base)
    yield from events


def failing(error: MultietapaError, *, seconds: float = 0.0) -> Generator[Event, None, NoReturn]:
    """Los eventos de una construcción que falla con ``error``: su ``BuildFailed`` y, después, el error.

    ``seconds`` son los que pasaron hasta saberlo; 0 si no llegó a empezar.
    """
    yield BuildFailed(
        error.what,
        seconds,
        line=error.line if isinstance(error, BuildError) else None,
        cancelled=isinstance(error, BuildCancelled),
    )
    raise error


def run(
    client: docker.DockerClient,
    plan: Plan,
    *,
    nocache: bool = False,
    labels: Mapping[str, str] | None = None,
    cancel: threading.Event | None = None,
    ensure_base: Callable[[str], None] | None = None,
    marked: bool = True,
) -> Generator[Event, None, None]:
    """Construye lo que dice ``plan`` y da sus eventos según ocurren.

    Del entorno no viaja nada al motor: ni un proxy, ni más valores de ``ARG`` que los del plan.

    Args:
        nocache: repite todos los pasos.
        labels: etiquetas además de las del kit.
        cancel: al activarse, la construcción para también en el motor. Cerrar el generador hace lo mismo: si
            se abandona a medias, recórrelo dentro de ``contextlib.closing``.
        ensure_base: se llama con cada imagen base antes de construir, para que esté en el motor. Sin ella,
            las que falten las baja el motor.
        marked: la imagen lleva las etiquetas de lo que el taller crea, con las que ``limpiar`` lo reconoce.

    Raises:
        BuildError: (o una de sus hijas) la construcción falló, siempre después de dar ``BuildFailed``.
        BaseImageError, EngineLostError: igual, después de dar ``BuildFailed``.
        NetworkError: la base o el ``ADD`` no se consiguen porque nadie contesta (es también una de esas).
    """
    started = time.monotonic()
    failed: BuildFailed | None = None
    yield from notices(plan)
    try:
        text, syntax = _frontend(plan, client)
        asked = plan.images
        text, last = name_target(plan.source, text, plan.target)
        for name in [*syntax, *(name for name in asked if plan.is_native(name))]:
            try:
                yield from _ensure(name, ensure_base, cancel, started)
            except BaseImageError as error:
                raise _missing_image(plan, name, error) from error
        options = BuildOptions(
            plan.context.dockerfile,
            plan.tag,
            target=last,
            buildargs=plan.buildargs,
            nocache=nocache,
            labels={**(labels or {}), **(own_labels() if marked else {})},
        )
        with closing(_events(client, plan, options, text, cancel, started)) as events:
            failed = yield from _until_failure(masked(events, plan.extras.secrets.values()))
    except MultietapaError as error:
        yield from failing(error, seconds=time.monotonic() - started)
    if failed is not None:
        yield failed
        raise _explained(client, plan, failed)


def _events(
    client: docker.DockerClient,
    plan: Plan,
    options: BuildOptions,
    text: str,
    cancel: threading.Event | None,
    started: float,
) -> Generator[Event, None, None]:
    """Los eventos del constructor: con sesión si es BuildKit y el motor la ofrece; si no, con un tar."""
    common: dict[str, Any] = {"cancel": cancel, "source": plan.source, "started": started}
    if plan.builder == "buildkit":
        stream = session_stream(client, plan.context, options, text=text, extras=plan.extras, **common)
        try:
            with closing(stream):
                yield from stream
            return
        except NotOffered:
            if plan.extras.asked:
                raise needs_session(plan.extras.asked) from None
            yield BuildWarning(_NO_SESSION)
    elif plan.extras.asked:
        raise needs_session(plan.extras.asked)
    with (
        pack(plan.context, text=text, classic=plan.builder == "clasico", cancel=cancel) as tar,
        closing(_STREAMS[plan.builder](client, tar, options, **common)) as lines,
    ):
        yield from lines


def base_step(name: str) -> str:
    """El ``id`` del paso que trae la imagen base ``name``."""
    return f"base:{name}"


def _missing_image(plan: Plan, name: str, error: BaseImageError) -> MultietapaError:
    """El error de una imagen que hay que traer y no se consigue: puede ser una etapa mal escrita."""
    asker = plan.images.get(name)
    if asker is None:
        return syntax_image(error, plan.source)
    if name in plan.extras.images.values():
        return error
    missing = missing_stage(name, plan.source, asker, unreachable=isinstance(error, NetworkError))
    if isinstance(missing, NetworkError):
        missing.detail = "\n".join(filter(None, [missing.detail, error.what, error.detail]))
    return missing or error


def _explained(client: docker.DockerClient, plan: Plan, failed: BuildFailed) -> MultietapaError:
    """El error que corresponde a ese fallo, con lo que el motor contesta cuando se le pregunta."""
    error = explain(
        failed,
        plan.source,
        plan.context,
        target=plan.target,
        free_space=lambda: free_bytes(client, plan.root_image(failed.line)),
        extras=plan.extras,
    )
    stage = plan.source.stage_at(failed.line) if failed.line else None
    if stage is not None and not (own := plan.platform_in(stage)).runs_like(plan.engine):
        error = foreign_run(error, failed, str(own), str(plan.engine)) or error
    opening = any(stage.line == failed.line for stage in plan.source.stages)
    if isinstance(error, BaseImageError) or (opening and type(error) is BuildError):
        wanted = [(name, str(one)) for name in plan.images for one in plan.platforms_of(name)]
        if found := foreign_platform(client, wanted):
            return wrong_platform(error, *found)
    return error


def _until_failure(stream: Iterator[Event]) -> Generator[Event, None, BuildFailed | None]:
    for event in stream:
        if isinstance(event, BuildFailed):
            return event
        yield event
    return None


def _frontend(plan: Plan, client: docker.DockerClient) -> tuple[str, list[str]]:
    """El Dockerfile que viaja y la imagen de sintaxis que necesita.

    El motor ya trae ``docker/dockerfile:1``; con la directiva lo bajaría otra vez de un registro, así
    que se quita (sin mover ninguna línea).
    """
    source = plan.source
    if not source.syntax or plan.builder != "buildkit":
        return source.text, []
    if not _OFFICIAL_SYNTAX.match(source.syntax) or sdk.api_version(client) < _BUILT_IN_SINCE:
        return source.text, [source.syntax]
    lines = source.text.split("\n")
    at = next(n for n, line in enumerate(lines) if _SYNTAX_LINE.match(line.removeprefix("\ufeff")))
    end = at + 1
    while end < len(lines) and re.match(r"^\s*#\s*(escape|check)\s*=", lines[end], re.IGNORECASE):
        end += 1
    return "\n".join([*lines[:at], *lines[at + 1 : end], "#", *lines[end:]]), []


def _ensure(
    name: str, ensure_base: Callable[[str], None] | None, cancel: threading.Event | None, started: float
) -> Iterator[Event]:
    check(cancel)
    if ensure_base is None:
        return
    errors: list[BaseException] = []

    def work() -> None:
        try:
            ensure_base(name)
        except BaseException as error:  # noqa: BLE001  lo lanza el generador, en su hilo
            errors.append(error)

    worker = threading.Thread(target=work, name=f"multietapa-base-{name}", daemon=True)
    worker.start()
    worker.join(timeout=_QUIET)
    id_, begun = base_step(name), time.monotonic() - started
    if slow := worker.is_alive():
        yield StepDeclared(id_, f"traer la imagen base {name}", StepKind.BASE)
        yield StepStarted(id_, begun)
    while worker.is_alive():
        check(cancel)
        worker.join(timeout=POLL)
    if slow:
        now = time.monotonic() - started
        yield StepFinished(id_, now, now - begun, error=str(errors[0]) if errors else "")
    if errors:
        raise errors[0]
