"""En qué etapas se volvieron a instalar las dependencias al construir otra vez.

No se lee qué orden las instala: se mira, en cada etapa, cuándo se hizo la carpeta de una de ellas. Copiarlas
de otra etapa o quitar las que sobran no cambia esa fecha; instalarlas, sí.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from multietapa.cells.hechas import Paso
from multietapa.containers.commands import run_command
from multietapa.dockerfile.stages import parse
from multietapa.errors import ContainerError
from multietapa.exercises.bench import Bench

#: Una carpeta que hace toda instalación de la tienda, y que ningún otro paso toca. La fecha de los archivos
#: no vale: npm les pone la que traen en su paquete.
WITNESS = "express/lib"
_WHEN = f"find / -xdev -path '*/node_modules/{WITNESS}' -exec stat -c '%Y %n' {{}} + 2>/dev/null; true"


@dataclass(frozen=True)
class Reinstalled:
    """Una etapa en la que se instaló otra vez.

    ``stage`` es su nombre; ``path``, la carpeta que se volvió a hacer; ``first``, su primer paso repetido.
    """

    stage: str
    path: str
    first: Paso


def repeated(step: Paso) -> bool:
    """Si ese paso no salió de la caché."""
    return step.estado != "caché"


def reinstalled(before: Bench, after: Bench, change: Callable[[Path], None]) -> tuple[Reinstalled, ...]:
    """Las etapas en las que ``after`` instaló otra vez lo que ``before`` tenía, en el orden del Dockerfile.

    Son dos construcciones de la misma respuesta: ``after`` es ``before.again(change)``. Lanza
    :class:`MultietapaError` si una etapa que se acaba de construir no se puede pedir otra vez.
    """
    source = parse(after.dockerfile)
    last = source.stages[-1].index
    again: dict[int, list[Paso]] = {}
    for step in after.steps:
        stage = source.stage_at(step.linea) if step.linea else None
        if stage is not None and repeated(step):
            again.setdefault(stage.index, []).append(step)
    found: list[Reinstalled] = []
    told: set[str] = set()  # las fechas de las que ya se encontraron: quien las copia o las hereda no instala
    for number, steps in sorted(again.items()):
        if not any(step.texto.upper().startswith("RUN") for step in steps):
            continue
        after.tell("mirando qué dependencias se instalaron otra vez", 0, 0)
        old = _written(before if number == last else before.up_to(str(number)))
        new = _written(after if number == last else before.up_to(str(number), change))
        remade = [path for path in new if old.get(path, new[path]) != new[path] and new[path] not in told]
        if remade:
            found.append(Reinstalled(source.stages[number].label, remade[0], steps[0]))
            told.update(new.values())
    return tuple(found)


def _written(bench: Bench) -> dict[str, str]:
    """Cuándo se hizo cada copia de la dependencia; vacío donde no hay un ``sh`` con el que mirarlo."""
    try:
        lines = run_command(bench.motor.client, bench.image, _WHEN).splitlines()
    except ContainerError:
        return {}
    return {path: when for when, _, path in (line.partition(" ") for line in lines)}
