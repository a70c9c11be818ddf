"""Lo que llevan de verdad los equivalentes: qué paquetes dicen tener y qué biblioteca de C."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
import zlib
from pathlib import Path

import docker
import pytest

from multietapa.bases import dpkg, node_wheel
from multietapa.bases.catalogue import workshop_bases
from multietapa.bases.debian import MUSL, MUSL_SUITE, SUITE
from multietapa.bases.families.node import BASES, NODES, SLIM
from multietapa.bases.sources import available_bases, ensure_base
from multietapa.engine.bundle.apt import missing_reason, unpack
from multietapa.errors import BundleError
from multietapa.identity import labels
from tests import trivy
from tests.conftest import unavailable

FULL, SMALL = ("node:14", "node:24"), ("node:14-alpine", "node:24-alpine")
#: Las que guardan sus paquetes como Debian; las distroless se miran en ``test_small_bases.py``.
LIKE_DEBIAN = (*FULL, SLIM)
MUSL_BASE = "node:24-alpine"


@pytest.fixture(scope="module")
def bases(engine: docker.DockerClient) -> docker.DockerClient:
    """El motor, con las bases del taller; si alguna no es un equivalente, aquí no hay nada que mirar."""
    for reference in workshop_bases():
        if not ensure_base(engine, reference).equivalent:
            unavailable(f"{reference} es la imagen publicada, no un equivalente")
    return engine


def run(client: docker.DockerClient, reference: str, command: str) -> str:
    """Lo que escribe esa orden de ``sh`` en un contenedor sin red."""
    output = client.containers.run(
        reference, ["sh", "-c", command], remove=True, network_mode="none", labels=labels(), working_dir="/"
    )
    return str(output.decode())


def stanzas(text: str) -> dict[str, dict[str, str]]:
    """Los campos de cada paquete de un archivo de dpkg."""
    found = {}
    for stanza in filter(None, text.split("\n\n")):
        fields: dict[str, str] = {}
        for line in stanza.rstrip("\n").split("\n"):
            if line.startswith(" "):
                continue
            name, colon, value = line.partition(":")
            assert colon, line
            fields[name] = value.strip()
        assert fields["Package"] not in found
        found[fields["Package"]] = fields
    return found


def listed(client: docker.DockerClient, reference: str) -> dict[str, dict[str, str]]:
    """Los paquetes que dice llevar esa base."""
    small = (
        "for one in /var/lib/dpkg/status.d/*; do case $one in *.md5sums) ;; *) cat $one; echo;; esac; done"
    )
    return stanzas(run(client, reference, small if reference in SMALL else "cat /var/lib/dpkg/status"))


@pytest.mark.parametrize("reference", BASES)
def test_every_package_says_what_it_is(bases: docker.DockerClient, reference: str) -> None:
    """Cada paquete dice su nombre, su versión, su arquitectura, quién lo mantiene y qué es."""
    found = listed(bases, reference)
    assert len(found) > (150 if reference in FULL else 40 if reference == SLIM else 2)
    assert reference in LIKE_DEBIAN or set(MUSL) <= {*found, "musl"}
    for fields in found.values():
        assert {"Package", "Version", "Architecture", "Maintainer", "Description"} <= set(fields)
        assert fields.get("Status", "") == ("install ok installed" if reference in LIKE_DEBIAN else "")
    assert {"libc6", "busybox-static"} & set(found)
    assert "gcc-12-base" not in found, "solo traía documentación, y no está"


@pytest.mark.parametrize("reference", FULL)
def test_a_full_base_has_every_file_it_lists(bases: docker.DockerClient, reference: str) -> None:
    """De cada paquete hay una lista, y todo lo que nombra está en la imagen."""
    found = listed(bases, reference)
    names = run(bases, reference, "cd /var/lib/dpkg/info && ls").split()
    assert {name.removesuffix(".list").split(":")[0] for name in names} == set(found)
    same = {name for name, fields in found.items() if fields.get("Multi-Arch") == "same"}
    assert {name.split(":")[0] for name in names if ":" in name} == same
    missing = 'while read -r one; do [ -e "$one" ] || [ -L "$one" ] || echo "$one"; done'
    assert run(bases, reference, f"cat /var/lib/dpkg/info/*.list | {missing}") == ""
    assert run(bases, reference, "cat /var/lib/dpkg/info/*.list | wc -l").strip().isdigit()
    assert "/bin/bash" in run(bases, reference, "dpkg-query -L bash").split()
    owner = run(bases, reference, "dpkg-query -S /usr/bin/gcc-12 && dpkg-query -W gcc-12")
    assert owner.split()[:2] == ["gcc-12:", "/usr/bin/gcc-12"]


@pytest.mark.parametrize("reference", SMALL)
def test_a_small_base_has_every_file_with_its_sum(bases: docker.DockerClient, reference: str) -> None:
    """Lo que hay en la imagen de cada paquete es, byte a byte, lo que Debian puso en él."""
    found = listed(bases, reference)
    check = "for one in /var/lib/dpkg/status.d/*.md5sums; do md5sum -c $one || echo falla; done"
    lines = run(bases, reference, check).splitlines()
    assert lines
    assert [line for line in lines if not line.endswith(": OK")] == []
    names = run(bases, reference, "ls /var/lib/dpkg/status.d/").split()
    assert sorted(names) == sorted([*found, *(f"{name}.md5sums" for name in found)])


@pytest.mark.parametrize("reference", BASES)
def test_another_scanner_sees_the_same(bases: docker.DockerClient, reference: str, tmp_path: Path) -> None:
    """trivy, de un ``docker save``, ve los mismos paquetes del sistema y de npm, con las mismas versiones."""
    saved = tmp_path / "imagen.tar"
    with saved.open("wb") as target:
        for piece in bases.images.get(reference).save(named=True):
            target.write(piece)
    seen = trivy.packages(saved)
    fields = listed(bases, reference).values()
    assert seen["deb"] == {(one["Package"], one["Version"]) for one in fields}
    assert seen["npm"] == {(name.lower(), version) for name, version in installed(saved)}  # así los escribe


def installed(saved: Path) -> set[tuple[str, str]]:
    """Los paquetes de npm que hay en un ``docker save``: el ``package.json`` de cada carpeta."""
    found = set()
    with tarfile.open(saved) as image:
        for layer in json.load(image.extractfile("manifest.json"))[0]["Layers"]:  # type: ignore[arg-type]
            with tarfile.open(fileobj=image.extractfile(layer)) as tar:
                for entry in tar:
                    if entry.isfile() and entry.name.endswith("/package.json"):
                        described = json.load(tar.extractfile(entry))  # type: ignore[arg-type]
                        found.add((described.get("name", ""), described.get("version", "")))
    return {one for one in found if all(one)}


@pytest.mark.parametrize("reference", BASES)
def test_every_base_says_which_debian_it_is(bases: docker.DockerClient, reference: str) -> None:
    """``/etc/os-release`` y ``/etc/debian_version`` son los de base-files."""
    said = run(bases, reference, '. /etc/os-release && echo "$ID $VERSION_CODENAME $VERSION_ID"')
    suite = MUSL_SUITE if reference == MUSL_BASE else SUITE
    assert said.split() == ["debian", suite, run(bases, reference, "cat /etc/debian_version").split(".")[0]]


def test_the_small_base_of_node_24_is_musl(bases: docker.DockerClient) -> None:
    """Node carga musl y ninguna biblioteca de glibc, que no está; ``ldd`` lo dice como en Alpine."""
    ask = "const h = process.report.getReport().header; console.log(h.glibcVersionRuntime, process.version)"
    assert run(bases, MUSL_BASE, f'node -e "{ask}"').split() == ["undefined", f"v{NODES['24'].node}"]
    loaded = run(bases, MUSL_BASE, "ldd /usr/local/bin/node")
    assert "/lib/ld-musl-" in loaded
    assert "/lib/libstdc++" in loaded
    assert "not found" not in loaded
    assert run(bases, MUSL_BASE, "find / -xdev -name 'libc.so.6' -o -xdev -name 'ld-linux*'") == ""
    glibc = run(bases, "node:14-alpine", "node -p 'process.report.getReport().header.glibcVersionRuntime'")
    assert glibc.startswith("2.")


def test_the_musl_base_has_the_programs_of_the_other(bases: docker.DockerClient) -> None:
    """Trae los de la mínima de glibc y ``ldd``; le faltan otro awk y un atajo que su busybox no tiene."""
    seen = [set(run(bases, one, "ls /usr/bin /usr/sbin /usr/local/bin").split()) for one in SMALL]
    assert seen[0] - seen[1] == {"mawk", "ipneigh"}
    assert {"ldd", "ld-musl-config"} <= seen[1] - seen[0]
    assert run(bases, MUSL_BASE, "echo a b | awk '{ print $2 }'") == "b\n"
    assert run(bases, MUSL_BASE, "ls -ld /home/node | awk '{ print $3 }'; su node -c 'id -un'").split() == [
        "node", "node",
    ]  # fmt: skip


def test_npm_picks_native_modules_of_musl(bases: docker.DockerClient, tag: str) -> None:
    """Al instalar un módulo nativo, npm elige el de musl, y Node lo carga."""
    steps = (
        f"FROM {MUSL_BASE}\nWORKDIR /app\nRUN npm install @node-rs/crc32@1.10.6\n"
        "RUN node -p \"require('@node-rs/crc32').crc32('hola')\" > /suma\n"
    )
    bases.images.build(fileobj=io.BytesIO(steps.encode()), tag=tag, rm=True, labels=labels())
    assert run(bases, tag, "cat /suma").strip() == str(zlib.crc32(b"hola"))
    assert "-musl" in run(bases, tag, "ls /app/node_modules/@node-rs")


@pytest.mark.lenta
@pytest.mark.parametrize(
    ("musl", "loader"), [(True, "/lib/ld-musl-aarch64"), (False, "/lib/ld-linux-aarch64")]
)
def test_node_for_another_architecture_is_taken_too(tmp_path: Path, musl: bool, loader: str) -> None:
    """La rueda de ARM trae lo mismo: un Node con su cargador, su npm y, si es de musl, sus bibliotecas."""
    root = tmp_path / "raiz"
    node_wheel.fill(root, tmp_path / "obra", NODES["24"].node, machine="aarch64", musl=musl)
    node = (root / "usr/local/bin/node").read_bytes()
    assert node[18] == 0xB7, "no es de aarch64"
    assert f"{loader}.so.1\0".encode() in node
    package = json.loads((root / "usr/local/lib/node_modules/npm/package.json").read_text(encoding="utf-8"))
    assert package["version"] == NODES["24"].npm
    names = {path.name for path in (root / "usr").glob("lib/*")}
    assert ({"libstdc++.so.6", "libgcc_s.so.1"} <= names) == musl
    assert not list(tmp_path.glob("obra/rueda/*.whl"))


def test_a_minimal_base_says_which_c_library_it_has(bases: docker.DockerClient) -> None:
    """Donde se muestra, la mínima dice su biblioteca de C y, si no es la de Alpine, por qué."""
    shown = available_bases(bases)
    for text in (repr(shown), shown._repr_html_(), "\n".join(str(base) for base in shown.found)):
        assert "con glibc: no hay un Node 14 para musl" in text
        assert "con musl, como Alpine" in text
    assert [base.note for base in shown.found if base.reference in FULL] == ["", ""]


def package(folder: Path, name: str, files: dict[str, str], *, control: str = "") -> Path:
    """Un ``.deb`` de verdad con esos archivos; ``control`` son campos de más."""
    made = folder / name
    for path, content in files.items():
        (made / path).parent.mkdir(parents=True, exist_ok=True)
        (made / path).write_text(content)
    (made / "DEBIAN").mkdir(parents=True)
    fields = f"Package: {name}\nVersion: 1:2.0-1\nArchitecture: amd64\nMaintainer: Ana <ana@example.org>\n"
    (made / "DEBIAN/control").write_text(f"{fields}{control}Description: de prueba\n con más líneas\n")
    target = folder / f"{name}_2.0-1_amd64.deb"
    subprocess.run(
        ["dpkg-deb", "--root-owner-group", "--build", made, target], check=True, capture_output=True
    )
    return target


@pytest.fixture
def debs(tmp_path: Path) -> list[Path]:
    """Tres paquetes: con un programa y su manual, solo con documentación y con una biblioteca."""
    if reason := missing_reason():
        unavailable(reason)
    return [
        package(tmp_path, "saluda", {"usr/bin/saluda": "hola", "usr/share/man/man1/saluda.1": "manual"}),
        package(tmp_path, "papeles", {"usr/share/doc/papeles/copyright": "mío"}),
        package(tmp_path, "liba1", {"usr/lib/libñ.so.1": "x"}, control="Multi-Arch: same\n"),
    ]


def test_what_was_taken_away_is_not_listed(debs: list[Path], tmp_path: Path) -> None:
    """Ni el paquete del que no queda nada ni el archivo que se quitó aparecen; los demás, con sus campos."""
    root = tmp_path / "raiz"
    contents = unpack(debs, root)
    assert "./usr/bin/saluda" in contents[debs[0]]
    for gone in ("usr/share/doc/papeles/copyright", "usr/share/man/man1/saluda.1"):
        (root / gone).unlink()
    dpkg.write(root, contents, full=True)
    found = stanzas((root / "var/lib/dpkg/status").read_text(encoding="utf-8"))
    assert [(one["Package"], one["Version"], one["Status"]) for one in found.values()] == [
        ("liba1", "1:2.0-1", "install ok installed"),
        ("saluda", "1:2.0-1", "install ok installed"),
    ]
    folder = root / "var/lib/dpkg/info"
    assert sorted(path.name for path in folder.iterdir()) == ["liba1:amd64.list", "saluda.list"]
    lines = (folder / "saluda.list").read_text().splitlines()
    assert lines == [
        "/.",
        "/usr",
        "/usr/bin",
        "/usr/bin/saluda",
        "/usr/share",
        "/usr/share/man",
        "/usr/share/man/man1",
    ]
    assert "/usr/lib/libñ.so.1" in (folder / "liba1:amd64.list").read_text(encoding="utf-8").splitlines()


def test_a_minimal_system_lists_them_one_by_one(debs: list[Path], tmp_path: Path) -> None:
    """En un sistema mínimo, un archivo por paquete y otro con sus sumas, vacío si no las trae."""
    root = tmp_path / "raiz"
    dpkg.write(root, unpack(debs, root), full=False)
    folder = root / "var/lib/dpkg/status.d"
    names = ["liba1", "liba1.md5sums", "papeles", "papeles.md5sums", "saluda", "saluda.md5sums"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (
        (folder / "saluda").read_text(encoding="utf-8").endswith("Description: de prueba\n con más líneas\n")
    )
    assert (folder / "saluda.md5sums").read_text() == ""


def test_a_package_that_cannot_be_read_is_said(debs: list[Path], tmp_path: Path) -> None:
    """Un paquete roto no deja una base de datos a medias: se dice cuál es."""
    root = tmp_path / "raiz"
    contents = unpack(debs, root)
    debs[0].write_bytes(b"roto")
    with pytest.raises(BundleError, match=r"saluda_2\.0-1_amd64\.deb"):
        dpkg.write(root, contents, full=True)
    assert not (root / "var/lib/dpkg/status").exists()
