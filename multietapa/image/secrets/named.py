"""Los archivos que guardan un secreto por lo que son: ``.npmrc``, ``.netrc``, ``.env``, el de Git...

De cada uno se sabe dónde está su valor, aunque no tenga una forma conocida.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple

from multietapa.image.secrets.names import is_sensitive
from multietapa.image.secrets.placeholders import is_placeholder

LARGEST = 1 << 20
"""Bytes que se leen de uno de estos archivos; en uno mayor solo se buscan las formas conocidas."""
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]{1,20}://([^\s/:@\"'<>]{0,256}):([^\s/@\"'<>]{1,512})@[\w.\[-]")
_VARIABLE = re.compile(r"(?m)^[ \t]*(?:export[ \t]+|set[ \t]+)?([^\W\d][\w.-]*)[ \t]*[=:][ \t]*(.*)$")
#: Un ``.env`` que acaba así es un modelo para copiarlo: va con huecos y en el repositorio.
_MODELS = "example|sample|template|tpl|dist|defaults?|schema|ejemplo|plantilla|muestra"
_COMMENT = re.compile(r"[ \t]#")


class Named(NamedTuple):
    """Una clase de archivo: qué guarda, qué rutas lo son y quién lee sus (nombre o ``""``, valor)."""

    kind: str
    path: re.Pattern[str]
    values: Callable[[str], Iterator[tuple[str, str]]]


def url_passwords(written: str) -> Iterator[str]:
    """Las contraseñas que van dentro de una dirección (``https://usuario:contraseña@sitio``)."""
    for found in _URL.finditer(written):
        yield found[2]


def assignments(written: str) -> Iterator[tuple[str, str]]:
    """Las variables de un ``.env`` con un secreto: por su nombre, o por ser una dirección con contraseña."""
    for found in _VARIABLE.finditer(written):
        name, value = found[1], found[2].strip()
        quote = value[:1]
        if quote in ("'", '"', "`") and quote in value[1:]:
            value = value[1 : value.index(quote, 1)]
        else:
            value = _COMMENT.split(value, maxsplit=1)[0].strip().strip("\"'`")
        inside = list(url_passwords(value))
        if inside:
            yield from ((name, password) for password in inside)
        elif is_sensitive(name):
            yield name, value


def _fields(pattern: str, flags: re.RegexFlag = re.MULTILINE) -> Callable[[str], Iterator[tuple[str, str]]]:
    compiled = re.compile(pattern, flags)

    def values(written: str) -> Iterator[tuple[str, str]]:
        for found in compiled.finditer(written):
            yield "", next(group for group in found.groups() if group is not None).strip("\"'")

    return values


def _urls(written: str) -> Iterator[tuple[str, str]]:
    yield from (("", value) for value in url_passwords(written))


def _git(written: str) -> Iterator[tuple[str, str]]:
    yield from _urls(written)
    yield from _fields(r"(?i)^[ \t]*extraheader\s*=\s*[\"']?authorization:\s*\w+\s+([^\s\"']+)")(written)


def _docker(written: str) -> Iterator[tuple[str, str]]:
    for found in re.finditer(r'"(auth|password|identitytoken|registrytoken)"\s*:\s*"([^"]+)"', written):
        if found[1] != "auth" or b":" in _base64(found[2]):
            yield "", found[2]


def _base64(value: str) -> bytes:
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _json(*names: str) -> Callable[[str], Iterator[tuple[str, str]]]:
    return _fields(rf'"(?:{"|".join(names)})"\s*:\s*"([^"\\]+)"')


def _named(
    kind: str,
    path: str,
    values: Callable[[str], Iterator[tuple[str, str]]],
    *,
    any_case: bool = False,
) -> Named:
    return Named(kind, re.compile(rf"(?:^|/)(?:{path})$", re.IGNORECASE if any_case else 0), values)


#: En el orden en que se miran: el primero que casa con la ruta.
NAMED = (
    _named(
        "token de un registro de npm",
        r"\.?npmrc",
        _fields(r"^[ \t]*(?:\S*:)?(?:_authToken|_auth|_password)\s*=\s*(\S+)"),
    ),
    _named(
        "token de un registro de npm", r"\.yarnrc\.yml", _fields(r"^[ \t]*npmAuth(?:Token|Ident):\s*(\S+)")
    ),
    _named("contraseña de PyPI", r"\.pypirc", _fields(r"^[ \t]*password\s*[=:]\s*(\S+)")),
    _named("contraseña de un índice de Python", r"pip\.(?:conf|ini)|uv\.toml", _urls),
    _named("contraseña de .netrc", r"[._]netrc", _fields(r"\bpassword\s+(\S+)")),
    _named("contraseña de Git", r"\.git-credentials|\.git/credentials", _urls),
    _named(
        "contraseña de Git",
        r"\.git/(?:.*/)?config|\.git/FETCH_HEAD|\.gitconfig|etc/gitconfig|\.gitmodules",
        _git,
    ),
    _named(
        "credenciales de AWS",
        r"\.aws/(?:credentials|config)",
        _fields(r"^[ \t]*aws_(?:secret_access_key|session_token)\s*=\s*(\S+)"),
    ),
    _named(
        "credenciales de un registro de Docker",
        r"\.docker/config\.json|\.dockercfg|\.?dockerconfigjson",
        _docker,
    ),
    _named(
        "credenciales de Kubernetes",
        r"\.kube/config|kubeconfig[^/]*|[^/]+\.kubeconfig|etc/kubernetes/[^/]+\.conf",
        _fields(
            r"^[ \t]*(?:-[ \t]*)?(?:token|password|client-key-data|id-token|refresh-token)"
            r":\s*[\"']?([^\s\"']+)"
        ),
    ),
    _named(
        "credenciales de Kubernetes",
        r"secrets/kubernetes\.io/serviceaccount/token",
        _fields(r"\A\s*(\S+)\s*\Z"),
    ),
    _named(
        "credenciales de Google Cloud",
        r"application_default_credentials\.json|\.config/gcloud/.*\.json",
        _json("refresh_token", "client_secret"),
    ),
    _named(
        "credenciales de Azure",
        r"\.azure/[^/]+\.json",
        _json("refreshToken", "accessToken", "secret", "client_secret", "clientSecret", "refresh_token"),
    ),
    _named(
        "token de GitHub",
        r"\.config/(?:gh/hosts\.yml|hub)",
        _fields(r"^[ \t]*(?:-[ \t]*)?oauth_token:\s*(\S+)"),
    ),
    _named("contraseña de PostgreSQL", r"\.pgpass", _fields(r"^[^#:\n]*:[^:\n]*:[^:\n]*:[^:\n]*:(\S+)")),
    _named("contraseña de MySQL", r"\.my\.cnf|\.mylogin\.cnf", _fields(r"^[ \t]*password\s*=\s*(\S+)")),
    _named("contraseña cifrada de un usuario", r"etc/shadow-?", _fields(r"^[^:\n]+:!?(\$[^:\n]+)")),
    _named("contraseña cifrada de un usuario", r"\.htpasswd", _fields(r"^[^:#\s]+:(\S+)")),
    _named(
        "credenciales de Composer",
        r"\.composer/auth\.json|composer/auth\.json",
        _json("password", "oauth2", "token"),
    ),
    _named(
        "contraseña de Maven",
        r"\.m2/settings(?:-security)?\.xml",
        _fields(r"<(?:password|passphrase|master)>\s*([^<\s]+)"),
    ),
    _named("token de Cargo", r"\.?cargo/credentials(?:\.toml)?", _fields(r"^[ \t]*token\s*=\s*(\S+)")),
    _named("clave de RubyGems", r"\.gem/credentials", _fields(r"^[ \t]*:\w+:\s*(\S+)")),
    _named("token de Vault", r"\.vault-token", _fields(r"\A\s*(\S+)\s*\Z")),
    _named("token de Terraform", r"credentials\.tfrc\.json", _json("token")),
    _named(
        "credenciales de un almacén",
        r"\.s3cfg|rclone\.conf",
        _fields(r"^[ \t]*(?:secret_key|secret_access_key|pass|token)\s*=\s*(\S+)"),
    ),
    _named(
        "contraseña de WordPress",
        r"wp-config\.php",
        _fields(r"define\(\s*[\"'](?:DB_PASSWORD|\w+_(?:KEY|SALT))[\"']\s*,\s*[\"']([^\"']+)"),
    ),
    _named(
        "variable de un archivo .env",
        rf"\.env(?:rc)?|\.env\.(?!(?:.*\.)?(?:{_MODELS})$)[\w.-]+|(?!(?:{_MODELS})\.)[\w-]+\.env",
        assignments,
        any_case=True,
    ),
)


def named_file(path: str) -> Named | None:
    """Qué archivo de los de ``NAMED`` es el de esa ruta, o ``None``."""
    name = path[path.rfind("/") + 1 :]
    plain = name.lower()
    possible = (
        name[:1] == "." or plain in _PLAIN or plain.startswith("kubeconfig") or plain.endswith(_ENDINGS)
    )
    if not possible and not any(folder in path for folder in _FOLDERS):
        return None
    return next((one for one in NAMED if one.path.search(path)), None)


def read_named(rule: Named, written: str) -> Iterator[str]:
    """Los valores de un archivo de esa clase que no son huecos por rellenar."""
    for name, value in rule.values(written):
        if not is_placeholder(value, name) and "PRIVATE KEY" not in value:  # esas las encuentra ``keys``
            yield value


#: Lo que puede ser uno de ellos, para descartar los demás sin probar cada patrón.
_PLAIN = frozenset(
    """
    npmrc pip.conf pip.ini uv.toml _netrc config credentials credentials.toml credentials.tfrc.json gitconfig
    dockerconfigjson shadow shadow- auth.json settings.xml settings-security.xml rclone.conf wp-config.php
    application_default_credentials.json token fetch_head
    """.split()
)
_ENDINGS = (".env", ".kubeconfig")
_FOLDERS = (".docker/", ".azure/", ".config/", ".kube/", "etc/kubernetes/")
