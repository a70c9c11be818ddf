"""Las bases sin compiladores: lo que llevan y lo que no, y que están donde las publicadas lo tienen."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import docker
import pytest

from multietapa.apps import app
from multietapa.bases.families.distroless import BASES, FILES, LIBRARIES, NODE, PROGRAM, STATIC
from multietapa.bases.families.node import NODES, SLIM
from multietapa.bases.sources import available_bases, ensure_base
from multietapa.cells.construir import construir
from multietapa.cells.motor import Motor
from multietapa.containers.running import run_container
from multietapa.identity import labels
from multietapa.image.exposure.exposure import exposure
from multietapa.image.exposure.programs import COMPILER, PACKAGES, SHELL
from multietapa.image.image import measure_archive
from multietapa.image.packages.inventory import inventory
from tests import trivy
from tests.conftest import unavailable
from tests.test_base_packages import stanzas

TAG = "prueba-faro:1"


@pytest.fixture(scope="module")
def bases(engine: docker.DockerClient) -> docker.DockerClient:
    """El motor, con las tres; si alguna es la publicada, aquí no hay nada que mirar."""
    for reference in (SLIM, *BASES):
        if not ensure_base(engine, reference).equivalent:
            unavailable(f"{reference} es la imagen publicada, no un equivalente")
    return engine


@pytest.fixture(scope="module")
def saved(bases: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """El archivo de ``docker save`` de cada una."""
    folder, found = tmp_path_factory.mktemp("bases"), {}
    for number, reference in enumerate((SLIM, *BASES)):
        found[reference] = folder / f"{number}.tar"
        with found[reference].open("wb") as target:
            for piece in bases.images.get(reference).save(named=True):
                target.write(piece)
    return found


@pytest.fixture
def beacon(motor_real: Motor) -> Iterator[str]:
    """La etiqueta con la que se construye el faro; su imagen se borra al final."""
    yield TAG
    try:
        motor_real.client.images.remove(TAG, force=True)
    except docker.errors.ImageNotFound:
        pass


def run(client: docker.DockerClient, reference: str, *words: str, **options: object) -> str:
    """Lo que escribe ese contenedor, sin red."""
    output = client.containers.run(
        reference, list(words), remove=True, network_mode="none", labels=labels(), **options
    )
    return str(output.decode())


def layers(place: Path) -> Iterator[tuple[tarfile.TarInfo, bytes]]:
    """Cada archivo de todas las capas, de abajo arriba, con lo que lleva."""
    with tarfile.open(place) as image:
        manifest = image.extractfile("manifest.json")
        assert manifest is not None
        for name in json.load(manifest)[0]["Layers"]:
            content = image.extractfile(name)
            assert content is not None
            with tarfile.open(fileobj=io.BytesIO(content.read())) as layer:
                for entry in layer:
                    opened = layer.extractfile(entry) if entry.isreg() else None
                    yield entry, opened.read() if opened else b""


def contents(place: Path) -> dict[str, bytes]:
    """Los archivos que se ven, por su ruta."""
    return {entry.name: content for entry, content in layers(place) if entry.isreg()}


def test_slim_is_a_debian_without_compilers(bases: docker.DockerClient) -> None:
    """Node, npm y bash en su sitio, con zonas horarias y dpkg; ni compilador ni enlaces a nada."""
    ask = (
        "node --version; command -v node npm bash dpkg; command -v gcc cc python3 || echo sin; "
        "TZ=Europe/Madrid date +%Z; find /usr/bin /usr/local/bin -xtype l"
    )
    version, *places, none, zone = run(bases, SLIM, "bash", "-c", ask).split()
    assert version == f"v{NODES['24'].node}"
    assert [place.removeprefix("/usr") for place in places] == [
        "/local/bin/node", "/local/bin/npm", "/bin/bash", "/bin/dpkg",
    ]  # fmt: skip
    assert (none, zone[:2]) == ("sin", "CE")


def test_slim_shares_its_node_with_the_full_one(bases: docker.DockerClient) -> None:
    """Su capa de Node es la de ``node:24``: ni se descarga dos veces ni ocupa dos veces."""
    if not ensure_base(bases, "node:24").equivalent:
        pytest.skip("node:24 es la imagen publicada, no un equivalente")
    full, slim = (bases.images.get(name).attrs["RootFS"]["Layers"] for name in ("node:24", SLIM))
    assert full[-1] == slim[-1]
    assert full[0] != slim[0]


def test_distroless_node_is_where_the_published_one_has_it(bases: docker.DockerClient) -> None:
    """Su programa es /nodejs/bin/node, corre como 65532 en su carpeta y puede escribir en ella."""
    config = bases.images.get(NODE).attrs["Config"]
    assert config["Entrypoint"] == [PROGRAM] == ["/nodejs/bin/node"]
    assert not config["Cmd"]
    said = "console.log(version, getuid(), cwd(), execPath, os.userInfo().username)"
    wrote = run(bases, NODE, "-e", f"with (process) {{ fs.writeFileSync('mio', ''); {said} }}").split()
    assert wrote == [f"v{NODES['24'].node}", "65532", "/home/nonroot", PROGRAM, "nonroot"]


@pytest.mark.parametrize("reference", BASES)
def test_distroless_is_not_root_and_says_it(bases: docker.DockerClient, reference: str) -> None:
    """El usuario, la carpeta y los certificados que dice son los de la publicada con ``nonroot``."""
    config = bases.images.get(reference).attrs["Config"]
    assert (config["User"], config["WorkingDir"]) == ("65532", "/home/nonroot")
    assert "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt" in config["Env"]


@pytest.mark.parametrize("reference", BASES)
def test_distroless_has_nothing_to_run(saved: dict[str, Path], reference: str) -> None:
    """Ni intérprete, ni gestor de paquetes, ni compilador; de ejecutable, como mucho, Node y el cargador."""
    image = measure_archive(saved[reference], reference, transfer=False)
    found = exposure(image, user="")
    assert [found.of_kind(kind) for kind in (SHELL, PACKAGES, COMPILER)] == [(), (), ()]
    programs = {
        entry.name
        for entry, content in layers(saved[reference])
        if entry.isreg() and entry.mode & 0o111 and not Path(entry.name).name.startswith(("lib", "ld-linux"))
        if content[:2] == b"#!" or ".so" not in entry.name
    }
    assert programs == ({PROGRAM.lstrip("/")} if reference == NODE else set())


@pytest.mark.parametrize("reference", [SLIM, *BASES])
def test_scanners_see_its_packages(saved: dict[str, Path], reference: str) -> None:
    """trivy, el taller y la propia base de datos de paquetes dicen lo mismo, nombre y versión."""
    files = contents(saved[reference])
    inside = {
        name for name in files if name.startswith("var/lib/dpkg/status.d/") and "." not in Path(name).name
    }
    each = [stanzas(files[name].decode("utf-8")) for name in sorted(inside)] or [
        stanzas(files["var/lib/dpkg/status"].decode("utf-8"))
    ]
    ours = {(one["Package"], one["Version"]) for found in each for one in found.values()}
    assert trivy.packages(saved[reference])["deb"] == ours
    image = measure_archive(saved[reference], reference, transfer=False)
    assert {(one.name, one.version) for one in inventory(image).of("dpkg")} == ours
    if reference in BASES:
        wanted = {*FILES, *(LIBRARIES if reference == NODE else ())}
        assert {name for name, _ in ours} == wanted


@pytest.mark.parametrize("reference", BASES)
def test_what_a_package_brought_is_as_debian_made_it(saved: dict[str, Path], reference: str) -> None:
    """Las sumas de ``status.d`` nombran solo lo que está, y son las suyas."""
    files = contents(saved[reference])
    sums = [name for name in files if name.endswith(".md5sums")]
    assert sums
    for name in sums:
        for line in files[name].decode("utf-8").splitlines():
            digest, path = line.split(maxsplit=1)
            assert hashlib.md5(files[path]).hexdigest() == digest, path


@pytest.mark.parametrize("reference", BASES)
def test_distroless_has_users_and_certificates(saved: dict[str, Path], reference: str) -> None:
    """Root, nobody y nonroot, sin intérprete; la carpeta de nonroot es suya, y hay autoridades."""
    files = contents(saved[reference])
    users = [line.split(":") for line in files["etc/passwd"].decode().splitlines()]
    assert [(user[0], user[2], user[-1]) for user in users] == [
        (name, uid, "/sbin/nologin")
        for name, uid in (("root", "0"), ("nobody", "65534"), ("nonroot", "65532"))
    ]
    (home,) = {
        (entry.uid, entry.gid, entry.mode)
        for entry, _ in layers(saved[reference])
        if entry.name == "home/nonroot"
    }
    assert home == (65532, 65532, 0o700)
    assert files["etc/ssl/certs/ca-certificates.crt"].count(b"BEGIN CERTIFICATE") > 50


def test_where_they_are_shown_they_say_whose_certificates_they_have(bases: docker.DockerClient) -> None:
    """Los certificados son los de esta máquina, y la tabla lo dice junto a cada una."""
    shown = {base.reference: base.described for base in available_bases(bases).found}
    for reference in (SLIM, *BASES):
        assert "equivalente local" in shown[reference]
        assert "con los certificados de esta máquina" in shown[reference]
    assert STATIC in repr(available_bases(bases))


@pytest.mark.construye
@pytest.mark.parametrize(
    ("version", "user", "zone", "trusted"),
    [
        ("ingenua", "root", "UTC", True),
        ("solo", "", "Europe", False),
        ("archivos", "nonroot", "", True),
        ("multietapa", "nonroot", "", True),
    ],
)
def test_the_beacon_finds_what_each_base_has(
    motor_real: Motor,
    bases: docker.DockerClient,
    beacon: str,
    version: str,
    user: str,
    zone: str,
    trusted: bool,
) -> None:
    """El mismo programa dice otra hora, otro usuario y otras autoridades según lo que haya a su lado."""
    shown, wanted = app("faro-c"), ZoneInfo("Europe/Madrid")
    file = shown.version(version).dockerfile
    construir(shown.folder, dockerfile=file, etiqueta=beacon, vista=False, cliente=bases)
    environment = {"TZ": "Europe/Madrid"} if zone != "UTC" else {}
    with run_container(motor_real, beacon, port=shown.port, environment=environment) as running:
        status, body = running.get(shown.health)
        page, _ = running.get("/")
        missing, _ = running.get("/no-existe")
    state, now = json.loads(body), datetime.now(wanted)
    assert (status, page, missing) == (200, 200, 404)
    assert (state["estado"], state["usuario"]) == ("bien", user)
    assert (state["autoridades"] > 50) is trusted
    offset = now.utcoffset()
    assert offset is not None
    minutes = 0 if zone else int(offset.total_seconds() // 60)
    assert (state["zona"], state["desfase"]) == (zone or now.tzname(), minutes)


SERVER = """\
FROM node:24
RUN openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=puerto -keyout /clave.pem -out /web.pem
CMD ["openssl", "s_server", "-www", "-accept", "8443", "-cert", "/web.pem", "-key", "/clave.pem"]
"""
TRUSTING = f"""\
FROM {TAG}
COPY --from={TAG}-web /web.pem /etc/ssl/certs/ca-certificates.crt
"""


@pytest.mark.construye
def test_the_beacon_trusts_only_whom_it_knows(bases: docker.DockerClient, beacon: str) -> None:
    """Por TLS rechaza a quien nadie avala, se fía de quien está en su archivo, y dice si no contesta."""
    folder, names = app("faro-c").folder, (beacon, f"{beacon}-web", f"{beacon}-conoce")
    for name, recipe in zip(names, ("Dockerfile", SERVER, TRUSTING), strict=True):
        construir(folder, dockerfile=recipe, etiqueta=name, vista=False, cliente=bases)
    web = bases.containers.run(names[1], detach=True, labels=labels())
    said = {}
    try:
        for image, port in ((names[0], 8443), (names[2], 8443), (names[2], 1)):
            asked = bases.containers.run(
                image,
                ["/faro", f"127.0.0.1:{port}"],
                network_mode=f"container:{web.id}",
                detach=True,
                labels=labels(),
            )
            said[image, port] = asked.wait()["StatusCode"], asked.logs().decode().strip()
            asked.remove()
    finally:
        web.remove(force=True)
        for name in names[1:]:
            bases.images.remove(name, force=True)
    assert list(said.values()) == [
        (1, "127.0.0.1:8443: no es de fiar (self-signed certificate)"),
        (0, "127.0.0.1:8443: de fiar"),
        (1, "127.0.0.1:1: no contesta"),
    ]
