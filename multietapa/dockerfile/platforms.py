"""Las plataformas, ``linux/arm64``: cómo se escriben y cómo las entiende BuildKit.

Los nombres son los de Go, con los que también se dicen de otra manera (``aarch64``, ``x86_64``, ``armhf``).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from multietapa.errors import closest

SYSTEMS = tuple(
    "linux windows darwin freebsd netbsd openbsd dragonfly solaris illumos aix android ios js plan9".split()
)
ARCHITECTURES = tuple(
    "amd64 arm64 arm 386 riscv64 ppc64le s390x loong64 mips64le mips64 mipsle mips ppc64 wasm".split()
)
_ALIASES = {
    "x86_64": ("amd64", ""),
    "x86-64": ("amd64", ""),
    "aarch64": ("arm64", ""),
    "i386": ("386", ""),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}
_PLAIN_ARM64 = ("", "8", "v8", "v8.0")
_PART = re.compile(r"[A-Za-z0-9_.-]+", re.ASCII)
_EXAMPLE = "Se escribe sistema/procesador, por ejemplo «linux/arm64» o «linux/arm/v7»."


class PlatformError(ValueError):
    """Una plataforma mal escrita: el texto dice por qué, y ``step`` cómo se escribe."""

    def __init__(self, why: str, step: str = _EXAMPLE) -> None:
        super().__init__(why)
        self.step = step


@dataclass(frozen=True)
class Platform:
    """Un sistema, un procesador y, si hace falta, su variante (``v7``). Su texto es ``linux/arm/v7``."""

    os: str
    architecture: str
    variant: str = ""

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))

    def runs_like(self, other: Platform) -> bool:
        """El mismo sistema y el mismo procesador, sin mirar la variante."""
        return (self.os, self.architecture) == (other.os, other.architecture)


def read_platform(text: str, *, architecture: str = "amd64") -> Platform:
    """La plataforma que se escribió; con solo un sistema, la de ``architecture``.

    Lanza :class:`PlatformError`.
    """
    parts = text.strip().split("/")
    if "," in text:
        raise PlatformError(
            f"«{text}» son varias, y una imagen se construye para una.",
            "Construye una vez para cada una, con otra etiqueta.",
        )
    if not 1 <= len(parts) <= 3 or not all(map(_PART.fullmatch, parts)):
        raise PlatformError(f"«{text}» no es una plataforma.")
    first, *rest = (part.lower() for part in parts)
    first = "darwin" if first == "macos" else first
    if not rest and first not in SYSTEMS:
        return Platform("linux", *_processor(first, "", text))
    if first not in SYSTEMS:
        raise PlatformError(f"En «{text}», «{parts[0]}» no es un sistema.", _alike(first, SYSTEMS))
    name, variant = [*(rest or [architecture]), ""][:2]
    return Platform(first, *_processor(name, variant, text))


def _processor(name: str, variant: str, text: str) -> tuple[str, str]:
    """El nombre de Go de un procesador y su variante."""
    name, own = _ALIASES.get(name, (name, ""))
    variant = own or variant
    if name not in ARCHITECTURES:
        raise PlatformError(f"En «{text}», «{name}» no es un procesador.", _alike(name, ARCHITECTURES))
    if name == "arm":
        variant = f"v{variant}" if variant.isdigit() else variant or "v7"
    plain = (name == "arm64" and variant in _PLAIN_ARM64) or (name == "amd64" and variant == "v1")
    return name, "" if plain else variant


def _alike(name: str, valid: tuple[str, ...]) -> str:
    close = closest(name, (*valid, *_ALIASES) if valid is ARCHITECTURES else valid)
    return f"¿Querías decir «{close[0]}»? {_EXAMPLE}" if close else _EXAMPLE
