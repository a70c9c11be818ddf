"""De qué clase es un archivo, por su ruta, su extensión y sus permisos; y que las clases suman el total."""

from __future__ import annotations

import io

import pytest

from multietapa.image.file_kinds import FileKind, by_file_kind, file_kind
from multietapa.image.image import measure_archive
from multietapa.image.layer import FileEntry
from tests.crafted import archive, entry, layer

CASES = {
    FileKind.PROGRAMS: (
        "usr/bin/gcc 755", "usr/lib/x86_64-linux-gnu/libc.so.6", "usr/local/bin/node 755", "app.jar",
        "usr/lib/gcc/x86_64-linux-gnu/12/libgcc.a", "servidor 755", "usr/lib/python3.11/os.pyc",
    ),
    FileKind.MODULES: (
        "app/node_modules/express/index.js", "app/node_modules/sharp/build/sharp.node 755",
        "usr/lib/python3/dist-packages/yaml/__init__.py", "go/pkg/mod/x/y.go", "opt/venv/bin/pip 755",
        "app/node_modules/.pnpm/a@1/node_modules/a/README.md",
    ),
    FileKind.CODE: (
        "app/src/index.ts", "etc/passwd", "usr/include/stdio.h", "usr/bin/npm.js 755", "app/package.json",
        "entrypoint.sh 755", "var/lib/dpkg/status",
    ),
    FileKind.DOCUMENTATION: (
        "usr/share/doc/bash/README.gz", "usr/share/man/man1/ls.1.gz", "app/LICENSE", "app/README.md",
        "usr/local/CHANGELOG.md",
    ),
    FileKind.DATA: (
        "app/datos.sqlite", "usr/share/zoneinfo/Europe/Madrid", "usr/share/locale/es/LC_MESSAGES/x.mo",
        "etc/ssl/certs/ca.pem", "tmp/copia.tar.gz", "var/lib/systemd/catalog/database",
    ),
    FileKind.MEDIA: ("app/public/logo.png", "usr/share/fonts/x.woff2", "app/guía.pdf"),
    FileKind.OTHER: ("ruido", "app/sin-extensión", ".oculto"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "said"), [(kind, said) for kind, listed in CASES.items() for said in listed], ids=str
)
def test_a_path_decides_its_kind(kind: FileKind, said: str) -> None:
    """La ruta, la extensión y los permisos deciden la clase."""
    path, _, mode = said.partition(" ")
    assert file_kind(FileEntry(path, 1, "file", int(mode or "644", 8), 0, 0)) is kind


def test_kinds_add_up_and_a_link_is_of_the_others() -> None:
    """Siempre están las siete clases; un enlace simbólico solo ocupa su destino."""
    content = layer(
        entry("usr/bin/sh", "x" * 10, mode=0o755), entry("a", "destino", "symlink"), entry("b.png", "z" * 5)
    )
    image = measure_archive(io.BytesIO(archive([content])), transfer=False)
    found = by_file_kind(image)
    assert list(found) == list(FileKind)
    assert {kind: size for kind, size in found.items() if size} == {
        FileKind.PROGRAMS: 10,
        FileKind.MEDIA: 5,
        FileKind.OTHER: len("destino"),
    }
    assert sum(found.values()) == image.unpacked_bytes
