"""Agents: which there are, who answers for them, and what you lend them at this moment."""

from __future__ import annotations

from collections.abc import Iterable

from starlette.responses import Response
from starlette.routing import Route

from greenlane.catalog import queries as catalog
from greenlane.govern.decision import Lane
from greenlane.identity import queries as identity
from greenlane.identity.delegation import confirming
from greenlane.identity.delegation import queries as lending
from greenlane.identity.delegation.actions import RegisterAgent, RotateTokenKey
from greenlane.identity.delegation.queries import Agent, Delegation
from greenlane.identity.federation import queries as trusting
from greenlane.insights.lent import lent_by
from greenlane.web import wording
from greenlane.web.asked import Asked
from greenlane.web.site import Site

SCOPES = (
    ("read", "Read what you may read"),
    ("deploy", "Upload and preview"),
    ("publish", "Publish, roll back, change who may open an app"),
    ("visit", "Open apps as you"),
)
"""What can be lent, in words. ``admin`` is for who types it."""

ENVIRONMENTS = (("preview", "Previews"), ("staging", "Staging"), ("production", "Production"))

MOST_APPS = 200
"""Apps of one's own among which a grant's are chosen."""

_WORDS = dict(SCOPES) | {"admin": "Everything that an agent may do at all"}


def routes(site: Site) -> list[Route]:
    """One page."""
    return [site.page("/agents", agents)]


def agents(at: Asked) -> Response:
    """The page. What is lent is each person's own; the list of agents is everybody's."""
    with at.read() as connection:
        found = lending.agents(connection)
        names = identity.names(connection, [one.person for one in found])
        asks = confirming.waiting_for(connection, at.me.person, at.now)
        trusted = trusting.workloads(connection)
        mine = lent_by(connection, at.me.person, at.now)
        apps = [one.name for one in catalog.apps_for(connection, at.me.person, at.now, after="", limit=MOST_APPS)]
        ends_others = at.may(connection, "read-settings", "organisation")
    _facts, ahead = at.explain(RegisterAgent("my-agent"))
    _facts, turning = at.explain(RotateTokenKey())
    return at.page(
        "agents/agents.html",
        myself=at.me.person,
        agents=[(one, names.get(one.person, ""), _at_most(one), _mine(at, one) or ends_others) for one in found],
        grants=[(one.grant, _says(one.grant), one.says) for one in mine],
        asks=asks,
        workloads=[(one, one.person == at.me.person or ends_others) for one in trusted],
        apps=apps,
        scopes=SCOPES,
        environments=ENVIRONMENTS,
        turns_keys=turning.lane is not Lane.CLOSED,
        registers=ahead.lane is not Lane.CLOSED,
        settings=at.has_somewhere("read-settings"),
    )


def _mine(at: Asked, one: Agent) -> bool:
    return one.person == at.me.person


def _what(scopes: Iterable[str]) -> str:
    """Scopes as one enumeration, written as the beginning of a sentence."""
    said = "; ".join(_WORDS.get(scope, scope).lower() for scope in scopes)
    return f"{said[:1].upper()}{said[1:]}"


def _at_most(one: Agent) -> str:
    """An agent's ceiling in a sentence without its end."""
    said = _what(one.scopes)
    return f"{said}. Of that only {', '.join(one.verbs)}" if one.verbs else said


def _says(one: Delegation) -> str:
    """A grant in a sentence without its end."""
    what = _what(one.scopes)
    which = f"for {', '.join(one.apps)}" if one.apps else "for all of your apps"
    places = dict(ENVIRONMENTS)
    where = ", ".join(places[place].lower() for place in one.environments)
    did = wording.plural(one.used, "action")
    count = f"{one.used} of {wording.plural(one.budget, 'action')}" if one.budget else did
    deep = f"; up to {one.depth} agents in a row" if one.depth > 1 else ""
    return f"{what}. {which[:1].upper()}{which[1:]}, in {where}. {count} so far{deep}"
