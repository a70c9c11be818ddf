"""El manifiesto de una imagen: sus capas, lo que pesa cada una comprimida y cuál es su configuración."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import requests
import urllib3

from multietapa.errors import ArchiveError, RegistryError

#: Lo que se entiende: los índices (una imagen para cada plataforma) y los manifiestos, de OCI y de Docker.
INDEXES = (
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)
MANIFESTS = (
    "application/vnd.oci.image.manifest.v1+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
ANSWER_SECONDS = 30.0
_LARGEST = 4 << 20  # bytes de un manifiesto o una configuración; los de verdad ocupan unos pocos kB
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True)
class Blob:
    """Algo que el registro guarda por su digest: ``size`` son sus bytes, tal como viaja."""

    digest: str
    size: int
    media_type: str = ""


@dataclass(frozen=True)
class Manifest:
    """Una imagen en un registro: sus capas, de abajo arriba, y el digest de cada una ya abierta."""

    digest: str
    config: Blob
    layers: tuple[Blob, ...]
    diff_ids: tuple[str, ...] = ()

    @property
    def distinct(self) -> tuple[Blob, ...]:
        """Sus capas, una sola vez cada una: la que se repite viaja una vez."""
        return tuple({layer.digest: layer for layer in self.layers}.values())


class RegistryClient:
    """Habla con un registro sin contraseña en ``address`` (nombre y puerto), sin pasar por ningún proxy.

    ``connections`` son las que puede tener abiertas a la vez. Se cierra con ``close``.
    """

    def __init__(self, address: tuple[str, int], *, connections: int = 1) -> None:
        host, port = address
        self._root = f"http://{f'[{host}]' if ':' in host else host}:{port}"
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=connections))

    def close(self) -> None:
        """Cierra sus conexiones."""
        self._session.close()

    def images(self) -> list[str]:
        """Lo que guarda, ordenado: ``repositorio:etiqueta``. Lanza :class:`RegistryError` si no contesta."""
        found = []
        for repository in self._named("/v2/_catalog?n=1000", "repositories", "la lista de lo que guarda"):
            path = f"/v2/{repository}/tags/list"
            tags = self._named(path, "tags", f"las etiquetas de {repository}")
            found += [f"{repository}:{tag}" for tag in tags]
        return sorted(found)

    def open_blob(self, repository: str, digest: str) -> requests.Response:
        """La respuesta con los bytes de un *blob*, por leer. Lanza ``RegistryError`` si no la da."""
        return self._get(f"/v2/{repository}/blobs/{digest}", what=f"la capa {digest[:19]}")

    def manifest(self, repository: str, reference: str, *, architecture: str) -> Manifest:
        """El manifiesto de ``repository:reference`` (etiqueta o digest) para esa arquitectura de Linux.

        Lanza :class:`RegistryError` si el registro no contesta, no la tiene o no es para ella, y
        :class:`ArchiveError` si lo que da no es un manifiesto o no es el que dice su digest.
        """
        found, digest = self._document(repository, reference)
        if found.get("mediaType") in INDEXES or "manifests" in found:
            chosen = _for_platform(found, architecture, f"{repository}:{reference}")
            found, digest = self._document(repository, chosen)
        if found.get("schemaVersion") != 2 or "layers" not in found:
            raise _strange(
                f"{repository}:{reference}", "no es un manifiesto de imagen de OCI ni de Docker v2"
            )
        config = _blob(found.get("config"))
        layers = tuple(_blob(item) for item in found["layers"])
        settings = self._json(f"/v2/{repository}/blobs/{config.digest}", "la configuración", config.digest)
        diff_ids = tuple(map(str, (settings.get("rootfs") or {}).get("diff_ids") or ()))
        if diff_ids and len(diff_ids) != len(layers):
            raise _strange(f"{repository}:{reference}", "su configuración no tiene las mismas capas")
        return Manifest(digest, config, layers, diff_ids)

    def _named(self, path: str, key: str, what: str) -> list[str]:
        return [str(name) for name in _parsed(self._read(path, what, {}), what).get(key) or ()]

    def _document(self, repository: str, reference: str) -> tuple[dict[str, Any], str]:
        expected = reference if _DIGEST.fullmatch(reference) else ""
        path = f"/v2/{repository}/manifests/{reference}"
        accept = {"Accept": ", ".join((*INDEXES, *MANIFESTS))}
        data = self._read(path, f"{repository}:{reference}", accept)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        if expected and digest != expected:
            raise _strange(f"{repository}@{reference[:19]}", "no es lo que dice su digest")
        return _parsed(data, f"{repository}:{reference}"), digest

    def _json(self, path: str, what: str, digest: str) -> dict[str, Any]:
        data = self._read(path, what, {})
        if f"sha256:{hashlib.sha256(data).hexdigest()}" != digest:
            raise _strange(what, "no es lo que dice su digest")
        return _parsed(data, what)

    def _read(self, path: str, what: str, headers: Mapping[str, str]) -> bytes:
        answer = self._get(path, what=what, headers=headers)
        try:
            data = bytes(answer.raw.read(_LARGEST + 1, decode_content=True))
        except (urllib3.exceptions.HTTPError, OSError) as problem:
            raise unanswered(what, str(problem)) from problem
        finally:
            answer.close()
        if len(data) > _LARGEST:
            raise _strange(what, f"ocupa más de {_LARGEST} bytes")
        return data

    def _get(self, path: str, *, what: str, headers: Mapping[str, str] | None = None) -> requests.Response:
        try:
            answer = self._session.get(
                self._root + path,
                headers={"Accept-Encoding": "identity", **(headers or {})},
                stream=True,
                timeout=(10.0, ANSWER_SECONDS),
                allow_redirects=False,
            )
        except (requests.RequestException, OSError) as problem:
            raise unanswered(what, str(problem)) from problem
        if answer.status_code == 200:
            return answer
        with answer:
            said = next(answer.iter_content(400), b"").decode("utf-8", "replace").strip()
        if answer.status_code == 404:
            raise RegistryError(
                f"El registro no tiene {what}.",
                detail=said,
                next_step="Súbela antes, o comprueba su nombre y su etiqueta.",
            )
        raise RegistryError(
            f"El registro no da {what}.",
            why=f"Contestó con el código {answer.status_code}.",
            detail=said,
            next_step="Repite la celda; si vuelve a pasar, bórralo con limpiar().",
        )


def unanswered(what: str, said: str) -> RegistryError:
    """El error de un registro que deja de contestar mientras se le pedía ``what``."""
    return RegistryError(
        f"El registro dejó de contestar cuando se le pedía {what}.",
        why=said,
        next_step="Si lo paraste, repite la celda: vuelve a ponerse en marcha.",
    )


def _for_platform(index: Mapping[str, Any], architecture: str, what: str) -> str:
    """El digest, en un índice, de la imagen de Linux para esa arquitectura."""
    known = []
    for item in index.get("manifests") or ():
        platform = item.get("platform") or {}
        name = f"{platform.get('os', '?')}/{platform.get('architecture', '?')}"
        if name == f"linux/{architecture}":
            return _blob(item).digest
        if name != "unknown/unknown":  # certificaciones de BuildKit
            known.append(name)
    raise RegistryError(
        f"{what} no está para linux/{architecture}.",
        why=f"Solo hay para {', '.join(known)}." if known else "Su índice está vacío.",
        next_step="Constrúyela para esta plataforma, o elige otra imagen.",
    )


def _blob(item: Any) -> Blob:
    if not isinstance(item, dict) or not _DIGEST.fullmatch(str(item.get("digest"))):
        raise _strange("la imagen", "uno de sus digest no es un sha256")
    size = item.get("size")
    if not isinstance(size, int) or size < 0:
        raise _strange("la imagen", "uno de sus tamaños no es un número")
    return Blob(str(item["digest"]), size, str(item.get("mediaType", "")))


def _parsed(data: bytes, what: str) -> dict[str, Any]:
    try:
        found = json.loads(data)
    except ValueError as problem:
        raise _strange(what, "no es JSON") from problem
    if not isinstance(found, dict):
        raise _strange(what, "no es un objeto JSON")
    return found


def _strange(what: str, why: str) -> ArchiveError:
    return ArchiveError(
        f"Lo que da el registro de {what} no se entiende.",
        why=f"Su descripción {why}." if not why.startswith("no ") else f"Lo que contesta {why}.",
        next_step="Comprueba que es una imagen de contenedor, y vuelve a subirla.",
    )
