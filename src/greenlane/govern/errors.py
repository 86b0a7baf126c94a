"""The tree of errors that the door and the features raise.

GreenlaneError
├── WrongInput          2   the caller said something that cannot be meant      400
├── SignInNeeded        1   nobody is signed in                                 401
├── Refused             3   the closed lane, or a right that is missing          403
├── NotFound            5   there is no such thing, or the actor may not know   404
├── Conflict            1   somebody else was faster; look and try again        409
├── WaitingForPerson    4   the red lane: stored, not executed                  202
├── TooLarge            1   more than the platform takes                        413
├── TooSoon             1   tried too often; wait as long as it says            429
└── Unavailable         1   a part is away; nothing was done                    503, 507
"""

from __future__ import annotations

import math
from datetime import timedelta

from greenlane.kit.errors import GreenlaneError


class WrongInput(GreenlaneError):
    """What was asked cannot be meant: a missing, unknown or impossible input. ``field`` names it where it is one."""

    code = "wrong-input"
    status = 400
    exit_code = 2

    def __init__(self, message: str, *, next_step: str = "", detail: str = "", field: str = "") -> None:
        super().__init__(message, next_step=next_step, detail=detail)
        self.field = field


class SignInNeeded(GreenlaneError):
    """Nobody is signed in, or the credential is unknown, expired or revoked."""

    code = "sign-in-needed"
    status = 401


class Refused(GreenlaneError):
    """The closed lane: it was decided, it is on the record, and it says what to do instead."""

    code = "refused"
    status = 403
    exit_code = 3


class NotFound(GreenlaneError):
    """There is no such thing, or the actor may not know of it; the two read the same on purpose."""

    code = "not-found"
    status = 404
    exit_code = 5


class Conflict(GreenlaneError):
    """Somebody else changed the same thing first. Nothing was overwritten."""

    code = "conflict"
    status = 409


class WaitingForPerson(GreenlaneError):
    """The red lane, for callers that can only wait or fail: the action is stored and a person decides."""

    code = "waiting"
    status = 202
    exit_code = 4


class TooLarge(GreenlaneError):
    """More than the platform takes in one go."""

    code = "too-large"
    status = 413


class TooSoon(GreenlaneError):
    """Somebody tried too often in a row. Nothing was looked at; ``seconds`` says how long to wait."""

    code = "too-soon"
    status = 429

    def __init__(self, message: str, *, next_step: str = "", detail: str = "", seconds: int = 0) -> None:
        super().__init__(message, next_step=next_step, detail=detail)
        self.seconds = seconds

    @classmethod
    def after(cls, wait: timedelta) -> TooSoon:
        """The error that names the time to wait."""
        seconds = math.ceil(wait.total_seconds())
        words = f"{seconds} seconds" if seconds < 120 else f"{math.ceil(seconds / 60)} minutes"
        return cls(
            "There were too many attempts in a row, so this one was not looked at.",
            next_step=f"Try again in {words}, or sign in another way.",
            seconds=seconds,
        )
