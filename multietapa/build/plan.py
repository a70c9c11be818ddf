"""Qué se va a construir: la carpeta abierta y su Dockerfile leído, una sola vez y antes de empezar.

Todo lo que hay que saber del Dockerfile sale de un mismo ``Plan``: las etiquetas de la imagen, las bases que
hay que traer y lo que se pide al motor. Así no puede haber dos lecturas que digan cosas distintas.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field

from multietapa.build.failure import missing_stage, needs_buildkit, unknown_target
from multietapa.build.session.extras import Extras
from multietapa.dockerfile.context import Context, open_context
from multietapa.dockerfile.instructions import Instruction
from multietapa.dockerfile.outside import outside_images
from multietapa.dockerfile.platforms import Platform, PlatformError, read_platform
from multietapa.dockerfile.references import invalid_reference, short_name
from multietapa.dockerfile.stages import Dockerfile, Stage, final_chain, parse
from multietapa.errors import BuildError, UnknownNameError, closest

BUILDERS = ("buildkit", "clasico")
_DOMAIN = r"(?:localhost|[\w-]+(?:\.[\w-]+)+|[\w.-]+(?=:)|\[[\da-fA-F:]+\])(?::\d+)?/"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_TAG = re.compile(rf"(?:{_DOMAIN})?{_PART}(?:/{_PART})*(?::\w[\w.-]{{0,127}})?", re.ASCII)


@dataclass(frozen=True)
class Plan:
    """Una construcción ya decidida.

    ``context`` es la carpeta abierta y ``source`` su Dockerfile leído, con sus ``ARG`` resueltos;
    ``target``, hasta qué etapa se
    construye (``None``: la última); ``buildargs``, los valores de ``ARG``; ``builder``, uno de ``BUILDERS``;
    ``architecture``, la del motor en los nombres de Docker (``arm64``); ``images``, las imágenes de fuera que
    hay que traer, cada una con la instrucción que la pide; ``extras``, lo que solo cabe en una sesión.
    """

    tag: str
    context: Context
    source: Dockerfile
    target: str | None
    buildargs: Mapping[str, str]
    builder: str
    architecture: str
    images: Mapping[str, Instruction]
    extras: Extras = field(default_factory=Extras)

    @property
    def chain(self) -> tuple[str, ...]:
        """Cómo se llaman las etapas cuyas capas lleva la imagen, en su orden."""
        return tuple(self.source.called(stage) for stage in final_chain(self.source, self.target))

    @property
    def base(self) -> str:
        """La imagen de fuera sobre la que acaba la imagen, o ``""`` si es ``scratch``."""
        chain = final_chain(self.source, self.target)
        if not chain:
            return ""
        for name in (chain[0].name, short_name(chain[0].image)):
            if name in self.extras.contexts:
                return self.extras.images.get(name, "")
        return chain[0].image if chain[0].image != "scratch" else ""

    @property
    def engine(self) -> Platform:
        """La plataforma del motor."""
        return Platform("linux", self.architecture)

    @property
    def platform(self) -> Platform:
        """Para cuál se construye."""
        asked = self.extras.platform
        return read_platform(asked, architecture=self.architecture) if asked else self.engine

    def platforms_of(self, name: str) -> tuple[Platform, ...]:
        """Para qué plataformas se pide la imagen ``name``: la de cada etapa que la usa."""
        found = []
        for stage in self.source.stages:
            outside = self.source.parent(stage) is None and stage.image == name
            if self.builds(stage) and (outside or any(name in i.froms for i in self.source.done_in(stage))):
                found.append(self.platform_in(stage))
        return tuple(dict.fromkeys(found)) or (self.platform,)

    def platform_in(self, stage: Stage) -> Platform:
        """La de una etapa: la de su ``--platform`` (o la de la etapa de la que parte), o la que se pidió."""
        at: Stage | None = stage
        while at is not None and not at.platform:
            at = self.source.parent(at)
        try:
            return read_platform(at.platform if at else "", architecture=self.architecture)
        except PlatformError:  # no la pide nadie, o está mal escrita y lo dirá el motor
            return self.platform

    def is_native(self, name: str) -> bool:
        """La imagen ``name`` hace falta para la plataforma del motor."""
        return any(wanted.runs_like(self.engine) for wanted in self.platforms_of(name))

    @property
    def unused_contexts(self) -> dict[str, list[str]]:
        """Los contextos que el Dockerfile no nombra, cada uno con los nombres que se le parecen."""
        said = {stage.name for stage in self.source.stages if stage.name}
        outside = {short_name(stage.image) for stage in self.source.stages} - {"scratch"}
        outside |= {short_name(name) for i in self.source.instructions for name in (i.trigger or i).froms}
        free = [name for name in self.extras.contexts if name not in said | outside]
        return {name: closest(name, sorted(outside - said - set(self.extras.contexts))) for name in free}

    @property
    def unused_stages(self) -> tuple[Stage, ...]:
        """Las etapas que nadie usa: ni lo que se construye ni, sin objetivo, la última."""
        return self.source.unused(self.target)

    def builds(self, stage: Stage) -> bool:
        """Si se construye: el clásico hace todas hasta el objetivo; BuildKit, solo las necesarias."""
        last = self.source.stage(self.target) if self.target else self.source.stages[-1]
        if self.builder == "clasico":
            return last is not None and stage.index <= last.index
        return stage in self.source.needed(self.target)

    def root_image(self, line: int | None) -> str:
        """La imagen de fuera de la que parte la etapa de esa línea, o la de la imagen si no se sabe cuál."""
        stage = self.source.stage_at(line) if line else None
        return self.source.root(stage) if stage else self.base


def plan_build(
    context: str | os.PathLike[str],
    *,
    tag: str,
    architecture: str,
    dockerfile: str = "Dockerfile",
    target: str | None = None,
    buildargs: Mapping[str, str] | None = None,
    builder: str = "buildkit",
    extras: Extras | None = None,
) -> Plan:
    """Abre la carpeta ``context``, lee su Dockerfile y comprueba lo que se puede comprobar sin motor.

    Args:
        tag: etiqueta de la imagen.
        architecture: la del motor, en los nombres de Docker: decide ``$TARGETARCH`` y compañía.
        dockerfile: nombre de un archivo de la carpeta, o el texto entero si lleva un salto de línea.
        target: hasta qué etapa construir; si falta, la última.
        buildargs: valores de ``ARG``.
        builder: ``"buildkit"`` o ``"clasico"``.
        extras: lo que solo se puede con una sesión de BuildKit.

    Raises:
        BuildError: la etiqueta, la carpeta (``ContextError``), el Dockerfile (``DockerfileError``) o el
            objetivo no valen, o el clásico tendría que hacer algo que es de BuildKit.
        UnknownNameError: el constructor no existe.
    """
    if builder not in BUILDERS:
        raise UnknownNameError(builder, BUILDERS, kind="el constructor")
    _check_tag(tag)
    opened = open_context(context, dockerfile=dockerfile)
    extras = extras or Extras()
    platform = read_platform(extras.platform, architecture=architecture) if extras.platform else None
    source = parse(opened.text).without(extras.contexts)
    source = source.resolved(buildargs, target=target, architecture=architecture, platform=platform)
    if target and source.stage(target) is None:
        raise unknown_target(target, source)
    if builder == "clasico":
        _check_heredocs(source, target)
    values, every = dict(buildargs or {}), builder == "clasico"
    images = outside_images(
        source,
        buildargs=values,
        target=target,
        all_stages=every,
        architecture=architecture,
        platform=platform,
    )
    images = _brought(source, target, images, extras)
    given = set(extras.images.values())
    for name, asker in images.items():
        if name in given:
            continue
        if invalid_reference(name)[0] and (missing := missing_stage(name, source, asker)):
            raise missing
    return Plan(tag, opened, source, target, values, builder, architecture, images, extras)


def _brought(
    source: Dockerfile, target: str | None, images: Mapping[str, Instruction], extras: Extras
) -> dict[str, Instruction]:
    """Las imágenes que hay que traer: en lugar de un contexto con nombre, la imagen que se dio por él."""
    stages = {stage.name: stage.opening for stage in source.needed(target) if stage.name in extras.contexts}
    found: dict[str, Instruction] = {}
    for name, asker in (*stages.items(), *images.items()):
        short = short_name(name)
        given = extras.images.get(short, "") if short in extras.contexts else name
        if given:
            found.setdefault(given, asker)
    return found


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
