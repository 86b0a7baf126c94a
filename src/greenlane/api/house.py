"""What the HTTP face is handed by the composition root, and how it finds out who asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from sqlalchemy import Connection

from greenlane.catalog.addresses import Addresses
from greenlane.deploys.queries import BuildView
from greenlane.deploys.upload import Uploads
from greenlane.gateway.prices.table import Table as Prices
from greenlane.govern.actor import Actor
from greenlane.govern.door import Door
from greenlane.govern.errors import Refused, SignInNeeded
from greenlane.govern.policy import Pack
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.delegation import issuing
from greenlane.identity.delegation.arriving import Arrived, arrived
from greenlane.identity.delegation.exchange import Exchange
from greenlane.identity.lasting import Places
from greenlane.identity.login.asking import Logins
from greenlane.identity.queries import Signed
from greenlane.identity.sso.company import Company
from greenlane.insights.stored import Storage
from greenlane.insights.values import Shelf
from greenlane.insights.vouching import Vouching
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.notices.reading import Notices
from greenlane.runtime.asking import Runtime


@dataclass(frozen=True, slots=True)
class ApiHouse:
    """The rest of the program, as the API sees it."""

    database: Database
    door: Door
    uploads: Uploads
    notices: Notices
    blobs: Blobs
    addresses: Addresses
    clock: Clock
    pack: Callable[[], Pack]
    trust: Callable[[], dict[str, Any]]
    build_log: Callable[[BuildView, int], tuple[str, int]]
    passport: Callable[[Connection, str, str], dict[str, Any]]
    prices: Callable[[], Prices]
    company: Company
    vouching: Vouching
    shelf: Shelf
    stored: Storage
    verify: Callable[[], dict[str, Any]]
    replay: Callable[[], dict[str, Any]]
    logs: Callable[[int, str], Sequence[dict[str, Any]]]
    runtime: Runtime
    exchange: Exchange
    logins: Logins
    places: Places
    ready: Callable[[], dict[str, bool]]
    may: Callable[[Connection, Actor, str, str], bool]


def house(request: Request) -> ApiHouse:
    """The house of the running app."""
    return cast(ApiHouse, request.app.state.house)


HOUSE = Annotated[ApiHouse, Depends(house)]


ANY_APP = ("/v1/actions/", "/v1/explain/", "/v1/uploads", "/v1/me")
"""Addresses that concern no app by themselves: the door or the upload looks at the app."""

OF_ONESELF = ("/v1/tokens", "/v1/sessions", "/v1/notices", "/v1/grants")
"""Addresses of a person's own account, which is lent to nobody."""


def signed(request: Request, at: HOUSE) -> Signed:
    """Who asks, by their API token or by a token that was exchanged for a grant. Raises ``SignInNeeded``."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and issuing.is_one(secret.strip()):
        issuer, now = at.exchange.issuer, at.clock.now()
        claims = issuer.read(secret.strip(), issuer.url, now)
        with at.database.read() as connection:
            agent = arrived(connection, claims, now)
        _must_concern(request, agent)
        return Signed(agent.actor, agent.scopes)
    if scheme.lower() == "bearer" and secret:
        with at.database.read() as connection:
            found = identity.who_is(connection, secret.strip(), at.clock.now())
        if found is not None:
            return found
        raise SignInNeeded(
            "This token is unknown, expired or revoked.", next_step="Make a new one with `greenlane token create`."
        )
    raise SignInNeeded("This needs an API token.", next_step="Send `Authorization: Bearer <token>`.")


def _must_concern(request: Request, agent: Arrived) -> None:
    """Raises ``Refused`` for an address that is none of what was lent."""
    path = request.url.path
    if path.startswith(OF_ONESELF):
        raise Refused("This belongs to a person's own account.", next_step="Ask your person to look.")
    if agent.apps is None or path.startswith(ANY_APP) or request.path_params.get("app") in agent.apps:
        return
    raise Refused(
        f"This was lent for {', '.join(sorted(agent.apps)) or 'no app'} alone.",
        next_step="Ask about these apps by name, or ask your person for a wider grant.",
    )


SIGNED = Annotated[Signed, Depends(signed)]


def reader(who: SIGNED) -> Signed:
    """Somebody whose token may read. Raises ``Refused``."""
    if not roles.within_scopes("read-receipts", who.scopes):
        raise Refused(
            "This token may not read.",
            next_step="Make one with the scope read: `greenlane token create NAME --scopes read`.",
        )
    return who


READER = Annotated[Signed, Depends(reader)]


def person_of(who: Signed) -> str:
    """The accountable person's id."""
    assert who.actor.person is not None
    return who.actor.person
