"""Qué viaja la segunda vez, con un motor de verdad: lo que cambió y nunca menos, aunque su fecha mienta."""

from __future__ import annotations

import os
import secrets
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import docker
import pytest

from multietapa.build.events import ContextSent
from multietapa.build.pipeline import build_events
from multietapa.build.session import folder_key
from multietapa.build.session.folder_key import FolderKeys
from multietapa.cells.motor import Motor
from multietapa.paths import PROJECT_ROOT
from tests.conftest import needs_unix
from tests.sessions import Done, build, contents

pytestmark = needs_unix
OLD = 500_000_000 * 10**9  # ns: 1985, la fecha con la que npm deja lo que instala
FILES = 20
TEXT = "FROM scratch\nCOPY . /\n"
Again = Callable[..., Done]


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """El archivo donde se apuntan las claves, propio de la prueba y todavía sin crear."""
    monkeypatch.setenv("MULTIETAPA_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache/carpetas.sqlite"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Una carpeta de 20 archivos de hace mucho, alguno dentro de otra carpeta."""
    folder = tmp_path / "carpeta"
    fill(folder)
    return folder


@pytest.fixture
def again(engine: docker.DockerClient, root: Path, notes: Path) -> Iterator[Again]:
    """Construye la carpeta, también por segunda vez."""
    assert not notes.exists()
    tag = f"multietapa-pruebas/clave:{secrets.token_hex(4)}"
    yield lambda text=TEXT, folder=root: build(engine, folder, text, tag=tag)
    for image in engine.images.list(tag.partition(":")[0]):
        engine.images.remove(image.id, force=True)


def fill(folder: Path, letter: bytes = b"a") -> None:
    """La llena de archivos con esa letra, todos del mismo tamaño y de 1985."""
    (folder / "lib").mkdir(parents=True)
    for number in range(FILES):
        write(folder / ("lib" if number % 2 else "") / f"{number}.txt", letter * 100)
    settle()


def write(path: Path, data: bytes, moment: int = OLD) -> None:
    """Escribe un archivo y le pone esa fecha, en ns."""
    path.write_bytes(data)
    os.utime(path, ns=(moment, moment))


def settle() -> None:
    """Deja pasar más de lo que dura un instante del reloj de los archivos."""
    time.sleep(0.05)


def rewritten(root: Path) -> None:
    """Otro contenido, del mismo tamaño y con la fecha de antes."""
    write(root / "lib/7.txt", b"b" * 100)


def replaced(root: Path) -> None:
    """Otro archivo, escrito hace rato, ocupa su sitio."""
    (root.parent / "otro").replace(root / "lib/7.txt")


def linked(root: Path) -> None:
    """Otro archivo, escrito hace rato, ocupa su sitio con un enlace físico."""
    (root / "lib/7.txt").unlink()
    (root / "lib/7.txt").hardlink_to(root.parent / "otro")


def folder_swapped(root: Path) -> None:
    """Otra carpeta, escrita hace rato, ocupa el sitio de una de dentro: nada de lo que lleva ha cambiado."""
    (root / "lib").rename(root.parent / "lib-vieja")
    (root.parent / "otra/lib").rename(root / "lib")


def folder_swapped_and_used(root: Path) -> None:
    """Lo mismo, y después se añade algo dentro, que le cambia la fecha a la carpeta."""
    folder_swapped(root)
    (root / "lib/nuevo.txt").write_text("nuevo")


def root_swapped(root: Path) -> None:
    """Otra carpeta, escrita hace rato, ocupa el sitio de la del contexto."""
    root.rename(root.parent / "vieja")
    (root.parent / "otra").rename(root)


@pytest.mark.parametrize(
    "change", [rewritten, replaced, linked, folder_swapped, folder_swapped_and_used, root_swapped]
)
def test_what_keeps_its_size_and_date_travels_too(
    root: Path, again: Again, engine: docker.DockerClient, change: Callable[[Path], None]
) -> None:
    """Con otro contenido y el tamaño y la fecha de antes, la imagen lleva el nuevo."""
    fill(root.parent / "otra", b"b")
    write(root.parent / "otro", b"b" * 100)
    settle()
    first = again()
    settle()
    change(root)
    second = again()
    assert contents(engine, first.image_id)["lib/7.txt"] == b"a" * 100
    assert contents(engine, second.image_id)["lib/7.txt"] == b"b" * 100


def test_a_date_in_the_future_hides_nothing(root: Path, again: Again, engine: docker.DockerClient) -> None:
    """Un archivo con la fecha de mañana, cambiado sin que cambie, también viaja."""
    tomorrow = time.time_ns() + 86_400 * 10**9
    write(root / "2.txt", b"a" * 100, tomorrow)
    settle()
    again()
    write(root / "2.txt", b"b" * 100, tomorrow)
    assert contents(engine, again().image_id)["2.txt"] == b"b" * 100


def test_two_writes_in_the_same_instant_are_told_apart(
    root: Path, again: Again, engine: docker.DockerClient
) -> None:
    """Lo que se escribe justo antes de construir y se reescribe con la misma fecha viaja con lo último."""
    for number in range(6):
        (root / "ahora.txt").write_bytes(b"%d" % number)
        moment = (root / "ahora.txt").stat().st_mtime_ns
        again()
        write(root / "ahora.txt", b"%d" % (number + 5), moment)
        assert contents(engine, again().image_id)["ahora.txt"] == b"%d" % (number + 5)


def test_what_is_written_while_it_travels_is_not_forgotten(
    root: Path, engine: docker.DockerClient, again: Again
) -> None:
    """Un archivo que se reescribe durante la construcción, una y otra vez, acaba en la siguiente imagen."""
    tag = "multietapa-pruebas/clave:durante"
    (root / "vivo.txt").write_bytes(b"??")
    for number in range(5):
        events = build_events(engine, root, tag=tag, dockerfile=TEXT)
        with (root / "vivo.txt").open("rb+", buffering=0) as alive:  # sin dejarlo vacío ni un momento
            for event in events:
                os.pwrite(alive.fileno(), b"x%d" % number, 0)
                if isinstance(event, ContextSent):
                    break
            os.pwrite(alive.fileno(), b"y%d" % number, 0)
            list(events)
            os.pwrite(alive.fileno(), b"z%d" % number, 0)
        assert contents(engine, again().image_id)["vivo.txt"] == b"z%d" % number


def test_the_second_time_only_what_changed_travels(root: Path, again: Again) -> None:
    """Sin cambios no viaja nada; con uno normal, o con un archivo nuevo, solo él."""
    assert again().sent == (FILES, FILES * 100)
    assert again().sent == (0, 0)
    settle()  # lo que se escribe nada más acabar una construcción podría llevar la fecha de lo que ya viajó
    (root / "2.txt").write_text("otro")
    settle()
    assert again().sent == (1, 4)
    settle()
    (root / "lib/nuevo").write_text("nuevo")
    (root / "6.txt").unlink()
    settle()
    assert again().sent == (1, 5)
    assert again().sent == (0, 0)


def test_a_change_of_permissions_travels(root: Path, again: Again) -> None:
    """Un permiso nuevo llega a la imagen, aunque nada más cambie."""
    again()
    (root / "2.txt").chmod(0o755)
    changed = again()
    assert changed.sent[0] >= 1
    (root / "2.txt").chmod(0o644)
    assert again().image_id != changed.image_id


def test_the_rules_are_not_stale_either(root: Path, again: Again, engine: docker.DockerClient) -> None:
    """Un ``.dockerignore`` que se excluye a sí mismo y cambia con su tamaño y su fecha vale como es ahora."""
    write(root / ".dockerignore", b".dockerignore\n2.txt\n")
    settle()
    assert "2.txt" not in contents(engine, again().image_id)
    settle()
    write(root / ".dockerignore", b".dockerignore\n4.txt\n")
    found = contents(engine, again().image_id)
    assert "2.txt" in found
    assert "4.txt" not in found


def test_a_build_that_asks_for_nothing_forgets_nothing(
    root: Path, again: Again, engine: docker.DockerClient
) -> None:
    """Lo que cambia mientras está excluido no se pierde, aunque en medio se construya sin usar la carpeta."""
    again()
    settle()
    (root / ".dockerignore").write_text("lib\n")
    write(root / "lib/7.txt", b"b" * 100)
    again(text="FROM scratch\nLABEL nada=1\n")
    (root / ".dockerignore").unlink()
    assert contents(engine, again().image_id)["lib/7.txt"] == b"b" * 100


def test_what_is_excluded_is_not_looked_at(root: Path, again: Again, monkeypatch: pytest.MonkeyPatch) -> None:
    """En una carpeta excluida no se entra: lo que cambie en ella no hace viajar nada."""
    (root / ".dockerignore").write_text("lib\n")
    settle()
    again()
    settle()
    write(root / "lib/7.txt", b"b" * 100)
    seen = []
    original = os.lstat

    def lstat(path: str | os.PathLike[str]) -> os.stat_result:
        seen.append(os.fspath(path))
        return original(path)

    monkeypatch.setattr(os, "lstat", lstat)
    assert again().sent == (0, 0)
    assert any(path.endswith("2.txt") for path in seen)
    assert not any(path.endswith("7.txt") for path in seen)


CHILD = """
import sys
import docker
from multietapa.build.events import ContextSent
from multietapa.build.pipeline import build_events
host, root, tag = sys.argv[1:]
client = docker.DockerClient(base_url=host)
for event in build_events(client, root, tag=tag, dockerfile={text!r}):
    pass
print(event.image_id)
client.close()
"""


def test_two_kernels_at_once(
    root: Path, again: Again, engine: docker.DockerClient, motor_real: Motor
) -> None:
    """Varios procesos construyen a la vez la misma carpeta, que cambia, y cada uno lleva lo que había."""
    again()
    settle()
    write(root / "lib/7.txt", b"b" * 100)
    command = [sys.executable, "-c", CHILD.format(text=TEXT), motor_real.choice.host, str(root)]
    children = [
        subprocess.Popen(
            [*command, f"multietapa-pruebas/clave:k{number}"],
            cwd=PROJECT_ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for child in children:
        said, trouble = child.communicate(timeout=120)
        assert child.returncode == 0, trouble
        assert contents(engine, said.strip())["lib/7.txt"] == b"b" * 100
    settle()
    assert again().sent[0] in (0, FILES)
    assert again().sent == (0, 0)


def broken(notes: Path) -> None:
    """No es una base de datos."""
    notes.write_bytes(b"esto no es una base de datos" * 100)


def a_folder(notes: Path) -> None:
    """En su sitio hay una carpeta."""
    notes.unlink()
    notes.mkdir()


def other_shape(notes: Path) -> None:
    """La escribió otra versión, con otras columnas."""
    notes.unlink()
    with sqlite3.connect(notes) as other:
        other.execute("CREATE TABLE envios (nombre TEXT)")
    other.close()


@pytest.mark.parametrize("spoil", [broken, a_folder, other_shape])
def test_without_notes_everything_travels(
    root: Path, again: Again, engine: docker.DockerClient, notes: Path, spoil: Callable[[Path], None]
) -> None:
    """Si lo apuntado no se puede leer, se construye bien igual: viaja todo."""
    again()
    spoil(notes)
    write(root / "lib/7.txt", b"b" * 100)
    second = again()
    assert second.sent == (FILES, FILES * 100)
    assert contents(engine, second.image_id)["lib/7.txt"] == b"b" * 100
    assert again().sent in ((0, 0), (FILES, FILES * 100))


def test_a_spoilt_file_is_started_again(again: Again, notes: Path) -> None:
    """Un archivo de apuntes estropeado se empieza de nuevo: solo cuesta un viaje."""
    again()
    broken(notes)
    assert again().sent == (FILES, FILES * 100)
    assert again().sent == (0, 0)


def test_notes_that_somebody_else_holds(again: Again, notes: Path) -> None:
    """Si otro proceso tiene cogidos los apuntes, no se espera mucho: viaja todo."""
    again()
    other = sqlite3.connect(notes)
    other.execute("BEGIN EXCLUSIVE")
    start = time.monotonic()
    assert again().sent == (FILES, FILES * 100)
    assert time.monotonic() - start < 10
    other.rollback()
    other.close()


def test_a_key_has_one_use_at_a_time(tmp_path: Path, root: Path) -> None:
    """Mientras una construcción usa una clave, otra estrena la suya; y la que murió a medias no la deja."""
    keys = FolderKeys(tmp_path / "apuntes")
    paths = [root, *root.rglob("*")]
    first = keys.open("x", paths)
    keys.close(first, complete=time.time_ns())
    second = keys.open("x", paths)
    third = keys.open("x", paths)
    assert second.reused
    assert second.key == first.key
    assert third.key != first.key
    keys.close(second, complete=time.time_ns())
    assert keys.open("x", paths).key not in (first.key, third.key)  # la tercera no se cerró


def test_a_clock_that_goes_back_is_not_believed(
    tmp_path: Path, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Si el reloj retrocede, lo apuntado no vale."""
    keys = FolderKeys(tmp_path / "apuntes")
    first = keys.open("x", [root])
    keys.close(first, complete=time.time_ns())
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() - 10**9)
    assert keys.open("x", [root]).key != first.key


def test_only_so_many_folders_are_remembered(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Los apuntes no crecen sin fin: se olvida la carpeta más antigua."""
    monkeypatch.setattr(folder_key, "_KEPT", 3)
    keys = FolderKeys(tmp_path / "apuntes")
    used = []
    for name in "abcd":
        used.append(keys.open(name, []))
        keys.close(used[-1], complete=time.time_ns())
    assert not keys.open("a", []).reused
    assert keys.open("d", []).reused


def test_an_unreadable_folder_nobody_asks_for_stops_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Una carpeta que no se puede leer no impide mirar el resto: la clave es nueva y ya está."""
    from multietapa.dockerfile.walk import entries

    original = os.scandir

    def scandir(path: str) -> Iterator[os.DirEntry[str]]:
        if os.fspath(path).endswith("lib"):
            raise PermissionError(13, "Permission denied")
        return original(path)

    keys = FolderKeys(tmp_path / "apuntes")
    for _ in range(2):
        monkeypatch.setattr(os, "scandir", scandir)
        opened = keys.open("x", (path for _, path in entries(root, ())))
        monkeypatch.setattr(os, "scandir", original)
        assert not opened.reused
        keys.close(opened, complete=time.time_ns())
