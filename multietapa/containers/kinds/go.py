"""Cómo muere Go."""

from __future__ import annotations

from multietapa.containers.kinds.kind import (
    CODE,
    LOOK_INSIDE,
    PATHS,
    PORT_LOW,
    PORT_TAKEN,
    REACH,
    USER,
    Kind,
    kind,
)

GO: tuple[Kind, ...] = (
    kind(
        "go-certificados", "go", r"x509: (certificate signed by unknown authority|failed to load system "
        r"roots)",
        "Así dice Go que no se fía del certificado con el que le contestan.",
        "Una imagen que parte de scratch no lleva certificados de nadie: tráelos de una etapa que los tenga.",
    ),
    kind(
        "go-zona", "go", r"unknown time zone (\S+)",
        "Así dice Go que no conoce la zona horaria «{0}».",
        "Las zonas horarias están en /usr/share/zoneinfo, y una imagen mínima no lo lleva: tráelo de otra "
        "etapa.",
    ),
    kind(
        "go-puerto", "go", r"listen (?:tcp|udp)[46]? (\S*): bind: address already in use",
        "Así dice Go que el puerto de «{0}» ya está ocupado.", PORT_TAKEN,
    ),
    kind(
        "go-puerto-sin-permiso", "go", r"listen (?:tcp|udp)[46]? (\S*): bind: permission denied",
        "Así dice Go que no le dejan escuchar en «{0}».", PORT_LOW,
    ),
    kind(
        "go-conexion", "go", r"dial tcp:? (\S+?):? (?:connect: connection refused|on .*no such host|no such "
        r"host)"
        r"|dial tcp: lookup (\S+?)(?: on \S+)?: no such host",
        "Así dice Go que no llega a otra máquina.", REACH,
    ),
    kind(
        "go-falta-archivo", "go",
        r"\b(?:open|stat|lstat|chdir|readdir|fork/exec) (/?[^\s:]+): no such file or directory",
        "Así dice Go que no existe «{0}», que el programa quería usar.", f"{PATHS} {LOOK_INSIDE}",
    ),
    kind(
        "go-permiso", "go", r"\b(?:open|mkdir|fork/exec) (/?[^\s:]+): permission denied",
        "Así dice Go que no le dejan usar «{0}».", USER,
    ),
    kind(
        "go-bloqueo", "go", r"^fatal error: all goroutines are asleep",
        "Así dice Go que todas sus tareas esperan a otra, y ninguna puede seguir.", CODE, 2,
    ),
    kind(
        "go-panico", "go", r"^panic: (.+)",
        "Así dice Go que se rindió: {0}.", CODE, 2,
    ),
)  # fmt: skip
