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

from multietapa.dockerfile.arguments import ArgumentError, expand_base, global_values
from multietapa.dockerfile.instructions import Instruction, check, directives, fail, scan
from multietapa.dockerfile.platforms import Platform
from multietapa.dockerfile.references import invalid_reference
from multietapa.dockerfile.shell import Lexer, WordError
from multietapa.errors import DockerfileError
from multietapa.keywords import WITH_LAYER
from multietapa.text import join

_STAGE_NAME = re.compile(r"^[a-z][a-z0-9\-_.]*$")


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
    """Un Dockerfile leído. ``syntax`` es el valor de ``# syntax=`` o ``""``."""

    text: str
    stages: tuple[Stage, ...]
    global_args: tuple[Instruction, ...] = ()
    escape: str = "\\"
    syntax: str = ""
    _lines: tuple[str, ...] = field(default=(), repr=False, compare=False)

    def line_text(self, line: int) -> str:
        """El texto de una línea (desde 1), o ``""`` si no existe."""
        return self._lines[line - 1].rstrip() if 1 <= line <= len(self._lines) else ""

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

    @property
    def stage_labels(self) -> tuple[str, ...]:
        """Los nombres que acepta ``objetivo``: el de cada etapa, o su índice si no tiene."""
        return tuple(s.name or str(s.index) for s in self.stages)

    def images(
        self,
        *,
        architecture: str,
        platform: Platform | None = None,
        buildargs: Mapping[str, str] | None = None,
        target: str | None = None,
        all_stages: bool = False,
    ) -> dict[str, Instruction]:
        """Las imágenes de fuera que hacen falta para ``target`` (o la última etapa), en su orden.

        Cada una va con la instrucción que la pide (mejor un ``FROM``).

        Args:
            architecture: la del motor, en los nombres de Docker.
            platform: para la que se construye (``$TARGETARCH`` y compañía); si falta, la del motor.
            buildargs: valores que sustituyen a los de los ``ARG`` globales.
            all_stages: todas las etapas y no solo las necesarias (así trabaja el constructor clásico).

        Raises:
            DockerfileError: el motor no aceptaría alguno de los nombres, aunque su etapa no haga falta.
        """
        source = self.resolved(
            buildargs, target=target, architecture=architecture, platform=platform, strict=True
        )
        wanted = source.stages if all_stages else source.needed(target)
        source.check_origins({stage.index for stage in wanted})
        found: dict[str, Instruction] = {}
        for stage in wanted:
            if source.parent(stage) is None and found.get(stage.image, stage.opening).keyword != "FROM":
                del found[stage.image]
            if source.parent(stage) is None:
                found.setdefault(stage.image, stage.opening)
            for instruction in stage.instructions:
                for name in instruction.froms:
                    if source.stage(name) is None:
                        found.setdefault(name, instruction)
        return {name: asker for name, asker in found.items() if name and name != "scratch"}

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
                fail(self._lines, error.line, str(error))
            values = {}
        found: list[Stage] = []
        for stage in self.stages:
            image = stage.base
            unset: tuple[str, ...] = ()
            try:
                image, unset = expand_base(stage.base, values, self.escape)
            except WordError as error:
                if strict:
                    fail(self._lines, stage.line, f"En «{stage.base}», {error}.")
            if strict and image != "scratch" and all(s.name != image for s in found if s.name):
                self._check_image(image, stage.line, unset)
            wanted = ""
            with suppress(WordError):  # el motor dirá qué le pasa
                wanted = expand_base(stage.opening.flag("platform"), values, self.escape)[0]
            found.append(replace(stage, image=image, platform=wanted))
        return replace(self, stages=tuple(found))

    def without(self, names: Container[str]) -> Dockerfile:
        """El mismo, con las etapas que se llaman así vacías: en su lugar va otra cosa."""
        empty = (replace(stage, base="scratch", image="scratch", instructions=()) for stage in self.stages)
        pairs = zip(self.stages, empty, strict=True)
        return replace(self, stages=tuple(new if old.name in names else old for old, new in pairs))

    def _check_image(self, name: str, line: int, unset: tuple[str, ...] = ()) -> None:
        """Lanza ``DockerfileError`` si el motor no aceptaría ese nombre de imagen."""
        why, step = invalid_reference(name)
        if why and unset:
            late = [i for s in self.stages for i in s.instructions if i.keyword == "ARG"]
            names = join([f"«{n}»" for n in unset])
            why = f"{why} Ahí no {'tienen' if len(unset) > 1 else 'tiene'} valor {names}."
            after = next((i.line for i in late if i.arguments.partition("=")[0] in unset), 0)
            step = (
                f"El «ARG» de la línea {after} va detrás de un «FROM» y solo vale en su etapa: súbelo."
                if after
                else f"Escribe «ARG {unset[0]}=valor» antes del primer «FROM»."
            )
        if why:
            fail(self._lines, line, why, next_step=step)

    def check_origins(self, wanted: set[int]) -> None:
        """Lanza ``DockerfileError`` si el motor no aceptaría un ``--from`` o un ``from=``."""
        for stage in self.stages:
            for instruction in stage.instructions:
                for origin in instruction.froms:
                    self._check_origin(stage, instruction, origin, wanted)

    def _check_origin(self, stage: Stage, instruction: Instruction, origin: str, wanted: set[int]) -> None:
        lexer = Lexer({}, self.escape)
        try:
            fixed = lexer.word(origin) == origin
        except WordError:
            fixed = False
        if not fixed:
            tip = f"Pon «FROM {origin} AS otra» antes, con su «ARG» en la primera línea, y copia de «otra»."
            why = f"De dónde se copia no puede llevar variables, y «{origin}» las lleva."
            fail(self._lines, instruction.line, why, next_step=tip)
        ahead = origin.isdecimal() and int(origin) > stage.index and stage.index in wanted
        if origin.isdecimal() and (ahead or int(origin) == stage.index or int(origin) >= len(self.stages)):
            last = stage.index - 1
            tip = f"Aquí valen del 0 al {last}." if last > 0 else "Aquí vale el 0." if not last else ""
            why = f"No hay ninguna etapa anterior con el número {origin}."
            fail(self._lines, instruction.line, why, next_step=tip or "Es la primera: no hay ninguna antes.")
        if self.stage(origin) is None and not _STAGE_NAME.match(origin.lower()):  # si no, sería una etapa
            self._check_image(origin, instruction.line)

    def parent(self, stage: Stage) -> Stage | None:
        """La etapa anterior que sirve de base a ``stage``, o ``None`` si su base es una imagen de fuera."""
        earlier = (s for s in reversed(self.stages[: stage.index]) if s.name)
        return next((s for s in earlier if s.name == stage.image), None)

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
        found = [self.parent(stage), *(self.stage(n) for i in stage.instructions for n in i.froms)]
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
    if name and not _STAGE_NAME.match(name):
        why = f"«{parts[2]}» no sirve como nombre de etapa."
        tip = "Empieza por una letra y usa solo letras sin acento, números, «-», «_» y «.»."
        fail(lines, opening.line, why, next_step=tip)
    return Stage(name, index, parts[0], opening.line, opening, tuple(body))
