"""Roles, audiences, states, times and numbers as people read them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from greenlane.identity import narrowing
from greenlane.kit.clock import parse

_ROLES = {
    "owner": ("Owner", "You may do everything here, and you answer for it."),
    "platform-engineer": ("Platform engineer", "You look after people, teams, policies and every app."),
    "developer": ("Developer", "You build apps, publish them and give them addresses of their own."),
    "reviewer": ("Reviewer", "You decide what needs a person."),
    "publisher": ("Publisher", "You publish what others built, roll it back, and open it to more people."),
    "builder": ("Builder", "You build apps and publish them to your team."),
    "auditor": ("Auditor", "You read every receipt, and you change nothing."),
    "billing-viewer": ("Billing viewer", "You see what calls to models cost, and how budgets stand."),
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

LANES = {
    "green": "Went through",
    "amber": "Went through, with safeguards",
    "red": "Needs a person",
    "closed": "Not possible",
}
"""What was decided, for what has happened."""

LANES_AHEAD = {
    "green": "Goes straight through",
    "amber": "Goes through, with safeguards",
    "red": "A person decides first",
    "closed": "Not possible",
}
"""What would be decided, for what has not happened yet."""

_COMMAND = re.compile(r"\s*\(--[^)]*\)|:\s*(?:greenlane )?[a-z-]*\s*--[a-z]+(?: [a-z]+)?(?=\.)")


_TYPED = re.compile(r"\s*[^.;`]*`greenlane[^`]*`[^.;]*[.;]?")


def without_commands(text: str) -> str:
    """Advice for somebody who has buttons: what is to be typed in a terminal is left out."""
    return _TYPED.sub("", _COMMAND.sub("", text)).strip()


NARROW = "\u202f"
"""A narrow space that breaks no line, between a number and its unit."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


ENVIRONMENTS = {"production": "Production", "staging": "Staging", "preview": "Previews", "dev": "Your machine"}
"""Where values count, in words."""

USES = {"run": "Running", "build": "Building", "both": "Running and building"}
"""What values are for, in words."""

_VERBS = {
    "approve": "Approve a request",
    "confirm": "Confirm a request",
    "decline": "Decline a request",
    "deploy": "Send a version",
    "erase-data": "Erase what an app stores",
    "escalate": "Ask more people",
    "forget": "Forget words",
    "invite": "Invite somebody",
    "lock": "Lock an environment",
    "look": "Ask for a look",
    "publish": "Publish a version",
    "put-variable": "Put a value in",
    "remove-variable": "Destroy a value",
    "move-model-key": "Take over a key for models",
    "restore-data": "Bring back what an app stored",
    "revoke-variable": "Revoke a secret everywhere",
    "rollback": "Roll back",
    "rotate-key": "Make a new key for everything sealed",
    "rotate-variable": "Rotate a value",
    "snapshot-data": "Take a snapshot of data",
    "unlock": "Unlock an environment",
    "withdraw": "Withdraw a request",
}
"""Verbs whose name lacks what it is done to."""


def verb_title(verb: str) -> str:
    """``Set audience``: for lists to choose from, headings and buttons."""
    return _VERBS.get(verb) or verb.replace("-", " ").capitalize()


def where(scope: str) -> str:
    """Where a role counts, as people say it."""
    kind, _, name = scope.partition(":")
    return {"team": f"in {name}", "app": f"for {name}"}.get(kind, "everywhere")


def role_title(role: str, where: str = "") -> str:
    """``Builder in the team sales``, ``Developer in staging``."""
    name, place = narrowing.role_of(role), narrowing.environment_of(role)
    words = (_ROLES.get(name, (name,))[0], narrowing.WORDS.get(place, place), where)
    return " ".join(one for one in words if one)


def role_meaning(role: str) -> str:
    """What the role allows, in one sentence; empty for a role that this page does not know."""
    if narrowing.environment_of(role):
        return f"You may do there what the role {narrowing.role_of(role)} allows there, and read what it reads."
    return _ROLES.get(role, ("", ""))[1]


def moment(when: datetime | str) -> str:
    """``20 November 2026, 14:05 UTC``, from a time or its stamp."""
    utc = (parse(when) if isinstance(when, str) else when).astimezone(UTC)
    return f"{utc.day} {utc:%B %Y, %H:%M} UTC"


def day(text: str) -> str:
    """``24 October 2026`` for ``2026-10-24``; anything else stays as it is."""
    if not re.fullmatch(r"\d{4}-\d\d-\d\d", text):
        return text
    found = datetime.fromisoformat(text)
    return f"{found.day} {found:%B %Y}"


def ago(when: datetime | str, now: datetime) -> str:
    """``3 hours ago``, ``in 2 days``, ``just now``: the distance from now in the largest unit that fits."""
    seconds = (now - (parse(when) if isinstance(when, str) else when)).total_seconds()
    size = abs(seconds)
    if size < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    unit, length = ("minute", _MINUTE) if size < _HOUR else ("hour", _HOUR) if size < _DAY else ("day", _DAY)
    said = plural(int(size // length), unit)
    return f"{said} ago" if seconds >= 0 else f"in {said}"


def duration(seconds: float) -> str:
    """``10 minutes``, ``2 hours``, ``3 days``: in the largest unit that is filled."""
    units = ((_DAY, "day"), (_HOUR, "hour"), (_MINUTE, "minute"))
    length, unit = next((one for one in units if seconds >= one[0]), (1, "second"))
    return plural(round(seconds / length), unit)


def plural(count: int, one: str, many: str = "") -> str:
    """``1 app``, ``3 apps``, with a space that breaks no line."""
    return f"{number(count)}\u00a0{one if count == 1 else many or one + 's'}"


def capital(text: str) -> str:
    """A sentence's beginning as it is written at the start of a line."""
    return text[:1].upper() + text[1:]


def number(value: float, decimals: int = 0) -> str:
    """``12,345``; a column chooses 0 or 2 decimals."""
    return f"{value:,.{decimals}f}"


def size(octets: int) -> str:
    """``1.4 MB``: bytes in the decimal units of the SI."""
    value = float(octets)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if value < 1000 or unit == "TB":
            digits = 0 if unit == "B" or value >= 100 else 1
            return f"{value:.{digits}f}{NARROW}{unit}"
        value /= 1000
    raise AssertionError("the last unit takes everything")


def short(text: str, letters: int = 12) -> str:
    """The beginning of an id or a digest, as people recognise it."""
    bare = text.removeprefix("sha256:")
    return bare if len(bare) <= letters else f"{bare[:letters]}…"
