"""Los escáneres de fuera: lo que dicen se cuenta como suyo, y lo que no pueden decir no es un cero.

Las respuestas de ``tests/data`` tienen la forma documentada de cada uno: la de trivy, la de su guía de
informes («Reporting», JSON) y la de ``trivy --version --format json``; la de grype, la de su presentador JSON
(``matches``, ``artifact``, ``descriptor``; la fecha en ``db.status`` desde la 0.88 y en ``db.built`` antes);
la de docker scout, el SARIF 2.1.0 de ``docker scout cves --format sarif``.
"""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest

from multietapa.cells.motor import Motor
from multietapa.measure.surface.answers import read_grype
from multietapa.measure.surface.face import Count
from multietapa.measure.surface.scanners import NONE, SCANNERS, scanned, vulnerabilities
from tests import trivy
from tests.conftest import needs_unix
from tests.crafted import archive, entry, layer

DATA = Path(__file__).parent / "data"
TRIVY, GRYPE, SCOUT = SCANNERS
pytestmark = needs_unix


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Una imagen guardada en un archivo."""
    target = tmp_path / "imagen.tar"
    target.write_bytes(archive([layer(entry("a", "b"))]))
    return target


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Una carpeta que es todo el ``PATH``, con lo justo para un guion."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("sh", "cp", "cat", "sleep"):
        (folder / name).symlink_to(str(shutil.which(name)))
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, body: str) -> None:
    """Deja un programa de ``sh`` en el ``PATH``."""
    path = folder / name
    path.write_text(f"#!{os.path.realpath(folder / 'sh')}\n{body}\n", encoding="utf-8")
    path.chmod(0o755)


def answering(folder: Path, name: str, document: str, *, version: str = "") -> None:
    """Un programa que deja ese documento donde se le pide, después de comprobar que la imagen está."""
    program(
        folder,
        name,
        f'case "$*" in *--version*) exec cat "{DATA / (version or document)}";; esac\n'
        '[ "$*" != "scout version" ] || exit 0\n'
        'for word; do case "$word" in *imagen.tar) image="${word#*archive:}";; esac\n'
        'case "$before $word" in --output" json") ;; --output*|--file*) answer="$word";; esac\n'
        'before="$word"; done\n'
        f'[ -s "${{image#//}}" ] || exit 3\ncp "{DATA / document}" "$answer"',
    )


def listed(count: Count) -> list[tuple[str, str]]:
    """Lo que se lee de cada vulnerabilidad."""
    return [(one.name, one.detail) for one in count.entries]


def test_what_trivy_says(place: Path, programs: Path) -> None:
    """Cada vulnerabilidad, una vez, con su paquete y su arreglo; la fuente dice la versión y el día."""
    answering(programs, "trivy", "trivy.json", version="trivy_version.json")
    found = scanned(place, [TRIVY])
    assert found.source == "trivy 0.58.1, datos del 2026-11-20"
    assert listed(found) == [
        ("CVE-2024-0727 en libssl3 3.0.11-1~deb12u2", "gravedad media; corregida en 3.0.13-1~deb12u1"),
        ("CVE-2011-3389 en libgnutls30 3.7.9-2", "gravedad baja; sin versión que la corrija"),
        ("CVE-2021-23337 en lodash 4.17.20", "gravedad alta; corregida en 4.17.21"),
    ]
    assert found.entries[2].key == "CVE-2021-23337:lodash@4.17.20"


def test_what_grype_says(place: Path, programs: Path) -> None:
    """Lo mismo con grype, también con la fecha donde la ponían las versiones antiguas."""
    answering(programs, "grype", "grype.json")
    found = scanned(place, [GRYPE])
    assert found.source == "grype 0.92.0, datos del 2026-11-19"
    assert listed(found) == [
        ("CVE-2024-0727 en libssl3 3.0.11-1~deb12u2", "gravedad media; corregida en 3.0.13-1~deb12u1"),
        ("CVE-2011-3389 en libgnutls30 3.7.9-2", "gravedad insignificante; sin versión que la corrija"),
    ]
    old = json.loads((DATA / "grype.json").read_text(encoding="utf-8"))
    old["descriptor"]["db"] = {"built": "2023-01-05T08:14:00Z", "schemaVersion": 5}
    assert read_grype(old, {}).date == "2023-01-05"


def test_what_docker_scout_says(place: Path, programs: Path) -> None:
    """Una regla puede ser de varios paquetes; y de sus datos no dice el día."""
    answering(programs, "docker", "scout.json")
    found = scanned(place, [SCOUT])
    assert found.source == "docker scout 1.15.0, no dice de qué día son sus datos"
    assert listed(found) == [
        ("CVE-2021-23337 en lodash 4.17.20", "gravedad alta; corregida en 4.17.21"),
        ("CVE-2021-23337 en @otro/lodash 4.17.19", "gravedad alta; corregida en 4.17.21"),
        ("CVE-2011-3389 en libgnutls30 3.7.9-2", "gravedad desconocida; sin versión que la corrija"),
    ]


@pytest.mark.lenta
def test_a_real_trivy_without_its_database(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """trivy, de verdad y sin su base de datos: no se puede comprobar, y se dice con sus palabras."""
    folder = tmp_path / "con-trivy"
    folder.mkdir()
    (folder / "trivy").symlink_to(trivy.program())
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    monkeypatch.setenv("TRIVY_CACHE_DIR", str(tmp_path / "datos"))
    monkeypatch.setenv("TRIVY_SKIP_DB_UPDATE", "true")
    found = scanned(place, [TRIVY])
    assert not found.known
    assert found.why.startswith("trivy: no pudo mirarla. Dice: «")
    assert "DB" in found.why
    assert found.entries == ()


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("echo 'FATAL no hay red' >&2; echo 'run with --debug' >&2; exit 1", "Dice: «no hay red»"),
        ("exit 7", "terminó con el código 7 y no dijo por qué"),
        ("sleep 30", "no terminó en 0,5 s"),
        ("exit 0", "su respuesta no se entiende"),
    ],
)
def test_a_scanner_that_fails(place: Path, programs: Path, body: str, why: str) -> None:
    """Un escáner que falla, calla, se eterniza o contesta otra cosa: no se puede comprobar, con su razón."""
    program(programs, "grype", body)
    found = scanned(place, [GRYPE], limit=0.5 if "sleep" in body else 20)
    assert not found.known
    assert why in found.why


def test_the_next_one_is_asked(place: Path, programs: Path) -> None:
    """Si el primero no contesta se pregunta al siguiente; si ninguno, se dice lo que dijo cada uno."""
    program(programs, "trivy", "echo 'sin datos' >&2; exit 1")
    answering(programs, "grype", "grype.json")
    assert scanned(place, [TRIVY, GRYPE]).source.startswith("grype")
    program(programs, "grype", "exit 1")
    why = scanned(place, [TRIVY, GRYPE]).why
    assert "trivy: no pudo mirarla. Dice: «sin datos»; grype: " in why


def test_nothing_recognised_is_not_a_zero(place: Path, programs: Path, tmp_path: Path) -> None:
    """trivy, si no reconoce ningún paquete, no ha mirado nada: no son cero vulnerabilidades."""
    empty = tmp_path / "vacio.json"
    empty.write_text('{"SchemaVersion": 2}', encoding="utf-8")
    answering(programs, "trivy", str(empty), version="trivy_version.json")
    assert scanned(place, [TRIVY]).why == "trivy no encontró en la imagen nada que sepa mirar"


def test_with_no_scanner_at_all(programs: Path, motor_real: Motor) -> None:
    """Sin ninguno se dice, y no se pide la imagen al motor; la orden docker sin scout no cuenta."""
    program(programs, "docker", "exit 1")
    assert vulnerabilities(motor_real.client, "no-existe:1") == Count(why=NONE)


def test_the_image_is_asked_for(programs: Path, motor_real: Motor, base_image: str) -> None:
    """Con uno, el motor entrega la imagen entera en un archivo, y después no queda."""
    from multietapa.paths import cache_dir

    answering(programs, "grype", "grype.json")
    phases: list[str] = []
    found = vulnerabilities(motor_real.client, base_image, progress=lambda phase, *_: phases.append(phase))
    assert len(found.entries) == 2
    assert list(dict.fromkeys(phases)) == [
        "Pidiendo la imagen al motor",
        "Buscando vulnerabilidades con grype",
    ]
    assert list(cache_dir().glob("escaner-*")) == []
