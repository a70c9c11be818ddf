"""Lee un Dockerfile: sus etapas, sus instrucciones con su línea y las imágenes de fuera que pide.

No sustituye al analizador del motor: entiende lo justo para dibujar las etapas, poner línea a cada paso,
traer antes las imágenes base y avisar de un error en español antes de empezar. Lo que no conoce
(instrucciones de otra sintaxis) lo deja pasar si el archivo declara ``# syntax=``.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property

from multietapa.dockerfile.arguments import ArgumentError, expand_base, global_values
from multietapa.dockerfile.instructions import Instruction, check, directives, fail, scan
from multietapa.dockerfile.origins import STAGE_NAME, check_image
from multietapa.dockerfile.platforms import Platform
from multietapa.dockerfile.shell import WordError
from multietapa.errors import DockerfileError
from multietapa.keywords import WITH_LAYER

_INDEX = re.compile(r"[+-]?\d{1,9}", re.ASCII)


@dataclass(frozen=True)
class Stage:
    """Una etapa: desde su ``FROM`` (en ``line``) hasta la siguiente.

    ``name`` es el de ``AS`` en minúsculas o ``""``; ``base`` el texto tal cual (puede llevar ``$VARIABLE``) e
    ``image`` lo que vale; ``instructions`` las que siguen al ``FROM``; ``platform`` lo que vale su
    ``--platform``, o ``""``.
    """

    name: str
    index: int
    base: str
    line: int
    opening: Instruction
    instructions: tuple[Instruction, ...]
    image: str = ""
    platform: str = ""

    @property
    def label(self) -> str:
        """Cómo la llama BuildKit: su nombre o ``stage-N``."""
        return self.name or f"stage-{self.index}"


@dataclass(frozen=True)
class Dockerfile:
    """Un Dockerfile leído. ``syntax`` es el valor de ``# syntax=`` o ``""``; ``lines``, sus líneas."""

    text: str
    stages: tuple[Stage, ...]
    global_args: tuple[Instruction, ...] = ()
    escape: str = "\\"
    syntax: str = ""
    lines: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def line_text(self, line: int) -> str:
        """El texto de una línea (desde 1), o ``""`` si no existe."""
        return self.lines[line - 1].rstrip() if 1 <= line <= len(self.lines) else ""

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """Todas, en el orden del archivo: los ``ARG`` globales y, de cada etapa, su ``FROM`` y las demás."""
        own = (i for stage in self.stages for i in (stage.opening, *stage.instructions))
        return (*self.global_args, *own)

    def stage(self, name: str) -> Stage | None:
        """La etapa con ese nombre (sin distinguir mayúsculas), índice o ``stage-N``."""
        wanted = name.lower()
        by_name = (s for s in reversed(self.stages) if s.name and s.name == wanted)
        by_index = (s for s in self.stages if wanted in (str(s.index), f"stage-{s.index}"))
        return next(by_name, None) or next(by_index, None)

    def called(self, stage: Stage) -> str:
        """Cómo llama BuildKit a ``stage`` y, si llama igual a otra, cuál de ellas es: ``x (2.ª)``."""
        return self._names[stage.index]

    @cached_property
    def _names(self) -> tuple[str, ...]:
        labels = [stage.label for stage in self.stages]
        return tuple(
            f"{label} ({labels[: n + 1].count(label)}.ª)" if labels.count(label) > 1 else label
            for n, label in enumerate(labels)
        )

    @property
    def stage_labels(self) -> tuple[str, ...]:
        """Los nombres que acepta ``objetivo``: el de cada etapa, o su índice si no tiene."""
        return tuple(s.name or str(s.index) for s in self.stages)

    def resolved(
        self,
        buildargs: Mapping[str, str] | None = None,
        *,
        target: str | None = None,
        architecture: str = "amd64",
        platform: Platform | None = None,
        strict: bool = False,
    ) -> Dockerfile:
        """El mismo, con la ``image`` de cada etapa según los ``ARG`` globales y ``buildargs``.

        Raises:
            DockerfileError: con ``strict``, un ``ARG`` o un ``FROM`` no se puede leer o no es una imagen.
        """
        name = target or self.stages[-1].name
        try:
            values = global_values(
                self.global_args,
                buildargs or {},
                architecture=architecture,
                platform=platform,
                target=name,
                escape=self.escape,
            )
        except ArgumentError as error:
            if strict:
                fail(self.lines, error.line, str(error))
            values = {}
        found: list[Stage] = []
        for stage in self.stages:
            image = stage.base
            unset: tuple[str, ...] = ()
            try:
                image, unset = expand_base(stage.base, values, self.escape)
            except WordError as error:
                if strict:
                    fail(self.lines, stage.line, f"En «{stage.base}», {error}.")
            if strict and image != "scratch" and all(s.name != image for s in found if s.name):
                check_image(self.lines, image, stage.line, self._lost(unset))
            wanted = ""
            with suppress(WordError):  # el motor dirá qué le pasa
                wanted = expand_base(stage.opening.flag("platform"), values, self.escape)[0]
            found.append(replace(stage, image=image, platform=wanted))
        return replace(self, stages=tuple(found))

    def _lost(self, names: tuple[str, ...]) -> dict[str, int]:
        """De esas variables, la línea del ``ARG`` que las pone demasiado tarde; 0 si no hay ninguno."""
        late = [i for s in self.stages for i in s.instructions if i.keyword == "ARG"]
        lines = {i.arguments.partition("=")[0]: i.line for i in reversed(late)}
        return {name: lines.get(name, 0) for name in names}

    def without(self, names: Container[str]) -> Dockerfile:
        """El mismo, con las etapas que se llaman así vacías: en su lugar va otra cosa."""
        empty = (replace(stage, base="scratch", image="scratch", instructions=()) for stage in self.stages)
        pairs = zip(self.stages, empty, strict=True)
        return replace(self, stages=tuple(new if old.name in names else old for old, new in pairs))

    def parent(self, stage: Stage) -> Stage | None:
        """La etapa anterior que sirve de base a ``stage``, o ``None`` si su base es una imagen de fuera."""
        earlier = (s for s in reversed(self.stages[: stage.index]) if s.name)
        return next((s for s in earlier if s.name == stage.image), None)

    def origin(self, instruction: Instruction, name: str) -> Stage | None:
        """La etapa de la que toma ``instruction`` cuando dice ``name``; ``None`` si es una imagen.

        Un ``COPY`` puede decir su índice; un ``RUN --mount``, solo su nombre.
        """
        named = (s for s in reversed(self.stages) if s.name and s.name == name.lower())
        index = copied_index(name) if instruction.keyword == "COPY" else None
        return next(named, None) or next((s for s in self.stages if s.index == index), None)

    def done_in(self, stage: Stage) -> tuple[Instruction, ...]:
        """Lo que se hace en ``stage``: lo que dispara la etapa de la que parte (``ONBUILD``) y lo suyo."""
        parent = self.parent(stage)
        armed = (i.trigger for i in parent.instructions) if parent else ()
        return (*(i for i in armed if i is not None), *stage.instructions)

    def stage_at(self, line: int) -> Stage | None:
        """La etapa que tiene esa línea, o ``None`` si va antes de la primera."""
        return next((stage for stage in reversed(self.stages) if stage.line <= line), None)

    def root(self, stage: Stage) -> str:
        """La imagen de fuera (o ``scratch``) de la que acaba partiendo ``stage``."""
        while (parent := self.parent(stage)) is not None:
            stage = parent
        return stage.image

    def needed(self, target: str | None = None) -> tuple[Stage, ...]:
        """Las etapas que hacen falta para ``target`` (o la última), en el orden del archivo."""
        last = self.stage(target) if target else self.stages[-1]
        pending = [last] if last else list(self.stages)
        seen: set[int] = set()
        while pending:
            stage = pending.pop()
            if stage.index in seen:
                continue
            seen.add(stage.index)
            pending += self.linked(stage)
        return tuple(s for s in self.stages if s.index in seen)

    def linked(self, stage: Stage) -> list[Stage]:
        """Las etapas de las que parte o copia ``stage``."""
        found = [self.parent(stage), *(self.origin(i, n) for i in self.done_in(stage) for n in i.froms)]
        return [s for s in found if s is not None]

    def unused(self, target: str | None = None) -> tuple[Stage, ...]:
        """Las etapas que no hacen falta ni para ``target`` ni para la última: BuildKit no las construye."""
        used = {stage.index for stage in (*self.needed(target), *self.needed())}
        return tuple(stage for stage in self.stages if stage.index not in used)

    def counted_steps(self, stage: Stage) -> tuple[Instruction, ...]:
        """Las instrucciones que BuildKit numera en ``[etapa n/total]``, en su orden."""
        external = self.parent(stage) is None and stage.image != "scratch"
        opening = (stage.opening,) if external else ()
        return opening + tuple(i for i in stage.instructions if i.keyword in WITH_LAYER)


def copied_index(name: str) -> int | None:
    """El índice de etapa que escribe un ``--from`` (BuildKit lo acepta con signo: ``+0``), o ``None``."""
    return int(name) if _INDEX.fullmatch(name) else None


def final_chain(source: Dockerfile, target: str | None) -> tuple[Stage, ...]:
    """Las etapas cuyas capas lleva la imagen: ``target`` (o la última) y aquellas de las que parte."""
    stage = source.stage(target) if target else source.stages[-1]
    chain: list[Stage] = []
    while stage is not None:
        chain.insert(0, stage)
        stage = source.parent(stage)
    return tuple(chain)


def parse(text: str, buildargs: Mapping[str, str] | None = None) -> Dockerfile:
    """Lee el texto de un Dockerfile; ``buildargs`` sustituye a los ``ARG`` de antes del primer ``FROM``.

    Raises:
        DockerfileError: no se entiende; ``line`` señala la línea y el mensaje la muestra.
    """
    lines = tuple(line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n"))
    header = directives(lines)
    escape = header.get("escape", "\\")
    if escape not in ("\\", "`"):
        number = next(n for n, line in enumerate(lines, 1) if "escape" in line.lower())
        fail(lines, number, f"El carácter de escape puede ser «\\» o «`», no «{escape}».")
    syntax = header.get("syntax", "")
    global_args: list[Instruction] = []
    stages: list[tuple[Instruction, list[Instruction]]] = []
    for instruction in scan(lines, escape):
        check(lines, instruction, lenient=bool(syntax))
        if instruction.keyword == "FROM":
            stages.append((instruction, []))
        elif stages:
            stages[-1][1].append(instruction)
        elif instruction.keyword == "ARG":
            global_args.append(instruction)
        else:
            fail(
                lines,
                instruction.line,
                f"«{instruction.keyword}» está antes de cualquier «FROM», y ahí solo puede ir «ARG».",
                next_step="Empieza el archivo por la imagen base, por ejemplo «FROM alpine».",
            )
    if not stages:
        raise DockerfileError(
            "El Dockerfile no tiene ninguna etapa.",
            why="No hay ninguna instrucción «FROM».",
            next_step="Empieza por la imagen base, por ejemplo «FROM alpine».",
            line=1,
        )
    built = tuple(_stage(lines, n, opening, body) for n, (opening, body) in enumerate(stages))
    return Dockerfile(text, built, tuple(global_args), escape, syntax, lines).resolved(buildargs)


def _stage(lines: tuple[str, ...], index: int, opening: Instruction, body: list[Instruction]) -> Stage:
    parts = re.split(r"[\t\v\f\r ]+", opening.arguments)
    named = len(parts) == 3 and parts[1].upper() == "AS"
    if len(parts) != 1 and not named:
        fail(lines, opening.line, "«FROM» se escribe «FROM imagen» o «FROM imagen AS nombre».")
    name = parts[2].lower() if named else ""
    if name and not STAGE_NAME.match(name):
        why = f"«{parts[2]}» no sirve como nombre de etapa."
        tip = "Empieza por una letra y usa solo letras sin acento, números, «-», «_» y «.»."
        fail(lines, opening.line, why, next_step=tip)
    return Stage(name, index, parts[0], opening.line, opening, tuple(body))
