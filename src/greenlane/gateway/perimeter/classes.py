"""The classes of data that the platform knows by itself, and what an administrator may want done with each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

Action = Literal["allow", "mask", "ask", "refuse"]
ACTIONS: tuple[Action, ...] = Action.__args__  # type: ignore[attr-defined]  # the arguments of a Literal are its values

SECRET: Final = "secret"  # noqa: S105  # the name of a class
EMAIL: Final = "email"
PHONE: Final = "phone"
CARD: Final = "card"
IBAN: Final = "iban"
NATIONAL_ID: Final = "national-id"
ATTACHMENT: Final = "attachment"

WORDS: Final[Mapping[str, str]] = {
    SECRET: "a secret that the platform keeps",
    EMAIL: "an e-mail address",
    PHONE: "a telephone number",
    CARD: "the number of a payment card",
    IBAN: "an international bank account number",
    NATIONAL_ID: "a personal number that a state gave",
    ATTACHMENT: "a picture, a recording or a document that cannot be looked into",
}
"""What each class is, for people to read after "it holds"."""

NUMBERS: Final = frozenset((PHONE, CARD, IBAN, NATIONAL_ID))


@dataclass(frozen=True, slots=True)
class Rule:
    """What happens to a class in prompts, and in answers. ``countries`` (ISO 3166, two letters) widens the search for
    telephone and personal numbers to forms that are told apart by their country alone.
    """

    action: Action = "allow"
    answers: Literal["allow", "mask", "refuse"] = "allow"
    countries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rules:
    """All rules, by class."""

    by_class: Mapping[str, Rule] = field(default_factory=dict)

    @classmethod
    def read(cls, table: Mapping[str, Mapping[str, Any]]) -> Rules:
        """The ``rules`` section of the table."""
        return cls(
            {
                name: Rule(one.get("action", "allow"), one.get("answers", "allow"), tuple(one.get("countries") or ()))
                for name, one in table.items()
            }
        )

    def action(self, name: str) -> Action:
        """What is done with a class in prompts."""
        return self.by_class[name].action

    def countries(self, name: str) -> tuple[str, ...]:
        """Where a class is looked for beyond the usual."""
        return self.by_class[name].countries if name in self.by_class else ()


def words(name: str) -> str:
    """What a class is, for people to read after "it holds"; an organisation's own classes are told by their name."""
    return WORDS.get(name) or f"something of the class '{name}'"
