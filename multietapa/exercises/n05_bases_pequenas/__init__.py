"""¿Qué se practica en «Bases pequeñas»? Elegir la menor que vale, y llevarle lo que no trae."""

from __future__ import annotations

from multietapa.containers.running import Running
from multietapa.exercises.bench import Bench
from multietapa.exercises.checks import exposure, process, size, surroundings
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.outcome import Observation

NODE, SHOP_TIMES = 24, 4
BEACON_TIMES = 50
#: Sin cambio de hora: el desfase es el mismo todo el año.
ZONE, OFFSET_MINUTES = "America/Bogota", -300


def _check_small_shop(bench: Bench) -> tuple[Observation, ...]:
    def look(running: Running, body: str) -> tuple[Observation, ...]:
        bench.tell("mirando con qué usuario corre", 0, 0)
        return (
            process.runs_node(body, NODE),
            process.not_root(running.processes(), process.uid_of(body)),
        )

    return (
        exposure.no_shells(bench.measurement),
        exposure.no_package_managers(bench.measurement),
        *bench.ask(look),
        size.times_smaller(bench.measurement, bench.baseline, SHOP_TIMES),
    )


def _check_beacon(bench: Bench) -> tuple[Observation, ...]:
    def look(_: Running, body: str) -> tuple[Observation, ...]:
        return (
            surroundings.in_zone(body, ZONE, OFFSET_MINUTES),
            surroundings.trusts(body),
            surroundings.has_a_name(body),
        )

    return (*bench.ask(look), size.times_smaller(bench.measurement, bench.baseline, BEACON_TIMES))


EXERCISES = (
    Exercise("05.1", app="tienda-node", check=_check_small_shop),
    Exercise("05.2", app="faro-c", check=_check_beacon),
)
