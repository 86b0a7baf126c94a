"""Who acts. Ids are opaque: names and addresses live in ``identity`` and can be erased there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

ActorKind = Literal["person", "agent", "app", "platform"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an agent (always acting for a person), an app, or the platform itself.

    ``credential`` is the id of the session or token that spoke, so that a receipt can say how somebody came in.
    """

    kind: ActorKind
    id: str
    on_behalf_of: str | None = None
    credential: str | None = None

    @property
    def person(self) -> str | None:
        """The accountable person: the actor themselves, or whom an agent or app acts for."""
        return self.id if self.kind == "person" else self.on_behalf_of

    def as_dict(self) -> dict[str, Any]:
        """The actor as JSON values; ``Actor(**value)`` reads it back."""
        return {"kind": self.kind, "id": self.id, "on_behalf_of": self.on_behalf_of, "credential": self.credential}

    def chain(self) -> list[dict[str, Any]]:
        """The whole chain from the accountable person to the one who acted, as receipts carry it."""
        links: list[dict[str, Any]] = []
        if self.on_behalf_of is not None:
            links.append({"kind": "person", "id": self.on_behalf_of})
        links.append({"kind": self.kind, "id": self.id, "credential": self.credential})
        return links


PLATFORM = Actor("platform", "platform")
"""The platform acting by its own schedule: sealing, escalating, expiring."""
