"""How the verbs about people are carried out. Each returns its rows; names and secrets never reach a receipt."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, update

from greenlane.govern import tables as govern_tables
from greenlane.govern.effect import Context, Edge, Handling, Outcome, Rows
from greenlane.govern.errors import Conflict, NotFound, Refused, SignInNeeded, WrongInput
from greenlane.identity import queries, roles, tokens
from greenlane.identity.actions import (
    AcceptInvitation,
    AddPerson,
    CreateSignInLink,
    CreateTeam,
    CreateToken,
    ErasePerson,
    FoundOrganisation,
    GrantRole,
    Invite,
    JoinTeam,
    LeaveTeam,
    RemoveRole,
    RenamePerson,
    RestorePerson,
    RevokeToken,
    SignIn,
    SignOut,
    SuspendPerson,
)
from greenlane.identity.tables import (
    INVITATION,
    MEMBERSHIP,
    PERSON,
    ROLE_GRANT,
    SESSION,
    SIGN_IN_LINK,
    TEAM,
    TOKEN,
)
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database
from greenlane.ledger.payload import Payloads

SESSION_LASTS = timedelta(days=7)
"""How long a browser stays signed in."""

LINK_LASTS = timedelta(hours=1)
"""How long a sign-in link works that somebody asks for and uses at once."""

FIRST_LINK_LASTS = timedelta(days=7)
"""How long the link works with which a new person signs in for the first time."""


def handlings(database: Database, payloads: Payloads) -> dict[str, Handling]:
    """The effects by verb. ``payloads`` is where the words of old actions are erased with their person."""

    def accept(action: AcceptInvitation, context: Context) -> Outcome:
        with database.read() as connection:
            invited = queries.invitation(connection, action.secret, context.now)
        if invited is None:
            raise _over("invitation")
        return accept_invitation(action, context, invited)

    def erase(action: ErasePerson, context: Context) -> Outcome:
        with database.read() as connection:
            words = _payloads_naming(connection, action.person)
        return erase_person(action, context, [payloads.forget(digest) for digest in words])

    def join(action: JoinTeam, context: Context) -> Outcome:
        with database.read() as connection:
            already = queries.is_member(connection, action.person, _team(connection, action.team))
        return join_team(action, context, new=not already)

    def grant(action: GrantRole, context: Context) -> Outcome:
        with database.read() as connection:
            scope = queries.scope_of(connection, action.scope)
            has = any((one.role, one.scope) == (action.role, scope) for one in queries.held(connection, action.person))
        return grant_role(action, context, new=not has)

    return {
        "found-organisation": Handling(found_organisation),
        "invite": Handling(invite),
        "accept-invitation": Handling(accept),
        "add-person": Handling(add_person),
        "rename-person": Handling(rename_person),
        "suspend-person": Handling(suspend_person),
        "restore-person": Handling(restore_person),
        "erase-person": Handling(erase),
        "create-team": Handling(create_team),
        "join-team": Handling(join),
        "leave-team": Handling(leave_team),
        "grant-role": Handling(grant),
        "remove-role": Handling(remove_role),
        "create-token": Handling(create_token),
        "revoke-token": Handling(revoke_token),
        "create-sign-in-link": Handling(create_sign_in_link),
        "sign-in": Handling(sign_in),
        "sign-out": Handling(sign_out),
    }


# people


def found_organisation(action: FoundOrganisation, context: Context) -> Outcome:
    """The first owner, their team, a token without expiry for automation, and a link to sign in."""
    person, team, token = ids.new("p"), ids.new("t"), ids.new("tok")
    secret, link = tokens.mint(tokens.Kind.API), tokens.mint(tokens.Kind.LINK)

    def rows(connection: Connection) -> None:
        if queries.anybody(connection):
            raise Conflict("This organisation was founded already.", next_step="Sign in, or ask its owner in.")
        _insert_person(connection, person, action.name, action.email, "active", context.now)
        _insert_team(connection, team, action.team, context.now)
        _join(connection, person, team, context.now)
        _grant(connection, person, roles.OWNER, queries.ORGANISATION, context)
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
        _insert_link(connection, link, person, context, FIRST_LINK_LASTS)

    return Outcome(
        rows,
        happened={"person": person, "team": team, "token": token},
        made=(Edge("person", person), Edge("team", team), Edge("token", token)),
        answer={"person": person, "team": team, "token": secret.secret, **_shown(link, context, FIRST_LINK_LASTS)},
    )


def invite(action: Invite, context: Context) -> Outcome:
    """A link for one person, shown once."""
    invitation, secret = ids.new("inv"), tokens.mint(tokens.Kind.INVITATION)
    expires = stamp(context.now + timedelta(days=action.days))

    def rows(connection: Connection) -> None:
        connection.execute(
            insert(INVITATION).values(
                id=invitation,
                secret=secret.sha256,
                team=queries.team(connection, action.team).id,
                role=action.role,
                made_by=context.actor.person or context.actor.id,
                created=stamp(context.now),
                expires=expires,
            )
        )

    return Outcome(
        rows,
        happened={"invitation": invitation, "expires": expires},
        made=(Edge("invitation", invitation),),
        answer={"invitation": invitation, "link": f"/invitation/{secret.secret}", "expires": expires},
    )


def accept_invitation(action: AcceptInvitation, context: Context, invited: queries.Invitation) -> Outcome:
    """Somebody new joins and is signed in; somebody who is here already joins one more team."""
    person, new = context.actor.id, context.actor.credential == invited.id
    session = tokens.mint(tokens.Kind.SESSION)

    def rows(connection: Connection) -> None:
        if new:
            if not action.name:
                raise WrongInput("An invitation is accepted under a name.", next_step="Say your name.")
            _insert_person(connection, person, action.name, action.email, "active", context.now)
        team = queries.team(connection, invited.team).id
        _use_up_invitation(connection, invited.id, person, context.now)
        _join(connection, person, team, context.now)
        _grant(connection, person, invited.role, f"team:{team}", context)
        if new:
            _insert_session(connection, session, person, invited.id, roles.EVERY_SCOPE, None, context.now)

    answer = {"person": person, "team": invited.team, "role": invited.role}
    return Outcome(
        rows,
        happened={"person": person, "invitation": invited.id, "team": invited.team, "role": invited.role},
        used=(Edge("invitation", invited.id),),
        made=(Edge("person", person),) if new else (),
        answer={**answer, "session": session.secret, "expires": stamp(context.now + SESSION_LASTS)} if new else answer,
    )


def add_person(action: AddPerson, context: Context) -> Outcome:
    """A person who is invited until they use the link that the answer holds."""
    person, link = ids.new("p"), tokens.mint(tokens.Kind.LINK)

    def rows(connection: Connection) -> None:
        team = queries.team(connection, action.team).id
        _insert_person(connection, person, action.name, action.email, "invited", context.now)
        _join(connection, person, team, context.now)
        _grant(connection, person, action.role, f"team:{team}", context)
        _insert_link(connection, link, person, context, FIRST_LINK_LASTS)

    return Outcome(
        rows,
        happened={"person": person},
        made=(Edge("person", person),),
        answer={"person": person, **_shown(link, context, FIRST_LINK_LASTS)},
    )


def rename_person(action: RenamePerson, context: Context) -> Outcome:
    """Another name or address for the same id."""
    given = {"name": action.name.strip()} if action.name else {}
    if action.email:
        given["email"] = action.email.lower()

    def rows(connection: Connection) -> None:
        _free_address(connection, action.email, but_for=action.person)
        if given:
            _change_person(connection, action.person, given, ("invited", "active", "suspended"))

    return Outcome(rows, happened={"person": action.person, "changed": sorted(given)})


def suspend_person(action: SuspendPerson, context: Context) -> Outcome:
    """Shut out at once: the state and every credential change in one transaction."""

    def rows(connection: Connection) -> None:
        _change_person(connection, action.person, {"state": "suspended"}, ("invited", "active"))
        _keep_an_owner(connection)
        _end_credentials(connection, action.person, context.now)

    return Outcome(rows, happened={"person": action.person})


def restore_person(action: RestorePerson, context: Context) -> Outcome:
    """Back again, with the same teams and roles. What ended stays ended."""

    def rows(connection: Connection) -> None:
        _change_person(connection, action.person, {"state": "active"}, ("suspended",))

    return Outcome(rows, happened={"person": action.person})


def erase_person(action: ErasePerson, context: Context, forget: list[Rows]) -> Outcome:
    """Name, address, memberships and roles go, and the stored words of the actions that named them; the id stays."""

    def rows(connection: Connection) -> None:
        nobody = {"name": "", "email": None, "external_id": None, "state": "erased"}
        _change_person(connection, action.person, nobody, ("invited", "active", "suspended"))
        _keep_an_owner(connection)
        _end_credentials(connection, action.person, context.now)
        for table in (MEMBERSHIP, ROLE_GRANT):
            connection.execute(delete(table).where(table.c.person == action.person))
        connection.execute(update(TOKEN).where(TOKEN.c.person == action.person).values(name=""))
        for each in forget:
            each(connection)

    return Outcome(rows, happened={"person": action.person, "payloads": len(forget)})


# teams and roles


def create_team(action: CreateTeam, context: Context) -> Outcome:
    """A team of nobody yet."""
    team = ids.new("t")
    return Outcome(
        lambda connection: _insert_team(connection, team, action.name, context.now),
        happened={"team": team},
        made=(Edge("team", team),),
        answer={"team": team},
    )


def join_team(action: JoinTeam, context: Context, *, new: bool) -> Outcome:
    """A membership, without a role. ``new``: there was none before."""

    def rows(connection: Connection) -> None:
        _join(connection, queries.person(connection, action.person).id, _team(connection, action.team), context.now)

    return Outcome(rows, happened={"person": action.person, "team": action.team, "new": new})


def leave_team(action: LeaveTeam, context: Context) -> Outcome:
    """The membership ends, and the roles that were held in this team with it."""

    def rows(connection: Connection) -> None:
        team = _team(connection, action.team)
        gone = connection.execute(
            delete(MEMBERSHIP).where(MEMBERSHIP.c.person == action.person, MEMBERSHIP.c.team == team)
        )
        if gone.rowcount != 1:
            raise NotFound("That person is not in this team.", next_step="`greenlane people` says who is where.")
        connection.execute(
            delete(ROLE_GRANT).where(ROLE_GRANT.c.person == action.person, ROLE_GRANT.c.scope == f"team:{team}")
        )

    return Outcome(rows, happened={"person": action.person, "team": action.team})


def grant_role(action: GrantRole, context: Context, *, new: bool) -> Outcome:
    """One more role. Granting it twice changes nothing; ``new`` says whether it did not."""

    def rows(connection: Connection) -> None:
        scope = queries.scope_of(connection, action.scope)
        _grant(connection, queries.person(connection, action.person).id, action.role, scope, context)

    happened = {"person": action.person, "role": action.role, "scope": action.scope, "new": new}
    return Outcome(rows, happened=happened)


def remove_role(action: RemoveRole, context: Context) -> Outcome:
    """One role less."""

    def rows(connection: Connection) -> None:
        gone = connection.execute(
            delete(ROLE_GRANT).where(
                ROLE_GRANT.c.person == action.person,
                ROLE_GRANT.c.role == action.role,
                ROLE_GRANT.c.scope == queries.scope_of(connection, action.scope),
            )
        )
        if gone.rowcount != 1:
            raise NotFound("That person does not have this role there.", next_step="`greenlane people` lists roles.")
        _keep_an_owner(connection)

    return Outcome(rows, happened={"person": action.person, "role": action.role, "scope": action.scope})


# coming in


def create_token(action: CreateToken, context: Context) -> Outcome:
    """A token of the actor's own, shown once."""
    token, secret = ids.new("tok"), tokens.mint(tokens.Kind.API)
    expires = stamp(context.now + timedelta(days=action.days))

    def rows(connection: Connection) -> None:
        connection.execute(
            insert(TOKEN).values(
                id=token,
                secret=secret.sha256,
                shown=secret.shown,
                name=action.name,
                person=context.actor.id,
                agent=action.agent,
                vouched_by=_vouched(connection, context),
                scopes=list(action.scopes),
                created=stamp(context.now),
                expires=expires,
            )
        )

    return Outcome(
        rows,
        happened={"token": token, "expires": expires},
        made=(Edge("token", token),),
        answer={"id": token, "token": secret.secret, "expires": expires},
    )


def revoke_token(action: RevokeToken, context: Context) -> Outcome:
    """The token ends, and what was opened with it."""

    def rows(connection: Connection) -> None:
        now = stamp(context.now)
        gone = connection.execute(
            update(TOKEN).where(TOKEN.c.id == action.token, TOKEN.c.revoked.is_(None)).values(revoked=now)
        )
        if gone.rowcount != 1:
            raise NotFound(f"There is no token {action.token} to revoke.", next_step="`greenlane token` lists yours.")
        connection.execute(
            update(SESSION).where(SESSION.c.through == action.token, SESSION.c.ended.is_(None)).values(ended=now)
        )

    return Outcome(rows, happened={"token": action.token})


def create_sign_in_link(action: CreateSignInLink, context: Context) -> Outcome:
    """A link for one's own second device, or for somebody else; the second is remembered on what comes of it."""
    link = tokens.mint(tokens.Kind.LINK)

    def rows(connection: Connection) -> None:
        person = queries.person(connection, action.person)
        if person.state not in {"invited", "active"}:
            raise Conflict("That person is shut out.", next_step="Restore them first: greenlane people restore.")
        _insert_link(connection, link, person.id, context, LINK_LASTS)

    return Outcome(rows, happened={"person": action.person}, answer=_shown(link, context, LINK_LASTS))


def sign_in(action: SignIn, context: Context) -> Outcome:
    """A session, from a link that is used up by it or from a token that stays."""
    session, person = tokens.mint(tokens.Kind.SESSION), context.actor.id
    through = context.actor.credential or ""

    def rows(connection: Connection) -> None:
        signed = queries.who_signs_in(connection, action.secret, context.now)
        if signed is None or signed.actor != context.actor:
            raise _over("sign-in link or token")
        connection.execute(update(SIGN_IN_LINK).where(SIGN_IN_LINK.c.id == through).values(used=stamp(context.now)))
        connection.execute(
            update(PERSON).where(PERSON.c.id == person, PERSON.c.state == "invited").values(state="active")
        )
        _insert_session(connection, session, person, through, signed.scopes, signed.vouched_by, context.now)

    return Outcome(
        rows,
        happened={"person": person},
        answer={"person": person, "session": session.secret, "expires": stamp(context.now + SESSION_LASTS)},
    )


def sign_out(action: SignOut, context: Context) -> Outcome:
    """One session ends, or all of them."""
    which = SESSION.c.person == context.actor.person if action.everywhere else SESSION.c.id == context.actor.credential

    def rows(connection: Connection) -> None:
        connection.execute(update(SESSION).where(which, SESSION.c.ended.is_(None)).values(ended=stamp(context.now)))

    return Outcome(rows, happened={"person": context.actor.person})


# rows


def _over(what: str) -> SignInNeeded:
    return SignInNeeded(f"This {what} was used already or has expired.", next_step="Ask for a new one.")


def _insert_person(connection: Connection, person: str, name: str, email: str, state: str, now: datetime) -> None:
    _free_address(connection, email, but_for=person)
    connection.execute(
        insert(PERSON).values(
            id=person, name=name.strip(), email=email.lower() or None, state=state, source="local", created=stamp(now)
        )
    )


def _free_address(connection: Connection, email: str, *, but_for: str) -> None:
    taken = select(PERSON.c.id).where(PERSON.c.email == email.lower(), PERSON.c.id != but_for)
    if email and connection.execute(taken).one_or_none() is not None:
        raise Conflict("Somebody else here has this mail address.", next_step="Give another one, or none.")


def _change_person(connection: Connection, person: str, values: dict[str, Any], states: tuple[str, ...]) -> None:
    changed = connection.execute(update(PERSON).where(PERSON.c.id == person, PERSON.c.state.in_(states)).values(values))
    if changed.rowcount != 1:
        state = queries.person(connection, person).state
        raise Conflict(f"That person is {state}.", next_step="`greenlane people` shows everybody's state.")


def _insert_team(connection: Connection, team: str, name: str, now: datetime) -> None:
    if connection.execute(select(TEAM.c.id).where(TEAM.c.name == name)).one_or_none() is not None:
        raise Conflict(f"There is a team called {name} already.", next_step="Choose another name.")
    connection.execute(insert(TEAM).values(id=team, name=name, source="local", created=stamp(now)))


def _team(connection: Connection, words: str) -> str:
    return queries.team(connection, words).id


def _join(connection: Connection, person: str, team: str, now: datetime) -> None:
    if not queries.is_member(connection, person, team):
        connection.execute(insert(MEMBERSHIP).values(person=person, team=team, since=stamp(now)))


def _grant(connection: Connection, person: str, role: str, scope: str, context: Context) -> None:
    if not any((one.role, one.scope) == (role, scope) for one in queries.held(connection, person)):
        connection.execute(
            insert(ROLE_GRANT).values(
                person=person, role=role, scope=scope, action=context.action_id, since=stamp(context.now)
            )
        )


def _keep_an_owner(connection: Connection) -> None:
    """The facts said so before; here it holds also when two owners remove one another at the same moment."""
    if not queries.active_owners(connection):
        raise Refused(
            "The organisation would be left without an owner.", next_step="Make somebody else an owner first."
        )


def _use_up_invitation(connection: Connection, invitation: str, person: str, now: datetime) -> None:
    used = connection.execute(
        update(INVITATION)
        .where(INVITATION.c.id == invitation, INVITATION.c.used.is_(None), INVITATION.c.expires > stamp(now))
        .values(used=stamp(now), used_by=person)
    )
    if used.rowcount != 1:
        raise _over("invitation")


def _insert_session(
    connection: Connection,
    session: tokens.Minted,
    person: str,
    through: str,
    scopes: tuple[str, ...],
    vouched_by: str | None,
    now: datetime,
) -> None:
    connection.execute(
        insert(SESSION).values(
            id=ids.new("ses"),
            secret=session.sha256,
            person=person,
            through=through,
            vouched_by=vouched_by,
            scopes=list(scopes),
            created=stamp(now),
            expires=stamp(now + SESSION_LASTS),
        )
    )


def _insert_link(connection: Connection, link: tokens.Minted, person: str, context: Context, lasts: timedelta) -> None:
    maker = context.actor.person
    known = queries.state_of(connection, person) != "invited"
    for_another = known and maker is not None and maker != person
    connection.execute(
        insert(SIGN_IN_LINK).values(
            id=ids.new("lnk"),
            secret=link.sha256,
            person=person,
            made_by=maker or context.actor.id,
            vouched_by=maker if for_another else _vouched(connection, context),
            created=stamp(context.now),
            expires=stamp(context.now + lasts),
        )
    )


def _vouched(connection: Connection, context: Context) -> str | None:
    """Whoever let this session in lets in what is made with it, for as long as the person makes it for themselves."""
    credential = context.actor.credential
    came_with = None if credential is None else queries.credential(connection, credential)
    return None if came_with is None else came_with.vouched_by


def _shown(link: tokens.Minted, context: Context, lasts: timedelta) -> dict[str, str]:
    return {"link": f"/sign-in/{link.secret}", "link_expires": stamp(context.now + lasts)}


def _end_credentials(connection: Connection, person: str, now: datetime) -> None:
    """Tokens, sessions, links for them, and every link and invitation that they made and nobody used."""
    at = stamp(now)
    connection.execute(update(TOKEN).where(TOKEN.c.person == person, TOKEN.c.revoked.is_(None)).values(revoked=at))
    connection.execute(update(SESSION).where(SESSION.c.person == person, SESSION.c.ended.is_(None)).values(ended=at))
    theirs = or_(SIGN_IN_LINK.c.person == person, SIGN_IN_LINK.c.made_by == person)
    connection.execute(update(SIGN_IN_LINK).where(theirs, SIGN_IN_LINK.c.used.is_(None)).values(used=at))
    connection.execute(
        update(INVITATION).where(INVITATION.c.made_by == person, INVITATION.c.used.is_(None)).values(expires=at)
    )


def _payloads_naming(connection: Connection, person: str) -> list[str]:
    """The stored words of the actions in which a name or address of this person was typed."""
    action = govern_tables.action
    naming = ("found-organisation", "add-person", "accept-invitation", "rename-person")
    rows = connection.execute(
        select(action.c.payload, action.c.answer).where(
            action.c.verb.in_(naming), action.c.payload.is_not(None), action.c.answer.is_not(None)
        )
    )
    return [row.payload for row in rows if row.answer["happened"].get("person") == person]
