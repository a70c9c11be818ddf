"""Lo que se lee cuando una celda falla o se interrumpe: en español y sin el rastro de Python.

Vale para los errores del SDK, para la interrupción del kernel (■) y para los nombres mal escritos. El error
sigue siendo el mismo y se puede capturar igual; uno que aquí no se explica se ve como siempre.
"""

from __future__ import annotations

import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import FrameType, FunctionType, MethodType, ModuleType, TracebackType
from typing import Any

from multietapa import text
from multietapa.cells import sdk_errors
from multietapa.errors import Interrupted, MultietapaError, closest
from multietapa.widgets.adapters.ipython import explain_errors, in_cell, names_in_cells

Lines = list[str] | None
#: Lo que se importa con ``from multietapa import ...``.
OFFERED = (
    "comparar",
    "construir",
    "contexto",
    "desplegar",
    "ejercicio",
    "etapas",
    "explorar",
    "limpiar",
    "motor",
    "predecir",
    "pregunta",
    "superficie",
)
#: Lo que se escribe detrás de otra cosa, y cómo se escribe entero.
METHODS: Mapping[str, str] = {
    "comprobar": 'ejercicio("02.1").comprobar(...), con el número de tu ejercicio',
    "pista": 'ejercicio("02.1").pista(), con el número de tu ejercicio',
    "solucion": 'ejercicio("02.1").solucion(), con el número de tu ejercicio',
    "bases": "motor().bases()",
    "direccion": "motor().direccion(contenedor)",
    "ejecutar": 'motor().ejecutar("tienda:multietapa", "ls")',
    "etiquetas": "motor().etiquetas",
    "guardar_sbom": 'superficie("tienda:multietapa").guardar_sbom("listas")',
    "registro": "motor().registro()",
    "responder": 'pregunta("01.a").responder("b"), con el número de tu pregunta',
}
#: Lo que dice Python; hasta la versión 3.12, el nombre no está en ningún otro sitio.
_CANNOT_IMPORT = re.compile(r"cannot import name '(\w+)'")
_STOPPED = "la celda se detuvo antes de terminar."
#: Una llamada del SDK que se estaba haciendo: en qué módulo, con qué nombre y qué queda de ella.
_SDK_CALLS: tuple[tuple[str, str, str], ...] = (
    ("docker.api.build", "build", "la construcción se canceló, también en el motor."),
    ("docker.models.images", "build", "la construcción se canceló, también en el motor."),
    (
        "docker.models.containers",
        "run",
        "el contenedor sigue en el motor. limpiar() lo borra, si es del taller.",
    ),
    ("docker.api.image", "pull", "la descarga se cortó."),
)
_SDK_OTHER = "se cortó lo que se le estaba pidiendo al motor."


def install() -> None:
    """Lo activa en el IPython de este proceso, si lo hay; repetirlo no cambia nada."""
    explain_errors(tuple(kind for kind, _ in _EXPLAINED), explain)


def load_ipython_extension(_shell: object) -> None:
    """IPython la llama al empezar un kernel del entorno del taller (``cli/kernels.py``)."""
    install()


def explain(error: BaseException) -> Lines:
    """Las líneas que se leen en lugar del rastro; ``None`` si no hay nada mejor que él."""
    for kind, explained in _EXPLAINED:
        if isinstance(error, kind):
            return explained(error)
    return None


def _sdk(error: BaseException) -> Lines:
    return sdk_errors.translate(error)._render_traceback_()


def _interrupted(error: BaseException) -> Lines:
    said = str(error) if isinstance(error, Interrupted) else _left_by_sdk(error)
    _let_go(error)
    return [f"■ Interrumpido: {said}"]


def _left_by_sdk(error: BaseException) -> str:
    """Qué queda de la llamada del SDK que se interrumpió, si era una."""
    inside = [frame.f_globals.get("__name__", "") for frame in _frames(error)]
    called = {(frame.f_globals.get("__name__", ""), frame.f_code.co_name) for frame in _frames(error)}
    for module, name, left in _SDK_CALLS:
        if (module, name) in called:
            return left
    return _SDK_OTHER if any(name.startswith("docker.") for name in inside) else _STOPPED


def _let_go(error: BaseException) -> None:
    """Suelta lo que el rastro retiene: una respuesta a medio leer se cierra, y el motor deja el trabajo."""
    chained: BaseException | None = error
    while chained is not None:
        traceback.clear_frames(chained.__traceback__)
        chained = chained.__context__


def _unknown_name(error: NameError) -> Lines:
    name = error.name
    if isinstance(error, UnboundLocalError) or not name or not _raised_in_cell(error):
        return None
    where = traceback.extract_tb(error.__traceback__)[-1]
    known = names_in_cells()
    close = closest(name, {*known, *OFFERED})
    if name in METHODS:
        step = f"Escribe {METHODS[name]}."
    elif name in OFFERED:
        step = f"Ejecuta antes «from multietapa import {name}»."
    elif close:
        step = f"¿Querías decir {text.join([f'«{one}»' for one in close], 'o')}?"
    else:
        step = "Ejecuta antes la celda que le da valor; si no la hay, revisa cómo está escrito."
    line = f"línea {where.lineno}: {where.line}" if where.line else ""
    return _lines(f"Todavía no existe nada que se llame «{name}».", step, detail=line)


def _unknown_member(error: AttributeError) -> Lines:
    owner: Any = error.obj
    name = error.name or ""
    if isinstance(owner, ModuleType):
        own = owner.__name__ == "multietapa"
        return _lines(f"«multietapa» no tiene «{name}».", _suggestion(name, OFFERED)) if own else None
    kind = owner if isinstance(owner, type) else type(owner)
    function = isinstance(owner, FunctionType | MethodType)
    home = owner.__module__ if function else kind.__module__
    if not str(home).startswith("multietapa.") or not _raised_in_cell(error):
        return None
    if function:  # motor.bases(), ejercicio.comprobar(...)
        step = f"Escribe {METHODS[name]}." if name in METHODS else f"Escribe {owner.__name__}(...)."
        return _lines(f"A «{owner.__name__}» le faltan los paréntesis antes de «.{name}».", step)
    offered = [one for one in dir(owner) if not one.startswith("_")]
    return _lines(f"«{kind.__name__}» no tiene «{name}».", _suggestion(name, offered))


def _unknown_import(error: ImportError) -> Lines:
    """``from multietapa import comprobar``: el SDK y lo demás se ven como siempre."""
    found = _CANNOT_IMPORT.match(str(error))
    if error.name != "multietapa" or found is None:
        return None
    wanted = found[1]
    step = f"Escribe {METHODS[wanted]}." if wanted in METHODS else _suggestion(wanted, OFFERED)
    return _lines(f"«multietapa» no tiene «{wanted}».", step)


def _suggestion(name: str, offered: Sequence[str]) -> str:
    if close := closest(name, offered):
        return f"¿Querías decir {text.join([f'«{one}»' for one in close], 'o')}?"
    return f"Tiene {text.join([f'«{one}»' for one in offered])}."


def _lines(what: str, next_step: str, *, detail: str = "") -> list[str]:
    return MultietapaError(what, next_step=next_step, detail=detail)._render_traceback_()


def _raised_in_cell(error: BaseException) -> bool:
    """Si saltó en el código de una celda: el rastro de una biblioteca dice más que cualquier frase."""
    step = error.__traceback__
    while step is not None and step.tb_next is not None:
        step = step.tb_next
    return step is not None and in_cell(step.tb_frame)


def _frames(error: BaseException) -> Iterator[FrameType]:
    """Los marcos de su rastro y de los errores de los que viene, de fuera adentro."""
    chained: BaseException | None = error
    while chained is not None:
        step: TracebackType | None = chained.__traceback__
        while step is not None:
            yield step.tb_frame
            step = step.tb_next
        chained = chained.__context__


_EXPLAINED: tuple[tuple[type[BaseException], Callable[[Any], Lines]], ...] = (
    *((kind, _sdk) for kind in sdk_errors.HANDLED),
    (KeyboardInterrupt, _interrupted),
    (NameError, _unknown_name),
    (AttributeError, _unknown_member),
    (ImportError, _unknown_import),
)
