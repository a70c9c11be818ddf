"""Por qué se repite cada paso, contra BuildKit: se construye, se cambia algo al azar y se vuelve a construir.

``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import functools
import os
import random
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import docker
import pytest

from multietapa.build.memory.memory import Memory
from multietapa.build.memory.store import Store
from multietapa.build.memory.why import Cause, Why, phrase
from multietapa.build.pipeline import run
from multietapa.build.plan import plan_build
from multietapa.build.state import BuildState, reduce
from multietapa.build.step import Status, Step
from multietapa.identity import labels

CASES = int(os.environ.get("MULTIETAPA_CASOS") or 40)
CHANGES = 5
"""Cuántas veces se cambia algo de un mismo Dockerfile."""
TAG = "multietapa-pruebas/memoria"
MOVABLE = "multietapa-memoria-base:1"
FILES = ("a", "b", "c", "d/e", "d/f")


@dataclass
class Written:
    """Un Dockerfile que va cambiando, su carpeta y lo que ha cambiado desde la última construcción."""

    folder: Path
    stages: list[tuple[str, list[str]]]
    buildargs: dict[str, str]
    lines: set[str] = field(default_factory=set)
    files: set[str] = field(default_factory=set)
    modes: set[str] = field(default_factory=set)
    arguments: set[str] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    image: bool = False

    @property
    def text(self) -> str:
        """El Dockerfile de ahora."""
        return "\n".join(line for opening, lines in self.stages for line in (opening, *lines)) + "\n"

    def forget(self) -> None:
        """Se construyó: lo que cambie desde aquí es lo que cuenta."""
        self.lines, self.files, self.modes, self.arguments = set(), set(), set(), set()
        self.image = False


class Writer:
    """Escribe y cambia al azar. Cada paso es distinto de los demás, también de los de otros casos."""

    def __init__(self, draw: random.Random, bases: tuple[str, str], builder: str) -> None:
        self.draw, self.bases, self._classic = draw, bases, builder == "clasico"
        self._step = 0
        self._mark = draw.randrange(10**6)

    def step(self, upto: int) -> str:
        """Una instrucción nueva; ``upto`` son las etapas que van antes."""
        self._step += 1
        n = f"{self._mark}-{self._step}"
        options = [
            f"COPY {self.draw.choice(FILES[:3])} /a{n}",
            f"COPY {self.draw.choice(['a', 'b'])} c /c{n}/",
            f"COPY d /d{n}",
            f"COPY d/* /g{n}/",
            f"COPY $RUTA /v{n}",
            f"COPY . /t{n}/",
            f"ADD c d /u{n}/",
            f"WORKDIR /w{n}",
            f"RUN echo {n} > /z/r{n}",
            f"RUN echo {n} > /z/s{n}",
            f"USER {self._step}:{self._step}",
            f"RUN ls / > /z/l{n}" if self._classic else f"RUN --mount=target=/m ls -l /m/d > /z/m{n}",
            f"ENV E{self._step}={n}",
            f"LABEL l{self._step}={n}",
        ]
        if upto:
            origin = self.draw.randrange(upto)
            options += [f"COPY --from=e{origin} /x /o{n}"] * 3
        if upto and not self._classic:
            options.append(f"RUN --mount=from=e{origin},target=/m ls /m > /z/n{n}")
            options.append(f"COPY --link --from=e{origin} /x /k{n}")
        return self.draw.choice(options)

    def write(self, folder: Path) -> Written:
        """Un Dockerfile y su carpeta."""
        for name in FILES:
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(f"{name} {self._mark}")
        stages = []
        for index in range(self.draw.randint(1, 4)):
            parent = f"e{self.draw.randrange(index)}" if index and self.draw.random() < 0.4 else ""
            base = parent or self.draw.choice([*self.bases[:1], MOVABLE])
            lines = [
                "ARG RUTA=a",
                f"RUN mkdir -p -m 777 /z && echo {self._mark} > /x && echo {index} >> /x",
            ]
            if parent:
                lines.insert(1, "USER 0:0")
            lines += [self.step(index) for _ in range(self.draw.randint(1, 5))]
            lines.insert(self.draw.randint(2, len(lines)), f"ARG A{index}={index}")
            stages.append((f"FROM {base} AS e{index}", lines))
        return Written(folder, stages, {})

    def change(self, one: Written, engine: docker.DockerClient) -> None:
        """Cambia una cosa."""
        index = self.draw.randrange(len(one.stages))
        lines = one.stages[index][1]
        at = self.draw.randrange(3, len(lines)) if len(lines) > 3 else len(lines) - 1
        kind = self.draw.randrange(14)
        name = self.draw.choice(FILES)
        path = one.folder / name
        if kind <= 1 and at >= 3 and not lines[at].startswith("ARG"):
            one.lines |= {lines[at]}
            lines[at] = self.step(index)
            one.lines |= {lines[at]}
        elif kind == 2:
            lines.insert(at, self.step(index))
            one.lines |= {lines[at]}
        elif kind == 3 and len(lines) > 4 and not lines[at].startswith("ARG"):
            one.lines |= {lines.pop(at)}
        elif kind == 4 and 3 <= at < len(lines) - 1:
            lines[at], lines[at + 1] = lines[at + 1], lines[at]
            one.lines |= {lines[at], lines[at + 1]}
        elif kind == 5:
            argument = f"A{self.draw.randrange(len(one.stages))}"
            one.buildargs[argument] = f"{self._mark}{self.draw.randrange(3)}"
            one.arguments |= {argument}
        elif kind == 6:
            one.buildargs["RUTA"] = self.draw.choice(["a", "b"])
            one.arguments |= {"RUTA"}
        elif kind == 7:
            path.chmod(self.draw.choice([0o600, 0o644, 0o755]))
            one.modes |= {name}
        elif kind == 8:
            os.utime(path, (1_700_000_000 + self._step, 1_700_000_000 + self._step))
        elif kind == 9:
            (one.folder / f"d/nuevo{self._step}").write_text(f"{self.draw.randrange(3)}")
            one.files |= {f"d/nuevo{self._step}"}
            self._step += 1
        elif kind == 10:
            engine.images.get(self.draw.choice(self.bases)).tag(MOVABLE)
            one.image = True
        elif kind == 11:
            lines.insert(at, f"# un comentario {self._step}")
            self._step += 1
        elif kind == 12:
            ignored = self.draw.choice(["d/f", "nada", "d/nuevo*"])
            (one.folder / ".dockerignore").write_text(f"{ignored}\n.dockerignore\n")
            inside = {str(each.relative_to(one.folder)) for each in one.folder.rglob("*")}
            one.files |= inside  # unos dejan de viajar, y otros vuelven
        else:
            path.write_text(f"{name} {self._mark} {self.draw.randrange(3)}")
            one.files |= {name}


def built(engine: docker.DockerClient, one: Written, store: Store, builder: str) -> BuildState:
    """Lo construye, y da el estado con sus razones."""
    plan = plan_build(
        one.folder,
        tag=TAG,
        architecture="amd64",
        dockerfile=one.text,
        buildargs=one.buildargs,
        builder=builder,
    )
    memory = Memory(engine, plan, store=store)
    with closing(run(engine, plan)) as events:
        return memory.told(functools.reduce(reduce, events, BuildState()))


def wrong(step: Step, why: Why, one: Written, state: BuildState) -> Iterator[str]:
    """Lo que esa razón dice y no es verdad."""
    line = why.guilty.line if why.guilty else step.line
    blamed = why.guilty.text if why.guilty else one.text.splitlines()[(line or 1) - 1]
    if why.cause in (Cause.NEW, Cause.MOVED, Cause.REMOVED) and blamed not in one.lines:
        yield f"«{blamed}» estaba igual"
    if why.cause is Cause.INSTRUCTION and not {why.before, why.after} <= one.lines:
        yield f"no cambió de «{why.before}» a «{why.after}»"
    if why.cause is Cause.ARGUMENT and why.name not in one.arguments:
        yield f"el argumento «{why.name}» valía lo mismo"
    if why.cause is Cause.IMAGE and not one.image:
        yield "la imagen es la misma"
    if why.cause is Cause.FILES:
        if extra := {*why.changed, *why.new, *why.gone} - one.files:
            yield f"el contenido de {sorted(extra)} es el mismo"
        if extra := set(why.modes) - one.modes:
            yield f"los permisos de {sorted(extra)} son los mismos"
        if not (why.changed or why.new or why.gone or why.modes):
            yield "no dice qué archivos"
    if why.cause is Cause.STAGE and ((why.guilty and why.guilty.stage) or step.stage) in one.made:
        yield "su etapa ya se había hecho"
    made = {each.line for each in state.instructions if each.status is Status.DONE}
    if why.cause is Cause.REPEATED and line not in made:
        yield f"«{blamed}» no se repitió"
    if why.cause in (Cause.GONE, Cause.FIRST, Cause.NO_CACHE):
        yield f"dice {why.cause}, y no es eso"


@pytest.fixture
def bases(engine: docker.DockerClient, base_image: str) -> Iterator[tuple[str, str]]:
    """Dos imágenes distintas, y un nombre que va de una a otra."""
    other = "multietapa-memoria-otra:1"
    container = engine.containers.create(base_image, "sh", labels=labels())
    container.commit("multietapa-memoria-otra", "1", changes="ENV OTRA=1")
    container.remove()
    engine.images.get(base_image).tag(MOVABLE)
    yield base_image, other
    for name in (MOVABLE, other, TAG):
        for image in engine.images.list(name):
            engine.images.remove(name if name in image.tags else image.id, force=True)


@pytest.mark.parametrize(("builder", "cases"), [("buildkit", CASES), ("clasico", CASES // 4)])
def test_every_reason_is_true(
    engine: docker.DockerClient, bases: tuple[str, str], tmp_path: Path, builder: str, cases: int
) -> None:
    """Casi todo paso repetido tiene su razón, que solo nombra lo que cambió; uno de la caché, ninguna."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    print(f"MULTIETAPA_SEMILLA={seed}")
    draw, store = random.Random(seed), Store(tmp_path / "memoria")
    again = cached = 0
    silent: list[str] = []
    for case in range(cases):
        if case % CHANGES == 0:
            writer = Writer(draw, bases, builder)
            one = writer.write(tmp_path / f"carpeta{case}")
            first = built(engine, one, store, builder)
            assert {s.why.cause for s in first.steps.values() if s.why} == {Cause.FIRST}
            one.forget()
            one.made = {step.stage for step in first.instructions}
        for _ in range(draw.randint(1, 2)):
            writer.change(one, engine)
        before = one.text
        state = built(engine, one, store, builder)
        problems = []
        for step in state.instructions:
            told = phrase(step.why) if step.why else ""
            if step.status is Status.CACHED:
                cached += 1
                problems += [f"{step.name}: salió de la caché, y dice «{told}»"] if told else []
            elif step.status is Status.DONE:
                again += 1
                linked = "--link" in step.name  # unirlo otra vez no es hacerlo: puede no haber razón
                silent += [] if told or linked else [f"caso {case}: {step.name}"]
                found = list(wrong(step, step.why, one, state)) if step.why else []
                problems += [f"{step.name} ({told}): {each}" for each in found]
        what = (
            f"MULTIETAPA_SEMILLA={seed}, caso {case}: {one.lines or ''} {one.files or ''} {one.modes or ''} "
        )
        what += f"{one.arguments or ''} {one.buildargs} imagen: {one.image}\n{before}"
        assert not problems, what + "\n".join(problems)
        one.forget()
        one.made |= {step.stage for step in state.instructions}
    assert again
    assert cached
    assert len(silent) * 20 <= again, silent
    print(f"{cases} cambios: {again} pasos repetidos, {len(silent)} sin razón {silent}; {cached} de la caché")
