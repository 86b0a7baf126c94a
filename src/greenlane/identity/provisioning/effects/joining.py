"""People who were here before their directory: joined with it by name, and taken out of it again."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict, NotFound, Refused
from greenlane.identity import queries as identity
from greenlane.identity.effects import teams
from greenlane.identity.groups.tables import DIRECTORY_GROUP, GROUP_MEMBER
from greenlane.identity.provisioning import queries
from greenlane.identity.provisioning.actions import JoinDirectory, LeaveDirectory
from greenlane.identity.provisioning.queries import Directory
from greenlane.identity.provisioning.tables import DIRECTORY_JOIN, DIRECTORY_USER
from greenlane.identity.tables import PERSON
from greenlane.kit.clock import stamp

_LOCAL = "local"
"""Where people come from whom no directory brought."""


def join(action: JoinDirectory, context: Context) -> Outcome:
    """Kept until the directory adds that person. Nothing about them changes before."""

    def rows(connection: Connection) -> None:
        directory = queries.directory(connection, action.directory)
        check_joinable(connection, action.person)
        if queries.known(connection, directory.id, action.known_as):
            raise Conflict(
                f"{directory.name} brought somebody by this name already.",
                next_step="Let the directory delete that person, or give the name that it has for this one.",
            )
        keep(connection, context, directory, action.known_as, action.person)

    return Outcome(rows, happened={"person": action.person})


def keep(
    connection: Connection,
    context: Context,
    directory: Directory,
    known_as: str,
    person: str,
    proven_by: str | None = None,
) -> None:
    """Rows of a join that was looked at. Raises ``Conflict`` where somebody else is joined so."""
    user_name = known_as.lower()
    taken = (DIRECTORY_JOIN.c.directory == directory.id) & (DIRECTORY_JOIN.c.user_name == user_name)
    if connection.execute(select(DIRECTORY_JOIN.c.person).where(taken)).first() is not None:
        raise Conflict(
            f"Somebody else is joined with {directory.name} by this name.",
            next_step="Take them out of it first: greenlane directory leave.",
        )
    connection.execute(
        insert(DIRECTORY_JOIN).values(
            person=person,
            directory=directory.id,
            known_as=known_as,
            user_name=user_name,
            made_by=context.actor.person,
            action=context.action_id,
            since=stamp(context.now),
            proven_by=proven_by,
        )
    )


def leave(action: LeaveDirectory, context: Context) -> Outcome:
    """A person of here again, as they are: shut out stays shut out, and roles that were given here stay."""

    def rows(connection: Connection) -> None:
        joined = DIRECTORY_JOIN.c.person == action.person
        directory = connection.execute(select(DIRECTORY_JOIN.c.directory).where(joined)).scalar_one_or_none()
        if directory is None:
            raise NotFound(
                "Nobody joined this person with a directory.",
                next_step="Whom a directory brought, the directory itself lets go of.",
            )
        connection.execute(delete(DIRECTORY_JOIN).where(joined))
        taken = (DIRECTORY_USER.c.person == action.person) & (DIRECTORY_USER.c.directory == directory)
        if connection.execute(delete(DIRECTORY_USER).where(taken)).rowcount:
            its = select(DIRECTORY_GROUP.c.id).where(DIRECTORY_GROUP.c.source == directory)
            connection.execute(
                delete(GROUP_MEMBER).where(GROUP_MEMBER.c.member == action.person, GROUP_MEMBER.c.group.in_(its))
            )
            here = update(PERSON).where(PERSON.c.id == action.person)
            connection.execute(here.values(source=_LOCAL, external_id=None))
            teams.keep_an_owner(connection)

    return Outcome(rows, happened={"person": action.person})


def check_joinable(connection: Connection, person: str) -> None:
    """Raises ``Refused`` for whom a directory has already, and for who was erased."""
    if identity.person(connection, person).state == "erased":
        raise Refused("This person was erased.", next_step="The directory adds somebody new.")
    if queries.directory_of(connection, person) is not None or queries.joined_with(connection, person) is not None:
        raise Refused(
            "This person belongs to a directory already.",
            next_step="Take them out of it first: greenlane directory leave.",
        )
