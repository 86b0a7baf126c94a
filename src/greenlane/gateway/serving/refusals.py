"""Why a call is not let through, as an exception: said in the caller's own wire by whoever answers."""

from __future__ import annotations

from typing import ClassVar

from greenlane.kit.errors import GreenlaneError


class NotLetThrough(GreenlaneError):
    """A call ends here. ``reason`` is its stable code; ``retry_after`` are seconds after which trying again may help."""

    code: ClassVar[str] = "not-let-through"

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        next_step: str = "",
        retry_after: int | None = None,
        field: str = "",
        detail: str = "",
    ) -> None:
        super().__init__(message, next_step=next_step, detail=detail)
        self.answer = status
        self.reason = reason
        self.retry_after = retry_after
        self.field = field
