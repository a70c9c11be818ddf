"""Lee un Dockerfile: sus etapas, sus instrucciones con su línea y las imágenes de fuera que pide.

No sustituye al analizador del motor: entiende lo justo para dibujar las etapas, poner línea a cada paso,
traer antes las imágenes base y avisar de un error en español antes de empezar. Lo que no conoce
(instrucciones de otra sintaxis) lo deja pasar si el archivo declara ``# syntax=``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from multietapa.dockerfile.instructions import (
    Instruction,
    check,
    directives,
    expand,
    fail,
    scan,
    unquote,
    words,
)
from multietapa.errors import DockerfileError
from multietapa.keywords import WITH_LAYER

_STAGE_NAME = re.compile(r"^[a-z][a-z0-9\-_.]*$")


@dataclass(frozen=True)
class Stage:
    """Una etapa: desde su ``FROM`` (en ``line``) hasta la siguiente.

    ``name`` es el de ``AS`` en minúsculas o ``""``; ``base`` el texto tal cual (puede llevar ``$VARIABLE``);
    ``instructions`` las que siguen al ``FROM``.
    """

    name: str
    index: int
    base: str
    line: int
    opening: Instruction
    instructions: tuple[Instruction, ...]

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
        buildargs: Mapping[str, str] | None = None,
        target: str | None = None,
        all_stages: bool = False,
    ) -> dict[str, Instruction]:
        """Las imágenes de fuera que hacen falta para ``target`` (o la última etapa), en su orden.

        Cada una va con la instrucción que la pide (mejor un ``FROM``).

        Args:
            architecture: para ``$TARGETARCH`` y compañía, en los nombres de Docker.
            buildargs: valores que sustituyen a los de los ``ARG`` globales.
            all_stages: todas las etapas y no solo las necesarias (así trabaja el constructor clásico).
        """
        env = self._global_env(dict(buildargs or {}), architecture)
        wanted = self.stages if all_stages else self.needed(target)
        found: dict[str, Instruction] = {}
        for stage in wanted:
            if self.parent(stage) is None:
                name = expand(stage.base, env)
                if name not in found or found[name].keyword != "FROM":
                    found[name] = stage.opening
            for instruction in stage.instructions:
                for name in instruction.froms:
                    if self.stage(name) is None:
                        found.setdefault(name, instruction)
        return {name: asker for name, asker in found.items() if name and name != "scratch"}

    def parent(self, stage: Stage) -> Stage | None:
        """La etapa anterior que sirve de base a ``stage``, o ``None`` si su base es una imagen de fuera."""
        earlier = (s for s in reversed(self.stages[: stage.index]) if s.name)
        return next((s for s in earlier if s.name == stage.base.lower()), None)

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
            linked = [self.parent(stage), *(self.stage(n) for i in stage.instructions for n in i.froms)]
            pending += [s for s in linked if s is not None]
        return tuple(s for s in self.stages if s.index in seen)

    def counted_steps(self, stage: Stage) -> tuple[Instruction, ...]:
        """Las instrucciones que BuildKit numera en ``[etapa n/total]``, en su orden."""
        external = self.parent(stage) is None and stage.base != "scratch"
        opening = (stage.opening,) if external else ()
        return opening + tuple(i for i in stage.instructions if i.keyword in WITH_LAYER)

    def _global_env(self, buildargs: dict[str, str], architecture: str) -> dict[str, str]:
        platform = f"linux/{architecture}"
        env = {f"{side}ARCH": architecture for side in ("TARGET", "BUILD")}
        env |= {f"{side}OS": "linux" for side in ("TARGET", "BUILD")}
        env |= {f"{side}PLATFORM": platform for side in ("TARGET", "BUILD")} | {"TARGETSTAGE": ""}
        for instruction in self.global_args:
            for word in words(instruction.arguments):
                name, _, default = word.partition("=")
                value = buildargs.get(name, expand(unquote(default), env))
                if value or name not in env:
                    env[name] = value
        return env


def final_chain(source: Dockerfile, target: str | None) -> tuple[Stage, ...]:
    """Las etapas cuyas capas lleva la imagen: ``target`` (o la última) y aquellas de las que parte."""
    stage = source.stage(target) if target else source.stages[-1]
    chain: list[Stage] = []
    while stage is not None:
        chain.insert(0, stage)
        stage = source.parent(stage)
    return tuple(chain)


def final_base(
    source: Dockerfile, target: str | None, buildargs: Mapping[str, str] | None, *, architecture: str
) -> str:
    """La imagen de fuera sobre la que acaba la etapa ``target`` (o la última), o ``""`` si es ``scratch``.

    ``architecture`` es la del motor, en los nombres de Docker.
    """
    chain = final_chain(source, target)
    if not chain:
        return ""
    alone = replace(source, stages=(replace(chain[0], index=0, instructions=()),))
    return next(iter(alone.images(buildargs=buildargs, architecture=architecture)), "")


def parse(text: str) -> Dockerfile:
    """Lee el texto de un Dockerfile.

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
    return Dockerfile(text, built, tuple(global_args), escape, syntax, lines)


def _stage(lines: tuple[str, ...], index: int, opening: Instruction, body: list[Instruction]) -> Stage:
    parts = words(opening.arguments)
    named = len(parts) == 3 and parts[1].upper() == "AS"
    if len(parts) != 1 and not named:
        fail(lines, opening.line, "«FROM» se escribe «FROM imagen» o «FROM imagen AS nombre».")
    name = parts[2].lower() if named else ""
    if name and not _STAGE_NAME.match(name):
        why = f"«{parts[2]}» no sirve como nombre de etapa."
        tip = "Empieza por una letra y usa solo letras sin acento, números, «-», «_» y «.»."
        fail(lines, opening.line, why, next_step=tip)
    for instruction in body:
        for origin in instruction.froms:
            if origin.isdigit() and int(origin) >= index:
                tip = f"Aquí valen del 0 al {index - 1}." if index else "Es la primera: no hay ninguna antes."
                fail(
                    lines,
                    instruction.line,
                    f"No hay ninguna etapa anterior con el número {origin}.",
                    next_step=tip,
                )
    return Stage(name, index, unquote(parts[0]), opening.line, opening, tuple(body))
