"""How far groups reach: the statements that every read about roles and teams stands on.

A person is in a group directly, or by a group inside it, however deep; groups that contain one another are no trouble,
because each is looked at once. Built once: building a statement takes longer than running it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Select, Table, bindparam, func, literal, select, union_all

from greenlane.identity import roles
from greenlane.identity.elevation.tables import ELEVATION
from greenlane.identity.groups.tables import GROUP_MEMBER, GROUP_RULE
from greenlane.identity.held import CREATION as BY_CREATION
from greenlane.identity.held import ELEVATION as BY_ELEVATION
from greenlane.identity.held import GRANT
from greenlane.identity.held import RULE as BY_A_RULE
from greenlane.identity.tables import CREATION, MEMBERSHIP, ROLE_GRANT, TEAM

_within = (
    select(GROUP_MEMBER.c.group)
    .where(GROUP_MEMBER.c.member == bindparam("person"), GROUP_MEMBER.c.kind == "person")
    .cte("within", recursive=True)
)
_around = _within.union(
    select(GROUP_MEMBER.c.group)
    .join(_within, GROUP_MEMBER.c.member == _within.c.group)
    .where(GROUP_MEMBER.c.kind == "group")
)
GROUPS_AROUND = select(_around.c.group)
"""Every group that one ``person`` is in."""

_ruled = select(GROUP_RULE.c.id.label("rule"), GROUP_RULE.c.group).cte("ruled", recursive=True)
_reached = _ruled.union(
    select(_ruled.c.rule, GROUP_MEMBER.c.member)
    .join(_ruled, GROUP_MEMBER.c.group == _ruled.c.group)
    .where(GROUP_MEMBER.c.kind == "group")
)
_by_rule = (
    select(
        GROUP_MEMBER.c.member.label("person"),
        GROUP_RULE.c.role,
        GROUP_RULE.c.scope,
        GROUP_RULE.c.team,
        GROUP_RULE.c.action,
        GROUP_RULE.c.since,
        GROUP_RULE.c.id.label("rule"),
        GROUP_RULE.c.group,
    )
    .join(_reached, _reached.c.group == GROUP_MEMBER.c.group)
    .join(GROUP_RULE, GROUP_RULE.c.id == _reached.c.rule)
    .where(GROUP_MEMBER.c.kind == "person")
    .distinct()
)
BY_RULE = _by_rule.subquery("by_rule")
"""What everybody has by rules: person, role (empty for membership alone), scope, team, action, since, rule, group."""

_NOTHING = literal("")


def _way(
    table: Table,
    by: str,
    *where: ColumnElement[bool],
    role: ColumnElement[str] | None = None,
    elevation: ColumnElement[str] = _NOTHING,
    until: ColumnElement[str] = _NOTHING,
) -> Select[Any]:
    """One way to a role that is no rule: everybody who has one by it."""
    of = table.c
    return select(
        of.person,
        (of.role if role is None else role).label("role"),
        of.scope,
        of.action,
        of.since,
        _NOTHING.label("rule"),
        _NOTHING.label("group"),
        literal(by).label("by"),
        elevation.label("elevation"),
        until.label("until"),
    ).where(*where)


_WAYS = (
    _way(ROLE_GRANT, GRANT),
    _way(ELEVATION, BY_ELEVATION, ELEVATION.c.ended.is_(None), elevation=ELEVATION.c.id, until=ELEVATION.c.until),
    _way(CREATION, BY_CREATION, CREATION.c.theirs, role=literal(roles.BUILDER)),
)

GIVEN = union_all(
    *_WAYS,
    select(
        BY_RULE.c.person,
        BY_RULE.c.role,
        BY_RULE.c.scope,
        BY_RULE.c.action,
        BY_RULE.c.since,
        BY_RULE.c.rule,
        BY_RULE.c.group,
        literal(BY_A_RULE),
        literal(""),
        literal(""),
    ).where(BY_RULE.c.role != ""),
).subquery("given")
"""The roles of everybody: given to them, for some hours, by what they created, and by rule. ``queries.rights`` says which count."""

HELD = union_all(
    *(
        one.where(one.selected_columns.person == bindparam("person")).with_only_columns(*list(one.selected_columns)[1:])
        for one in _WAYS
    ),
    select(
        GROUP_RULE.c.role,
        GROUP_RULE.c.scope,
        GROUP_RULE.c.action,
        GROUP_RULE.c.since,
        GROUP_RULE.c.id,
        GROUP_RULE.c.group,
        literal(BY_A_RULE),
        literal(""),
        literal(""),
    ).where(GROUP_RULE.c.group.in_(GROUPS_AROUND), GROUP_RULE.c.role != ""),
).order_by("since", "role", "rule")
"""The roles of one ``person``: given to them, for some hours, by what they created, and by rule."""

_belonging = union_all(
    select(MEMBERSHIP.c.person, MEMBERSHIP.c.team, MEMBERSHIP.c.since),
    select(BY_RULE.c.person, BY_RULE.c.team, BY_RULE.c.since).where(BY_RULE.c.team.is_not(None)),
).subquery("memberships")
BELONGING = (
    select(_belonging.c.person, _belonging.c.team, func.min(_belonging.c.since).label("since"))
    .group_by(_belonging.c.person, _belonging.c.team)
    .subquery("belonging")
)
"""Who is in which team, since when: made a member, or by a rule about the team."""

_some: BindParameter[Sequence[str]] = bindparam("people", expanding=True)
_inside = (
    select(GROUP_MEMBER.c.member.label("person"), GROUP_MEMBER.c.group)
    .where(GROUP_MEMBER.c.member.in_(_some), GROUP_MEMBER.c.kind == "person")
    .cte("inside", recursive=True)
)
_inside_of_some = _inside.union(
    select(_inside.c.person, GROUP_MEMBER.c.group)
    .join(_inside, GROUP_MEMBER.c.member == _inside.c.group)
    .where(GROUP_MEMBER.c.kind == "group")
)
_teams_of_some = union_all(
    select(MEMBERSHIP.c.person, MEMBERSHIP.c.team, MEMBERSHIP.c.since).where(MEMBERSHIP.c.person.in_(_some)),
    select(_inside_of_some.c.person, GROUP_RULE.c.team, GROUP_RULE.c.since)
    .join(GROUP_RULE, GROUP_RULE.c.group == _inside_of_some.c.group)
    .where(GROUP_RULE.c.team.is_not(None)),
).subquery("teams_of_some")
_since = func.min(_teams_of_some.c.since)
TEAMS_OF_SOME = (
    select(_teams_of_some.c.person, TEAM.c.name)
    .join(TEAM, TEAM.c.id == _teams_of_some.c.team)
    .group_by(_teams_of_some.c.person, TEAM.c.id, TEAM.c.name)
    .order_by(_since, TEAM.c.id)
)
"""The names of the teams of some ``people``, each with the person, the first ones first: ``BELONGING`` looks at everybody."""

_teams = union_all(
    select(MEMBERSHIP.c.team, MEMBERSHIP.c.since).where(MEMBERSHIP.c.person == bindparam("person")),
    select(GROUP_RULE.c.team, GROUP_RULE.c.since).where(
        GROUP_RULE.c.group.in_(GROUPS_AROUND), GROUP_RULE.c.team.is_not(None)
    ),
).subquery("teams_around")
TEAMS_AROUND = (
    select(_teams.c.team, func.min(_teams.c.since).label("since"))
    .group_by(_teams.c.team)
    .order_by(func.min(_teams.c.since), _teams.c.team)
)
"""The teams of one ``person``, the first one first."""
