"""Un equivalente de la imagen de Python de la que parte ``binder/Dockerfile``, donde no se puede descargar.

Es un Debian mínimo con Python, apt y las fuentes de apt de esta máquina; se hace con el apt del kit, sin
guiones de mantenedor, y se guarda en la caché.
"""

from __future__ import annotations

import hashlib
import platform
import shutil
import subprocess
import tempfile
from pathlib import Path

import docker

from multietapa.bases.debian import SUITE, UNUSED
from multietapa.bases.equivalent import ARCHITECTURES, CERTIFICATES, certificates
from multietapa.engine.bundle.apt import PrivateApt, system_mirrors, unpack
from multietapa.identity import EQUIVALENT_LABEL, labels
from multietapa.image.write import write_image, write_layer
from multietapa.paths import cache_dir

REFERENCE = "multietapa-pruebas/python:1"
PACKAGES = (
    "apt base-files bash ca-certificates coreutils dash debian-archive-keyring dpkg findutils grep gzip "
    "libc-bin login netbase passwd python3 python3-venv sed tar util-linux"
).split()


def load(client: docker.DockerClient) -> str:
    """Deja la imagen en el motor de ``client`` (la hace si falta) y devuelve su referencia."""
    folder = cache_dir() / "pruebas"
    folder.mkdir(parents=True, exist_ok=True)
    recipe = repr((PACKAGES, SUITE, _sources(), _apt_settings(), certificates()))
    key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
    saved = folder / f"python-{key}.tar"
    if not saved.exists():
        with tempfile.TemporaryDirectory(prefix="python-", dir=folder) as work:
            _make(Path(work), saved)
    with saved.open("rb") as archive:
        client.images.load(archive)
    return REFERENCE


def _make(work: Path, target: Path) -> None:
    apt = PrivateApt(work / "apt", suite=SUITE)
    apt.update()
    root = work / "raiz"
    unpack(apt.download(PACKAGES), root)
    for unused in UNUSED:
        shutil.rmtree(root / unused, ignore_errors=True)
    (root / "etc/passwd").write_text(
        "root:x:0:0:root:/root:/bin/bash\nnobody:x:65534:65534::/:/usr/sbin/nologin\n"
    )
    (root / "etc/group").write_text("root:x:0:\ntty:x:5:\nnogroup:x:65534:\n")
    for name in ("shadow", "gshadow"):
        (root / "etc" / name).touch()
    for path, mode in {"tmp": 0o1777, "var/tmp": 0o1777, "root": 0o700, "home": 0o755, "run": 0o755}.items():
        (root / path).mkdir(parents=True, exist_ok=True)
        (root / path).chmod(mode)
    environment = ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C.UTF-8"]
    (root / "etc/apt/sources.list").write_text(_sources())
    (root / "etc/apt/apt.conf").write_text(_apt_settings())
    (root / CERTIFICATES).parent.mkdir(parents=True, exist_ok=True)
    (root / CERTIFICATES).write_bytes(certificates())
    environment += [f"{name}=/{CERTIFICATES}" for name in ("SSL_CERT_FILE", "PIP_CERT")]
    subprocess.run(["ldconfig", "-r", root], check=True)
    layer = write_layer(root, work / "capa.tar", created_by="equivalente local de una imagen de Python")
    config: dict[str, object] = {"Env": environment, "Cmd": ["python3"], "WorkingDir": "/"}
    config["Labels"] = {**labels(), EQUIVALENT_LABEL: "1"}
    architecture = ARCHITECTURES[platform.machine()][0]
    write_image([layer], target, reference=REFERENCE, config=config, architecture=architecture)


def _sources() -> str:
    """Las fuentes de apt de esta máquina, sin nombrarlas aquí."""
    return "".join(f"deb {uri} {SUITE} main\n" for uri in system_mirrors())


def _apt_settings() -> str:
    """Lo que esta máquina pide a apt sobre las fechas de los índices: un espejo parado los tiene viejos."""
    dump = subprocess.run(["apt-config", "dump"], capture_output=True, text=True, check=True).stdout
    return "".join(f"{line}\n" for line in dump.splitlines() if line.startswith("Acquire::Check-"))
