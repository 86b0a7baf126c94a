"""Control's side of the table: what the edge may serve to whom, compiled from what the features know.

Pure reads. ``hosts_of`` compiles the addresses of one app, ``whole`` everything.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.catalog.addresses import Addresses
from greenlane.deploys import queries as deploys
from greenlane.deploys.queries import DeployView
from greenlane.edge import content_policy
from greenlane.identity import queries as identity
from greenlane.kit.clock import Clock, parse, stamp

NEWEST_PREVIEWS = 50
"""Previews of an app that are kept in the table; older ones are woken by being named in a publish or a link."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """Compiles the table for these addresses, with these leases (seconds)."""

    addresses: Addresses
    clock: Clock
    visit_key: bytes
    page_lease: float
    token_lease: float

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
        now = self.clock.now()
        visitors = identity.visitors(connection, now)
        previews = {
            one.secret: {"deploy": one.deploy, "id": one.id, "expires": parse(one.expires_at).timestamp()}
            for one in deploys.preview_tokens(connection, stamp(now))
        }
        return {
            "people": visitors.people,
            "sessions": visitors.sessions,
            "tokens": visitors.tokens,
            "previews": previews,
        }

    def shares(self, connection: Connection) -> dict[str, Any]:
        """The section about share links."""
        return {
            one.secret: {"app": one.app, "id": one.id, "expires": parse(one.expires).timestamp()}
            for one in catalog.share_links(connection, stamp(self.clock.now()))
        }

    def of_app(self, connection: Connection, app: catalog.App) -> tuple[dict[str, Any], dict[str, str]]:
        """The addresses of one app, and the manifests of the deploys that they show."""
        declared = {one.host: tuple(one.directives) for one in catalog.hosts(connection, app.name)}
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
        declared: Mapping[str, Iterable[str]],
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
            "csp": content_policy.header(declared, report=preview),
            "csp_report_only": preview,
            "passport": shown.passport if shown else "",
            "passport_file": passport_files.get(shown.id, "") if shown else "",
            "state": state,
            "says": says,
        }


def _audience(app: catalog.App, environment: str, guests: frozenset[str]) -> dict[str, Any]:
    """Production has the app's audience and its guests; previews and staging are for the team, the people named and the
    guests, whatever the audience is.
    """
    people, teams = {app.owner, *guests}, set(app.named_teams)
    if environment != "production":
        return _named("named", {*people, *app.named_people}, {app.team, *teams})
    match app.rung:
        case "named":
            return _named("named", {*people, *app.named_people}, teams)
        case "me":
            return _named("me", people, set())
        case "team":
            return _named("team", people, {app.team})
    return _named(app.rung, set(), set())


def _named(rung: str, people: set[str], teams: set[str]) -> dict[str, Any]:
    return {"rung": rung, "people": sorted(people), "teams": sorted(teams)}


def _state(app: catalog.App, environment: str, shown: DeployView | None) -> tuple[str, str]:
    if app.state == "asleep":
        return "asleep", f"{app.name} sleeps, because nobody opened it for 30 days. Its owner can wake it."
    if app.state == "archived":
        return "asleep", f"{app.name} was archived. Its owner can bring it back."
    if shown is None:
        return "empty", f"Nothing is published in {environment} of {app.name} yet."
    return "live", ""
