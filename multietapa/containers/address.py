"""La dirección de un puerto publicado: para pedirla desde el cuaderno y para abrirla en el navegador."""

from __future__ import annotations

import html
import importlib.util
import os
from collections.abc import Mapping
from urllib.parse import urlsplit

HUB_PREFIX = "JUPYTERHUB_SERVICE_PREFIX"
CODESPACE = "CODESPACE_NAME"
CODESPACE_DOMAIN = "GITHUB_CODESPACES_PORT_FORWARDING_DOMAIN"


class Direccion(str):
    """Una URL que sirve en el cuaderno (``urlopen(direccion)``) y que, al mostrarla, se puede pulsar."""

    @property
    def enlace(self) -> str:
        """Lo que hay que abrir en el navegador; ``""`` si desde él no se llega.

        En un JupyterHub (Binder) pasa por jupyter-server-proxy; en un Codespace, por su redirección.
        """
        return browser_link(self)

    def _repr_html_(self) -> str:
        link = self.enlace
        shown = html.escape(str(self))
        if not link:
            return (
                f"<code>{shown}</code> (solo se llega desde los cuadernos: este servidor no tiene "
                "jupyter-server-proxy)"
            )
        return f'<a href="{html.escape(link)}" target="_blank" rel="noopener">{shown} ↗</a>'


def browser_link(url: str, env: Mapping[str, str] | None = None) -> str:
    """La dirección con la que un navegador llega a ``url``, que es de la máquina donde corre el kernel."""
    values = os.environ if env is None else env
    parts = urlsplit(url)
    port = parts.port or 80
    if prefix := values.get(HUB_PREFIX, ""):
        if importlib.util.find_spec("jupyter_server_proxy") is None:
            return ""
        return f"{prefix.rstrip('/')}/proxy/{port}{parts.path or '/'}"
    if (name := values.get(CODESPACE)) and (domain := values.get(CODESPACE_DOMAIN)):
        return f"https://{name}-{port}.{domain}{parts.path or '/'}"
    return url
