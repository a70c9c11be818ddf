"""``python -m tools.lifecycle [CLON]``: rehace las fechas de fin de soporte de ``image/lifecycle.json``.

- Node: el paquete de npm ``node-releases``, que recoge el calendario del proyecto Node.js.
- Debian y Ubuntu: el paquete de Debian ``distro-info-data``.
- Alpine y Python: el repositorio ``endoflife-date/endoflife.date`` (licencia MIT). ``CLON`` es la carpeta de
  una copia suya; sin él se quedan las fechas que hay.

De cada producto se apunta la fuente con su versión, y de qué día es. Necesita ``npm`` y ``apt``.
"""

from __future__ import annotations

import csv
import gzip
import json
import re
import subprocess
import sys
import tarfile
import tempfile
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

from multietapa.console import say
from multietapa.image.lifecycle import DATA

PACKAGE = "node-releases"
DEBIAN_PACKAGE = "distro-info-data"
REPOSITORY = "endoflife-date/endoflife.date"
FROM_REPOSITORY = {"alpine": "alpine-linux", "python": "python"}
_CYCLE = re.compile(r'^  - releaseCycle: "?([\d.]+)"?$|^    eol: (\d{4}-\d\d-\d\d)$', re.MULTILINE)
_SIGNED = re.compile(r"^ -- .*>  (.+)$", re.MULTILINE)


def product(source: str, day: str, cycles: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Un producto: su fuente, el día de los datos y, de cada serie, el fin del soporte y del ampliado."""
    names = sorted(cycles, key=lambda name: [int(number) for number in name.split(".")])
    return {"source": source, "date": day, "cycles": {name: list(cycles[name]) for name in names}}


def node() -> dict[str, Any]:
    """El calendario de Node, del paquete de npm más reciente."""
    with tempfile.TemporaryDirectory() as folder:
        command = ["npm", "pack", "--silent", PACKAGE]
        subprocess.run(command, cwd=folder, check=True, capture_output=True)
        with tarfile.open(next(Path(folder).glob("*.tgz"))) as package:
            version = json.load(_member(package, "package/package.json"))["version"]
            schedule = json.load(_member(package, "package/data/release-schedule/release-schedule.json"))
    times = subprocess.run(
        ["npm", "view", PACKAGE, "time", "--json"], check=True, capture_output=True, text=True
    )
    day = json.loads(times.stdout)[version][:10]
    return product(f"{PACKAGE} {version} (npm)", day, read_schedule(schedule))


def read_schedule(schedule: dict[str, dict[str, str]]) -> dict[str, tuple[str, str]]:
    """Las series del calendario de Node, por su número."""
    return {name.removeprefix("v"): (release["end"], "") for name, release in schedule.items()}


def distributions() -> dict[str, dict[str, Any]]:
    """Las series de Debian y de Ubuntu, del paquete de Debian."""
    from multietapa.engine.bundle.apt import PrivateApt, unpack
    from multietapa.engine.bundle.make import SUITE  # usa fcntl, que no existe en Windows

    with tempfile.TemporaryDirectory() as folder:
        apt = PrivateApt(Path(folder) / "apt", suite=SUITE)
        apt.update()
        deb = next(path for path in apt.download([DEBIAN_PACKAGE]) if path.name.startswith(DEBIAN_PACKAGE))
        unpack([deb], Path(folder) / "raiz")
        share = Path(folder) / "raiz/usr/share"
        log = gzip.decompress(next((share / "doc" / DEBIAN_PACKAGE).glob("changelog*.gz")).read_bytes())
        tables = {
            name: (share / f"distro-info/{name}.csv").read_text("utf-8") for name in ("debian", "ubuntu")
        }
    signed = _SIGNED.search(log.decode())
    assert signed is not None
    day = parsedate_to_datetime(signed[1]).date().isoformat()
    source = f"{DEBIAN_PACKAGE} {deb.name.split('_')[1]} (Debian)"
    return {name: product(source, day, read_table(table)) for name, table in tables.items()}


def read_table(table: str) -> dict[str, tuple[str, str]]:
    """Las series de una tabla de distro-info: el fin del soporte y el del ampliado gratuito (LTS)."""
    return {
        row["version"].split()[0]: (row["eol"], row.get("eol-lts") or "")
        for row in csv.DictReader(table.splitlines())
        if row["version"] and row["eol"]
    }


def from_repository(clone: Path) -> dict[str, dict[str, Any]]:
    """Alpine y Python, de lo último que hay en una copia del repositorio."""
    commit, day = _git(clone, "log", "-1", "--format=%h %cs").split()
    pages = {name: _git(clone, "show", f"HEAD:products/{page}.md") for name, page in FROM_REPOSITORY.items()}
    return {name: product(f"{REPOSITORY} {commit}", day, read_page(page)) for name, page in pages.items()}


def read_page(text: str) -> dict[str, tuple[str, str]]:
    """Las series de una página: cada una dice su fin de soporte unas líneas más abajo."""
    cycles: dict[str, tuple[str, str]] = {}
    cycle = ""
    for name, end in _CYCLE.findall(text):
        cycle = name or cycle
        if end:
            cycles[cycle] = (end, "")
    return cycles


def written(products: dict[str, dict[str, Any]]) -> str:
    """El archivo de datos: cada serie en una línea."""
    text = json.dumps({name: products[name] for name in sorted(products)}, indent=1, ensure_ascii=False)
    return re.sub(r'\[\s+("[\d-]*"),\s+("[\d-]*")\s+\]', r"[\1, \2]", text) + "\n"


def _member(package: tarfile.TarFile, name: str) -> Any:
    file = package.extractfile(name)
    assert file is not None
    return file


def _git(clone: Path, *arguments: str) -> str:
    command = ["git", "-C", str(clone), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def main(arguments: list[str]) -> int:
    """Rehace el archivo y dice de dónde salió cada producto."""
    kept = json.loads(DATA.read_text(encoding="utf-8")) if DATA.exists() else {}
    products = {**kept, "node": node(), **distributions()}
    if arguments:
        products |= from_repository(Path(arguments[0]))
    DATA.write_text(written(products), encoding="utf-8")
    for name, found in products.items():
        say(f"{name}: {len(found['cycles'])} series, de {found['source']} ({found['date']})")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
