"""Control's side of the table: what the edge may serve to whom, compiled from what the features know.

Pure reads. ``hosts_of`` compiles the addresses of one app, ``whole`` everything.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.deploys import queries as deploys
from greenlane.deploys.queries import DeployView
from greenlane.edge import content_policy, functions
from greenlane.govern.errors import WrongInput
from greenlane.identity import queries as identity
from greenlane.identity.delegation import visiting
from greenlane.kit.clock import Clock, parse, stamp

NEWEST_PREVIEWS = 50
"""Previews of an app that are kept in the table; older ones are woken by being named in a publish or a link."""


@dataclass(frozen=True, slots=True)
class OfOne:
    """The entries that concern one person, by section, and which entries of the table they replace."""

    person: str
    agents: frozenset[str]
    entries: dict[str, Any]

    def replaces(self, section: str, present: Mapping[str, Any]) -> frozenset[str]:
        """The names of the ``present`` entries of a section that concern this person."""
        if section == "people":
            return frozenset({self.person})
        if section == "agents":
            return self.agents
        return frozenset(name for name, entry in present.items() if self._concerns(section, entry))

    def _concerns(self, section: str, entry: Any) -> bool:
        if section == "sessions":
            return bool(entry == self.person)
        return entry["person"] == self.person or (section == "grants" and entry["agent"] in self.agents)


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles the table for these addresses, with these leases (seconds)."""

    addresses: Addresses
    clock: Clock
    visit_key: bytes
    page_lease: float
    token_lease: float
    keys: Callable[[], Mapping[str, Any]] = dict
    """Gives the public keys that tokens of agents are signed with, as a JWK set."""

    def whole(self, connection: Connection) -> dict[str, Any]:
        """The whole table, without its version."""
        table: dict[str, Any] = {
            "console_host": self.addresses.console.partition("://")[2],
            "apps_domain": self.addresses.apps_domain,
            "scheme": self.addresses.scheme,
            "lease": {"page": self.page_lease, "token": self.token_lease},
            "visit_key": self.visit_key.hex(),
            "hosts": {},
            "deploys": {},
            "shares": self.shares(connection),
            **self.people(connection),
        }
        for app in catalog.all_apps(connection):
            hosts, named = self.of_app(connection, app)
            table["hosts"] |= hosts
            table["deploys"] |= named
        return table

    def people(self, connection: Connection) -> dict[str, Any]:
        """The sections about who somebody is."""
        previews = {
            one.secret: {"deploy": one.deploy, "id": one.id, "expires": parse(one.expires_at).timestamp()}
            for one in deploys.preview_tokens(connection, stamp(self.clock.now()))
        }
        return {
            **self._known(connection, None),
            "previews": previews,
            "lending": {"issuer": self.addresses.console, "keys": dict(self.keys())},
        }

    def person(self, connection: Connection, person: str) -> OfOne:
        """What of these sections concerns one person, for what was done to this one alone."""
        return OfOne(person, visiting.agents_of(connection, person), self._known(connection, person))

    def _known(self, connection: Connection, only: str | None) -> dict[str, Any]:
        now = self.clock.now()
        visitors = identity.visitors(connection, now, catalog.named_groups(connection), only=only)
        lent = visiting.lent(connection, now, only=only)
        return {
            "people": visitors.people,
            "sessions": visitors.sessions,
            "tokens": visitors.tokens,
            "grants": lent.grants,
            "agents": lent.agents,
        }

    def shares(self, connection: Connection) -> dict[str, Any]:
        """The section about share links."""
        return {
            one.secret: {"app": one.app, "id": one.id, "expires": parse(one.expires).timestamp()}
            for one in catalog.share_links(connection, stamp(self.clock.now()))
        }

    def of_app(self, connection: Connection, app: catalog.App) -> tuple[dict[str, Any], dict[str, str]]:
        """The addresses of one app, and the manifests of the deploys that they show."""
        declared = catalog.hosts(connection, app.name)
        guests = catalog.guest_ids(connection, app.name)
        live = {one.name: one.live_deploy for one in catalog.environments(connection, app.name) if one.live_deploy}
        newest = {one.id: one for one in deploys.deploys(connection, app.name, limit=NEWEST_PREVIEWS)}
        for placed in live.values():
            newest.setdefault(placed, deploys.deploy(connection, app.name, placed))
        passport_files = deploys.passport_files(connection, newest)
        hosts: dict[str, Any] = {}
        for environment in ("production", "staging"):
            shown = newest[live[environment]] if environment in live else None
            entry = self._entry(app, environment, shown, guests, declared, passport_files)
            hosts[self.addresses.host(app.name, environment)] = entry
            if environment == "production":
                hosts |= dict.fromkeys(catalog.verified_domains(connection, app.name), entry)
        for one in newest.values():
            entry = self._entry(app, "preview", one, guests, declared, passport_files)
            hosts[self.addresses.host(app.name, deploy=one.id)] = entry
        return hosts, {one.id: one.artifact for one in newest.values()}

    def _entry(
        self,
        app: catalog.App,
        environment: str,
        shown: DeployView | None,
        guests: frozenset[str],
        declared: Sequence[catalog.DeclaredHost],
        passport_files: Mapping[str, str],
    ) -> dict[str, Any]:
        state, says = _state(app, environment, shown)
        preview = environment == "preview"
        return {
            "app": app.name,
            "environment": environment,
            "deploy": shown.id if shown else "",
            "noindex": environment != "production",
            "audience": _audience(app, environment, guests),
            "csp": content_policy.header(catalog.purposes_in(declared, environment), report=preview),
            "csp_report_only": preview,
            "passport": shown.passport if shown else "",
            "passport_file": passport_files.get(shown.id, "") if shown else "",
            "state": state,
            "says": says,
            "run": code(shown.facts.get("run") or {}) if shown else None,
        }


def code(found: Mapping[str, Any]) -> dict[str, Any] | None:
    """What of a deploy is code, and which of its functions answers where; None where all of it is files.

    A path that no function can have was refused at the deploy; one that got here all the same answers nothing.
    """
    if found.get("kind", "static") == "static":
        return None
    compiled: list[dict[str, Any]] = []
    for one in found.get("functions") or ():
        with suppress(WrongInput):
            compiled += functions.entries([one])
    return {"kind": found["kind"], "functions": sorted(compiled, key=lambda entry: functions.order(entry["says"]))}


def _audience(app: catalog.App, environment: str, guests: frozenset[str]) -> dict[str, Any]:
    """Production has the app's audience and its guests; previews and staging are for the team, the people named and the
    guests, whatever the audience is.
    """
    people, named = {app.owner, *guests}, app.named
    if environment != "production":
        return _named("named", {*people, *named.people}, {app.team, *named.teams}, named.groups)
    match app.rung:
        case "named":
            return _named("named", {*people, *named.people}, named.teams, named.groups)
        case "me":
            return _named("me", people)
        case "team":
            return _named("team", people, (app.team,))
    return _named(app.rung)


def _named(
    rung: str, people: Iterable[str] = (), teams: Iterable[str] = (), groups: Sequence[str] = ()
) -> dict[str, Any]:
    found = {"rung": rung, "people": sorted(people), "teams": sorted(teams)}
    return found | {"groups": sorted(groups)} if groups else found


def _state(app: catalog.App, environment: str, shown: DeployView | None) -> tuple[str, str]:
    if app.state == "asleep":
        return "asleep", f"{app.name} sleeps, because nobody opened it for 30 days. Its owner can wake it."
    if app.state == "archived":
        return "asleep", f"{app.name} was archived. Its owner can bring it back."
    if shown is None:
        return "empty", f"Nothing is published in {environment} of {app.name} yet."
    return "live", ""
