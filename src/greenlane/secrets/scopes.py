"""Where a value stands: with an app, with a team for all its apps, or with the organisation for every app.

A scope is written as roles write theirs: ``organisation``, ``team:t_…``, ``app:vendor-board``.
"""

from __future__ import annotations

from typing import Protocol

from greenlane.identity import held

ORGANISATION = held.ORGANISATION

ENVIRONMENTS = ("production", "staging", "preview", "dev")
"""Where values count. ``dev`` is a person's own machine."""

BOTH = "both"
USES = ("build", "run")
"""What values are for: what makes the app, and what runs it. A value can be for ``both``."""

_RANK = {"organisation": 0, "team": 1, "app": 2}


class Placed(Protocol):
    """An action that says where a value stands: exactly one of the three."""

    @property
    def app(self) -> str:
        """The app's name."""

    @property
    def team(self) -> str:
        """The team's name or id."""

    @property
    def organisation(self) -> bool:
        """Whether it stands with the organisation."""


def of_app(name: str) -> str:
    """The scope of an app's own values."""
    return f"app:{name}"


def of_team(team: str) -> str:
    """The scope of a team's values, by the team's id."""
    return f"team:{team}"


def around(app: str, team: str) -> tuple[str, str, str]:
    """The scopes whose values an app gets, the widest first. ``team`` is the id of its team."""
    return ORGANISATION, of_team(team), of_app(app)


def rank(scope: str) -> int:
    """How specific a scope is: an app's own beats its team's, and that the organisation's."""
    return _RANK[scope.partition(":")[0]]


def words(scope: str, team: str = "") -> str:
    """Whose value it is, in words: ``the app's own``, ``the team's``, ``the organisation's``."""
    kind = scope.partition(":")[0]
    if kind == "app":
        return "the app's own"
    if kind == "team":
        return f"the {team} team's" if team else "the team's"
    return "the organisation's"
