"""Making a role of one's own: what it allows, and who would gain and lose what, before it is saved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.custom_roles import queries, rights, trial
from greenlane.identity.custom_roles.actions import ChangeRole, CreateRole, DeleteRole
from greenlane.insights import standing
from greenlane.kit.errors import GreenlaneError
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

SHOWN = 30
"""People who are named in a dry run; the others are counted."""


@dataclass(frozen=True, slots=True)
class Box:
    """One right to tick: as ``rights.read`` takes it, and its environment."""

    right: str
    place: str
    ticked: bool


@dataclass(frozen=True, slots=True)
class Choice:
    """One verb, with a box for each environment, or one."""

    verb: str
    title: str
    says: str
    boxes: tuple[Box, ...]


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/roles/make", making)]


def makes(at: Asked) -> bool:
    """Whether the asker may make roles: enough to offer the page."""
    return any(one.may("create-role") and one.scope == identity.ORGANISATION for one in at.held)


def making(at: Asked) -> Response:
    """A new role, or another one of the organisation's own; with ``look``, what saving it would do."""
    if not makes(at):
        raise NotFound("There is no such page for you.", next_step="Ask an owner for a role that makes roles.")
    name, changed = at.query("name"), at.query("role")
    ticked = tuple(at.request.query_params.getlist("rights"))
    wrong: GreenlaneError | None = None
    tried: dict[str, Any] = {}
    with at.read() as connection:
        before = queries.custom_role(connection, changed) if changed else None
        says = at.query("says", "" if before is None else before.says)
        if before is not None and not ticked:
            ticked = tuple(f"{verb}:{place}" if place else verb for verb, place in before.rights)
        if at.query("look"):
            try:
                action = CreateRole(name, ticked, says) if before is None else ChangeRole(before.name, ticked, says)
                tried = _tried(at, connection, action)
            except GreenlaneError as error:
                wrong = error
        gone = None if before is None else trial.if_deleted(connection, before.name)
        places = standing.scope_words(connection, [] if gone is None else [one.scope for one in gone.touched])
        found = tried.get("found")
        places |= standing.scope_words(connection, [] if found is None else [one.scope for one in found.touched])
    lane = "" if before is None else at.explain(DeleteRole(before.name))[1].lane
    return at.page(
        "people/role_making.html",
        status=200 if wrong is None else wrong.status,
        before=before,
        name=name,
        says=says,
        groups=_groups(at, set(ticked)),
        tried=tried,
        gone=gone,
        lane=lane,
        wrong=wrong,
        where=lambda scope: wording.where(places[scope]),
        shown=SHOWN,
        settings=at.has_somewhere("read-settings"),
    )


def _tried(at: Asked, connection: Connection, action: CreateRole | ChangeRole) -> dict[str, Any]:
    """What saving it would do, with the inputs of the button that saves it."""
    allowed = rights.read(action.rights)
    inputs = {"rights": rights.write(allowed), "says": action.says}
    _facts, decision = at.explain(action)
    told = {"lane": decision.lane, "reasons": decision.reasons, "allows": _words(rights.write(allowed))}
    if isinstance(action, CreateRole):
        return {**told, "inputs": {"name": action.name, **inputs}, "verb": "create-role", "found": None}
    found = trial.if_changed(connection, action.role, allowed)
    return {**told, "inputs": {"role": action.role, **inputs}, "verb": "change-role", "found": found}


def _words(several: list[str]) -> list[str]:
    """Rights as sentences of few words: ``Publish: production``."""
    told = []
    for one in several:
        verb, _, place = one.partition(":")
        told.append(f"{standing.words_of(verb)[0]}: {place}" if place else standing.words_of(verb)[0])
    return told


def _groups(at: Asked, ticked: set[str]) -> list[tuple[str, list[Choice]]]:
    """Every right that the asker could hand out, in four groups."""
    mine = identity.together(one for one in at.held if one.scope == identity.ORGANISATION)
    groups: dict[str, list[Choice]] = {"Building and publishing": [], "Judging": [], "Reading": [], "Keeping": []}
    for line in roles.TABLE:
        places = [place for place in line.by_place() if (line.verb, place) in mine]
        boxes = tuple(
            Box(f"{line.verb}:{one}" if one else line.verb, one, _has(ticked, line.verb, one)) for one in places
        )
        if boxes:
            groups[_group(line)].append(Choice(line.verb, *standing.words_of(line.verb), boxes))
    return [(title, choices) for title, choices in groups.items() if choices]


def _has(ticked: set[str], verb: str, place: str) -> bool:
    return verb in ticked or f"{verb}:{place}" in ticked


def _group(line: roles.Line) -> str:
    if line.reads:
        return "Reading"
    if {roles.BUILDER, roles.DEVELOPER} & set(line.roles):
        return "Building and publishing"
    return "Judging" if roles.REVIEWER in line.roles else "Keeping"
