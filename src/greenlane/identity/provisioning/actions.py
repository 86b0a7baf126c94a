"""The verbs about directories: those of administrators, and those that a directory itself does.

An action that exists is well formed: what cannot be meant is refused when it is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb
from greenlane.identity import names

DirectoryName = Annotated[str, "the directory's name, such as okta"]
DirectoryId = Annotated[str, "the directory's id, dir_…"]
Days = Annotated[int, "for how many days the token works, 1 to 730"]
Described = Annotated[str, Private, "what the directory says, a SCIM resource as JSON"]
KnownAs = Annotated[str, Private, "what the directory calls them: their userName or externalId there"]
PersonId = Annotated[str, "the person's id, p_…"]
Version = Annotated[int, "the version that it must still have; 0 for any"]

LONGEST = 730
"""Days that a directory's token works at most: providers ask for a year, and two leave time to change it."""


@verb(
    "connect-directory",
    effect=EffectClass.WRITE,
    undo="disconnect-directory",
    says="{actor} {connected|connect} the directory {name}",
)
@dataclass(frozen=True, slots=True)
class ConnectDirectory:
    """Let the company's directory bring people and groups by SCIM 2.0, and make its first token."""

    name: DirectoryName
    days: Days = 365

    def __post_init__(self) -> None:
        names.check_team(self.name)
        names.check_days(self.days, LONGEST)


@verb(
    "disconnect-directory",
    effect=EffectClass.WRITE,
    subject="directory",
    says="{actor} {disconnected|disconnect} the directory {directory}",
)
@dataclass(frozen=True, slots=True)
class DisconnectDirectory:
    """End a directory: its tokens stop. The people that it brought stay as they are; its groups are empty from then on."""

    directory: DirectoryName


@verb(
    "create-directory-token",
    effect=EffectClass.WRITE,
    subject="directory",
    undo="revoke-directory-token",
    says="{actor} {created|create} a token for the directory {directory}",
)
@dataclass(frozen=True, slots=True)
class CreateDirectoryToken:
    """Create a second token, so that one can be changed for the other without a gap. It is shown once."""

    directory: DirectoryName
    days: Days = 365

    def __post_init__(self) -> None:
        names.check_days(self.days, LONGEST)


@verb(
    "revoke-directory-token",
    effect=EffectClass.WRITE,
    subject="token",
    says="{actor} {revoked|revoke} the directory's token {token}",
)
@dataclass(frozen=True, slots=True)
class RevokeDirectoryToken:
    """End a token of a directory."""

    token: Annotated[str, "the token's id, dtk_…"]


@verb(
    "join-directory",
    effect=EffectClass.WRITE,
    subject="person",
    undo="leave-directory",
    says="{actor} {joined|join} {person} with the directory {directory}",
)
@dataclass(frozen=True, slots=True)
class JoinDirectory:
    """Say that somebody here is whom a directory calls so. The directory takes them over when it next adds that person."""

    directory: DirectoryName
    known_as: KnownAs
    person: PersonId

    def __post_init__(self) -> None:
        names.check_known_as(self.known_as)


@verb(
    "leave-directory",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {took|take} {person} out of the directory",
)
@dataclass(frozen=True, slots=True)
class LeaveDirectory:
    """Take somebody who was joined out of their directory: it neither sees nor changes them, and its groups lose them."""

    person: PersonId


# what a directory does


@verb("provision-person", effect=EffectClass.WRITE, says="{actor} {added|add} a person")
@dataclass(frozen=True, slots=True)
class ProvisionPerson:
    """A directory adds a person, or takes back one that it let go of."""

    directory: DirectoryId
    described: Described
    active: Annotated[bool, "whether they may come in"] = True


@verb(
    "change-provisioned-person",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {changed|change} what it says about {person}",
)
@dataclass(frozen=True, slots=True)
class ChangeProvisionedPerson:
    """A directory says something else about a person: their name, mail address, department, or that they are active."""

    person: PersonId
    described: Described
    active: Annotated[bool, "whether they may come in"] = True
    version: Version = 0


@verb(
    "release-person",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {let|let} go of {person}",
)
@dataclass(frozen=True, slots=True)
class ReleasePerson:
    """A directory deletes a person: they are shut out and leave its groups. Their id, and what they made, stay."""

    person: PersonId
    version: Version = 0


@verb("provision-group", effect=EffectClass.WRITE, says="{actor} {added|add} the group {name}")
@dataclass(frozen=True, slots=True)
class ProvisionGroup:
    """A directory adds a group, with the people and groups in it."""

    directory: DirectoryId
    name: Annotated[str, "the group's name"]
    external_id: Annotated[str, "the directory's own id for it"] = ""
    members: Annotated[tuple[str, ...], "ids of people and groups, p_… and grp_…"] = ()

    def __post_init__(self) -> None:
        names.check_group(self.name)


@verb(
    "change-provisioned-group",
    effect=EffectClass.WRITE,
    subject="group",
    says="{actor} {changed|change} the group {name}",
)
@dataclass(frozen=True, slots=True)
class ChangeProvisionedGroup:
    """A directory renames a group, or changes who is in it."""

    group: Annotated[str, "the group's id, grp_…"]
    name: Annotated[str, "the group's name"]
    external_id: Annotated[str, "the directory's own id for it"] = ""
    came: Annotated[tuple[str, ...], "ids of people and groups that came in"] = ()
    left: Annotated[tuple[str, ...], "ids of people and groups that left"] = ()
    version: Version = 0

    def __post_init__(self) -> None:
        names.check_group(self.name)


@verb(
    "remove-provisioned-group",
    effect=EffectClass.WRITE,
    subject="group",
    says="{actor} {removed|remove} the group {group}",
)
@dataclass(frozen=True, slots=True)
class RemoveProvisionedGroup:
    """A directory deletes a group: nobody is in it any more, and its rules end."""

    group: Annotated[str, "the group's id, grp_…"]
    version: Version = 0


@verb("provision-agent", effect=EffectClass.WRITE, says="{actor} {added|add} the agent {name}")
@dataclass(frozen=True, slots=True)
class ProvisionAgent:
    """A directory adds an agent, by the name that stands in its tokens."""

    directory: DirectoryId
    name: Annotated[str, "the agent's name"]
    described: Described
    active: Annotated[bool, "whether it may act"] = True


@verb(
    "change-provisioned-agent",
    effect=EffectClass.WRITE,
    subject="agent",
    says="{actor} {changed|change} the agent {name}",
)
@dataclass(frozen=True, slots=True)
class ChangeProvisionedAgent:
    """A directory says something else about an agent. Switched off, its tokens end and no new ones are made."""

    agent: Annotated[str, "the agent's id, agt_…"]
    name: Annotated[str, "the agent's name"]
    described: Described
    active: Annotated[bool, "whether it may act"] = True
    version: Version = 0


@verb(
    "remove-provisioned-agent",
    effect=EffectClass.WRITE,
    subject="agent",
    says="{actor} {removed|remove} the agent {agent}",
)
@dataclass(frozen=True, slots=True)
class RemoveProvisionedAgent:
    """A directory deletes an agent: its tokens end."""

    agent: Annotated[str, "the agent's id, agt_…"]
    version: Version = 0
