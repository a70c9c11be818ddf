"""Qué no es un secreto aunque esté donde suele haber uno: huecos por rellenar, variables y claves publicadas.

La regla, entera. No es un secreto un valor que:

- está vacío o mide menos de ``SHORTEST`` caracteres, o es un número, un sí o no, una ruta o una dirección sin
  contraseña;
- se rellena al usarlo: lleva ``${...}``, ``$(...)``, ``$NOMBRE``, ``{{...}}``, ``<...>`` o ``%NOMBRE%``;
- es un hueco: una de sus palabras lo dice (``changeme``, ``tu-token-aqui``, ``your-password``,
  ``example``...), repite su propio nombre o casi no tiene letras distintas (``xxxxxxxx``, ``********``);
- es un ejemplo que publica quien reparte esas claves (``AKIAIOSFODNN7EXAMPLE``, la de Azurite).

Y lo que viene publicado dentro de un paquete (``published``) lo tiene cualquiera que lo descargue: no es de
quien hizo la imagen. No se cuenta, pero se enumera aparte, con su razón.
"""

from __future__ import annotations

import re

SHORTEST = 6
_VARIABLE = re.compile(
    r"\$\{|\$\(|^\$[A-Za-z_]\w*$|\{\{|^<.*>$|^%\w+%$|^\[.*\]$|^process\.env|^os\.environ|^env:|^!"
)
_PATH = re.compile(r"^(?:[./~]{1,2}/|/)[\w./@-]*$|^[A-Za-z]:\\|^(?:file|unix|https?)://[^@\s]*$")
_WORDS = frozenset(
    """
    change changeme changethis replace replaceme placeholder example examples ejemplo sample demo dummy fake
    your yours tu tus aqui aquí here todo fixme redacted insert fill none null undefined nil true false xxx
    tbd
    """.split()
)
_WHOLE = frozenset(
    """
    password passwd contraseña contrasena secret secreto token test testing default string value valor
    foobar foobaz username user-password user:pass user:password hunter2 letmein supersecret bearer basic
    required optional disabled enabled
    """.split()
)
_PUBLIC = frozenset(
    (
        "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",  # Azurite
        "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",  # la de los manuales de AWS
    )
)
_RUNS = ("0123456789", "1234567890", "abcdefghij", "ABCDEFGHIJ")
_PACKAGES = re.compile(
    r"(?:^|/)(?:node_modules|site-packages|dist-packages|vendor/bundle|gems)/|^usr/(?:local/)?(?:lib/python|"
    r"share/(?:doc|man|perl|nodejs|javascript|go-)|lib/(?:go|jvm|ruby|node_modules)|go/)|(?:^|/)go/pkg/mod/"
)
_TRIALS = re.compile(
    r"(?:^|[/_.-])(?:tests?|testing|__tests__|spec|specs|fixtures?|testdata|test-data|certdata|examples?|"
    r"samples?|demos?|docs?|man|mocks?|__mocks__|readme|changelog)(?=$|[/_.-])"
    r"|\.(?:md|markdown|rst|html?|adoc)$",
    re.IGNORECASE,
)
_LIBRARY = re.compile(r"^(?:usr/)?(?:local/)?lib(?:32|64|x32)?/(?:.*/)?[^/]+\.so(?:\.[\d.]+)?$")
_SYSTEM = re.compile(r"^(?:usr/(?!src/app|local/app)|s?bin/|lib|var/(?:lib|cache)/)|(?:^|/)node_modules/")
PUBLISHED_TRIAL = "viene en las pruebas o en la documentación de un paquete publicado"
PUBLISHED_FILE = "viene dentro de un paquete publicado"
PUBLISHED_LIBRARY = "viene dentro de una biblioteca del sistema, que la usa para probarse"


def is_own(path: str) -> bool:
    """Si un archivo parece de quien hizo la imagen, y no del sistema ni de un paquete instalado."""
    return _SYSTEM.search(path) is None and _PACKAGES.search(path) is None


def is_placeholder(value: str, name: str = "") -> bool:
    """Si ``value``, que alguien llamó ``name``, no es un secreto según la regla de este módulo."""
    plain = value.strip().strip("\"'`").strip()
    folded = plain.lower()
    if len(plain) < SHORTEST or _VARIABLE.search(plain) or _PATH.search(plain) or plain in _PUBLIC:
        return True
    words = re.findall(r"[^\W\d_]+", folded)
    return (
        re.fullmatch(r"[\d.,:+-]+", plain) is not None
        or folded in _WHOLE
        or bool(_WORDS & set(words))
        or "".join(words) == "".join(re.findall(r"[^\W\d_]+", name.lower()))
        or is_filler(plain)
    )


def is_filler(value: str) -> bool:
    """Si un valor con forma de token está relleno sin más: casi no cambia de letra, o lo dice él mismo."""
    upper = value.upper()
    return (
        len(set(value)) < min(5, len(value))
        or any(run in value for run in _RUNS)
        or re.search(r"(.)\1{5}", value) is not None
        or "EXAMPLE" in upper
        or "XXXX" in upper
    )


def published(path: str, *, named: bool) -> str:
    """Por qué lo que hay en ``path`` viene publicado en un paquete, o ``""`` si es de quien hizo la imagen.

    Un archivo que es secreto por su nombre (``named``: un ``.npmrc``, un ``.env``) lo es de quien publicó el
    paquete. Una clave o un token por su forma solo se apartan si están en sus pruebas o su documentación: en
    otro sitio de un paquete podrían usarse de verdad. Las bibliotecas de criptografía del sistema (GnuTLS,
    por ejemplo) llevan dentro las claves con las que se prueban.
    """
    if _LIBRARY.search(path):
        return PUBLISHED_LIBRARY
    found = _PACKAGES.search(path)
    if found is None:
        return ""
    if _TRIALS.search(path[found.start() :]):
        return PUBLISHED_TRIAL
    return PUBLISHED_FILE if named else ""
