"""What can go wrong in the terminal, and the exit code that each error ends with.

0 done    1 anything else    2 wrong usage    3 refused    4 waiting for a person    5 not found
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from greenlane.kit.errors import GreenlaneError, Unavailable

DONE, ELSE, USAGE, REFUSED, WAITING, MISSING = range(6)

EXIT_BY_STATUS: Mapping[int, int] = {
    200: DONE,
    202: WAITING,
    400: USAGE,
    403: REFUSED,
    404: MISSING,
    410: MISSING,
    422: USAGE,
}
"""The exit code for an HTTP status; every other status ends with 1."""


class NotReachable(Unavailable):
    """Nothing answers at the address."""

    code = "not-reachable"


class TrustChanged(GreenlaneError):
    """The server shows other public keys than the ones that were pinned at first contact."""

    code = "trust-changed"


class NoTrustRoot(GreenlaneError):
    """There is nothing to check a signature against."""

    code = "no-trust-root"


class DoesNotHold(GreenlaneError):
    """Something was checked and is not what it says it is."""

    code = "does-not-hold"


class Stopped(GreenlaneError):
    """Somebody pressed Ctrl-C."""

    code = "stopped"


class FileTrouble(GreenlaneError):
    """A file on this machine cannot be read or written."""

    code = "file"


class FromControl(GreenlaneError):
    """What the server answered instead of doing it: an RFC 9457 problem, with our ``code`` and ``next_step``."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(
            str(problem.get("title") or problem.get("detail") or f"The server answered {status}."),
            next_step=str(problem.get("next_step") or ""),
        )
        self.answered = status
        self.problem = dict(problem)


def exit_code_of(error: GreenlaneError) -> int:
    """The terminal's exit code for an error."""
    return EXIT_BY_STATUS.get(error.answered, ELSE) if isinstance(error, FromControl) else error.exit_code


def document_of(error: GreenlaneError) -> dict[str, Any]:
    """An error as the one JSON document that ``--json`` prints."""
    known = error.problem if isinstance(error, FromControl) else {}
    return {
        **known,
        "code": known.get("code", error.code),
        "message": error.message,
        "next_step": error.next_step,
        "exit_code": exit_code_of(error),
    }
