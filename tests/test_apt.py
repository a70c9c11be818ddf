"""Paquetes de Debian sin instalar nada: de dónde se bajan, con qué avance y qué pasa cuando no se puede."""

from __future__ import annotations

import subprocess
import threading
import time
from pathlib import Path

import pytest

from multietapa.engine.bundle import apt
from multietapa.engine.bundle.apt import PrivateApt, system_mirrors, unpack
from multietapa.engine.bundle.make import SUITE
from multietapa.errors import BundleError
from tests.conftest import unavailable

DEB822 = """\
Types: deb
URIs: http://espejo.ejemplo/debian
Suites: bookworm bookworm-updates
Components: main

Types: deb
URIs: http://espejo.ejemplo/debian-security
Suites: bookworm-security
Components: main

Types: deb
Enabled: no
URIs: http://apagado.ejemplo/debian
Suites: bookworm
"""
CLASSIC = """\
# deb http://comentado.ejemplo/debian bookworm main
deb [signed-by=/x.gpg] http://otro.ejemplo/debian/ bookworm main contrib
deb-src http://fuentes.ejemplo/debian bookworm main
"""


@pytest.fixture
def real_apt(tmp_path: Path) -> PrivateApt:
    """Un apt con estado propio, con el índice ya leído."""
    if reason := apt.missing_reason():
        unavailable(reason)
    private = PrivateApt(tmp_path / "apt", suite=SUITE)
    private.update()
    return private


def test_mirrors_come_from_the_systems_own_sources(tmp_path: Path) -> None:
    """Los espejos son los del sistema, en sus dos formatos, sin los de seguridad ni los apagados."""
    (tmp_path / "sources.list.d").mkdir()
    (tmp_path / "sources.list.d/debian.sources").write_text(DEB822)
    (tmp_path / "sources.list").write_text(CLASSIC)
    assert system_mirrors(tmp_path) == ("http://otro.ejemplo/debian", "http://espejo.ejemplo/debian")


def test_downloads_with_progress_and_unpacks_without_scripts(real_apt: PrivateApt, tmp_path: Path) -> None:
    """Un paquete se baja con su avance de 0 a 100 y se abre sin que quede nada instalado."""
    seen: list[int] = []
    debs = [deb for deb in real_apt.download(["tini-static"], percent=seen.append) if "tini" in deb.name]
    assert seen == sorted(seen)
    assert seen[-1] == 100
    unpack(debs, tmp_path / "raiz")
    assert (tmp_path / "raiz/usr/bin/tini-static").exists()


def test_a_package_that_does_not_exist_is_explained(real_apt: PrivateApt) -> None:
    """Si apt no puede, el error dice qué dijo apt y qué hacer."""
    with pytest.raises(BundleError, match="no-existe-multietapa") as raised:
        real_apt.download(["no-existe-multietapa"])
    assert "Qué hacer" in str(raised.value)


def test_an_interruption_stops_apt(real_apt: PrivateApt) -> None:
    """Una interrupción durante la descarga mata también a apt-get."""
    before = threading.active_count()

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        real_apt.download(["docker.io"], percent=interrupt)
    time.sleep(0.1)
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True).stdout
    assert str(real_apt.work) not in listed
    assert threading.active_count() == before
