"""La sesión de BuildKit, contra un motor de verdad: lo mismo que la orden docker, y nada de más."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import docker
import pytest

from multietapa.build.session import control, filesync
from multietapa.build.session.filesync import Travelled
from multietapa.build.session.grpc import GrpcError
from multietapa.build.session.listing import Entry, FolderOffer, Offer, Query, TextOffer, follow
from multietapa.build.session.session import Session
from multietapa.errors import ContextError, EngineError, MultietapaError
from tests.conftest import needs_unix

pytestmark = needs_unix


class Built:
    """Una construcción con sesión: su resultado, lo que viajó y lo que no pudo viajar."""

    def __init__(
        self, client: docker.DockerClient, root: Path, text: str, *, tag: str, key: str = ""
    ) -> None:
        self.travelled: list[Travelled] = []
        self.failures: list[MultietapaError] = []
        offers: dict[str, Offer] = {
            "context": FolderOffer(root),
            "dockerfile": TextOffer({"Dockerfile": text.encode()}),
        }
        serve = filesync.handler(offers, travelled=self._travelled, failed=self.failures.append)
        session = Session(client, {filesync.METHOD: serve}, key=key or uuid.uuid4().hex)
        orders = control.Control(client)
        ref = uuid.uuid4().hex
        order = control.Order(ref, session.id, {"filename": "Dockerfile"}, [("moby", {"name": tag})])
        self.id, self.error = "", None
        try:
            self.id = control.result(orders.solve(order))["containerimage.digest"]
        except GrpcError as error:
            self.error = error
        finally:
            orders.close()
            session.close()

    def _travelled(self, count: Travelled) -> None:
        if count.complete and count.folder == "context":
            self.travelled.append(count)


def test_only_what_changed_travels(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Con la misma clave, la segunda vez solo viaja el archivo que cambió."""
    for number in range(50):
        (tmp_path / f"{number}.txt").write_text("x" * 1000)
    text, key = "FROM scratch\nCOPY . /\n", uuid.uuid4().hex
    first = Built(engine, tmp_path, text, tag=tag, key=key).travelled[-1]
    (tmp_path / "7.txt").write_text("y" * 1001)
    second = Built(engine, tmp_path, text, tag=tag, key=key).travelled[-1]
    assert (first.files, first.bytes) == (50, 50_000)
    assert (second.files, second.bytes, second.of_files, second.of_bytes) == (1, 1001, 50, 50_001)


def growing(entry: Entry, offer: FolderOffer) -> None:
    """El archivo crece después de anunciarse."""
    with (offer._root / entry.name).open("ab") as file:  # noqa: SLF001
        file.write(b"y")


def vanishing(entry: Entry, offer: FolderOffer) -> None:
    """El archivo desaparece después de anunciarse."""
    (offer._root / entry.name).unlink()  # noqa: SLF001


@pytest.mark.parametrize(
    ("change", "said"), [(growing, "cambió de tamaño mientras viajaba"), (vanishing, "No se puede leer")]
)
def test_a_file_that_changes_on_its_way_is_named(
    engine: docker.DockerClient,
    tmp_path: Path,
    tag: str,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[Entry, FolderOffer], None],
    said: str,
) -> None:
    """Un archivo que crece o desaparece mientras viaja se nombra, y no se construye con otra cosa."""
    (tmp_path / "datos.bin").write_bytes(b"x" * 1000)
    original = FolderOffer.open

    def opened(self: FolderOffer, entry: Entry) -> object:
        if entry.name == "datos.bin":
            change(entry, self)
        return original(self, entry)

    monkeypatch.setattr(FolderOffer, "open", opened)
    built = Built(engine, tmp_path, "FROM scratch\nCOPY datos.bin /\n", tag=tag)
    assert built.error is not None
    (failure,) = built.failures
    assert isinstance(failure, ContextError)
    assert "datos.bin" in failure.what
    assert said in failure.what


def test_nothing_stays_after_a_build(engine: docker.DockerClient, tmp_path: Path, tag: str) -> None:
    """Al cerrar no queda ningún hilo, tampoco si la construcción falla."""
    (tmp_path / "a").write_text("a")
    before = threading.active_count()
    assert Built(engine, tmp_path, "FROM scratch\nCOPY a /\n", tag=tag).id
    failed = Built(engine, tmp_path, "FROM scratch\nCOPY nada /\n", tag=tag)
    assert failed.error is not None
    assert '"/nada": not found' in failed.error.message
    step, line = control.place(failed.error)
    assert step.startswith("sha256:")
    assert line == 2
    assert threading.active_count() == before


def test_an_intruding_engine_gets_nothing(tmp_path: Path) -> None:
    """Quien pide algo de fuera de la carpeta, o una carpeta que no se ofrece, no lo consigue."""
    (tmp_path / "dentro").mkdir()
    (tmp_path / "secreto").write_text("x")
    offer = FolderOffer(tmp_path / "dentro")
    assert list(offer.entries(Query(follow=["../secreto"]))) == []
    with pytest.raises(EngineError, match="no le ofrece"):
        filesync._check_paths(Query(follow=["../../etc/passwd"]))  # noqa: SLF001


def test_links_on_the_way_travel_too(tmp_path: Path) -> None:
    """Para llegar a un camino hacen falta los enlaces que hay en medio; uno absoluto es desde la carpeta."""
    (tmp_path / "real").mkdir()
    (tmp_path / "real/x").touch()
    (tmp_path / "uno").symlink_to("/real")
    (tmp_path / "dos").symlink_to("uno/x")
    assert follow(tmp_path, ["dos"]) == ["dos", "real/x", "uno"]
    assert follow(tmp_path, ["."]) is None
    assert follow(tmp_path, ["real", "real/x"]) == ["real"]


def test_what_cannot_travel_is_named(tmp_path: Path) -> None:
    """Un nombre que no es UTF-8 o un socket no viajan en silencio: se dice cuál."""
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/mal\xff")).touch()
    with pytest.raises(ContextError, match="no puede viajar"):
        list(FolderOffer(tmp_path).entries(Query()))
