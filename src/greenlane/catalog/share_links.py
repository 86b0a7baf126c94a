"""Share links: whoever holds one opens what is published of an app, until it ends. They are nobody here, and counted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection, delete, insert

from greenlane.catalog import queries
from greenlane.catalog.actions import CreateShareLink, RevokeShareLink
from greenlane.catalog.addresses import Addresses
from greenlane.catalog.tables import SHARE_LINK
from greenlane.govern.actor import Actor
from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import Conflict, NotFound
from greenlane.identity import queries as identity
from greenlane.identity import tokens
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database

PARAMETER = "greenlane-share"
"""The word in a link's address behind which its secret stands."""


def share_facts(connection: Connection, actor: Actor, action: CreateShareLink) -> Mapping[str, Any]:
    """A link can be passed on, so it counts as wide as the public, whatever rung the app stands on."""
    app = queries.app(connection, action.app)
    return {
        "audience_now": app.rung,
        "audience_wanted": "public",
        "audience_widens": app.rung != "public",
        "audience_people": identity.members_active(connection),
    }


def end(connection: Connection, app: str) -> None:
    """Rows: every share link of an app ends."""
    connection.execute(delete(SHARE_LINK).where(SHARE_LINK.c.app == app))


class SharingLinks:
    """The effects of create-share-link and revoke-share-link."""

    def __init__(self, database: Database, addresses: Addresses) -> None:
        self._database = database
        self._addresses = addresses

    def create(self, action: CreateShareLink, context: Context) -> Outcome:
        """A link to production; only its secret's digest is kept."""
        with self._database.read() as connection:
            if queries.live_deploy(connection, action.app, "production") is None:
                raise Conflict(
                    f"Nothing is published of {action.app} yet.", next_step="Publish it first, then share it."
                )
        link, minted = ids.new("shr"), tokens.mint(tokens.Kind.SHARE)
        now, expires = stamp(context.now), stamp(context.now + timedelta(days=action.days))
        values = {
            "id": link,
            "secret": minted.sha256,
            "app": action.app,
            "meant_for": action.meant_for.strip(),
            "made_by": context.actor.id,
            "created": now,
            "expires": expires,
        }

        def rows(connection: Connection) -> None:
            connection.execute(delete(SHARE_LINK).where(SHARE_LINK.c.app == action.app, SHARE_LINK.c.expires <= now))
            connection.execute(insert(SHARE_LINK).values(**values))

        address = f"{self._addresses.url(action.app)}?{urlencode({PARAMETER: minted.secret})}"
        return Outcome(
            rows,
            happened={"app": action.app, "link": link, "expires": expires},
            made=(Edge("share-link", link),),
            answer={"id": link, "link": address, "expires": expires},
        )

    def revoke(self, action: RevokeShareLink, context: Context) -> Outcome:
        """It ends at once; the edge hears of it before this is answered."""

        def rows(connection: Connection) -> None:
            gone = delete(SHARE_LINK).where(SHARE_LINK.c.id == action.link, SHARE_LINK.c.app == action.app)
            if connection.execute(gone).rowcount != 1:
                raise NotFound(
                    f"{action.app} has no share link {action.link}.", next_step="`greenlane share list` lists them."
                )

        return Outcome(rows, happened={"app": action.app, "link": action.link}, answer={"id": action.link})
