"""How access reviews are started, decided and closed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, insert, update

from greenlane.govern.action import REGISTRY
from greenlane.govern.actor import PLATFORM, Actor
from greenlane.govern.door import Door
from greenlane.govern.effect import Context, Edge, Handling, Outcome
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.identity import queries as identity
from greenlane.identity import roles
from greenlane.identity.custom_roles.queries import rights_by_role
from greenlane.identity.reviews import queries, reminding
from greenlane.identity.reviews.actions import CloseReview, KeepAccess, RemindReviewers, RemoveAccess, StartReview
from greenlane.identity.reviews.collecting import AppsInReview, collect
from greenlane.identity.reviews.queries import Review, ReviewedRight
from greenlane.identity.reviews.tables import ACCESS_REVIEW, REVIEWED_RIGHT
from greenlane.kit import digest, ids
from greenlane.kit.clock import stamp
from greenlane.kit.database import Database, carries_out
from greenlane.kit.errors import GreenlaneError, Unavailable

Taken = tuple[str | None, str]
"""The action that took a right away, or nothing and in words why there is none."""


_ELSEWHERE = {
    "group": "A rule about a group gives it: take them out of the group, or end the rule.",
    "creation": "They created the app: hand it over to somebody else.",
}
"""What to do about a right that no verb takes away."""


@dataclass(frozen=True, slots=True)
class Works:
    """What reviews are carried out with. ``door`` gives the door, which is made after the effects are."""

    database: Database
    apps: AppsInReview
    team_of_app: identity.TeamOfApp
    door: Callable[[], Door]


def handlings(works: Works) -> dict[str, Handling]:
    """The effects by verb."""
    reviewing = Reviewing(works)
    return {
        "start-review": Handling(reviewing.start),
        "keep-access": Handling(reviewing.keep, (reviewing.own,)),
        "remove-access": Handling(reviewing.remove, (reviewing.reach,)),
        "close-review": Handling(reviewing.close),
        "remind-reviewers": Handling(reviewing.remind),
    }


@dataclass(frozen=True, slots=True)
class Reviewing:
    """Carries reviews out."""

    works: Works

    def own(self, connection: Connection, actor: Actor, action: KeepAccess) -> Mapping[str, Any]:
        """Whether somebody would keep their own access."""
        found = queries.rights(connection, action.review, ids=action.rights)
        return {"own_access": any(one.person == actor.person for one in found)}

    def reach(self, connection: Connection, actor: Actor, action: RemoveAccess) -> Mapping[str, Any]:
        """Whether a role would be taken away that neither the actor nor whoever started the review could take."""
        review = queries.review(connection, action.review)
        found = queries.rights(connection, action.review, ids=action.rights)
        names = {one.what for one in found if one.kind in {"role", "elevation"}}
        wanted = frozenset().union(*rights_by_role(connection, names).values())
        around = identity.scopes_around(connection, review.scope, self.works.team_of_app)
        reaches = any(
            wanted <= _lasting(connection, person, around)
            for person in (actor.person, review.started_by)
            if person is not None
        )
        return {"role_above_own": not reaches}

    def start(self, action: StartReview, context: Context) -> Outcome:
        """The list is frozen, and those who decide hear of it."""
        review = ids.new("rev")
        reviewers = sorted(action.reviewers or (str(context.actor.person),))
        with self.works.database.read() as connection:
            for one in reviewers:
                if identity.state_of(connection, one) != "active":
                    raise WrongInput(
                        f"{one} is nobody who could review now.", next_step="Name active people.", field="reviewers"
                    )
            scope = identity.scope_of(connection, action.scope)
            found = collect(connection, scope, self.works.apps(connection), context.now)
        if not found:
            raise Conflict("Nobody has a right there.", next_step="There is nothing to review.")
        listed = [{"id": ids.new("rvr"), **one.frozen()} for one in found]
        due = stamp(context.now + timedelta(days=action.days))

        def rows(connection: Connection) -> None:
            connection.execute(
                insert(ACCESS_REVIEW).values(
                    id=review,
                    scope=scope,
                    reviewers=reviewers,
                    started_by=context.actor.person,
                    action=context.action_id,
                    process=context.process,
                    digest=digest.of(listed),
                    started=stamp(context.now),
                    due=due,
                    reminded=0,
                )
            )
            connection.execute(
                insert(REVIEWED_RIGHT),
                [
                    {
                        "id": frozen["id"],
                        "review": review,
                        "place": place,
                        "person": one.person,
                        "frozen": one.frozen(),
                        "verb": one.ends[0] if one.ends else "",
                        "inputs": one.ends[1] if one.ends else {},
                        "decided": "",
                        "because": "",
                        "trouble": "",
                    }
                    for place, (frozen, one) in enumerate(zip(listed, found, strict=True))
                ],
            )

        happened = {"review": review, "rights": len(found), "digest": digest.of(listed), "due": due}
        made = (Edge("review", review, digest.of(listed)),)
        return Outcome(rows, {**happened, "reviewers": reviewers}, made=made, answer={"review": review, "due": due})

    def keep(self, action: KeepAccess, context: Context) -> Outcome:
        """These rights stay."""
        _, found = self._open(action)

        def rows(connection: Connection) -> None:
            for one in found:
                _decide(connection, one, "keep", action.because, context, (None, ""))

        return Outcome(rows, happened={"review": action.review})

    def remove(self, action: RemoveAccess, context: Context) -> Outcome:
        """These rights go, each by the very action that takes it away everywhere else."""
        review, found = self._open(action)
        taken = {one.id: self._take(one, review, context) for one in found}

        def rows(connection: Connection) -> None:
            for one in found:
                _decide(connection, one, "remove", action.because, context, taken[one.id])

        removed = {id: by for id, (by, _) in taken.items() if by is not None}
        left = sorted(set(taken) - set(removed))
        return Outcome(
            rows,
            happened={"review": action.review, "removed": removed, "left": left},
            answer={"left": [{"right": one, "says": taken[one][1]} for one in left]},
        )

    def close(self, action: CloseReview, context: Context) -> Outcome:
        """The review is over. The digest of what was decided stands in the ledger."""
        with self.works.database.read() as connection:
            review = _running(queries.review(connection, action.review))
            decided = [decision(one) for one in queries.rights(connection, action.review)]

        def rows(connection: Connection) -> None:
            table = ACCESS_REVIEW.c
            closing = update(ACCESS_REVIEW).where(table.id == review.id, table.closed.is_(None))
            values = {"closed": stamp(context.now), "closed_by": context.actor.person}
            if connection.execute(closing.values(values)).rowcount != 1:
                raise _over()

        counts = {"kept": review.kept, "removed": review.removed, "undecided": review.undecided}
        return Outcome(rows, happened={"review": review.id, "digest": digest.of(decided), **counts})

    def remind(self, action: RemindReviewers, context: Context) -> Outcome:
        """Those who decide hear of it once more."""
        with self.works.database.read() as connection:
            review = _running(queries.review(connection, action.review))
        count = reminding.wanted(review, context.now)
        changed = update(ACCESS_REVIEW).where(ACCESS_REVIEW.c.id == review.id).values(reminded=count)
        return Outcome(
            carries_out(changed),
            happened={
                "review": review.id,
                "reviewers": list(review.reviewers),
                "undecided": review.undecided,
                "overdue": review.overdue(context.now),
            },
        )

    def _open(self, action: KeepAccess | RemoveAccess) -> tuple[Review, list[ReviewedRight]]:
        """What can still be decided. Raises ``NotFound`` and ``Conflict``."""
        with self.works.database.read() as connection:
            review = _running(queries.review(connection, action.review))
            found = queries.rights(connection, action.review, ids=action.rights)
        if len(found) != len(action.rights):
            raise NotFound(
                "A right that is named is not in this review.", next_step="`greenlane reviews show` has them."
            )
        if any(one.removed for one in found):
            raise Conflict("A right of these was taken away already.", next_step="Leave it out.")
        return review, found

    def _take(self, one: ReviewedRight, review: Review, context: Context) -> Taken:
        """Take one right away: as the reviewer where they may, else by the authority of the review."""
        door = self.works.door()
        if not one.verb:
            return None, _ELSEWHERE[one.kind]
        try:
            with self.works.database.read() as connection:
                inputs = one.inputs | ({"scope": _named(connection, one.scope)} if "scope" in one.inputs else {})
            wanted = REGISTRY.named(one.verb).build(inputs)
            actor = context.actor if door.explain(context.actor, wanted)[1].goes else PLATFORM
            answer = door.govern(
                actor, wanted, key=f"{context.action_id} {one.id}", process=review.process, cause=context.action_id
            )
        except Unavailable:
            raise
        except NotFound:
            return None, "It was gone already."
        except GreenlaneError as error:
            return None, error.message
        if answer.state == "done":
            return answer.action_id, ""
        return None, answer.decision.reasons[0].says if answer.decision.reasons else "It was not possible."


def decision(one: ReviewedRight) -> dict[str, Any]:
    """What was decided about a right, as the digest of a closed review has it."""
    return {
        "id": one.id,
        "decided": one.decided,
        "by": one.decided_by,
        "at": one.decided_at,
        "action": one.action,
        "removed": one.removed,
    }


def process_of(connection: Connection, action: Any) -> str | None:
    """The review's process for whatever belongs to a review; None for anything else."""
    if isinstance(action, KeepAccess | RemoveAccess | CloseReview | RemindReviewers):
        return queries.review(connection, action.review).process
    return None


def _decide(
    connection: Connection, one: ReviewedRight, decided: str, because: str, context: Context, taken: Taken
) -> None:
    still = update(REVIEWED_RIGHT).where(REVIEWED_RIGHT.c.id == one.id, REVIEWED_RIGHT.c.removed.is_(None))
    changed = connection.execute(
        still.values(
            decided=decided,
            decided_by=context.actor.person,
            decided_at=stamp(context.now),
            because=because,
            action=context.action_id,
            removed=taken[0],
            trouble=taken[1],
        )
    )
    if changed.rowcount != 1:
        raise Conflict("Somebody else decided this at the same moment.", next_step="Look at the review again.")


def _lasting(connection: Connection, person: str, scopes: tuple[str, ...]) -> frozenset[roles.Right]:
    """What the roles of an active person allow there for good."""
    if identity.state_of(connection, person) != "active":
        return frozenset()
    held = identity.held(connection, person)
    return identity.together(one for one in held if one.scope in scopes and not one.until)


def _named(connection: Connection, scope: str) -> str:
    """A stored scope as verbs name it."""
    kind, _, name = scope.partition(":")
    return f"team:{identity.team(connection, name).name}" if kind == "team" else scope


def _running(review: Review) -> Review:
    if review.closed is not None:
        raise _over()
    return review


def _over() -> Conflict:
    return Conflict("This review was closed.", next_step="Start another one: `greenlane reviews start`.")
