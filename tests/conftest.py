"""Motores reales para las pruebas. Sin motor se saltan con su razón; en CI, eso es un fallo."""

from __future__ import annotations

import io
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import docker
import pytest
from docker.models.containers import Container
from playwright.sync_api import Browser, Page, sync_playwright

from multietapa.bases.catalogue import workshop_bases
from multietapa.bases.sources import ensure_base
from multietapa.cells.motor import Motor, motor
from multietapa.cli.run_tests import CHROMIUM_NAMES
from multietapa.engine.discovery import KIND_VARIABLE
from multietapa.engine.model import Choice, describe
from multietapa.engine.session import connect
from multietapa.errors import BundleError
from multietapa.identity import SESSION_VARIABLE, labels
from multietapa.paths import PROJECT_ROOT
from tests import sharing_out
from tests.cell_shell import published as published  # una fixture: la piden las pruebas
from tests.cell_shell import shell as shell
from tools.docker_cli import DockerCommand, docker_command

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync"]
FLAGS += ["--disable-background-networking", "--disable-component-update"]
CTRL_C = signal.getsignal(signal.SIGINT)
BASE_IMAGE = "multietapa-pruebas/base:1"
#: Los archivos de pruebas que cargan o usan lo que solo hay en Linux, o en un Unix. Fuera no se recogen.
LINUX_ONLY = (
    "apt base_packages bases binder browser bundle bundle_archive bundle_manifest bundle_signatures "
    "bundle_sources cleaning cli data_disk deploy desplegar discovery embedded host_limits iniciar lifetime "
    "loader million network one_cpu private pull rootless session_named session_pulls state"
).split()
UNIX_ONLY = "context contexts image_tar paths reasons session".split()
OUTSIDE = {"linux": [], "win32": [*LINUX_ONLY, *UNIX_ONLY]}.get(sys.platform, LINUX_ONLY)
collect_ignore = [f"test_{name}.py" for name in OUTSIDE]
needs_unix = pytest.mark.skipif(sys.platform == "win32", reason="usa sockets o señales que Windows no tiene")
#: Quien pide una de estas, directamente o a través de otra, es una prueba con motor.
ENGINE_FIXTURES = {"motor_real", "engine", "second_engine_factory", "real_root", "real_apt", "learner"}
APPLETS = "sh ls cat echo wget httpd sleep dd rm mkdir ln touch id mv cp nslookup".split()


def pytest_report_header() -> list[str]:
    """Dice qué archivos de pruebas no se miran en este sistema."""
    return [f"solo en Linux o Unix, y aquí no: {' '.join(collect_ignore)}"] if collect_ignore else []


@pytest.hookimpl(tryfirst=True)  # antes de que pytest elija con «-m»
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marca ``motor`` los cuadernos y las pruebas que piden uno; quien lo arranca la lleva escrita.

    ``navegador`` la llevan las que dibujan en un Chromium.

    Con varios procesos, los que más tardan van primero, para que ninguno acabe solo.
    """
    for item in items:
        if ENGINE_FIXTURES & set(getattr(item, "fixturenames", ())) or item.path.suffix == ".ipynb":
            item.add_marker("motor")
        if "browser" in getattr(item, "fixturenames", ()):
            item.add_marker("navegador")
    if "PYTEST_XDIST_WORKER" in os.environ:
        sharing_out.sort(items)


@pytest.hookimpl(optionalhook=True)  # sin xdist («-p no:xdist») no hay reparto
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> sharing_out.SharingOut | None:
    """Con ``--dist loadfile``, el reparto de ``tests/sharing_out.py``; con otro, el de xdist."""
    return sharing_out.SharingOut(config, log) if config.getvalue("dist") == "loadfile" else None


def pytest_collection_finish(session: pytest.Session) -> None:
    """Cada proceso de pruebas trabaja con su motor: el primero, con el de ``pruebas``; los demás, con otro.

    Quienes comparten uno borran las imágenes de los demás.
    """
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    needed = any(item.get_closest_marker("motor") for item in session.items)
    if worker == "gw0" or not needed or os.environ.get(KIND_VARIABLE) != "privado":
        return
    os.environ[SESSION_VARIABLE] = uuid.uuid4().hex[:12]
    own = connect(Choice("privado", "", ""))
    for reference in workshop_bases():
        ensure_base(own.client, reference)


@pytest.fixture(autouse=True)
def _ctrl_c_is_as_it_was() -> Iterator[None]:
    """Ctrl-C es siempre el de pytest: las órdenes del taller lo cambian, y aquí se llaman en este proceso.

    También lo cambian las que llama una fixture de un archivo entero, que va antes que esta.
    """
    signal.signal(signal.SIGINT, CTRL_C)
    yield
    signal.signal(signal.SIGINT, CTRL_C)


def unavailable(reason: str) -> NoReturn:
    """Salta la prueba con su razón, o falla si estamos en CI."""
    if os.environ.get("CI"):
        pytest.fail(f"en CI no se puede saltar: {reason}")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def motor_real() -> Motor:
    """El motor del kit, el mismo que verían los cuadernos."""
    found = motor()
    if not found.available:
        unavailable("no hay motor: " + "; ".join(f"{r.kind}: {r.reason}" for r in found.choice.rejected))
    return found


@pytest.fixture(scope="session")
def engine(motor_real: Motor) -> docker.DockerClient:
    """Un cliente del SDK sobre un dockerd real."""
    return motor_real.client


@pytest.fixture(scope="module")
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Una caché vacía para el archivo de pruebas que la pide: lo que lee de una imagen se lee de verdad."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("cache")
        patch.setenv("MULTIETAPA_CACHE", str(folder))
        yield folder


@pytest.fixture(scope="session")
def docker_cli(motor_real: Motor, tmp_path_factory: pytest.TempPathFactory) -> DockerCommand:
    """La orden ``docker`` sobre el motor de las pruebas, para compararse con ella."""
    try:
        return docker_command(tmp_path_factory.mktemp("orden"), motor_real.choice.host)
    except BundleError as error:
        unavailable(f"no se puede descargar la orden docker: {error}")
        raise


def until(condition: Callable[[], Any], *, seconds: float = 10.0) -> Any:
    """Espera a que se cumpla y devuelve lo que dio."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit, "no llegó a cumplirse"
        time.sleep(0.05)
    return found


def outside_pytest() -> dict[str, str]:
    """El entorno para otro pytest, o para lo que él mide: sin lo que dice el de estas pruebas."""
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}


def processes_mentioning(text: str) -> list[str]:
    """Las órdenes en marcha que nombran ``text``."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in line:
            found.append(line)
    return found


def body_of(url: str) -> bytes:
    """Lo que contesta una dirección, o nada si no contesta."""
    try:
        with urllib.request.urlopen(url, timeout=2) as answer:
            return bytes(answer.read())
    except OSError:
        return b""


def load_base_image(client: docker.DockerClient) -> str:
    """Carga una imagen de 2 MB con busybox, hecha con el busybox del paquete del motor."""
    from multietapa.engine.bundle import make as bundle

    busybox = bundle.make() / "usr/bin/busybox"
    with io.BytesIO() as archive:
        with tarfile.open(fileobj=archive, mode="w") as tar:
            tar.add(busybox, "bin/busybox")
            for name in APPLETS:
                link = tarfile.TarInfo(f"bin/{name}")
                link.type, link.linkname = tarfile.SYMTYPE, "busybox"
                tar.addfile(link)
            for folder, mode in (("tmp", 0o1777), ("etc", 0o755)):
                entry = tarfile.TarInfo(folder)
                entry.type, entry.mode = tarfile.DIRTYPE, mode
                tar.addfile(entry)
            users = b"root:x:0:0:root:/:/bin/sh\nana:x:1000:1000::/:/bin/sh\n"
            entry = tarfile.TarInfo("etc/passwd")
            entry.size = len(users)
            tar.addfile(entry, io.BytesIO(users))
        repository, tag = BASE_IMAGE.split(":")
        # Sesión propia: el ``limpiar()`` de un cuaderno no debe llevarse la base de las demás pruebas.
        marks = labels({SESSION_VARIABLE: "base-de-pruebas"})
        changes = [f"LABEL {key}={value}" for key, value in marks.items()]
        changes.append("ENV PATH=/bin")
        client.api.import_image_from_data(archive.getvalue(), repository=repository, tag=tag, changes=changes)
    return BASE_IMAGE


def run_web(client: docker.DockerClient, publication: Any = None) -> Container:
    """Un contenedor de la imagen base que sirve su ``/etc`` en el puerto 80, publicado."""
    return client.containers.run(
        BASE_IMAGE, ["httpd", "-f", "-p", "80", "-h", "/etc"], detach=True, ports={"80/tcp": publication},
        labels=labels(),
    )  # fmt: skip


def motor_over(client: docker.DockerClient, daemon: Any, kind: str = "privado") -> Motor:
    """El ``Motor`` que tendría un cuaderno sobre ese motor del kit; ``daemon`` dice su ``host``."""
    return Motor(Choice(kind, daemon.host, ""), describe(client, kind), client)


@pytest.fixture(scope="session")
def base_image(engine: docker.DockerClient) -> Iterator[str]:
    """La etiqueta de una imagen mínima con busybox; se borra al final."""
    yield load_base_image(engine)
    engine.images.remove(BASE_IMAGE, force=True)


@pytest.fixture
def tag(engine: docker.DockerClient) -> Iterator[str]:
    """Una etiqueta nueva; su imagen se borra al final."""
    name = f"multietapa-pruebas/propia:{uuid.uuid4().hex[:8]}"
    yield name
    for image in engine.images.list(name):
        engine.images.remove(image.id, force=True)


SecondEngine = Callable[..., AbstractContextManager[tuple[docker.DockerClient, Any]]]


@pytest.fixture
def second_engine_factory() -> SecondEngine:
    """Arranca otro dockerd: ``with factory(containerd=True, data_size_mb=64) as (client, daemon)``."""
    from multietapa.engine.bundle import make as bundle
    from multietapa.engine.private import userns
    from multietapa.engine.private.daemon import PrivateDaemon, missing_reason
    from multietapa.engine.slots import reserve

    reason = missing_reason()
    if reason:
        unavailable(f"no se puede arrancar un segundo motor: {reason}")

    @contextmanager
    def factory(
        *, containerd: bool = False, data_size_mb: int = 0
    ) -> Iterator[tuple[docker.DockerClient, Any]]:
        options = ("--feature", f"containerd-snapshotter={str(containerd).lower()}")
        slot = reserve()
        data = Path(tempfile.mkdtemp(prefix="multietapa-datos-"))
        daemon = PrivateDaemon(
            bundle.make(),
            run=slot.run,
            data=data,
            slot=slot.number,
            options=options,
            data_size_mb=data_size_mb,
        )
        try:
            daemon.start()
            client = docker.DockerClient(base_url=daemon.host, timeout=600)
            yield client, daemon
            client.close()
        finally:
            daemon.stop()
            slot.release()
            userns.remove(data)

    return factory


def project_files() -> list[Path]:
    """Los archivos del proyecto: los de Git y los nuevos, sin lo que Git ignora."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, check=True).stdout.decode()
    paths = [PROJECT_ROOT / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def copy_project(copy: Path) -> Path:
    """Copia el proyecto en la carpeta ``copy``, que crea si no existe, y la devuelve: ahí se puede tocar."""
    for path in project_files():
        target = copy / path.relative_to(PROJECT_ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, target)
    return copy


@pytest.fixture(scope="session")
def fresh_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Un clon recién hecho en una carpeta con espacios y acentos, todavía sin ``.venv``."""
    return copy_project(tmp_path_factory.mktemp("clon") / "Taller de Ñandú (copia)")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """El Chromium del sistema."""
    binary = next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if binary is None:
        unavailable("no hay Chromium (en Debian: apt install chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=binary, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def blank_page(browser: Browser) -> Iterator[Page]:
    """Una página en blanco de 1280 px de ancho; un error de JavaScript es un fallo."""
    errors: list[str] = []
    opened = browser.new_page(viewport={"width": 1280, "height": 900})
    opened.on("pageerror", lambda problem: errors.append(str(problem)))
    yield opened
    opened.close()
    assert errors == []


@pytest.fixture
def no_engine_environment(tmp_path: Path) -> dict[str, str]:
    """Un entorno en el que ningún motor contesta."""
    return {
        "DOCKER_HOST": f"unix://{tmp_path}/nadie.sock",
        "HOME": str(tmp_path),
        "MULTIETAPA_MOTOR": "grabacion",
    }
