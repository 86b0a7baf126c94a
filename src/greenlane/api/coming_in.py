"""Coming in without a browser: a one-time link or an invitation becomes a session, and the session makes a token.

Both steps are verbs through the door; this only strings them together for a terminal.
"""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from greenlane.api.house import HOUSE, ApiHouse
from greenlane.govern.door import Answer
from greenlane.govern.errors import Refused, SignInNeeded, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.actions import AcceptInvitation, CreateToken, SignIn, SignOut
from greenlane.identity.tokens import Kind, kind_of

TOKEN_LASTS = 90
"""Days that the token of a terminal works."""


class Link(BaseModel):
    """The secret of a one-time link, and for an invitation the name under which somebody joins."""

    model_config = ConfigDict(extra="forbid")
    secret: str
    name: str = ""
    email: str = ""


def routes() -> APIRouter:
    """The one route."""
    router = APIRouter(prefix="/v1", tags=["coming in"])

    @router.post("/login", summary="Turn a one-time link or an invitation into an API token")
    def login(link: Link, at: HOUSE) -> dict[str, Any]:
        session = _session(at, link)
        with at.database.read() as connection:
            signed = identity.who_is(connection, session, at.clock.now())
        assert signed is not None, "a session that was opened this moment is live"
        made = _done(
            at.door.govern(signed.actor, CreateToken(name="terminal", scopes=roles.EVERY_SCOPE, days=TOKEN_LASTS))
        )
        at.door.govern(signed.actor, SignOut())
        return {"token": made["token"], "expires": made["expires"], "person": signed.actor.id}

    return router


def _session(at: ApiHouse, link: Link) -> str:
    """Open a session with the link. Raises ``SignInNeeded`` for one that is used, expired or unknown."""
    now = at.clock.now()
    kind = kind_of(link.secret)
    with at.database.read() as connection:
        invited = kind is Kind.INVITATION
        signed = identity.invitee(connection, link.secret, now) if invited else None
        if kind is Kind.LINK:
            signed = identity.who_signs_in(connection, link.secret, now)
    if signed is None:
        raise SignInNeeded(
            "This link is used, expired or unknown.", next_step="Ask whoever gave it to you for a new one."
        )
    if invited and not link.name:
        raise WrongInput("An invitation is accepted under a name.", next_step="Say your name with --name.")
    action = AcceptInvitation(link.secret, link.name, link.email) if invited else SignIn(link.secret)
    return str(_done(at.door.govern(signed.actor, action))["session"])


def _done(answer: Answer) -> dict[str, Any]:
    if answer.state != "done":
        first = answer.decision.reasons[0]
        raise Refused(first.says, next_step=first.instead)
    return dict(answer.answer)
