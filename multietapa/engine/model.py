"""Qué motor es: los valores que viajan, sin abrir ninguna conexión por su cuenta."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:  # cargar el SDK es la mitad de lo que tardaría en contestar «--ayuda»
    import docker

    from multietapa.engine.endpoint import Endpoint

KINDS = ("existente", "privado", "embebido", "grabacion")
#: Los que pone en marcha el kit: su supervisor los levanta si se caen y abre los puertos que publican.
OWN_KINDS = ("privado", "embebido")
_PACKING = "containerd"
NODE_KIND = "nodo"
"""Un motor privado de más, con los datos vacíos, al que se despliega; nadie construye en él."""


@dataclass(frozen=True)
class EngineInfo:
    """Con qué motor se tomó una medida.

    ``kind`` es uno de ``KINDS``; ``version`` la del motor; ``store`` su almacén de imágenes
    (``overlay2``, ``containerd``...); ``architecture`` en los nombres de Docker (``amd64``).
    """

    kind: str
    name: str
    version: str
    api_version: str
    store: str
    architecture: str

    @property
    def packs_layers(self) -> bool:
        """Si su almacén guarda las capas comprimidas, y así las entrega."""
        return self.store == _PACKING

    @property
    def label(self) -> str:
        """Una línea para poner junto a cada cifra."""
        return f"{self.name} {self.version} · almacén {self.store} · {self.architecture} · motor {self.kind}"


@dataclass(frozen=True)
class Rejected:
    """Un candidato que no se eligió y por qué."""

    kind: str
    where: str
    reason: str

    @property
    def name(self) -> str:
        """Cuál es, y dónde se buscó si se buscó en algún sitio: ``existente (tcp://equipo:2375)``."""
        return f"{self.kind} ({self.where})" if self.where else self.kind


@dataclass(frozen=True)
class Choice:
    """El resultado del descubrimiento: ``host`` es la URL de Docker o ``""`` si no hay motor posible.

    ``endpoint`` dice además cómo se habla con él (TLS, proxy), si no basta con la URL.
    """

    kind: str
    host: str
    where: str
    rejected: tuple[Rejected, ...] = field(default=())
    endpoint: Endpoint | None = None

    @property
    def available(self) -> bool:
        """Hay un motor real con el que construir."""
        return bool(self.host)


def describe(client: docker.DockerClient, kind: str = "existente") -> EngineInfo:
    """Pregunta al motor qué es. Lanza los errores de docker-py si no contesta."""
    version: dict[str, Any] = client.version()
    info: dict[str, Any] = client.info()
    status = {str(key): str(value) for key, value in (info.get("DriverStatus") or [])}
    store = _PACKING if "io.containerd" in status.get("driver-type", "") else str(info.get("Driver", "?"))
    components = {c.get("Name", "") for c in version.get("Components") or []}
    name = "Podman" if any("Podman" in c for c in components) else "Docker Engine"
    return EngineInfo(
        kind=kind,
        name=name,
        version=str(version.get("Version", "?")).split("+")[0],
        api_version=str(version.get("ApiVersion", "?")),
        store=store,
        architecture=str(version.get("Arch", "?")),  # la de «info» es la del núcleo: x86_64
    )
