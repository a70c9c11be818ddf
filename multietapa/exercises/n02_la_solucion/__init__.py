"""¿Qué se practica en «La solución»? Que viaje solo lo que hace falta, y que cada etapa diga lo suyo."""

from __future__ import annotations

from multietapa.containers.running import Running, read_file
from multietapa.exercises.bench import Bench
from multietapa.exercises.checks import contents, process, size
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.outcome import Observation

TIMES, NODE = 5, 14
REPORT = "/pruebas.txt"


def _check_first_multistage(bench: Bench) -> tuple[Observation, ...]:
    def look(_: Running, body: str) -> tuple[Observation, ...]:
        return (process.runs_node(body, NODE),)

    return (
        contents.no_development_packages(bench.measurement, contents.app_documents(bench.app.folder)),
        contents.no_sources(bench.measurement),
        contents.no_compilers(bench.measurement),
        contents.keeps_test_report(read_file(bench.motor, bench.image, REPORT), REPORT, unused=bench.unused),
        *bench.ask(look),
        size.times_smaller(bench.measurement, bench.baseline, TIMES),
    )


def _check_not_inherited(bench: Bench) -> tuple[Observation, ...]:
    def look(running: Running, body: str) -> tuple[Observation, ...]:
        bench.tell("mirando con qué usuario y con qué variables corre", 0, 0)
        processes = running.processes()
        return (
            process.not_root(processes, process.uid_of(body)),
            process.node_environment(processes, process.environment_of(bench.config)),
        )

    return bench.ask(look)


EXERCISES = (
    Exercise("02.1", app="tienda-node", check=_check_first_multistage),
    Exercise("02.2", app="tienda-node", check=_check_not_inherited),
)
