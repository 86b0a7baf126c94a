"""People as a directory brings, describes and lets go of them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.identity.effects import sessions, teams
from greenlane.identity.groups.tables import GROUP_MEMBER
from greenlane.identity.newcomers import insert_person
from greenlane.identity.provisioning import describing, queries
from greenlane.identity.provisioning.actions import ChangeProvisionedPerson, ProvisionPerson, ReleasePerson
from greenlane.identity.provisioning.errors import ChangedMeanwhile, Taken
from greenlane.identity.provisioning.tables import DIRECTORY, DIRECTORY_USER
from greenlane.identity.tables import PERSON
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database


@dataclass(frozen=True, slots=True)
class Provisioning:
    """Adds people, and takes back those whom the same directory let go of."""

    database: Database

    def run(self, action: ProvisionPerson, context: Context) -> Outcome:
        """A person who is active at once, or waits switched off; they sign in with the company's own sign-in."""
        described = json.loads(action.described)
        with self.database.read() as connection:
            name = _name_of(connection, action.directory)
            joined = _joined(connection, action.directory, described)
            back = joined or _released(connection, name, str(described.get("externalId") or ""))
        person = back or ids.new("p")

        def rows(connection: Connection) -> None:
            if _joined(connection, action.directory, described) != joined:
                raise ChangedMeanwhile("Somebody was joined a moment ago.", next_step="Send this person again.")
            _free_user_name(connection, action.directory, str(described["userName"]), but_for=person)
            if back is None:
                _insert_person(connection, person, name, described, context)
            else:
                _describe(connection, person, name, described)
            _keep(connection, person, action, described, context)
            _switch(connection, person, context, active=action.active)

        return Outcome(
            rows,
            happened={"person": person, "back": back is not None},
            made=() if joined else (Edge("person", person),),
            answer={"person": person},
        )


def change(action: ChangeProvisionedPerson, context: Context) -> Outcome:
    """Another description. Whether they may come in is changed by suspend-person and restore-person beside it."""
    described = json.loads(action.described)

    def rows(connection: Connection) -> None:
        row = current(connection, action.person, action.version)
        _free_user_name(connection, row.directory, str(described["userName"]), but_for=action.person)
        _describe(connection, action.person, _name_of(connection, row.directory), described)
        _write(connection, action.person, described, row.version, active=action.active, context=context)

    return Outcome(rows, happened={"person": action.person})


def release(action: ReleasePerson, context: Context) -> Outcome:
    """Shut out, out of the directory's groups, and free to be taken back."""

    def rows(connection: Connection) -> None:
        row = current(connection, action.person, action.version)
        _switch(connection, action.person, context, active=False)
        gone = update(DIRECTORY_USER).where(DIRECTORY_USER.c.person == action.person)
        connection.execute(
            gone.values(
                released=stamp(context.now), version=row.version + 1, user_name=f"{row.user_name}#{action.person}"
            )
        )
        connection.execute(delete(GROUP_MEMBER).where(GROUP_MEMBER.c.member == action.person))
        teams.keep_an_owner(connection)

    return Outcome(rows, happened={"person": action.person})


def current(connection: Connection, person: str, version: int) -> Any:
    """What their directory says now. Raises ``NotFound``, ``ChangedMeanwhile``."""
    row = connection.execute(
        select(DIRECTORY_USER).where(DIRECTORY_USER.c.person == person, DIRECTORY_USER.c.released.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound("No directory brought this person.", next_step="`greenlane people` lists everybody.")
    if version and row.version != version:
        raise ChangedMeanwhile("Somebody changed this meanwhile.", next_step="Read it again, then send the change.")
    return row


def _name_of(connection: Connection, directory: str) -> str:
    return str(connection.execute(select(DIRECTORY.c.name).where(DIRECTORY.c.id == directory)).scalar_one())


def _joined(connection: Connection, directory: str, described: dict[str, Any]) -> str | None:
    """The person of here whom an administrator joined with this one. Raises ``Taken`` where that says two."""
    user_name, external_id = str(described["userName"]), str(described.get("externalId") or "")
    people = queries.meant(connection, directory, user_name, external_id)
    if len(people) > 1:
        raise Taken(
            "Two people here are joined with this one, by userName and by externalId.",
            next_step="Take one of them out of the directory: greenlane directory leave. Then send this person again.",
        )
    person = next(iter(people), None)
    return None if person is None or queries.directory_of(connection, person) is not None else person


def _released(connection: Connection, source: str, external_id: str) -> str | None:
    """The person whom a directory of this name let go of, and whom it calls by the same immutable id."""
    if not external_id:
        return None
    found = (
        select(PERSON.c.id)
        .join(DIRECTORY_USER, DIRECTORY_USER.c.person == PERSON.c.id)
        .where(
            PERSON.c.source == source,
            PERSON.c.external_id == external_id,
            PERSON.c.state != "erased",
            DIRECTORY_USER.c.released.is_not(None),
        )
    )
    return connection.execute(found).scalar_one_or_none()


def _insert_person(
    connection: Connection, person: str, source: str, described: dict[str, Any], context: Context
) -> None:
    email = describing.email_of(described)
    try:
        insert_person(connection, person, describing.name_of(described), email, "active", context.now)
    except Conflict as error:
        raise Taken(
            "Somebody here has this mail address, and did not come from this directory.",
            next_step=(
                "If it is the same person, join them: greenlane directory join. Else change that mail address: "
                "greenlane people rename. Then send this person again."
            ),
        ) from error
    _known_by(connection, person, source, described)


def _known_by(connection: Connection, person: str, source: str, described: dict[str, Any]) -> None:
    """Whom the directory means is said by its own immutable id, never by a mail address."""
    external_id = described.get("externalId") or None
    taken = select(PERSON.c.id).where(
        PERSON.c.source == source, PERSON.c.external_id == external_id, PERSON.c.id != person
    )
    if external_id and connection.execute(taken).first() is not None:
        raise Taken("Somebody else of this directory has this externalId.", next_step="Send each person once.")
    connection.execute(update(PERSON).where(PERSON.c.id == person).values(source=source, external_id=external_id))


def _describe(connection: Connection, person: str, source: str, described: dict[str, Any]) -> None:
    """Name and mail address as they are called now."""
    email = describing.email_of(described)
    taken = select(PERSON.c.id).where(PERSON.c.email == email, PERSON.c.id != person)
    if email and connection.execute(taken).first() is not None:
        raise Taken("Somebody else here has this mail address.", next_step="Take it away from them first.")
    values = {"name": describing.name_of(described), "email": email or None}
    connection.execute(update(PERSON).where(PERSON.c.id == person).values(values))
    _known_by(connection, person, source, described)


def _free_user_name(connection: Connection, directory: str, user_name: str, *, but_for: str) -> None:
    taken = select(DIRECTORY_USER.c.person).where(
        DIRECTORY_USER.c.directory == directory,
        DIRECTORY_USER.c.user_name == user_name.lower(),
        DIRECTORY_USER.c.person != but_for,
    )
    if connection.execute(taken).first() is not None:
        raise Taken("Somebody else of this directory has this userName.", next_step="Send each person once.")


def _keep(
    connection: Connection,
    person: str,
    action: ProvisionPerson,
    described: dict[str, Any],
    context: Context,
) -> None:
    now = stamp(context.now)
    values = {
        "directory": action.directory,
        "user_name": str(described["userName"]).lower(),
        "external_id": described.get("externalId") or None,
        "resource": described,
        "active": action.active,
        "changed": now,
        "released": None,
    }
    kept = update(DIRECTORY_USER).where(DIRECTORY_USER.c.person == person)
    if connection.execute(kept.values(version=DIRECTORY_USER.c.version + 1, created=now, **values)).rowcount:
        return
    try:
        connection.execute(insert(DIRECTORY_USER).values(person=person, version=1, created=now, **values))
    except IntegrityError as error:
        raise Taken("Somebody else of this directory has this userName.", next_step="Send each person once.") from error


def _write(
    connection: Connection, person: str, described: dict[str, Any], version: int, *, active: bool, context: Context
) -> None:
    connection.execute(
        update(DIRECTORY_USER)
        .where(DIRECTORY_USER.c.person == person)
        .values(
            user_name=str(described["userName"]).lower(),
            external_id=described.get("externalId") or None,
            resource=described,
            active=active,
            version=version + 1,
            changed=stamp(context.now),
        )
    )


def _switch(connection: Connection, person: str, context: Context, *, active: bool) -> None:
    """Shut out whom the directory switched off; let in again whom it had shut out, and nobody else. Who was invited here
    and has not come yet is here by its word.
    """
    row = connection.execute(select(DIRECTORY_USER).where(DIRECTORY_USER.c.person == person)).one()
    state = connection.execute(select(PERSON.c.state).where(PERSON.c.id == person)).scalar_one()
    if not active and state in {"invited", "active"}:
        sessions.end_credentials(connection, person, context.now)
        _let(connection, person, "suspended", context.action_id)
    elif active and (state == "invited" or (row.switched_off is not None and state == "suspended")):
        _let(connection, person, "active", None)


def _let(connection: Connection, person: str, state: str, switched_off: str | None) -> None:
    connection.execute(update(PERSON).where(PERSON.c.id == person).values(state=state))
    kept = update(DIRECTORY_USER).where(DIRECTORY_USER.c.person == person)
    connection.execute(kept.values(switched_off=switched_off, active=state == "active"))
