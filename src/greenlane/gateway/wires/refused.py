"""What keeps a request from being translated, every reason at once."""

from __future__ import annotations

from typing import Any, ClassVar

import orjson

from greenlane.kit.errors import GreenlaneError


class Untranslatable(GreenlaneError):
    """A request says something that the provider's wire has no word for; nothing was forwarded.

    ``reasons`` are sentences, each naming a field as its caller wrote it.
    """

    code: ClassVar[str] = "untranslatable"
    status: ClassVar[int] = 400
    exit_code: ClassVar[int] = 2

    def __init__(self, reasons: tuple[str, ...]) -> None:
        super().__init__(
            " ".join(reasons),
            next_step="Leave that out, or ask for a model of a provider that speaks your wire.",
        )
        self.reasons = reasons


class Reasons:
    """Collects reasons while a request is read and written, so that a person hears all of them at once."""

    __slots__ = ("_said",)

    def __init__(self) -> None:
        self._said: dict[str, None] = {}

    def add(self, sentence: str) -> None:
        """Note a reason, once."""
        self._said[sentence] = None

    def unless_known(self, value: dict[str, Any], known: frozenset[str], where: str = "") -> None:
        """Note every member that is not known and says something."""
        for name, member in value.items():
            if name not in known and member not in (None, False, [], {}, ""):
                self.add(f"'{where}{name}' has no counterpart at this model's provider.")

    def arguments(self, text: str) -> dict[str, Any]:
        """A call's arguments as an object."""
        try:
            found = orjson.loads(text or "{}")
        except orjson.JSONDecodeError:
            found = None
        if isinstance(found, dict):
            return found
        self.add("The arguments of a call are not a JSON object.")
        return {}

    def check(self) -> None:
        """Raise ``Untranslatable`` if there are any."""
        if self._said:
            raise Untranslatable(tuple(self._said))
