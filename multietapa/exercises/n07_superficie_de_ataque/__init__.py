"""¿Qué se practica en «Superficie de ataque»? Dejar poco a quien entre, y que ningún secreto viaje."""

from __future__ import annotations

from pathlib import Path

from multietapa.containers.running import Running, read_file
from multietapa.exercises.bench import Bench
from multietapa.exercises.checks import exposure, leaks, process
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.given import Given
from multietapa.exercises.leaks import leaks as search
from multietapa.exercises.outcome import Observation

LICENCE = "/app/licencia.txt"
#: Con la forma de uno de npm, y compuesto aquí: ningún archivo del proyecto lo lleva.
TOKEN = "npm_" + "ParaElTaller" * 3
GIVEN = Given(
    secrets={"npm": TOKEN},
    arguments={"NPM_TOKEN": TOKEN},
    files={
        "activar.js": (Path(__file__).parent / "07.2/dado/activar.js").read_text(encoding="utf-8"),
        ".npmrc": f"//registro.tienda.invalid/:_authToken={TOKEN}\n",
        ".dockerignore": "node_modules\ndist\nDockerfile*\n",  # el de la tienda deja fuera .npmrc
    },
)


def _check_nothing_at_hand(bench: Bench) -> tuple[Observation, ...]:
    def look(running: Running, body: str) -> tuple[Observation, ...]:
        bench.tell("mirando con qué usuario corre", 0, 0)
        return (process.not_root(running.processes(), process.uid_of(body)),)

    return (exposure.no_shells(bench.measurement), *bench.ask(look))


def _check_no_token(bench: Bench) -> tuple[Observation, ...]:
    found = search(bench.motor.client, bench.image, TOKEN, tell=bench.tell)
    return (
        leaks.keeps_licence(read_file(bench.motor, bench.image, LICENCE), TOKEN, LICENCE),
        leaks.no_token_in_files(found, bench.measurement, TOKEN),
        leaks.no_token_in_text(found),
        *bench.starts(),
    )


EXERCISES = (
    Exercise("07.1", app="tienda-node", check=_check_nothing_at_hand),
    Exercise("07.2", app="tienda-node", check=_check_no_token, given=GIVEN),
)
