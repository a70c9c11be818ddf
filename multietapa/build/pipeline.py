"""Una construcción de principio a fin, como generador de eventos.

Lee el Dockerfile, se asegura de que están las imágenes base, empaqueta el contexto y construye. Si algo
falla, el último evento es ``BuildFailed`` y después el generador lanza el error en español.
"""

from __future__ import annotations

import os
import re
import threading
import time
import unicodedata
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import closing

import docker
import requests
from docker.errors import DockerException

from multietapa.build import buildkit, classic
from multietapa.build.events import BuildFailed, Event, StepDeclared, StepFinished, StepStarted
from multietapa.build.failure import explain, missing_stage, needs_buildkit, unknown_target
from multietapa.build.stream import POLL, BuildOptions
from multietapa.dockerfile.context import Context, check, open_context, pack
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.references import invalid_reference
from multietapa.dockerfile.stages import Dockerfile, parse
from multietapa.dockerfile.targets import name_target
from multietapa.errors import (
    BaseImageError,
    BuildCancelled,
    BuildError,
    MultietapaError,
    UnknownNameError,
    engine_lost,
)
from multietapa.identity import labels as own_labels

BUILDERS = {"buildkit": buildkit.stream, "clasico": classic.stream}
_OFFICIAL_SYNTAX = re.compile(r"^(docker\.io/)?docker/dockerfile(:1[\w.]*)?$")
_SYNTAX_LINE = re.compile(r"^\s*#\s*syntax\s*=", re.IGNORECASE)
_BUILT_IN_SINCE = (
    1,
    42,
)  # versión de la API cuyo BuildKit ya entiende todo lo de docker/dockerfile:1 que se usa
_DOMAIN = r"(?:localhost|[\w-]+(?:\.[\w-]+)+|[\w.-]+(?=:)|\[[\da-fA-F:]+\])(?::\d+)?/"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = re.compile(rf"(?:{_DOMAIN})?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?", re.ASCII)
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
    cancel: threading.Event | None = None,
    ensure_base: Callable[[str], None] | None = None,
) -> Generator[Event, None, None]:
    """Construye la carpeta ``context`` y da sus eventos según ocurren.

    Args:
        tag: etiqueta de la imagen.
        dockerfile: nombre de un archivo de la carpeta, o el texto entero.
        target: hasta qué etapa construir.
        buildargs: valores de ``ARG``; solo viajan estos, nunca los de un proxy.
        labels: etiquetas además de las del kit.
        builder: ``"buildkit"`` o ``"clasico"``.
        cancel: al activarse, la construcción para también en el motor. Cerrar el generador hace lo mismo: si
            se abandona a medias, recórrelo dentro de ``contextlib.closing``.
        ensure_base: se llama con cada imagen base antes de construir, para que esté en el motor.

    Raises:
        BuildError: (o una de sus hijas) la construcción falló, siempre después de dar ``BuildFailed``.
        BaseImageError, EngineLostError: igual, después de dar ``BuildFailed``.
        UnknownNameError: el constructor no existe.
    """
    if builder not in BUILDERS:
        raise UnknownNameError(builder, BUILDERS, kind="el constructor")
    started = time.monotonic()
    opened: Context | None = None
    source: Dockerfile | None = None
    failed: BuildFailed | None = None
    try:
        _check_tag(tag)
        opened = open_context(context, dockerfile=dockerfile)
        source = parse(opened.text, buildargs)
        if target and source.stage(target) is None:
            raise unknown_target(target, source)
        if builder == "clasico":
            _check_heredocs(source, target)
        text, syntax = _frontend(source, client, builder)
        asked = _bases(source, client, target, buildargs, builder)
        for name, asker in asked.items():
            if invalid_reference(name)[0] and (missing := missing_stage(name, source, asker)):
                raise missing
        text, last = name_target(source, text, target)
        for name in [*syntax, *asked]:
            try:
                yield from _ensure(name, ensure_base, cancel, started)
            except BaseImageError as error:
                if missing := missing_stage(name, source, asked.get(name)):
                    raise missing from error
                raise
        with pack(opened, text=text, classic=builder == "clasico", cancel=cancel) as tar:
            options = BuildOptions(
                opened.dockerfile,
                tag,
                target=last,
                buildargs=buildargs,
                nocache=nocache,
                labels={**(labels or {}), **own_labels()},
            )
            stream = BUILDERS[builder](client, tar, options, cancel=cancel, source=source, started=started)
            with closing(stream):
                failed = yield from _until_failure(stream)
    except MultietapaError as error:
        yield BuildFailed(
            error.what,
            time.monotonic() - started,
            line=error.line if isinstance(error, BuildError) else None,
            cancelled=isinstance(error, BuildCancelled),
        )
        raise
    if failed is not None:
        yield failed
        raise explain(failed, source, opened)


def _until_failure(stream: Iterator[Event]) -> Generator[Event, None, BuildFailed | None]:
    for event in stream:
        if isinstance(event, BuildFailed):
            return event
        yield event
    return None


def _frontend(source: Dockerfile, client: docker.DockerClient, builder: str) -> tuple[str, list[str]]:
    """El Dockerfile que viaja y la imagen de sintaxis que necesita.

    El motor ya trae ``docker/dockerfile:1``; sin sesión tendría que bajarlo otra vez de un registro, así que
    se quita la directiva (sin mover ninguna línea).
    """
    if not source.syntax or builder != "buildkit":
        return source.text, []
    version = tuple(int(part) for part in re.findall(r"\d+", str(client.api._version))[:2])
    if not _OFFICIAL_SYNTAX.match(source.syntax) or version < _BUILT_IN_SINCE:
        return source.text, [source.syntax]
    lines = source.text.split("\n")
    at = next(n for n, line in enumerate(lines) if _SYNTAX_LINE.match(line.removeprefix("\ufeff")))
    end = at + 1
    while end < len(lines) and re.match(r"^\s*#\s*(escape|check)\s*=", lines[end], re.IGNORECASE):
        end += 1
    return "\n".join([*lines[:at], *lines[at + 1 : end], "#", *lines[end:]]), []


def _bases(
    source: Dockerfile,
    client: docker.DockerClient,
    target: str | None,
    buildargs: Mapping[str, str] | None,
    builder: str,
) -> dict[str, Instruction]:
    architecture = "amd64"
    if any("$" in stage.base for stage in source.stages):
        try:
            architecture = str(client.version().get("Arch", architecture))
        except (requests.RequestException, DockerException) as error:
            raise engine_lost() from error
    return source.askers(
        buildargs=buildargs, target=target, all_stages=builder == "clasico", architecture=architecture
    )


def _check_tag(tag: str) -> None:
    """Lanza ``BuildError`` si el motor no aceptaría ``tag`` como nombre de la imagen."""
    if _TAG.fullmatch(tag):
        return
    plain = unicodedata.normalize("NFKD", tag).encode("ascii", "ignore").decode().lower()
    tidy = re.sub(r"[^a-z0-9/:._-]+", "-", plain).strip("-._/:")
    raise BuildError(
        f"La etiqueta «{tag}» no es válida.",
        why="Es un nombre en minúsculas, sin espacios ni acentos, y si acaso «:» y una versión.",
        next_step=f"Usa por ejemplo «{tidy if _TAG.fullmatch(tidy) else 'tienda:1'}».",
    )


def _check_heredocs(source: Dockerfile, target: str | None) -> None:
    """Lanza ``BuildError`` si el clásico, que los ignora sin decirlo, tendría que ejecutar un heredoc."""
    last = source.stage(target) if target else None
    for stage in source.stages[: last.index + 1 if last else None]:
        for line in (i.line for i in stage.instructions if i.heredocs):
            raise needs_buildkit(line, f"{line} | {source.line_text(line).strip()}")


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
        except BaseException as error:  # lo lanza el generador, en su hilo
            errors.append(error)

    worker = threading.Thread(target=work, name=f"multietapa-base-{name}", daemon=True)
    worker.start()
    worker.join(timeout=_QUIET)
    id_, begun = f"base:{name}", time.monotonic() - started
    if slow := worker.is_alive():
        yield StepDeclared(id_, f"traer la imagen base {name}")
        yield StepStarted(id_, begun)
    while worker.is_alive():
        check(cancel)
        worker.join(timeout=POLL)
    if slow:
        now = time.monotonic() - started
        yield StepFinished(id_, now, now - begun, error=str(errors[0]) if errors else "")
    if errors:
        raise errors[0]
