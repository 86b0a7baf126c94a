"""The queries about the company's directories, its groups, and why somebody has a right."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Query

from greenlane.api.house import HOUSE, READER
from greenlane.api.ledger import must
from greenlane.identity import queries as identity
from greenlane.identity.groups import dry_run
from greenlane.identity.groups import queries as groups
from greenlane.identity.provisioning import noting
from greenlane.identity.provisioning import queries as directories
from greenlane.insights import standing
from greenlane.insights.why import why


def routes() -> APIRouter:
    """The routes that only read."""
    router = APIRouter(prefix="/v1", tags=["directories"])

    @router.get("/directories", summary="Directories that bring people, with their tokens")
    def listed(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            items = [
                {
                    **asdict(one),
                    "address": f"{at.addresses.console}/scim/v2",
                    "joined": [asdict(each) for each in directories.joins(connection, one.id)],
                    "tokens": [asdict(token) for token in directories.tokens_of(connection, one.id)],
                }
                for one in directories.directories(connection)
            ]
        return {"items": items, "next": None}

    @router.get("/directories/{directory}/requests", summary="What a directory sent, and what was done, in words")
    def asked(
        directory: str, at: HOUSE, who: READER, after: str = "", limit: int = Query(50, ge=1, le=500)
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-settings", "organisation")
            one = directories.directory(connection, directory)
            found = directories.requests(connection, one.id, limit=limit, before=after)
        items = [{**asdict(each), "says": noting.words(each)} for each in found]
        return {"items": items, "next": found[-1].id if len(found) == limit else None}

    @router.get("/groups", summary="Groups of the directories and of sign-ins, with what they give")
    def known(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-people", "organisation")
            return {"items": [asdict(one) for one in groups.groups(connection)], "next": None}

    @router.get("/groups/rules", summary="The rules that make roles of groups")
    def rules(at: HOUSE, who: READER) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-people", "organisation")
            found = groups.rules(connection)
            names = identity.names(connection, [one.made_by for one in found])
            words = standing.scope_words(connection, [one.scope for one in found])
            items = [{**asdict(one), "scope": words[one.scope], "made_by": names.get(one.made_by, "")} for one in found]
        return {"items": items, "next": None}

    @router.get("/groups/try", summary="Who would gain and lose what by a rule; changes nothing")
    def tried(
        at: HOUSE, who: READER, group: str = "", role: str = "", scope: str = "organisation", rule: str = ""
    ) -> dict[str, Any]:
        with at.database.read() as connection:
            must(at, connection, who, "read-people", "organisation")
            found = dry_run.if_removed(connection, rule) if rule else dry_run.if_added(connection, group, role, scope)
            names = identity.names(connection, [*found.gain, *found.lose, *found.have])

        def people(ids: tuple[str, ...]) -> list[dict[str, Any]]:
            return [{"id": one, "name": names.get(one, ""), "off": one in found.off} for one in ids]

        return {
            "role": found.role,
            "scope": scope if not rule else found.scope,
            "gain": people(found.gain),
            "lose": people(found.lose),
            "have": people(found.have),
        }

    @router.get("/people/{person}/why", summary="Why somebody has a right, or each of their roles")
    def because(person: str, at: HOUSE, who: READER, right: str = "", subject: str = "organisation") -> dict[str, Any]:
        with at.database.read() as connection:
            if person != who.actor.person:
                must(at, connection, who, "read-people", "organisation")
            return asdict(why(connection, person, right, subject, at.clock.now()))

    return router
