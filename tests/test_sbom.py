"""La lista de una imagen en CycloneDX: válida, siempre igual y con lo que no se pudo comprobar."""

from __future__ import annotations

import json

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from multietapa.image.packages.inventory import inventory
from multietapa.image.packages.model import Package
from multietapa.image.sbom import purl, sbom
from tests.test_packages import APK, STATUS, dpkg, manifest, measured

FILES = {
    "etc/os-release": "ID=debian\nVERSION_ID=12\n",
    STATUS: dpkg(("libc6", "2.36-9"), ("raro", "x" * 999)),
    APK: "P:musl\nV:1.2.5-r9\n\n",
    b"s/\xff/node_modules/@t/n/package.json".decode("utf-8", "surrogateescape"): manifest("@t/n", "1.0.0"),
    "x/six-1.dist-info/METADATA": "Name: six\nVersion: 1.16.0\n",
}


def test_it_is_valid_and_always_the_same() -> None:
    """Vale según el esquema de CycloneDX 1.6 y dos veces la misma imagen da los mismos bytes."""
    image = measured(FILES)
    text = sbom(image, inventory(image), name="tienda:1")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    assert text == sbom(measured(FILES), inventory(measured(FILES)), name="tienda:1")
    document = json.loads(text)
    assert document["metadata"]["component"]["name"] == "tienda:1"
    assert "timestamp" not in document["metadata"]
    assert "raro" in json.dumps(document["metadata"]["component"]["properties"])
    assert {one["purl"] for one in document["components"]} >= {
        "pkg:deb/debian/libc6@2.36-9?arch=amd64&distro=debian-12",
        "pkg:npm/%40t/n@1.0.0",
        "pkg:pypi/six@1.16.0",
    }


def test_an_image_without_packages_is_valid_too() -> None:
    """De una imagen vacía sale también una lista válida."""
    image = measured({"a": "x"})
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(sbom(image, inventory(image))) is None


def test_names_are_universal() -> None:
    """La época de rpm va aparte, y un módulo de Go lleva su ruta."""
    fedora = {"ID": "fedora", "VERSION_ID": "40"}
    rpm = Package("rpm", "openssl-libs", "1:3.2.1-2", "/x", 0, "x86_64")
    said = "pkg:rpm/fedora/openssl-libs@3.2.1-2?arch=x86_64&distro=fedora-40&epoch=1"
    assert purl(rpm, fedora) == said
    assert purl(Package("go", "a.b/c/d", "v1.0.0", "/x", 0), {}) == "pkg:golang/a.b/c/d@v1.0.0"
