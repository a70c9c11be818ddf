"""Secretos plantados en sitios difíciles: cada uno, con su valor, dónde está y qué se espera de él."""

from __future__ import annotations

import base64
import json
import random
import string
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.crafted import archive, entry, folder, layer

_ALNUM = string.ascii_letters + string.digits
_BASE32 = string.ascii_uppercase + "234567"


@dataclass
class Planted:
    """Una imagen con secretos, cada valor con su nombre. ``hidden`` son los que no están en ella."""

    data: bytes
    values: dict[str, str]
    places: dict[str, str]
    hidden: dict[str, str] = field(default_factory=dict)


def token(dice: random.Random, count: int, letters: str = _ALNUM) -> str:
    """Letras al azar que no forman una palabra de relleno."""
    return "".join(dice.choice(letters) for _ in range(count))


def pem(kind: str) -> str:
    """Una clave privada recién hecha, en PEM."""
    if kind == "openssh":
        made: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey = (
            ed25519.Ed25519PrivateKey.generate()
        )
        style = serialization.PrivateFormat.OpenSSH
    elif kind == "pkcs8":
        made, style = ec.generate_private_key(ec.SECP256R1()), serialization.PrivateFormat.PKCS8
    else:
        made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        style = serialization.PrivateFormat.TraditionalOpenSSL
    locked = serialization.BestAvailableEncryption(b"una frase") if kind == "cifrada" else None
    encryption = locked or serialization.NoEncryption()
    return made.private_bytes(serialization.Encoding.PEM, style, encryption).decode()


def planted_image(seed: int = 0) -> Planted:
    """La imagen con todos: cinco capas, con secretos borrados, tapados y escritos de mil maneras."""
    dice = random.Random(seed)
    values: dict[str, str] = {}
    places: dict[str, str] = {}

    def plant(name: str, value: str, where: str) -> str:
        values[name], places[name] = value, where
        return value

    def t(count: int, letters: str = _ALNUM) -> str:
        return token(dice, count, letters)

    rsa_key, ssh_key, ec_key, locked = pem("rsa"), pem("openssh"), pem("pkcs8"), pem("cifrada")
    google_key = pem("pkcs8")
    for name, key, where in (
        ("clave borrada", ssh_key, "/root/.ssh/id_ed25519"),
        ("clave sin salto final", ec_key, "/app/certs/servidor.key"),
        ("clave con CRLF", rsa_key, "/app/certs/windows.pem"),
        ("clave cifrada", locked, "/app/certs/cifrada.pem"),
        ("clave en un JSON", google_key, "/app/gcp.json"),
    ):
        plant(name, "".join(key.splitlines()[3 if name == "clave cifrada" else 1 : -1][:2]), where)
    npmrc = plant("token en .npmrc", "npm_" + t(36), "/root/.npmrc")
    private = plant("token de un registro propio", t(8) + "-" + t(20), "/root/.npmrc")
    pypi = plant("contraseña de .pypirc", t(24), "/root/.pypirc")
    netrc = plant("contraseña de .netrc", t(18), "/root/.netrc")
    git = plant("contraseña de un remoto", t(22), "/app/.git/config")
    saved = plant("contraseña de .git-credentials", t(17), "/root/.git-credentials")
    env16 = plant(".env en UTF-16", t(24), "/app/.env")
    env_crlf = plant(".env con CRLF", t(26), "/app/.env.production")
    url = plant("contraseña de una base de datos", t(16), "/app/.env.production")
    aws_id = plant("clave de AWS", "AKIA" + t(16, _BASE32), "/root/.aws/credentials")
    aws = plant("secreto de AWS", t(40, _ALNUM + "+"), "/root/.aws/credentials")
    azure = plant("clave de Azure", base64.b64encode(dice.randbytes(64)).decode(), "/app/settings.json")
    docker = plant(
        "auth de Docker", base64.b64encode(f"ana:{t(20)}".encode()).decode(), "/root/.docker/config.json"
    )
    kube = plant("token de Kubernetes", t(48), "/root/.kube/config")
    github = plant("token de GitHub entre dos trozos", "ghp_" + t(36), "/app/volcado.txt")
    gitlab = plant("token en una línea larguísima", "glpat-" + t(20), "/app/dist/app.min.js")
    slack = plant(
        "token de Slack con otro nombre", f"xoxb-{t(11, string.digits)}-{t(24)}", "/app/datos/a.txt"
    )
    stripe = plant("clave de Stripe tapada", "sk_live_" + t(24), "/app/pagos.js")
    linked = plant("variable tras un enlace duro", t(21), "/app/ajustes")
    soft = plant("variable tras un enlace", t(23), "/app/zz-ajustes")
    shadow = plant("contraseña de root", f"$6${t(8)}${t(86)}", "/etc/shadow")
    fine = plant("token de GitHub fino", f"github_pat_{t(22)}_{t(59)}", "/app/node_modules/mio/lib/index.js")
    inside = plant("clave en un binario", "".join(pem("pkcs8").splitlines()[1:-1][:2]), "/usr/bin/programa")
    inside_pem = f"-----BEGIN PRIVATE KEY-----\n{inside}\n-----END PRIVATE KEY-----\0"
    arg = plant("valor de ARG", t(25), "TOKEN_PRIVADO")
    set_env = plant("ENV que luego se quita", t(27), "API_KEY")
    final_env = plant("ENV que se queda", t(28), "DB_PASSWORD")
    run = plant("contraseña en un RUN", t(19), "password")
    heredoc = plant("token en un RUN de varias líneas", "gho_" + t(36), "")
    bearer = plant("cabecera en un RUN", t(33), "")
    label = plant("token en un LABEL", "hf_" + t(34, string.ascii_letters), "org.ejemplo.token")
    hidden = {"ARG de otra etapa": t(25)}

    edge = (1 << 20) - 17
    first = layer(
        folder("root"), folder("root/.ssh"), entry("root/.ssh/id_ed25519", ssh_key, mode=0o600),
        entry("etc/shadow", f"root:{shadow}:19000:0:99999:7:::\nana:*:19000:0:99999:7:::\n"),
        entry("app/certs/servidor.key", ec_key.rstrip("\n")),
        entry("app/certs/windows.pem", rsa_key.replace("\n", "\r\n")),
        entry("app/certs/cifrada.pem", locked),
        entry("app/pagos.js", f"const clave = '{stripe}'\n"),
    )  # fmt: skip
    account = {
        "type": "service_account",
        "project_id": "tienda",
        "private_key": google_key,
        "client_email": "a@b.c",
    }
    second = layer(
        entry("root/.ssh/.wh.id_ed25519"),
        entry("app/gcp.json", json.dumps(account)),
        entry("root/.npmrc", f"//npm.es/:_authToken={npmrc}\n//r.tienda.es/:_authToken = \"{private}\"\n"),
        entry("root/.pypirc", f"[distutils]\n[pypi]\nusername = __token__\npassword = {pypi}\n"),
        entry("root/.netrc", f"machine git.tienda.es\n  login ana\n  password {netrc}\n"),
        entry("app/.git/config", f'[remote "origin"]\n\turl = https://ana:{git}@git.tienda.es/tienda.git\n'),
        entry("root/.git-credentials", f"https://ana:{saved}@git.tienda.es\n"),
        entry("app/pagos.js", "const clave = process.env.CLAVE\n"),
    )  # fmt: skip
    third = layer(
        entry("app/.env", f"NOMBRE=tienda\nJWT_SECRET={env16}\n".encode("utf-16")),
        entry("app/.env.production", f"# pagos\r\nexport PAGOS_TOKEN='{env_crlf}' # vivo\r\n"
              f"DATABASE_URL=postgres://ana:{url}@bd:5432/tienda\r\n"),
        entry("root/.aws/credentials", f"[a]\naws_access_key_id = {aws_id}\naws_secret_access_key = {aws}\n"),
        entry("app/settings.json", json.dumps({"cadena": f"AccountName=t;AccountKey={azure};Suffix=x"})),
        entry("root/.docker/config.json", json.dumps({"auths": {"r.tienda.es": {"auth": docker}}}, indent=2)),
        entry("root/.kube/config", f"users:\n- name: ana\n  user:\n    token: {kube}\n"),
    )  # fmt: skip
    fourth = layer(
        entry("app/volcado.txt", "x" * (edge - 1) + " " + github + " " + "y" * 90_000),
        entry("app/dist/app.min.js", "a=1;" * 700_000 + f'b="{gitlab}";' + "c=2;" * 200_000),
        entry("app/datos/a.txt", f"slack {slack}\n"), entry("app/datos/b.txt", "app/datos/a.txt", "hardlink"),
        entry("app/ajustes", f"SMTP_PASSWORD={linked}\n"), entry("app/correo.env", "app/ajustes", "hardlink"),
        entry("app/pagos.env", "zz-ajustes", "symlink"), entry("app/zz-ajustes", f"COBROS_SECRET={soft}\n"),
        entry("app/node_modules/mio/lib/index.js", f"module.exports = '{fine}'\n"),
        entry("usr/bin/programa", b"\x7fELF\0" + dice.randbytes(3 << 20) + inside_pem.encode(), mode=0o755),
    )  # fmt: skip
    fifth = layer(folder("app"), entry("app/.wh.datos"), entry("root/.wh..wh..opq"))
    history = (
        "/bin/sh -c #(nop) COPY dir:0001 in / ",
        f"ARG TOKEN_PRIVADO={arg}",
        f"ENV API_KEY={set_env}",
        f"RUN |1 TOKEN_PRIVADO={arg} /bin/sh -c curl -H 'Authorization: Bearer {bearer}' r.es # buildkit",
        "ENV API_KEY=",
        f"ENV DB_PASSWORD={final_env}",
        f"LABEL org.ejemplo.token={label}",
        f"RUN /bin/sh -c mysql --password={run} -e 'select 1' # buildkit",
        f"RUN /bin/sh -c cat > /tmp/a <<EOF\nurl=https://r.tienda.es\ntoken {heredoc}\nEOF\n # buildkit",
        "RUN /bin/sh -c rm -rf /app/datos /root # buildkit",
        'CMD ["node" "app.js"]',
    )  # fmt: skip
    settings = {
        "Env": ["PATH=/bin", "API_KEY=", f"DB_PASSWORD={final_env}"],
        "Cmd": ["node", "app.js"],
        "User": "ana",
    }
    data = archive(
        (first, second, third, fourth, fifth),
        history=history,
        settings=settings,
        labels={"org.ejemplo.token": label},
    )
    return Planted(data, values, places, hidden)
