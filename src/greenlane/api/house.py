"""What the HTTP face is handed by the composition root, and how it finds out who asks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from sqlalchemy import Connection

from greenlane.catalog.addresses import Addresses
from greenlane.deploys.upload import Uploads
from greenlane.govern.actor import Actor
from greenlane.govern.door import Door
from greenlane.govern.errors import Refused, SignInNeeded
from greenlane.govern.policy import Pack
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.queries import Signed
from greenlane.insights.vouching import Vouching
from greenlane.kit.blobs import Blobs
from greenlane.kit.clock import Clock
from greenlane.kit.database import Database
from greenlane.notices.reading import Notices


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
    passport: Callable[[Connection, str, str], dict[str, Any]]
    vouching: Vouching
    verify: Callable[[], dict[str, Any]]
    replay: Callable[[], dict[str, Any]]
    logs: Callable[[int, str], Sequence[dict[str, Any]]]
    ready: Callable[[], dict[str, bool]]
    may: Callable[[Connection, Actor, str, str], bool]


def house(request: Request) -> ApiHouse:
    """The house of the running app."""
    return cast(ApiHouse, request.app.state.house)


HOUSE = Annotated[ApiHouse, Depends(house)]


def signed(request: Request, at: HOUSE) -> Signed:
    """Who asks, by their API token. Raises ``SignInNeeded``."""
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and secret:
        with at.database.read() as connection:
            found = identity.who_is(connection, secret.strip(), at.clock.now())
        if found is not None:
            return found
        raise SignInNeeded(
            "This token is unknown, expired or revoked.", next_step="Make a new one with `greenlane token create`."
        )
    raise SignInNeeded("This needs an API token.", next_step="Send `Authorization: Bearer <token>`.")


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
