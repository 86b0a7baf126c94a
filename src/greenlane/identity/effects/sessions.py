"""Signing in and out: sessions, and the links that open one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, insert, or_, select, update

from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import Conflict, NotFound, SignInNeeded
from greenlane.identity import queries, tokens
from greenlane.identity.actions import CreateSignInLink, EndSession, SignIn, SignOut, TellOfSignIn
from greenlane.identity.break_glass import using as breaking
from greenlane.identity.delegation.tables import AGENT, DELEGATION
from greenlane.identity.elevation.effects import end_elevations
from greenlane.identity.elevation.tables import ELEVATION
from greenlane.identity.lasting import Lasting
from greenlane.identity.proving import Proofs
from greenlane.identity.tables import INVITATION, PERSON, SESSION, SIGN_IN_LINK, TOKEN
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database

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


@dataclass(frozen=True, slots=True)
class SigningIn:
    """Opens sessions for those who prove who they are."""

    database: Database
    proofs: Proofs
    lasting: Lasting

    def run(self, action: SignIn, context: Context) -> Outcome:
        """A session, from a proof that is used up by it where it can be used once."""
        with self.database.read() as connection:
            proven = self.proofs.of(connection, action.secret, action.person, context.now)
            glass = None if proven is None else breaking.use(connection, context.actor.id, proven.way, context)
        if proven is None or proven.signed.actor != context.actor:
            raise over("sign-in link or token")
        session, signed, person = tokens.mint(tokens.Kind.SESSION), proven.signed, context.actor.id

        def rows(connection: Connection) -> None:
            proven.use(connection)
            connection.execute(
                update(PERSON).where(PERSON.c.id == person, PERSON.c.state == "invited").values(state="active")
            )
            if queries.state_of(connection, person) != "active":
                raise over("sign-in link or token")
            through = context.actor.credential or ""
            opened = insert_session(
                connection, session, person, through, signed.scopes, signed.vouched_by, context.now, self.lasting
            )
            if proven.opened is not None:
                proven.opened(connection, opened)
            if glass is not None:
                glass.rows(connection, context)

        return Outcome(
            rows,
            happened={"person": person, "way": proven.way, **proven.tells, **(glass.tells if glass else {})},
            used=proven.used,
            made=proven.made,
            answer={"person": person, "session": session.secret, "expires": self.lasting.expires(context.now)},
        )


def end_session(action: EndSession, context: Context) -> Outcome:
    """One browser is signed out. The edge forgets what it opened with the receipt."""

    def rows(connection: Connection) -> None:
        if end_sessions(connection, SESSION.c.id == action.session, context.now) != 1:
            raise NotFound(f"The session {action.session} has ended already.", next_step="There is nothing to do.")

    return Outcome(rows, happened={"session": action.session})


def sign_out(action: SignOut, context: Context) -> Outcome:
    """One session ends, or all of them."""
    which = SESSION.c.person == context.actor.person if action.everywhere else SESSION.c.id == context.actor.credential

    def rows(connection: Connection) -> None:
        connection.execute(update(SESSION).where(which, SESSION.c.ended.is_(None)).values(ended=stamp(context.now)))

    return Outcome(rows, happened={"person": context.actor.person})


def tell_of_sign_in(action: TellOfSignIn, context: Context) -> Outcome:
    """Only told: the receipt is what the person's notice stands on."""
    return Outcome(None, happened={"person": action.person, "session": action.session})


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
    lasting: Lasting,
) -> str:
    """A browser is signed in from now on; the session's id."""
    opened = ids.new("ses")
    connection.execute(
        insert(SESSION).values(
            id=opened,
            secret=session.sha256,
            person=person,
            through=through,
            vouched_by=vouched_by,
            scopes=list(scopes),
            created=stamp(now),
            expires=lasting.expires(now),
            ends=lasting.ends(now),
        )
    )
    return opened


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


def end_sessions(connection: Connection, which: ColumnElement[bool], now: datetime) -> int:
    """End the sessions that still run of those that are meant; how many that were."""
    ended = update(SESSION).where(which, SESSION.c.ended.is_(None), SESSION.c.expires > stamp(now))
    return connection.execute(ended.values(ended=stamp(now))).rowcount


def end_opened_with(connection: Connection, credential: str, context: Context) -> None:
    """End what a password or passkey opened, apart from the session in which its person takes it away."""
    others = (SESSION.c.through == credential) & (SESSION.c.id != (context.actor.credential or ""))
    end_sessions(connection, others, context.now)


def end_credentials(connection: Connection, person: str, now: datetime) -> None:
    """Tokens, sessions, elevations, links for them, every link and invitation that they made and nobody used, what they lent to
    agents, and what was lent to agents that they answer for.
    """
    at = stamp(now)
    theirs = or_(
        DELEGATION.c.person == person, DELEGATION.c.agent.in_(select(AGENT.c.name).where(AGENT.c.person == person))
    )
    connection.execute(update(DELEGATION).where(theirs, DELEGATION.c.ended.is_(None)).values(ended=at))
    end_elevations(connection, ELEVATION.c.person == person, now)
    connection.execute(update(TOKEN).where(TOKEN.c.person == person, TOKEN.c.revoked.is_(None)).values(revoked=at))
    connection.execute(update(SESSION).where(SESSION.c.person == person, SESSION.c.ended.is_(None)).values(ended=at))
    links = or_(SIGN_IN_LINK.c.person == person, SIGN_IN_LINK.c.made_by == person)
    connection.execute(update(SIGN_IN_LINK).where(links, SIGN_IN_LINK.c.used.is_(None)).values(used=at))
    connection.execute(
        update(INVITATION).where(INVITATION.c.made_by == person, INVITATION.c.used.is_(None)).values(expires=at)
    )
