"""Qué paquetes lleva una imagen: de cada familia, qué capa lo trajo y lo que no se pudo leer."""

from __future__ import annotations

import io
import json
import random
import tracemalloc
from collections.abc import Callable, Mapping

import pytest

from multietapa.image.image import MeasuredImage, measure_archive, visible
from multietapa.image.packages.inventory import inventory
from multietapa.image.packages.model import (
    MAX_PROBLEMS,
    MAX_VERSION,
    Inventory,
    Package,
    Problem,
    Reading,
    few,
    shown,
)
from multietapa.image.packages.node import is_package
from multietapa.image.packages.python import is_metadata
from multietapa.image.packages.stanzas import read_apk, read_dpkg
from multietapa.image.tarwalk import Limits
from tests.crafted import archive, entry, layer

STATUS = "var/lib/dpkg/status"
APK = "lib/apk/db/installed"
Content = Mapping[str, str | bytes]


def measured(*layers: Content, limits: Limits | None = None) -> MeasuredImage:
    """Una imagen con esas capas de archivos; una ruta con ``.wh.`` borra."""
    tars = [layer(*(entry(path, content) for path, content in files.items())) for files in layers]
    return measure_archive(io.BytesIO(archive(tars)), transfer=False, limits=limits)


def listed(*layers: Content, limits: Limits | None = None) -> Inventory:
    """Lo que se encuentra en una imagen con esas capas."""
    return inventory(measured(*layers, limits=limits))


def rows(found: Inventory) -> list[tuple[str, str, str, int]]:
    """Familia, nombre, versión y capa de cada paquete."""
    return [(one.family, one.name, one.version, one.layer) for one in found.packages]


def whys(found: Inventory) -> str:
    """Todo lo que no se pudo leer, seguido."""
    return " ".join(problem.why for problem in found.problems)


def dpkg(*packages: tuple[str, str], state: str = "install ok installed") -> str:
    """Un ``status`` de dpkg con esos paquetes."""
    return "".join(
        f"Package: {name}\nStatus: {state}\nArchitecture: amd64\nVersion: {version}\n"
        f"Description: algo\n Package: no\n Version: 9\n\n"
        for name, version in packages
    )


def manifest(name: str, version: object) -> str:
    """Un ``package.json``."""
    return json.dumps({"name": name, "version": version, "scripts": {"x": "y" * 50}})


def test_every_family_is_found() -> None:
    """De una imagen con todas las familias sale cada paquete, con su archivo, y la distribución."""
    found = listed(
        {
            "etc/os-release": 'ID=debian\nVERSION_ID="12"\nPRETTY_NAME="Debian 12"\n',
            STATUS: dpkg(("libc6", "2.36-9+deb12u9"), ("git", "1:2.39.5-0")),
            "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a-0\nArchitecture: all",
            "var/lib/dpkg/status.d/tzdata.md5sums": "abc  usr/share/zoneinfo/x\n",
            APK: "C:Q1=\nP:musl\nV:1.2.5-r9\nA:x86_64\nF:lib\nR:ld-musl.so\n\n",
            "app/node_modules/@types/node/package.json": manifest("@types/node", "20.1.0"),
            "app/node_modules/a/esm/package.json": '{"type": "module"}',
            "app/package.json": manifest("la-app", "1.0.0"),
            "usr/lib/python3/dist-packages/Foo.egg-info": "Metadata-Version: 1.1\nName: Foo\nVersion: 1.0\n",
            "v/site-packages/six-1.16.0.dist-info/METADATA": "Name: six\nVersion: 1.16.0\n\nName: no\n",
        }
    )
    assert found.problems == ()
    assert found.packages == (
        Package("apk", "musl", "1.2.5-r9", f"/{APK}", 0, "x86_64"),
        Package("dpkg", "git", "1:2.39.5-0", f"/{STATUS}", 0, "amd64"),
        Package("dpkg", "libc6", "2.36-9+deb12u9", f"/{STATUS}", 0, "amd64"),
        Package("dpkg", "tzdata", "2024a-0", "/var/lib/dpkg/status.d/tzdata", 0, "all"),
        Package("npm", "@types/node", "20.1.0", "/app/node_modules/@types/node/package.json", 0),
        Package("pip", "Foo", "1.0", "/usr/lib/python3/dist-packages/Foo.egg-info", 0),
        Package("pip", "six", "1.16.0", "/v/site-packages/six-1.16.0.dist-info/METADATA", 0),
    )
    assert found.databases == {
        "apk": (f"/{APK}",),
        "dpkg": (f"/{STATUS}", "/var/lib/dpkg/status.d/tzdata"),
    }
    assert (found.distribution["ID"], found.distribution["VERSION_ID"]) == ("debian", "12")
    assert [one.name for one in found.of("pip")] == ["Foo", "six"]
    assert found.known("dpkg")
    assert found.known("npm")
    assert not found.known("rpm")


def test_a_layer_brings_what_it_installs() -> None:
    """Aunque cada capa reescribe la base de datos, cada paquete es de la capa desde la que no ha faltado."""
    found = listed(
        {STATUS: dpkg(("base", "1"), ("git", "1"), ("se-va", "1"), ("vuelve", "1"))},
        {STATUS: dpkg(("base", "1"), ("git", "2"), ("curl", "7"))},
        {"otra": ""},
        {STATUS: dpkg(("base", "1"), ("git", "2"), ("curl", "7"), ("vuelve", "1"))},
    )
    assert rows(found) == [
        ("dpkg", "base", "1", 0),
        ("dpkg", "curl", "7", 1),
        ("dpkg", "git", "2", 1),
        ("dpkg", "vuelve", "1", 3),
    ]


def test_what_a_later_layer_deletes_is_gone() -> None:
    """Lo que borra una capa posterior no está; si quedaba en otra capa, es el de esa."""
    package = "app/node_modules/a/package.json"
    found = listed(
        {
            package: manifest("a", "1.0.0"),
            "app/node_modules/b/package.json": manifest("b", "1.0.0"),
            APK: "P:x\nV:1\n\n",
        },
        {package: manifest("a", "2.0.0")},
        {"app/node_modules/.wh.b": "", "lib/.wh.apk": ""},
    )
    assert rows(found) == [("npm", "a", "2.0.0", 1)]
    assert found.databases == {}


def test_what_dpkg_removed_is_not_installed() -> None:
    """De un paquete quitado dpkg puede guardar la ficha: ya no está."""
    text = dpkg(("a", "1")) + dpkg(("b", "1"), state="deinstall ok config-files")
    text += dpkg(("c", "1"), state="install ok half-configured") + dpkg(
        ("d", "1"), state="purge ok not-installed"
    )
    assert [name for name, _, _ in read_dpkg(text).packages] == ["a", "c"]


def test_a_shared_walk_gives_the_same() -> None:
    """Quien ya sabe qué se ve en la imagen no la recorre otra vez."""
    image = measured({"node_modules/a/package.json": manifest("a", "1.0.0")})
    assert inventory(image, visible(image)) == inventory(image)


@pytest.mark.parametrize(
    ("path", "content", "said"),
    [
        (STATUS, b"\x00\xff\x80" * 500, "No tiene ninguna ficha"),
        (STATUS, "", "Está vacío"),
        (STATUS, dpkg(("a", "1"), ("b", "2"))[:-70], "parece cortada"),
        (STATUS, "Package: a\nStatus: install ok installed\n\n", "versión de «a» no se entiende"),
        (STATUS, dpkg(("a", "1")) + "Architecture: amd64\n\n", "No se entiende una ficha de 2"),
        (STATUS, dpkg(("a", "1")) + "\0\0\0\n" + dpkg(("b", "1")), "bytes que no son texto"),
        (STATUS, dpkg(("a\x1b[31m", "1")), "nombre imposible: «a�[31m»"),
        (STATUS, dpkg(("a", "9" * 5000)), "versión de «a» no se entiende"),
        (STATUS, dpkg(("a\ufffd", "1")), "imposible"),
        (APK, "V:1\nA:x\n\n", "No se entiende una ficha de 1"),
        (APK, b"\x1f\x8b\x08\x00" * 9, "No tiene ninguna ficha"),
        ("app/node_modules/a/package.json", "{", "no se sabe la versión de «a»"),
        ("app/node_modules/a/package.json", "[" * 100_000, "no se sabe la versión de «a»"),
        ("app/node_modules/a/package.json", manifest("a", "1" * 999), "versión de «a» no se entiende"),
        ("app/node_modules/a/package.json", manifest("a", ["1"] * 999), "versión de «a» no se entiende"),
        ("app/node_modules/a/package.json", b"", "Está vacío"),
        ("x/a.dist-info/METADATA", "Version: 1\n", "no dice su nombre"),
        ("x/a.dist-info/METADATA", b"\xff\xfe\x00" * 99, "no dice su nombre"),
        ("x/a.dist-info/METADATA", "Name: a\nVersion: 1 2 3\n", "versión de «a» no se entiende"),
        (".yarn/cache/lodash-npm-4.17.21-6382451519-eb835a2e51.zip", "PK", "Plug'n'Play"),
    ],
)  # fmt: skip
def test_what_is_broken_is_said(path: str, content: str | bytes, said: str) -> None:
    """Lo roto, vacío, binario o imposible se dice, con su ruta; ni lanza ni es un cero."""
    found = listed({path: content})
    assert said in whys(found)
    assert {problem.path for problem in found.problems} <= {f"/{path}", f"/{path}".rpartition("/")[0]}
    assert not any(found.known(problem.family) for problem in found.problems)
    assert all("\x1b" not in problem.why for problem in found.problems)
    assert all(len(one.version) <= MAX_VERSION for one in found.packages)


def test_a_package_with_an_absurd_version_is_still_there() -> None:
    """De una versión imposible no se sabe la versión, pero el paquete está."""
    found = listed({STATUS: dpkg(("a", "x" * 300), ("b", "1"))})
    assert rows(found) == [("dpkg", "a", "", 0), ("dpkg", "b", "1", 0)]


def test_a_local_package_may_have_no_version() -> None:
    """Lo instalado desde una carpeta puede no llevar versión, ni nombre; vacío del todo, se dice."""
    found = listed(
        {"node_modules/@yo/local/package.json": "{}", "node_modules/b/package.json": '{"name": "b"}'}
    )
    assert rows(found) == [("npm", "@yo/local", "", 0), ("npm", "b", "", 0)]
    assert "«@yo/local»" in whys(found)
    named = listed(
        {
            "node_modules/@yo/local/package.json": '{"main": "x.js"}',
            "node_modules/c/package.json": '{"name": 3}',
        }
    )
    assert rows(named) == [("npm", "@yo/local", "", 0), ("npm", "c", "", 0)]
    assert named.problems == ()


def test_what_does_not_fit_is_said() -> None:
    """Una base de datos más grande de lo que se guarda no ocupa memoria: se dice cuánto ocupa ella."""
    big = measured({STATUS: dpkg(("a", "1")) * 90_000})
    found = inventory(big)
    assert "no cabe en lo que se guarda" in whys(found)
    assert not found.known("dpkg")
    assert found.databases == {"dpkg": (f"/{STATUS}",)}
    small = listed({"node_modules/a/package.json": manifest("a", "1.0.0")}, limits=Limits(documents_bytes=9))
    assert small.packages == ()
    assert "no cabe" in whys(small)


@pytest.mark.lenta
def test_twenty_thousand_packages_fit() -> None:
    """Veinte mil paquetes de npm, con su ``package.json`` de verdad de largo, se listan todos y caben."""
    long = "x" * 3000
    files = {
        f"app/node_modules/p{n}/package.json": json.dumps(
            {"name": f"p{n}", "version": "1.0.0", "readme": long}
        )
        for n in range(20_000)
    }
    image = measured(files)
    del files
    tracemalloc.start()
    found = inventory(image)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.packages) == 20_000
    assert found.problems == ()
    assert sum(map(len, image.layers[0].documents.values())) < 2_000_000
    assert peak < 60 << 20


def test_many_problems_are_counted() -> None:
    """De cada familia se listan unos cuantos problemas, y se dice cuántos más hay."""
    many = [Problem("npm", f"/{n:03}", "roto.") for n in range(MAX_PROBLEMS + 30)]
    kept = few([*many, *many, Problem("pip", "/x", "roto.")])
    assert len(kept) == MAX_PROBLEMS + 2
    assert "30" in kept[MAX_PROBLEMS].why
    assert kept[-1].family == "pip"


def test_names_that_are_not_utf8_are_listed() -> None:
    """Un paquete en una carpeta con un nombre que no es UTF-8 se lista igual."""
    path = b"srv/\xff\xfe/node_modules/a/package.json".decode("utf-8", "surrogateescape")
    assert rows(listed({path: manifest("a", "1.0.0")})) == [("npm", "a", "1.0.0", 0)]


def test_pnpm_links_are_read() -> None:
    """Un ``package.json`` que es otro nombre de uno ya leído vale; si no se leyó, se dice."""
    store = "s/node_modules/.pnpm/a@1.0.0/node_modules/a/package.json"
    tar = layer(
        entry("almacen/00/aa", manifest("b", "1.0.0")),
        entry(store, manifest("a", "1.0.0")),
        entry("t/node_modules/a/package.json", store, "hardlink"),
        entry("t/node_modules/b/package.json", "almacen/00/aa", "hardlink"),
        entry("t/node_modules/c", "../../otra", "symlink"),
    )
    found = inventory(measure_archive(io.BytesIO(archive([tar])), transfer=False))
    assert [(one.name, one.path) for one in found.packages] == [
        ("a", f"/{store}"),
        ("a", "/t/node_modules/a/package.json"),
    ]
    assert "otro nombre de «/almacen/00/aa»" in whys(found)


def test_an_image_without_anything_knows_nothing_of_the_system() -> None:
    """De una imagen sin bases de datos no se sabe qué paquetes del sistema lleva: no son cero."""
    found = listed({"app": "x"})
    assert found == Inventory(())
    assert not any(found.known(family) for family in ("dpkg", "apk", "rpm"))


@pytest.mark.parametrize(
    ("path", "yes"),
    [
        ("node_modules/a/package.json", True),
        ("x/node_modules/@b/c/package.json", True),
        ("x/node_modules/a/node_modules/b/package.json", True),
        ("x/node_modules/@b/package.json", False),
        ("x/node_modules/a/lib/package.json", False),
        ("x/my_node_modules/a/package.json", False),
        ("node_modules/package.json", False),
        ("package.json", False),
    ],
)
def test_a_package_is_the_root_of_its_folder(path: str, yes: bool) -> None:
    """Solo es un paquete el ``package.json`` de la raíz de su carpeta en ``node_modules``."""
    assert is_package(path) is yes


def test_metadata_places() -> None:
    """Las fichas de Python son las de ``dist-info`` y las de ``egg-info``, en archivo y en carpeta."""
    good = ("a/x.dist-info/METADATA", "x.egg-info", "a/x.egg-info/PKG-INFO", "a/x.egg/EGG-INFO/PKG-INFO")
    bad = ("a/METADATA", "a/PKG-INFO", "a/x.dist-info/RECORD", "a/x.egg-info/SOURCES.txt")
    assert [is_metadata(path) for path in (*good, *bad)] == [True] * 4 + [False] * 4


@pytest.mark.parametrize("seed", range(20))
def test_random_databases_come_back(seed: int) -> None:
    """Unas capas que instalan y quitan al azar: lo que queda y quién lo trajo es lo que se hizo."""
    dice = random.Random(seed)
    state: dict[str, tuple[str, int]] = {}
    layers: list[dict[str, str]] = []
    for number in range(dice.randrange(1, 7)):
        for name in dice.sample("abcdefgh", dice.randrange(1, 6)):
            if name in state and dice.random() < 0.4:
                del state[name]
            else:
                version = str(dice.randrange(3))
                if state.get(name, ("", 0))[0] != version:
                    state[name] = (version, number)
        status = dpkg(*((name, version) for name, (version, _) in state.items()))
        apk = "".join(f"P:{name}\nV:{version}\n\n" for name, (version, _) in state.items())
        layers.append({STATUS: status + "\n", APK: apk + "\n"} if state else {STATUS: "\n", APK: "\n"})
    found = listed(*layers)
    wanted = sorted((name, version, layer) for name, (version, layer) in state.items())
    for family in ("dpkg", "apk"):
        assert [(one.name, one.version, one.layer) for one in found.of(family)] == wanted


@pytest.mark.parametrize("read", [read_dpkg, read_apk])
def test_noise_never_raises(read: Callable[[str], Reading]) -> None:
    """Bytes al azar dados por una base de datos ni lanzan ni callan."""
    dice = random.Random(7)
    for _ in range(200):
        text = bytes(dice.choices(b"PV:\n \x00\xffabcStatus: Package", k=200)).decode("utf-8", "replace")
        found = read(text)
        assert found.packages or found.problems or not text.strip()


def test_foreign_text_is_shortened() -> None:
    """Un texto ajeno se enseña corto y sin nada que altere la pantalla."""
    assert shown("a" * 50) == "«" + "a" * 40 + "…»"
    assert shown("a\nb") == "«a�b»"
