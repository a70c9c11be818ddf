"""Un paso que falló porque no llegaba a un registro: de eso no tiene culpa quien responde.

La prueba es lo que escribe el gestor de paquetes que falló, en su forma exacta y en dos líneas que van
juntas; con una sola, que podría salir de cualquier parte, no basta.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

_NAME, _REFUSED, _SLOW, _TLS, _BUSY, _DOWN = "nombre", "rechazo", "plazo", "certificado", "limite", "servidor"
_MEANING = {
    _NAME: "no encuentra la máquina del registro (no hay red, o el nombre no se resuelve)",
    _REFUSED: "nadie le abre la conexión (un cortafuegos, un proxy o el registro, apagados)",
    _SLOW: "el registro no contesta a tiempo, o la conexión se corta",
    _TLS: "no se fía del certificado que le presentan (suele ser el de un proxy de la empresa)",
    _BUSY: "el registro no atiende a más por ahora (demasiadas peticiones, 429)",
    _DOWN: "el registro contesta que no está disponible",
}
_CHECK = "Comprueba la conexión (y el proxy, si lo hay) y vuelve a comprobar el ejercicio."
_STEPS = {
    _TLS: "Añade el certificado de tu empresa a los de esta máquina (o dilo con SSL_CERT_FILE) y vuelve a "
    "abrir el taller: las imágenes base locales lo llevan dentro.",
    _BUSY: "Espera unos minutos y vuelve a comprobar el ejercicio.",
}
_CODES = {
    "ENOTFOUND": _NAME, "EAI_AGAIN": _NAME, "ENETUNREACH": _NAME, "EHOSTUNREACH": _NAME,
    "ECONNREFUSED": _REFUSED, "ETIMEDOUT": _SLOW, "ESOCKETTIMEDOUT": _SLOW, "ERR_SOCKET_TIMEOUT": _SLOW,
    "FETCH_ERROR": _SLOW,
    "ECONNRESET": _SLOW, "EPIPE": _SLOW, "SELF_SIGNED_CERT_IN_CHAIN": _TLS,
    "DEPTH_ZERO_SELF_SIGNED_CERT": _TLS,
    "UNABLE_TO_GET_ISSUER_CERT_LOCALLY": _TLS, "UNABLE_TO_VERIFY_LEAF_SIGNATURE": _TLS,
    "CERT_HAS_EXPIRED": _TLS,
    "ERR_TLS_CERT_ALTNAME_INVALID": _TLS, "E429": _BUSY, "E502": _DOWN, "E503": _DOWN, "E504": _DOWN,
}  # fmt: skip


@dataclass(frozen=True)
class _Form:
    """Cómo lo cuenta un programa: las dos líneas, y qué problema es (o el grupo ``code`` de la primera)."""

    program: str
    first: re.Pattern[str]
    second: re.Pattern[str]
    problem: str = ""


def _form(program: str, first: str, second: str, problem: str = "") -> _Form:
    return _Form(program, re.compile(first), re.compile(second), problem)


_NPM = r"^npm (?:ERR!|error) "
_PIP = r"^WARNING: Retrying \(Retry\(total=0"
_FORMS = (
    _form(
        "npm",
        _NPM + r"code (?P<code>\w+)$",
        _NPM + r"(?:errno |network |request to |429 |5\d\d "
        r"|.*failed, reason:)",
    ),
    # Su primera línea puede quedar fuera del final del registro, que es lo que se guarda de un paso.
    _form("npm", _NPM + r".*request to \S+ failed, reason: \w+ (?P<code>E[A-Z_]+)", _NPM),
    _form(
        "yarn",
        r"^error An unexpected error occurred: \"https?://\S+: \w+ (?P<code>E\w+)",
        r"^info (?:If|Visit) ",
    ),
    _form(
        "apt", r"^E: Failed to fetch \S+ .*(?:Temporary failure resolving|Could not resolve)", r"^E: ", _NAME
    ),
    _form("apt", r"^E: Failed to fetch \S+ .*(?:Could not connect|Unable to connect)", r"^E: ", _REFUSED),
    _form(
        "apk", r"^(?:WARNING|ERROR): .*(?:temporary error|DNS lookup error|network error)", r"^ERROR: ", _NAME
    ),
    _form("pip", _PIP + r".*SSLError", r"^ERROR: ", _TLS),
    _form("pip", _PIP + r".*(?:Timeout|ProtocolError)", r"^ERROR: ", _SLOW),
    _form("pip", _PIP + r".*Connection refused", r"^ERROR: ", _REFUSED),
    _form("pip", _PIP + r".*(?:NewConnectionError|NameResolutionError)", r"^ERROR: ", _NAME),
)


@dataclass(frozen=True)
class Unreachable:
    """Lo que dijo el programa que no llegó a su registro, en una frase, y qué hacer."""

    said: str
    step: str


def unreachable(log: Sequence[str]) -> Unreachable | None:
    """Si lo que escribió un paso que falló es que no llegaba a un registro; ``None`` si no lo dice así."""
    for form in _FORMS:
        for number, line in enumerate(log):
            found = form.first.search(line.strip())
            if found is None or not any(form.second.search(other.strip()) for other in log[number + 1 :]):
                continue
            problem = form.problem or _CODES.get(found["code"], "")
            if problem:
                said = f"{form.program} dice que {_MEANING[problem]}: «{line.strip()[:200]}»."
                return Unreachable(said, _STEPS.get(problem, _CHECK))
    return None
