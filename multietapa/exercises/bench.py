"""Qué se comprueba en cada ejercicio, con la imagen medida y el contenedor en marcha."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import docker

from multietapa.bases.sources import ensure_base
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.containers.running import Running, read_file, run_container
from multietapa.errors import BuildError, ContainerError, EngineError
from multietapa.exercises import checks
from multietapa.exercises.outcome import Observation
from multietapa.image.image import visible
from multietapa.image.node_modules import development_packages
from multietapa.measure.measure import Measurement, measure
from multietapa.paths import PROJECT_ROOT

SHOP = PROJECT_ROOT / "apps" / "tienda-node"
BASELINE_TAG = "tienda:ingenua"
TEMPORARY_BASE = "node:14-alpine"
MEGABYTE = 1_000_000
# sha256 de 50 MiB y de 50 MB de ceros: las dos maneras corrientes de leer «50 MB».
ZEROS = (
    "8565a714dca840f8652c5bae9249ab05f5fb5a4f9f13fbe23304b10f68252da2",
    "ab46920a3bcd0891d34367719808bc3f832e4968ddfbfb464d093e306d2275ad",
)


@dataclass(frozen=True)
class Bench:
    """La imagen que se comprueba y lo que hace falta para mirarla. Mide una sola vez."""

    motor: Motor
    image: str
    timeout: float = 60.0

    @cached_property
    def measurement(self) -> Measurement:
        """La imagen medida, sin comprimir."""
        return measure(self.motor.client, self.image, info=self.motor.info, transfer=False)

    @cached_property
    def baseline(self) -> Measurement:
        """La imagen ingenua de quien aprende; si no existe, se construye."""
        client = self.motor.client
        try:
            client.images.get(BASELINE_TAG)
        except docker.errors.ImageNotFound:
            try:
                build(self.motor, "Dockerfile.ingenuo", BASELINE_TAG)
            except BuildError as problem:  # la respuesta no tiene la culpa
                raise EngineError(
                    f"No se pudo construir {BASELINE_TAG}, la imagen con la que se compara.",
                    detail=str(problem),
                ) from problem
        return measure(client, BASELINE_TAG, info=self.motor.info, transfer=False)

    @cached_property
    def config(self) -> dict[str, Any]:
        """La configuración que la imagen declara."""
        return dict(self.motor.client.api.inspect_image(self.image).get("Config") or {})

    def ask(self, look: Callable[[Running, str], tuple[Observation, ...]]) -> tuple[Observation, ...]:
        """Arranca la imagen, pide ``/salud`` y, si contesta bien, mira lo que diga ``look``."""
        problem: ContainerError | None = None
        for port in checks.ports_of(self.config):
            try:
                with run_container(self.motor, self.image, port=port, timeout=self.timeout) as running:
                    status, body = running.get("/salud")
                    health = checks.healthy(status, body)
                    return (health, *(look(running, body) if health.ok else ()))
            except ContainerError as failure:
                problem = problem or failure
        assert problem is not None  # siempre hay al menos un puerto
        return (_does_not_answer(problem),)


Check = Callable[[Bench], tuple[Observation, ...]]


def app_documents(app: Path = SHOP) -> dict[str, str]:
    """El ``package.json`` de la aplicación y su cierre: valen donde la imagen no lleva los suyos."""
    return {
        name: (app / name).read_text(encoding="utf-8")
        for name in ("package.json", "package-lock.json")
        if (app / name).is_file()
    }


def _check_delete(bench: Bench) -> tuple[Observation, ...]:
    documents = app_documents()
    found = development_packages(bench.baseline, visible(bench.baseline), documents)
    saving = sum(size for size, _ in found.values()) // 2
    return (
        checks.no_development_packages(bench.measurement, documents),
        checks.at_most(bench.measurement, bench.baseline.unpacked_bytes - saving, bench.baseline),
        *bench.ask(lambda running, body: ()),
    )


def _check_temporary(bench: Bench) -> tuple[Observation, ...]:
    ensure_base(bench.motor.client, TEMPORARY_BASE)
    root = bench.motor.client.api.inspect_image(TEMPORARY_BASE).get("RootFS") or {}
    return (
        checks.keeps_summary(read_file(bench.motor, bench.image, "/resumen.txt"), ZEROS, "/resumen.txt"),
        checks.light_above_base(bench.measurement, root.get("Layers") or [], MEGABYTE),
    )


def _check_first_multistage(bench: Bench) -> tuple[Observation, ...]:
    return (
        checks.no_development_packages(bench.measurement, app_documents()),
        checks.no_sources(bench.measurement),
        checks.no_compilers(bench.measurement),
        checks.times_smaller(bench.measurement, bench.baseline, 5),
        *bench.ask(lambda running, body: ()),
    )


def _check_not_inherited(bench: Bench) -> tuple[Observation, ...]:
    def look(running: Running, body: str) -> tuple[Observation, ...]:
        processes = running.processes()
        return (
            checks.not_root(processes, checks.uid_of(body)),
            checks.node_environment(processes, checks.environment_of(bench.config)),
        )

    return bench.ask(look)


CHECKS: dict[str, Check] = {
    "01.1": _check_delete,
    "01.2": _check_temporary,
    "02.1": _check_first_multistage,
    "02.2": _check_not_inherited,
}


def build(engine: Motor, dockerfile: str, tag: str) -> None:
    """Construye en la carpeta de la tienda, con la vista en vivo."""
    construir(SHOP, dockerfile=dockerfile, etiqueta=tag, cliente=engine.client)


def _does_not_answer(problem: ContainerError) -> Observation:
    last = problem.detail.splitlines()[-1] if problem.detail else problem.why
    return Observation(
        False,
        str(problem),
        (
            f"{problem.what} Lo último que se sabe: {last}",
            "La última etapa tiene que llevar todo lo que el programa abre al arrancar: su "
            "código ya compilado, sus "
            "dependencias de producción y el archivo que dice cómo se arranca.",
        ),
    )
