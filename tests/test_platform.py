"""Una imagen que está en el motor, pero solo para otro procesador: no falta, es para otro."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from multietapa.build.pipeline import build_events
from multietapa.cells.comparar import comparar
from multietapa.errors import BaseImageError, MultietapaError
from tests.conftest import SecondEngine
from tests.crafted import config, digest, entry, layer, tar_of

NAME = "multietapa-pruebas/ajena:1"
OCI = "application/vnd.oci.image."


def oci_archive(name: str, *, own: str, other: str) -> bytes:
    """Un archivo OCI que anuncia dos plataformas, y de ``own`` no trae nada, como al bajar la otra."""
    blobs: dict[str, bytes] = {}

    def described(content: bytes, kind: str, *, kept: bool = True) -> dict[str, object]:
        if kept:
            blobs[digest(content)] = content
        return {"mediaType": f"{OCI}{kind}", "digest": digest(content), "size": len(content)}

    manifests = []
    for architecture in (own, other):
        kept = architecture == other
        tar = layer(entry("a.txt", architecture.encode()))
        layers = [described(tar, "layer.v1.tar", kept=kept)]
        settings = json.dumps(json.loads(config([tar])) | {"architecture": architecture}).encode()
        manifest = {"schemaVersion": 2, "mediaType": f"{OCI}manifest.v1+json", "layers": layers}
        manifest["config"] = described(settings, "config.v1+json", kept=kept)
        found = described(json.dumps(manifest).encode(), "manifest.v1+json", kept=kept)
        manifests.append(found | {"platform": {"architecture": architecture, "os": "linux"}})
    index = {"schemaVersion": 2, "mediaType": f"{OCI}index.v1+json", "manifests": manifests}
    top = described(json.dumps(index).encode(), "index.v1+json")
    top["annotations"] = {"io.containerd.image.name": f"docker.io/{name}"}
    files = {f"blobs/{key.replace(':', '/')}": content for key, content in blobs.items()}
    files["index.json"] = json.dumps({"schemaVersion": 2, "manifests": [top]}).encode()
    return tar_of({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', **files})


def old_archive(name: str, architecture: str) -> bytes:
    """La misma, en el formato antiguo, que solo lleva una plataforma."""
    tar = layer(entry("a.txt", b"x"))
    settings = json.dumps(json.loads(config([tar])) | {"architecture": architecture}).encode()
    manifest = [{"Config": "c.json", "RepoTags": [name], "Layers": ["capa.tar"]}]
    return tar_of({"c.json": settings, "capa.tar": tar, "manifest.json": json.dumps(manifest).encode()})


@pytest.mark.parametrize("containerd", [False, True], ids=["overlay2", "containerd"])
def test_an_image_of_another_platform_is_not_missing(
    second_engine_factory: SecondEngine, tmp_path: Path, containerd: bool
) -> None:
    """Construir con ella dice para qué plataforma es; compararla también, si el motor no la puede dar."""
    (tmp_path / "a.txt").write_text("hola")
    with second_engine_factory(containerd=containerd) as (client, _):
        own = str(client.version()["Arch"])
        other = "arm64" if own == "amd64" else "amd64"
        if containerd:
            client.images.load(oci_archive(NAME, own=own, other=other))
        else:
            client.images.load(old_archive(NAME, other))
        for builder in ("buildkit", "clasico") if containerd else ("buildkit",):
            text = f"FROM {NAME}\nCOPY a.txt /b\n"
            with pytest.raises(
                BaseImageError, match=f"«{NAME}» está en el motor, pero es para linux/{other}"
            ):
                list(build_events(client, tmp_path, tag="a:1", dockerfile=text, builder=builder))
        if containerd:
            with pytest.raises(
                MultietapaError, match=f"está en el motor, pero es para linux/{other}"
            ) as caught:
                comparar(NAME, cliente=client, vista=False)
            assert f"docker pull --platform linux/{own} {NAME}" in caught.value.next_step
        else:
            assert comparar(NAME, cliente=client, vista=False).tabla[0]["arquitectura"] == other
