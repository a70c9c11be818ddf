"""¿Qué se practica en «Despliegues rápidos»? Que viaje poco, la primera vez y cada vez que algo cambia."""

from __future__ import annotations

from pathlib import Path

from multietapa.containers.running import Running
from multietapa.exercises.bench import Bench
from multietapa.exercises.change import CHANGED, MARK, PRODUCTS, change_a_line
from multietapa.exercises.checks import contents, deployment, process, travel
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.outcome import Observation
from multietapa.exercises.trial import deploy_within
from multietapa.registry.projection import crossing

MBPS, TIMES, NODE = 20.0, 3, 14


def _code_bytes(folder: Path) -> int:
    """Lo que ocupa el código, sin comprimir: la carpeta ``src`` y los dos ``package*.json``."""
    paths = [*(folder / "src").rglob("*"), *folder.glob("package*.json")]
    return sum(path.stat().st_size for path in paths if path.is_file())


def _check_order(bench: Bench) -> tuple[Observation, ...]:
    second = bench.again(change_a_line)

    def look(running: Running, health: str) -> tuple[Observation, ...]:
        return (
            process.not_root(running.processes(), process.uid_of(health)),
            travel.change_arrives(running.get(PRODUCTS)[1], PRODUCTS, MARK.strip(), CHANGED),
        )

    return (
        contents.no_development_packages(bench.measurement, contents.app_documents(bench.app.folder)),
        travel.travels_again(bench.measurement, second.packed, _code_bytes(bench.app.folder), CHANGED),
        *second.ask(look),
    )


def _budget(bench: Bench) -> float:
    """Los segundos que hay: una parte de los que tardarían en pasar los bytes de la imagen ingenua."""
    return crossing(bench.packed_baseline.transfer_bytes, MBPS) / TIMES


def _check_budget(bench: Bench) -> tuple[Observation, ...]:
    ports = []

    def look(running: Running, body: str) -> tuple[Observation, ...]:
        ports.append(running.port)
        return (process.runs_node(body, NODE),)

    found = (
        contents.no_development_packages(bench.measurement, contents.app_documents(bench.app.folder)),
        *bench.ask(look),
    )
    if not all(seen.ok for seen in found[1:]):
        return found  # sin nadie que conteste no hay despliegue que medir
    budget = _budget(bench)
    trial = deploy_within(bench, budget, mbps=MBPS, port=ports[0])
    return (*found, deployment.in_time(trial, budget, bench.measurement))


EXERCISES = (
    Exercise("06.1", app="tienda-node", check=_check_order),
    Exercise("06.2", app="tienda-node", check=_check_budget),
)
