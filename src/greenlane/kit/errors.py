"""The root of every error that a person may see.

An error has three texts: the *message* says what happened, the *next step* says what to do about it, and the private
*detail* is for the log alone. Faces print the first two and can never reach the third by accident: ``str(error)`` is
the message.
"""

from __future__ import annotations

from typing import ClassVar


class GreenlaneError(Exception):
    """Something a person should hear of, in words, with what to do next.

    ``code`` is stable and machine-readable, ``status`` the HTTP status and ``exit_code`` the terminal's.
    """

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, next_step: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step
        self.detail = detail


class Unavailable(GreenlaneError):
    """A part that is needed is away; nothing was done, and trying again is safe."""

    code = "unavailable"
    status = 503


class StorageFull(Unavailable):
    """The disk or the store refused a write. The platform is read-only until there is room; apps keep serving."""

    code = "storage-full"
    status = 507
