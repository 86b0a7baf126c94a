"""Versions of an app as people tell them apart: when, by whom, in which words, and where each is live."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, select

from greenlane.catalog.queries import Environment
from greenlane.deploys.queries import DeployView
from greenlane.govern import tables
from greenlane.identity import queries as identity
from greenlane.ledger.payload import Payloads


@dataclass(frozen=True, slots=True)
class Version:
    """One version. ``message`` is its author's own words, empty where none were said or they were erased."""

    id: str
    at: str
    author: str
    made_by_agent: bool
    message: str
    files: int
    bytes: int
    live_in: tuple[str, ...]


def versions(
    connection: Connection, payloads: Payloads, found: Sequence[DeployView], places: Sequence[Environment]
) -> list[Version]:
    """These deploys with the words and names that people know them by."""
    said = messages(connection, payloads, [one.action for one in found])
    names = identity.names(connection, {one.author for one in found if one.author})
    live: dict[str, list[str]] = {}
    for place in places:
        if place.live_deploy is not None:
            live.setdefault(place.live_deploy, []).append(place.name)
    return [
        Version(
            id=one.id,
            at=one.created_at,
            author=names.get(one.author or "", "somebody who was erased"),
            made_by_agent=one.made_by_agent,
            message=said.get(one.action, ""),
            files=one.files,
            bytes=one.bytes,
            live_in=tuple(live.get(one.id, ())),
        )
        for one in found
    ]


def messages(connection: Connection, payloads: Payloads, actions: Sequence[str]) -> Mapping[str, str]:
    """The words that were given with these actions, by action; what was erased is missing."""
    rows = connection.execute(
        select(tables.action.c.id, tables.action.c.payload).where(
            tables.action.c.id.in_(list(actions)), tables.action.c.payload.is_not(None)
        )
    ).all()
    opened = {row.id: payloads.open(connection, row.payload) or {} for row in rows}
    return {action: str(words.get("message") or "") for action, words in opened.items()}
