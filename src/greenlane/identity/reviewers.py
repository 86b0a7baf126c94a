"""Whom to ask when an action needs a person: the nearest first, the owners last, never the author."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from greenlane.govern.action import REGISTRY
from greenlane.govern.approvals import Reviewers
from greenlane.identity import queries
from greenlane.kit.clock import Clock

APPROVING = "approve"
"""The right of those who are asked where a verb names none of its own."""

OwnerOfSubject = Callable[[Connection, str], str | None]
"""The id of the person who owns a subject such as ``app:vendor-board``; None where nobody does. Handed in."""


def reviewers(team_of_app: queries.TeamOfApp, owner_of: OwnerOfSubject, clock: Clock | None = None) -> Reviewers:
    """The rule by which requests find people. By the ``clock``, nobody is asked whose role for some hours is over.

    Step 0 asks the reviewers of the app or its team, 1 their deputies (reviewers and platform engineers of the whole
    organisation), 2 and later the owners. Where a step has nobody, the next one is asked at once: no request waits for
    a person who is not there.

    Where a verb names the right that decides it, people with that right are asked: step 0 the subject's own owner, 1
    the others around it, 2 those who have it everywhere.
    """

    def ask(connection: Connection, subject: str, author: str | None, step: int, verb: str = "") -> Sequence[str]:
        organisation, *nearer = queries.scopes_around(connection, subject, team_of_app)
        right = REGISTRY.named(verb).decided_by if verb else ""
        now = None if clock is None else clock.now()
        circles: tuple[frozenset[str], ...]
        if right:
            around = queries.people_allowed(connection, right, nearer, now=now)
            everywhere = queries.people_allowed(connection, right, (organisation,), now=now)
            owner = frozenset({owner_of(connection, subject)})
            circles = ((around | everywhere) & owner, around, everywhere)
        else:
            owners = queries.active_owners(connection)
            deputies = queries.people_allowed(connection, APPROVING, (organisation,), now=now) - owners
            circles = (queries.people_allowed(connection, APPROVING, nearer, now=now), deputies, owners)
        asked = (sorted(circle - {author}) for circle in circles[min(step, len(circles) - 1) :])
        return next((people for people in asked if people), [])

    return ask
