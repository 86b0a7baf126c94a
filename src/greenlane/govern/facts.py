"""What risk and policy may know: one flat sheet of named facts, the vocabulary of every rule.

A decision sees nothing but this sheet, so a stored sheet replays it bit for bit. No fact is personal: people appear as
counts and roles, findings as kinds and counts. Each feature fills in what it knows (its ``facts.py``); what nobody
filled in keeps the default, which is always the harmless value.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any


def _fact(says: str, default: Any) -> Any:
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a decision is made from. Lists are sorted tuples of strings; nothing is nested."""

    # who acts
    actor_kind: str = _fact("person, agent, app or platform", "person")
    made_by_agent: bool = _fact("an agent made the change, whoever carries it on", False)
    roles: tuple[str, ...] = _fact("the roles that count for this subject", ())
    may: bool = _fact("the actor's roles allow this verb on this subject", False)
    may_why: str = _fact("which role allows it, or what is missing", "")
    members_active: int = _fact("active people in the organisation", 1)
    author_changes: int = _fact("changes that this author has settled so far", 0)
    author_rollbacks: int = _fact("how many of them were rolled back", 0)
    # how fast things move, over the last hour
    author_velocity: int = _fact("changes by this author within the last hour", 0)
    agent_velocity: int = _fact("changes made by this agent within the last hour", 0)
    organisation_velocity: int = _fact("changes in the whole organisation within the last hour", 0)
    shape_velocity: int = _fact("changes of this shape (verb and kinds of content) within the last hour", 0)
    # what it happens to
    app_exists: bool = _fact("the app exists already", False)
    environment: str = _fact("preview, staging or production; empty where none is concerned", "")
    first_publish: bool = _fact("nothing has been live in this environment yet", False)
    locked: bool = _fact("the environment is locked", False)
    unlocks: bool = _fact("the action says that it means to lift the lock", False)
    contained: bool = _fact("the artifact, or something in it, is contained", False)
    quota_exceeded: bool = _fact("the app or team would be over its quota", False)
    # who will see it
    audience_now: str = _fact("the rung today: me, named, team, everyone, public", "me")
    audience_wanted: str = _fact("the rung after the action", "me")
    audience_widens: bool = _fact("more people could open it than before", False)
    everyone_before: bool = _fact("this app has been open to everyone here before", False)
    public_before: bool = _fact("this app has been public before", False)
    # what changed
    files: int = _fact("files in the artifact", 0)
    bytes: int = _fact("size of the artifact in bytes", 0)
    files_changed: int = _fact("files added, changed or removed since what is live", 0)
    kinds: tuple[str, ...] = _fact("kinds of content: page, style, script, image, font, media, data, document, code", ())
    new_kinds: tuple[str, ...] = _fact("kinds of content that what is live does not have", ())
    executable: bool = _fact("the artifact has code that would run on the server", False)
    outside_hosts: tuple[str, ...] = _fact("hosts outside the platform that pages call", ())
    new_hosts: tuple[str, ...] = _fact("outside hosts that were not declared or live before", ())
    new_connections: tuple[str, ...] = _fact("data connections that were not there before", ())
    new_secrets: tuple[str, ...] = _fact("names of secrets that were not used before", ())
    dependencies: int = _fact("third-party packages named in lock files", 0)
    new_dependencies: int = _fact("third-party packages that what is live does not have", 0)
    data_classes: tuple[str, ...] = _fact("classes of personal data found: email, phone, iban, card, national-id", ())
    personal_data: bool = _fact("the content seems to hold personal data about several people", False)
    leaked_credentials: tuple[str, ...] = _fact("kinds of credentials found in the content", ())
    high_entropy: int = _fact("strings that merely look random", 0)
    public_keys: tuple[str, ...] = _fact("kinds of keys found that their vendor publishes as public", ())
    # what a person allowed before
    envelope_covers: bool = _fact("an approval in force covers all of this change", False)
    envelope_missing: tuple[str, ...] = _fact("what an approval in force does not cover", ())

    def as_dict(self) -> dict[str, Any]:
        """The sheet as JSON values, in the order of the declaration."""
        sheet: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            sheet[one.name] = list(value) if isinstance(value, tuple) else value
        return sheet

    @classmethod
    def from_dict(cls, sheet: dict[str, Any]) -> Facts:
        """Read a recorded sheet. Facts unknown today are ignored, facts unknown then keep their default."""
        known = {one.name for one in fields(cls)}
        return cls(**{k: tuple(sorted(v)) if isinstance(v, list) else v for k, v in sheet.items() if k in known})


RUNGS = ("me", "named", "team", "everyone", "public")
"""The audience ladder from the narrowest to the widest."""
