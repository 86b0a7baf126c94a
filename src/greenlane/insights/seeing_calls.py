"""Whose model calls and budgets somebody may see: their own, and those of the apps and teams in which they may read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog import queries as catalog
from greenlane.gateway import accounts
from greenlane.gateway.queries import BudgetStanding, Call, Seen, rules_of
from greenlane.govern.errors import NotFound
from greenlane.identity import queries as identity


def seen(connection: Connection, person: str, now: datetime) -> Seen | None:
    """What somebody sees of all calls now; None for every one."""
    return _seen(connection, person, now, "read-model-calls", "read-all-model-calls")


def counted(connection: Connection, person: str, now: datetime) -> Seen | None:
    """Of which calls somebody sees what they cost together, and the budgets over them, now; None for every one."""
    return _seen(connection, person, now, "read-spending")


def _seen(connection: Connection, person: str, now: datetime, *rights: str) -> Seen | None:
    held = identity.held(connection, person, now)
    scopes = {one.scope for one in held if any(one.may(right) for right in rights)}
    if identity.ORGANISATION in scopes:
        return None
    named = {kind: frozenset(_names(scopes, kind)) for kind in ("team", "app")}
    return Seen(person, named["team"], named["app"])


def _names(scopes: set[str], kind: str) -> list[str]:
    return [one.removeprefix(f"{kind}:") for one in scopes if one.startswith(f"{kind}:")]


def check(call: Call, sight: Seen | None) -> Call:
    """The call, for somebody who may see it. Raises ``NotFound``, which tells nobody that there is such a call."""
    if sight is None or call.person == sight.person or call.team in sight.teams or call.app in sight.apps:
        return call
    raise NotFound(f"There is no call {call.id} that you may see.", next_step="`greenlane gateway calls` lists yours.")


def rules(connection: Connection, call: Call, sight: Seen | None) -> dict[str, Any] | None:
    """The rules by which a call was decided, for who sees every call: they tell of others' budgets too. None for others,
    and where none were told.
    """
    return rules_of(connection, call) if sight is None else None


def budgets(
    connection: Connection, standings: Sequence[BudgetStanding], sight: Seen | None
) -> list[tuple[BudgetStanding, str]]:
    """The budgets that somebody may see, each with whose it is, in words."""
    shown = [one for one in standings if sight is None or _theirs(connection, one.budget.account, sight)]
    return [(one, accounts.words(connection, one.budget.account)) for one in shown]


def _theirs(connection: Connection, account: str, sight: Seen) -> bool:
    kind, _, name = account.partition(":")
    if kind in ("app", "environment"):
        app = name.partition("/")[0]
        return app in sight.apps or catalog.team_of(connection, app) in sight.teams
    if kind == "run":
        return accounts.person_of_run(connection, account) == sight.person
    return name in sight.teams if kind == "team" else kind == "person" and name == sight.person
