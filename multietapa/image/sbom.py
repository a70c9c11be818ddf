"""La lista de lo que lleva una imagen en CycloneDX, el formato con el que la leen otras herramientas.

Versión 1.6 de CycloneDX: es la que publicó ECMA como norma (ECMA-424, primera edición), la entienden los
escáneres de hoy y, como la 1.5, tiene sitio para decir en qué archivo está cada paquete. Dos veces la misma
imagen da los mismos bytes: el número de serie sale de su id, y no lleva fecha.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from multietapa.image.image import MeasuredImage
from multietapa.image.packages.model import SYSTEM, Inventory, Package

if TYPE_CHECKING:
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component
    from packageurl import PackageURL

PROPERTY = "org.multietapa:"
"""Cómo empiezan los datos propios que lleva cada paquete: su familia y su capa (desde 1)."""
_TYPES = {"dpkg": "deb", "apk": "apk", "rpm": "rpm", "npm": "npm", "pip": "pypi", "go": "golang"}
_NAMESPACE = uuid.UUID("7c0f4a5e-6a0d-5d3c-9d53-4d756c746965")
_SELF, _MAKER = "imagen", "multietapa"


def sbom(image: MeasuredImage, found: Inventory, *, name: str = "") -> str:
    """El documento, en JSON. ``name`` es cómo se llama la imagen (si falta, su etiqueta o su id).

    Lo que no se pudo comprobar va en las propiedades de la imagen: quien lea la lista sabe que falta.
    """
    from cyclonedx.output.json import JsonV1Dot6
    from cyclonedx.schema.schema import SchemaVersion1Dot6

    document: dict[str, Any] = json.loads(JsonV1Dot6(_bom(image, found, name)).output_as_string())
    document["metadata"].pop("timestamp", None)  # la biblioteca la pone siempre
    # De uno en uno: con todos en el documento, la biblioteca tarda su número al cuadrado.
    listed = [
        json.loads(_component(package, found.distribution).as_json(view_=SchemaVersion1Dot6))  # type: ignore[attr-defined]
        for package in found.packages
    ]
    references = [component["bom-ref"] for component in listed]
    document["components"] = listed
    document["dependencies"] = [{"ref": _SELF, "dependsOn": references}] if listed else []
    return json.dumps(document, indent=2, ensure_ascii=True, sort_keys=True) + "\n"


def purl(package: Package, distribution: Mapping[str, str]) -> str:
    """El nombre universal de un paquete (package-url): ``pkg:npm/%40types/node@20.1.0``."""
    return _purl(package, distribution).to_string()


def _bom(image: MeasuredImage, found: Inventory, name: str) -> Bom:
    from cyclonedx.model import Property
    from cyclonedx.model.bom import Bom
    from cyclonedx.model.component import Component, ComponentType

    described = Component(
        name=_plain(name or (image.tags[0] if image.tags else image.image_id)),
        version=image.image_id,
        type=ComponentType.CONTAINER,
        bom_ref=_SELF,
        properties=[
            Property(name=f"{PROPERTY}problema", value=_plain(f"{one.family} {one.path}: {one.why}"))
            for one in found.problems
        ],
    )
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, image.image_id))
    bom.metadata.component = described
    maker = Component(name="multietapa", type=ComponentType.APPLICATION, bom_ref=_MAKER)
    bom.metadata.tools.components.add(maker)
    return bom


def _component(package: Package, distribution: Mapping[str, str]) -> Component:
    from cyclonedx.model import Property
    from cyclonedx.model.component import Component, ComponentType
    from cyclonedx.model.component_evidence import ComponentEvidence, Occurrence

    address = _purl(package, distribution)
    where = _plain(package.path)
    own = {"familia": package.family, "capa": str(package.layer + 1)}
    return Component(
        type=ComponentType.LIBRARY,
        group=_plain(address.namespace) if package.family == "npm" and address.namespace else None,
        name=_plain(address.name if package.family == "npm" else package.name),
        version=package.version or None,
        purl=address,
        bom_ref=f"{address.to_string()}#{where}",
        evidence=ComponentEvidence(occurrences=[Occurrence(location=where)]),
        properties=[Property(name=PROPERTY + key, value=value) for key, value in own.items()],
    )


def _purl(package: Package, distribution: Mapping[str, str]) -> PackageURL:
    from packageurl import PackageURL

    namespace, name, version = "", package.name, package.version
    qualifiers = {}
    if package.family in SYSTEM:
        namespace = distribution.get("ID", "")
        release = distribution.get("VERSION_ID", "")
        qualifiers = {"arch": package.architecture, "distro": f"{namespace}-{release}" if release else ""}
        if package.family == "rpm" and ":" in version:
            qualifiers["epoch"], _, version = version.partition(":")
    elif package.family in ("npm", "go"):
        namespace, _, name = name.rpartition("/")
    return PackageURL(
        type=_TYPES[package.family],
        namespace=namespace or None,
        name=name,
        version=version or None,
        qualifiers={key: value for key, value in qualifiers.items() if value},
    )


def _plain(text: str) -> str:
    """Un texto sin los bytes que no eran UTF-8, que en un nombre de archivo puede haber."""
    return text.encode("utf-8", "backslashreplace").decode()
