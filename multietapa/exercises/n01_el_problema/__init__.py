"""¿Qué se practica en «El problema»? Que lo que se borra en otra capa sigue viajando."""

from __future__ import annotations

from multietapa.bases.sources import ensure_base
from multietapa.containers.running import read_file
from multietapa.exercises.bench import Bench
from multietapa.exercises.checks import contents, size
from multietapa.exercises.exercise import Exercise
from multietapa.exercises.outcome import Observation
from multietapa.image.image import visible
from multietapa.image.node_modules import development_packages

SUMMARY, SUMMARY_BASE = "/resumen.txt", "node:14-alpine"
MEGABYTE = 1_000_000
# sha256 de 50 MiB y de 50 MB de ceros: las dos maneras corrientes de leer «50 MB».
ZEROS = (
    "8565a714dca840f8652c5bae9249ab05f5fb5a4f9f13fbe23304b10f68252da2",
    "ab46920a3bcd0891d34367719808bc3f832e4968ddfbfb464d093e306d2275ad",
)


def _check_delete(bench: Bench) -> tuple[Observation, ...]:
    documents = contents.app_documents(bench.app.folder)
    found = development_packages(bench.baseline, visible(bench.baseline), documents)
    saving = sum(weight for weight, _ in found.values()) // 2
    return (
        contents.no_development_packages(bench.measurement, documents),
        size.at_most(bench.measurement, bench.baseline.unpacked_bytes - saving, bench.baseline),
        *bench.starts(),
    )


def _check_temporary(bench: Bench) -> tuple[Observation, ...]:
    ensure_base(bench.motor.client, SUMMARY_BASE)
    root = bench.motor.client.api.inspect_image(SUMMARY_BASE).get("RootFS") or {}
    return (
        contents.keeps_summary(read_file(bench.motor, bench.image, SUMMARY), ZEROS, SUMMARY),
        size.light_above_base(bench.measurement, root.get("Layers") or [], MEGABYTE),
    )


EXERCISES = (
    Exercise("01.1", app="tienda-node", check=_check_delete),
    Exercise("01.2", app="tienda-node", check=_check_temporary),
)
