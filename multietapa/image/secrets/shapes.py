"""Tokens que se reconocen por su forma: la que publica cada servicio para que se puedan buscar.

Cada uno tiene un **ancla**, unas letras que lleva dentro y que casi nadie más escribe: solo se busca el
ancla, que en ``re`` cuesta lo que un ``find``, y donde aparece se mira si está el token entero. Las de
GitHub, npm, Stripe y otros comparten una: un guion bajo y veinte letras o cifras seguidas.
"""

from __future__ import annotations

import re
from typing import NamedTuple

AWS_SECRET = "clave secreta de AWS"
_LEFT = rb"(?<![A-Za-z0-9_])"
_RIGHT = rb"(?![A-Za-z0-9])"
LETTERS = (b"_", b"-")
"""Las que casi toda ancla lleva y muchos textos no."""
_IS = rb"[\"']?\s*[=:]\s*[\"']?"
_AZURE = rb"[A-Za-z0-9+/]{43}(?:[A-Za-z0-9+/]{43}=)?="


class Shape(NamedTuple):
    """Una forma: ``anchor`` se busca en todo, y ``token`` dice qué es; el valor es el grupo ``v``, o todo.

    ``letter`` es una de ``LETTERS`` que el ancla lleva siempre, o nada: ver que falta cuesta mucho menos que
    buscarla a ella. ``before`` son los bytes que el token tiene delante de su ancla, como mucho; si el ancla
    no es rara, ``ends`` dice cómo acaban.
    """

    anchor: re.Pattern[bytes]
    letter: bytes
    before: int
    ends: tuple[bytes, ...]
    token: re.Pattern[bytes]
    kinds: dict[str, str]


def _shape(anchor: bytes, before: int, ends: str = "", **tokens: tuple[str, bytes]) -> Shape:
    parts = [b"(?P<%s>%s)" % (name.encode(), pattern) for name, (_, pattern) in tokens.items()]
    kinds = {name: kind for name, (kind, _) in tokens.items()}
    endings = tuple(end.encode() for end in ends.split())
    token = re.compile(_LEFT + b"(?:" + b"|".join(parts) + b")")
    letter = next((letter for letter in LETTERS if anchor.partition(b"[")[0].count(letter)), b"")
    return Shape(re.compile(anchor), letter, before, endings, token, kinds)


#: Las que se buscan en cualquier texto.
SHAPES = (
    _shape(
        rb"_[A-Za-z0-9]{20}", 16,
        "ghp gho ghu ghs ghr github_pat npm k_live k_test hf shpat shpca shppa shpss doo_v1 dop_v1 dor_v1",
        github=("token de GitHub", rb"gh[pousr]_[A-Za-z0-9]{36,255}" + _RIGHT),
        github_fine=("token de GitHub", rb"github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}" + _RIGHT),
        npm=("token de npm", rb"npm_[A-Za-z0-9]{36}" + _RIGHT),
        stripe=("clave de Stripe", rb"[sr]k_(?:live|test)_[A-Za-z0-9]{20,247}" + _RIGHT),
        hugging=("token de Hugging Face", rb"hf_[A-Za-z0-9]{34}" + _RIGHT),
        shopify=("token de Shopify", rb"shp(?:at|ca|pa|ss)_[A-Fa-f0-9]{32}" + _RIGHT),
        ocean=("token de DigitalOcean", rb"do[opr]_v1_[a-f0-9]{64}" + _RIGHT),
    ),
    _shape(
        rb"-(?!--)(?=[A-Za-z0-9_-]{16})", 8,
        "glpat glptt gldt glrt glcbt glsoat glft glagent xoxa xoxb xoxe xoxo xoxp xoxr xoxs sk pypi",
        gitlab=("token de GitLab", rb"gl[a-z]{2,5}-[A-Za-z0-9_-]{20,}(?:\.[A-Za-z0-9.]+)?"),
        slack=("token de Slack", rb"xox[abeoprs]-(?=[A-Za-z-]*\d)[0-9A-Za-z-]{20,}"),
        model=("clave de API de un modelo", rb"sk-(?:ant|proj|svcacct)-[A-Za-z0-9_-]{20,}"),
        pypi=("token de PyPI", rb"pypi-AgEI[A-Za-z0-9_-]{50,}"),
    ),
    _shape(rb"kr_pat_", 4, docker=("token de Docker Hub", rb"dckr_pat_[A-Za-z0-9_-]{27}" + _RIGHT)),
    _shape(
        rb"A[KS]IA[A-Z2-7]{16}", 0,
        aws=("identificador de clave de AWS", rb"A[KS]IA[A-Z2-7]{16}" + _RIGHT),
    ),
    _shape(
        rb"AIza[A-Za-z0-9_-]{35}", 0,
        google=("clave de API de Google", rb"AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"),
    ),
    _shape(
        rb"SG\.[A-Za-z0-9_-]{22}\.", 0,
        sendgrid=("clave de SendGrid", rb"SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}" + _RIGHT),
    ),
    _shape(
        rb"Key=[A-Za-z0-9+/]{43}", 12,
        azure=("clave de Azure", rb"(?:Account|SharedAccess)Key=(?P<v2>" + _AZURE + rb")"),
    ),
)  # fmt: skip
#: Las que solo se buscan en la historia y en los archivos de quien hizo la imagen: en los de un sistema o un
#: paquete solo se encontrarían ejemplos.
OWN_SHAPES = (
    _shape(
        rb"hooks\.slack\.com/services/", 8,
        hook=("dirección secreta de Slack", rb"hooks\.slack\.com/services/(?P<v>T\w+/B\w+/\w{20,})"),
    ),
    _shape(
        rb"_authToken", 0,
        authtoken=(
            "token de un registro de npm",
            rb"(?<=:)_authToken\s*=\s*[\"']?(?P<v3>[^\s\"'&;|:]{12,99})",
        ),
    ),
    _shape(
        rb"CESS_KEY", 48,
        aws_upper=(AWS_SECRET, rb"(?:AWS_)?SECRET_ACCESS_KEY" + _IS + rb"(?P<v4>[A-Za-z0-9/+]{40})" + _RIGHT),
    ),
    _shape(
        rb"cess_key", 48,
        aws_lower=(AWS_SECRET, rb"(?:aws_)?secret_access_key" + _IS + rb"(?P<v5>[A-Za-z0-9/+]{40})" + _RIGHT),
    ),
)  # fmt: skip


class Token(NamedTuple):
    """Un token encontrado: qué es y dónde empieza y termina su valor."""

    kind: str
    start: int
    end: int


def token_at(shape: Shape, data: bytes, at: int) -> Token | None:
    """El token que lleva el ancla de ``shape`` en la posición ``at`` de ``data``, o ``None``."""
    if shape.ends and not data.endswith(shape.ends, 0, at):
        return None
    for found in shape.token.finditer(data, max(0, at - shape.before), at + _LONGEST):
        if found.start() > at:
            return None
        if found.end() > at:
            name = next(name for name in shape.kinds if found[name])
            value = next((key for key, got in found.groupdict().items() if key[0] == "v" and got), name)
            return Token(shape.kinds[name], *found.span(value))
    return None


_LONGEST = 1024
