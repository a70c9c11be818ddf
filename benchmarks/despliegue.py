"""¿Cuánto antes contesta la tienda multi-stage que la ingenua, desplegadas a un nodo vacío?

En el motor que encuentre el taller: construye las dos (o usa las que haya), las despliega alternando, y da la
mediana de cada fase, a la velocidad que se pida y sin límite. De la transferencia se dice además cuánto se
aparta de los bytes divididos por la velocidad; la meta es no pasar del 5 %.

    python -m benchmarks.despliegue --veces 3 --mbps 20
"""

from __future__ import annotations

import argparse
import statistics

from multietapa import text
from multietapa.apps import app
from multietapa.cells.construir import construir
from multietapa.cells.desplegar import desplegar
from multietapa.cells.limpiar import limpiar
from multietapa.cells.motor import motor
from multietapa.registry.events import Phase
from multietapa.registry.outcome import Deployment

SHOP = app("tienda-node")
NAME = "multietapa-comparativa/despliegue"
DOCKERFILES = {"ingenua": "Dockerfile.ingenuo", "multi-stage": "Dockerfile"}
LIMIT = 0.05


def median(runs: tuple[Deployment, ...], phase: Phase) -> float:
    """La mediana de los segundos de una fase."""
    return statistics.median(run.seconds[phase] for run in runs)


def tell(name: str, runs: tuple[Deployment, ...], mbps: float | None) -> None:
    """Escribe las medianas de una imagen y, si hay velocidad, cuánto se aparta la transferencia."""
    phases = [f"{phase.value} {text.number(median(runs, phase), 2)} s" for phase in Phase]
    total = statistics.median(run.total_seconds for run in runs)
    print(f"{name:12} {text.number(total, 2):>7} s: {', '.join(phases)}", flush=True)
    if mbps:
        expected = runs[0].travelled_bytes * 8 / 1e6 / mbps
        apart = [run.seconds[Phase.TRANSFER] / expected - 1 for run in runs]
        listed = ", ".join(f"{text.number(one * 100, 1)} %" for one in apart)
        verdict = "dentro de" if max(map(abs, apart)) <= LIMIT else "FUERA de"
        print(
            f"{'':12} {text.size(runs[0].travelled_bytes)} a {text.number(mbps, 1)} Mb/s son "
            f"{text.number(expected, 2)} s; se aparta {listed}: {verdict} la meta ({LIMIT:.0%})",
            flush=True,
        )


def main() -> None:
    """Lee los argumentos, despliega e imprime el resultado."""
    parser = argparse.ArgumentParser(description="Despliega las dos tiendas y lo mide.", add_help=False)
    parser.add_argument("--ayuda", "-h", action="help", help="muestra esta ayuda")
    parser.add_argument("--veces", type=int, default=3, help="cuántas veces se despliega cada una")
    parser.add_argument("--mbps", type=float, default=20, help="velocidad del enlace; después, sin límite")
    options = parser.parse_args()
    engine = motor()
    print(engine.info.label if engine.info else "", flush=True)
    built = {
        name: construir(SHOP.folder, etiqueta=f"{NAME}:{name}", dockerfile=file, vista=False)
        for name, file in DOCKERFILES.items()
    }
    try:
        for mbps in (options.mbps, None):
            print("sin límite" if mbps is None else f"a {text.number(mbps, 1)} Mb/s", flush=True)
            done = desplegar(
                *built.values(), nombres=list(built), mbps=mbps, veces=options.veces, vista=False
            )
            for name, runs in done.todos.items():
                tell(name, runs, mbps)
            print(f"{text.number(done.veces_mas_rapido, 1)} veces, {runs[0].node.value}", flush=True)
    finally:
        print(limpiar())


if __name__ == "__main__":
    main()
