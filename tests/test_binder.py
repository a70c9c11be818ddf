"""Binder: la imagen se construye y, encerrada como en Binder, da los cuadernos sobre un motor embebido."""

from __future__ import annotations

import importlib.metadata
import io
import ipaddress
import json
import os
import platform
import re
import signal
import struct
import subprocess
import sys
import tarfile
import threading
import time
import zlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import pytest
from docker.models.containers import Container

from multietapa.bases.catalogue import workshop_bases, workshop_services
from multietapa.bases.sources import ensure_base
from multietapa.build.events import BuildFinished, LogLine
from multietapa.build.pipeline import build_events
from multietapa.dockerfile.stages import parse
from multietapa.identity import labels
from multietapa.paths import PROJECT_ROOT
from tests import binder_base
from tests.conftest import copy_project, unavailable, until

IMAGE = "multietapa-pruebas/binder:1"
DOCKERFILE = PROJECT_ROOT / "binder/Dockerfile"
ENTRY = PROJECT_ROOT / "binder/entrada"
STATE = "/tmp/multietapa-motor/estado.json"
MB = 1_000_000
LAYER_LIMIT_MB = 400
IMAGE_LIMIT_MB = 1000
MEMORY_LIMIT_MB = 1800
#: Hay nodos que cierran a quien pasa de 24 destinos en un minuto: ni la mitad, en toda la sesión.
MAXIMUM_PEERS = 12
POD_NAME = "multietapa-pod-de-pruebas"
TOKEN = "pruebas"
BASE_URL = "/user/pruebas"
SERVER = ["jupyter-lab", "--ip=0.0.0.0", "--port=8888", f"--ServerApp.base_url={BASE_URL}"]
SERVER += [f"--ServerApp.token={TOKEN}", "--ServerApp.allow_origin=*"]
#: Lo que hace falta para pasar nbval y no está en la imagen.
TEST_PACKAGES = (
    "pytest",
    "pytest-timeout",
    "nbval",
    "pluggy",
    "iniconfig",
    "coverage",
    "exceptiongroup",
    "tomli",
)
ASK = """
import json
from multietapa.cells.motor import motor
m = motor()
images = {tag: image.id for image in m.client.images.list() for tag in image.tags}
print(json.dumps({"kind": m.info.kind, "images": images, "cache": len(m.client.df()["BuildCache"] or [])}))
"""


#: Una celda cualquiera en el pod, con el aviso de procesador adelantado.
CELL = """
from IPython.core.interactiveshell import InteractiveShell
from multietapa.cells import budget
budget.FIRST_NOTICE_SECONDS = budget.AGAIN_SECONDS = 0.0
InteractiveShell.instance().run_cell("from multietapa import motor; motor().client.ping()")
"""


@dataclass
class Pod:
    """Un contenedor como los de Binder y lo más que llegó a usar de memoria, en bytes.

    ``working_set`` es lo que cuenta Kubernetes: lo usado sin la caché de archivos que hace rato nadie lee.
    ``own``, lo que no se puede soltar sin más: la memoria de los procesos y la de la máquina embebida.
    ``peers``, con qué direcciones y puertos de fuera habló por TCP.
    """

    container: Container
    working_set: int = 0
    own: int = 0
    with_page_cache: int = 0
    peers: set[tuple[str, int]] = field(default_factory=set)

    def run(self, *command: str, **environment: str) -> tuple[int, str]:
        """Ejecuta una orden dentro, como el usuario del contenedor; da su código y su salida."""
        code, output = self.container.exec_run(list(command), environment=environment)
        return int(code), output.decode(errors="replace")

    def ask(self) -> dict[str, Any]:
        """Qué motor ve un cuaderno de ahí dentro, y qué hay en él."""
        code, output = self.run("python3", "-c", ASK)
        assert code == 0, output
        found: dict[str, Any] = json.loads(output.splitlines()[-1])
        return found

    def state(self) -> dict[str, Any]:
        """Lo que cuenta de sí mismo el motor que arrancó con el contenedor."""
        code, output = self.run("cat", STATE)
        return json.loads(output) if code == 0 else {}

    def wait_for_engine(self, seconds: float = 90.0) -> dict[str, Any]:
        """Espera a que el motor esté listo y devuelve su estado."""
        limit = time.monotonic() + seconds
        while time.monotonic() < limit:
            state = self.state()
            if state.get("host") or "error" in state:
                return state
            time.sleep(0.5)
        log = self.run("cat", STATE.replace("estado.json", "motor.log"))[1]
        raise AssertionError(f"el motor no está listo en {seconds} s:\n{log}")

    def watch(self, stop: threading.Event) -> None:
        """Apunta los máximos de memoria y con quién habla, cada poco."""
        while not stop.wait(0.4):
            self.peers |= outside_peers(POD_NAME)
            try:
                memory = self.container.stats(stream=False, one_shot=True)["memory_stats"]
            except docker.errors.DockerException:
                continue
            used, detail = memory.get("usage", 0), memory.get("stats", {})
            inactive = detail.get("total_inactive_file", detail.get("inactive_file", 0))
            anonymous = detail.get("total_rss", detail.get("anon", 0))
            mapped = detail.get("total_mapped_file", detail.get("file_mapped", 0))
            self.own = max(self.own, anonymous + mapped)
            self.working_set = max(self.working_set, used - inactive)
            self.with_page_cache = max(self.with_page_cache, used, memory.get("max_usage", 0))


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """La imagen de Binder, construida sobre un equivalente de su base y con las bases de este motor."""
    if platform.machine() != "x86_64" or sys.platform != "linux":
        unavailable("el motor embebido solo existe en Linux x86-64")
    context = copy_project(tmp_path_factory.mktemp("binder"))
    save_bases(engine, context / "imagenes")
    values = {"BASE": binder_base.load(engine), "NB_USER": "jovyan", "NB_UID": "1000"}
    said: list[str] = []
    started = time.monotonic()
    events = build_events(engine, context, tag=IMAGE, dockerfile="binder/Dockerfile", buildargs=values)
    with closing(events):
        for event in events:
            if isinstance(event, LogLine):
                said.append(event.text)
            if isinstance(event, BuildFinished):
                print(f"imagen de Binder construida en {time.monotonic() - started:.0f} s")
    assert not [line for line in said if "descargando node" in line]  # las trae el contexto
    yield IMAGE
    engine.images.remove(IMAGE, force=True)


def save_bases(client: docker.DockerClient, folder: Path) -> None:
    """Guarda en ``folder`` las imágenes base del taller, en un solo archivo: comparten capas."""
    folder.mkdir(exist_ok=True)
    for reference in workshop_bases():
        ensure_base(client, reference)
    url = f"{client.api.base_url}/v{client.api.api_version}/images/get"
    answer = client.api.get(url, params={"names": workshop_bases()}, stream=True, timeout=600)
    with closing(answer), (folder / "bases.tar").open("wb") as output:
        answer.raise_for_status()
        for piece in answer.iter_content(1 << 20):
            output.write(piece)


def outside_peers(host_name: str) -> set[tuple[str, int]]:
    """Los destinos TCP de fuera de un contenedor que se llama así por dentro, vistos desde esta máquina."""
    found = set()
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"\0HOSTNAME={host_name}\0".encode() not in b"\0" + environment.read_bytes():
                continue
            table = environment.with_name("net").joinpath("tcp").read_text()
        except OSError:
            continue
        for line in table.splitlines()[1:]:
            address, _, port = line.split()[2].partition(":")
            remote = ipaddress.ip_address(struct.pack("<I", int(address, 16)))
            if not remote.is_loopback and not remote.is_unspecified:
                found.add((str(remote), int(port, 16)))
        break  # todos sus procesos ven la misma red
    return found


@pytest.fixture(scope="module")
def pod(engine: docker.DockerClient, image: str) -> Iterator[Pod]:
    """La imagen en marcha como en Binder: sin privilegios, con 2 GB, un procesador y su JupyterLab."""
    container = engine.containers.create(
        image,
        SERVER,
        user="1000",
        cap_drop=["ALL"],
        security_opt=["no-new-privileges"],
        mem_limit="2g",
        memswap_limit="2g",
        nano_cpus=1_000_000_000,
        shm_size="64m",
        hostname=POD_NAME,
        environment={"JUPYTERHUB_SERVICE_PREFIX": f"{BASE_URL}/"},
        labels=labels(),
    )
    found, stop = Pod(container), threading.Event()
    watcher = threading.Thread(target=found.watch, args=(stop,), daemon=True)
    try:
        container.start()
        watcher.start()
        yield found
    finally:
        stop.set()
        container.remove(force=True)


@pytest.mark.construye
@pytest.mark.timeout(1500)
def test_the_image_is_small(engine: docker.DockerClient, image: str) -> None:
    """Ninguna capa pasa de 400 MB comprimida, ni la imagen de 1 GB, ni lleva nada de las otras etapas."""
    sizes = compressed_layers(engine, image)
    print("capas comprimidas (MB):", [round(size / MB, 1) for size in sizes], round(sum(sizes) / MB, 1))
    assert max(sizes) < LAYER_LIMIT_MB * MB
    assert sum(sizes) < IMAGE_LIMIT_MB * MB
    check = "! ls /opt/multietapa/venv/bin/pip* ~/imagenes ~/tests ~/binder /obra 2>/dev/null"
    engine.containers.run(image, ["-c", check], entrypoint="sh", remove=True, labels=labels())


def compressed_layers(client: docker.DockerClient, image: str) -> list[int]:
    """Los bytes de cada capa tal como viajarían: comprimida con gzip (lo ya comprimido apenas mengua)."""
    sizes = []
    saved = Pieces(client.images.get(image).save(chunk_size=1 << 20))
    with io.BufferedReader(saved) as stream, tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isreg() else None
            if content is None or member.size < MB:
                continue
            packer, total = zlib.compressobj(1, wbits=31), 0
            while piece := content.read(1 << 20):
                total += len(packer.compress(piece))
            sizes.append(total + len(packer.flush()))
    return sizes


class Pieces(io.RawIOBase):
    """Un archivo de solo lectura hecho con los trozos que da un iterador."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.left = pieces, b""

    def readable(self) -> bool:
        """Siempre."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Da lo que queda del trozo, o el siguiente."""
        self.left = self.left or next(self.pieces, b"")
        size = min(len(buffer), len(self.left))
        buffer[:size], self.left = self.left[:size], self.left[size:]
        return size


@pytest.mark.construye
@pytest.mark.timeout(2700)
def test_notebooks_run_as_in_binder(pod: Pod, capfd: pytest.CaptureFixture[str]) -> None:
    """JupyterLab contesta en español, el motor es el embebido y los cuadernos pasan dentro de los límites."""
    started = time.monotonic()
    settings = wait_for_server(pod, "/lab/api/settings/@jupyterlab/translation-extension:plugin")
    print(f"JupyterLab contesta en {time.monotonic() - started:.1f} s")
    assert "es_ES" in settings
    assert "Bienvenida" in wait_for_server(pod, "/api/contents/mis-cuadernos/00_bienvenida.ipynb")
    state = pod.wait_for_engine()
    assert state.get("kind") == "embebido", state
    print(f"motor listo en {time.monotonic() - started:.1f} s como mucho")
    before = pod.ask()
    assert before["kind"] == "embebido"
    assert {*workshop_bases(), *workshop_services()} <= set(before["images"])
    assert before["cache"] == 0
    pod.container.put_archive("/tmp", test_tools())
    tools = "/tmp/pruebas"
    names = sorted(path.name for path in (PROJECT_ROOT / "notebooks").glob("*.ipynb"))
    started = time.monotonic()
    code, output = pod.run(
        *("python3", "-m", "pytest", "-p", "conftest", "-p", "no:cacheprovider", "--rootdir=.", "-q"),
        "--durations=0",
        *("--nbval-lax", f"--nbval-sanitize-with={tools}/cuadernos.cfg"),
        *(f"notebooks/{name}" for name in names),
        PYTHONPATH=tools,
    )
    with capfd.disabled():  # se ve también cuando pasa: es lo que más tarda de todas las pruebas
        print(f"\nEn Binder, los cuadernos: {time.monotonic() - started:.0f} s", file=sys.stderr)
        print(", ".join(f"{name} {spent:.0f}" for name, spent in cost_of(output)), file=sys.stderr)
    assert code == 0, output[-30_000:]
    after = pod.ask()
    assert after["kind"] == "embebido"
    assert after["cache"] > 0
    figures = {"propia": pod.own, "Kubernetes": pod.working_set, "con toda la caché": pod.with_page_cache}
    print("memoria (MB):", {name: round(value / MB) for name, value in figures.items()})
    assert 0 < pod.working_set < MEMORY_LIMIT_MB * MB
    print("destinos de fuera:", len(pod.peers), sorted({port for _, port in pod.peers}))
    assert 0 < len(pod.peers) <= MAXIMUM_PEERS
    code, output = pod.run("python3", "-c", CELL)
    assert code == 0, output
    assert "⚠ Esta sesión lleva" in output
    assert "de procesador" in output


def cost_of(output: str) -> list[tuple[str, float]]:
    """Los segundos de cada cuaderno, de lo que pytest escribe con ``--durations``."""
    found: defaultdict[str, float] = defaultdict(float)
    for seconds, name in re.findall(r"^([\d.]+)s \w+ +notebooks/(\d\d)\S*::", output, re.MULTILINE):
        found[name] += float(seconds)
    return sorted(found.items())


def wait_for_server(pod: Pod, path: str, seconds: float = 60.0) -> str:
    """Espera a que JupyterLab conteste y devuelve lo que dice en ``path``."""
    url = f"http://127.0.0.1:8888{BASE_URL}{path}?token={TOKEN}"
    opener = "u.build_opener(u.ProxyHandler({}))"
    ask = f"import urllib.request as u; print({opener}.open('{url}').read().decode())"
    limit = time.monotonic() + seconds
    while True:
        code, output = pod.run("python3", "-c", ask)
        if code == 0:
            return output
        assert time.monotonic() < limit, output + pod.container.logs().decode(errors="replace")[-3000:]
        time.sleep(0.5)


def test_tools() -> bytes:
    """Un archivo con pytest, nbval y lo que usan, del entorno de estas pruebas."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name in TEST_PACKAGES:
            try:
                files = importlib.metadata.files(name) or []
            except importlib.metadata.PackageNotFoundError:
                continue  # solo hacen falta con algunas versiones de Python
            for file in files:
                if ".." not in file.parts and "__pycache__" not in file.parts:
                    tar.add(str(file.locate()), f"pruebas/{file}")
        tar.add(PROJECT_ROOT / "conftest.py", "pruebas/conftest.py")
        tar.add(PROJECT_ROOT / "tests/cuadernos.cfg", "pruebas/cuadernos.cfg")
    return packed.getvalue()


test_tools.__test__ = False  # type: ignore[attr-defined]


@pytest.mark.construye
def test_stopping_and_starting_again(pod: Pod) -> None:
    """Al parar el contenedor, el motor se apaga en orden y a tiempo; al volver, sus imágenes siguen ahí."""
    before = pod.ask()["images"]
    started = time.monotonic()
    pod.container.stop(timeout=30)
    seconds = time.monotonic() - started
    pod.container.reload()
    print(f"parado en {seconds:.1f} s, código {pod.container.attrs['State']['ExitCode']}")
    assert seconds < 20
    assert pod.container.attrs["State"]["ExitCode"] != 137
    pod.container.start()
    assert pod.wait_for_engine().get("kind") == "embebido"
    assert pod.ask()["images"] == before


def test_any_builder_can_build_it() -> None:
    """El Dockerfile de Binder no usa nada que solo entienda BuildKit, y cada etapa que copia existe."""
    text = DOCKERFILE.read_text(encoding="utf-8")
    source = parse(text)
    assert not [
        word for word in ("--mount", "--link", "--chmod", "--security", "<<", "# syntax") if word in text
    ]
    copied = {line.split("--from=")[1].split()[0] for line in text.splitlines() if "--from=" in line}
    assert copied <= {stage.name for stage in source.stages}
    assert source.stages[-1].name not in copied


# --- El punto de entrada, con un motor de mentira que solo apunta cuándo se apaga ---

STUB = """
import os, sys, time
if sys.argv[1:] == ["cuadernos"]:
    open("al día", "w").close()
    sys.exit()
assert sys.argv[1:] == ["motor", "--servir"]
open(os.environ["MULTIETAPA_MOTOR_ESTADO"], "w").write("listo")
sys.stdin.read()
time.sleep(0.3)
open(os.environ["FIN"], "w").write("en orden")
"""


def kit_folder(tmp_path: Path) -> Path:
    """Desde dónde se lanza el punto de entrada: ahí está el paquete, como en la carpeta personal del pod."""
    return tmp_path / "kit"


@pytest.fixture
def entry_environment(tmp_path: Path) -> dict[str, str]:
    """Un entorno en el que ``python3 -m multietapa`` es el motor de mentira."""
    package = kit_folder(tmp_path) / "multietapa"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(STUB, encoding="utf-8")
    state = tmp_path / "motor/estado.json"
    own = {
        "MULTIETAPA_MOTOR_ESTADO": str(state),
        "FIN": str(tmp_path / "fin"),
    }
    return {**os.environ, **own}


def test_entry_gives_way_to_the_command(entry_environment: dict[str, str], tmp_path: Path) -> None:
    """La orden recibe su entrada y su entorno, su código se conserva, y el motor acaba en orden tras ella.

    Mientras, las copias de los cuadernos se ponen al día.
    """
    wait = f"until [ -s '{tmp_path}/motor/estado.json' ] && [ -e 'al día' ]; do sleep 0.1; done"
    command = f'cat; echo "$MULTIETAPA_MOTOR_ESTADO"; {wait}'
    done = subprocess.run(
        ["sh", ENTRY, "sh", "-c", f"{command}; exit 7"],
        input="hola\n",
        capture_output=True,
        text=True,
        env=entry_environment,
        cwd=kit_folder(tmp_path),
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (7, f"hola\n{tmp_path}/motor/estado.json\n")
    assert (tmp_path / "fin").read_text() == "en orden"


@contextmanager
def entered(*order: str, env: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[str]]:
    """El punto de entrada en marcha con esa orden, que ya ha escrito «listo»; al salir se le espera."""
    command = ["sh", str(ENTRY), *order]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=env, cwd=folder) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "listo\n"
        yield process


def test_entry_passes_sigterm_on(entry_environment: dict[str, str], tmp_path: Path) -> None:
    """SIGTERM llega a la orden y apaga el motor a la vez; se espera a los dos, y el código es el suyo."""
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (time.sleep(0.6), sys.exit(3)))\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
        "print('listo', flush=True)\n"
        "time.sleep(60)\n"
    )
    with entered(sys.executable, "-c", code, env=entry_environment, folder=kit_folder(tmp_path)) as process:
        until((tmp_path / "motor/estado.json").exists, seconds=20)
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 3
    assert (tmp_path / "fin").read_text() == "en orden"


def test_entry_dying_suddenly_still_stops_the_engine(
    entry_environment: dict[str, str], tmp_path: Path
) -> None:
    """Si el punto de entrada muere de golpe, el motor lo nota y acaba en orden."""
    command = f"until [ -s '{tmp_path}/motor/estado.json' ]; do sleep 0.1; done; echo listo; exec sleep 3"
    with entered("sh", "-c", command, env=entry_environment, folder=kit_folder(tmp_path)) as process:
        process.kill()
    end = tmp_path / "fin"
    assert until(lambda: end.exists() and end.read_text(), seconds=20) == "en orden"


def test_entry_works_without_an_engine(entry_environment: dict[str, str], tmp_path: Path) -> None:
    """Donde no se puede escribir el estado, la orden corre igual y los cuadernos buscarán su motor."""
    entry_environment["MULTIETAPA_MOTOR_ESTADO"] = "/proc/no/estado.json"
    done = subprocess.run(
        ["sh", ENTRY, "sh", "-c", 'echo "[$MULTIETAPA_MOTOR_ESTADO]"'],
        capture_output=True,
        text=True,
        env=entry_environment,
        cwd=kit_folder(tmp_path),
        timeout=30,
    )
    assert (done.returncode, done.stdout) == (0, "[]\n")
    assert "no se puede escribir" in done.stderr
