"""Registros para las pruebas, dentro del motor que se prueba: uno de verdad y otros que se portan mal.

El de verdad es el equivalente de ``registry:3`` que sabe hacer el taller, con las etiquetas de las pruebas.
Se hace una vez y se guarda en la caché del kit. Todos escuchan en el 127.0.0.1 del motor, que no pide TLS.
"""

from __future__ import annotations

import io
import json
import platform
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import docker

from multietapa.bases.equivalent import ARCHITECTURES, Equivalent
from multietapa.bases.families.registry import REFERENCE, recipe
from multietapa.bases.reporting import silent
from multietapa.engine.bundle.apt import missing_reason
from multietapa.identity import SESSION_VARIABLE, labels
from multietapa.image.write import write_image, write_layer
from multietapa.paths import cache_dir
from tests.conftest import BASE_IMAGE, unavailable, until
from tests.crafted import digest

REGISTRY_IMAGE = "multietapa-pruebas/registro:2"
PORT = "5000/tcp"
#: «ana» con la contraseña «secreta».
PASSWORDS = "ana:$2b$04$r5y3KJWx9TdJ2VIIH4BeDuvpVKmRaPeOX2wootO74Qa.1a56/ICCW\n"


@dataclass(frozen=True)
class Registry:
    """Un registro en marcha; ``host`` es cómo lo llama el motor: ``127.0.0.1:NNNN``."""

    client: docker.DockerClient
    container: Any
    host: str

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
def registry(client: docker.DockerClient, *, private: bool = False) -> Iterator[Registry]:
    """Un registro vacío en el motor de ``client``; con ``private``, solo entra «ana», con «secreta»."""
    _load_registry(client)
    variables: dict[str, str] = {}
    files: dict[str, str] = {}
    if private:
        variables |= {"REGISTRY_AUTH": "htpasswd", "REGISTRY_AUTH_HTPASSWD_REALM": "pruebas"}
        variables |= {"REGISTRY_AUTH_HTPASSWD_PATH": "/claves"}
        files["claves"] = PASSWORDS
    try:
        with _listening(client, REGISTRY_IMAGE, None, variables, files) as found:
            until(lambda: b"listening on" in found.container.logs())
            yield found
    finally:
        with suppress(docker.errors.DockerException, OSError):  # si la usa otro, se queda
            client.images.remove(REGISTRY_IMAGE)


@contextmanager
def broken_registry(client: docker.DockerClient, layer: str) -> Iterator[Registry]:
    """Un registro que tiene ``imagen:1`` y entrega su única capa como digan las órdenes ``layer`` de ``sh``.

    Dice que la capa ocupa un millón de bytes.
    """
    blob = digest(b"x" * 1_000_000)
    config = _image_config(blob)
    manifest = _manifest(config, blob, 1_000_000)
    files = {
        "atiende": _server(layer, config, manifest),
        "config": config,
        "manifiesto": manifest,
        "vacio": "{}",
    }
    command = ["busybox", "nc", "-ll", "-p", "5000", "-e", "/atiende"]
    with _listening(client, BASE_IMAGE, command, {}, files) as found:
        yield found


@contextmanager
def token_registry(client: docker.DockerClient, layer: bytes) -> Iterator[Registry]:
    """Un registro con ``imagen:1``, de esa capa, que pide un *token*: lo da a «ana», con «secreta»."""
    config = _image_config(digest(layer))
    files: dict[str, str | bytes] = {
        "config": config,
        "manifiesto": _manifest(config, digest(layer), len(layer)),
    }
    files |= {"capa": layer, "vacio": "{}", "pase": '{"token": "pase"}'}
    files["atiende"] = _server(
        "whole application/octet-stream /capa ''", config, str(files["manifiesto"]), _GATE
    )
    command = ["busybox", "nc", "-ll", "-p", "5000", "-e", "/atiende"]
    with _listening(client, BASE_IMAGE, command, {}, files) as found:
        yield found


_KIND = "application/vnd.docker.distribution.manifest.v2+json"
#: «ana:secreta», como la manda el motor a quien da los *tokens*.
_ANA = "YW5hOnNlY3JldGE="
_GATE = f"""
refuse() {{
  printf 'HTTP/1.1 %s\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n' "$1"
  [ -z "$2" ] || printf '%s\\r\\n' "$2"
  printf '\\r\\n'; exit
}}
case $path in
  /token*) [ "$given" = "Basic {_ANA}" ] || refuse '401 Unauthorized' ''
    whole application/json /pase ''; exit;;
esac
[ "$given" = 'Bearer pase' ] || refuse '401 Unauthorized' \\
  "WWW-Authenticate: Bearer realm=\\"http://$host/token\\",service=\\"prueba\\""
"""


def _image_config(layer: str) -> str:
    return json.dumps(
        {"architecture": "amd64", "os": "linux", "rootfs": {"type": "layers", "diff_ids": [layer]}}
    )


def _manifest(config: str, layer: str, size: int) -> str:
    kind = "application/vnd.docker.container.image.v1+json"
    layers = [{"mediaType": "application/vnd.docker.image.rootfs.diff.tar", "size": size, "digest": layer}]
    head = {"mediaType": kind, "size": len(config), "digest": digest(config.encode())}
    return json.dumps({"schemaVersion": 2, "mediaType": _KIND, "config": head, "layers": layers})


def _server(layer: str, config: str, manifest: str, gate: str = "") -> str:
    """El guion que atiende una conexión: la API de un registro, con una sola imagen.

    ``gate`` son las órdenes que deciden si se entra, con ``$given`` (``Authorization``) y ``$host``.
    """
    return f"""#!/bin/sh
read -r -n 4 method  # el motor prueba antes con TLS: se le dice, como cualquier servidor, que no
case $method in
  GET|HEAD) ;;
  POST) printf 'HTTP/1.1 404 Not Found\\r\\nConnection: close\\r\\nContent-Length: 0\\r\\n\\r\\n'; exit;;
  *) printf 'HTTP/1.0 400 Bad Request\\r\\n\\r\\n'; cat > /dev/null; exit;;
esac
read -r path version
while read -r name value && [ "$name" != "$(printf '\\r')" ]; do
  case $name in [Aa]uthorization:) given="${{value%?}}";; [Hh]ost:) host="${{value%?}}";; esac
done
answer() {{ printf 'HTTP/1.1 200 OK\\r\\nConnection: close\\r\\nContent-Type: %s\\r\\n%s\\r\\n' "$1" "$2"; }}
whole() {{ answer "$1" "Content-Length: $(wc -c < $2)
Docker-Content-Digest: $3
"; [ $method = HEAD ] || cat $2; }}
{gate}
case $path in
  */manifests/*) whole {_KIND} /manifiesto {digest(manifest.encode())};;
  */blobs/{digest(config.encode())}) whole application/json /config {digest(config.encode())};;
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
    files: Mapping[str, str | bytes],
) -> Iterator[Registry]:
    container = client.containers.create(
        image,
        command,
        environment=dict(variables),
        labels=labels({SESSION_VARIABLE: "registro-de-pruebas"}),
        ports={PORT: ("127.0.0.1", None)},
        use_config_proxy=False,
    )
    try:
        with io.BytesIO() as archive:
            with tarfile.open(fileobj=archive, mode="w") as tar:
                for name, content in files.items():
                    entry = tarfile.TarInfo(name)
                    data = content.encode() if isinstance(content, str) else content
                    entry.mode, entry.size = 0o755, len(data)
                    tar.addfile(entry, io.BytesIO(data))
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
    """El archivo de la imagen del registro, en la caché; se hace una vez, como el del taller."""
    wanted = recipe(REFERENCE)
    assert wanted is not None
    folder = cache_dir() / "pruebas"
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / f"registro-{wanted.key}.tar"
    if not saved.exists():
        if reason := missing_reason():
            unavailable(f"no se puede descargar el registro: {reason}")
        with tempfile.TemporaryDirectory(prefix="registro-", dir=folder) as work:
            _make(Path(work), wanted).replace(saved)
    return saved


def _make(work: Path, wanted: Equivalent) -> Path:
    (source,) = wanted.layers
    root = work / "raiz"
    root.mkdir()
    source.fill(root, work, silent)
    layer = write_layer(root, work / "capa.tar", created_by="docker-registry de Debian, para las pruebas")
    config = wanted.config() | {"Labels": labels({SESSION_VARIABLE: "registro-de-pruebas"})}
    architecture = ARCHITECTURES[platform.machine()][0]
    write_image(
        [layer], work / "imagen.tar", reference=REGISTRY_IMAGE, config=config, architecture=architecture
    )
    return work / "imagen.tar"
