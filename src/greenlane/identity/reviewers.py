"""Whom to ask when an action needs a person: the nearest first, the owners last, never the author."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import Connection

from greenlane.govern.action import REGISTRY
from greenlane.govern.approvals import Reviewers
from greenlane.identity import queries, roles

OwnerOfSubject = Callable[[Connection, str], str | None]
"""The id of the person who owns a subject such as ``app:vendor-board``; None where nobody does. Handed in."""


def reviewers(team_of_app: queries.TeamOfApp, owner_of: OwnerOfSubject) -> Reviewers:
    """The rule by which requests find people.

    Step 0 asks the reviewers of the app or its team, 1 their deputies (reviewers and platform engineers of the whole
    organisation), 2 and later the owners. Where a step has nobody, the next one is asked at once: no request waits for
    a person who is not there.

    Where a verb names the right that decides it, people with that right are asked: step 0 the subject's own owner, 1
    the others around it, 2 those who have it everywhere.
    """

    def ask(connection: Connection, subject: str, author: str | None, step: int, verb: str = "") -> Sequence[str]:
        organisation, *nearer = queries.scopes_around(connection, subject, team_of_app)
        right = REGISTRY.named(verb).decided_by if verb else ""
        circles: tuple[frozenset[str], ...]
        if right:
            may = roles.VERBS[right].roles
            around = queries.people_with(connection, may, nearer)
            everywhere = queries.people_with(connection, may, (organisation,))
            owner = frozenset({owner_of(connection, subject)})
            circles = ((around | everywhere) & owner, around, everywhere)
        else:
            circles = (
                queries.people_with(connection, roles.APPROVERS, nearer),
                queries.people_with(connection, (roles.REVIEWER, roles.PLATFORM_ENGINEER), (organisation,)),
                queries.people_with(connection, (roles.OWNER,), (organisation,)),
            )
        asked = (sorted(circle - {author}) for circle in circles[min(step, len(circles) - 1) :])
        return next((people for people in asked if people), [])

    return ask
