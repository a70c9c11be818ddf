"""El nombre de una imagen: si el motor lo acepta y, si no, por qué.

La gramática es la de ``distribution/reference``, la biblioteca que usan el motor y BuildKit.
"""

from __future__ import annotations

import re

_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_TAG = r"\w[\w.-]{0,127}"
_DIGEST = r"[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>{_DOMAIN})/)?(?P<path>{_PART}(?:/{_PART})*)(?::(?P<tag>{_TAG}))?(?:@(?P<digest>{_DIGEST}))?",
    re.ASCII,
)
_ID = re.compile(r"[a-f0-9]{64}")
_DIGESTS = re.compile(r"sha256:[a-f0-9]{64}|sha384:[a-f0-9]{96}|sha512:[a-f0-9]{128}")
_LONGEST = 255


def split_domain(name: str) -> tuple[str, str]:
    """El registro que nombra la referencia (o ``""``, que es Docker Hub) y el resto."""
    first, slash, rest = name.partition("/")
    named = first == "localhost" or set(".:") & set(first) or first.lower() != first
    return (first, rest) if slash and named else ("", name)


def invalid_reference(name: str) -> tuple[str, str]:
    """Por qué el motor no acepta ``name`` como imagen y cómo escribirla; dos ``""`` si la acepta."""
    if _ID.fullmatch(name):
        return "Es el identificador de una imagen, y ahí va su nombre.", "Usa su nombre y su etiqueta."
    domain, rest = split_domain(name)
    repository = rest.partition(":")[0]
    if repository.lower() != repository:
        lower = repository.partition("@")[0].lower() + rest[len(repository.partition("@")[0]) :]
        right = f"{domain}/{lower}" if domain else lower
        return f"El nombre de una imagen va en minúsculas, y «{name}» no lo está.", f"Escribe «{right}»."
    hub = domain in ("", "docker.io", "index.docker.io")
    full = f"{'docker.io' if hub else domain}/{'library/' if hub and '/' not in rest else ''}{rest}"
    found = _REFERENCE.fullmatch(full)
    if found is None:
        return _shape(name, rest)
    if len(found["path"]) > _LONGEST:
        return f"El nombre de la imagen pasa de {_LONGEST} caracteres.", "Escribe uno más corto."
    if found["digest"] and not _DIGESTS.fullmatch(found["digest"]):
        why = f"«{found['digest']}» no es la huella de una imagen."
        return why, "Una huella es «sha256:» y 64 cifras hexadecimales en minúsculas."
    return "", ""


def short_name(name: str) -> str:
    """El nombre como lo escribe una persona: sin ``docker.io``, sin ``library`` y sin ``:latest``.

    Así busca BuildKit los contextos con nombre.
    """
    domain, rest = split_domain(name)
    if domain in ("", "docker.io", "index.docker.io"):
        domain, rest = "", rest.removeprefix("library/") if rest.count("/") == 1 else rest
    return f"{domain}/{rest}".removeprefix("/").removesuffix(":latest")


def _shape(name: str, rest: str) -> tuple[str, str]:
    """La explicación de un nombre que no tiene forma de imagen."""
    step = "Escribe «nombre:etiqueta», como «node:14-alpine»."
    if not name:
        return "El nombre de la imagen está vacío.", step
    if any(char.isspace() for char in name):
        return f"«{name}» lleva un espacio, y el nombre de una imagen no puede.", step
    _, colon, tag = rest.partition("@")[0].partition(":")
    if colon and not re.fullmatch(_TAG, tag, re.ASCII):
        if not tag:
            return f"A «{name}» le falta la etiqueta: detrás de «:» no hay nada.", step
        return f"«{tag}» no sirve como etiqueta de una imagen.", step
    return f"«{name}» no es un nombre de imagen válido.", step
