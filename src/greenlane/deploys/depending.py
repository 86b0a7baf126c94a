"""What a content is made of, held against the lists of known flaws that are kept: as facts, and as it is shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from greenlane.catalog.tables import ENVIRONMENT
from greenlane.deploys.advisories import Checked, Flaw, check
from greenlane.deploys.advisories.matching import newest_import
from greenlane.deploys.inspection.bill_of_materials import packages_of
from greenlane.deploys.inspection.combining import Reader
from greenlane.deploys.tables import DEPLOY, FLAW_TOLD, FLAWS_LOOKED_AT

MOST_NAMED = 100
"""Packages with a flaw that a decision's facts name."""


def checked(connection: Connection, blobs: Reader, sbom: str, now: datetime) -> Checked:
    """What is known of the packages in a bill of materials (its digest) at this moment."""
    return check(connection, packages_of(blobs.get(sbom)), now)


def facts(now: Checked, before: Checked | None) -> dict[str, Any]:
    """The facts for risk: packages with a known flaw, those that what is live lacks, and what nothing is known of."""
    old = set(before.named) if before is not None else set()
    return {
        "flaws": now.named[:MOST_NAMED],
        "new_flaws": tuple(one for one in now.named if one not in old)[:MOST_NAMED],
        "worst_flaw": now.worst,
        "unchecked_dependencies": now.unchecked,
    }


def to_look_at(connection: Connection) -> dict[str, list[tuple[str, str]]]:
    """Live deploys, with the digest of their bill of materials, that were not held against the newest list, by app."""
    newest = newest_import(connection)
    if not newest:
        return {}
    rows = connection.execute(
        select(DEPLOY.c.app, DEPLOY.c.id, DEPLOY.c.sbom)
        .join(ENVIRONMENT, ENVIRONMENT.c.live_deploy == DEPLOY.c.id)
        .outerjoin(FLAWS_LOOKED_AT, FLAWS_LOOKED_AT.c.deploy == DEPLOY.c.id)
        .where((FLAWS_LOOKED_AT.c.list.is_(None)) | (FLAWS_LOOKED_AT.c.list != newest))
        .distinct()
        .order_by(DEPLOY.c.app, DEPLOY.c.id)
    )
    found: dict[str, list[tuple[str, str]]] = {}
    for row in rows:
        found.setdefault(row.app, []).append((row.id, row.sbom))
    return found


def untold(connection: Connection, blobs: Reader, deploy: str, sbom: str, now: datetime) -> list[Flaw]:
    """The flaws of a live deploy that its owner was not told of."""
    told = {
        (row.advisory, row.package) for row in connection.execute(select(FLAW_TOLD).where(FLAW_TOLD.c.deploy == deploy))
    }
    found = checked(connection, blobs, sbom, now).flaws
    return [one for one in found if (one.advisory, one.package) not in told]


def remember_told(connection: Connection, deploy: str, flaws: Iterable[Flaw]) -> None:
    """Flaws of a deploy that its owner hears of now."""
    for advisory, package in sorted({(one.advisory, one.package) for one in flaws}):
        connection.execute(insert(FLAW_TOLD).values(deploy=deploy, advisory=advisory, package=package))


def remember_look(connection: Connection, deploy: str, newest: str) -> None:
    """That a deploy was held against the list of that import."""
    connection.execute(delete(FLAWS_LOOKED_AT).where(FLAWS_LOOKED_AT.c.deploy == deploy))
    connection.execute(insert(FLAWS_LOOKED_AT).values(deploy=deploy, list=newest))


def as_json(one: Checked) -> dict[str, Any]:
    """What is known, as JSON values."""
    return {
        "says": one.says,
        "packages": one.packages,
        "unchecked": one.unchecked,
        "worst": one.worst,
        "flaws": [_flaw(each) for each in one.flaws],
    }


def _flaw(one: Flaw) -> Mapping[str, Any]:
    return {
        "id": one.advisory,
        "aliases": list(one.aliases),
        "ecosystem": one.ecosystem,
        "package": one.package,
        "version": one.version,
        "severity": one.severity,
        "summary": one.summary,
        "fixed": one.fixed,
    }
