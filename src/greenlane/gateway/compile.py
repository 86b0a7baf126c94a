"""Control's side of the gateway's table: whose key is whose, where calls may go, and what they may cost.

Pure reads, but for opening providers' keys. ``whole`` compiles everything, ``of_app`` what one app's keys and accounts are,
``rest`` what concerns no app.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from typing import Any

import structlog
from sqlalchemy import Connection, select

from greenlane.catalog import queries as catalog
from greenlane.gateway import accounts, deploy_keys, queries, runs, tables
from greenlane.gateway.budgets.account import Account
from greenlane.gateway.budgets.books import read_accounts
from greenlane.gateway.perimeter.compiling import PerimeterCompiler
from greenlane.gateway.prices.table import Override
from greenlane.gateway.queries.setup import sealed_place
from greenlane.govern.actor import Actor
from greenlane.identity import queries as identity
from greenlane.identity.delegation import spending
from greenlane.kit.clock import Clock, parse, stamp
from greenlane.secrets.driver import KeysAway, ValueUnreadable
from greenlane.secrets.sealing import Sealing

log = structlog.get_logger()

Placed = tuple[str, str, str, str]
"""An environment, a deploy that runs code there (or a build of one), what for (run or build), and the process it came of."""


@dataclass(frozen=True, slots=True)
class Compiler:
    """``placed`` tells which deploys of an app run code, and where; ``secret`` is what their keys are made with."""

    sealing: Sealing
    clock: Clock
    secret: bytes
    placed: Callable[[Connection, catalog.App], Iterable[Placed]]
    perimeter: PerimeterCompiler
    content_key: bytes
    console: str = ""
    token_keys: Callable[[], Mapping[str, Any]] = dict
    """The console's address, and what gives the public keys that tokens of agents are signed with, as a JWK set."""

    def whole(self, connection: Connection) -> dict[str, Any]:
        """The whole table, without its version."""
        table = self.rest(connection)
        for app in catalog.all_apps(connection):
            for section, entries in self.of_app(connection, app).items():
                table[section] |= entries
        return table

    def of_app(self, connection: Connection, app: catalog.App) -> dict[str, dict[str, Any]]:
        """The keys of an app's deploys, and its accounts."""
        placed = self.placed(connection, app) if app.state == "live" else ()
        keys: dict[str, Any] = {}
        for environment, deploy, use, process in placed:
            key = deploy_keys.deploy_key(self.secret, app.name, environment, deploy)
            keys[sha256(key.encode()).hexdigest()] = {
                "id": "deploy",
                "kind": "app",
                "app": app.name,
                "environment": environment,
                "deploy": deploy,
                "use": use,
                "process": process,
                "team": app.team,
                "person": None,
                "actor": Actor("app", app.name, on_behalf_of=app.owner, credential=deploy).chain(),
                "spenders": [accounts.of_environment(app.name, environment)],
                "expires": None,
            }
        return {"keys": keys, "accounts": _accounts(accounts.of_apps([app]))}

    def rest(self, connection: Connection) -> dict[str, dict[str, Any]]:
        """Every section, as far as it concerns no single app."""
        rules, data = queries.account_rules(connection), queries.data_rules(connection)
        settings = queries.settings(connection)
        providers = self._providers(connection)
        return {
            "keys": self._of_people(connection),
            "providers": providers,
            "routes": {
                one.alias: {
                    "targets": [
                        {"provider": to.provider, "model": to.model, "weight": to.weight} for to in one.targets
                    ],
                    "otherwise": [{"provider": to.provider, "model": to.model} for to in one.otherwise],
                    "when_spent": one.when_spent,
                    "timeout": one.timeout,
                }
                for one in queries.routes(connection)
            },
            "usual": queries.usual(connection),
            "allowed": {account: list(one.models) for account, one in rules.items() if one.models is not None},
            "rules": {
                one.data: {
                    "regions": None if one.regions is None else list(one.regions),
                    "keeps_nothing": one.keeps_nothing,
                    "action": one.action,
                    "answers": one.answers,
                    "countries": list(one.countries),
                }
                for one in data
            },
            "patterns": {one.data: {"pattern": one.pattern} for one in data if one.pattern},
            "budgets": self.budgets(connection),
            **self.lent(connection),
            "accounts": _accounts([*accounts.of_everybody(connection), *runs.going_on(connection, self.clock.now())]),
            "limits": {
                account: {"requests": one.requests or None, "tokens": one.tokens or None}
                for account, one in rules.items()
                if one.requests or one.tokens
            },
            "prices": {f"{one.provider}/{one.model}": _override(one).document() for one in queries.prices(connection)},
            "bounds": {account: one.hidden for account, one in rules.items() if one.hidden},
            "settings": {"unpriced": {"says": settings.unpriced}, "capture": {"says": settings.capture}},
            **self._looking(connection, settings, providers),
        }

    def of_person(self, connection: Connection, person: str) -> dict[str, dict[str, Any]]:
        """One person's keys and account, with those of the runs of their agents, and what they lent agents."""
        own = accounts.of_people(connection, person)
        working = runs.going_on(connection, self.clock.now(), person)
        keys = {"keys": self._of_people(connection, person), "accounts": _accounts([*own, *working])}
        return {**keys, **self._lent(connection, person)}

    def lent(self, connection: Connection) -> dict[str, dict[str, Any]]:
        """The sections about agents that were lent money: the grants that stand and have a budget, every agent at work,
        and what their tokens are believed by.
        """
        believed = {"issuer": self.console, "keys": dict(self.token_keys())}
        return {**self._lent(connection), "lending": {name: {"says": said} for name, said in believed.items()}}

    def _lent(self, connection: Connection, person: str | None = None) -> dict[str, dict[str, Any]]:
        found = spending.with_money(connection, self.clock.now(), only=person)
        budgeted = {one.id for one in runs.of_grants(connection)} if found.grants else set()
        grants = {
            id: {**one, "account": account}
            for id, one in found.grants.items()
            if (account := accounts.of_run(id)) in budgeted
        }
        return {"grants": grants, "agents": {name: {"epoch": epoch} for name, epoch in found.agents.items()}}

    def looking(self, connection: Connection) -> dict[str, dict[str, Any]]:
        """The sections that the perimeter is made of, beside the rules."""
        return self._looking(connection, queries.settings(connection), self._providers(connection))

    def _looking(
        self, connection: Connection, settings: queries.Settings, providers: Mapping[str, Any]
    ) -> dict[str, dict[str, Any]]:
        credentials = {each["id"]: each["secret"] for one in providers.values() for each in one["credentials"]}
        sizes = {"prompt_bytes": settings.prompt_bytes, "attachment_bytes": settings.attachment_bytes}
        sections = self.perimeter.sections(connection, credentials, sizes)
        if settings.capture == "on":
            sections["perimeter"]["content_key"] = {"says": self.content_key.hex()}
        return sections

    @staticmethod
    def budgets(connection: Connection) -> dict[str, Any]:
        """The section about budgets."""
        budgets, _ = read_accounts(connection)
        return {
            one.id: {
                "account": one.account,
                "amount": one.amount,
                "period": one.period.value,
                "zone": one.zone,
                "hard": one.hard,
                "instead": one.instead,
            }
            for one in budgets.values()
        }

    def _of_people(self, connection: Connection, only: str | None = None) -> dict[str, Any]:
        """Keys of people who are here, while they last: of everybody, or of one."""
        now = self.clock.now()
        keys = queries.keys(connection, person=only)
        active = identity.active(connection, only)
        teams = {app.name: app.team for app in catalog.all_apps(connection)} if any(one.app for one in keys) else {}
        processes = queries.processes_of_keys(connection, only)
        found: dict[str, Any] = {}
        for one in keys:
            over = one.expires is not None and one.expires <= stamp(now)
            if one.person not in active or over or (one.app and one.app not in teams):
                continue
            own = accounts.of_run(one.run) if one.run else accounts.of_person(one.person)
            found[one.hash] = {
                "id": one.id,
                "kind": "person",
                "app": one.app or None,
                "environment": "dev" if one.app else None,
                "deploy": None,
                "use": "run",
                "process": processes.get(one.id),
                "team": teams.get(one.app),
                "person": one.person,
                "actor": Actor("person", one.person, credential=one.id).chain(),
                "spenders": [accounts.of_environment(one.app, "dev"), own] if one.app else [own],
                "expires": None if one.expires is None else parse(one.expires).timestamp(),
                **({"run": one.run} if one.run else {}),
            }
        return found

    def _providers(self, connection: Connection) -> dict[str, Any]:
        return {
            one.name: {
                "kind": one.kind,
                "base_url": one.base_url,
                "region": one.region,
                "keeps_nothing": one.keeps_nothing,
                "on": one.on,
                "credentials": self._opened(connection, one.credentials),
                "prices": one.prices or None,
                "networks": list(one.networks),
                "responses": one.responses,
                "timeout": one.timeout,
            }
            for one in queries.providers(connection)
        }

    def _opened(self, connection: Connection, credentials: Iterable[queries.Credential]) -> list[dict[str, str]]:
        """Keys in the order in which they are tried. One that does not open is left out, and the log says so."""
        found: list[dict[str, str]] = []
        for one in credentials:
            sealed = connection.scalar(select(tables.CREDENTIAL.c.sealed).where(tables.CREDENTIAL.c.id == one.id))
            try:
                secret = self.sealing.open(sealed or b"", sealed_place(one.id))
            except (ValueUnreadable, KeysAway) as error:
                log.warning("a provider's key does not open", credential=one.id, error=repr(error))
                continue
            found.append({"id": one.id, "secret": secret})
        return found


def _accounts(of: Iterable[Account]) -> dict[str, Any]:
    return {one.id: {"kind": one.kind.value, "parent": one.parent} for one in of}


def _override(price: queries.Price) -> Override:
    from_day = date.fromisoformat(price.since)
    return Override(price.provider, price.model, price.prices, from_day)
