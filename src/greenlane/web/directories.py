"""The company's directory and its groups: connecting it, what it sent, what groups give, and why somebody has a right."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlencode

from sqlalchemy import Connection
from starlette.responses import Response
from starlette.routing import Route

from greenlane.govern.action import REGISTRY
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.groups import dry_run
from greenlane.identity.groups import queries as groups
from greenlane.identity.groups.actions import MEMBER, AddGroupRule
from greenlane.identity.groups.dry_run import Effects
from greenlane.identity.provisioning import noting
from greenlane.identity.provisioning import queries as provisioning
from greenlane.insights import standing
from greenlane.insights.why import why as why_of
from greenlane.kit.errors import GreenlaneError
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.people import role_choices
from greenlane.web.role_making import makes as makes_roles
from greenlane.web.site import Site

AT_ONCE = 50
"""Requests on one page."""

SHOWN = 30
"""People who are named in a dry run; the others are counted."""


@dataclass(frozen=True, slots=True)
class Tried:
    """A rule that is looked at before it is made: what it would do, with names, and its lane."""

    group: str
    group_name: str
    role: str
    scope: str
    gain: tuple[str, ...]
    have: int
    more: int
    lane: object


def routes(site: Site) -> list[Route]:
    """The pages."""
    return [
        site.page("/directories", directories),
        site.page("/directories/{directory}", directory),
        site.page("/groups", group_list),
        site.page("/people/{person}/why", why),
    ]


def directories(at: Asked) -> Response:
    """Which directories are connected, and how one is."""
    with at.read() as connection:
        at.must(connection, "read-settings")
        found = [
            (
                one,
                [token for token in provisioning.tokens_of(connection, one.id) if token.revoked is None],
                provisioning.joins(connection, one.id),
            )
            for one in provisioning.directories(connection)
        ]
    return at.page(
        "people/directories.html",
        directories=found,
        address=f"{at.house.addresses.console}/scim/v2",
        connects=_everywhere(at, "connect-directory"),
    )


def directory(at: Asked) -> Response:
    """What a directory sent, and what was done, in words."""
    before = at.query("after")
    with at.read() as connection:
        at.must(connection, "read-settings")
        one = provisioning.directory(connection, at.named("directory"))
        found = provisioning.requests(connection, one.id, limit=AT_ONCE + 1, before=before)
    more = f"/directories/{one.name}?{urlencode({'after': found[AT_ONCE - 1].id})}" if len(found) > AT_ONCE else ""
    lines = [
        (each, noting.words(each), [REGISTRY.named(did["verb"]).summary for did in each.did])
        for each in found[:AT_ONCE]
    ]
    return at.page("people/directory.html", directory=one, lines=lines, more=more)


def group_list(at: Asked) -> Response:
    """Groups, the rules about them, and who would gain what by one more."""
    with at.read() as connection:
        at.must(connection, "read-people")
        found = groups.groups(connection)
        rules = groups.rules(connection)
        words = standing.scope_words(connection, [one.scope for one in rules])
        makers = identity.names(connection, [one.made_by for one in rules])
        teams = identity.teams(connection)
        choices = role_choices(connection)
        tried, wrong = _tried(at, connection)
        settings = at.may(connection, "read-settings", "organisation")
        connected = [one.name for one in provisioning.directories(connection)] if settings else []
    by_group: dict[str, list[tuple[groups.Rule, str, str]]] = {}
    for one in rules:
        gives = f"{wording.role_title(one.role) if one.role else 'Member'} {wording.where(words[one.scope])}"
        by_group.setdefault(one.group, []).append((one, gives, makers.get(one.made_by, "somebody who was erased")))
    return at.page(
        "people/groups.html",
        status=200 if wrong is None else wrong.status,
        groups=[(one, by_group.get(one.id, [])) for one in found],
        teams=teams,
        choices=[(MEMBER, "Member of the team, no role"), *choices],
        makes=_everywhere(at, "add-group-rule"),
        makes_roles=makes_roles(at),
        tried=tried,
        wrong=wrong,
        typed={name: at.query(name) for name in ("group", "role", "scope")},
        settings=settings,
        connected=connected,
    )


def _tried(at: Asked, connection: Connection) -> tuple[Tried | None, GreenlaneError | None]:
    """What the rule would do that the address asks about."""
    group, role, scope = at.query("group"), at.query("role"), at.query("scope", "organisation")
    if not (group and role):
        return None, None
    try:
        action = AddGroupRule(group, role, scope)
        one = groups.group(connection, group)
        found: Effects = dry_run.if_added(connection, one.id, role, scope)
    except (WrongInput, NotFound) as error:
        return None, error
    names = identity.names(connection, found.gain[:SHOWN])
    gain = tuple(sorted((names.get(person, "") for person in found.gain[:SHOWN]), key=str.casefold))
    more = max(0, len(found.gain) - SHOWN)
    lane = at.explain(action)[1].lane
    return Tried(one.id, one.name, role, scope, gain, len(found.have), more, lane), None


def why(at: Asked) -> Response:
    """Why somebody has each of their roles, or one right."""
    person, right = at.named("person"), at.query("right")
    with at.read() as connection:
        if person != at.me.person:
            at.must(connection, "read-people")
        try:
            found, wrong = why_of(connection, person, right, at.query("subject") or "organisation", at.now), None
        except (WrongInput, NotFound) as error:
            found, wrong = why_of(connection, person, now=at.now), error
    return at.page(
        "people/why.html",
        status=200 if wrong is None else wrong.status,
        why=found,
        wrong=wrong,
        typed=right,
        subject=at.query("subject"),
        rights=sorted(roles.VERBS),
    )


def _everywhere(at: Asked, verb: str) -> bool:
    """Whether the asker has a right in the whole organisation: enough to offer a form."""
    return any(one.may(verb) and one.scope == "organisation" for one in at.held)
