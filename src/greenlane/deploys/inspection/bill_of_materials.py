"""The bill of materials of a bundle, as CycloneDX 1.6. The same packages always make the same bytes.

Time and a random serial number are left out, both optional in the standard: the document is named by its digest.
"""

from __future__ import annotations

from collections.abc import Iterable

import orjson
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from greenlane.kit import digest
from greenlane.runtime.building.installed import Package


def packages_of(document: bytes) -> list[Package]:
    """The packages of a bill of materials that ``bill_of_materials`` wrote."""
    urls = [PackageURL.from_string(one["purl"]) for one in orjson.loads(document).get("components", ())]
    return [(one.type, f"{one.namespace}/{one.name}" if one.namespace else one.name, one.version or "") for one in urls]


def is_of_a_build(document: bytes) -> bool:
    """Whether a bill of materials lists what a build really installed."""
    return {"phase": "build"} in orjson.loads(document).get("metadata", {}).get("lifecycles", ())


def bill_of_materials(packages: Iterable[Package], *, built: bool = False) -> bytes:
    """Canonical CycloneDX 1.6 JSON of all packages. ``built``: they are what a build really installed, and the document
    says so by its phase; otherwise they are what lies in the files and what lock files name.
    """
    bom = Bom()
    for ecosystem, name, version in sorted(set(packages)):
        namespace, _, bare = name.rpartition("/")
        url = PackageURL(type=ecosystem, namespace=namespace or None, name=bare, version=version or None)
        bom.components.add(
            Component(
                type=ComponentType.LIBRARY,
                group=namespace or None,
                name=bare,
                version=version or None,
                purl=url,
                bom_ref=str(url),
            )
        )
    document = orjson.loads(JsonV1Dot6(bom).output_as_string())
    document.pop("serialNumber", None)
    document.get("metadata", {}).pop("timestamp", None)
    document.setdefault("metadata", {})["lifecycles"] = [{"phase": "build" if built else "pre-build"}]
    return digest.canonical(document)
