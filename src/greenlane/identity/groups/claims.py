"""Groups that a sign-in names: what the provider says today is what counts, and nothing that it said before."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from greenlane.govern.errors import Refused
from greenlane.identity import names as spelling
from greenlane.identity import queries
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER
from greenlane.kit import ids
from greenlane.kit.clock import stamp

MOST_GROUPS = 1_000
"""Groups that one sign-in can name. Providers stop far below: Entra at 200, then it names none at all."""

LONGEST_NAME = 256
"""Letters of a group's name."""


@dataclass(frozen=True, slots=True)
class Synced:
    """What a sign-in changed: ids of the groups that somebody came into, and of those that they left."""

    joined: tuple[str, ...]
    left: tuple[str, ...]


def sync(connection: Connection, provider: str, person: str, names: Iterable[str], now: datetime) -> Synced:
    """Make a person a member of exactly the groups that their provider (its id) named. Unknown groups are remembered,
    so that a rule can be made for them; without a rule they give nothing. Groups of other sources stay as they are.

    The last owner stays one: what made them owner is left as it is. Raises ``Refused`` for too many groups.
    """
    wanted = _told(names)
    known = {
        str(row.external_id): str(row.id)
        for row in connection.execute(
            select(DIRECTORY_GROUP.c.id, DIRECTORY_GROUP.c.external_id).where(
                DIRECTORY_GROUP.c.source == provider, DIRECTORY_GROUP.c.external_id.in_(wanted)
            )
        )
    }
    for name in wanted:
        if name not in known:
            known[name] = _remember(connection, provider, name, now)
    before = _in_groups_of(connection, provider, person)
    after = frozenset(known.values())
    for group in sorted(after - before.keys()):
        _join(connection, group, person, stamp(now))
    left = sorted(before.keys() - after)
    had_an_owner = bool(left) and bool(queries.active_owners(connection))
    gone = GROUP_MEMBER.c.group.in_(left) & (GROUP_MEMBER.c.member == person)
    connection.execute(delete(GROUP_MEMBER).where(gone))
    if had_an_owner and not queries.active_owners(connection):
        for group in left:
            _join(connection, group, person, before[group])
        left = []
    return Synced(tuple(sorted(after - before.keys())), tuple(left))


def _told(names: Iterable[str]) -> list[str]:
    """The names that can be names, each once."""
    told = dict.fromkeys(name.strip() for name in names)
    if len(told) > MOST_GROUPS:
        raise Refused(
            f"The sign-in names {len(told)} groups; {MOST_GROUPS} are possible.",
            next_step="Have the provider send only the groups that are assigned to Greenlane.",
        )
    return [name for name in told if 0 < len(name) <= LONGEST_NAME and spelling.readable(name)]


def _remember(connection: Connection, provider: str, name: str, now: datetime) -> str:
    group = ids.new("grp")
    connection.execute(
        insert(DIRECTORY_GROUP).values(
            id=group,
            source=provider,
            name=name,
            external_id=name,
            version=1,
            created=stamp(now),
            changed=stamp(now),
        )
    )
    return group


def _in_groups_of(connection: Connection, provider: str, person: str) -> dict[str, str]:
    """The groups of a provider that a person is in, each with since when."""
    rows = connection.execute(
        select(GROUP_MEMBER.c.group, GROUP_MEMBER.c.since)
        .join(DIRECTORY_GROUP, DIRECTORY_GROUP.c.id == GROUP_MEMBER.c.group)
        .where(DIRECTORY_GROUP.c.source == provider, GROUP_MEMBER.c.member == person)
    )
    return {str(row.group): str(row.since) for row in rows}


def _join(connection: Connection, group: str, person: str, since: str) -> None:
    connection.execute(insert(GROUP_MEMBER).values(group=group, member=person, kind="person", since=since))
