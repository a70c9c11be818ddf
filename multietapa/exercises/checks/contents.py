"""Preguntas sobre lo que lleva una imagen medida."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from multietapa import text
from multietapa.exercises.checks import reports
from multietapa.exercises.outcome import Observation
from multietapa.image.contents import is_compiler, is_source
from multietapa.image.image import MeasuredImage, carried, files, layer_name, visible
from multietapa.image.node_modules import development_packages


def app_documents(app: Path) -> dict[str, str]:
    """El ``package.json`` de la carpeta ``app`` y su cierre: valen donde la imagen no lleva los suyos."""
    return {
        name: (app / name).read_text(encoding="utf-8")
        for name in ("package.json", "package-lock.json")
        if (app / name).is_file()
    }


def no_development_packages(measurement: MeasuredImage, documents: Mapping[str, str]) -> Observation:
    """Ninguna capa lleva dependencias de desarrollo. ``documents``: los de la aplicación, por su nombre."""
    totals = development_packages(measurement, files(measurement), documents)
    if not totals:
        return Observation(True, "Ninguna capa lleva dependencias de desarrollo.")
    root, (size, layer) = max(totals.items(), key=lambda item: item[1][0])
    still_seen = any(place.path.startswith(f"{root}/") for place in visible(measurement))
    where = f"{root} ({text.size(size)}) en la {layer_name(measurement, layer)}"
    more = text.count(len(totals) - 1, "paquete más", "paquetes más")
    others = f", y {more} de desarrollo" if len(totals) > 1 else ""
    if still_seen:
        first = f"En tu imagen sigue {where}. ¿Quién lo necesita cuando la tienda ya está compilada?"
    else:
        first = (
            f"El contenedor ya no ve {root}, pero sus {text.size(size)} siguen viajando en la "
            f"{layer_name(measurement, layer)}: una capa posterior lo tapa, no lo quita."
        )
    second = (
        f"La {layer_name(measurement, layer)} se guardó con {posixpath.basename(root)} dentro. Solo hay dos "
        "salidas: que cuando esa instrucción termine ya no esté, o que esa capa se quede en una etapa que "
        "no es la última."
    )
    return Observation(False, f"Lleva {where}{others}.", (first, second))


def no_sources(measurement: MeasuredImage) -> Observation:
    """Ni el contenedor ni las capas propias llevan código TypeScript de la aplicación."""
    found = next((p for p in carried(measurement) if is_source(p.path)), None)
    if found is None:
        return Observation(True, "No lleva el código fuente en TypeScript.")
    return Observation(
        False,
        f"Lleva código fuente: {found.path} en la {layer_name(measurement, found.number)}.",
        (
            f"En la {layer_name(measurement, found.number)} está {found.path}. Node ejecuta JavaScript: "
            "¿hace falta en la imagen final?",
            "Mira qué carpeta crea la compilación; a la última etapa le basta con ese resultado.",
        ),
    )


def no_compilers(measurement: MeasuredImage) -> Observation:
    """Ni el contenedor ni las capas propias llevan compiladores o constructores."""
    found = {p.path: p for p in carried(measurement) if is_compiler(p.path)}
    if not found:
        return Observation(True, "No lleva compiladores.")
    first = found[min(found)]
    base = first.number <= measurement.base_layer_count
    origin = (
        "viene con la imagen base de la última etapa"
        if base
        else f"está en la {layer_name(measurement, first.number)}"
    )
    return Observation(
        False,
        f"Lleva herramientas de compilación ({text.count(len(found), 'archivo', 'archivos')}), entre ellas "
        f"{text.join(sorted(found)[:3])}.",
        (
            f"En tu imagen está {first.path}, que {origin}.",
            "Las herramientas vienen con la base o con un paquete: piensa de qué parte tu última etapa.",
        ),
    )


def keeps_summary(content: bytes | None, expected: Sequence[str], path: str) -> Observation:
    """El archivo guardado lleva una de las huellas ``expected`` (64 cifras hexadecimales)."""
    if content is None:
        return Observation(
            False,
            f"En la imagen no está {path}.",
            (
                f"En tu imagen no hay ningún {path}.",
                f"¿En qué etapa se escribe {path}? La última es la que cuenta.",
            ),
        )
    found = re.findall(r"\b[0-9a-f]{64}\b", content.decode("utf-8", "replace").lower())
    if any(value in expected for value in found):
        return Observation(True, f"{path} está y su huella es la correcta.")
    what = (
        f"la huella es {found[0][:12]}…, y no es la de 50 MB de ceros"
        if found
        else "no hay ninguna huella sha256 (64 cifras hexadecimales)"
    )
    return Observation(
        False,
        f"En {path} {what}.",
        (
            f"En {path} {what}.",
            "Mira de qué bytes se calcula la huella: deben ser 50 bloques de 1 MB, todos ceros.",
        ),
    )


def keeps_test_report(content: bytes | None, path: str, *, unused: Sequence[str] = ()) -> Observation:
    """El archivo guardado es lo que escribe ``npm test`` cuando todas las pruebas pasan.

    ``unused`` son las etapas que no se hicieron: la pista habla de ellas.
    """
    written = (content or b"").decode("utf-8", "replace")
    passed, failed = reports.passed(written), reports.failed(written)
    where = (
        "«npm test» necesita las herramientas de desarrollo: ¿en qué etapa están? Lo que escriba se puede "
        "guardar en un archivo, y un archivo se puede copiar. BuildKit no hace una etapa de la que nadie "
        "copia."
    )
    if content is None:
        seen = f"En la imagen no está {path}."
        why = "La última etapa solo tiene lo que ella crea o copia."
        if unused:
            names = text.join([f"«{name}»" for name in unused])
            many = len(unused) > 1
            which = f"Las etapas {names} no se hicieron" if many else f"La etapa {names} no se hizo"
            why = f"{which}: nadie la{'s' if many else ''} usa."
        return Observation(False, seen, (f"{seen} {why}", where))
    if failed:
        seen = f"En {path} hay pruebas que fallan ({failed})."
        return Observation(False, seen, (seen, "Deja que npm test detenga la construcción cuando falle."))
    if not passed:
        seen = f"{path} no dice cuántas pruebas pasaron."
        return Observation(False, seen, (f"{seen} No parece lo que escribe «npm test».", where))
    return Observation(True, f"{path} está: {text.count(passed, 'prueba pasada', 'pruebas pasadas')}.")
