"""Changes that went through already and that somebody is asked to look at, as they need to see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from greenlane.catalog.addresses import Addresses
from greenlane.deploys import queries as deploys
from greenlane.govern import call
from greenlane.govern.actor import Actor
from greenlane.govern.decision import Decision
from greenlane.identity import queries as identity
from greenlane.insights import requests, sentences


@dataclass(frozen=True, slots=True)
class Look:
    """A sampled look: at which action, what it did, what changed and why, and where it can be seen."""

    about: str
    app: str
    sentence: str
    changes: tuple[str, ...]
    reasons: Sequence[Mapping[str, Any]]
    url: str
    asked_at: str


def of(connection: Connection, person: str, addresses: Addresses) -> list[Look]:
    """The looks that somebody was asked for and that nobody answered yet, the oldest first."""
    return [_told(connection, one, addresses) for one in deploys.looks(connection) if person in one.asked]


def _told(connection: Connection, one: deploys.LookView, addresses: Addresses) -> Look:
    done = call.row_of(connection, one.about)
    names = sentences.Names(identity.names(connection, [done.person] if done.person else []))
    actor = names.actor(Actor(**done.actor).chain())
    lane = Decision.from_dict(done.decided).lane
    return Look(
        about=one.about,
        app=one.app,
        sentence=sentences.answer(done.verb, done.inputs, actor, lane, names, done.answer["happened"]),
        changes=requests.changes(done.facts),
        reasons=done.decided["reasons"],
        url=addresses.url(one.app),
        asked_at=one.asked_at,
    )
