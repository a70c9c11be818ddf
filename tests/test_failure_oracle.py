"""El motor falla en una línea que se sabe cuál es, al azar, y el error tiene que señalar esa.

``MULTIETAPA_SEMILLA`` repite una tirada y ``MULTIETAPA_CASOS`` la alarga.
"""

from __future__ import annotations

import os
import random
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import docker
import pytest

from multietapa.build.pipeline import build_events
from multietapa.errors import MultietapaError

BOTH, BUILDKIT, CLASSIC = ("buildkit", "clasico"), ("buildkit",), ("clasico",)
#: Instrucciones que el motor acepta; ``_`` es un espacio o varios, o un tabulador.
FINE = (
    'RUN_true|RUN_["sh",_"-c",_"true"]|RUN_: && \\\n  true|COPY_a.txt_/x/|WORKDIR_/w|ENV_A=1|ENV_A 1|'
    'LABEL_l=$A|ARG_B=2|EXPOSE_80/tcp|MAINTAINER_yo|STOPSIGNAL_SIGTERM|ONBUILD_RUN_true|VOLUME_/v|CMD_["x"]|'
    "RUN_echo 'exit code: 5'; : 'parse error on line 1: x'|LABEL_nota=\"no space left on device\"|"
    'HEALTHCHECK_NONE|ADD_a.txt_/y/|SHELL_["/bin/sh",_"-c"]|ENTRYPOINT_["sh"]|# comentario'
).split("|")
#: Instrucciones que no, los constructores con los que se prueban, y algo que dice el error.
WRONG: tuple[tuple[str, tuple[str, ...], str], ...] = (
    ("RUN_exit 7", BOTH, "código 7"),
    ("RUN_: && \\\n# no cuenta\n  exit 7", BOTH, "código 7"),
    ('RUN_["sh",_"-c",_"exit 7"]', BOTH, "código 7"),
    ("RUN_echo 'exit code: 5'; exit 7", BOTH, "código 7"),
    ("RUN_echo 'x: no space left on device' >&2; exit 7", BOTH, "código 7"),
    ("RUN_--network=none exit 7", BUILDKIT, "código 7"),
    ("RUN_<<FIN\nexit 7\nFIN", BUILDKIT, "código 7"),
    ("COPY_nada.txt_/x", BOTH, "No existe «nada.txt»"),
    ('COPY_["nada.txt",_"/x"]', BOTH, "No existe «nada.txt»"),
    ("ADD_a.txt_nada.txt_/x/", BOTH, "No existe «nada.txt»"),
    ("COPY_../nada.txt_/x", BOTH, "«../nada.txt» está fuera"),
    ("COPY_--from=ETAPA_/nada_/x", BOTH, "«/nada» no existe"),
    ("COPY_--chown=nadie_a.txt_/x", CLASSIC, "No existe el usuario «nadie»"),
    ("USER_nadie\nRUN true", BOTH, "No existe el usuario «nadie»"),
    ('RUN_["nada",_"x"]', CLASSIC, "No existe el programa «nada»"),
    ("RUN_nada", BOTH, "código 127"),
    ("RUN_--mount=type=secret,id=a,required=true true", BUILDKIT, "pide el secreto"),
    ("RUN_--mount=type=raro true", BUILDKIT, "no es una clase de «--mount»"),
    ("LABEL_a=${A", BOTH, "En «${A»"),
    ("LABEL_a=1 b=${A:-", BOTH, ""),
    ('ENV_A="${A"', BOTH, ""),
    ("ENV_A=${NADIE:?falta}", BOTH, "«NADIE» no tiene valor"),
    ("WORKDIR_/${A%%", BOTH, ""),
    ("USER_${A^}", BOTH, ""),
    ("VOLUME_/${", BOTH, ""),
    ("COPY_${A_/x", BOTH, ""),
    ("ARG_Z=${A", BOTH, ""),
    ("EXPOSE_hola", BOTH, "«hola» no es un puerto"),
    ("EXPOSE_80 ${A}x", BOTH, ""),
    ("EXPOSE_80/nada", BOTH, "no es un puerto"),
    ("STOPSIGNAL_SIGNADA", BOTH, "no es una señal"),
    ("HEALTHCHECK_--interval=x CMD true", BOTH, ""),
    ("ONBUILD_FROM x", BOTH, ""),
    ("COPY_--chmod=hola_a.txt_/x", BUILDKIT, "cifras octales"),
    ("COPY_--from=MISMA_/a_/x", BOTH, "copia de sí misma"),
    ("COPY_--from=LUEGO_/a_/x", BOTH, ""),
    ("COPY_--raro=1_a.txt_/x", BOTH, ""),
    ("ENV_A", BOTH, ""),
    ("COPY_a.txt", BOTH, ""),
)


CASES = int(os.environ.get("MULTIETAPA_CASOS") or len(WRONG))


@dataclass(frozen=True)
class Failing:
    """Un Dockerfile que falla en ``line``, y algo que tiene que decir su error."""

    text: str
    line: int
    says: str
    builder: str

    def __str__(self) -> str:
        return f"{self.builder}, línea {self.line}:\n{self.text}"


@pytest.fixture
def chance() -> random.Random:
    """El azar de la prueba, con su semilla a la vista."""
    seed = int(os.environ.get("MULTIETAPA_SEMILLA") or random.randrange(10**9))
    print(f"MULTIETAPA_SEMILLA={seed}")
    return random.Random(seed)


def written(chance: random.Random, instruction: str) -> str:
    """La instrucción, con sus espacios al azar y a veces sangrada."""
    spaced = "".join(chance.choice([" ", " ", "  ", "\t"]) if c == "_" else c for c in instruction)
    return chance.choice(["", "", "", "  "]) + spaced


def failing(chance: random.Random, base: str, wrong: tuple[str, tuple[str, ...], str]) -> Failing:
    """Un Dockerfile de una a tres etapas que falla en una instrucción de esa clase."""
    pattern, builders, says = wrong
    total = chance.randint(1, 3)
    if named := {word for word in ("ETAPA", "LUEGO", "MISMA") if word in pattern}:
        total = chance.randint(2, 3)
    guilty = 0 if "LUEGO" in named else chance.randint(1 if "ETAPA" in named else 0, total - 1)
    builder = chance.choice(builders)
    repeated = not named and builder == "buildkit" and chance.random() < 0.4  # el clásico no lo acepta
    names = ["uno" if repeated else f"e{n}" for n in range(total)]
    lines: list[str] = []
    line = 0
    for n, name in enumerate(names):
        onto = names[n - 1] if n and chance.random() < 0.3 else base
        lines += [""] * chance.randint(0, 1) + [f"FROM {onto} AS {name}"]
        body = [written(chance, chance.choice(FINE)) for _ in range(chance.randint(0, 3))]
        body += [f"COPY --from={n - 1} /etc /de-antes/"] if n else []
        before = chance.randint(0, len(body))
        lines += body[:before]
        if n == guilty:
            line = "\n".join(lines).count("\n") + (3 if pattern.startswith("USER_nadie") else 2)
            replaced = (
                pattern.replace("ETAPA", names[n - 1]).replace("MISMA", name).replace("LUEGO", names[-1])
            )
            lines.append(written(chance, replaced))
        lines += body[before:]
    return Failing("\n".join(lines) + "\n", line, says, builder)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Una carpeta con un archivo que copiar."""
    (tmp_path / "a.txt").write_text("hola")
    return tmp_path


def told(engine: docker.DockerClient, folder: Path, case: Failing) -> str:
    """Qué está mal en el error de ese Dockerfile, o ``""``."""
    tag = f"multietapa-pruebas/falla:{uuid.uuid4().hex[:8]}"
    try:
        list(build_events(engine, folder, tag=tag, dockerfile=case.text, builder=case.builder))
    except MultietapaError as error:
        line = getattr(error, "line", None)
        right = line == case.line and case.says in str(error)
        return "" if right else f"{case}se dijo línea {line} (y se esperaba «{case.says}»):\n{error}\n"
    return f"{case}se construyó\n"


def test_the_error_points_to_the_line_that_failed(
    engine: docker.DockerClient, base_image: str, folder: Path, chance: random.Random
) -> None:
    """Cada clase de instrucción equivocada se señala en su línea, en cualquier etapa y con los dos."""
    kinds = [WRONG[n % len(WRONG)] for n in range(CASES)]
    cases = [failing(chance, base_image, kind) for kind in kinds]
    with ThreadPoolExecutor(2) as pool:
        problems = list(filter(None, pool.map(lambda case: told(engine, folder, case), cases)))
    assert problems == [], "\n".join(problems)
