"""A version's page: what it changes, what publishing it would do and why, what was found in it, what is inside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.deploys import alarms, comparing, depending, differing
from greenlane.deploys import queries as deploys
from greenlane.deploys.advisories.listed import with_flaws
from greenlane.deploys.bundle import Bundle
from greenlane.deploys.inspection.bill_of_materials import is_of_a_build
from greenlane.govern.errors import WrongInput
from greenlane.govern.explain import what_would_make_it_green
from greenlane.govern.facts import RUNGS
from greenlane.identity import queries as identity
from greenlane.insights import change, questions, versions
from greenlane.insights.change import FileChange
from greenlane.kit.clock import stamp
from greenlane.ledger import queries as ledger
from greenlane.web import circles, offering, one_app, wording
from greenlane.web.asked import Asked
from greenlane.web.depicted import depicted
from greenlane.web.offering import Offer
from greenlane.web.one_app import Live, Moment, visible
from greenlane.web.site import Site

MOST_FILES = 200
"""Files that differ, and packages, that are listed on the page."""

OPENED = 3
"""Changed text files whose difference stands on the page at once."""

LINES_AT_ONCE = 120
"""Changed lines of each of them; a file that is opened by itself shows more."""

LINES_ALONE = 2000
"""Changed lines of a file that is opened by itself."""

MOST_RECEIPTS = 20
"""Receipts about the version."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The difference in one file, or why there is none to read: it is large, or no text."""

    path: str
    kind: str
    difference: differing.Difference | None
    why_not: str


@dataclass(frozen=True, slots=True)
class Called:
    """An outside host that the version calls: for what, and whether the app may."""

    host: str
    purposes: tuple[str, ...]
    allowed: bool
    tried: bool


def routes(site: Site) -> list[Route]:
    """The version's page, and the list of what is inside to take along."""
    return [
        site.page("/apps/{app}/deploys/{deploy}", deploy_page),
        site.page("/apps/{app}/deploys/{deploy}/inside", inside),
    ]


def deploy_page(at: Asked) -> Response:
    """One version of an app, against what is live or, for what is live, against what was before."""
    rung = at.query("audience")
    if rung and rung not in RUNGS:
        raise WrongInput("There is no such audience.", next_step="Choose one of those on the page.")
    with at.read() as connection:
        app = visible(at, connection)
        may = one_app.rights(at, app)
        one = deploys.deploy(connection, app.name, at.named("deploy"))
        places = catalog.environments(connection, app.name)
        place = next((found for found in places if found.name == "production"), None)
        (version,) = versions.versions(connection, at.house.door.payloads, [one], places)
        is_live = place is not None and place.live_deploy == one.id
        before = _before(connection, app.name, one, place)
        team = identity.team(connection, app.team)
        owner = identity.names(connection, [app.owner]).get(app.owner, "")
        counted = circles.on_each_rung(connection, app, team.name, owner)
        now, wanted = counted[app.rung], counted[rung or app.rung]
        changed = _changed(at, before, one, ("nobody" if before is None else now.short, wanted.short))
        shown = _differences(at, changed.files)
        told: dict[str, Any] = {
            "app": app,
            "title": app.title or app.name,
            "version": version,
            "one": one,
            "is_live": is_live,
            "live_since": place.changed_at if is_live and place is not None else None,
            "against": None if before is None else before.id,
            "changed": changed,
            "files": changed.files[:MOST_FILES],
            "more_files": max(0, len(changed.files) - MOST_FILES),
            "shown": shown,
            "url": at.house.addresses.url(app.name, deploy=one.id),
            "live_url": at.house.addresses.url(app.name) if place is not None and place.live_deploy else "",
            "called": _called(connection, app.name, one),
            **_found(connection, one),
            "inside": _inside(at, one),
            "installed": is_of_a_build(at.house.blobs.get(one.sbom)),
            "depends": depending.checked(connection, at.house.blobs, one.sbom, at.now),
            "receipts": _receipts(at, connection, one),
            "waiting": one_app.waiting(at, connection, app.name),
            "lock": one_app.lock_of(connection, place, stamp(at.now)) if place is not None else None,
            "rungs": [circle for rung, circle in counted.items() if rung != "named"],
            "wanted": wanted,
            "may": may,
            "in_staging": any(each.name == "staging" and each.live_deploy == one.id for each in places),
            "depicted": depicted(
                at,
                connection,
                app.name,
                [("Live now", None if place is None else place.live_deploy), ("This version", one.id)],
            ),
            "way_back": not is_live and place is not None and _was_live(connection, one),
            "limits": {"file": differing.LARGEST},
        }
        production = _production(at, connection, app, place)
    offered = None
    ways: Sequence[str] = ()
    if app.state == "live" and may("publish", "production") and (not is_live or wanted.rung != app.rung):
        offered = offering.offer(at, app, one.id, wanted, production)
        ways = _ways(at, app, one, offered)
    return at.page("app/deploy.html", part="main", offer=offered, ways=ways, **told)


def _before(
    connection: Connection, app: str, one: deploys.DeployView, place: catalog.Environment | None
) -> deploys.DeployView | None:
    """What the version is compared with: what is live, or what was live before it."""
    if place is None or place.live_deploy is None:
        return None
    other = place.live_deploy if place.live_deploy != one.id else place.previous
    return deploys.deploy(connection, app, other) if other else None


def _was_live(connection: Connection, one: deploys.DeployView) -> bool:
    return deploys.was_placed(connection, one.app, "production", one.id)


def _production(at: Asked, connection: Connection, app: catalog.App, place: catalog.Environment | None) -> Live | None:
    """What a publish would replace, and the lock that it would lift."""
    if place is None or place.live_deploy is None:
        return None
    return Live(
        name="production",
        url=at.house.addresses.url(app.name),
        deploy=place.live_deploy,
        since=place.changed_at or "",
        version=None,
        placing=questions.placing(connection, place.changed_by) if place.changed_by else None,
        lock=one_app.lock_of(connection, place, stamp(at.now)),
        by_rollback=place.locked_by is not None and place.locked_by == place.changed_by,
    )


def _ways(at: Asked, app: catalog.App, one: deploys.DeployView, offered: Offer | None) -> list[str]:
    """What would make it green, in words."""
    if offered is None or offered.decision.lane == "green":
        return []
    found = what_would_make_it_green("publish", offered.facts, at.house.pack())
    return [wording.without_commands(way.says) for way in found if not way.approval]


# -- what changed ------------------------------------------------------------------------------------------------------


def _changed(
    at: Asked, before: deploys.DeployView | None, one: deploys.DeployView, audience: tuple[str, str]
) -> change.Change:
    return change.between(
        None if before is None else _bundle(at, before),
        _bundle(at, one),
        None if before is None else before.facts,
        one.facts,
        audience,
    )


def _bundle(at: Asked, one: deploys.DeployView) -> Bundle:
    return Bundle.from_manifest(at.house.blobs.get(one.artifact))


def _differences(at: Asked, files: Sequence[FileChange]) -> list[Shown]:
    """The file that the address opens; without one the first changed text files, each within limits."""
    wanted = at.query("file")
    if wanted:
        found = next((one for one in files if one.path == wanted), None)
        return [] if found is None else [_difference(at, found, LINES_ALONE)]
    shown: list[Shown] = []
    for one in files[: 4 * OPENED]:
        if one.kind == change.CHANGED and len(shown) < OPENED:
            found_here = _difference(at, one, LINES_AT_ONCE)
            if found_here.difference is not None:
                shown.append(found_here)
    return shown


def _difference(at: Asked, one: FileChange, most: int) -> Shown:
    """The difference in one file."""
    if max(one.before or 0, one.after or 0) > differing.LARGEST:
        return Shown(one.path, one.kind, None, f"It is larger than {wording.size(differing.LARGEST)}.")
    texts = [
        "" if digest is None else differing.text_of(at.house.blobs.get(digest))
        for digest in (one.digest_before, one.digest_after)
    ]
    if texts[0] is None or texts[1] is None:
        return Shown(one.path, one.kind, None, "It is not a text that can be read here.")
    return Shown(one.path, one.kind, differing.difference(texts[0], texts[1], most), "")


# -- what was found, what is inside ------------------------------------------------------------------------------------


def _found(connection: Connection, one: deploys.DeployView) -> Mapping[str, Any]:
    """What was found in it and counts, and what somebody called a false alarm: who, when, and whether anybody agreed."""
    known = alarms.alarms(connection, one.app)
    off = alarms.called_off(one.findings, known)
    names = identity.names(connection, [alarm.person for alarm in off.values() if alarm.person])
    return {
        "standing": alarms.standing(one.findings, known),
        "called_off": [
            {
                **one.findings[place],
                "by": names.get(alarm.person or "", ""),
                "at": alarm.at,
                "reviewed": alarm.reviewed,
                "action": alarm.action,
            }
            for place, alarm in off.items()
        ],
    }


def _called(connection: Connection, app: str, one: deploys.DeployView) -> list[Called]:
    """Outside hosts that its files name, and those that its preview tried to call."""
    declared = catalog.page_hosts(connection, app, "production")
    tried = deploys.wanted(connection, one.id)
    purposes: dict[str, set[str]] = {}
    for reach in (one.reach, tried):
        for purpose, hosts in reach.items():
            for host in hosts:
                purposes.setdefault(host, set()).add(purpose)
    attempted = {host for hosts in tried.values() for host in hosts}
    return [
        Called(host, tuple(sorted(found)), comparing.covered(host, declared), host in attempted)
        for host, found in sorted(purposes.items())[:MOST_FILES]
    ]


def _inside(at: Asked, one: deploys.DeployView) -> list[Mapping[str, str]]:
    """The packages that its build installed or its files name, from its bill of materials."""
    if not one.facts.get("dependencies"):
        return []
    document = orjson.loads(at.house.blobs.get(one.sbom))
    return [
        {
            "name": "/".join(part for part in (each.get("group"), each["name"]) if part),
            "version": each.get("version", ""),
            "kind": str(each.get("purl", "")).partition(":")[2].partition("/")[0],
        }
        for each in document.get("components", ())
    ]


def _receipts(at: Asked, connection: Connection, one: deploys.DeployView) -> list[Moment]:
    """What happened to the version: that it was made, and each time that it was put somewhere."""
    placing = deploys.placing_actions(connection, one.app, one.id)[-MOST_RECEIPTS:]
    found = ledger.by_actions(connection, [one.action, *placing])
    settled = sorted((entry for entry in found if entry.receipt.half != "decided"), key=lambda entry: -entry.seq)
    return one_app.timeline(at, connection, settled[:MOST_RECEIPTS])


def inside(at: Asked) -> Response:
    """The list of what is inside, as CycloneDX, with the flaws that are known of it today, to take along."""
    with at.read() as connection:
        app = visible(at, connection)
        one = deploys.deploy(connection, app.name, at.named("deploy"))
        body = with_flaws(at.house.blobs.get(one.sbom), depending.checked(connection, at.house.blobs, one.sbom, at.now))
    return one_app.download(f"{app.name}-{one.id}.cdx.json", body)
