"""Imágenes difíciles, hechas a mano: borrados, enlaces duros, huecos, nombres raros y carpetas que se van."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

from tests.crafted import entry, folder, layer

BASE = layer(
    folder("d"),
    entry("d/a", "x" * 1000),
    entry("d/b", "y" * 500),
    folder("d/e"),
    entry("d/e/f", "z" * 70),
)
_LONG = "/".join(["carpeta-de-nombre-larguísimo-" + "n" * 60] * 5)
RAW = "d/ma\udcf1ana\udcff.txt"


def sparse(scratch: Path, *options: str) -> bytes:
    """Una capa con un archivo con huecos, como lo guarda GNU tar."""
    scratch.mkdir(parents=True, exist_ok=True)
    with (scratch / "hueco").open("wb") as file:
        file.write(b"a" * 5000)
        file.seek(900_000)
        file.write(b"b" * 5000)
        file.truncate(1_000_000)
    command = ["tar", "--sparse", *options, "--numeric-owner", "--owner=0", "--group=0", "-cf", "-", "hueco"]
    return subprocess.run(command, cwd=scratch, stdout=subprocess.PIPE, check=True).stdout


TRICKY: dict[str, list[bytes]] = {
    "un archivo borrado": [BASE, layer(folder("d"), entry("d/.wh.a"))],
    "una carpeta borrada": [BASE, layer(entry(".wh.d"))],
    "una carpeta borrada y hecha otra vez": [
        BASE,
        layer(entry(".wh.d"), folder("d"), entry("d/a", "x" * 10), entry("d/n", "1")),
    ],
    "una carpeta vaciada": [BASE, layer(folder("d"), entry("d/.wh..wh..opq"), entry("d/n", "1234567"))],
    "vaciada con una copia dentro": [
        BASE,
        layer(folder("d"), entry("d/.wh..wh..opq"), folder("d/e"), entry("d/e/f", "z" * 71)),
    ],
    "borrada y borrada otra vez": [BASE, layer(entry(".wh.d")), layer(entry(".wh.d"))],
    "marca de algo que no está": [BASE, layer(entry(".wh.nada"), folder("d"), entry("d/e/.wh.tampoco"))],
    "enlaces duros": [
        layer(entry("a", "x" * 100), entry("b", "a", "hardlink"), entry("c", "b", "hardlink")),
        layer(entry(".wh.a")),
    ],
    "enlaces duros borrados todos": [
        layer(folder("p"), folder("q"), entry("p/a", "x" * 100), entry("q/b", "p/a", "hardlink")),
        layer(entry(".wh.p")),
        layer(entry("q/.wh.b")),
    ],
    "un enlace duro tapado": [
        layer(entry("a", "x" * 100), entry("b", "a", "hardlink")),
        layer(entry("a", "y" * 30)),
    ],
    "enlace duro a uno simbólico": [
        layer(entry("s", "abc", "symlink"), entry("t", "s", "hardlink")),
        layer(entry(".wh.s")),
    ],
    "nombres largos": [
        layer(entry(f"{_LONG}/{'ñ' * 100}", "x" * 11)),
        layer(entry(f"{_LONG}/.wh.{'ñ' * 100}")),
        layer(entry(f"{_LONG}/{'m' * 120}", "x" * 12), format=tarfile.GNU_FORMAT),
    ],
    "vacíos": [layer(), layer(entry("vacío")), layer(), layer(entry("vacío", "ya no"))],
    "solo permisos": [
        layer(entry("bin", "#" * 300, mtime=1000), entry("otro", "#" * 40, mtime=1000)),
        layer(entry("bin", "#" * 300, mode=0o4755, mtime=1000)),
        layer(entry("otro", "#" * 40, uid=1000, gid=1000, mtime=1000)),
    ],
    "una carpeta, un archivo y otra vez": [
        BASE,
        layer(entry("d", "ahora soy un archivo")),
        layer(entry(".wh.d"), folder("d"), entry("d/a", "de vuelta")),
    ],
    "un archivo, una carpeta y otra vez": [
        layer(entry("x", "archivo" * 10)),
        layer(folder("x"), entry("x/y", "dentro")),
        layer(entry("x", "archivo")),
    ],
    "un enlace donde había una carpeta": [BASE, layer(folder("r"), entry("d", "r", "symlink"))],
    "nombres que no son UTF-8": [
        layer(folder("d"), entry(RAW, "ñ" * 9)),
        layer(entry(f"d/.wh.{RAW[2:]}"), entry("d/ma\udcf1", "1")),
    ],
    "la misma capa dos veces": [BASE, layer(entry(".wh.d")), BASE],
    "carpetas que nadie nombra": [layer(entry("a/b/c/d", "x" * 8)), layer(entry("a/b/.wh.c"))],
    "por un enlace de su capa": [
        layer(folder("r"), entry("l", "r", "symlink"), entry("l/f", "x" * 10), entry("l/g/h", "y" * 5)),
        layer(entry("r/.wh.f")),
    ],
    "por un enlace de otra capa": [
        layer(folder("r"), entry("r/f", "x" * 10), entry("l", "r", "symlink")),
        layer(folder("l"), entry("l/f", "y" * 5)),
    ],
    "todo vaciado": [BASE, layer(entry(".wh..wh..opq"), entry("n", "1"))],
}
