"""Cómo muere Python."""

from __future__ import annotations

from multietapa.containers.kinds.kind import LOOK_INSIDE, PATHS, PORT_LOW, PORT_TAKEN, USER, Kind, kind

PYTHON: tuple[Kind, ...] = (
    kind(
        "python-programa", "python", r"python[\d.]*: can't open file '([^']+)'",
        "Así dice Python que no encuentra «{0}», el programa que tenía que arrancar.",
        f"O no llegó a la imagen final, o está en otra carpeta. {PATHS}", 2,
    ),
    kind(
        "python-modulo", "python", r"No module named '?([\w.]+)'?",
        "Así dice Python que no encuentra el módulo «{0}».",
        "¿Cómo llegan los paquetes a la última etapa? Un entorno virtual copiado de otra tiene que quedar "
        "en la misma ruta, y su bin, en el PATH.",
    ),
    kind(
        "python-falta-archivo", "python", r"^FileNotFoundError: \[Errno 2\] [^:]+: b?'([^']+)'",
        "Así dice Python que no existe «{0}», que el programa quería abrir.", f"{PATHS} {LOOK_INSIDE}",
    ),
    kind(
        "python-permiso", "python", r"^PermissionError: \[Errno 13\] [^:]+: b?'([^']+)'",
        "Así dice Python que no le dejan usar «{0}».", USER,
    ),
    kind(
        "python-puerto-sin-permiso", "python", r"^PermissionError: \[Errno 13\] [^:]+$",
        "Así dice Python que no le dejan hacer algo, casi siempre abrir un puerto.", PORT_LOW,
    ),
    kind(
        "python-puerto-ocupado", "python", r"^OSError: \[Errno 98\]",
        "Así dice Python que ese puerto ya está ocupado.", PORT_TAKEN,
    ),
    kind(
        "python-variable", "python", r"^KeyError: '([A-Z][A-Z0-9_]+)'",
        "Así dice Python que falta «{0}»; por su nombre, parece una variable de entorno.",
        "¿La dice la última etapa con ENV? Las de otra etapa no llegan.",
    ),
    kind(
        "python-sintaxis", "python", r"^(?:SyntaxError|IndentationError|TabError): (.+)",
        "Así dice Python que no entiende el código: {0}.",
        "Comprueba que ese archivo es código de Python, y de una versión que este entiende.",
    ),
    kind(
        "python-importar", "python", r"^ImportError: (.+)",
        "Así dice Python que un módulo está, pero no se puede importar: {0}.",
        "O su versión no es la que espera el programa, o le falta una biblioteca del sistema en la última "
        "etapa.",
    ),
)  # fmt: skip
