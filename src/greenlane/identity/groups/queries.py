"""Reads about groups: which there are, who is in them, and the rules about them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, Subquery, func, or_, select

from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER, GROUP_RULE
from greenlane.identity.provisioning.tables import DIRECTORY
from greenlane.identity.tables import PERSON


@dataclass(frozen=True, slots=True)
class Group:
    """A group. ``source`` is the id of what names it, ``where`` the directory's name, or empty for a sign-in."""

    id: str
    name: str
    source: str
    where: str
    members: int
    rules: int


@dataclass(frozen=True, slots=True)
class Rule:
    """What a group gives: a role, or no role and the membership of a team."""

    id: str
    group: str
    group_name: str
    role: str
    scope: str
    action: str
    made_by: str
    since: str


def groups(connection: Connection) -> list[Group]:
    """Every group, by name."""
    return _groups(connection)


def group(connection: Connection, words: str) -> Group:
    """A group by id or name. Raises ``NotFound``, or ``WrongInput`` for a name that two have."""
    found = _groups(connection, or_(DIRECTORY_GROUP.c.id == words, DIRECTORY_GROUP.c.name == words))
    if not found:
        raise NotFound(f"There is no group called {words!r}.", next_step="`greenlane groups` lists them.")
    if len(found) > 1:
        raise WrongInput(f"{words!r} is the name of several groups.", next_step="Give the id.", field="group")
    return found[0]


def _groups(connection: Connection, *where: ColumnElement[bool]) -> list[Group]:
    members = select(func.count()).where(GROUP_MEMBER.c.group == DIRECTORY_GROUP.c.id).scalar_subquery()
    rules = select(func.count()).where(GROUP_RULE.c.group == DIRECTORY_GROUP.c.id).scalar_subquery()
    rows = connection.execute(
        select(DIRECTORY_GROUP, DIRECTORY.c.name.label("where"), members.label("members"), rules.label("rules"))
        .outerjoin(DIRECTORY, DIRECTORY.c.id == DIRECTORY_GROUP.c.source)
        .where(*where)
        .order_by(func.lower(DIRECTORY_GROUP.c.name), DIRECTORY_GROUP.c.id)
    )
    return [Group(row.id, row.name, row.source, row.where or "", row.members, row.rules) for row in rows]


def rules(connection: Connection, group: str = "") -> list[Rule]:
    """Every rule, or those of one group (its id), the oldest first."""
    return _rules(connection, *([GROUP_RULE.c.group == group] if group else []))


def rule(connection: Connection, rule: str) -> Rule:
    """A rule by id. Raises ``NotFound``."""
    found = _rules(connection, GROUP_RULE.c.id == rule)
    if not found:
        raise NotFound(f"There is no rule {rule}.", next_step="`greenlane groups rules` lists them.")
    return found[0]


def _rules(connection: Connection, *where: ColumnElement[bool]) -> list[Rule]:
    rows = connection.execute(
        select(GROUP_RULE, DIRECTORY_GROUP.c.name)
        .join(DIRECTORY_GROUP, DIRECTORY_GROUP.c.id == GROUP_RULE.c.group)
        .where(*where)
        .order_by(GROUP_RULE.c.since, GROUP_RULE.c.id)
    )
    return [_rule(row) for row in rows]


def _rule(row: Row[tuple[str, ...]]) -> Rule:
    return Rule(row.id, row.group, row.name, row.role, row.scope, row.action, row.made_by, row.since)


def people_in(connection: Connection, group: str) -> frozenset[str]:
    """Ids of everybody in a group (its id), by groups inside it too."""
    inside = _inside([group])
    return frozenset(connection.execute(select(inside.c.person)).scalars())


def active_in(connection: Connection, groups: Iterable[str]) -> frozenset[str]:
    """Ids of the active people in any of these groups (their ids), by groups inside them too."""
    inside = _inside(list(groups))
    found = select(inside.c.person).join(PERSON, PERSON.c.id == inside.c.person).where(PERSON.c.state == "active")
    return frozenset(connection.execute(found).scalars())


def circles(connection: Connection, groups: Iterable[str]) -> dict[str, list[str]]:
    """Who is in which of these groups, by groups inside them too: ids of groups by person."""
    inside = _inside(list(groups))
    found: dict[str, list[str]] = {}
    for row in connection.execute(select(inside.c.person, inside.c.group).order_by(inside.c.group)):
        found.setdefault(row.person, []).append(row.group)
    return found


def _inside(groups: Sequence[str]) -> Subquery:
    """Everybody in each of these groups: group and person. Groups that contain one another are looked at once."""
    member = GROUP_MEMBER.c
    found = (
        select(member.group, member.member, member.kind).where(member.group.in_(groups)).cte("inside", recursive=True)
    )
    deeper = select(found.c.group, member.member, member.kind).join(found, member.group == found.c.member)
    everything = found.union(deeper)
    return (
        select(everything.c.group, everything.c.member.label("person"))
        .where(everything.c.kind == "person")
        .subquery("inside_of")
    )


def names(connection: Connection, groups: Iterable[str]) -> dict[str, str]:
    """The names of groups by id."""
    rows = connection.execute(
        select(DIRECTORY_GROUP.c.id, DIRECTORY_GROUP.c.name).where(DIRECTORY_GROUP.c.id.in_(list(groups)))
    )
    return {row.id: row.name for row in rows}


def ways_in(connection: Connection, person: str) -> dict[str, tuple[str, ...]]:
    """Every group that a person is in, each with the shortest way there: ids from the group they are in directly."""
    direct = select(GROUP_MEMBER.c.group).where(GROUP_MEMBER.c.member == person, GROUP_MEMBER.c.kind == "person")
    found: dict[str, tuple[str, ...]] = {one: (one,) for one in sorted(connection.execute(direct).scalars())}
    newest = list(found)
    while newest:
        rows = connection.execute(
            select(GROUP_MEMBER.c.member, GROUP_MEMBER.c.group)
            .where(GROUP_MEMBER.c.member.in_(newest), GROUP_MEMBER.c.kind == "group")
            .order_by(GROUP_MEMBER.c.member, GROUP_MEMBER.c.group)
        )
        newest = []
        for row in rows:
            if row.group not in found:
                found[row.group] = (*found[row.member], row.group)
                newest.append(row.group)
    return found
