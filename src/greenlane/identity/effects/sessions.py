"""Signing in and out: sessions, and the links that open one."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, or_, update

from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict, SignInNeeded
from greenlane.identity import queries, tokens
from greenlane.identity.actions import CreateSignInLink, SignIn, SignOut
from greenlane.identity.tables import INVITATION, PERSON, SESSION, SIGN_IN_LINK, TOKEN
from greenlane.kit import ids
from greenlane.kit.clock import stamp

SESSION_LASTS = timedelta(days=7)
"""How long a browser stays signed in."""


LINK_LASTS = timedelta(hours=1)
"""How long a sign-in link works that somebody asks for and uses at once."""


FIRST_LINK_LASTS = timedelta(days=7)
"""How long the link works with which a new person signs in for the first time."""


def create_sign_in_link(action: CreateSignInLink, context: Context) -> Outcome:
    """A link for one's own second device, or for somebody else; the second is remembered on what comes of it."""
    link = tokens.mint(tokens.Kind.LINK)

    def rows(connection: Connection) -> None:
        person = queries.person(connection, action.person)
        if person.state not in {"invited", "active"}:
            raise Conflict("That person is shut out.", next_step="Restore them first: greenlane people restore.")
        insert_link(connection, link, person.id, context, LINK_LASTS)

    return Outcome(rows, happened={"person": action.person}, answer=shown(link, context, LINK_LASTS))


def sign_in(action: SignIn, context: Context) -> Outcome:
    """A session, from a link that is used up by it or from a token that stays."""
    session, person = tokens.mint(tokens.Kind.SESSION), context.actor.id
    through = context.actor.credential or ""

    def rows(connection: Connection) -> None:
        signed = queries.who_signs_in(connection, action.secret, context.now)
        if signed is None or signed.actor != context.actor:
            raise over("sign-in link or token")
        connection.execute(update(SIGN_IN_LINK).where(SIGN_IN_LINK.c.id == through).values(used=stamp(context.now)))
        connection.execute(
            update(PERSON).where(PERSON.c.id == person, PERSON.c.state == "invited").values(state="active")
        )
        insert_session(connection, session, person, through, signed.scopes, signed.vouched_by, context.now)

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


def over(what: str) -> SignInNeeded:
    """What somebody hears whose link or invitation opens nothing any more."""
    return SignInNeeded(f"This {what} was used already or has expired.", next_step="Ask for a new one.")


def insert_session(
    connection: Connection,
    session: tokens.Minted,
    person: str,
    through: str,
    scopes: tuple[str, ...],
    vouched_by: str | None,
    now: datetime,
) -> None:
    """A browser is signed in from now on."""
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


def insert_link(connection: Connection, link: tokens.Minted, person: str, context: Context, lasts: timedelta) -> None:
    """A link that signs a person in, once."""
    maker = context.actor.person
    known = queries.state_of(connection, person) != "invited"
    for_another = known and maker is not None and maker != person
    connection.execute(
        insert(SIGN_IN_LINK).values(
            id=ids.new("lnk"),
            secret=link.sha256,
            person=person,
            made_by=maker or context.actor.id,
            vouched_by=maker if for_another else vouched(connection, context),
            created=stamp(context.now),
            expires=stamp(context.now + lasts),
        )
    )


def vouched(connection: Connection, context: Context) -> str | None:
    """Whoever let this session in lets in what is made with it, for as long as the person makes it for themselves."""
    credential = context.actor.credential
    came_with = None if credential is None else queries.credential(connection, credential)
    return None if came_with is None else came_with.vouched_by


def shown(link: tokens.Minted, context: Context, lasts: timedelta) -> dict[str, str]:
    """The link as its maker sees it, once, and until when it works."""
    return {"link": f"/sign-in/{link.secret}", "link_expires": stamp(context.now + lasts)}


def end_credentials(connection: Connection, person: str, now: datetime) -> None:
    """Tokens, sessions, links for them, and every link and invitation that they made and nobody used."""
    at = stamp(now)
    connection.execute(update(TOKEN).where(TOKEN.c.person == person, TOKEN.c.revoked.is_(None)).values(revoked=at))
    connection.execute(update(SESSION).where(SESSION.c.person == person, SESSION.c.ended.is_(None)).values(ended=at))
    theirs = or_(SIGN_IN_LINK.c.person == person, SIGN_IN_LINK.c.made_by == person)
    connection.execute(update(SIGN_IN_LINK).where(theirs, SIGN_IN_LINK.c.used.is_(None)).values(used=at))
    connection.execute(
        update(INVITATION).where(INVITATION.c.made_by == person, INVITATION.c.used.is_(None)).values(expires=at)
    )
