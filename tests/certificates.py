"""Certificados para las pruebas que hablan TLS."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from pathlib import Path

from tests.conftest import unavailable


def identity(folder: Path, name: str = "prueba") -> Path:
    """Una carpeta con ``ca.pem``, ``cert.pem`` y ``key.pem``: la misma identidad para los dos lados."""
    if not shutil.which("openssl"):
        unavailable("falta el programa openssl")
    folder.mkdir(exist_ok=True)
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"]
    command += ["-keyout", str(folder / "key.pem"), "-out", str(folder / "cert.pem")]
    subprocess.run(command, check=True, capture_output=True)
    shutil.copy(folder / "cert.pem", folder / "ca.pem")
    return folder


def tls_server(folder: Path, *, strict: bool = False) -> ssl.SSLContext:
    """Lo que necesita un servidor para hablar TLS con la identidad de ``folder``.

    Con ``strict`` exige a quien llama la misma.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    if strict:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(folder / "ca.pem")
    return context
