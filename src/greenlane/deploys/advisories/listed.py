"""A bill of materials with the flaws that are known of it, as CycloneDX 1.6 writes vulnerabilities."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import orjson
from packageurl import PackageURL

from greenlane.deploys.advisories.matching import Checked, Flaw
from greenlane.deploys.advisories.osv import cvss_score
from greenlane.kit import digest


def with_flaws(document: bytes, checked: Checked) -> bytes:
    """The same bill of materials with its known flaws, and with the words that say what was checked, and how lately."""
    sheet: dict[str, Any] = orjson.loads(document)
    by_advisory: dict[str, list[Flaw]] = defaultdict(list)
    for one in checked.flaws:
        by_advisory[one.advisory].append(one)
    sheet["vulnerabilities"] = [_vulnerability(each) for _, each in sorted(by_advisory.items())]
    properties = sheet.setdefault("metadata", {}).setdefault("properties", [])
    properties.append({"name": "greenlane:advisories", "value": checked.says})
    properties.append({"name": "greenlane:unchecked", "value": str(checked.unchecked)})
    return digest.canonical(sheet)


def _vulnerability(flaws: list[Flaw]) -> dict[str, Any]:
    one = flaws[0]
    rating: dict[str, Any] = {"severity": "critical" if one.severity == "malicious" else one.severity}
    if (score := cvss_score(one.vector)) is not None:
        method = "CVSSv3" if one.vector.startswith("CVSS:3.0") else "CVSSv31"
        rating |= {"score": score, "method": method, "vector": one.vector}
    mends = sorted({f"{each.package} {each.fixed}" for each in flaws if each.fixed})
    sheet: dict[str, Any] = {
        "bom-ref": one.advisory,
        "id": one.advisory,
        "source": {"name": "OSV", "url": f"https://osv.dev/vulnerability/{one.advisory}"},
        "references": [{"id": alias, "source": {"name": "OSV"}} for alias in one.aliases],
        "ratings": [rating],
        "description": one.summary,
        "affects": [{"ref": _ref(each)} for each in flaws],
    }
    if mends:
        sheet["recommendation"] = f"Move to {', '.join(mends)}."
    return sheet


def _ref(one: Flaw) -> str:
    namespace, _, name = one.package.rpartition("/")
    return str(PackageURL(type=one.ecosystem, namespace=namespace or None, name=name, version=one.version))
