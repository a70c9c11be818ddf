"""El sistema de un equivalente local: un Debian completo, con compiladores o sin ellos, o uno con busybox.

El de busybox, el mínimo, lleva la biblioteca de C de Debian (glibc) o la de Alpine (musl), cada una con su
cargador. Es siempre la primera capa del equivalente, y la comparten los que tienen el mismo sistema.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from multietapa.bases import accounts, dpkg
from multietapa.bases.equivalent import (
    CERTIFICATES,
    REVISION,
    Layer,
    certificates,
    layer_file,
    link,
)
from multietapa.bases.reporting import ReportProgress
from multietapa.engine.bundle.apt import PrivateApt, package_name, unpack

SUITE = "bookworm"
#: Con el musl de bookworm (1.2.3), el Node que se publica para musl no arranca: pide el de trixie (1.2.5).
MUSL_SUITE = "trixie"
MINIMAL = ("libc6", "libstdc++6", "libgcc-s1", "busybox-static", "base-files")
#: Solo estos, sin lo que piden: base-files pide un awk, y los de Debian son de glibc (el de busybox vale).
MUSL = ("musl", "busybox-static", "base-files")
#: Donde el cargador de Alpine busca las bibliotecas. El de Debian solo mira en sus carpetas.
MUSL_FOLDERS = ("/lib", "/usr/local/lib", "/usr/lib")
# fmt: off
FULL = [
    "base-files", "bash", "dash", "coreutils", "build-essential", "python3", "git", "curl", "wget",
    "ca-certificates", "openssl", "procps", "tar", "gzip", "xz-utils", "bzip2", "unzip", "sed", "grep",
    "mawk", "findutils", "diffutils", "patch", "file", "perl", "autoconf", "automake", "libtool",
    "libssl-dev", "zlib1g-dev", "libffi-dev", "libsqlite3-dev", "libcurl4-openssl-dev", "libxml2-dev",
    "libyaml-dev", "libreadline-dev", "libncurses-dev", "libpq-dev", "libmariadb-dev", "libpng-dev",
    "libjpeg-dev", "libwebp-dev", "libglib2.0-dev", *accounts.DEBIAN,
]
#: Lo que trae ``debian:bookworm-slim``, sin apt; y libstdc++, que allí llega con él.
SLIM = [
    "base-files", "bash", "dash", "coreutils", "debianutils", "diffutils", "dpkg", "findutils", "grep",
    "gzip", "hostname", "libc-bin", "libstdc++6", "mawk", "mount", "perl-base", "sed", "tar", "tzdata",
    "util-linux",
    *accounts.DEBIAN,
]
# fmt: on
ALTERNATIVES = {"cc": "gcc", "c++": "g++", "awk": "mawk", "pager": "more", "which": "which.debianutils"}
APT = ("apt-get", "apt", "apt-cache", "dpkg", "dpkg-query", "aptitude")
APK = ("apk",)
UNUSED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/lintian", "usr/share/info")
#: El uid 1000 si su familia no lo llama de otra manera.
DEFAULT_USER = "node"
_MODES = {"tmp": 0o1777, "root": 0o700, "home": 0o755, "var/tmp": 0o1777, "run": 0o755}


@dataclass(frozen=True)
class System:
    """Un sistema Debian: ``full`` es el completo; ``user``, quien tiene el uid 1000.

    ``musl`` es un mínimo con la biblioteca de C de Alpine y sin la de Debian; ``slim``, uno completo sin
    compiladores ni bibliotecas de desarrollo.
    """

    full: bool
    user: str = DEFAULT_USER
    musl: bool = False
    slim: bool = False

    @property
    def suite(self) -> str:
        """La rama de Debian de la que se toman sus paquetes."""
        return MUSL_SUITE if self.musl else SUITE

    @property
    def packages(self) -> Sequence[str]:
        """Los paquetes que se piden; apt añade aquellos de los que dependen, salvo en los de musl."""
        if self.full:
            return SLIM if self.slim else FULL
        return MUSL if self.musl else MINIMAL

    @property
    def absent(self) -> tuple[str, ...]:
        """Lo que su papel promete y aquí no puede estar: instalar paquetes del sistema."""
        return APT if self.full else APK

    @property
    def recipe(self) -> tuple[object, ...]:
        """Lo que lo determina, igual en todas las máquinas."""
        other_user = () if self.user == DEFAULT_USER else (self.user,)
        users = accounts.recipe(full=self.full)
        folders = MUSL_FOLDERS if self.musl else ()
        return (REVISION, self.suite, self.packages, ALTERNATIVES, UNUSED, users, *other_user, *folders)

    @property
    def layer(self) -> Layer:
        """Su capa."""
        minimal = "mínimo, con busybox y musl" if self.musl else "mínimo, con busybox"
        complete = "sin compiladores" if self.slim else "con compiladores"
        kind = complete if self.full else minimal
        return Layer(
            file=layer_file("sistema", *self.recipe, certificates()),
            created_by=f"equivalente local: Debian {self.suite} {kind}",
            fill=lambda root, work, progress: self._fill(root, work, progress, kind),
        )

    def _fill(self, root: Path, work: Path, progress: ReportProgress, kind: str) -> None:
        title = f"descargando un Debian {self.suite} {kind}"
        progress(title, 0, 0)
        apt = PrivateApt(work / "apt", suite=self.suite)
        apt.update()
        debs = apt.download(self.packages, percent=lambda percent: progress(title, percent, 100))
        if self.musl:
            debs = [deb for deb in debs if package_name(deb) in MUSL]
        progress(f"desempaquetando {len(debs)} paquetes", 0, 0)
        contents = unpack(debs, root)
        self._finish(root)
        dpkg.write(root, contents, full=self.full)

    def _finish(self, root: Path) -> None:
        """Lo que harían los guiones de los paquetes: usuarios, enlaces y certificados."""
        for unused in UNUSED:
            shutil.rmtree(root / unused, ignore_errors=True)
        accounts.install(root, self.user, full=self.full)
        for path, mode in _MODES.items():
            (root / path).mkdir(parents=True, exist_ok=True)
            (root / path).chmod(mode)
        if self.full:
            link(root / "usr/bin/sh", "dash")
        if self.musl:
            _as_in_alpine(root)
        programs = root / "usr/bin"
        there = {name: target for name, target in ALTERNATIVES.items() if (programs / target).exists()}
        for name, target in (there if self.full else _applets(root)).items():
            if not (programs / name).exists():
                link(programs / name, target)
        trusted = certificates()
        if trusted:
            shutil.rmtree(root / "etc/ssl/certs", ignore_errors=True)
            (root / CERTIFICATES).parent.mkdir(parents=True)
            (root / CERTIFICATES).write_bytes(trusted)


def _as_in_alpine(root: Path) -> None:
    """El cargador de musl busca donde el de Alpine; con el nombre ``ldd``, dice qué carga un programa."""
    for folders in (root / "etc").glob("ld-musl-*.path"):
        folders.write_text("\n".join([folders.read_text().rstrip("\n"), *MUSL_FOLDERS, ""]))
    loader = next((root / "usr/lib").glob("ld-musl-*.so.1"))
    link(root / "usr/bin/ldd", f"/lib/{loader.name}")


def _applets(root: Path) -> dict[str, str]:
    """Los programas que sabe ser el busybox de esa raíz."""
    command = [str(root / "usr/bin/busybox"), "--list"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True)
    return dict.fromkeys(listing.stdout.split(), "busybox")
