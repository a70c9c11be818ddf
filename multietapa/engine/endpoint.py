"""Dónde escucha un motor y cómo se habla con él: lo mismo que entienden el SDK y la orden ``docker``."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from multietapa import sdk

#: Las que, además de ``DOCKER_HOST``, deciden cómo se habla con el motor.
TLS_VARIABLES = ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "DOCKER_TLS")
DEFAULT_HOST = "npipe:////./pipe/docker_engine" if sys.platform == "win32" else "unix:///var/run/docker.sock"
LOCAL_SCHEMES = ("unix", "npipe")
_SCHEMES = ("unix", "tcp", "http", "https", "ssh", "npipe")
_PORTS = {False: 2375, True: 2376}  # los que supone la orden docker, sin TLS y con él
_LOOPBACK = re.compile(r"localhost|127(\.\d+){3}|::1", re.IGNORECASE)


@dataclass(frozen=True)
class Endpoint:
    """La dirección de un motor: ``host``, como la de ``DOCKER_HOST`` (``unix:///...``, ``tcp://...``).

    ``certificates`` es la carpeta con ``ca.pem``, ``cert.pem`` y ``key.pem`` si se habla TLS (``""``: no);
    ``verify``, si se comprueba quién contesta; ``direct``, que no se pasa por el proxy del entorno.
    """

    host: str
    certificates: str = ""
    verify: bool = True
    direct: bool = False

    @property
    def scheme(self) -> str:
        """``unix``, ``tcp``, ``ssh``..."""
        return self.host.partition("://")[0]

    @property
    def name(self) -> str:
        """El equipo en el que está; ``""`` si es este."""
        return "" if self.scheme in LOCAL_SCHEMES else urlsplit(self.host).hostname or ""

    @property
    def account(self) -> str:
        """Por ssh, lo que se teclea después de ``ssh`` para entrar en su equipo: ``-p 2222 ana@equipo``."""
        if self.scheme != "ssh":
            return self.name
        parts = urlsplit(self.host)
        user, port = f"{parts.username}@" if parts.username else "", f"-p {parts.port} " if parts.port else ""
        return f"{port}{user}{parts.hostname or ''}"

    @property
    def local(self) -> bool:
        """Es un socket de esta máquina (o una tubería de Windows) que existe."""
        if self.scheme == "npipe":
            return True
        return self.scheme == "unix" and Path(self.host.removeprefix("unix://")).exists()

    @property
    def proxy(self) -> str:
        """El proxy del entorno por el que el SDK iría a este motor; ``""`` si va directo."""
        if self.direct or self.scheme not in ("tcp", "http", "https"):
            return ""
        web = "https" if self.certificates or self.scheme == "https" else "http"
        found = requests.utils.get_environ_proxies(f"{web}://{self.host.partition('://')[2]}")
        return str(found.get(web) or found.get("all") or "")

    @property
    def loopback(self) -> bool:
        """Está en esta máquina, aunque se le hable por TCP: la orden ``docker`` no usa proxies para eso."""
        return _LOOPBACK.fullmatch(self.name) is not None

    def variables(self) -> dict[str, str]:
        """Lo que hay que exportar para que el SDK y la orden ``docker`` hablen con este motor.

        Si no se habla TLS, se vacían las que lo piden y estén puestas: el SDK las tendría en cuenta.
        """
        if not self.certificates:
            tls = {name: "" for name in TLS_VARIABLES if os.environ.get(name)}
        else:
            verify = "1" if self.verify else ""
            tls = dict(zip(TLS_VARIABLES, (verify, self.certificates, "1"), strict=True))
        return {"DOCKER_HOST": self.host, **tls}

    def ask(self, *, timeout: float) -> None:
        """Le pregunta si está. No devuelve nada si contesta un motor.

        Lanza los errores del SDK, de ``requests`` o del sistema si no se llega, y ``sdk.NotAnEngine`` si
        quien contesta es otra cosa.
        """
        tls = sdk.tls_of(self.certificates, verify=self.verify) if self.certificates else False
        client = sdk.unasked(self.host, tls=tls, timeout=timeout, through_proxies=not self.direct)
        try:
            sdk.check_engine(client)
        finally:
            client.close()


def from_environment(env: Mapping[str, str], *, config: Path) -> Endpoint | None:
    """El de ``DOCKER_HOST`` y sus variables de TLS, o ``None`` si no está puesta.

    ``config`` es la carpeta de configuración de Docker: ahí están los certificados si no se dice dónde.
    """
    host = env.get("DOCKER_HOST", "").strip()
    if not host:
        return None
    verify, folder = bool(env.get("DOCKER_TLS_VERIFY")), env.get("DOCKER_CERT_PATH", "")
    if not folder and (verify or env.get("DOCKER_TLS")):
        folder = str(config)
    host = normal(host, tls=bool(folder))
    return Endpoint(host, folder, verify) if folder and host.startswith("tcp://") else Endpoint(host)


def normal(host: str, *, tls: bool = False) -> str:
    """La misma dirección, escrita como la entienden tanto el SDK como la orden ``docker``.

    El SDK admite ``http://`` (la orden no) y la orden supone el puerto (el SDK no).
    """
    host = host.strip()
    if "://" not in host and not host.startswith(("/", ".")):
        host = f"tcp://{host}"
    if host.startswith("http://") or (tls and host.startswith("https://")):
        host = f"tcp://{host.partition('://')[2]}"
    if not host.startswith("tcp://"):
        return host
    host = f"tcp://{host.removeprefix('tcp://').rstrip('/')}"
    try:
        parts = urlsplit(host)
        if parts.port and not parts.hostname:  # «tcp://:2375» es esta máquina
            return f"tcp://127.0.0.1:{parts.port}{parts.path}"
        return f"{host}:{_PORTS[tls]}" if parts.hostname and parts.port is None and not parts.path else host
    except ValueError:  # el puerto no es un número: lo dirá ``malformed``
        return host


def malformed(host: str) -> str:
    """Por qué eso no es la dirección de un motor y cómo se escribe; ``""`` si puede serlo."""
    scheme, separator, rest = host.partition("://")
    if not separator:
        return f"«{host}» no es la dirección de un motor. Si es la ruta de un socket, escribe «unix://{host}»"
    if scheme not in _SCHEMES:
        return (
            f"«{scheme}» no es una manera de llegar a un motor. Vale unix:// (un socket), tcp:// (un puerto) "
            "o ssh:// (otro equipo)"
        )
    if scheme == "npipe" and sys.platform != "win32":
        return "«npipe://» solo existe en Windows. Aquí suele ser «unix:///var/run/docker.sock»"
    if scheme in LOCAL_SCHEMES:
        return ""
    try:
        parts = urlsplit(host)
        complete = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        complete = False
    if not complete or set(rest) & set("?# "):
        return (
            f"«{host}» no es una dirección completa. Escribe el equipo y el puerto: «{scheme}://EQUIPO:2375»"
        )
    return ""
