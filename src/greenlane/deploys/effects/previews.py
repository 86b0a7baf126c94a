"""Tokens that open one preview for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from greenlane.deploys import queries
from greenlane.deploys.actions import (
    CreatePreviewToken,
    RevokePreviewToken,
)
from greenlane.deploys.effects.works import Works
from greenlane.deploys.tables import PREVIEW_TOKEN
from greenlane.govern.effect import Context, Edge, Outcome
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.identity import tokens
from greenlane.kit import ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import carries_out


@dataclass(frozen=True, slots=True)
class PreviewTokens:
    """Makes and ends tokens of previews."""

    works: Works

    def create(self, action: CreatePreviewToken, context: Context) -> Outcome:
        """A token for one deploy; only its digest is kept."""
        if not 1 <= action.hours <= 720:
            raise WrongInput("A preview token works for 1 to 720 hours.", next_step="Give --hours between 1 and 720.")
        with self.works.database.read() as connection:
            one = queries.meant(connection, action.app, action.deploy)
        token, minted = ids.new("pvt"), tokens.mint(tokens.Kind.PREVIEW)
        expires = stamp(context.now + timedelta(hours=action.hours))
        values: Mapping[str, Any] = {
            "id": token,
            "secret": minted.sha256,
            "app": action.app,
            "deploy": one.id,
            "made_by": context.actor.id,
            "created_at": stamp(context.now),
            "expires_at": expires,
        }
        url = self.works.addresses.url(action.app, deploy=one.id)
        return Outcome(
            rows=carries_out(insert(PREVIEW_TOKEN).values(**values)),
            happened={"token": token, "deploy": one.id, "expires": expires},
            made=(Edge("preview-token", token),),
            answer={
                "id": token,
                "token": minted.secret,
                "deploy": one.id,
                "url": f"{url}?greenlane-preview={minted.secret}",
                "expires": expires,
            },
        )

    def revoke(self, action: RevokePreviewToken, context: Context) -> Outcome:
        """End it; the edge hears of it at once."""

        def rows(connection: Connection) -> None:
            result = connection.execute(
                update(PREVIEW_TOKEN)
                .where(PREVIEW_TOKEN.c.id == action.token, PREVIEW_TOKEN.c.app == action.app)
                .values(revoked_at=stamp(context.now))
            )
            if result.rowcount != 1:
                raise NotFound(f"{action.app} has no preview token {action.token}.", next_step="Check the token's id.")

        return Outcome(rows=rows, happened={"token": action.token}, answer={"id": action.token})
