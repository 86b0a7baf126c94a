"""Envelopes: what an approval covers from then on, so that only the difference is asked again.

A change is compared in full (everything that it holds, not only what is new), because what came in while the audience
was narrow must not ride out when it is wide again. Pure: when an envelope ends is for whoever keeps it to look at.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from greenlane.govern.facts import RUNGS, Facts

_KEPT = {
    "kinds": "content of the kind {}",
    "hosts": "calls to {}",
    "data_classes": "personal data of the class {}",
    "connections": "data from {}",
    "secrets": "the secret {}",
}
"""The lists of an envelope in their order, each with the words for an entry that it misses."""

PERSONAL = "personal"
"""The entry among the data classes for content that seems to be about several people, whatever the class."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a person approved: a subject, the widest audience, kinds of content, hosts, data, and until when.

    ``until`` is a stamp as ``kit.clock`` writes it. Lists are sorted.
    """

    subject: str
    audience: str
    kinds: tuple[str, ...]
    hosts: tuple[str, ...]
    data_classes: tuple[str, ...]
    connections: tuple[str, ...]
    secrets: tuple[str, ...]
    until: str

    @classmethod
    def from_facts(cls, subject: str, facts: Facts, until: str) -> Envelope:
        """The envelope of a change that was approved: everything that it was, and nothing more."""
        held: dict[str, Any] = _held(facts)
        return cls(subject=subject, audience=facts.audience_wanted, until=until, **held)

    @classmethod
    def from_dict(cls, terms: dict[str, Any]) -> Envelope:
        """Read what ``as_dict`` wrote."""
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in terms.items()
        }
        return cls(**values)

    def as_dict(self) -> dict[str, Any]:
        """The envelope as JSON values."""
        values = {one.name: getattr(self, one.name) for one in fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    def covers(self, facts: Facts) -> tuple[bool, tuple[str, ...]]:
        """Whether a change stays inside, and in words what does not."""
        return coverage((self,), facts)


def coverage(envelopes: Iterable[Envelope], facts: Facts) -> tuple[bool, tuple[str, ...]]:
    """Whether the envelopes of one subject cover a change together, and in words what they miss.

    Only envelopes as wide as the wanted audience count: what was approved for everyone here says nothing about the
    public. Without an envelope nothing is covered.
    """
    wide = [one for one in envelopes if _rung(one.audience) >= _rung(facts.audience_wanted)]
    if not wide:
        return False, (_audience_words(facts),)
    missing = []
    for name, held in _held(facts).items():
        covered = {entry for one in wide for entry in getattr(one, name)}
        missing += [_KEPT[name].format(entry) for entry in held if entry not in covered]
    return not missing, tuple(sorted(missing))


def still_missing(missing: Iterable[str], facts: Facts) -> tuple[str, ...]:
    """What of a coverage's missing words remains when a change has become smaller: these facts."""
    words = {_KEPT[name].format(entry) for name, held in _held(facts).items() for entry in held}
    return tuple(one for one in missing if one in words or one == _audience_words(facts))


def _audience_words(facts: Facts) -> str:
    return f"an audience as wide as {facts.audience_wanted}"


def _held(facts: Facts) -> dict[str, tuple[str, ...]]:
    """What a change holds, by the envelope's lists."""
    held = {
        "kinds": {*facts.kinds, *facts.new_kinds, *(("code",) if facts.executable else ())},
        "hosts": {*facts.outside_hosts, *facts.new_hosts},
        "data_classes": {
            *facts.data_classes,
            *facts.new_data_classes,
            *((PERSONAL,) if facts.personal_data else ()),
        },
        "connections": {*facts.connections, *facts.new_connections},
        "secrets": {*facts.secrets, *facts.new_secrets},
    }
    return {name: tuple(sorted(entries)) for name, entries in held.items()}


def _rung(audience: str) -> int:
    return RUNGS.index(audience)
