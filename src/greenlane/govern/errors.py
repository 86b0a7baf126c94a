"""The tree of errors that the door and the features raise.

GreenlaneError
├── WrongInput          2   the caller said something that cannot be meant      400
├── SignInNeeded        1   nobody is signed in                                 401
├── Refused             3   the closed lane, or a right that is missing          403
├── NotFound            5   there is no such thing, or the actor may not know   404
├── Conflict            1   somebody else was faster; look and try again        409
├── WaitingForPerson    4   the red lane: stored, not executed                  202
├── TooLarge            1   more than the platform takes                        413
└── Unavailable         1   a part is away; nothing was done                    503, 507
"""

from __future__ import annotations

from greenlane.kit.errors import GreenlaneError


class WrongInput(GreenlaneError):
    """What was asked cannot be meant: a missing, unknown or impossible input."""

    code = "wrong-input"
    status = 400
    exit_code = 2


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
