"""La dirección de un puerto: el mismo texto para el cuaderno, y el enlace que toca para el navegador."""

from __future__ import annotations

import importlib.util

import pytest

from multietapa.containers.address import Direccion, browser_link

URL = "http://127.0.0.1:20001"


def test_it_is_still_the_url() -> None:
    """Sirve donde sirve un texto, y al mostrarla se puede pulsar."""
    assert f"{Direccion(URL)}/salud" == f"{URL}/salud"
    assert f'href="{URL}"' in Direccion(URL)._repr_html_()


def test_behind_a_hub_it_goes_through_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """En Binder pasa por jupyter-server-proxy; sin él, se dice que desde el navegador no se llega."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: object())
    monkeypatch.setenv("JUPYTERHUB_SERVICE_PREFIX", "/user/ana/")
    assert Direccion(URL).enlace == "/user/ana/proxy/20001/"
    assert 'href="/user/ana/proxy/20001/"' in Direccion(URL)._repr_html_()
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert Direccion(URL).enlace == ""
    assert "jupyter-server-proxy" in Direccion(URL)._repr_html_()


def test_in_a_codespace_it_goes_through_its_forwarding() -> None:
    """En un Codespace, el puerto tiene su propio nombre público."""
    env = {"CODESPACE_NAME": "ana-1", "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN": "ejemplo.dev"}
    assert browser_link(URL, env) == "https://ana-1-20001.ejemplo.dev/"
    assert browser_link(URL, {}) == URL
