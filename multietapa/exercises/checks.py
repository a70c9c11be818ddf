"""Preguntas pequeñas sobre una imagen medida o un contenedor en marcha.

Ninguna lee el Dockerfile: solo lo que la imagen lleva y lo que el programa hace. Así vale toda
respuesta correcta, se escriba como se escriba. Cada pregunta devuelve una :class:`Observation`.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Mapping, Sequence
from typing import Any

from multietapa import text
from multietapa.containers.running import Process
from multietapa.exercises.outcome import Observation
from multietapa.image.contents import is_compiler, is_source
from multietapa.image.image import MeasuredImage, carried, files, layer_name, visible
from multietapa.image.node_modules import development_packages


def no_development_packages(measurement: MeasuredImage, documents: Mapping[str, str]) -> Observation:
    """Ninguna capa lleva dependencias de desarrollo. ``documents``: los de la aplicación, por su nombre."""
    totals = development_packages(measurement, files(measurement), documents)
    if not totals:
        return Observation(True, "Ninguna capa lleva dependencias de desarrollo.")
    root, (size, layer) = max(totals.items(), key=lambda item: item[1][0])
    still_seen = any(place.path.startswith(f"{root}/") for place in visible(measurement))
    where = f"{root} ({text.size(size)}), en la {layer_name(measurement, layer)}"
    more = text.count(len(totals) - 1, "paquete más", "paquetes más")
    others = f", y {more} de desarrollo" if len(totals) > 1 else ""
    if still_seen:
        first = f"En tu imagen sigue {where}. ¿Quién lo necesita cuando la tienda ya está compilada?"
    else:
        first = (
            f"El contenedor ya no ve {root}, pero sus {text.size(size)} siguen viajando en la "
            f"capa {layer}: "
            "una capa posterior lo tapa, no lo quita."
        )
    second = (
        f"La capa {layer} se guardó con {posixpath.basename(root)} dentro. Solo hay dos salidas: "
        "que cuando esa "
        "instrucción termine ya no esté, o que esa capa se quede en una etapa que no es la última."
    )
    return Observation(False, f"Lleva {where}{others}.", (first, second))


def no_sources(measurement: MeasuredImage) -> Observation:
    """Ni el contenedor ni las capas propias llevan código TypeScript de la aplicación."""
    found = next((p for p in carried(measurement) if is_source(p.path)), None)
    if found is None:
        return Observation(True, "No lleva el código fuente en TypeScript.")
    return Observation(
        False,
        f"Lleva código fuente: {found.path}, en la {layer_name(measurement, found.number)}.",
        (
            f"En la capa {found.number} está {found.path}. Node ejecuta JavaScript: ¿hace falta "
            "en la imagen final?",
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


def times_smaller(measurement: MeasuredImage, baseline: MeasuredImage, times: float) -> Observation:
    """Ocupa (desempaquetada) al menos ``times`` veces menos que ``baseline``."""
    mine, reference = measurement.unpacked_bytes, baseline.unpacked_bytes
    ratio = text.ratio(reference, mine)
    seen = (
        f"Desempaquetada ocupa {text.size(mine)}; tu imagen ingenua, {text.size(reference)}: {ratio} menos."
    )
    if mine * times <= reference:
        return Observation(True, seen)
    heaviest = max(enumerate(measurement.layers, 1), key=lambda pair: pair[1].unpacked_bytes)
    size = text.size(heaviest[1].unpacked_bytes)
    return Observation(
        False,
        f"{seen} El objetivo son {text.number(times)} veces.",
        (
            f"Tu capa más pesada es la {heaviest[0]}, con {size}. ¿Es de la base o la creas tú?",
            f"Te sobran {text.size(round(mine - reference / times))}. Compara la base de tu "
            "última etapa con la de "
            "la imagen ingenua: el sistema entero también cuenta.",
        ),
    )


def at_most(measurement: MeasuredImage, budget: int, baseline: MeasuredImage) -> Observation:
    """Ocupa (desempaquetada) ``budget`` bytes como mucho."""
    mine = measurement.unpacked_bytes
    seen = f"Desempaquetada ocupa {text.size(mine)}; tu imagen ingenua, {text.size(baseline.unpacked_bytes)}."
    if mine <= budget:
        return Observation(True, seen)
    difference = mine - baseline.unpacked_bytes
    change = f"{text.size(abs(difference))} {'más' if difference > 0 else 'menos'} que la ingenua"
    return Observation(
        False,
        f"{seen} El objetivo es {text.size(budget)} como mucho.",
        (
            f"Tu imagen ocupa {change}. Borrar en una capa aparte no cambia las capas de antes.",
            "Mira qué capa pesa más y qué queda dentro de ella cuando termina su instrucción.",
        ),
    )


def light_above_base(measurement: MeasuredImage, base_layers: Sequence[str], budget: int) -> Observation:
    """Está hecha sobre las capas ``base_layers`` (diff_id) y encima pesa menos de ``budget`` bytes."""
    own_ids = [layer.diff_id for layer in measurement.layers]
    if own_ids[: len(base_layers)] != list(base_layers):
        return Observation(
            False,
            "La imagen final no está hecha sobre la base que pide el ejercicio.",
            (
                "Las primeras capas de tu imagen no son las de la base del enunciado.",
                "Puedes usar las etapas que quieras, pero la última debe partir de la base del enunciado.",
            ),
        )
    weight = sum(layer.unpacked_bytes for layer in measurement.layers[len(base_layers) :])
    if weight < budget:
        return Observation(True, f"Encima de la base pesa {text.size(weight)}.")
    above = [p for p in files(measurement) if p.number > len(base_layers)]
    biggest = max(above, key=lambda p: p.size)
    seen = any(p.path == biggest.path for p in visible(measurement))
    fate = "y el contenedor todavía lo ve" if seen else "aunque una capa posterior lo borra"
    return Observation(
        False,
        f"Encima de la base pesa {text.size(weight)}: la {layer_name(measurement, biggest.number)}, "
        f"lleva {biggest.path} "
        f"({text.size(biggest.size)}), {fate}.",
        (
            f"{biggest.path} ({text.size(biggest.size)}) sigue en la capa {biggest.number}, {fate}.",
            f"La capa {biggest.number} se guarda cuando termina su instrucción: lo que exista en "
            "ese momento viaja. "
            "¿Y si entonces ya no existiera, o no hubiera existido nunca?",
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


def healthy(status: int, body: str) -> Observation:
    """La tienda contestó bien a ``GET /salud``."""
    if status == 200 and _json(body).get("estado") == "bien":
        return Observation(True, "Arranca y contesta en /salud.")
    return Observation(
        False,
        f"En /salud contesta con el código {status}, y no es la respuesta de la tienda.",
        (
            f"El programa que arranca contesta con el código {status} en /salud: ¿es la tienda?",
            "Mira qué arranca el CMD de la última etapa y qué archivos necesita al lado.",
        ),
    )


def not_root(processes: Sequence[Process], declared: int | None) -> Observation:
    """Ningún proceso es root. ``declared`` es el uid que dice ``/salud``, por si dentro no se puede mirar."""
    uids = {p.uid for p in processes} or ({declared} if declared is not None else set())
    if not uids:
        return Observation(
            False, "No se pudo saber con qué usuario corre.", ("El contenedor no dice su usuario.",) * 2
        )
    if 0 not in uids:
        return Observation(True, f"Corre con el uid {text.join([str(uid) for uid in sorted(uids)])}.")
    who = next((f"El proceso {p.pid} ({p.name})" for p in processes if p.uid == 0), "El proceso de la tienda")
    return Observation(
        False,
        f"{who} corre como root (uid 0).",
        (
            f"{who} corre con uid 0, aunque en otra etapa hubieras elegido otro usuario.",
            "El usuario no pasa de una etapa a otra ni viaja con los archivos copiados: la "
            "última etapa tiene que "
            "decir el suyo, después de lo que necesite permisos de root.",
        ),
    )


def node_environment(processes: Sequence[Process], configured: Mapping[str, str]) -> Observation:
    """``NODE_ENV`` vale ``production`` para el programa que atiende."""
    known = [p.node_env for p in processes if p.node_env is not None]
    value = known[-1] if known else configured.get("NODE_ENV", "")
    if value == "production":
        return Observation(True, "NODE_ENV vale «production» en el programa que atiende.")
    seen = f"vale «{value}»" if value else "no tiene valor"
    return Observation(
        False,
        f"NODE_ENV {seen} en el programa que atiende.",
        (
            f"En el contenedor en marcha NODE_ENV {seen}.",
            "Las variables de una etapa se quedan en ella: la última tiene que decir las que el programa "
            "necesita cuando ya está en marcha, no solo mientras se construye.",
        ),
    )


def environment_of(config: Mapping[str, Any]) -> dict[str, str]:
    """Las variables de entorno que la imagen declara."""
    return dict(item.partition("=")[::2] for item in config.get("Env") or [])


def ports_of(config: Mapping[str, Any], default: int = 3000) -> tuple[int, ...]:
    """Los puertos en los que puede escuchar, por orden: ``PORT`` (o ``default``) y los de EXPOSE."""
    declared = environment_of(config).get("PORT", "")
    first = int(declared) if declared.isdigit() else default
    exposed = (int(name.split("/")[0]) for name in config.get("ExposedPorts") or {} if name.endswith("/tcp"))
    return tuple(dict.fromkeys([first, *sorted(exposed)]))


def uid_of(body: str) -> int | None:
    """El uid que la tienda declara en ``/salud``, o ``None``."""
    uid = _json(body).get("uid")
    return uid if isinstance(uid, int) else None


def _json(body: str) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
