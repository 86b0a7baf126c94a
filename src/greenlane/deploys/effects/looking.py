"""Somebody looks afterwards at what went through, and says whether it was fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from greenlane.deploys.actions import (
    AnswerLook,
    Look,
)
from greenlane.deploys.effects.works import Works
from greenlane.deploys.tables import LOOK
from greenlane.govern import call
from greenlane.govern.effect import Context, Outcome
from greenlane.govern.errors import NotFound, WrongInput
from greenlane.kit.clock import stamp
from greenlane.kit.database import carries_out


@dataclass(frozen=True, slots=True)
class Looking:
    """Asks for a look, and takes its verdict."""

    works: Works

    def ask(self, action: Look, context: Context) -> Outcome:
        """Ask the reviewers of the app to look at something that went through already."""
        with self.works.database.read() as connection:
            author = call.row_of(connection, action.about).person
            asked: Sequence[str] = self.works.reviewers(connection, f"app:{action.app}", author, 0)
        values = {"about": action.about, "app": action.app, "asked": list(asked), "asked_at": stamp(context.now)}
        return Outcome(
            rows=carries_out(insert(LOOK).values(**values)),
            happened={"about": action.about, "asked": list(asked)},
        )

    def answer(self, action: AnswerLook, context: Context) -> Outcome:
        """Keep the verdict: it is an outcome from which the policy learns."""
        if action.verdict not in {"fine", "not-fine"}:
            raise WrongInput("A look ends with fine or not-fine.", next_step="Say one of the two.")
        values = {"verdict": action.verdict, "answered_by": context.actor.id, "answered_at": stamp(context.now)}

        def rows(connection: Connection) -> None:
            where = (LOOK.c.about == action.about, LOOK.c.app == action.app, LOOK.c.verdict.is_(None))
            if connection.execute(update(LOOK).where(*where).values(**values)).rowcount != 1:
                raise NotFound(
                    "Nobody asked for this look, or it was answered.", next_step="`greenlane looks` lists them."
                )

        return Outcome(rows=rows, happened={"about": action.about, "verdict": action.verdict})
