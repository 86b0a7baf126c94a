"""What somebody may do, and why: each role with where it counts, who gave it and when, and who else may do a thing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from greenlane.catalog import queries as catalog
from greenlane.govern import tables
from greenlane.govern.action import REGISTRY
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.held import GRANT
from greenlane.identity.queries import listing
from greenlane.identity.queries.invitations import team_invited
from greenlane.ledger import queries as ledger

READING = {
    "read-receipts": ("Read receipts", "Read what happened to an app, and who did it."),
    "read-all-receipts": ("Read all receipts", "Read everything that happened in the organisation."),
    "read-variables": ("Read variables", "See which values are kept, by whom, and who read them; never a secret."),
    "read-people": ("Read people", "See who is here, in which team and role."),
    "read-policy": ("Read policy", "See the rules that decide."),
    "read-settings": ("Read settings", "See how this Greenlane is set up."),
    "read-sessions": ("Read sessions", "See where others are signed in."),
    "read-spending": ("Read spending", "See what calls to models cost, and how budgets stand; no single call."),
    "read-model-calls": (
        "Read model calls",
        "See which models an app called, and what that cost; never what was said.",
    ),
    "read-all-model-calls": ("Read all model calls", "See every call to a model, and what all of them cost."),
    "export-ledger": ("Export ledger", "Take the ledger along, for a check elsewhere."),
}
"""The rights to read, which no verb stands for: name and sentence."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A role that somebody holds. ``giver`` is a person's id or empty, ``way`` the verb by which it came."""

    role: str
    scope: str
    """Where it counts as verbs name it: organisation, team:NAME or app:NAME."""
    giver: str
    giver_name: str
    way: str
    since: str
    receipt: int | None
    rule: str = ""
    """The rule about a group by which it came; empty where it was given to them."""
    elevation: str = ""
    """The elevation by which they have it for some hours, which ends by itself at ``until``."""
    until: str = ""
    given: bool = True
    """Whether it was given to them themselves, so that it can be taken back."""


@dataclass(frozen=True, slots=True)
class Allowed:
    """Somebody who may do a thing, because of one role."""

    person: str
    name: str
    role: str
    scope: str


@dataclass(frozen=True, slots=True)
class Right:
    """Something that a role may do: its name, a sentence, and in which environments."""

    verb: str
    title: str
    says: str
    environments: tuple[str, ...]


def standing(connection: Connection, person: str, now: datetime | None = None) -> list[Standing]:
    """Every role of a person, with the answer to "why"; with ``now``, those that count at that moment. What they may do
    with apps that they created is left out: it is told there.
    """
    held = identity.but_creations(identity.held(connection, person, now))
    scopes = scope_words(connection, [one.scope for one in held])
    found = [(one, *giving(connection, one.action)) for one in held]
    names = identity.names(connection, [giver for _, giver, _, _ in found if giver])
    return [
        Standing(
            one.role,
            scopes[one.scope],
            giver,
            names.get(giver, ""),
            way,
            one.since,
            receipt,
            one.rule,
            one.elevation,
            one.until,
            one.by == GRANT,
        )
        for one, giver, way, receipt in found
    ]


def giving(connection: Connection, action: str) -> tuple[str, str, int | None]:
    """Who gave a role, by which verb, and the receipt. Of an invitation, whoever made it; of an elevation, whoever
    allowed it.
    """
    known = tables.action.c
    row = connection.execute(
        select(known.verb, known.person, known.answer, known.cause).where(known.id == action)
    ).one_or_none()
    entries = ledger.by_action(connection, action)
    receipt = entries[-1].seq if entries else None
    if row is None:
        return "", "", receipt
    giver = row.person or ""
    if row.verb == "accept-invitation" and row.answer:
        _, giver = team_invited(connection, str(row.answer["happened"]["invitation"]))
    if row.verb == "ask-elevation":
        giver = connection.execute(select(known.person).where(known.id == row.cause)).scalar_one_or_none() or ""
    return giver, row.verb, receipt


def scope_words(connection: Connection, scopes: Sequence[str]) -> dict[str, str]:
    """Scopes as verbs name them, by scopes as they are stored: ``team:t_…`` is ``team:sales``."""
    teams = {f"team:{one.id}": f"team:{one.name}" for one in identity.teams(connection)}
    return {one: teams.get(one, one) for one in scopes}


def who_may(connection: Connection, verb: str, subject: str, environment: str, now: datetime) -> list[Allowed]:
    """Who may do a verb now on a subject (``organisation``, ``team:NAME``, ``app:NAME``): every active person whose role
    allows it and counts there. Raises ``NotFound`` for a subject that does not exist.
    """
    around = identity.scopes_around(connection, subject, catalog.team_of)
    found = listing.holders(connection, verb, environment, around, now)
    words = scope_words(connection, [one.scope for _, _, one in found])
    return [Allowed(person, name, one.role, words[one.scope]) for person, name, one in found]


def rights_in(allowed: frozenset[roles.Right]) -> list[Right]:
    """Everything that a role allows, in the order of the table."""
    return [
        Right(
            line.verb,
            *words_of(line.verb),
            tuple(one for one in line.environments if one and (line.verb, one) in allowed),
        )
        for line in roles.TABLE
        if any((line.verb, place) in allowed for place in line.by_place())
    ]


def own_rights() -> list[Right]:
    """What everybody may do with what is their own."""
    return [Right(line.verb, *words_of(line.verb), ()) for line in roles.TABLE if line.own]


def words_of(verb: str) -> tuple[str, str]:
    """A verb's name as people read it, and what it does."""
    if verb in READING:
        return READING[verb]
    return verb.replace("-", " ").capitalize(), REGISTRY.named(verb).summary
