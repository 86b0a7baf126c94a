"""People: founding, adding, renaming, shutting out and letting in again, and erasing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from greenlane.govern import tables as govern_tables
from greenlane.govern.effect import Context, Edge, Outcome, Rows
from greenlane.govern.errors import Conflict, Refused
from greenlane.identity import queries, roles, tokens
from greenlane.identity.actions import (
    AddPerson,
    ErasePerson,
    FoundOrganisation,
    RenamePerson,
    RestorePerson,
    SuspendPerson,
)
from greenlane.identity.delegation.tables import DELEGATION
from greenlane.identity.effects import sessions, teams
from greenlane.identity.elevation.tables import ELEVATION
from greenlane.identity.groups.tables import GROUP_MEMBER
from greenlane.identity.login.tables import LOGIN
from greenlane.identity.newcomers import free_address, insert_person
from greenlane.identity.provisioning import switching
from greenlane.identity.provisioning.tables import DIRECTORY_JOIN, DIRECTORY_USER
from greenlane.identity.reviews.tables import REVIEWED_RIGHT
from greenlane.identity.sso.tables import IDENTITY, PROVIDER_SESSION
from greenlane.identity.tables import MEMBERSHIP, PASSKEY, PASSWORD, PERSON, RECOVERY_CODE, ROLE_GRANT, SESSION, TOKEN
from greenlane.kit import ids
from greenlane.kit.clock import stamp


def found_organisation(action: FoundOrganisation, context: Context) -> Outcome:
    """The first owner, their team, a token without expiry for automation, and a link to sign in."""
    person, team, token = ids.new("p"), ids.new("t"), ids.new("tok")
    secret, link = tokens.mint(tokens.Kind.API), tokens.mint(tokens.Kind.LINK)

    def rows(connection: Connection) -> None:
        if queries.anybody(connection):
            raise Conflict("This organisation was founded already.", next_step="Sign in, or ask its owner in.")
        insert_person(connection, person, action.name, action.email, "active", context.now)
        teams.insert_team(connection, team, action.team, context.now)
        teams.join(connection, person, team, context.now)
        teams.grant(connection, person, roles.OWNER, queries.ORGANISATION, context)
        connection.execute(
            insert(TOKEN).values(
                id=token,
                secret=secret.sha256,
                shown=secret.shown,
                name="first owner",
                person=person,
                agent="",
                scopes=list(roles.EVERY_SCOPE),
                created=stamp(context.now),
            )
        )
        sessions.insert_link(connection, link, person, context, sessions.FIRST_LINK_LASTS)

    return Outcome(
        rows,
        happened={"person": person, "team": team, "token": token},
        made=(Edge("person", person), Edge("team", team), Edge("token", token)),
        answer={
            "person": person,
            "team": team,
            "token": secret.secret,
            **sessions.shown(link, context, sessions.FIRST_LINK_LASTS),
        },
    )


def add_person(action: AddPerson, context: Context) -> Outcome:
    """A person who is invited until they use the link that the answer holds."""
    person, link = ids.new("p"), tokens.mint(tokens.Kind.LINK)

    def rows(connection: Connection) -> None:
        team = queries.team(connection, action.team).id
        insert_person(connection, person, action.name, action.email, "invited", context.now)
        teams.join(connection, person, team, context.now)
        teams.grant(connection, person, action.role, f"team:{team}", context)
        sessions.insert_link(connection, link, person, context, sessions.FIRST_LINK_LASTS)

    return Outcome(
        rows,
        happened={"person": person},
        made=(Edge("person", person),),
        answer={"person": person, **sessions.shown(link, context, sessions.FIRST_LINK_LASTS)},
    )


def rename_person(action: RenamePerson, context: Context) -> Outcome:
    """Another name or address for the same id."""
    given = {"name": action.name.strip()} if action.name else {}
    if action.email:
        given["email"] = action.email.lower()

    def rows(connection: Connection) -> None:
        free_address(connection, action.email, but_for=action.person)
        if given:
            _change_person(connection, action.person, given, ("invited", "active", "suspended"))

    return Outcome(rows, happened={"person": action.person, "changed": sorted(given)})


def suspend_person(action: SuspendPerson, context: Context) -> Outcome:
    """Shut out at once: the state and every credential change in one transaction."""

    def rows(connection: Connection) -> None:
        _change_person(connection, action.person, {"state": "suspended"}, ("invited", "active"))
        teams.keep_an_owner(connection)
        sessions.end_credentials(connection, action.person, context.now)
        switching.off(connection, action.person, context)

    return Outcome(rows, happened={"person": action.person})


def restore_person(action: RestorePerson, context: Context) -> Outcome:
    """Back again, with the same teams and roles. What ended stays ended."""

    def rows(connection: Connection) -> None:
        _change_person(connection, action.person, {"state": "active"}, ("suspended",))
        switching.on(connection, action.person, context)

    return Outcome(rows, happened={"person": action.person})


def erase_person(
    action: ErasePerson, context: Context, forget: list[Rows], owns: Callable[[Connection], list[str]]
) -> Outcome:
    """Name, address, memberships and roles go, and the stored words of the actions that named them; the id stays.

    ``owns`` names the apps that they own at that moment: no app is left with an owner who is nobody.
    """

    def rows(connection: Connection) -> None:
        if left := owns(connection):
            raise Refused(
                f"They own {', '.join(left[:3])}{' and more' if len(left) > 3 else ''}.",
                next_step="Hand these apps over first: greenlane apps transfer.",
            )
        nobody = {"name": "", "email": None, "external_id": None, "state": "erased"}
        _change_person(connection, action.person, nobody, ("invited", "active", "suspended"))
        teams.keep_an_owner(connection)
        sessions.end_credentials(connection, action.person, context.now)
        theirs = select(IDENTITY.c.id).where(IDENTITY.c.person == action.person)
        connection.execute(delete(PROVIDER_SESSION).where(PROVIDER_SESSION.c.identity.in_(theirs)))
        for table in (
            MEMBERSHIP,
            ROLE_GRANT,
            PASSWORD,
            PASSKEY,
            RECOVERY_CODE,
            IDENTITY,
            LOGIN,
            DIRECTORY_USER,
            DIRECTORY_JOIN,
        ):
            connection.execute(delete(table).where(table.c.person == action.person))
        connection.execute(delete(GROUP_MEMBER).where(GROUP_MEMBER.c.member == action.person))
        connection.execute(update(TOKEN).where(TOKEN.c.person == action.person).values(name=""))
        connection.execute(update(DELEGATION).where(DELEGATION.c.person == action.person).values(purpose=""))
        reviewed = REVIEWED_RIGHT.c.person == action.person
        connection.execute(update(REVIEWED_RIGHT).where(reviewed).values(because=""))
        connection.execute(update(ELEVATION).where(ELEVATION.c.person == action.person).values(because=""))
        connection.execute(
            update(SESSION).where(SESSION.c.person == action.person).values(device=None, address=None, browser=None)
        )
        for each in forget:
            each(connection)

    return Outcome(rows, happened={"person": action.person, "payloads": len(forget)})


def _change_person(connection: Connection, person: str, values: dict[str, Any], states: tuple[str, ...]) -> None:
    changed = connection.execute(update(PERSON).where(PERSON.c.id == person, PERSON.c.state.in_(states)).values(values))
    if changed.rowcount != 1:
        state = queries.person(connection, person).state
        raise Conflict(f"That person is {state}.", next_step="`greenlane people` shows everybody's state.")


def payloads_naming(connection: Connection, person: str) -> list[str]:
    """The stored words of the actions in which a name or address of this person was typed."""
    action = govern_tables.action
    naming = (
        "found-organisation",
        "add-person",
        "accept-invitation",
        "rename-person",
        "add-passkey",
        "ask-elevation",
        "delegate",
        "provision-person",
        "change-provisioned-person",
    )
    rows = connection.execute(
        select(action.c.payload, action.c.answer).where(
            action.c.verb.in_(naming), action.c.payload.is_not(None), action.c.answer.is_not(None)
        )
    )
    return [row.payload for row in rows if row.answer["happened"].get("person") == person]
