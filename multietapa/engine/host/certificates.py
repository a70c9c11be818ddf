"""Las autoridades de certificación en las que confían los motores del kit."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

_OF_THE_HOST = ("/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem")
_OF_THE_BUNDLE = "etc/ssl/certs/ca-certificates.crt"


def copy_certificates(root: Path, target: Path) -> None:
    """Copia en ``target`` las del anfitrión o, si no tiene, las del paquete ``root``.

    Con las del anfitrión, el motor confía en el proxy de la empresa, si lo hay.
    """
    for candidate in (os.environ.get("SSL_CERT_FILE", ""), *_OF_THE_HOST, str(root / _OF_THE_BUNDLE)):
        if candidate and Path(candidate).is_file():
            shutil.copyfile(candidate, target)
            return
