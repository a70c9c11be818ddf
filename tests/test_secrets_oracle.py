"""Los secretos plantados, frente a los que ve trivy: qué encuentra cada uno, y por qué no lo mismo."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from multietapa.image.secrets.report import FILE
from tests import trivy
from tests.crafted import archive, entry, layer
from tests.planted import pem, planted_image, token
from tests.test_secrets import seen_in

pytestmark = pytest.mark.motor  # como un motor: descarga trivy y lo ejecuta
#: Lo que el taller encuentra y trivy no, cada cosa con su razón.
ONLY_OURS = {
    "sus reglas buscan la forma de un token, y este valor no tiene ninguna: es secreto por su archivo": {
        "token de un registro propio",
        "contraseña de .pypirc",
        "contraseña de .netrc",
        "contraseña de un remoto",
        "contraseña de .git-credentials",
        "contraseña de root",
        "auth de Docker",
        "token de Kubernetes",
        "clave de Azure",
    },
    "el valor no tiene forma: es secreto por el nombre de su variable, en un archivo de variables": {
        ".env con CRLF",
        "contraseña de una base de datos",
        "variable tras un enlace duro",
        "variable tras un enlace",
    },
    "está en UTF-16, y no lo lee": {".env en UTF-16"},
    "su regla de npm pide el token entre comillas, y un .npmrc no las lleva": {"token en .npmrc"},
    "su regla de claves no admite las cabeceras de una cifrada a la antigua (Proc-Type)": {"clave cifrada"},
    "no conoce la forma de ese token (y el primero está en node_modules, donde no mira)": {
        "token de GitHub fino",
        "token en un LABEL",
    },
    "no mira los archivos binarios": {"clave en un binario"},
    "está en la historia o en la configuración, y el valor no tiene ninguna forma conocida": {
        "valor de ARG",
        "ENV que luego se quita",
        "ENV que se queda",
        "contraseña en un RUN",
        "cabecera en un RUN",
    },
}
IN_HISTORY = {"github-oauth": "token en un RUN de varias líneas"}


def test_the_planted_as_trivy_sees_them(tmp_path: Path) -> None:
    """Todo lo que ve trivy lo ve el taller; lo que solo ve el taller es lo que dice ``ONLY_OURS``."""
    planted = planted_image()
    saved = tmp_path / "imagen.tar"
    saved.write_bytes(planted.data)
    theirs = trivy.secrets(saved)
    ours = {secret.where for secret in seen_in(planted.data)[2].secrets if secret.place == FILE}
    paths = {path for path, _ in theirs if path}
    assert paths <= ours
    assert [rule for path, rule in theirs if not path] == list(IN_HISTORY)
    both = {name for name, where in planted.places.items() if where in paths} | set(IN_HISTORY.values())
    assert planted.values.keys() - both == set().union(*ONLY_OURS.values())
    assert sum(map(len, ONLY_OURS.values())) == len(planted.values) - len(both)


def test_the_reasons_are_so(tmp_path: Path) -> None:
    """Cada razón de que trivy no vea algo, con un archivo en el que falta y otro en el que ya no."""
    dice = random.Random(3)
    npm, github = (prefix + token(dice, 36) for prefix in ("npm_", "ghp_"))
    fine = f"github_pat_{token(dice, 22)}_{token(dice, 59)}"
    locked = serialization.BestAvailableEncryption(b"una frase")
    encrypted = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, locked
    )
    seen: dict[str, str | bytes] = {
        "app/con-comillas": f'token="{npm}"\n',
        "app/cifrada-de-ahora.pem": encrypted,
        "app/en-utf-8": f"token={github}\n",
    }
    unseen: dict[str, str | bytes] = {
        "app/sin-comillas": f"token={npm}\n",
        "app/cifrada-de-antes.pem": pem("cifrada"),
        "app/en-utf-16": f"token={github}\n".encode("utf-16"),
        "node_modules/mio/index.js": f"token={github}\n",
        "app/programa": b"\x7fELF\0" + pem("pkcs8").encode(),
        "app/fino": f'token="{fine}"\n',
    }
    data = archive((layer(*(entry(path, content) for path, content in {**seen, **unseen}.items())),))
    saved = tmp_path / "imagen.tar"
    saved.write_bytes(data)
    assert {path for path, _ in trivy.secrets(saved)} == {f"/{path}" for path in seen}
    assert {secret.where for secret in seen_in(data)[2].secrets} == {
        f"/{path}" for path in {**seen, **unseen}
    }
