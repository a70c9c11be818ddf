"""¿Qué se practica en «Caché y contexto»? Que un cambio repita poco, y que viaje solo lo que hace falta."""

from __future__ import annotations

import uuid
from functools import partial
from pathlib import Path

from multietapa.containers.created import created, file_in
from multietapa.containers.running import Running
from multietapa.dockerfile.context import open_context
from multietapa.dockerfile.survey import survey
from multietapa.exercises.bench import Bench
from multietapa.exercises.change import CHANGED, MARK, PRODUCTS, change_a_line
from multietapa.exercises.checks import cache, contents, context, travel
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.form import dockerignore
from multietapa.exercises.given import Given
from multietapa.exercises.outcome import Observation
from multietapa.exercises.reinstalled import reinstalled

NAIVE = """\
FROM node:14
WORKDIR /app
COPY package*.json ./
RUN npm install
COPY . .
RUN npm run build
CMD ["npm", "start"]
"""
#: Con la forma de uno de npm, y compuesto aquí: ningún archivo del proyecto lo lleva.
TOKEN = "npm_" + "MiraLoQueVa1" * 3
README, EXAMPLE = "README.md", ".env.ejemplo"
SECRETS, HISTORY, INSTALLED = (".env", "src/.env.local"), (".git/HEAD",), ("node_modules/express/index.js",)
FILES = {
    ".env": f"NPM_TOKEN={TOKEN}\n",
    "src/.env.local": f"NPM_TOKEN={TOKEN}\n",
    EXAMPLE: "NPM_TOKEN=\n",
    ".git/HEAD": "ref: refs/heads/main\n",
    "node_modules/express/index.js": 'throw new Error("Instalado en otro equipo: aquí no sirve.");\n',
}


def _new() -> str:
    """Un texto que no se ha usado nunca: un cambio ya hecho sale de la caché, y no se ve qué invalida."""
    return uuid.uuid4().hex[:8]


def _change_readme(folder: Path) -> None:
    (folder / README).write_text(f"# La tienda, edición {_new()}\n", encoding="utf-8")


def _check_no_reinstall(bench: Bench) -> tuple[Observation, ...]:
    mark = f"{MARK}{_new()} "
    change = partial(change_a_line, mark=mark)
    second = bench.again(change)

    def look(running: Running, _: str) -> tuple[Observation, ...]:
        return (travel.change_arrives(running.get(PRODUCTS)[1], PRODUCTS, mark.strip(), CHANGED),)

    return (
        cache.installs_nothing(reinstalled(bench, second, change), CHANGED),
        contents.no_development_packages(bench.measurement, contents.app_documents(bench.app.folder)),
        *second.ask(look),
    )


def _carried(bench: Bench) -> dict[str, bool]:
    """Cada archivo de los que se dieron, y si la imagen lo lleva tal cual."""
    with created(bench.motor.client, bench.image, ["/no-se-arranca"]) as container:
        return {
            name: file_in(container, f"/app/{name}", limit=100_000) == content.encode()
            for name, content in FILES.items()
        }


def _check_context(bench: Bench) -> tuple[Observation, ...]:
    with bench.given.folder(bench.app) as folder:
        found = survey(open_context(folder))
    carried = _carried(bench)
    second = bench.again(_change_readme)
    return (
        context.stays_out(
            carried,
            found,
            SECRETS,
            what="los secretos",
            why="Un patrón sin «**/» delante solo mira en la raíz. Y gana la última línea que encaja: una "
            "que rescata puede volver a traerlos.",
        ),
        context.stays_out(
            carried,
            found,
            HISTORY,
            what="la historia de git",
            why="Para compilar no hace falta la carpeta .git.",
        ),
        context.stays_out(
            carried,
            found,
            INSTALLED,
            what="las dependencias de tu equipo",
            why="«COPY . .» pone esa carpeta encima de la que acaba de instalar npm. ¿Para qué viaja?",
        ),
        context.comes_along(
            carried,
            found,
            EXAMPLE,
            why="Una línea que empieza por «!» rescata, pero solo de las que van delante: gana la última que "
            "encaja.",
        ),
        cache.repeats_nothing(second.steps, README),
        *bench.starts(),
    )


EXERCISES = (
    Exercise("04.1", app="tienda-node", check=_check_no_reinstall),
    Exercise(
        "04.2",
        app="tienda-node",
        check=_check_context,
        given=Given(files=FILES),
        form=dockerignore(NAIVE),
    ),
)
