"""How providers, keys, routes and rules are set. Imported by ``main`` alone."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Table, delete, insert, update

from greenlane.catalog import queries as catalog
from greenlane.gateway import accounts, names, queries, runs, tables
from greenlane.gateway.actions import (
    AddProvider,
    AddProviderKey,
    AllowModels,
    ChangeProvider,
    EndProviderKey,
    MakeGatewayKey,
    RemoveDataRule,
    RemoveProvider,
    RemoveRoute,
    RevokeGatewayKey,
    SetDataRule,
    SetRoute,
    SetUsualProvider,
)
from greenlane.gateway.budgets.setting import put_accounts, put_budget
from greenlane.gateway.facts import key_facts
from greenlane.gateway.kinds import KINDS
from greenlane.gateway.perimeter import data_rules
from greenlane.gateway.queries.setup import USUAL, sealed_place
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.identity import tokens
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.secrets.sealing import Sealing

_LONG = 20
"""Characters from which on the last four of a provider's key are kept to tell it by."""


@dataclass(frozen=True, slots=True)
class Works:
    """What the effects work with."""

    database: Database
    sealing: Sealing


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb."""
    setting = _Setting(works)
    return {
        "add-provider": Handling(setting.add_provider),
        "change-provider": Handling(setting.change_provider),
        "remove-provider": Handling(setting.remove_provider),
        "add-provider-key": Handling(setting.add_provider_key),
        "end-provider-key": Handling(setting.end_provider_key),
        "set-route": Handling(setting.set_route),
        "remove-route": Handling(setting.remove_route),
        "set-usual-provider": Handling(setting.set_usual),
        "allow-models": Handling(setting.allow_models),
        "make-gateway-key": Handling(setting.make_key, (key_facts,)),
        "revoke-gateway-key": Handling(setting.revoke_key, exact=_whose_key),
        "set-data-rule": Handling(setting.set_data_rule),
        "remove-data-rule": Handling(setting.remove_data_rule),
    }


def put(connection: Connection, table: Table, which: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """One row that holds these values from now on. The ledger's writer alone writes, so looking first is enough."""
    found = update(table).where(*(table.c[name] == value for name, value in which.items())).values(**values)
    if connection.execute(found).rowcount == 0:
        connection.execute(insert(table).values(**which, **values))


@dataclass(frozen=True, slots=True)
class _Setting:
    works: Works

    def add_provider(self, action: AddProvider, context: Context) -> Outcome:
        """A provider, and its first key where it wants one."""
        kind = KINDS[action.kind]
        row = {
            "name": action.name,
            "kind": action.kind,
            "base_url": (action.base_url or kind.base_url).rstrip("/"),
            "region": action.region or kind.region,
            "keeps_nothing": action.keeps_nothing,
            "running": True,
            "prices": action.prices or kind.prices,
            "networks": list(action.networks),
            "responses": action.responses,
            "timeout": action.timeout,
            "action": context.action_id,
            "created": stamp(context.now),
        }
        credential = self._sealed(action.name, action.key, context) if action.key else None

        def rows(connection: Connection) -> None:
            if any(one.name == action.name for one in queries.providers(connection)):
                raise Conflict(
                    f"There is a provider {action.name} already.",
                    next_step="Change it with `greenlane gateway provider change`, or choose another name.",
                )
            connection.execute(insert(tables.PROVIDER).values(**row))
            if credential is not None:
                connection.execute(insert(tables.CREDENTIAL).values(**credential))

        made = (Edge("provider", action.name),)
        if credential is None:
            return Outcome(rows, happened={"provider": action.name, "credential": None}, made=made)
        return Outcome(
            rows,
            happened={"provider": action.name, "credential": credential["id"]},
            made=(*made, Edge("model-credential", credential["id"])),
        )

    def change_provider(self, action: ChangeProvider, context: Context) -> Outcome:
        """What was said holds from now on; running answers go on where they began."""
        before = self._provider(action.provider)
        names.check_responses(before.kind, bool(action.responses))
        said: dict[str, Any] = {
            "base_url": None if action.base_url is None else action.base_url.rstrip("/"),
            "region": action.region,
            "keeps_nothing": action.keeps_nothing,
            "networks": None if action.networks is None else list(action.networks),
            "prices": action.prices,
            "running": action.on,
            "responses": action.responses,
            "timeout": action.timeout,
        }
        changed = {name: value for name, value in said.items() if value is not None}
        was = {**asdict(before), "networks": list(before.networks), "running": before.on}

        def rows(connection: Connection) -> None:
            queries.provider(connection, action.provider)
            here = update(tables.PROVIDER).where(tables.PROVIDER.c.name == action.provider)
            connection.execute(here.values(**changed, action=context.action_id))

        old = {("on" if name == "running" else name): was[name] for name in changed}
        return Outcome(rows, happened={"provider": action.provider, "before": old})

    def remove_provider(self, action: RemoveProvider, context: Context) -> Outcome:
        """The provider goes, and its keys lose their bytes. What was called there stays on record."""
        self._provider(action.provider)
        c = tables.CREDENTIAL.c

        def rows(connection: Connection) -> None:
            queries.provider(connection, action.provider)
            connection.execute(delete(tables.PROVIDER).where(tables.PROVIDER.c.name == action.provider))
            connection.execute(
                update(tables.CREDENTIAL)
                .where(c.provider == action.provider, c.ended.is_(None))
                .values(sealed=None, ended=stamp(context.now))
            )

        return Outcome(rows, happened={"provider": action.provider})

    def add_provider_key(self, action: AddProviderKey, context: Context) -> Outcome:
        """A further key, used from now on."""
        self._provider(action.provider)
        credential = self._sealed(action.provider, action.key, context)

        def rows(connection: Connection) -> None:
            queries.provider(connection, action.provider)
            connection.execute(insert(tables.CREDENTIAL).values(**credential))

        return Outcome(
            rows,
            happened={"provider": action.provider, "credential": credential["id"]},
            made=(Edge("model-credential", credential["id"]),),
            answer={"credential": credential["id"]},
        )

    def end_provider_key(self, action: EndProviderKey, context: Context) -> Outcome:
        """One key loses its bytes."""
        c = tables.CREDENTIAL.c

        def rows(connection: Connection) -> None:
            ended = (
                update(tables.CREDENTIAL)
                .where(c.id == action.credential, c.provider == action.provider, c.ended.is_(None))
                .values(sealed=None, ended=stamp(context.now))
            )
            if connection.execute(ended).rowcount != 1:
                raise NotFound(
                    f"{action.provider} has no key {action.credential}.",
                    next_step="`greenlane gateway provider list` shows the keys of each.",
                )

        return Outcome(rows, happened={"provider": action.provider, "credential": action.credential})

    def set_route(self, action: SetRoute, context: Context) -> Outcome:
        """A name leads there from the next call on."""
        alias = action.alias.lower()
        targets = [asdict(names.target(one)) for one in action.targets]
        otherwise = [{**asdict(names.target(one)), "weight": 1} for one in action.otherwise]
        when_spent = action.when_spent.lower()

        def rows(connection: Connection) -> None:
            for one in (*targets, *otherwise):
                queries.provider(connection, one["provider"])
            if when_spent:
                queries.leads_somewhere(connection, when_spent)
            led = {"targets": targets, "otherwise": otherwise}
            more = {"when_spent": when_spent or None, "timeout": action.timeout, "action": context.action_id}
            put(connection, tables.ROUTE, {"alias": alias}, {**led, **more})

        with self.works.database.read() as connection:
            before = queries.route(connection, alias)
        return Outcome(rows, happened={"alias": alias, "before": _written(before)})

    def remove_route(self, action: RemoveRoute, context: Context) -> Outcome:
        """The name leads nowhere of its own."""
        alias = action.alias.lower()
        with self.works.database.read() as connection:
            before = queries.route(connection, alias)

        def rows(connection: Connection) -> None:
            gone = delete(tables.ROUTE).where(tables.ROUTE.c.alias == alias)
            if connection.execute(gone).rowcount != 1:
                raise NotFound(
                    f"No route is set for {alias}.", next_step="`greenlane gateway route list` shows them all."
                )

        return Outcome(rows, happened={"alias": alias, "before": _written(before)})

    def set_usual(self, action: SetUsualProvider, context: Context) -> Outcome:
        """Models without a route go there from the next call on."""
        with self.works.database.read() as connection:
            before = queries.usual(connection).get(action.wire)

        def rows(connection: Connection) -> None:
            queries.provider(connection, action.provider)
            values = {"says": action.provider, "action": context.action_id}
            put(connection, tables.SETTING, {"name": USUAL + action.wire}, values)

        return Outcome(rows, happened={"wire": action.wire, "provider": action.provider, "before": before})

    def allow_models(self, action: AllowModels, context: Context) -> Outcome:
        """These models alone, or all of them again."""
        with self.works.database.read() as connection:
            account = accounts.of(connection, action)
            rules = queries.account_rules(connection).get(account)
        before = rules.models if rules is not None else None
        everything = "*" in action.models

        def rows(connection: Connection) -> None:
            says = None if everything else sorted(set(action.models))
            put_rule(connection, account, "models", says, context)

        return Outcome(rows, happened={"account": account, "before": list(before) if before is not None else ["*"]})

    def make_key(self, action: MakeGatewayKey, context: Context) -> Outcome:
        """A key of the person who asks, kept as its hash."""
        assert context.actor.person is not None, "keys are made by people alone"
        key, secret = ids.new("gk"), tokens.mint(tokens.Kind.GATEWAY)
        lasts = timedelta(hours=action.hours) if action.run else timedelta(days=action.days)
        expires = stamp(context.now + lasts) if lasts else None
        person = context.actor.person
        run = runs.begun(action, person) if action.run else None

        def rows(connection: Connection) -> None:
            app = catalog.app(connection, action.app).name if action.app else ""
            connection.execute(
                insert(tables.KEY).values(
                    id=key,
                    hash=secret.sha256,
                    person=person,
                    app=app,
                    run=run.id if run is not None else None,
                    action=context.action_id,
                    created=stamp(context.now),
                    expires=expires,
                    ended=None,
                )
            )
            if run is not None:
                put_accounts(connection, run.accounts(connection), context.now)
                put_budget(connection, run.budget, context.action_id, context.now)

        happened = {"key": key, "expires": expires}
        made = [Edge("gateway-key", key)]
        if run is not None:
            happened["run"] = run.id
            made += [Edge("run", run.id), Edge("budget", run.budget.id)]
        return Outcome(rows, happened=happened, made=tuple(made), answer={**happened, "token": secret.secret})

    def revoke_key(self, action: RevokeGatewayKey, context: Context) -> Outcome:
        """The key opens nothing any more."""
        c = tables.KEY.c

        def rows(connection: Connection) -> None:
            ended = (
                update(tables.KEY)
                .where(c.id == action.key, c.person == action.person, c.ended.is_(None))
                .values(ended=stamp(context.now))
            )
            if connection.execute(ended).rowcount != 1:
                raise NotFound(
                    f"{action.key} is no key of theirs, or has ended already.", next_step="There is nothing to do."
                )

        return Outcome(rows, happened={"key": action.key})

    def set_data_rule(self, action: SetDataRule, context: Context) -> Outcome:
        """What happens with a class of data from the next call on. A pattern that is not said again stays."""
        with self.works.database.read() as connection:
            before = _data_rule(connection, action.data)
        pattern = action.pattern or (before.pattern if before is not None else "")
        data_rules.check_known(action.data, pattern)

        def rows(connection: Connection) -> None:
            put(
                connection,
                tables.DATA_RULE,
                {"data": action.data},
                {
                    "action_taken": action.action,
                    "regions": sorted(set(action.regions)) or None,
                    "keeps_nothing": action.keeps_nothing,
                    "answers": action.answers,
                    "countries": sorted(set(action.countries)),
                    "pattern": pattern,
                    "action": context.action_id,
                },
            )

        return Outcome(rows, happened={"data": action.data, "before": _said_rule(before)})

    def remove_data_rule(self, action: RemoveDataRule, context: Context) -> Outcome:
        """The class is nothing particular any more."""
        with self.works.database.read() as connection:
            before = _data_rule(connection, action.data)

        def rows(connection: Connection) -> None:
            gone = delete(tables.DATA_RULE).where(tables.DATA_RULE.c.data == action.data)
            if connection.execute(gone).rowcount != 1:
                raise NotFound(
                    f"No rule is set about {action.data}.", next_step="`greenlane gateway rules` shows them all."
                )

        return Outcome(rows, happened={"data": action.data, "before": _said_rule(before)})

    def _provider(self, name: str) -> queries.Provider:
        with self.works.database.read() as connection:
            return queries.provider(connection, name)

    def _sealed(self, provider: str, key: str, context: Context) -> dict[str, Any]:
        """The row of a provider's key. Its id follows from the action, so that doing it again after a crash is the same."""
        credential = "mc_" + hashlib.sha256(context.action_id.encode()).hexdigest()[:26]
        return {
            "id": credential,
            "provider": provider,
            "sealed": self.works.sealing.seal(key, sealed_place(credential)),
            "ending": key[-4:] if len(key) >= _LONG else "",
            "action": context.action_id,
            "created": stamp(context.now),
            "ended": None,
        }


def put_rule(connection: Connection, account: str, kind: str, says: Any, context: Context) -> None:
    """What holds for an account; None for nothing."""
    c = tables.ACCOUNT_RULE.c
    connection.execute(delete(tables.ACCOUNT_RULE).where(c.account == account, c.kind == kind))
    if says is not None:
        values = {"account": account, "kind": kind, "says": says, "action": context.action_id}
        connection.execute(insert(tables.ACCOUNT_RULE).values(**values))


def _whose_key(connection: Connection, action: RevokeGatewayKey) -> RevokeGatewayKey:
    """Whose key it is counts for who may end it; what somebody else says of that does not."""
    return replace(action, person=queries.key(connection, action.key).person)


def _written(route: queries.Route | None) -> dict[str, Any] | None:
    """A route as ``set-route`` takes it."""
    if route is None:
        return None
    return {
        "targets": [f"{one.provider}/{one.model}={one.weight}" for one in route.targets],
        "otherwise": [f"{one.provider}/{one.model}" for one in route.otherwise],
        **({"when_spent": route.when_spent} if route.when_spent else {}),
        **({"timeout": route.timeout} if route.timeout else {}),
    }


def _data_rule(connection: Connection, data: str) -> queries.DataRule | None:
    return next((one for one in queries.data_rules(connection) if one.data == data), None)


def _said_rule(rule: queries.DataRule | None) -> dict[str, Any] | None:
    """A rule as ``set-data-rule`` takes it, without its pattern: that stands where nobody says another."""
    if rule is None:
        return None
    return {
        "action": rule.action,
        "regions": list(rule.regions or ()),
        "keeps_nothing": rule.keeps_nothing,
        "answers": rule.answers,
        "countries": list(rule.countries),
    }
