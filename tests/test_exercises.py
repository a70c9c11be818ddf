"""Cada ejercicio sin tocar, con respuestas equivocadas y con respuestas correctas distintas."""

from __future__ import annotations

from pathlib import Path

import docker
import pytest

from multietapa.cells.motor import Motor
from multietapa.engine.model import Choice
from multietapa.errors import BaseImageError, EngineLostError, UnknownNameError
from multietapa.exercises import exercise as exercises
from multietapa.exercises.bench import Bench
from multietapa.exercises.content import CONTENTS
from multietapa.exercises.exercise import Ejercicio, ejercicio
from multietapa.exercises.outcome import Observation, Outcome

IDS = [content.id for content in CONTENTS]
NO_ENGINE = Motor(Choice("grabacion", "", ""))

BUILD = """\
FROM node:14 AS build
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
"""
PRODUCTION = """\
FROM node:14-alpine
WORKDIR /app
COPY package*.json ./
RUN npm install --only=production
COPY --from=build /app/dist ./dist
"""
NAIVE = BUILD.replace(" AS build", "") + 'CMD ["npm", "start"]\n'
SEED = BUILD + PRODUCTION + 'CMD ["npm", "start"]\n'

RIGHT = {
    "01.1": {
        "una instrucción": """\
FROM node:14
WORKDIR /tienda
COPY . .
RUN npm install && npm run build && npm prune --production && npm cache clean --force
CMD ["node", "dist/server.js"]
""",
        "rm y volver a instalar": """\
FROM node:14
WORKDIR /app
COPY . .
RUN npm install && npm run build && rm -rf node_modules && npm install --only=production
CMD npm start
""",
        "base alpina": """\
FROM node:14-alpine
WORKDIR /usr/src/app
COPY . .
RUN npm install && npm run build && npm prune --production
CMD ["npm", "start"]
""",
        "multietapa": SEED,
    },
    "01.2": {
        "un RUN": """\
FROM node:14-alpine
RUN dd if=/dev/zero of=/t bs=1M count=50 && sha256sum /t > /resumen.txt && rm /t
""",
        "una tubería": """\
FROM node:14-alpine
RUN dd if=/dev/zero bs=1M count=50 | sha256sum | cut -d' ' -f1 > /resumen.txt
""",
        "multietapa por índice": """\
FROM node:14-alpine
RUN dd if=/dev/zero of=/temporal bs=1M count=50
RUN sha256sum /temporal > /resumen.txt
FROM node:14-alpine
COPY --from=0 /resumen.txt /
""",
    },
    "02.1": {
        "la semilla": SEED,
        "por índice, otra carpeta": SEED.replace(" AS build", "")
        .replace("--from=build", "--from=0")
        .replace("FROM node:14-alpine\nWORKDIR /app", "FROM node:14-alpine\nWORKDIR /srv/tienda")
        .replace('["npm", "start"]', '["node", "dist/server.js"]'),
        "tres etapas, otro puerto": BUILD
        + """\
FROM node:14-alpine AS dependencias
WORKDIR /d
COPY package*.json ./
RUN npm install --only=production
FROM node:14-alpine
ENV PORT=8080
WORKDIR /x
COPY --from=dependencias /d ./
COPY --from=build /app/dist ./compilado
CMD node compilado/server.js
""",
        "podar y copiar": BUILD
        + """\
RUN npm prune --production
FROM node:14-alpine
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules ./node_modules
COPY --from=build /app/dist ./dist
CMD ["npm", "start"]
""",
    },
    "02.2": {
        "USER y ENV": SEED.replace("CMD", "ENV NODE_ENV=production\nUSER node\nCMD"),
        "uid numérico": SEED.replace("CMD", "USER 12345:12345\nENV NODE_ENV production\nCMD").replace(
            '["npm", "start"]', '["node", "dist/server.js"]'
        ),
        "variable en el CMD": SEED.replace(
            'CMD ["npm", "start"]', "USER 1000\nCMD NODE_ENV=production node dist/server.js"
        ),
    },
}
WRONG = {
    "01.1": {
        "rm en otra capa": NAIVE.replace("CMD", "RUN rm -rf node_modules/typescript\nCMD"),
        "prune en otra capa": NAIVE.replace("CMD", "RUN npm prune --production\nCMD"),
        "no arranca": 'FROM node:14\nCOPY package.json /\nCMD ["node", "dist/server.js"]\n',
        "no construye": "FROM node:14\nRUN exit 3\n",
    },
    "01.2": {
        "rm en la misma instrucción que no lo creó": """\
FROM node:14-alpine
RUN dd if=/dev/zero of=/t bs=1M count=50
RUN sha256sum /t > /resumen.txt && rm /t
""",
        "sin resumen": "FROM node:14-alpine\nRUN echo nada\n",
        "otra huella": "FROM node:14-alpine\nRUN echo hola | sha256sum > /resumen.txt\n",
        "no se entiende": "FROM node:14-alpine\nCORRE dd\n",
    },
    "02.1": {
        "copia todo": BUILD
        + "FROM node:14-alpine\nCOPY --from=build /app /app\nWORKDIR /app\nCMD npm start\n",
        "base grande": SEED.replace("FROM node:14-alpine", "FROM node:14"),
        "sin dependencias": BUILD
        + 'FROM node:14-alpine\nCOPY --from=build /app/dist /dist\nCMD ["node", "/dist/server.js"]\n',
        "con código": SEED.replace("CMD", "COPY src ./src\nCMD"),
    },
    "02.2": {
        "root": SEED.replace("CMD", "ENV NODE_ENV=production\nCMD"),
        "sin NODE_ENV": SEED.replace("CMD", "USER node\nCMD"),
        "NODE_ENV que se pierde": SEED.replace("CMD", "USER node\nENV NODE_ENV=production\nCMD").replace(
            '["npm", "start"]', "NODE_ENV=pruebas node dist/server.js"
        ),
        "en la otra etapa": SEED.replace(
            "RUN npm run build\n", "RUN npm run build\nENV NODE_ENV=production\nUSER node\n"
        ),
    },
}


def _cases(table: dict[str, dict[str, str]]) -> list[object]:
    return [
        pytest.param(id, text, id=f"{id} {name}")
        for id, group in table.items()
        for name, text in group.items()
    ]


def _fresh(id: str, engine: Motor = NO_ENGINE) -> Ejercicio:
    return ejercicio(id, motor=lambda: engine)


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("answer", [None, "", "  \n", "# solo un comentario", ..., "plantilla"])
def test_untouched(id: str, answer: object) -> None:
    """Nada, un comentario o la plantilla (con otros comentarios y espacios) es «sin empezar», sin motor."""
    exercise = _fresh(id)
    if answer == "plantilla":
        answer = f"# mía\n\n{exercise.plantilla}\n  \n"
    result = exercise.comprobar(answer)
    assert result.outcome is Outcome.NOT_STARTED
    assert "sin empezar" in repr(result) and "sin empezar" in result._repr_html_()


@pytest.mark.parametrize("id", IDS)
def test_without_engine(id: str) -> None:
    """Sin motor, o con una grabación, ni la solución se da por buena."""
    exercise = _fresh(id)
    result = exercise.comprobar(exercise.content.solution)
    assert result.outcome is Outcome.UNKNOWN
    assert not result.passed


@pytest.mark.parametrize("id", IDS)
def test_texts(id: str) -> None:
    """Hay enunciado, dos pistas antes de comprobar (después se repite la última) y una solución explicada."""
    exercise = _fresh(id)
    first, second, third = exercise.pista(), exercise.pista(), exercise.pista()
    assert first.body != second.body == third.body
    assert "FROM" in repr(exercise.solucion()) and "```dockerfile" in exercise.solucion()._repr_markdown_()
    assert exercise.enunciado in exercise._repr_markdown_() + "\n"
    commands = [
        line for line in exercise.content.solution.splitlines() if line.startswith(("RUN", "USER", "ENV"))
    ]
    assert not any(command in hint for command in commands for hint in exercise.content.hints)


def test_unknown_exercise() -> None:
    """Un número que no existe lista los que hay, y el mismo número da el mismo ejercicio."""
    with pytest.raises(UnknownNameError, match=r"02\.1"):
        ejercicio("99.9")
    assert ejercicio("02.1") is ejercicio("02.1")


class _Reachable(Motor):
    """Un motor que se da por disponible: las comprobaciones de estas pruebas no lo tocan."""

    @property
    def available(self) -> bool:
        return True


def _with_check(monkeypatch: pytest.MonkeyPatch, check: object) -> Ejercicio:
    monkeypatch.setattr(Ejercicio, "_image", lambda self, engine, x: "sha256:x")
    return Ejercicio(CONTENTS[0], check, lambda: _Reachable(Choice("existente", "unix:///x", "")))  # type: ignore[arg-type]


def test_hints_speak_of_the_last_check(monkeypatch: pytest.MonkeyPatch) -> None:
    """La primera pista es la de lo primero que falta; otra comprobación vuelve a empezar."""
    seen = [Observation(True, "bien"), Observation(False, "falta", ("se vio A", "se vio B"))]
    exercise = _with_check(monkeypatch, lambda bench: tuple(seen))
    assert exercise.comprobar("imagen:1").outcome is Outcome.NOT_YET
    assert [exercise.pista().body, exercise.pista().body] == ["se vio A", "se vio B"]
    exercise.comprobar("imagen:1")
    assert exercise.pista().body == "se vio A"
    seen.pop()
    assert exercise.comprobar("imagen:1").passed
    assert "Ya lo tienes" in exercise.pista().body


@pytest.mark.parametrize(
    "problem",
    [EngineLostError("se apagó"), BaseImageError("no hay node:14"), docker.errors.DockerException("x")],
)
def test_what_is_not_the_learners_fault(monkeypatch: pytest.MonkeyPatch, problem: Exception) -> None:
    """Un motor perdido o una base que falta es «no se puede comprobar», no un fallo de la respuesta."""

    def check(bench: Bench) -> tuple[Observation, ...]:
        raise problem

    result = _with_check(monkeypatch, check).comprobar("imagen:1")
    assert result.outcome is Outcome.UNKNOWN and result.note


def test_html_is_escaped(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lo que venga de un registro no se mete como HTML."""
    result = _with_check(monkeypatch, lambda bench: (Observation(False, "<script>"),)).comprobar("imagen:1")
    assert "<script>" not in result._repr_html_()


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ("no-existe-esta:1", "No existe la imagen"),
        (42, "«int»"),
        ("FROM", "FROM"),
        ("COPY a b\nRUN x", "FROM"),
    ],
)
def test_answers_that_are_not_an_image(motor_real: Motor, answer: object, expected: str) -> None:
    """Una etiqueta que no existe, otra cosa o un Dockerfile roto: «todavía no», con su porqué y su pista."""
    exercise = _fresh("02.1", motor_real)
    result = exercise.comprobar(answer)
    assert result.outcome is Outcome.NOT_YET, result
    assert expected in repr(result)
    assert exercise.pista().body


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("no-existe", None, "No existe el archivo"),
        ("latino", "FROM node:14\n# español\n".encode("latin-1"), "no es texto UTF-8"),
        (".", None, "No se puede leer el archivo"),
    ],
)
def test_a_path_that_cannot_be_read(tmp_path: Path, name: str, content: bytes | None, said: str) -> None:
    """Un archivo que no existe o que no es texto es «todavía no», dice qué pasa y qué hacer, sin motor."""
    if content is not None:
        (tmp_path / name).write_bytes(content)
    exercise = _fresh("02.1")
    result = exercise.comprobar(tmp_path / name)
    assert result.outcome is Outcome.NOT_YET
    assert said in repr(result) and "Qué hacer: " in repr(result)
    assert said in exercise.pista().body


def test_a_path_to_the_template_is_not_started(tmp_path: Path) -> None:
    """Un ``Path`` a la plantilla sin tocar es «sin empezar»."""
    exercise = _fresh("02.1")
    (tmp_path / "Dockerfile").write_text(exercise.plantilla, encoding="utf-8")
    assert exercise.comprobar(tmp_path / "Dockerfile").outcome is Outcome.NOT_STARTED


@pytest.mark.construye
@pytest.mark.parametrize(("id", "answer"), _cases(RIGHT))
def test_right_answers(motor_real: Motor, id: str, answer: str) -> None:
    """Toda respuesta correcta se da por buena, se escriba como se escriba."""
    result = _fresh(id, motor_real).comprobar(answer)
    assert result.passed, result
    assert motor_real.info and motor_real.info.label in repr(result)


@pytest.mark.construye
@pytest.mark.parametrize(("id", "answer"), _cases(WRONG))
def test_wrong_answers(motor_real: Motor, id: str, answer: str) -> None:
    """Una respuesta equivocada es «todavía no», dice qué falta y su pista no regala la orden."""
    exercise = _fresh(id, motor_real)
    result = exercise.comprobar(answer)
    assert result.outcome is Outcome.NOT_YET, result
    assert any(not observation.ok for observation in result.observations)
    assert exercise.pista().body not in exercise.content.hints


@pytest.mark.construye
@pytest.mark.parametrize("id", IDS)
def test_published_solution_passes(motor_real: Motor, id: str) -> None:
    """La solución que se enseña supera su propio ejercicio."""
    result = _fresh(id, motor_real).comprobar(exercises.ejercicio(id).content.solution)
    assert result.passed, result


@pytest.mark.construye
def test_accepts_a_tag(motor_real: Motor) -> None:
    """También vale la etiqueta de una imagen ya construida, o un objeto que la lleve."""
    exercise = _fresh("01.2", motor_real)
    exercise.comprobar(exercise.content.solution)
    assert exercise.comprobar(exercise.etiqueta).passed
    assert exercise.comprobar(motor_real.client.images.get(exercise.etiqueta)).passed
