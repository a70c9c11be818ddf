"""Preguntas sobre lo que un programa encuentra a su alrededor, según él mismo dice en su respuesta."""

from __future__ import annotations

from multietapa import text
from multietapa.exercises.checks.process import said_in
from multietapa.exercises.outcome import Observation

_COPY = "Son archivos: una imagen que los lleve sirve para copiarlos, aunque no partas de ella."


def in_zone(body: str, zone: str, minutes: int) -> Observation:
    """El reloj del programa va ``minutes`` por delante de UTC, que es lo que va el de ``zone``."""
    said = said_in(body)
    found, called = said.get("desfase"), said.get("zona", "")
    if found == minutes:
        return Observation(True, f"Su reloj es el de {zone} (zona «{called}»).")
    seen = f"Su reloj va en la zona «{called}», a {found} minutos de UTC, y {zone} está a {minutes}."
    if called and called == zone.split("/", maxsplit=1)[0]:
        return Observation(
            False,
            seen,
            (
                f"El programa oyó «{zone}», no encontró esa zona y, sin avisar, siguió con la hora de UTC.",
                f"Las zonas horarias están en /usr/share/zoneinfo. {_COPY}",
            ),
        )
    return Observation(
        False,
        seen,
        (
            f"Nadie le ha dicho que está en {zone}: la hora que da es la de «{called}».",
            "La zona se dice con la variable TZ, en la última etapa, y hay que llevar su archivo.",
        ),
    )


def trusts(body: str) -> Observation:
    """El programa se fía de alguna autoridad de certificación."""
    count = said_in(body).get("autoridades")
    if isinstance(count, int) and count > 0:
        return Observation(True, f"Se fía de {text.count(count, 'autoridad', 'autoridades')}.")
    return Observation(
        False,
        "No se fía de ninguna autoridad de certificación: no podría abrir ninguna conexión HTTPS.",
        (
            "El programa buscó los certificados y no encontró ninguno.",
            f"Están en /etc/ssl/certs/ca-certificates.crt, o donde diga SSL_CERT_FILE. {_COPY}",
        ),
    )


def has_a_name(body: str) -> Observation:
    """El programa corre con un usuario que no es root y que tiene nombre."""
    said = said_in(body)
    uid, name = said.get("uid"), said.get("usuario", "")
    if uid == 0:
        return Observation(
            False,
            "Corre como root (uid 0).",
            (
                "El programa que contesta corre con el uid 0.",
                "El usuario se dice con USER en la última etapa, y su nombre, en su /etc/passwd.",
            ),
        )
    if name:
        return Observation(True, f"Corre como {name} (uid {uid}).")
    return Observation(
        False,
        f"Corre con el uid {uid}, que no tiene nombre.",
        (
            f"Nadie se llama {uid} en la imagen: el programa buscó su nombre y no lo encontró.",
            f"Los nombres están en /etc/passwd, con una línea por usuario. {_COPY}",
        ),
    )
