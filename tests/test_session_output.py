"""``salida``: los archivos de una etapa en una carpeta de este disco, contra un motor de verdad."""

from __future__ import annotations

import io
import os
import secrets
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import tracemalloc
from pathlib import Path

import docker
import pytest

from multietapa import construir
from multietapa.build.events import BuildWarning, Event, OutputWritten, StepDeclared, StepKind
from multietapa.build.image import build_image
from multietapa.build.session import output, schema
from multietapa.build.session import stream as session_stream
from multietapa.build.session.control import Control
from multietapa.build.session.grpc import GrpcError, ask
from multietapa.build.session.output import check_output
from multietapa.errors import BuildCancelled, BuildError, DiskFullError
from tests.conftest import until

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="enlaces y permisos que Windows no tiene")
TWO = """\
FROM BASE AS taller
RUN mkdir -p /o/d && cd /o && echo uno > a && ln a b && ln -s a c && echo ñ > d/ñ && chmod 4755 a \\
 && ln -s /etc/passwd fuera && mkfifo tubo && chmod 700 d && cat /proc/sys/kernel/random/uuid > azar
FROM scratch
COPY --from=taller /o /
COPY hola.txt /
"""


@pytest.fixture
def context(tmp_path: Path) -> Path:
    """Una carpeta de contexto con un archivo."""
    (tmp_path / "ctx").mkdir()
    (tmp_path / "ctx/hola.txt").write_text("hola")
    return tmp_path / "ctx"


def held(client: docker.DockerClient, tag: str) -> dict[str, tuple[int, bytes]]:
    """Lo que lleva una imagen: de cada archivo, sus permisos y su contenido."""
    container = client.containers.create(tag, ["x"], labels={"org.multietapa": "1"})
    try:
        data = b"".join(container.export())
    finally:
        container.remove()
    found = {}
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        for member in tar:
            if member.isreg() or member.islnk():
                content = tar.extractfile(member)
                assert content is not None
                found[member.name] = (member.mode & 0o777, content.read())
    return found


def left_in(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Lo mismo, de una carpeta."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {
        str(path.relative_to(folder)): (stat.S_IMODE(path.stat().st_mode), path.read_bytes())
        for path in files
    }


def same(client: docker.DockerClient, tag: str, folder: Path) -> bool:
    """La carpeta tiene los archivos de la imagen, y ninguno más. Docker añade unos al crear el contenedor."""
    own, image = left_in(folder), held(client, tag)
    added = {".dockerenv", "dev/console", "etc/hostname", "etc/hosts", "etc/mtab", "etc/resolv.conf"}
    return bool(own) and {name: image[name] for name in set(image) - added} == own


def test_the_files_of_the_image_land_in_the_folder(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Son los de la imagen, con sus permisos, y la construcción dice dónde están y cuántos son."""
    folder = tmp_path / "sin/hacer/dist"
    text = TWO.replace("BASE", base_image)
    done = construir(context, dockerfile=text, etiqueta=tag, salida=folder, vista=False, cliente=engine)
    assert done.salida == folder
    assert same(engine, tag, folder)
    assert (folder / "c").readlink() == Path("a")
    assert (folder / "a").stat().st_ino == (folder / "b").stat().st_ino
    assert stat.S_IMODE((folder / "a").stat().st_mode) == 0o755
    files = sum(len(content) for _, content in left_in(folder).values()) - 4  # «b» es otro nombre de «a»
    assert done.escrito == (5, files)
    assert repr(done).splitlines()[1] == f"5 archivos ({files} B) en {folder}"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ctx", "sin"]
    assert engine.images.get(tag).id == done.imagen


def test_an_objective_and_a_folder_that_already_exists(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Con ``objetivo`` son los de esa etapa; una carpeta vacía sirve, y sigue siendo la misma."""
    folder = tmp_path / "vacía"
    folder.mkdir(0o750)
    (tmp_path / "enlace").symlink_to(folder)
    before = folder.stat()
    events: list[Event] = []
    text = f"FROM scratch AS uno\nCOPY hola.txt /solo\nFROM {base_image}\nRUN false\n"
    build_image(
        engine, context, dockerfile=text, tag=tag, target="uno", output=tmp_path / "enlace",
        on_event=events.append,
    )  # fmt: skip
    assert left_in(folder) == {"solo": (0o644, b"hola")}
    assert (folder.stat().st_ino, folder.stat().st_mode) == (before.st_ino, before.st_mode)
    assert OutputWritten(str(folder), 1, 4) in events
    assert not any(isinstance(event, BuildWarning) for event in events if "salida" in str(event))
    said = {e.name for e in events if isinstance(e, StepDeclared) and e.kind is StepKind.EXPORT}
    assert said == {"exportar la imagen", "preparar los archivos de la salida"}


def test_what_does_not_land_is_a_warning(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Un enlace absoluto y una tubería se dicen como aviso, no se pierden en silencio."""
    events: list[Event] = []
    text = TWO.replace("BASE", base_image)
    build_image(engine, context, dockerfile=text, tag=tag, output=tmp_path / "dist", on_event=events.append)
    said = [event.text for event in events if isinstance(event, BuildWarning)]
    assert [text.rpartition(": ")[2] for text in said] == ["«fuera».", "«tubo»."]


def test_on_an_engine_of_before_it_takes_two_orders(
    engine: docker.DockerClient,
    base_image: str,
    context: Path,
    tag: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Donde una orden no admite dos salidas, otra da lo que hizo la primera, también con ``sin_cache``."""
    monkeypatch.setattr(session_stream, "_SEVERAL_SINCE", (99, 0))
    text = TWO.replace("BASE", base_image)
    seen = set()
    for number in range(2):
        folder = tmp_path / f"dist{number}"
        done = construir(
            context, dockerfile=text, etiqueta=tag, salida=folder, sin_cache=True, vista=False, cliente=engine
        )
        assert done.imagen == engine.images.get(tag).id
        assert same(engine, tag, folder)
        seen.add((folder / "azar").read_text())
    assert len(seen) == 2


def test_nothing_stays_of_a_build_that_fails(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Si falla, no queda ni la carpeta ni nada a medias, ni ningún hilo."""
    before = threading.active_count()
    with pytest.raises(BuildError, match="código 3"):
        build_image(
            engine, context, dockerfile=f"FROM {base_image}\nRUN exit 3\n", tag=tag, output=tmp_path / "dist"
        )
    assert [path.name for path in tmp_path.iterdir()] == ["ctx"]
    assert threading.active_count() == before


def test_nothing_stays_of_a_build_that_is_cancelled(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Cancelar mientras llegan los archivos deja la carpeta como estaba, y ningún hilo."""
    folder, cancel = tmp_path / "dist", threading.Event()
    folder.mkdir()
    before = threading.active_count()

    def stop() -> None:
        until(lambda: any(folder.iterdir()), seconds=60)
        cancel.set()

    watcher = threading.Thread(target=stop)
    watcher.start()
    text = f"FROM {base_image}\nRUN dd if=/dev/zero of=/x bs=1000000 count=400\n"
    with pytest.raises(BuildCancelled):
        build_image(engine, context, dockerfile=text, tag=tag, output=folder, cancel=cancel)
    watcher.join()
    assert list(folder.iterdir()) == []
    until(lambda: threading.active_count() <= before)


def test_memory_does_not_grow_with_what_arrives(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Una salida de 150 MB pasa al disco sin quedarse en la memoria."""
    text = f"FROM {base_image} AS x\nRUN dd if=/dev/zero of=/x bs=1000000 count=150\n"
    text += "FROM scratch\nCOPY --from=x /x /x\n"
    build_image(engine, context, dockerfile=text, tag=tag)
    tracemalloc.start()
    try:
        build_image(engine, context, dockerfile=text, tag=tag, output=tmp_path / "dist")
        assert tracemalloc.get_traced_memory()[1] < 60_000_000
    finally:
        tracemalloc.stop()
    assert (tmp_path / "dist/x").stat().st_size == 150_000_000


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda place: (place.mkdir(), (place / "x").touch()), "ya tiene archivos"),
        (lambda place: place.touch(), "no es una carpeta"),
        (lambda place: place.symlink_to("nada"), "enlace roto"),
    ],
    ids=["llena", "archivo", "enlace-roto"],
)  # fmt: skip
def test_a_folder_that_does_not_serve_is_told_before_building(
    engine: docker.DockerClient, context: Path, tag: str, tmp_path: Path, prepare: object, said: str
) -> None:
    """Si la carpeta tiene algo, o no es una carpeta, se dice antes de empezar y con otra que sí vale."""
    assert callable(prepare)
    prepare(tmp_path / "dist")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(BuildError, match="no se pueden dejar") as raised:
        construir(
            context, dockerfile="FROM scratch\nCOPY hola.txt /\n", etiqueta=tag, salida=tmp_path / "dist",
            vista=False, cliente=engine,
        )  # fmt: skip
    assert said in raised.value.why.lower()
    assert raised.value.next_step
    assert sorted(tmp_path.rglob("*")) == before
    assert engine.images.list(tag) == []


def test_a_folder_without_permission_is_told(tmp_path: Path) -> None:
    """Donde no se puede escribir, se dice antes de construir."""
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o555)
        root = os.geteuid() == 0
        if root:
            tmp_path.chmod(0o700)
            os.seteuid(65534)
        try:
            with pytest.raises(BuildError, match="no se pueden dejar") as raised:
                check_output(f"{place}/a/b")
            if root:
                with pytest.raises(BuildError, match="no se pueden dejar"):
                    check_output(tmp_path / "a")
        finally:
            if root:
                os.seteuid(0)
            Path(place).chmod(0o755)
    assert raised.value.why.startswith("No tienes permiso para escribir")


def test_a_full_disk_is_told(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Si el disco se llena mientras llegan los archivos, se dice cuál, y no queda nada."""
    small = tmp_path / "pequeño"
    small.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(small)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("aquí no se puede montar un disco pequeño")
    try:
        text = f"FROM {base_image}\nRUN dd if=/dev/zero of=/x bs=1000000 count=9\n"
        with pytest.raises(DiskFullError, match="No queda espacio para dejar"):
            build_image(engine, context, dockerfile=text, tag=tag, output=small / "dist")
        assert list(small.iterdir()) == []
        build_image(engine, context, dockerfile="FROM scratch\nCOPY hola.txt /\n", tag=tag, output=small)
        assert left_in(small) == {"hola.txt": (0o644, b"hola")}  # un punto de montaje también sirve
    finally:
        subprocess.run(["umount", str(small)], check=False)


def test_a_folder_that_fills_up_meanwhile_is_not_touched(
    engine: docker.DockerClient, base_image: str, context: Path, tag: str, tmp_path: Path
) -> None:
    """Si alguien deja algo en ella mientras se construye, no se pisa."""
    folder = tmp_path / "dist"

    def meddle(_: Event) -> None:
        folder.mkdir(exist_ok=True)
        (folder / "mío").write_text("mío")

    text = f"FROM {base_image}\nRUN echo {secrets.token_hex(4)}\n"
    with pytest.raises(BuildError, match="no se pueden dejar"):
        build_image(engine, context, dockerfile=text, tag=tag, output=folder, on_event=meddle)
    assert left_in(folder) == {"mío": (0o644, "mío".encode())}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ctx", "dist"]


def test_the_folder_may_be_inside_the_context(engine: docker.DockerClient, context: Path, tag: str) -> None:
    """Dentro de la carpeta que se construye, lo provisional no viaja al motor."""
    (context / ".dockerignore").write_text("dist\n")
    text = "FROM scratch\nCOPY . /\n"
    ids = set()
    for name in ("dist/uno", "dist/dos"):
        image = build_image(engine, context, dockerfile=text, tag=tag, output=context / name)
        assert sorted(left_in(context / name)) == [".dockerignore", "hola.txt"]
        ids.add(image.id)
    assert len(ids) == 1


def test_an_empty_name_is_told() -> None:
    """``salida=""`` no se toma por «ninguna»."""
    with pytest.raises(BuildError, match="vacío"):
        check_output("")
    assert check_output(None) is None


def test_what_ended_is_forgotten(engine: docker.DockerClient) -> None:
    """Una conexión no guarda las corrientes que ya acabaron."""
    orders = Control(engine)
    try:
        for _ in range(5):
            made = orders.status(secrets.token_hex(8))
            made.cancel()
        connection = orders._connection  # noqa: SLF001
        assert connection._streams == {}  # noqa: SLF001
        with pytest.raises(GrpcError):
            list(ask(connection, "/nadie.lo/Atiende", b"").messages())
        assert connection._streams == {}  # noqa: SLF001
    finally:
        orders.close()


def test_the_messages_are_those_of_buildkit() -> None:
    """Lo que llega por ``FileSend`` son ``BytesMessage`` con sus bytes en el campo 1."""
    assert schema.new("BytesMessage", data=b"x").SerializeToString() == b"\x0a\x01x"
    assert output.METHOD == "/moby.filesync.v1.FileSend/DiffCopy"
