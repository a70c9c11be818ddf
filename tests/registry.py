"""Registros para las pruebas, dentro del motor que se prueba: uno de verdad y otros que se portan mal.

El de verdad es el paquete ``docker-registry`` de Debian con su libc, como imagen ``FROM scratch``. La imagen
se hace una vez y se guarda en la caché del kit. Todos escuchan en el 127.0.0.1 del motor, que no pide TLS.
"""

from __future__ import annotations

import hashlib
import io
import json
import platform
import shutil
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from multietapa.bases.equivalent import ARCHITECTURES
from multietapa.engine.bundle.apt import PrivateApt, missing_reason, package_name, unpack
from multietapa.engine.bundle.make import SUITE
from multietapa.identity import SESSION_VARIABLE, labels
from multietapa.image.write import write_image, write_layer
from multietapa.paths import cache_dir
from tests.conftest import BASE_IMAGE, unavailable, until
from tests.crafted import digest

REGISTRY_IMAGE = "multietapa-pruebas/registro:1"
PORT = "5000/tcp"
CONFIG = """\
version: 0.1
log:
  accesslog:
    disabled: true
storage:
  filesystem:
    rootdirectory: /registro
  delete:
    enabled: true
http:
  addr: :5000
"""
PACKAGES = ("docker-registry", "libc6")
#: Lo que el registro abre, de esos paquetes: el programa, la libc y su cargador.
KEPT = ("usr/bin/docker-registry", "usr/lib/*/libc.so.6", "usr/lib/*/ld-linux-*", "usr/lib64/*", "lib*")
#: «ana» con la contraseña «secreta».
PASSWORDS = "ana:$2b$04$r5y3KJWx9TdJ2VIIH4BeDuvpVKmRaPeOX2wootO74Qa.1a56/ICCW\n"


@dataclass(frozen=True)
class Registry:
    """Un registro en marcha; ``host`` es cómo lo llama el motor: ``127.0.0.1:NNNN``."""

    client: docker.DockerClient
    container: Any
    host: str

    @property
    def port(self) -> int:
        """Su puerto, en el 127.0.0.1 del motor."""
        return int(self.host.rpartition(":")[2])

    def push(self, image: str, name: str, *, auth: dict[str, str] | None = None) -> str:
        """Sube ``image`` con el nombre ``name`` y olvida esa etiqueta en el motor. Devuelve ``host/name``."""
        remote = f"{self.host}/{name}"
        repository, _, tag = remote.rpartition(":")
        assert self.client.api.tag(image, repository, tag, force=True)
        answers = self.client.images.push(repository, tag, stream=True, decode=True, auth_config=auth)
        failed = [answer["error"] for answer in answers if "error" in answer]
        self.client.images.remove(remote, noprune=True)
        assert failed == []
        return remote


@contextmanager
def registry(
    client: docker.DockerClient, *, port: int | None = None, private: bool = False
) -> Iterator[Registry]:
    """Un registro vacío en el motor de ``client``; con ``private``, solo entra «ana», con «secreta»."""
    _load_registry(client)
    variables: dict[str, str] = {}
    files: dict[str, str] = {}
    if private:
        variables |= {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_REALM": "pruebas"}
        variables |= {"REGISTRY_AUTH_HTPASSWD_PATH": "/claves"}
        files["claves"] = PASSWORDS
    try:
        with _listening(client, REGISTRY_IMAGE, None, variables, files, port) as found:
            until(lambda: b"listening on" in found.container.logs())
            yield found
    finally:
        with suppress(docker.errors.DockerException, OSError):  # si la usa otro, se queda
            client.images.remove(REGISTRY_IMAGE)


@contextmanager
def broken_registry(client: docker.DockerClient, layer: str) -> Iterator[Registry]:
    """Un registro que tiene ``imagen:1`` y entrega su única capa como digan las órdenes ``layer`` de ``sh``.

    Dice que la capa ocupa un millón de bytes. Con ``layer`` vacío acepta la conexión y no contesta nunca.
    """
    files = {"atiende": _server(layer) if layer else "#!/bin/sh\nsleep 600\n", "vacio": "{}"}
    files |= {"config": _IMAGE_CONFIG, "manifiesto": _MANIFEST}
    command = ["busybox", "nc", "-ll", "-p", "5000", "-e", "/atiende"]
    with _listening(client, BASE_IMAGE, command, {}, files, None) as found:
        yield found


_LAYER = digest(b"x" * 1_000_000)
_IMAGE_CONFIG = json.dumps(
    {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [_LAYER]}}
)
_KIND = "application/vnd.docker.distribution.manifest.v2+json"
_MANIFEST = json.dumps(
    {
        "schemaVersion": 2,
        "mediaType": _KIND,
        "config": {
            "mediaType": "application/vnd.docker.container.image.v1+json",
            "size": len(_IMAGE_CONFIG),
            "digest": digest(_IMAGE_CONFIG.encode()),
        },
        "layers": [
            {
                "mediaType": "application/vnd.docker.image.rootfs.diff.tar",
                "size": 1_000_000,
                "digest": _LAYER,
            }
        ],
    }
)


def _server(layer: str) -> str:
    """El guion que atiende una conexión: la API de un registro, con una sola imagen."""
    return f"""#!/bin/sh
read -r -n 4 method  # a lo que no es HTTP (el motor prueba antes con TLS) se le cuelga
case $method in GET|HEAD) ;; *) exit;; esac
read -r path version
while read -r line && [ "$line" != "$(printf '\\r')" ]; do :; done
answer() {{ printf 'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Type: %s\\r\\n%s\\r\\n' "$1" "$2"; }}
whole() {{ answer "$1" "Content-Length: $(wc -c < $2)
Docker-Content-Digest: $3
"; [ $method = HEAD ] || cat $2; }}
case $path in
  */manifests/*) whole {_KIND} /manifiesto {digest(_MANIFEST.encode())};;
  */blobs/{digest(_IMAGE_CONFIG.encode())}) whole application/json /config {digest(_IMAGE_CONFIG.encode())};;
  */blobs/*) {layer};;
  *) whole application/json /vacio '';;
esac
"""


@contextmanager
def _listening(
    client: docker.DockerClient,
    image: str,
    command: list[str] | None,
    variables: Mapping[str, str],
    files: Mapping[str, str],
    port: int | None,
) -> Iterator[Registry]:
    container = client.containers.create(
        image,
        command,
        environment=dict(variables),
        labels=labels({SESSION_VARIABLE: "registro-de-pruebas"}),
        ports={PORT: ("127.0.0.1", port)},
        use_config_proxy=False,
    )
    try:
        with io.BytesIO() as archive:
            with tarfile.open(fileobj=archive, mode="w") as tar:
                for name, content in files.items():
                    entry = tarfile.TarInfo(name)
                    entry.mode, entry.size = 0o755, len(content.encode())
                    tar.addfile(entry, io.BytesIO(content.encode()))
            container.put_archive("/", archive.getvalue())
        container.start()
        bindings = client.api.inspect_container(container.id)["NetworkSettings"]["Ports"][PORT]
        yield Registry(client, container, f"127.0.0.1:{bindings[0]['HostPort']}")
    finally:
        with suppress(docker.errors.DockerException, OSError):
            container.remove(force=True, v=True)


def _load_registry(client: docker.DockerClient) -> None:
    with suppress(docker.errors.ImageNotFound):
        client.images.get(REGISTRY_IMAGE)
        return
    with _saved_image().open("rb") as archive:
        client.images.load(archive)


def _saved_image() -> Path:
    """El archivo de la imagen del registro, en la caché; se descarga una vez."""
    folder = cache_dir() / "pruebas"
    folder.mkdir(parents=True, exist_ok=True)
    key = hashlib.sha256(repr((PACKAGES, KEPT, SUITE, CONFIG)).encode()).hexdigest()[:12]
    saved = folder / f"registro-{key}.tar"
    if not saved.exists():
        if reason := missing_reason():
            unavailable(f"no se puede descargar el registro: {reason}")
        with tempfile.TemporaryDirectory(prefix="registro-", dir=folder) as work:
            _make(Path(work)).replace(saved)
    return saved


def _make(work: Path) -> Path:
    apt = PrivateApt(work / "apt", suite=SUITE)
    apt.update()
    unpack([deb for deb in apt.download(PACKAGES) if package_name(deb) in PACKAGES], work / "todo")
    root = work / "raiz"
    for pattern in KEPT:
        for path in (work / "todo").glob(pattern):
            target = root / path.relative_to(work / "todo")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target, follow_symlinks=False)
    (root / "config.yml").write_text(CONFIG)
    layer = write_layer(root, work / "capa.tar", created_by="docker-registry de Debian, para las pruebas")
    config = {"Entrypoint": ["/usr/bin/docker-registry", "serve", "/config.yml"], "ExposedPorts": {PORT: {}}}
    config |= {"Labels": labels({SESSION_VARIABLE: "registro-de-pruebas"})}
    architecture = ARCHITECTURES[platform.machine()][0]
    write_image(
        [layer], work / "imagen.tar", reference=REGISTRY_IMAGE, config=config, architecture=architecture
    )
    return work / "imagen.tar"
