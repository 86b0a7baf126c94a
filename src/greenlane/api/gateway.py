"""The queries about model calls: what is set up, what was called, what it cost, and how budgets stand."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from sqlalchemy import Connection

from greenlane.api.house import HOUSE, READER, SIGNED, ApiHouse, person_of
from greenlane.api.ledger import must
from greenlane.gateway import accounts, queries
from greenlane.gateway.alerts.queries import alerts as alerts_of
from greenlane.gateway.app_spans.queries import around, trace_of
from greenlane.gateway.budgets.account import Budget
from greenlane.gateway.prices.money import dollars
from greenlane.gateway.queries.calls import By, Filter
from greenlane.identity import queries as identity
from greenlane.insights import seeing_calls
from greenlane.kit.clock import stamp

Days = Annotated[int, Query(ge=1, le=3660, description="how many days back, today with them")]


def routes() -> APIRouter:
    """The routes about model calls. They only read."""
    router = APIRouter(prefix="/v1/gateway", tags=["models"])

    @router.get("/providers", summary="Providers of models, without their keys")
    def providers(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            usual = queries.usual(connection)
            items = [
                {**asdict(one), "usual_for": [wire for wire, name in usual.items() if name == one.name]}
                for one in queries.providers(connection)
            ]
        return {"items": items, "next": None}

    @router.get("/routes", summary="What names of models lead to")
    def models(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            return {"items": [asdict(one) for one in queries.routes(connection)], "next": None}

    @router.get("/rules", summary="What holds for accounts and for data in prompts, and for all calls")
    def rules(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            return {
                "accounts": [
                    {**asdict(one), "whose": accounts.words(connection, one.account), "says": dollars(one.hidden)}
                    for one in queries.account_rules(connection).values()
                ],
                "data": [asdict(one) for one in queries.data_rules(connection)],
                "settings": asdict(queries.settings(connection)),
            }

    @router.get("/prices", summary="Prices that were set over those of the list")
    def prices(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            return {"items": [asdict(one) for one in queries.prices(connection)], "next": None}

    @router.get("/keys", summary="Keys of people for model calls, without their text")
    def keys(at: HOUSE, who: SIGNED, everybody: bool = False) -> dict[str, Any]:
        with at.database.read() as connection:
            if everybody:
                must(at, connection, who, "read-settings", "organisation")
            found = queries.keys(connection, person=None if everybody else person_of(who))
            names = identity.names(connection, {one.person for one in found})
            runs = accounts.names_of_runs(connection, {one.run for one in found if one.run})
        items = [
            {
                "id": one.id,
                "person": one.person,
                "name": names.get(one.person, ""),
                "app": one.app,
                "run": runs.get(one.run, ""),
                "created": one.created,
                "expires": one.expires,
            }
            for one in found
        ]
        return {"items": items, "next": None}

    @router.get("/budgets", summary="Budgets that you may see, with what was spent of them and when they run out")
    def budgets(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            found = queries.standings(connection, at.clock.now())
            shown = seeing_calls.budgets(
                connection, found, seeing_calls.counted(connection, person_of(who), at.clock.now())
            )
            return {"items": [_standing(one, whose) for one, whose in shown], "next": None}

    @router.get("/spend", summary="What model calls cost, by app, team, person, model, provider, day and more")
    def spend(
        at: HOUSE,
        who: READER,
        by: By = "app",
        days: Days = 30,
        app: str = "",
        environment: str = "",
        team: str = "",
        person: str = "",
        provider: str = "",
        model: str = "",
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            which = Filter(
                since=_since(at, days),
                app=app,
                environment=environment,
                team=_team(connection, team),
                person=person,
                provider=provider,
                model=model,
                seen=seeing_calls.counted(connection, person_of(who), at.clock.now()),
            )
            found = queries.spend(connection, by, which)
            names = _names(connection, by, [one.name for one in found])
        items = [{**asdict(one), "says": dollars(one.pico), "shown": names.get(one.name, one.name)} for one in found]
        whole = sum(one.pico for one in found)
        return {"by": by, "items": items, "pico": whole, "says": dollars(whole), "next": None}

    @router.get("/calls", summary="Model calls that you may see, the newest first")
    def calls(
        at: HOUSE,
        who: READER,
        days: Days = 30,
        app: str = "",
        environment: str = "",
        person: str = "",
        provider: str = "",
        model: str = "",
        deploy: str = "",
        key: str = "",
        state: str = "",
        after: str = Query("", pattern=r"^([0-9TZ:.-]{1,32} [0-9a-z_]{1,40})?$"),
        limit: int = Query(50, ge=1, le=500),
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            which = Filter(
                since=_since(at, days),
                app=app,
                environment=environment,
                person=person,
                provider=provider,
                model=model,
                deploy=deploy,
                key=key,
                state=state,
                seen=seeing_calls.seen(connection, person_of(who), at.clock.now()),
            )
            at_, _, id_ = after.partition(" ")
            found = queries.calls(connection, which, before=(at_, id_) if after else None, limit=limit)
            names = identity.names(connection, {one.person for one in found if one.person})
        items = [_call(one, names) for one in found]
        return {"items": items, "next": f"{found[-1].at} {found[-1].id}" if len(found) == limit else None}

    @router.get("/calls/{call}", summary="One model call: what it cost, why this provider, and where its record lies")
    def call(call: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            sight = seeing_calls.seen(connection, person_of(who), at.clock.now())
            one = seeing_calls.check(queries.call(connection, call), sight)
            names = identity.names(connection, {one.person} if one.person else ())
        return _call(one, names)

    @router.get("/calls/{call}/rules", summary="How a model call was decided; the rules for who may see every call")
    def decided(call: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            sight = seeing_calls.seen(connection, person_of(who), at.clock.now())
            one = seeing_calls.check(queries.call(connection, call), sight)
            return {"decided": one.begun.get("decided"), "rules": seeing_calls.rules(connection, one, sight)}

    @router.get("/calls/{call}/trace", summary="The work that a model call belongs to, as its app traced it")
    def trace(call: str, at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            sight = seeing_calls.seen(connection, person_of(who), at.clock.now())
            one = seeing_calls.check(queries.call(connection, call), sight)
            found = trace_of(connection, one)
        if found is None:
            return {"trace": "", "items": [], "more": False, "next": None}
        return {"trace": found.id, "items": [asdict(step) for step in found.steps], "more": found.more, "next": None}

    @router.get("/alerts", summary="What reached you, or anybody, of budgets, prices, providers and their keys")
    def alerts(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            found = alerts_of(connection, person_of(who), at.clock.now())
            names = identity.names(connection, {person for one in found for person in one.people})
        items = [{**asdict(one), "names": sorted(names[each] for each in one.people if each in names)} for one in found]
        return {"items": items, "next": None}

    @router.get("/around", summary="Models that apps called, by their own spans, and not through the gateway")
    def models_around(at: HOUSE, who: READER, days: Days = 14) -> dict[str, Any]:
        now = at.clock.now()
        with at.database.read() as connection:
            sight = seeing_calls.seen(connection, person_of(who), at.clock.now())
            found = around(connection, now, since=now - timedelta(days=days), seen=sight)
            names = identity.names(connection, {one.person for one in found if one.person})
        return {"items": [{**asdict(one), "name": names.get(one.person, "")} for one in found], "next": None}

    return router


def _since(at: ApiHouse, days: int) -> str:
    return (at.clock.now() - timedelta(days=days - 1)).date().isoformat()


def _team(connection: Connection, team: str) -> str:
    return identity.team(connection, team).id if team else ""


def _names(connection: Connection, by: str, found: list[str]) -> dict[str, str]:
    """What people and teams are called; everything else is called what it is. Nothing is *none*."""
    if by == "person":
        return {**identity.names(connection, {one for one in found if one}), "": "(an app)"}
    if by == "team":
        return {**{one.id: one.name for one in identity.teams(connection)}, "": "(no team)"}
    if by == "run":
        return {**accounts.names_of_runs(connection, found), "": "(outside of runs)"}
    return {"": {"app": "(own work)", "provider": "(nobody)"}.get(by, "(none)")}


def _call(one: queries.Call, names: dict[str, str]) -> dict[str, Any]:
    return {**asdict(one), "says": dollars(one.pico), "name": names.get(one.person, "")}


def _standing(one: queries.BudgetStanding, whose: str) -> dict[str, Any]:
    budget: Budget = one.budget
    return {
        "id": budget.id,
        "account": budget.account,
        "whose": whose,
        "amount": budget.amount,
        "period": budget.period.value,
        "zone": budget.zone,
        "hard": budget.hard,
        "instead": budget.instead,
        "everybodys": one.everybodys,
        "spent": one.spent,
        "held": one.held,
        "left": one.left,
        "says": f"{dollars(one.spent)} of {dollars(budget.amount)}",
        "resets_at": None if one.resets_at is None else stamp(one.resets_at),
        "runs_out": None if one.runs_out is None else stamp(one.runs_out),
    }
