"""A publish as its button tells it before anybody presses it, and going back beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from greenlane.catalog import queries as catalog
from greenlane.deploys.actions import Publish, Rollback
from greenlane.govern.decide import decide
from greenlane.govern.decision import Decision, Lane
from greenlane.govern.errors import Conflict, NotFound, WrongInput
from greenlane.govern.facts import Facts
from greenlane.identity import queries as identity
from greenlane.insights import figures, questions, tallying, telling
from greenlane.web import publishing, wording
from greenlane.web.asked import Asked
from greenlane.web.one_app import Live
from greenlane.web.publishing import Circle

WAITED_LATELY = 30
"""Days from which it is said how long people usually wait for a decision."""

ABOUT_WHO_AND_WHERE = (
    "actor_kind",
    "roles",
    "members_active",
    "suspended",
    "may",
    "may_why",
    "app_exists",
    "environment",
    "locked",
    "contained",
    "audience_now",
    "everyone_before",
    "public_before",
)
"""Facts that do not depend on which version is put where."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A publish as its button tells it, before anybody presses it."""

    facts: Facts
    decision: Decision
    reasons: Sequence[Mapping[str, str]]
    label: str
    consequence: str
    safeguards: Sequence[str]
    inputs: Mapping[str, object]


def offer(
    at: Asked, app: catalog.App, deploy: str, circle: Circle, production: Live | None, *, to: str = "production"
) -> Offer | None:
    """A publish of a version for a circle, decided but not done; None where the door cannot even consider it."""
    inputs: dict[str, object] = {"app": app.name, "deploy": deploy, "environment": to}
    locked = production is not None and production.lock is not None and to == "production"
    if circle.rung != app.rung and to == "production":
        inputs["audience"] = circle.rung
    if locked:
        inputs["unlock"] = "yes"
    try:
        facts, decision = at.explain(
            Publish(
                app.name,
                environment=to,
                deploy=deploy,
                audience=str(inputs.get("audience", "")),
                unlock=locked,
            )
        )
    except (Conflict, NotFound, WrongInput):
        return None
    reviewers, usually = _who_and_how_long(at, app.name) if decision.lane is Lane.RED else ("", "")
    return Offer(
        facts=facts,
        decision=decision,
        reasons=[
            {"says": one.says, "instead": wording.without_commands(one.instead)}
            for one in telling.reasons(facts, decision)
        ],
        label=publishing.label(decision, circle, to, undoes=_undoes(production) if locked else ""),
        consequence=publishing.consequence(decision, facts, circle, reviewers, usually),
        safeguards=publishing.safeguards(decision),
        inputs=inputs,
    )


def _undoes(production: Live | None) -> str:
    """What lifting the lock takes back."""
    assert production is not None
    if production.by_rollback and production.placing is not None:
        return f"undoes the rollback of {questions.day(production.since)} by {production.placing.who}"
    who = production.lock.who if production.lock else ""
    return f"lifts the lock of {who}" if who else "lifts the lock"


def _who_and_how_long(at: Asked, app: str) -> tuple[str, str]:
    """Who would decide, and how long people were waited for lately, in words."""
    with at.read() as connection:
        asked = at.house.door.house.reviewers(connection, f"app:{app}", at.me.person, 0)
        names = list(identity.names(connection, asked).values())
        lately = figures.days_of(at.now, WAITED_LATELY)[0]
        waited = figures.durations(connection, tallying.WAITED, lately).within(0.5)
    return publishing.who_decides(names), publishing.usually(waited)


def lane_back(at: Asked, app: catalog.App, deploy: str, offered: Offer | None) -> str:
    """The lane in which going back would be. What is known from a publish beside it is not gathered again: about the
    asker and the app the two know the same, and going back changes nothing else.
    """
    if offered is None:
        return str(at.explain(Rollback(app.name, deploy=deploy))[1].lane)
    known = {name: getattr(offered.facts, name) for name in ABOUT_WHO_AND_WHERE}
    return str(decide("rollback", Facts(**known, audience_wanted=offered.facts.audience_now), at.house.pack()).lane)
