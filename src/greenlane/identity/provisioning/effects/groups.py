"""Groups as a directory brings, changes and removes them."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity.effects import teams
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER, GROUP_RULE
from greenlane.identity.provisioning.actions import ChangeProvisionedGroup, ProvisionGroup, RemoveProvisionedGroup
from greenlane.identity.provisioning.errors import ChangedMeanwhile, Taken
from greenlane.identity.provisioning.tables import DIRECTORY_USER
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def provision(action: ProvisionGroup, context: Context) -> Outcome:
    """A group with its members. It gives nothing until a rule says so."""
    group = ids.new("grp")

    def rows(connection: Connection) -> None:
        _free(connection, action.directory, action.external_id, but_for=group)
        connection.execute(
            insert(DIRECTORY_GROUP).values(
                id=group,
                source=action.directory,
                name=action.name,
                external_id=action.external_id or None,
                version=1,
                created=stamp(context.now),
                changed=stamp(context.now),
            )
        )
        _join(connection, group, action.directory, action.members, context)

    return Outcome(
        rows,
        happened={"group": group, "members": len(action.members)},
        made=(Edge("group", group),),
        answer={"group": group},
    )


def change(action: ChangeProvisionedGroup, context: Context) -> Outcome:
    """Another name, or other members. The last owner stays one."""

    def rows(connection: Connection) -> None:
        row = _current(connection, action.group, action.version)
        _free(connection, row.source, action.external_id, but_for=action.group)
        connection.execute(
            update(DIRECTORY_GROUP)
            .where(DIRECTORY_GROUP.c.id == action.group)
            .values(
                name=action.name,
                external_id=action.external_id or None,
                version=row.version + 1,
                changed=stamp(context.now),
            )
        )
        left = GROUP_MEMBER.c.member.in_(action.left) & (GROUP_MEMBER.c.group == action.group)
        connection.execute(delete(GROUP_MEMBER).where(left))
        _join(connection, action.group, row.source, action.came, context)
        teams.keep_an_owner(connection)

    return Outcome(rows, happened={"group": action.group, "came": len(action.came), "left": len(action.left)})


def remove(action: RemoveProvisionedGroup, context: Context) -> Outcome:
    """The group, who was in it, where it was nested, and its rules go. The last owner stays one."""

    def rows(connection: Connection) -> None:
        _current(connection, action.group, action.version)
        inside = (GROUP_MEMBER.c.group == action.group) | (GROUP_MEMBER.c.member == action.group)
        connection.execute(delete(GROUP_MEMBER).where(inside))
        connection.execute(delete(GROUP_RULE).where(GROUP_RULE.c.group == action.group))
        connection.execute(delete(DIRECTORY_GROUP).where(DIRECTORY_GROUP.c.id == action.group))
        teams.keep_an_owner(connection)

    return Outcome(rows, happened={"group": action.group})


def _current(connection: Connection, group: str, version: int) -> Any:
    row = connection.execute(select(DIRECTORY_GROUP).where(DIRECTORY_GROUP.c.id == group)).one_or_none()
    if row is None:
        raise NotFound("There is no such group.", next_step="`greenlane groups` lists them.")
    if version and row.version != version:
        raise ChangedMeanwhile("Somebody changed this meanwhile.", next_step="Read it again, then send the change.")
    return row


def _free(connection: Connection, directory: str, external_id: str, *, but_for: str) -> None:
    taken = select(DIRECTORY_GROUP.c.id).where(
        DIRECTORY_GROUP.c.source == directory,
        DIRECTORY_GROUP.c.external_id == external_id,
        DIRECTORY_GROUP.c.id != but_for,
    )
    if external_id and connection.execute(taken).first() is not None:
        raise Taken("Another group of this directory has this externalId.", next_step="Send each group once.")


def _join(connection: Connection, group: str, directory: str, members: tuple[str, ...], context: Context) -> None:
    """People and groups of the same directory come in; who is in already stays in since then."""
    wanted = set(members)
    people = _those(connection, DIRECTORY_USER.c.person, wanted, DIRECTORY_USER.c.directory == directory)
    groups = _those(connection, DIRECTORY_GROUP.c.id, wanted, DIRECTORY_GROUP.c.source == directory)
    if unknown := wanted - people - groups:
        raise WrongInput(
            f"{sorted(unknown)[0]} is nobody whom this directory brought.",
            next_step="Send people and groups before the group that they are in.",
        )
    there = _those(connection, GROUP_MEMBER.c.member, wanted, GROUP_MEMBER.c.group == group)
    for member in sorted(wanted - there):
        kind = "person" if member in people else "group"
        connection.execute(insert(GROUP_MEMBER).values(group=group, member=member, kind=kind, since=stamp(context.now)))


def _those(connection: Connection, column: Any, wanted: set[str], where: Any) -> set[str]:
    """Which of the wanted ids there are. Asked in portions: a database takes only so many values in one question."""
    listed, found = sorted(wanted), set()
    for begin in range(0, len(listed), 500):
        some = listed[begin : begin + 500]
        found |= set(connection.execute(select(column).where(column.in_(some), where)).scalars())
    return found
