"""¿Qué se practica en «Etapas a fondo»? Que un fallo cierre el paso, y que la base se elija en un sitio."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from multietapa.containers.commands import run_command
from multietapa.containers.running import Running
from multietapa.dockerfile.stages import parse
from multietapa.errors import (
    BuildCancelled,
    BuildError,
    ContainerError,
    DiskFullError,
    EngineLimitError,
    NetworkError,
    UncheckableError,
)
from multietapa.exercises.bench import Bench
from multietapa.exercises.checks import contents, gate, versions
from multietapa.exercises.excuses import excuse
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.outcome import Observation

PROD, DEV = "prod", "dev"
CHANGED, RIGHT = "src/cart.ts", "precioCentimos * cantidad,"
VARIABLE, USUAL, OTHER = "NODE", 14, 24


def overcharge(stamp: int) -> Callable[[Path], None]:
    """Un cambio que cobra un céntimo de más en cada línea: compila, y lo encuentran las pruebas.

    ``stamp`` va en un comentario: con otro, ningún paso que mire el código sale de la caché. El cambio lanza
    :class:`UncheckableError` si no encuentra qué cambiar.
    """

    def change(folder: Path) -> None:
        path = folder / CHANGED
        source = path.read_text(encoding="utf-8") if path.is_file() else ""
        if source.count(RIGHT) != 1:
            raise UncheckableError(
                f"En {CHANGED} no está la cuenta que se cambia.",
                why="Este ejercicio hace que la tienda cobre un céntimo de más y construye otra vez.",
                next_step="Devuelve ese archivo a como lo trae el taller, y vuelve a comprobar.",
            )
        wrong = source.replace(RIGHT, f"precioCentimos * cantidad + 1, // {stamp}")
        path.write_text(wrong, encoding="utf-8")

    return change


def _try(bench: Bench, target: str, change: Callable[[Path], None]) -> tuple[BuildError | None, str]:
    """Con qué se paró la construcción de ``target``, o ``None``, y lo que escribieron sus pasos."""
    try:
        return None, bench.up_to(target, change).log
    except (NetworkError, BuildCancelled, DiskFullError, EngineLimitError):
        raise
    except BuildError as failure:
        if limit := excuse(bench.motor.client, bench.dockerfile, failure):
            raise UncheckableError(
                f"No se pudo construir «{target}» con el código cambiado.", why=limit
            ) from failure
        return failure, ""


def _run_tests(bench: Bench) -> Observation:
    bench.tell(f"pasando las pruebas en un contenedor de «{DEV}»", 0, 0)
    try:
        written = run_command(bench.motor.client, bench.image, "npm test")
    except ContainerError as problem:
        return gate.tests_pass("", problem, DEV)
    return gate.tests_pass(written, None, DEV)


def _check_gate(bench: Bench) -> tuple[Observation, ...]:
    prod, dev = bench.up_to(PROD), bench.up_to(DEV)
    source, change = parse(bench.dockerfile), overcharge(time.time_ns())
    failure, log = _try(bench, PROD, change)
    return (
        contents.no_development_packages(prod.measurement, contents.app_documents(bench.app.folder)),
        *prod.starts(),
        gate.closed(failure, source, PROD, log),
        gate.opened(_try(bench, DEV, change)[0], source, DEV),
        _run_tests(dev),
    )


def _look_at(bench: Bench, major: int, when: str) -> tuple[Observation, ...]:
    source = parse(bench.dockerfile, bench.given.arguments)
    base = source.root(source.stages[-1])

    def look(_: Running, body: str) -> tuple[Observation, ...]:
        return (versions.runs_with(body, major, when),)

    return (
        versions.stages_follow(source, major, when),
        versions.says_its_base(bench.config.get("Labels") or {}, base, when),
        *bench.ask(look),
    )


def _check_version(bench: Bench) -> tuple[Observation, ...]:
    other = bench.with_arguments({VARIABLE: str(OTHER)})
    return (
        *_look_at(bench, USUAL, "Sin argumentos"),
        *_look_at(other, OTHER, f"Con {VARIABLE}={OTHER}"),
    )


EXERCISES = (
    Exercise("03.1", app="tienda-node", check=_check_gate),
    Exercise("03.2", app="tienda-node", check=_check_version),
)
