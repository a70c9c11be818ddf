"""Los contextos de la orden ``docker``: ``docker context ls``, leído de sus archivos.

docker-py 7.2 también los lee, pero solo si existe ``config.json``; y si falta el que se pide, usa otro sin
decirlo.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from multietapa import text
from multietapa.engine.endpoint import DEFAULT_HOST, Endpoint, normal

VARIABLE = "DOCKER_CONTEXT"
DEFAULT = "default"
_PEM = ("ca.pem", "cert.pem", "key.pem")


@dataclass(frozen=True)
class Contexts:
    """Los que hay, por su nombre, y cuál está en uso. ``asked``: lo pide ``DOCKER_CONTEXT``."""

    known: Mapping[str, Endpoint]
    current: str
    asked: bool

    def missing(self) -> str:
        """Por qué no se puede usar el actual y qué hacer; ``""`` si existe."""
        if self.current in self.known:
            return ""
        change = (
            f"Corrige {VARIABLE}, o quítala" if self.asked else "Elige uno con «docker context use NOMBRE»"
        )
        return f"no hay ningún contexto «{self.current}»; hay {text.join(sorted(self.known))}. {change}"


def config_dir(env: Mapping[str, str]) -> Path:
    """La carpeta de configuración de Docker: ``DOCKER_CONFIG``, o ``~/.docker``."""
    return Path(env.get("DOCKER_CONFIG") or Path(home(env)) / ".docker")


def home(env: Mapping[str, str]) -> str:
    """La carpeta personal; si no se sabe cuál es, ``~`` (que no existe)."""
    return env.get("HOME") or os.path.expanduser("~")  # noqa: PTH111  Path.home() lanza un error si no se sabe


def read(env: Mapping[str, str]) -> Contexts:
    """Los contextos de quien usa ese entorno. Un archivo que no se entiende no cuenta."""
    folder = config_dir(env)
    known = {DEFAULT: Endpoint(DEFAULT_HOST)}
    for path in sorted((folder / "contexts/meta").glob("*/meta.json")):
        if found := _context(_json(path), folder / "contexts/tls"):
            known.setdefault(*found)
    asked = env.get(VARIABLE, "")
    current = asked or str(_json(folder / "config.json").get("currentContext") or DEFAULT)
    return Contexts(known, current, bool(asked))


def _context(meta: Mapping[str, Any], certificates: Path) -> tuple[str, Endpoint] | None:
    """El nombre y la dirección de un ``meta.json``, o ``None`` si no los tiene."""
    name, endpoints = meta.get("Name"), meta.get("Endpoints")
    engine = endpoints.get("docker") if isinstance(endpoints, dict) else None
    if not isinstance(engine, dict):
        return None
    host = engine.get("Host")
    if not (isinstance(name, str) and isinstance(host, str) and name and host):
        return None
    own = certificates / hashlib.sha256(name.encode()).hexdigest() / "docker"
    has_tls = any((own / pem).is_file() for pem in _PEM)
    host = normal(host, tls=has_tls)
    if not (has_tls and host.startswith("tcp://")):
        return name, Endpoint(host)
    return name, Endpoint(host, str(own), not engine.get("SkipTLSVerify", False))


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
