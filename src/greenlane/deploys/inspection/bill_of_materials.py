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

from greenlane.deploys.inspection.packages import Package
from greenlane.kit import digest


def bill_of_materials(packages: Iterable[Package]) -> bytes:
    """Canonical CycloneDX 1.6 JSON of all packages."""
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
    return digest.canonical(document)
