"""Roles, audiences and states as people read them."""

from __future__ import annotations

from datetime import UTC, datetime

from greenlane.web.house import HeldRole

_ROLES = {
    "owner": ("Owner", "You may do everything here, and you answer for it."),
    "platform-engineer": ("Platform engineer", "You look after people, teams, policies and every app."),
    "developer": ("Developer", "You build apps, publish them and give them addresses of their own."),
    "reviewer": ("Reviewer", "You decide what needs a person."),
    "builder": ("Builder", "You build apps and publish them to your team."),
    "auditor": ("Auditor", "You read every receipt, and you change nothing."),
    "visitor": ("Visitor", "You open the apps that others share with you."),
}

AUDIENCES = {
    "me": "Only its owner",
    "named": "People by name",
    "team": "Its team",
    "everyone": "Everyone here",
    "public": "The whole internet",
}
"""The rungs of the audience ladder, as the answer to "who can open it?"."""

STATES = {
    "live": "Live",
    "empty": "Nothing published yet",
    "asleep": "Asleep, because nobody came for long",
    "contained": "Stopped, and being looked at",
}
"""What an app's production does."""


def role_title(held: HeldRole) -> str:
    """``Builder in the team sales``."""
    return f"{_ROLES.get(held.role, (held.role, ''))[0]} {held.where}"


def role_meaning(held: HeldRole) -> str:
    """What the role allows, in one sentence; empty for a role that this page does not know."""
    return _ROLES.get(held.role, ("", ""))[1]


def moment(when: datetime) -> str:
    """``20 November 2026, 14:05 UTC``."""
    utc = when.astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"
