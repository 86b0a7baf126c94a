"""Receipts as they are shown to somebody who may put values in and not look after them: without the names of others'.

What stands in the ledger stays as it is, and its proof with it; what is shown says "a secret" where a name stood.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from greenlane.ledger.receipt import Entry, Receipt

VERBS = frozenset(
    {"put-variable", "rotate-variable", "remove-variable", "revoke-variable", "move-credential", "move-model-key"}
)
"""Verbs whose receipts name a value."""

UNNAMED = "a secret"
"""What is shown instead of a name."""

_FACTS = ("new_secrets", "missing_secrets")


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks, and whether they have a reading right on a subject."""

    person: str
    may: Callable[[str, str], bool]

    def of(self, found: Sequence[Entry]) -> list[Entry]:
        """The entries as they are shown. What somebody did themselves they see as it is."""
        return [self.one(entry) for entry in found]

    def one(self, entry: Entry) -> Entry:
        """One entry as it is shown."""
        names = set(_names(entry.receipt))
        if not names or self.person in {link["id"] for link in entry.receipt.actor}:
            return entry
        subject = str(entry.receipt.action["subject"])
        if self.may("read-variables", subject if subject.startswith(("app:", "team:")) else "organisation"):
            return entry
        return replace(entry, receipt=_without(entry.receipt, names))


NOBODY = Sight("", lambda right, subject: False)
"""For pages that everybody reads alike: no name of anybody's."""


def _names(one: Receipt) -> Iterator[str]:
    """The names of values that a receipt holds."""
    if one.action["verb"] in VERBS:
        yield from (str(said["name"]) for said in (one.action.get("inputs", {}), one.happened) if said.get("name"))
        yield from (str(place).rpartition("/")[2] for place in one.happened.get("places", ()))
    yield from (str(edge["id"]).split("/")[-2] for edge in one.used if edge["kind"] == "variable")
    facts = one.decided.get("facts", {})
    yield from (str(name) for fact in _FACTS for name in facts.get(fact, ()))


def _without(one: Receipt, names: set[str]) -> Receipt:
    pattern = re.compile("|".join(rf"(?<!\w){re.escape(name)}(?!\w)" for name in sorted(names, key=len, reverse=True)))

    def plain(value: Any) -> Any:
        if isinstance(value, str):
            return pattern.sub(UNNAMED, value)
        if isinstance(value, Mapping):
            return {name: each if name in {"verb", "digest"} else plain(each) for name, each in value.items()}
        if isinstance(value, Sequence):
            return [plain(each) for each in value]
        return value

    return replace(
        one,
        action=plain(one.action),
        happened=plain(one.happened),
        used=plain(one.used),
        decided=plain(one.decided),
    )
