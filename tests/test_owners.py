"""Qué paquete trajo cada archivo: solo lo que está escrito en la imagen, y solo si se ve."""

from __future__ import annotations

import io
import json

import pytest

from multietapa.image.image import measure_archive
from multietapa.image.owners import Brought, Owners
from multietapa.image.packages.file_lists import apk_files, kept_list, listed
from multietapa.image.packages.inventory import inventory
from multietapa.image.tarwalk import Limits
from multietapa.image.tree import tree
from tests.crafted import archive, entry, folder, layer

STATUS = """Package: bash
Status: install ok installed
Architecture: amd64
Version: 5.2.15-2

Package: libc6
Status: install ok installed
Architecture: amd64
Version: 2.36-9

Package: quitado
Status: deinstall ok config-files
Architecture: amd64
Version: 1
"""
DPKG = layer(
    entry("var/lib/dpkg/status", STATUS),
    entry("var/lib/dpkg/info/bash.list", "/.\n/bin\n/bin/bash\n/usr/share/doc\n/usr/share/doc/bash/NEWS\n"),
    entry("var/lib/dpkg/info/libc6:amd64.list", "/.\n/lib/x86_64-linux-gnu/libc.so.6\n"),
    entry("var/lib/dpkg/info/quitado.list", "/etc/quitado.conf\n"),
    entry("bin", "usr/bin", "symlink"),
    entry("lib", "usr/lib", "symlink"),
    entry("usr/bin/bash", "#" * 50),
    entry("usr/bin/mío", "#" * 5),
    entry("usr/lib/x86_64-linux-gnu/libc.so.6", "#" * 60),
    entry("usr/share/doc/bash/NEWS", "n"),
    entry("etc/quitado.conf", "c"),
)
APK = """P:musl
V:1.2.5-r0
F:lib
R:ld-musl-x86_64.so.1
a:0:0:755
F:
R:raro

P:busybox
V:1.37.0-r0
F:bin
R:busybox
"""


def owners(*layers: bytes, limits: Limits | None = None) -> Owners:
    """Los dueños de los archivos de esas capas."""
    return Owners(tree(measure_archive(io.BytesIO(archive(layers)), transfer=False, limits=limits)))


def test_dpkg_says_what_it_installed_also_where_bin_is_a_link() -> None:
    """Las listas de dpkg nombran ``/bin/bash``, y el archivo está en ``/usr/bin``: es el mismo."""
    found = owners(DPKG)
    assert found.package("/usr/bin/bash") == Brought("dpkg", "bash", "5.2.15-2")
    assert found.package("usr/lib/x86_64-linux-gnu/libc.so.6") == Brought("dpkg", "libc6", "2.36-9")
    assert found.package("usr/share/doc/bash/NEWS") == Brought("dpkg", "bash", "5.2.15-2")


@pytest.mark.parametrize("path", ["usr/bin/mío", "etc/quitado.conf", "usr/share/doc/bash", "no/está", "/"])
def test_what_is_not_known_is_not_said(path: str) -> None:
    """Lo que nadie anotó, lo de un paquete quitado, una carpeta y lo que no está: no se sabe."""
    assert owners(DPKG).package(path) is None


def test_a_list_that_another_layer_deleted_says_nothing() -> None:
    """Solo cuenta lo que dice la imagen final."""
    found = owners(DPKG, layer(entry("var/lib/dpkg/info/.wh.bash.list")))
    assert found.package("usr/bin/bash") is None
    assert found.package("usr/lib/x86_64-linux-gnu/libc.so.6") is not None


def test_apk_keeps_its_files_in_its_database() -> None:
    """Cada ``R:`` es un archivo de la última carpeta ``F:`` de su paquete."""
    found = owners(layer(entry("lib/apk/db/installed", APK), entry("lib/ld-musl-x86_64.so.1", "#")))
    assert found.package("lib/ld-musl-x86_64.so.1") == Brought("apk", "musl", "1.2.5-r0")
    assert dict(apk_files(APK)) == {
        "lib/ld-musl-x86_64.so.1": "musl",
        "raro": "musl",
        "bin/busybox": "busybox",
    }


def test_distroless_keeps_sums_beside_its_records() -> None:
    """Sin ``status``, la ficha y las sumas de cada paquete dicen lo mismo; las sumas no se guardan."""
    record = "Package: tzdata\nVersion: 2025b-0\nArchitecture: all\n"
    sums = "0f3c1a  usr/share/zoneinfo/UTC\n9a1b2c  usr/share/zoneinfo/Europe/Madrid\n"
    found = owners(
        layer(
            entry("var/lib/dpkg/status.d/tzdata", record),
            entry("var/lib/dpkg/status.d/tzdata.md5sums", sums),
            entry("usr/share/zoneinfo/Europe/Madrid", "TZif"),
        )
    )
    assert found.package("usr/share/zoneinfo/Europe/Madrid") == Brought("dpkg", "tzdata", "2025b-0")
    assert "9a1b2c" not in kept_list("var/lib/dpkg/status.d/tzdata.md5sums", sums)


def test_pip_writes_what_it_installed_in_its_record() -> None:
    """Las rutas salen de la carpeta del paquete, también las que vuelven atrás y las que llevan comas."""
    site = "usr/local/lib/python3.12/site-packages"
    record = 'flask/app.py,sha256=x,12\n../../../bin/flask,sha256=y,3\n"flask/a,b.py",,\n'
    found = owners(
        layer(
            entry(f"{site}/flask-3.0.dist-info/METADATA", "Name: Flask\nVersion: 3.0\n\ntexto"),
            entry(f"{site}/flask-3.0.dist-info/RECORD", record),
            entry(f"{site}/flask/app.py", "#"),
            entry(f"{site}/flask/a,b.py", "#"),
            entry("usr/local/bin/flask", "#"),
        )
    )
    for path in (f"{site}/flask/app.py", f"{site}/flask/a,b.py", "usr/local/bin/flask"):
        assert found.package(path) == Brought("pip", "Flask", "3.0"), path


def test_npm_is_known_by_its_folder() -> None:
    """Es del paquete más hondo cuyo ``package.json`` está; lo suelto de ``node_modules`` no es de ninguno."""

    def manifest(name: str, version: str) -> str:
        return json.dumps({"name": name, "version": version})

    found = owners(
        layer(
            entry("app/node_modules/a/package.json", manifest("a", "1.0.0")),
            entry("app/node_modules/a/lib/x.js", "1"),
            entry("app/node_modules/a/node_modules/@b/c/package.json", manifest("@b/c", "2.0.0")),
            entry("app/node_modules/a/node_modules/@b/c/y.js", "1"),
            entry("app/node_modules/.package-lock.json", "{}"),
            entry("app/index.js", "1"),
        )
    )
    assert found.package("app/node_modules/a/lib/x.js") == Brought("npm", "a", "1.0.0")
    assert found.package("app/node_modules/a/node_modules/@b/c/y.js") == Brought("npm", "@b/c", "2.0.0")
    assert found.package("app/node_modules/.package-lock.json") is None
    assert found.package("app/index.js") is None


def test_what_rpm_installed_is_said_to_be_unknown() -> None:
    """Sus listas no se guardan: de esa familia se dice que no se sabe."""
    assert owners(layer(folder("var/lib/rpm"), entry("var/lib/rpm/rpmdb.sqlite", "x"))).unread == ("rpm",)
    assert owners(DPKG).unread == ()


def test_lists_have_their_own_room() -> None:
    """Las listas que no caben se dejan; lo demás que se guarda de la capa no se queda sin sitio."""
    many = [entry(f"var/lib/dpkg/info/p{n}.list", "/x" * 500) for n in range(20)]
    data = archive([layer(*many, entry("var/lib/dpkg/status", STATUS))])
    image = measure_archive(io.BytesIO(data), transfer=False, limits=Limits(lists_bytes=5000))
    kept = image.layers[0].documents
    assert sum(path.endswith(".list") for path in kept) == 5
    assert "var/lib/dpkg/status" in kept
    assert [package.name for package in inventory(image).packages] == ["bash", "libc6"]


@pytest.mark.parametrize(
    "text", ["", "\0\n\n", "no es\tuna lista", '"sin cerrar\n', "../../../../etc/passwd\n"]
)
def test_a_list_that_makes_no_sense_is_harmless(text: str) -> None:
    """Una lista rota o que sale de la raíz no falla ni inventa dueños."""
    path = "usr/lib/python3/dist-packages/x-1.dist-info/RECORD"
    assert not any(one.startswith("/") for one in listed(path, kept_list(path, text)))
    meta = entry(f"{path.rpartition('/')[0]}/METADATA", "Name: x\nVersion: 1\n")
    assert owners(layer(entry(path, text), meta, entry("otro", "1"))).package("otro") is None
