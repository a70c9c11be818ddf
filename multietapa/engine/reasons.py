"""Por qué no se llega a un motor, en español y con qué hacer: una tabla de los fallos que da la conexión.

Se mira de qué clase es cada causa encadenada del error, no la frase en inglés que la envuelve.
"""

from __future__ import annotations

import errno
import http.client
import os
import re
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import docker
import requests
import urllib3

from multietapa import sdk, text
from multietapa.engine.endpoint import Endpoint

#: Lo que lanza preguntar a un motor que no está, que no lo es o al que no se llega.
UNREACHABLE: tuple[type[BaseException], ...] = (
    docker.errors.DockerException,
    sdk.NotAnEngine,
    *sdk.BROKEN_CONNECTION,
    OSError,
    ValueError,
)
NOBODY = "no hay ningún motor escuchando ahí"
_OFF = f"{NOBODY}. Si tienes Docker, enciéndelo"
_OTHER_TLS = "DOCKER_TLS_VERIFY y DOCKER_CERT_PATH"
#: Si están puestas, ``requests`` las prefiere a las autoridades que le dé el SDK.
_OTHER_AUTHORITIES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
#: Lo que dice OpenSSL, por su número, del certificado de quien contesta.
_CERTIFICATE = {
    10: "ha caducado",
    18: "se firma a sí mismo, y no es el de tu ca.pem",
    19: "lo firma una autoridad que no está en tu ca.pem",
    20: "lo firma una autoridad que no está en tu ca.pem",
    21: "lo firma una autoridad que no está en tu ca.pem",
    62: "es de otro equipo, no de «{name}»",
    64: "es de otro equipo, no de «{name}»",
}


@dataclass(frozen=True)
class Row:
    """Un fallo: alguna causa es de ``kinds`` (o de una clase con ese nombre) y dice ``words``.

    ``said`` es la razón, con ``{host}``, ``{name}`` y lo demás que rellena :func:`explain`. Una función
    recibe la causa y da la razón, o ``""`` si no es esto.
    """

    kinds: tuple[type[BaseException] | str, ...]
    said: str | Callable[[BaseException], str]
    words: str = ""

    def matches(self, cause: BaseException) -> bool:
        """Es este fallo."""
        names = {kind.__name__ for kind in type(cause).__mro__}
        is_kind = any(
            kind in names if isinstance(kind, str) else isinstance(cause, kind) for kind in self.kinds
        )
        return is_kind and re.search(self.words, str(cause), re.IGNORECASE) is not None


def _certificate(cause: BaseException) -> str:
    number = getattr(cause, "verify_code", 0)
    if instead := next((name for name in _OTHER_AUTHORITIES if os.environ.get(name)), ""):
        return (
            f"contesta, pero con {instead} puesta el SDK no mira tu ca.pem, sino ese otro archivo. Añádele "
            f"las líneas de tu ca.pem, o quita {instead} antes de abrir el taller"
        )
    reason = _CERTIFICATE.get(number, f"no pasa la comprobación (OpenSSL {number})")
    return f"contesta, pero su certificado {reason}. Revisa {_OTHER_TLS}, y el nombre con el que lo llamas"


def _other_server(cause: BaseException) -> str:
    assert isinstance(cause, sdk.NotAnEngine)
    said = f"el código {cause.status}" if cause.status != 200 else "otra cosa"
    return f"ahí contesta un servidor que no es un motor de Docker ({said}). Revisa la dirección y el puerto"


def _of_the_system(cause: BaseException) -> str:
    number = getattr(cause, "errno", None)
    if number in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.EHOSTDOWN, errno.ENETDOWN):
        return "no hay camino de red hasta {name}. Comprueba la red, la VPN y el cortafuegos"
    return ""


_TABLE: tuple[Row, ...] = (
    Row(
        (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError),
        "el proxy del entorno ({proxy}) no lleva hasta él. Con «{name}» en NO_PROXY no se pasa por ahí",
    ),
    Row(
        (docker.errors.TLSParameterError,),
        "hacen falta ca.pem, cert.pem y key.pem en {folder}, y alguno no está. Cópialos ahí, o di en "
        "DOCKER_CERT_PATH dónde están",
    ),
    Row(
        (docker.errors.DockerException,),
        "para llegar por ssh, el SDK de Docker necesita el paquete paramiko. Instálalo con "
        f"«{sys.executable} -m pip install paramiko»",
        words="paramiko",
    ),
    Row(
        ("BadHostKeyException",),
        "su clave no es la que esta máquina recuerda. Si de verdad cambió, bórrala con "
        "«ssh-keygen -R {name}» y entra una vez con «ssh {account}»",
    ),
    Row(
        ("SSHException",),
        "esta máquina aún no conoce la clave de ese servidor. Entra una vez con «ssh {account}» y acéptala",
        words="known_hosts",
    ),
    Row(
        ("AuthenticationException", "SSHException"),
        "el servidor SSH no acepta tu clave. «ssh {account}» tiene que entrar sin preguntar nada: crea una "
        "con ssh-keygen y llévala con «ssh-copy-id {account}»",
        words="auth|private key|password",
    ),
    Row(
        ("SSHException",),
        "el puerto de {name} contesta, pero no habla SSH. Comprueba cuál es el de su servidor SSH",
        words="banner",
    ),
    Row(("NoValidConnectionsError",), "nadie contesta por SSH en {name}. Comprueba el nombre y el puerto"),
    Row(
        ("SSHException",),
        "la conexión SSH no se pudo abrir ({problem}). Prueba «ssh {account}» en una terminal",
    ),
    Row(
        (socket.gaierror,),
        "no se sabe qué dirección de red tiene «{name}». Comprueba que está bien escrito y que hay red",
    ),
    Row(
        (PermissionError,),
        "tu usuario no tiene permiso para usar ese socket. Con «sudo usermod -aG docker $USER», y entrando "
        "otra vez en tu sesión, lo tendrá",
    ),
    Row((FileNotFoundError, NotADirectoryError, ConnectionRefusedError), _OFF),
    Row((OSError,), "la ruta del socket pasa de 107 letras. Usa una más corta", words="path too long"),
    Row((ssl.SSLCertVerificationError,), _certificate),
    Row(
        (ssl.SSLError,),
        f"el puerto de {{name}} no habla TLS. Quita {_OTHER_TLS}, o usa el puerto que sí (suele ser 2376)",
        words="WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|RECORD_LAYER|PACKET_LENGTH",
    ),
    Row(
        (ssl.SSLError,),
        "corta al empezar a hablar TLS: pide un certificado de cliente, o no acepta el tuyo. Revisa los de "
        "{folder}",
        words="ALERT|HANDSHAKE|EOF",
    ),
    Row((ssl.SSLError,), f"no se pudo hablar TLS con él ({{problem}}). Revisa {_OTHER_TLS}"),
    Row(
        (sdk.NotAnEngine,),
        f"habla TLS, y no se le han dado certificados. Pon {_OTHER_TLS}",
        words="HTTP request to an HTTPS server",
    ),
    Row((sdk.NotAnEngine,), _other_server),
    Row(
        (requests.ConnectTimeout, urllib3.exceptions.ConnectTimeoutError),
        "en {wait} no se ha podido abrir la conexión. Comprueba la dirección, la red y el cortafuegos",
    ),
    Row(
        (requests.Timeout, urllib3.exceptions.TimeoutError, TimeoutError),
        "alguien escucha ahí, pero en {wait} no ha contestado. Si el motor está arrancando, espera y repite",
    ),
    Row(
        (ConnectionResetError, BrokenPipeError, http.client.HTTPException, urllib3.exceptions.ProtocolError),
        f"alguien escucha ahí, pero cuelga sin contestar. Si es un motor que pide TLS, pon {_OTHER_TLS}",
    ),
    Row(
        (requests.exceptions.InvalidURL, urllib3.exceptions.LocationParseError, UnicodeError),
        "«{host}» no es una dirección válida. Escríbela como «unix:///RUTA» o «tcp://EQUIPO:2375»",
    ),
    Row(
        (docker.errors.InvalidVersion,),
        "es tan antiguo que este SDK ya no sabe hablar con él. Actualiza Docker",
    ),
    Row((OSError,), _of_the_system),
)


def explain(problem: BaseException, endpoint: Endpoint | None = None, *, seconds: float = 0.0) -> str:
    """La razón, entera y con qué hacer, de que no se llegue al motor de ``endpoint``.

    ``seconds`` son los que se esperó. Si no está en la tabla, lo que dijo el error.
    """
    said = recognised(problem, endpoint, seconds=seconds)
    return said or f"la conexión falló: {_line(list(causes(problem))[-1])}"


def recognised(problem: BaseException, endpoint: Endpoint | None = None, *, seconds: float = 0.0) -> str:
    """Lo mismo; ``""`` si no está en la tabla."""
    place = endpoint or Endpoint("")
    chain = list(causes(problem))
    for row in _TABLE:
        for cause in chain:
            if row.matches(cause) and (said := row.said if isinstance(row.said, str) else row.said(cause)):
                return said.format(
                    host=place.host,
                    name=place.name or "ese equipo",
                    account=place.account or "ese equipo",
                    folder=place.certificates or "la carpeta de certificados",
                    proxy=place.proxy,
                    wait=text.duration(seconds) if seconds else "un buen rato",
                    problem=_line(cause),
                )
    return ""


def sentence(problem: BaseException, endpoint: Endpoint | None = None, *, seconds: float = 0.0) -> str:
    """Lo de :func:`explain`, como una frase suelta."""
    said = explain(problem, endpoint, seconds=seconds)
    return f"{said[:1].upper()}{said[1:]}."


def causes(problem: BaseException) -> Iterator[BaseException]:
    """El error y todo lo que hay detrás, de fuera adentro: lo que lo causó y lo que lleva dentro."""
    pending, seen = [problem], set[int]()
    while pending:
        found = pending.pop(0)
        if id(found) in seen:
            continue
        seen.add(id(found))
        yield found
        inside = [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]
        pending += [item for item in inside if isinstance(item, BaseException)]


def _line(problem: BaseException) -> str:
    lines = str(problem).strip().splitlines()
    return lines[0] if lines else type(problem).__name__
