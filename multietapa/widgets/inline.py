"""Un texto nuestro, en HTML: entre comillas invertidas, código; entre dos asteriscos, negrita."""

from __future__ import annotations

import html
import re


def inline(text: str) -> str:
    """Una línea de Markdown en HTML, sin etiquetas que no sean ``code`` y ``strong``."""
    marked = re.sub(r"`([^`]+)`", r"<code>\1</code>", html.escape(text, quote=False))
    return re.sub(r"\*\*([^*]+)\*\*", r"<strong>\1</strong>", marked)
