"""Whose money or which callers an action is about, as it was typed."""

from __future__ import annotations

from typing import Protocol

from greenlane.govern.errors import WrongInput

ENVIRONMENTS = ("production", "staging", "preview", "dev")
"""Where an app's calls are made; ``dev`` is a person's own machine."""


class Whose(Protocol):
    """An action about an account: of an app or one of its environments, a team, a person, or else the organisation."""

    @property
    def app(self) -> str:
        """The app's name."""

    @property
    def environment(self) -> str:
        """One of the app's environments."""

    @property
    def team(self) -> str:
        """The team's name or id."""

    @property
    def person(self) -> str:
        """The person's id."""


def check(action: Whose) -> None:
    """Raise ``WrongInput`` where an action means two accounts at once, or none that can be."""
    if [bool(action.app), bool(action.team), bool(action.person)].count(True) > 1:
        raise WrongInput(
            "Whose is it?", next_step="Name an app, a team or a person; none means the whole organisation."
        )
    if action.environment and not action.app:
        raise WrongInput("Which app's environment?", next_step="Name the app too.", field="app")
    if action.environment and action.environment not in ENVIRONMENTS:
        raise WrongInput(
            f"{action.environment!r} is no environment.",
            next_step=f"Choose one of: {', '.join(ENVIRONMENTS)}.",
            field="environment",
        )
