"""Who acts. Ids are opaque: names and addresses live in ``identity`` and can be erased there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

ActorKind = Literal["person", "agent", "app", "platform"]


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, an agent (always acting for a person), an app, or the platform itself.

    ``credential`` is the id of the session, token or grant that spoke, so that a receipt can say how somebody came in.
    An agent under a grant has more to say: ``through`` are the agents between its person and itself, the first one
    first; ``signed_in`` is the session or token with which the person gave the grant; ``scopes`` is what the agent's own
    token was narrowed to, None for all that the grant has.
    """

    kind: ActorKind
    id: str
    on_behalf_of: str | None = None
    credential: str | None = None
    through: tuple[str, ...] = ()
    signed_in: str | None = None
    scopes: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        """Take lists as JSON has them for the tuples that they were."""
        object.__setattr__(self, "through", tuple(self.through))
        if self.scopes is not None:
            object.__setattr__(self, "scopes", tuple(self.scopes))

    @property
    def person(self) -> str | None:
        """The accountable person: the actor themselves, or whom an agent or app acts for."""
        return self.id if self.kind == "person" else self.on_behalf_of

    @property
    def agents(self) -> tuple[str, ...]:
        """The agents of the chain, the one that its person chose first and the one that acts last."""
        return (*self.through, self.id) if self.kind == "agent" else ()

    def as_dict(self) -> dict[str, Any]:
        """The actor as JSON values; ``Actor(**value)`` reads it back."""
        known = {"kind": self.kind, "id": self.id, "on_behalf_of": self.on_behalf_of, "credential": self.credential}
        more = {"through": list(self.through), "signed_in": self.signed_in}
        told = {**known, **{name: value for name, value in more.items() if value}}
        return told if self.scopes is None else {**told, "scopes": list(self.scopes)}

    def chain(self) -> list[dict[str, Any]]:
        """The whole chain from the accountable person to the one who acted, as receipts carry it."""
        links: list[dict[str, Any]] = []
        if self.on_behalf_of is not None:
            came_in = {"credential": self.signed_in} if self.signed_in else {}
            links.append({"kind": "person", "id": self.on_behalf_of, **came_in})
        links += [{"kind": "agent", "id": one} for one in self.through]
        links.append({"kind": self.kind, "id": self.id, "credential": self.credential})
        return links


PLATFORM = Actor("platform", "platform")
"""The platform acting by its own schedule: sealing, escalating, expiring."""
