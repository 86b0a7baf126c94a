"""What publishing would do, in words that are said before anybody presses the button. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from greenlane.govern.decision import Decision, Lane
from greenlane.govern.facts import Facts
from greenlane.govern.policy import SAFEGUARDS
from greenlane.insights.tallying import DAY, HOUR, LONGER, MINUTE
from greenlane.web import wording

NOT_SAID = frozenset({"undo-offered", "narrower-first"})
"""Safeguards that the sentence says already."""


@dataclass(frozen=True, slots=True)
class Circle:
    """Who can open an app: a rung of the ladder, with the team's name, how many people that is, and the owner's name.

    ``guests`` were let in by name on top of it, ``links`` are share links that work for whoever holds one.
    """

    rung: str
    team: str
    people: int
    owner: str = ""
    guests: int = 0
    links: int = 0

    @property
    def short(self) -> str:
        """For a button: ``Sales (42 people)``."""
        return {
            "me": f"{self.owner or 'its owner'} alone",
            "named": f"{wording.plural(self.people, 'person', 'people')} by name",
            "team": f"{self.team} ({wording.plural(self.people, 'person', 'people')})",
            "everyone": f"everyone here ({wording.plural(self.people, 'person', 'people')})",
            "public": "the whole internet",
        }[self.rung]

    @property
    def sentence(self) -> str:
        """For a page: ``Its team Sales can open it: 42 people.``"""
        many = wording.plural(self.people, "person", "people")
        said = {
            "me": f"Only {self.owner or 'its owner'} can open it.",
            "named": f"Only people by name can open it: {many}.",
            "team": f"Its team {self.team} can open it: {many}.",
            "everyone": f"Everyone here can open it after signing in: {many}.",
            "public": "Everybody on the internet can open it, without signing in.",
        }[self.rung]
        return said + self._besides

    @property
    def possibly(self) -> str:
        """For an audience that is not set: ``Its team Sales could open it: 42 people.``"""
        return self.sentence.replace(" can ", " could ")

    @property
    def _besides(self) -> str:
        """Who can open it beside the rung; empty where nobody can."""
        said = ""
        if self.guests:
            verb = "is a guest" if self.guests == 1 else "are guests"
            said += f" {wording.number(self.guests)} of them {verb}."
        if self.links:
            either = "the share link" if self.links == 1 else f"one of {wording.number(self.links)} share links"
            said += f" So can anybody who has {either}."
        return said


def label(decision: Decision, circle: Circle, environment: str, *, undoes: str = "") -> str:
    """The button: verb, object and consequence."""
    to = "staging, for its team" if environment == "staging" else circle.short
    ask = decision.lane is Lane.RED
    said = f"Ask to publish to {to}" if ask else f"Publish to {to}"
    return f"{said}; {undoes}" if undoes else said


def consequence(decision: Decision, facts: Facts, circle: Circle, reviewers: str, usually: str) -> str:
    """What will have happened after the button, in a sentence or two."""
    if decision.lane is Lane.CLOSED:
        return "It stays as it is: this is not possible now."
    if decision.lane is Lane.RED:
        return f"Nothing changes yet. {reviewers}{usually}"
    if facts.environment == "staging":
        return "It goes to staging now, where its team can open it. You can undo it."
    if "narrower-first" in decision.safeguards and facts.audience_widens:
        return f"It goes live for its team now, and for {_whom(circle)} an hour later. You can undo it."
    return f"It goes live for {_whom(circle)} now. You can undo it."


def _whom(circle: Circle) -> str:
    return {
        "me": circle.owner or "its owner",
        "named": "the people named",
        "team": f"the team {circle.team}",
        "everyone": "everyone here",
        "public": "the whole internet",
    }[circle.rung]


def who_decides(names: Sequence[str]) -> str:
    """``Ben Okafor decides first``, before how long that takes."""
    if not names:
        return "Nobody else here can decide it, so you are asked to confirm it yourself"
    if len(names) == 1:
        return f"{names[0]} decides first"
    if len(names) == 2:
        return f"{names[0]} or {names[1]} decides first"
    return f"One of {len(names)} reviewers decides first"


def usually(bound: int | None) -> str:
    """How long people were waited for, in half of the cases: a step's upper bound in seconds, or None without any."""
    if bound is None:
        return "."
    if bound == LONGER:
        return ", usually after more than a week."
    unit, size = ("minute", MINUTE) if bound < HOUR else ("hour", HOUR) if bound < DAY else ("day", DAY)
    return f", usually within {wording.plural(bound // size, unit)}."


def safeguards(decision: Decision) -> list[str]:
    """What comes with an amber decision, beyond what the sentence says; nothing where a person is asked first."""
    if decision.lane is not Lane.AMBER:
        return []
    return [SAFEGUARDS[one] for one in decision.safeguards if one not in NOT_SAID]
