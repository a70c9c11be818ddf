"""Lo que deja a mano una imagen, en su sistema de archivos final: programas, permisos y usuario."""

from __future__ import annotations

import io
import struct

import pytest

from multietapa.image.archive import read_images
from multietapa.image.exposure.accounts import NO_LIST, NOBODY, account
from multietapa.image.exposure.capabilities import names
from multietapa.image.exposure.exposure import Exposure, exposure
from multietapa.image.exposure.programs import COMPILER, DEBUGGER, NETWORK, PACKAGES, SHELL, kind_of
from multietapa.image.image import of_archive, read_layers
from multietapa.image.secrets.looking import LayerInspector
from tests.crafted import archive, entry, folder, layer

PASSWD = (
    "# usuarios\nroot:x:0:0:root:/root:/bin/sh\nnode:x:1000:1000::/:/bin/sh\n"
    "toor:x:0:0::/:/bin/sh\nmal:x:a:0\n"
)
RAW = struct.pack("<IIIII", 0x02000001, 1 << 10, 0, 0, 0)


def exposed(*layers: bytes, user: str = "", looked: bool = True) -> Exposure:
    """Lo que deja a mano una imagen con esas capas."""
    with io.BytesIO(archive(layers)) as file:
        archived = read_images(file)[0]
        inspectors = {blob.diff_id: LayerInspector(blob.diff_id) for blob in archived.layers}
        read = read_layers(file, archived, {}, transfer=False, inspectors=inspectors)
        image = of_archive(archived, {one.diff_id: one for one in read})
    capabilities = {diff_id: one.done().capabilities for diff_id, one in inspectors.items()}
    return exposure(image, user=user, capabilities=capabilities if looked else None)


BASE = layer(
    entry("bin", "usr/bin", "symlink"),
    folder("usr"), folder("usr/bin"), folder("usr/sbin"),
    entry("usr/bin/busybox", b"b" * 900, mode=0o755),
    entry("usr/bin/sh", "busybox", "symlink"), entry("usr/bin/ash", "/bin/busybox", "symlink"),
    entry("usr/bin/wget", "usr/bin/busybox", "hardlink", mode=0o755),
    entry("usr/bin/roto", "nadie", "symlink"), entry("usr/bin/curl", "curl", "symlink"),
    entry("usr/bin/nc", "../sbin/../bin/./busybox", "symlink"),
    entry("usr/bin/pip3.11", b"x", mode=0o755), entry("usr/bin/gdb", b"x", mode=0o644),
    entry("usr/bin/x86_64-linux-gnu-gcc-12", b"x", mode=0o755),
    entry("usr/bin/strace", b"x", mode=0o755), entry("usr/bin/passwd", b"x", mode=0o4755),
    entry("usr/bin/crontab", b"x", mode=0o2755), entry("usr/bin/ping", b"x", mode=0o755, pax_headers={
        "SCHILY.xattr.security.capability": RAW.decode("utf-8", "surrogateescape")}),
    entry("etc/passwd", PASSWD), entry("etc/abierto", b"x", mode=0o666),
    entry("tmp", kind="dir", mode=0o1777), entry("abierta", kind="dir", mode=0o777),
    entry("grupo", kind="dir", mode=0o2775),
)  # fmt: skip


def test_each_count_opens_to_its_list() -> None:
    """Cada clase de programa, lo que cualquiera puede escribir, setuid y capacidades, con su capa."""
    seen = exposed(BASE)
    found = {kind: [one.path for one in seen.of_kind(kind)] for kind in (SHELL, PACKAGES, COMPILER, DEBUGGER)}
    assert found == {
        SHELL: ["/usr/bin/ash", "/usr/bin/busybox", "/usr/bin/sh"],
        PACKAGES: ["/usr/bin/pip3.11"],
        COMPILER: ["/usr/bin/x86_64-linux-gnu-gcc-12"],
        DEBUGGER: ["/usr/bin/strace"],
    }
    assert [(i.path, i.permissions, i.size, i.layer) for i in seen.setuid] == [
        ("/usr/bin/passwd", "4755", 1, 0)
    ]
    assert [item.path for item in seen.setgid] == ["/usr/bin/crontab"]
    assert [item.path for item in seen.anyone_files] == ["/etc/abierto"]
    assert [item.path for item in seen.anyone_folders] == ["/abierta"]
    assert seen.capable is not None
    assert [(one.item.path, one.capabilities) for one in seen.capable] == [
        ("/usr/bin/ping", "cap_net_bind_service=ep")
    ]


def test_the_names_of_busybox_are_one_file() -> None:
    """Los nombres de busybox se cuentan como programas, y se dice que son un solo archivo."""
    seen = exposed(BASE)
    assert seen.counts()[SHELL] == (3, 1)
    assert [one.name for one in seen.of_kind(SHELL) if not one.applet] == ["busybox"]
    assert {one.item.size for one in seen.of_kind(SHELL)} == {900}
    assert {one.name for one in seen.of_kind(NETWORK)} == {"nc", "ping", "wget"}  # curl se señala a sí mismo
    names_of_busybox = [item.path for item in seen.executables if item.size == 900]
    assert len(names_of_busybox) == 1


def test_what_a_later_layer_erased_is_not_at_hand() -> None:
    """Lo que otra capa borra ya no está a mano, y lo que cambia de permisos cuenta con los nuevos."""
    seen = exposed(
        BASE,
        layer(entry("usr/bin/.wh.strace"), entry("usr/bin/passwd", b"x", mode=0o755), entry(".wh.abierta")),
    )
    assert [*seen.of_kind(DEBUGGER), *seen.setuid, *seen.anyone_folders] == []
    assert exposed(BASE, looked=False).capable is None


@pytest.mark.parametrize(
    ("declared", "name", "uid", "root"),
    [
        ("", "root", 0, True), ("node", "node", 1000, False), ("1000", "node", 1000, False),
        ("node:node", "node", 1000, False), ("4242", "", 4242, False), ("toor", "toor", 0, True),
        ("0", "root", 0, True), ("nadie", "", None, None), ("99999999999", "", None, None),
    ],
)  # fmt: skip
def test_who_it_runs_as(declared: str, name: str, uid: int | None, root: bool | None) -> None:
    """``USER`` se resuelve como lo hace Docker: por nombre o por número, y root es quien tiene el uid 0."""
    who = exposed(BASE, user=declared).user
    assert (who.declared, who.name, who.uid, who.root) == (declared, name, uid, root)
    assert bool(who.why) is (uid is None)


def test_without_passwd_only_a_number_is_known() -> None:
    """Sin ``/etc/passwd`` (``FROM scratch``), un número se sabe y un nombre no se puede comprobar."""
    bare = layer(entry("app", b"x", mode=0o755))
    assert exposed(bare).user.root is True
    assert exposed(bare, user="65532").user.uid == 65532
    assert (exposed(bare, user="ana").user.root, exposed(bare, user="ana").user.why) == (None, NO_LIST)
    assert account("ana", "").why == NOBODY


def test_capabilities_are_written_like_getcap() -> None:
    """Las tres revisiones del atributo se leen; lo que no se entiende queda en blanco."""
    assert names(struct.pack("<III", 0x01000000, 1 << 13, 0)) == "cap_net_raw=p"
    assert (
        names(struct.pack("<IIIIII", 0x03000001, 0, 1, 1 << 8, 0, 1000))
        == "cap_chown=ei cap_checkpoint_restore=ep"
    )
    assert names(struct.pack("<IIIII", 0x02000000, 0, 0, 1 << 31, 0)) == "63=p"
    assert [names(raw) for raw in (b"", b"\1\2", struct.pack("<I", 0x09000000), RAW[:12])] == [""] * 4


def test_a_name_only_counts_where_orders_are_looked_for() -> None:
    """Un ``sh`` o un ``curl`` fuera de las carpetas de programas no es el programa."""
    assert [kind_of(path) for path in ("app/sh", "app/lib/curl", "usr/bin/cosa")] == [""] * 3
    assert kind_of("usr/libexec/gcc/x86_64-linux-gnu/12/cc1") == COMPILER
