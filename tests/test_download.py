"""El cliente de registros del taller: lo que baja es lo que dice la imagen, y lo que no, no se abre."""

from __future__ import annotations

import gzip
import importlib.util
import json
import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from multietapa.cells.motor import Motor
from multietapa.errors import ArchiveError, DeployCancelled, RegistryError
from multietapa.identity import SESSION_VARIABLE
from multietapa.registry.download import AT_ONCE, download
from multietapa.registry.events import LayerProgress, LayerState, Pulled
from multietapa.registry.link import Link
from multietapa.registry.manifest import INDEXES, MANIFESTS, Manifest, RegistryClient
from multietapa.registry.through_engine import push
from tests.crafted import digest, entry, layer
from tests.shipping import app_image, drained, no_threads, noise, own_registry

OCI_MANIFEST = MANIFESTS[0]


@pytest.fixture(autouse=True)
def _scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Las capas se abren en una carpeta de la prueba, que al acabar tiene que estar vacía."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    no_threads()
    assert list(tmp_path.iterdir()) == []


class Shelf:
    """Un registro hecho a mano: da lo que se le ponga, tal cual, y cuenta lo que se le pide."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.asked: list[str] = []
        self.together = self.most = 0
        self.pause, self.cut = 0.0, 0
        self._counting = threading.Lock()
        shelf = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                shelf.asked.append(self.path)
                data = shelf.files.get(self.path.rpartition("/")[2])
                if data is None:
                    self.send_error(404)
                    return
                shelf.count(1)
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                time.sleep(shelf.pause)
                # Antes de darlo: quien lo recibe puede pedir lo siguiente sin esperar a este hilo.
                shelf.count(-1)
                is_layer = "/blobs/" in self.path and shelf.cut
                self.wfile.write(data[: shelf.cut] if is_layer and len(data) > 1000 else data)

            def log_message(self, format: str, *args: Any) -> None:
                """Nada."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def count(self, change: int) -> None:
        """Empieza o acaba de atender una petición."""
        with self._counting:
            self.together += change
            self.most = max(self.most, self.together)

    @property
    def address(self) -> tuple[str, int]:
        """Dónde escucha."""
        return ("127.0.0.1", self.server.server_address[1])

    def keep(self, data: bytes, name: str = "") -> str:
        """Guarda algo por su digest, o por otro nombre, y lo dice."""
        self.files[name or digest(data)] = data
        return name or digest(data)

    def image(self, *layers: bytes, opened: tuple[bytes, ...] = (), kind: str = OCI_MANIFEST) -> str:
        """Una imagen con esas capas, tal como viajan; ``opened``, cada una abierta. Da su digest."""
        tars = opened or tuple(gzip.decompress(one) if one[:2] == b"\x1f\x8b" else one for one in layers)
        config = json.dumps(
            {"rootfs": {"type": "layers", "diff_ids": [digest(tar) for tar in tars]}}
        ).encode()
        blobs = [{"digest": self.keep(one), "size": len(one), "mediaType": "x"} for one in layers]
        head = {"digest": self.keep(config), "size": len(config), "mediaType": "x"}
        document = {"schemaVersion": 2, "mediaType": kind, "config": head, "layers": blobs}
        return self.keep(json.dumps(document).encode())

    def manifest(self, reference: str, architecture: str = "amd64") -> Manifest:
        """El manifiesto de esa imagen, leído por el cliente."""
        with closing(RegistryClient(self.address)) as client:
            return client.manifest("imagen", reference, architecture=architecture)

    def fetch(self, reference: str, **options: Any) -> tuple[list[Any], Any]:
        """Baja esa imagen entera."""
        return drained(download(self.address, "imagen", self.manifest(reference), **options))


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """Un registro hecho a mano."""
    found = Shelf()
    yield found
    found.server.shutdown()
    found.server.server_close()


def packed(*entries: Any) -> bytes:
    """Una capa comprimida con gzip."""
    return gzip.compress(layer(*entries), 1, mtime=0)


def test_a_real_registry(
    motor_real: Motor, base_image: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Lo que el motor subió se baja entero; lo que ya estaba no viaja, y lo demás se cuenta por capas."""
    assert base_image
    monkeypatch.setenv(SESSION_VARIABLE, "bajada-propia")
    image = app_image(motor_real.client, noise(2_000_000, 1), noise(1_000_000, 2))
    try:
        with own_registry(motor_real) as found, closing(RegistryClient(found.address)) as client:
            done = drained(push(motor_real.client, image, found))[1]
            repository, _, tag = done.reference.partition("/")[2].rpartition(":")
            info = motor_real.info
            assert info is not None
            manifest = client.manifest(repository, tag, architecture=info.architecture)
            assert manifest.digest == done.digest
            inspected = motor_real.client.api.inspect_image(image)
            assert list(manifest.diff_ids) == inspected["RootFS"]["Layers"]
            with Link(found.address) as link:
                events, written = drained(download(link.address, repository, manifest))
                first = link.down.bytes
            total = sum(one.size for one in manifest.distinct)
            assert events[-1] == Pulled(f"{repository}@{done.digest}", total, 0, events[-1].seconds)
            assert total < first < total + 4000
            assert written.bytes > 3_000_000
            kept = {manifest.layers[0].digest, manifest.layers[1].digest}
            events, _ = drained(download(found.address, repository, manifest, present=kept))
            assert (events[-1].bytes, events[-1].present) == (
                manifest.layers[2].size,
                sum(one.size for one in manifest.layers[:2]),
            )
            states = {event.state for event in events if isinstance(event, LayerProgress)}
            assert {LayerState.PRESENT, LayerState.ARRIVED, LayerState.DONE} <= states
            with pytest.raises(RegistryError, match="no tiene nadie:1"):
                client.manifest("nadie", "1", architecture="amd64")
        assert list(tmp_path.iterdir()) == []
    finally:
        motor_real.client.images.remove(image, force=True)


@pytest.mark.parametrize("kind", MANIFESTS)
def test_three_at_once_whatever_they_come_in(shelf: Shelf, kind: str) -> None:
    """Viajan tres a la vez, con gzip o sin comprimir, de OCI o de Docker; la repetida viaja una sola vez."""
    plain = layer(entry("sin", b"comprimir"))
    layers = [packed(entry(f"a{n}", noise(20_000, n))) for n in range(5)]
    shelf.pause = 0.1
    events, written = shelf.fetch(shelf.image(*layers, plain, layers[0], kind=kind))
    assert shelf.most == AT_ONCE
    assert (written.files, written.bytes) == (6, 5 * 20_000 + 9)
    assert events[-1].bytes == sum(map(len, layers)) + len(plain)
    assert len({path for path in shelf.asked if "/blobs/" in path}) == 7


@pytest.mark.parametrize("kind", INDEXES)
def test_an_index_gives_the_one_of_this_platform(shelf: Shelf, kind: str) -> None:
    """De un índice se toma la de la arquitectura pedida; si no está, se dice cuáles hay."""
    wanted = {name: shelf.image(packed(entry(name, name))) for name in ("amd64", "arm64")}
    items = [
        {"digest": one, "size": 1, "platform": {"os": "linux", "architecture": name}}
        for name, one in wanted.items()
    ]
    items.append({"digest": digest(b""), "size": 1, "platform": {"os": "unknown", "architecture": "unknown"}})
    index = json.dumps({"schemaVersion": 2, "mediaType": kind, "manifests": items}).encode()
    shelf.keep(index, "varias")
    for name, expected in wanted.items():
        assert shelf.manifest("varias", name).digest == expected
    with pytest.raises(RegistryError, match="no está para linux/riscv64") as error:
        shelf.manifest("varias", "riscv64")
    assert "linux/amd64, linux/arm64" in error.value.why


def _other_content(shelf: Shelf) -> str:
    reference = shelf.image(good := packed(entry("a", noise(5000, 1))))
    shelf.files[digest(good)] = good[:-1] + bytes([good[-1] ^ 1])
    return reference


def _too_long(shelf: Shelf) -> str:
    reference = shelf.image(good := packed(entry("a", noise(5000, 1))))
    shelf.files[digest(good)] = good + b"mas"
    return reference


def _not_what_it_says(shelf: Shelf) -> str:
    return shelf.image(packed(entry("a", "una cosa")), opened=(layer(entry("a", "otra")),))


def _broken_gzip(shelf: Shelf) -> str:
    return shelf.image(packed(entry("a", noise(50_000, 1)))[:-20_000], opened=(b"",))


def _climbs(shelf: Shelf) -> str:
    return shelf.image(packed(entry("../fuera", "x")))


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (_other_content, "sha256"),
        (_too_long, "Pasa de los"),
        (_not_what_it_says, "configuración"),
        (_broken_gzip, "descomprimir|roto"),
        (_climbs, r"lleva «\.\.»"),
    ],
)
def test_a_layer_that_is_not_what_it_says(shelf: Shelf, make: Callable[[Shelf], str], why: str) -> None:
    """Otro contenido, de más, roto o que se sale de la carpeta: se dice cuál y por qué, y no queda nada."""
    with pytest.raises(ArchiveError, match="no es la que dice la imagen") as error:
        shelf.fetch(make(shelf))
    assert re.search(why, error.value.why)


def test_a_layer_in_zstd(shelf: Shelf) -> None:
    """Con zstd se abre si este Python sabe; si no, se dice qué hace falta."""
    tar = layer(entry("a", "zeta"))
    # Un marco de zstd con un bloque sin comprimir (RFC 8878): la cabecera, el tamaño y el tar.
    block = len(tar) << 3 | 1
    frame = b"\x28\xb5\x2f\xfd\xa0" + len(tar).to_bytes(4, "little") + block.to_bytes(3, "little") + tar
    reference = shelf.image(frame, opened=(tar,))
    known = [importlib.util.find_spec(name) for name in ("backports", "compression")]
    if any(known):
        assert shelf.fetch(reference)[1].files == 1
    else:
        with pytest.raises(ArchiveError, match="zstd") as error:
            shelf.fetch(reference)
        assert "3.14" in error.value.next_step


@pytest.mark.parametrize(
    "content", [b"<html>", b"[]", b"{}", b'{"schemaVersion": 2, "layers": [], "config": {"digest": "md5:1"}}']
)
def test_what_is_not_a_manifest(shelf: Shelf, content: bytes) -> None:
    """Lo que no es un manifiesto se dice."""
    shelf.keep(content, "1")
    with pytest.raises(ArchiveError, match="no se entiende"):
        shelf.manifest("1")


def test_a_manifest_that_is_not_that_of_its_digest(shelf: Shelf) -> None:
    """Pedido por su digest, un manifiesto que no lo cumple no se acepta."""
    reference = shelf.image(packed(entry("a", "x")))
    shelf.files[reference] += b" "
    with pytest.raises(ArchiveError, match="no se entiende"):
        shelf.manifest(reference)


def test_a_registry_that_stops_halfway(shelf: Shelf) -> None:
    """Cortada a medias, se dice qué capa y que el registro dejó de contestar."""
    reference = shelf.image(packed(entry("a", noise(100_000, 3))))
    manifest = shelf.manifest(reference)
    shelf.cut = 40_000
    with pytest.raises(RegistryError, match="dejó de contestar"):
        drained(download(shelf.address, "imagen", manifest))


def test_cancelling_while_it_travels(shelf: Shelf) -> None:
    """Cancelar, o cerrar el generador, lo corta enseguida."""
    reference = shelf.image(*(packed(entry("a", noise(400_000, n))) for n in range(4)))
    manifest, cancel = shelf.manifest(reference), threading.Event()
    with Link(shelf.address, mbps=1) as link:
        events = download(link.address, "imagen", manifest, cancel=cancel)
        while not (isinstance(event := next(events), LayerProgress) and event.current):
            pass
        cancel.set()
        began = time.monotonic()
        with pytest.raises(DeployCancelled):
            drained(events)
        assert time.monotonic() - began < 8  # no los trece que tardaría en llegar
        events = download(link.address, "imagen", manifest)
        while not (isinstance(event := next(events), LayerProgress) and event.current):
            pass
        events.close()
        no_threads(besides="multietapa-enlace")
