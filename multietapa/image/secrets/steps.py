"""Los secretos que quedan escritos en la historia de una imagen y en su configuración.

``ARG`` y ``ENV`` se guardan con su valor, y ``RUN``, con su texto entero: la lee cualquiera con ``docker
history``. Un ``ARG`` que solo usa una etapa que no acaba en la imagen no está en su historia, y no se puede
encontrar.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from multietapa.image.history import keyword
from multietapa.image.secrets.named import url_passwords
from multietapa.image.secrets.names import is_sensitive
from multietapa.image.secrets.placeholders import is_placeholder
from multietapa.image.secrets.stream import Hit, Scan, scan_data

ARG, ENV, RUN, URL = "valor de ARG", "valor de ENV", "contraseña en una orden", "contraseña en una dirección"
LABEL, START = "valor de LABEL", "valor de la orden de arranque"
_ARGS = re.compile(r"\|(\d+) (.*?) ?(?:/bin/\w*sh -\w*c |/\S+ -\S+ |\[)", re.DOTALL)
_PAIR = re.compile(r"(?:^|\s)([^\W\d][\w.-]*)=")
_VALUE = r"""("(?:[^"\\]|\\.)*"|'[^']*'|[^\s;&|"'`<>)]+)"""
_ASSIGNED = re.compile(rf"(?<![\w$.-])(?:--)?([A-Za-z_][\w-]*(?::_authToken|_password|_auth)?)[=]{_VALUE}")
_NPM = re.compile(rf":(_authToken|_password|_auth)\s*[= ]\s*{_VALUE}")
_WORDS = (
    re.compile(rf"(?<!\S)--(?:password|passwd|token|secret|api-key|auth-token|access-token)\s+{_VALUE}"),
    re.compile(r"(?i)\bauthorization:\s*(?:bearer|basic|token)\s+([^\s\"'\\]+)"),
    re.compile(rf"\bcurl\b[^;&|\n]*?\s(?:-u|--user)[ =]?\s*[\"']?[^\s:\"']+:{_VALUE}"),
    re.compile(r"(?m)\bmachine\s+\S+[^\n]*?\bpassword\s+([^\s\"'\\]+)"),
    re.compile(r"\becho\s+(?:-\w+\s+)?[\"']?[\w-]+:([^\"'|\s]+)[\"']?\s*\|\s*chpasswd"),
    re.compile(r"\bdocker\s+login\b[^;&|\n]*?\s-p\s*([^\s;&|\"']+)"),
)


@dataclass(frozen=True)
class StepHit:
    """Un secreto de la historia: ``step`` es su paso, desde 0, o -1 si está en la configuración."""

    step: int
    hit: Hit
    name: str = ""


def in_steps(history: Sequence[str], config: Mapping[str, Any]) -> list[StepHit]:
    """Los secretos de la historia y la configuración; cada valor una vez, en el primer paso que lo lleva."""
    found: dict[str, StepHit] = {}
    for number, created_by in enumerate(history):
        for name, hit in _of_step(created_by):
            found.setdefault(hit.value, StepHit(number, hit, name))
    for name, hit in _of_config(config):
        found.setdefault(hit.value, StepHit(-1, hit, name))
    return list(found.values())


def environment(config: Mapping[str, Any]) -> dict[str, str]:
    """Las variables con las que arranca la imagen."""
    listed = config.get("Env")
    pairs = (
        (item.partition("=") for item in listed if isinstance(item, str)) if isinstance(listed, list) else ()
    )
    return {name: value for name, _, value in pairs}


def _of_step(created_by: str) -> Iterator[tuple[str, Hit]]:
    word = keyword(created_by)
    given = _ARGS.search(created_by) if word == "RUN" else None
    if given:
        yield from _pairs(given[2], ARG)
    if word in ("ARG", "ENV", "LABEL"):
        rest = created_by.partition(f"{word} ")[2].removesuffix("# buildkit").strip()
        first, space, value = rest.partition(" ")
        if word != "ARG" and space and "=" not in first:  # la forma antigua: ENV NOMBRE valor
            rest = f"{first}={value}"
        yield from _pairs(rest, {"ARG": ARG, "ENV": ENV, "LABEL": LABEL}[word])
        yield from _shaped(created_by)
        return
    yield from _shaped(created_by)
    yield from _written(created_by[given.end() - 1 :] if given else created_by, RUN)


def _of_config(config: Mapping[str, Any]) -> Iterator[tuple[str, Hit]]:
    for name, value in environment(config).items():
        yield from _pair(name, value, ENV)
    labels = config.get("Labels")
    for name, value in labels.items() if isinstance(labels, dict) else ():
        yield from _pair(str(name), str(value), LABEL)
    check = config.get("Healthcheck")
    orders = (
        config.get("Cmd"),
        config.get("Entrypoint"),
        check.get("Test") if isinstance(check, dict) else None,
    )
    for order in orders:
        if isinstance(order, list):
            yield from _written(" ".join(map(str, order)), START)


def _pairs(written: str, kind: str) -> Iterator[tuple[str, Hit]]:
    """Los de una lista ``A=b C=d``; un valor con espacios llega hasta el siguiente nombre."""
    places = [*_PAIR.finditer(written)]
    ends = [place.start() for place in places[1:]] + [len(written)]
    for place, end in zip(places, ends[: len(places)], strict=True):
        value = written[place.end() : end].strip()
        yield from _pair(place[1], value.strip("\"'"), kind)


def _pair(name: str, value: str, kind: str) -> Iterator[tuple[str, Hit]]:
    shaped = [hit for _, hit in _shaped(value)]
    yield from ((name, hit) for hit in shaped)
    inside = [password for password in url_passwords(value) if not is_placeholder(password)]
    yield from ((name, Hit(URL, password)) for password in inside)
    if not shaped and not inside and is_sensitive(name) and not is_placeholder(value, name):
        yield name, Hit(kind, value)


def _shaped(written: str) -> Iterator[tuple[str, Hit]]:
    scan = Scan()
    scan_data(written.encode("utf-8", "replace"), scan)
    yield from (("", hit) for hit in scan.hits)


def _written(order: str, kind: str) -> Iterator[tuple[str, Hit]]:
    """Los del texto de una orden: variables, opciones, cabeceras y direcciones con contraseña."""
    for pattern in (_ASSIGNED, _NPM):
        for found in pattern.finditer(order):
            value = found[2].strip("\"'")
            if (pattern is _NPM or is_sensitive(found[1])) and not is_placeholder(value, found[1]):
                yield found[1], Hit(kind, value)
    values: Iterable[str] = (found[1].strip("\"'") for pattern in _WORDS for found in pattern.finditer(order))
    yield from (("", Hit(kind, value)) for value in values if not is_placeholder(value))
    yield from (("", Hit(URL, value)) for value in url_passwords(order) if not is_placeholder(value))
