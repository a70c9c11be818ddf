"""El paquete del motor de verdad: qué lleva dentro, y que funciona en cualquier carpeta y sin privilegios."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from multietapa.engine.bundle import contents as bundle_contents
from multietapa.engine.bundle import loader
from multietapa.engine.bundle import make as bundle
from multietapa.errors import BundleError
from tests.conftest import unavailable

#: Sin privilegio alguno: como el motor embebido en la peor de las máquinas.
NOBODY = ["setpriv", "--reuid", "1000", "--regid", "1000", "--clear-groups", "--no-new-privs"]
NOBODY += ["--bounding-set", "-all"]


@pytest.fixture(scope="session")
def real_root() -> Path:
    """El paquete de verdad."""
    if reason := bundle.missing_reason():
        unavailable(reason)
    return bundle.make()


def test_has_what_both_engines_use_and_little_more(real_root: Path) -> None:
    """Están los programas de los dos motores, y nada de lo que sobraba; cabe en 220 MB."""
    wanted = "dockerd docker-proxy runc iptables ip6tables-restore".split()
    assert all((real_root / "usr/sbin" / name).exists() for name in wanted)
    wanted = "containerd containerd-shim-runc-v2 docker-init busybox slirp4netns".split()
    assert all((real_root / "usr/bin" / name).exists() for name in wanted)
    for unwanted in ("usr/bin/ctr", "usr/bin/systemctl", "usr/lib/cni", "usr/share/man", "usr/share/locale"):
        assert not (real_root / unwanted).exists()
    files = [path for path in real_root.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in files) < 220e6
    assert "BEGIN CERTIFICATE" in (real_root / "etc/ssl/certs/ca-certificates.crt").read_text()
    assert "docker.io_" in (real_root / "usr/share/doc/paquetes.txt").read_text()


def test_every_library_that_a_program_asks_for_is_there(real_root: Path) -> None:
    """A ningún programa ni biblioteca del paquete le falta otra, y ningún enlace queda colgando."""
    library = next(iter(real_root.glob("usr/lib/*-linux-gnu")))
    for path in real_root.rglob("*"):
        if path.is_symlink():
            assert path.name == "resolv.conf" or path.exists(), path
        elif path.is_file():
            missing = [n for n in bundle_contents.needed_libraries(path) if not (library / n).exists()]
            assert not missing, path


@pytest.mark.parametrize(
    ("program", "version"),
    [
        ("usr/sbin/dockerd", "--version"),
        ("usr/bin/containerd", "--version"),
        ("usr/sbin/runc", "--version"),
        ("usr/bin/slirp4netns", "--version"),
        ("usr/sbin/xtables-nft-multi", "iptables"),
        ("usr/bin/openssl", "version"),
        ("usr/bin/zstd", "--version"),
        ("usr/sbin/mke2fs", "-V"),
        ("usr/sbin/e2fsck", "-V"),
    ],
)
def test_programs_start_on_this_host(real_root: Path, program: str, version: str) -> None:
    """Cada programa arranca en este equipo con las bibliotecas del paquete, sea cual sea su glibc."""
    if not (real_root / program).exists() and not bundle_contents.has_uml():
        pytest.skip("solo va en el paquete de x86-64")
    arguments = [version] if version != "iptables" else [version, "--version"]
    done = subprocess.run(
        loader.command(real_root, program, *arguments), cwd=real_root, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "error while loading" not in done.stderr


def test_everyone_can_read_it_and_only_its_owner_writes(real_root: Path) -> None:
    """Lo puede usar otro usuario que quien lo hizo, y no hay setuid."""
    for path in [real_root, *real_root.rglob("*")]:
        if not path.is_symlink():
            assert path.stat().st_mode & 0o7777 in (0o755, 0o644), path


@pytest.fixture
def moved(real_root: Path) -> Iterator[tuple[Path, Path, list[str]]]:
    """El paquete en otra carpeta de nombre incómodo, otra para quien lo use, y cómo ser ese usuario."""
    if not bundle_contents.has_uml():
        pytest.skip(f"el motor embebido no existe para {platform.machine()}")
    place = Path(tempfile.mkdtemp(prefix="multietapa-prueba-"))  # las de pytest no las ve otro usuario
    root, home = place / "otra, carpeta: ñ", place / "casa"
    try:
        try:
            shutil.copytree(real_root, root, symlinks=True, copy_function=os.link)
        except shutil.Error:  # la caché está en otro disco
            shutil.rmtree(root)
            shutil.copytree(real_root, root, symlinks=True)
        (home / "api").mkdir(parents=True)
        (home / "raiz").symlink_to(root)
        place.chmod(0o755)
        if os.geteuid() == 0:
            for folder in (home, home / "api"):
                os.chown(folder, 1000, 1000)
        yield root, home, NOBODY if os.geteuid() == 0 else []
    finally:
        shutil.rmtree(place)


def _boot(moved: tuple[Path, Path, list[str]], *more: str) -> str:
    root, home, user = moved
    command = [
        *user,
        "usr/bin/linux.uml",
        "mem=96M",
        "seccomp=auto",
        "quiet",
        "root=none",
        "rootfstype=hostfs",
    ]
    command += [f"rootflags={home}/raiz/", "ro", "con=null", "con0=fd:0,fd:1", f"uml_dir={home}/uml"]
    command += ["initcall_blacklist=raid6_init", "init=/arranque", *more]
    done = subprocess.run(
        command,
        cwd=root,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        env={"HOME": str(home), "TMPDIR": str(home), "PATH": "/usr/bin:/bin"},
    )
    return done.stdout


def test_the_kernel_runs_from_any_folder_without_privileges(moved: tuple[Path, Path, list[str]]) -> None:
    """El núcleo embebido dice su versión desde otra carpeta y como un usuario cualquiera."""
    root, home, user = moved
    done = subprocess.run(
        [*user, "usr/bin/linux.uml", "--version"],
        cwd=root,
        capture_output=True,
        text=True,
        env={"HOME": str(home), "TMPDIR": str(home)},
    )
    version = done.stdout.strip()
    assert version
    assert (root / "usr/lib/uml/modules" / version / "kernel/fs/overlayfs/overlay.ko").exists()


def test_the_init_hands_over_to_the_guest_script(moved: tuple[Path, Path, list[str]]) -> None:
    """La máquina arranca entera, trae la carpeta de ejecución, carga los módulos y cede el paso."""
    modules = "fs/overlayfs/overlay drivers/net/veth net/llc/llc net/802/stp net/bridge/bridge"
    (moved[1] / "api/guest.sh").write_text(
        "b=/usr/bin/busybox; folder=/usr/lib/uml/modules/$($b uname -r)/kernel\n"
        f"for module in {modules}; do $b insmod $folder/$module.ko || echo mal $module; done\n"
        "echo llegó > /run/api/dentro; echo hola; $b poweroff -f\n"
    )
    said = _boot(moved, f"API={moved[1]}/api")
    assert "hola" in said
    assert "mal" not in said
    assert (moved[1] / "api/dentro").read_text() == "llegó\n"


def test_the_init_says_what_is_missing_and_powers_off(moved: tuple[Path, Path, list[str]]) -> None:
    """Sin carpeta de ejecución, o sin guion en ella, lo dice en una línea y se apaga sola."""
    assert "error: falta API" in _boot(moved)
    assert "error: no hay guest.sh" in _boot(moved, f"API={moved[1]}/api")


def test_without_a_piece_the_recipe_says_which(tmp_path: Path) -> None:
    """Si Debian quita algo que se usa, el error dice qué es, en vez de hacer un motor que falla."""
    (tmp_path / "todo/usr/sbin").mkdir(parents=True)
    (tmp_path / "todo/usr/sbin/dockerd").write_text("")
    with pytest.raises(BundleError, match="usr/bin/busybox") as raised:
        bundle_contents.assemble(tmp_path / "todo", tmp_path / "raiz")
    assert "usr/sbin/dockerd," not in str(raised.value)
