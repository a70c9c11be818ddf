"""Lo binario que dice qué paquetes hay: las bases de datos de rpm y los programas de Go."""

from __future__ import annotations

import lzma
import random

import pytest

from multietapa.image.packages.gobuild import CUT, OLD, PACKED, SMALLEST, GoBuild
from multietapa.image.packages.modules import read_go
from multietapa.image.packages.rpm import MOST, RpmDatabase, read_rpm
from multietapa.paths import PROJECT_ROOT
from tests.test_packages import listed, rows, whys

DATA = PROJECT_ROOT / "tests" / "data"
#: Lo que dice ``rpm -qa`` de las dos bases de datos grabadas: la de SQLite con rpm 4.18, la ndb con rpm 4.16.
INSTALLED = [
    ("rpm", "bash", "5.2.26-3.fc40", 0),
    ("rpm", "openssl-libs", "1:3.2.1-2.fc40", 0),
    ("rpm", "tzdata", "2024a-5.fc40", 0),
]
DATABASES = ("var/lib/rpm/rpmdb.sqlite", "usr/lib/sysimage/rpm/Packages.db")
MODULES = "path\tx.dev/cmd\nmod\tx.dev\t(devel)\t\n"
MODULES += "dep\ta.b/c\tv1.0.0\th1:x\ndep\td.e/f\tv2.0.0\n=>\tg.h/i\tv2.0.1\th1:y\n"


def database(path: str) -> bytes:
    """Una base de datos grabada."""
    return lzma.decompress((DATA / f"{path.rpartition('/')[2]}.xz").read_bytes())


@pytest.mark.parametrize("path", DATABASES)
def test_rpm_says_the_same(path: str) -> None:
    """De una base de datos de verdad salen los paquetes que dice rpm; el que se quitó no está."""
    found = listed({path: database(path)})
    assert rows(found) == INSTALLED
    assert found.problems == ()
    assert found.known("rpm")


@pytest.mark.parametrize("path", DATABASES)
def test_a_broken_rpm_database_is_said(path: str) -> None:
    """Una base de datos de rpm cortada o con bytes cambiados al azar se dice, o da paquetes: nunca lanza."""
    whole = database(path)
    for size in (0, 1, 15, 40, 4096, len(whole) // 2):
        found = listed({path: whole[:size]})
        assert whys(found), size
    dice = random.Random(3)
    for _ in range(60):
        changed = bytearray(whole)
        for _ in range(dice.randrange(1, 40)):
            changed[dice.randrange(len(changed))] = dice.randrange(256)
        found = listed({path: bytes(changed)})
        assert found.packages or found.problems


def test_what_is_not_read_of_rpm_is_said() -> None:
    """De Berkeley DB, de una base de datos enorme y de unos cambios pendientes se dice que no se sabe."""
    assert "Berkeley DB" in whys(listed({"var/lib/rpm/Packages": "x" * 9}))
    huge = RpmDatabase(DATABASES[0], MOST + 1)
    assert not huge.write(b"x")
    assert "Ocupa" in read_rpm(huge.text()).problems[0]
    pending = listed({DATABASES[0]: database(DATABASES[0]), f"{DATABASES[0]}-wal": "x"})
    assert "puede faltar algo" in whys(pending)
    assert rows(pending) == INSTALLED


def program(modules: str, at: int, *, version: str = "go1.24.4", signs: int = 2) -> bytes:
    """Un programa con lo que deja Go, desde el byte ``at``."""

    def text(data: bytes) -> bytes:
        length, out = len(data), bytearray()
        while length > 0x7F:
            out.append(length & 0x7F | 0x80)
            length >>= 7
        return bytes([*out, length]) + data

    body = b"<" * 16 + modules.encode() + b">" * 16 if modules else b""
    mark = (b"\xff Go buildinf:" + bytes([8, signs])).ljust(32, b"\0")
    return b"\x7fELF".ljust(at, b"\x01") + mark + text(version.encode()) + text(body) + b"\x02" * SMALLEST


def seen(data: bytes, piece: int) -> str:
    """Lo que queda de un programa que pasa a trozos."""
    watcher = GoBuild()
    for start in range(0, len(data), piece):
        if not watcher.write(data[start : start + piece]):
            break
    return watcher.text()


@pytest.mark.parametrize("seed", range(20))
def test_go_modules_are_found_wherever_they_are(seed: int) -> None:
    """La marca de Go se encuentra en cualquier lugar, aunque el programa pase a trozos que la partan."""
    dice = random.Random(seed)
    data = program(MODULES, 16 * dice.randrange(2, 9000))
    assert seen(data, dice.choice((17, 100, 4096, 1 << 20))) == f"go1.24.4\n{MODULES}"


def test_go_modules_are_packages() -> None:
    """De un programa de Go salen su biblioteca, su módulo y lo que lleva, con los cambios hechos."""
    found = listed({"usr/bin/x": program(MODULES, 64)})
    assert rows(found) == [
        ("go", "a.b/c", "v1.0.0", 0),
        ("go", "g.h/i", "v2.0.1", 0),
        ("go", "stdlib", "1.24.4", 0),
        ("go", "x.dev", "", 0),
    ]
    assert found.problems == ()


def test_what_go_does_not_say_is_said() -> None:
    """Un Go antiguo, sin módulos, cortado o comprimido no cuenta como un programa sin paquetes."""
    assert seen(program(MODULES, 64, signs=0), 4096) == f"{OLD}\n"
    assert "anterior a la 1.18" in read_go(f"{OLD}\n").problems[0]
    assert "sin módulos" in whys(listed({"x": program("", 64)}))
    cut = program(MODULES, 64)[:200]
    assert seen(cut, 64).endswith(f"{CUT}\n")
    assert "cortada" in " ".join(read_go(seen(cut, 64)).problems)
    assert seen(b"\x7fELF".ljust(200, b"\0") + b"UPX!" + b"\0" * 5000, 4096) == f"{PACKED}\n"
    assert "UPX" in read_go(f"{PACKED}\n").problems[0]


def test_what_is_not_of_go_is_not_a_package() -> None:
    """Un texto, un programa de otro lenguaje o una marca que no lo es no dan nada."""
    assert seen(b"hola" * 99, 64) == ""
    assert seen(b"\x7fELF" + bytes(9999), 64) == ""
    assert seen(program(MODULES, 64, version="no"), 64) == ""
    assert seen(program(MODULES, 65), 64) == ""
