"""Hasta cuándo tiene soporte lo que una imagen ejecuta, con su fuente; lo que no se sabe, no se sabe."""

from __future__ import annotations

from datetime import date

from multietapa.image.image import visible
from multietapa.image.lifecycle import Runtime, Support, life, runtimes
from multietapa.image.packages.inventory import inventory
from tests.test_packages import STATUS, dpkg, measured
from tools.lifecycle import read_page, read_schedule, read_table

HEADER = "#define NODE_MAJOR_VERSION 14\n#define NODE_MINOR_VERSION 21\n#define NODE_PATCH_VERSION 3\n"


def found(files: dict[str, str], environment: dict[str, str] | None = None) -> tuple[Runtime, ...]:
    """Lo que ejecuta una imagen con esos archivos."""
    image = measured(files)
    return runtimes(visible(image), inventory(image), environment)


def test_dates_have_a_source() -> None:
    """Node 14 y Debian 12 están donde dicen sus calendarios, con su fuente y el día de los datos."""
    node = life(Runtime("node", "14.21.3", ""))
    assert (node.cycle, node.ends) == ("14", date(2023, 4, 30))
    assert "node-releases" in node.source
    assert node.data_date is not None
    assert node.support(date(2023, 4, 30)) is Support.FULL
    assert node.support(date(2023, 5, 1)) is Support.ENDED
    debian = life(Runtime("debian", "12", ""))
    assert debian.ends is not None
    assert debian.extended is not None
    assert debian.support(debian.extended) is Support.EXTENDED
    assert life(Runtime("alpine", "3.23.6", "")).cycle == "3.23"
    assert life(Runtime("python", "3.9.1", "")).support(date(2026, 11, 1)) is Support.ENDED


def test_the_unknown_is_unknown() -> None:
    """De un producto, una serie o una versión que no se conocen no se dice nada."""
    for runtime in (Runtime("fedora", "40", ""), Runtime("node", "999.1.0", ""), Runtime("node", "", "")):
        assert life(runtime).support(date(2026, 1, 1)) is Support.UNKNOWN


def test_what_runs_is_said_by_the_image() -> None:
    """La versión sale de las cabeceras, del paquete o de la variable, por ese orden; si no, no se sabe."""
    program = {"usr/local/bin/node": "x"}
    header = {"usr/local/include/node/node_version.h": HEADER}
    said = found(
        {**program, **header, "etc/os-release": "ID=debian\nVERSION_ID=12\n"}, {"NODE_VERSION": "9.9"}
    )
    assert [(one.name, one.version) for one in said] == [("debian", "12"), ("node", "14.21.3")]
    assert found(program, {"NODE_VERSION": "v24.9.0"}) == (Runtime("node", "24.9.0", "NODE_VERSION"),)
    assert found(program) == (Runtime("node", "", "/usr/local/bin/node"),)
    assert found({"x": ""}, {"NODE_VERSION": "24.9.0"}) == ()
    python = found({"usr/local/include/python3.12/patchlevel.h": '#define PY_VERSION "3.12.1"\n'})
    assert [(one.name, one.version) for one in python] == [("python", "3.12.1")]
    assert found({"usr/lib/python3.11/os.py": ""})[0].version == "3.11"
    packaged = found({STATUS: dpkg(("nodejs", "18.20.4+dfsg-1")), "etc/os-release": "ID=debian\n"})
    assert packaged[1] == Runtime("node", "18.20.4", "dpkg nodejs", "debian")


def test_sources_are_read() -> None:
    """Las tres fuentes de las fechas se leen como las escriben."""
    assert read_schedule({"v14": {"start": "2020-04-21", "end": "2023-04-30"}}) == {"14": ("2023-04-30", "")}
    table = (
        "version,series,eol,eol-lts\n12,bookworm,2026-07-11,2028-06-30\n24.04 LTS,noble,2029-05-31,\n,sid,,\n"
    )
    assert read_table(table) == {"12": ("2026-07-11", "2028-06-30"), "24.04": ("2029-05-31", "")}
    page = '  - releaseCycle: "3.23"\n    releaseDate: 2025-12-04\n    eol: 2027-11-01\n'
    assert read_page(page) == {"3.23": ("2027-11-01", "")}
