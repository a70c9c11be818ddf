"""Lo que contesta cada escáner de vulnerabilidades, en los mismos valores.

La forma de cada una es la de su documentación: el JSON de trivy y el de grype, y el SARIF 2.1.0 de docker
scout. Si falta algo que debería estar, lanza ``KeyError`` o lo que lance leer un JSON que no es el esperado.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

_SYSTEM_TYPES = ("deb", "apk", "rpm")


@dataclass(frozen=True)
class Finding:
    """Una vulnerabilidad de un paquete; ``fixed`` es la versión que la corrige, o ``""``."""

    id: str
    package: str
    version: str
    severity: str
    fixed: str = ""


@dataclass(frozen=True)
class Answer:
    """Lo que contestó un escáner: su versión, el día de sus datos (``""``: no lo dice) y si miró algo."""

    version: str
    date: str
    findings: tuple[Finding, ...]
    looked: bool = True


def read_trivy(report: Any, about: Any) -> Answer:
    """La respuesta de ``trivy image --format json`` y de ``trivy --version --format json``.

    Sin ``Results`` no reconoció ni el sistema ni ningún paquete: no es que no haya ninguna.
    """
    results = report.get("Results") or []
    found = (
        Finding(
            str(one["VulnerabilityID"]),
            str(one["PkgName"]),
            str(one.get("InstalledVersion") or ""),
            str(one.get("Severity") or ""),
            str(one.get("FixedVersion") or ""),
        )
        for result in results
        for one in result.get("Vulnerabilities") or ()
    )
    dated = str((about.get("VulnerabilityDB") or {}).get("UpdatedAt") or "")
    return Answer(str(about.get("Version") or ""), dated[:10], tuple(found), bool(results))


def read_grype(report: Any, _: Any) -> Answer:
    """La respuesta de ``grype -o json``. La fecha está en ``db.built`` o, desde la 0.88, en ``db.status``."""
    found = (
        Finding(
            str(one["vulnerability"]["id"]),
            str(one["artifact"]["name"]),
            str(one["artifact"].get("version") or ""),
            str(one["vulnerability"].get("severity") or ""),
            ", ".join((one["vulnerability"].get("fix") or {}).get("versions") or ()),
        )
        for one in report["matches"]
    )
    told = report["descriptor"]
    database = told.get("db") or {}
    dated = str(database.get("built") or (database.get("status") or {}).get("built") or "")
    return Answer(str(told.get("version") or ""), dated[:10], tuple(found))


def read_scout(report: Any, _: Any) -> Answer:
    """La respuesta de ``docker scout cves --format sarif``: una regla por vulnerabilidad, con su paquete.

    Sus datos están en línea y no dice de qué día son.
    """
    driver = report["runs"][0]["tool"]["driver"]
    found = (
        Finding(str(rule["id"]), package, version, str(told.get("cvssV3_severity") or ""), fixed)
        for rule in driver.get("rules") or ()
        for told in [rule.get("properties") or {}]
        for fixed in [str(told.get("fixed_version") or "").replace("not fixed", "")]
        for package, version in _purls(told.get("purls") or [told.get("purl")])
    )
    return Answer(str(driver.get("version") or ""), "", tuple(found))


def _purls(addresses: Sequence[str | None]) -> Iterator[tuple[str, str]]:
    """El nombre y la versión de cada dirección de paquete; de uno del sistema, sin su distribución."""
    from packageurl import PackageURL

    for address in addresses:
        with suppress(ValueError):
            told = PackageURL.from_string(address or "")
            owner = told.namespace if told.namespace and told.type not in _SYSTEM_TYPES else ""
            yield f"{owner}/{told.name}".lstrip("/"), told.version or ""
