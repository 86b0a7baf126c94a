"""Whom to ask when an action needs a person: the nearest first, the owners last, never the author."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection

from greenlane.govern.approvals import Reviewers
from greenlane.identity import queries, roles


def reviewers(team_of_app: queries.TeamOfApp) -> Reviewers:
    """The rule by which requests find people.

    Step 0 asks the reviewers of the app or its team, 1 their deputies (reviewers and platform engineers of the whole
    organisation), 2 and later the owners. Where a step has nobody, the next one is asked at once: no request waits for
    a person who is not there.
    """

    def ask(connection: Connection, subject: str, author: str | None, step: int) -> Sequence[str]:
        organisation, *nearer = queries.scopes_around(connection, subject, team_of_app)
        circles = (
            queries.people_with(connection, roles.APPROVERS, nearer),
            queries.people_with(connection, (roles.REVIEWER, roles.PLATFORM_ENGINEER), (organisation,)),
            queries.people_with(connection, (roles.OWNER,), (organisation,)),
        )
        asked = (sorted(circle - {author}) for circle in circles[min(step, len(circles) - 1) :])
        return next((people for people in asked if people), [])

    return ask
