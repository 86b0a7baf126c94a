"""Teams, and the roles that people hold in them, in the organisation, or for one app."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, NotFound, Refused
from greenlane.identity import queries
from greenlane.identity.actions import CreateTeam, GrantRole, JoinTeam, LeaveTeam, RemoveRole
from greenlane.identity.custom_roles.queries import rights_given
from greenlane.identity.duties import checking
from greenlane.identity.held import CREATION
from greenlane.identity.tables import MEMBERSHIP, ROLE_GRANT, TEAM
from greenlane.kit import ids
from greenlane.kit.clock import stamp

_BY_RULE = "They have this by a rule about a group of the directory."
_SEE_WHY = "Take them out of the group there, or end the rule: greenlane people why says which."
_HAND_OVER = "Hand the app to somebody else, or end what lets them build elsewhere."


def create_team(action: CreateTeam, context: Context) -> Outcome:
    """A team of nobody yet."""
    team = ids.new("t")
    return Outcome(
        lambda connection: insert_team(connection, team, action.name, context.now),
        happened={"team": team},
        made=(Edge("team", team),),
        answer={"team": team},
    )


def join_team(action: JoinTeam, context: Context, *, new: bool) -> Outcome:
    """A membership, without a role. ``new``: there was none before."""

    def rows(connection: Connection) -> None:
        join(connection, queries.person(connection, action.person).id, _team(connection, action.team), context.now)

    return Outcome(rows, happened={"person": action.person, "team": action.team, "new": new})


def leave_team(action: LeaveTeam, context: Context) -> Outcome:
    """The membership ends, and the roles that were held in this team with it."""

    def rows(connection: Connection) -> None:
        team = _team(connection, action.team)
        gone = connection.execute(
            delete(MEMBERSHIP).where(MEMBERSHIP.c.person == action.person, MEMBERSHIP.c.team == team)
        )
        if gone.rowcount != 1:
            if queries.is_member(connection, action.person, team):
                raise Refused(_BY_RULE, next_step=_SEE_WHY)
            raise NotFound("That person is not in this team.", next_step="`greenlane people` says who is where.")
        connection.execute(
            delete(ROLE_GRANT).where(ROLE_GRANT.c.person == action.person, ROLE_GRANT.c.scope == f"team:{team}")
        )

    return Outcome(rows, happened={"person": action.person, "team": action.team})


def grant_role(action: GrantRole, context: Context, *, new: bool) -> Outcome:
    """One more role. Granting it twice changes nothing; ``new`` says whether it did not."""

    def rows(connection: Connection) -> None:
        scope = queries.scope_of(connection, action.scope)
        grant(connection, queries.person(connection, action.person).id, action.role, scope, context)

    happened = {"person": action.person, "role": action.role, "scope": action.scope, "new": new}
    return Outcome(rows, happened=happened)


def remove_role(action: RemoveRole, context: Context) -> Outcome:
    """One role less."""

    def rows(connection: Connection) -> None:
        scope = queries.scope_of(connection, action.scope)
        gone = connection.execute(
            delete(ROLE_GRANT).where(
                ROLE_GRANT.c.person == action.person, ROLE_GRANT.c.role == action.role, ROLE_GRANT.c.scope == scope
            )
        )
        if gone.rowcount != 1:
            same = [
                one for one in queries.held(connection, action.person) if (one.role, one.scope) == (action.role, scope)
            ]
            if any(one.by == CREATION for one in same):
                raise Refused("They have this because they created the app.", next_step=_HAND_OVER)
            if any(one.rule for one in same):
                raise Refused(_BY_RULE, next_step=_SEE_WHY)
            if same:
                raise Refused(
                    "They have this role for some hours only.",
                    next_step=f"greenlane elevations end {same[0].elevation}",
                )
            raise NotFound("That person does not have this role there.", next_step="`greenlane people` lists roles.")
        keep_an_owner(connection)

    return Outcome(rows, happened={"person": action.person, "role": action.role, "scope": action.scope})


def insert_team(connection: Connection, team: str, name: str, now: datetime) -> None:
    """A team, if the name is free. Raises ``Conflict``."""
    if connection.execute(select(TEAM.c.id).where(TEAM.c.name == name)).one_or_none() is not None:
        raise Conflict(f"There is a team called {name} already.", next_step="Choose another name.")
    connection.execute(insert(TEAM).values(id=team, name=name, source="local", created=stamp(now)))


def _team(connection: Connection, words: str) -> str:
    return queries.team(connection, words).id


def join(connection: Connection, person: str, team: str, now: datetime) -> None:
    """Make a person a member, where they are not one yet."""
    there = select(MEMBERSHIP.c.person).where(MEMBERSHIP.c.person == person, MEMBERSHIP.c.team == team)
    if connection.execute(there).one_or_none() is None:
        connection.execute(insert(MEMBERSHIP).values(person=person, team=team, since=stamp(now)))


def grant(connection: Connection, person: str, role: str, scope: str, context: Context) -> None:
    """Give a role, where it is not held yet. Raises ``WrongInput`` for one that there is not any more there, ``Refused``
    beside one that it is kept apart from.
    """
    rights_given(connection, role)
    if against := checking.by_giving(connection, person, role, scope, _no_app, context.now):
        raise Refused(f"Two roles are kept apart here: {against}.", next_step="Take the other role back first.")
    if not queries.was_given(connection, person, role, scope):
        connection.execute(
            insert(ROLE_GRANT).values(
                person=person, role=role, scope=scope, action=context.action_id, since=stamp(context.now)
            )
        )


def _no_app(connection: Connection, app: str) -> None:
    """Apps are unknown here; the facts looked at what lies in a team."""


def keep_an_owner(connection: Connection) -> None:
    """The facts said so before; here it holds also when two owners remove one another at the same moment."""
    if not queries.active_owners(connection):
        raise Refused(
            "The organisation would be left without an owner.", next_step="Make somebody else an owner first."
        )
