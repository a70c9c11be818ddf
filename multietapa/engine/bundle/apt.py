"""Paquetes de Debian sin instalar nada: un estado de apt propio y ``dpkg-deb -x``.

Las direcciones de descarga se toman de las fuentes del propio sistema (solo se cambia la
rama) y las firmas se comprueban con el llavero de Debian ya instalado. No corre ningún guion
de mantenedor y no hace falta ser root.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from multietapa.errors import BundleError

KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
)
_DOWNLOADED = re.compile(r"dlstatus:\d+:(\d+)")
_CLASSIC_LINE = re.compile(r"^deb\s+(?:\[[^\]]*\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)\s+main\b")


@dataclass(frozen=True)
class Source:
    """Un espejo de Debian: ``uri`` y el llavero con el que se comprueba."""

    uri: str
    keyring: Path


def missing_reason() -> str:
    """Por qué no se puede usar apt aquí, o ``""`` si se puede."""
    for tool in ("apt-get", "dpkg-deb"):
        if not shutil.which(tool):
            return f"falta el programa {tool} (hace falta Debian o un derivado)"
    if not any(path.exists() for path in KEYRINGS):
        return "falta el llavero de Debian (paquete debian-archive-keyring)"
    if not system_mirrors():
        return "las fuentes de apt de este sistema no nombran ningún espejo de Debian"
    return ""


def system_mirrors(etc: Path = Path("/etc/apt")) -> tuple[str, ...]:
    """Los espejos de Debian que ya usa el sistema, sin los de seguridad, en su orden."""
    found: list[str] = []
    files = [etc / "sources.list", *sorted((etc / "sources.list.d").glob("*"))]
    for path in files:
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".sources":
            uris = [u for block in re.split(r"\n\s*\n", text) for u in _uris(block)]
        else:
            uris = [m["uri"] for m in map(_CLASSIC_LINE.match, text.splitlines()) if m]
        found += [uri.rstrip("/") for uri in uris]
    return tuple(dict.fromkeys(uri for uri in found if re.search(r"/debian$", uri)))


def _uris(block: str) -> list[str]:
    fields = dict(re.findall(r"^(\w[\w-]*):[ \t]*(.*)$", block, flags=re.MULTILINE))
    if "deb" not in fields.get("Types", "") or fields.get("Enabled", "yes").lower() == "no":
        return []
    uris: str = fields.get("URIs", "")
    return uris.split()


class PrivateApt:
    """Un apt con estado propio dentro de ``work``, para una rama (``suite``) de Debian."""

    def __init__(self, work: Path, *, suite: str) -> None:
        reason = missing_reason()
        if reason:
            raise BundleError("No se pueden descargar paquetes de Debian.", why=reason)
        self.work = work
        self.suite = suite
        self.keyring = next(path for path in KEYRINGS if path.exists())
        for folder in ("state/lists/partial", "cache/archives/partial"):
            (work / folder).mkdir(parents=True, exist_ok=True)
        (work / "state/status").touch()
        self.sources = work / "espejo.sources"

    def update(self) -> None:
        """Lee el índice de la rama del primer espejo que conteste. Lanza :class:`BundleError`."""
        problems = []
        for uri in system_mirrors():
            self.sources.write_text(
                f"Types: deb\nURIs: {uri}\nSuites: {self.suite}\n"
                f"Components: main\nSigned-By: {self.keyring}\n",
                encoding="utf-8",
            )
            done = self._run("update", "-o", "APT::Update::Error-Mode=any")
            if done.returncode == 0:
                return
            problems.append(done.stderr.strip())
        raise BundleError(
            f"No se pudo leer el índice de paquetes de Debian «{self.suite}».",
            why="Ningún espejo de las fuentes de este sistema contestó bien.",
            detail="\n".join(problems)[-800:],
            next_step="Comprueba la conexión (y el proxy, si tu red usa uno) y repite la orden.",
        )

    def download(
        self, packages: Sequence[str], *, percent: Callable[[int], None] = lambda _: None
    ) -> list[Path]:
        """Descarga los paquetes y sus dependencias; devuelve las rutas de los ``.deb``.

        ``percent`` recibe lo que va descargado, de 0 a 100. Lanza :class:`BundleError`.
        """
        archives = self.work / "cache/archives"
        done = self._run("-y", "--download-only", "install", *packages, percent=percent)
        if done.returncode != 0:
            raise BundleError(
                "No se pudieron descargar los paquetes de Debian.",
                why="apt-get terminó con un error.",
                detail=done.stderr.strip()[-800:],
                next_step="Comprueba la conexión y el espacio en disco, y repite la orden.",
            )
        return sorted(archives.glob("*.deb"))

    def _run(
        self, *arguments: str, percent: Callable[[int], None] = lambda _: None
    ) -> subprocess.CompletedProcess[str]:
        options = {
            "Dir::State": self.work / "state",
            "Dir::State::status": self.work / "state/status",
            "Dir::Cache": self.work / "cache",
            "Dir::Etc::SourceList": self.sources,
            "Dir::Etc::SourceParts": "/dev/null",
            "Dir::Etc::Preferences": "/dev/null",
            "Dir::Etc::PreferencesParts": "/dev/null",
            "APT::Sandbox::User": "",
            "APT::Install-Recommends": "false",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Debug::NoLocking": "1",
            # Pase lo que pase en la configuración del equipo, sin firma no se lee ni se baja nada.
            "Acquire::AllowInsecureRepositories": "false",
            "Acquire::AllowDowngradeToInsecureRepositories": "false",
            "APT::Get::AllowUnauthenticated": "false",
        }
        flags = [part for key, value in options.items() for part in ("-o", f"{key}={value}")]
        read, write = os.pipe()
        with os.fdopen(read) as status, tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen(
                ["apt-get", *flags, "-o", f"APT::Status-Fd={write}", *arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=output,
                env=_clean_environment(),
                pass_fds=(write,),
            )
            os.close(write)
            try:
                for line in status:
                    if found := _DOWNLOADED.match(line):
                        percent(int(found[1]))
                code = process.wait()
            except BaseException:
                process.kill()
                process.wait()
                raise
            output.seek(0)
            return subprocess.CompletedProcess(process.args, code, "", output.read())


def _clean_environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive"}


def package_name(deb: Path) -> str:
    """El nombre del paquete que hay en ``nombre_versión_arquitectura.deb``."""
    return deb.name.split("_", 1)[0]


def unpack(
    debs: Sequence[Path], root: Path, *, skip: frozenset[str] = frozenset()
) -> dict[Path, tuple[str, ...]]:
    """Desempaqueta los ``.deb`` en ``root``, sin guiones, salvo los nombrados en ``skip``.

    Antes crea los enlaces ``/bin``, ``/sbin``, ``/lib`` y ``/lib64`` hacia ``/usr``, como Debian. Devuelve
    las rutas que trae cada uno, como se escriben en él (``./usr/bin/sh``; las carpetas acaban en «/»).
    """
    contents = {}
    root.mkdir(parents=True, exist_ok=True)
    for name in ("bin", "sbin", "lib", "lib64"):
        (root / "usr" / name).mkdir(parents=True, exist_ok=True)
        if not (root / name).is_symlink():
            (root / name).symlink_to(f"usr/{name}")
    for deb in debs:
        if package_name(deb) in skip:
            continue
        pack = subprocess.Popen(["dpkg-deb", "--fsys-tarfile", str(deb)], stdout=subprocess.PIPE)
        done = subprocess.run(
            ["tar", "-xv", "--quoting-style=literal", "--keep-directory-symlink", "-C", str(root)],
            stdin=pack.stdout,
            capture_output=True,
            encoding="utf-8",
            errors="surrogateescape",
        )
        if done.returncode != 0 or pack.wait() != 0:
            raise BundleError(
                f"No se pudo desempaquetar {deb.name}.",
                why=done.stderr.strip()[-300:] or "dpkg-deb terminó con un error.",
                next_step="Comprueba el espacio libre en disco y repite la orden.",
            )
        contents[deb] = tuple(done.stdout.splitlines())
    return contents
