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
    as_creator: bool = _fact("nothing but having created the app gives this right", False)
    suspended: bool = _fact("the actor, or the person they act for, is suspended", False)
    members_active: int = _fact("active people in the organisation", 1)
    author_changes: int = _fact("changes that this author has settled so far", 0)
    author_rollbacks: int = _fact("how many of them were rolled back", 0)
    # handing out rights
    role_wanted: str = _fact("the role that the action hands out; empty where none is", "")
    role_powerful: bool = _fact("that role has power over the work of others", False)
    role_keeps: bool = _fact("that role allows what otherwise owners and platform engineers alone may do", False)
    by_elevation: bool = _fact("the right to do it comes from a role for some hours alone", False)
    kept_apart: str = _fact("what the action would bring together that is kept apart; empty for nothing", "")
    own_access: bool = _fact("somebody would confirm rights that they have themselves", False)
    role_above_own: bool = _fact("the right that is handed out is one that the actor does not hold", False)
    people_gaining: int = _fact("people who would gain a right at once by a rule about a group", 0)
    target_self: bool = _fact("the action changes the rights of the actor themselves", False)
    last_owner: bool = _fact("the organisation would be left without an owner", False)
    apps_owned: int = _fact("apps that the person owns whom the action would erase", 0)
    token_unlimited: bool = _fact("the token or link would never expire", False)
    sign_in_stale: bool = _fact("the actor signed in too long ago to change how they sign in", False)
    step_up: bool = _fact("the agent's person could allow this once, with a fresh sign-in", False)
    # how fast things move, over the last hour
    author_velocity: int = _fact("changes by this author within the last hour", 0)
    agent_velocity: int = _fact("changes made by this agent within the last hour", 0)
    organisation_velocity: int = _fact("changes in the whole organisation within the last hour", 0)
    shape_velocity: int = _fact("changes of this shape (verb and kinds of content) within the last hour", 0)
    recent_reach: int = _fact("hosts, connections and secrets that this author or agent added to the app in a day", 0)
    audience_steps: int = _fact("times the audience of this app grew within the last day", 0)
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
    shared_by_link: bool = _fact("a share link lets people outside the audience open it", False)
    audience_people: int = _fact("people who could open it after the action", 0)
    everyone_before: bool = _fact("this app has been open to everyone here before", False)
    public_before: bool = _fact("this app has been public before", False)
    # what changed
    files: int = _fact("files in the artifact", 0)
    bytes: int = _fact("size of the artifact in bytes", 0)
    files_changed: int = _fact("files added, changed or removed since what is live", 0)
    kinds: tuple[str, ...] = _fact(
        "kinds of content: page, style, script, image, font, media, data, document, code", ()
    )
    new_kinds: tuple[str, ...] = _fact("kinds of content that what is live does not have", ())
    executable: bool = _fact("the artifact has code that would run on the server", False)
    outside_hosts: tuple[str, ...] = _fact("hosts outside the platform that pages call", ())
    new_hosts: tuple[str, ...] = _fact("outside hosts that were not declared or live before", ())
    new_server_hosts: tuple[str, ...] = _fact("outside hosts that the app's own code could not call before", ())
    connections: tuple[str, ...] = _fact("data connections that the app uses", ())
    new_connections: tuple[str, ...] = _fact("data connections that were not there before", ())
    secrets: tuple[str, ...] = _fact("names of secrets that the app uses", ())
    new_secrets: tuple[str, ...] = _fact("names of secrets that were not used before", ())
    missing_secrets: tuple[str, ...] = _fact(
        "names of secrets that have a value elsewhere and none in this environment", ()
    )
    model_keys: tuple[str, ...] = _fact("whose models the app calls with a key of its own", ())
    apps_reached: int = _fact("apps that get a value from where it is kept", 0)
    dependencies: int = _fact("third-party packages named in lock files", 0)
    new_dependencies: int = _fact("third-party packages that what is live does not have", 0)
    lock_out_of_step: bool = _fact("packages are installed without a lock file that says exactly which", False)
    outside_packages: tuple[str, ...] = _fact("packages that come from git or an address instead of a registry", ())
    install_scripts: tuple[str, ...] = _fact("packages that run a script of their own while they are installed", ())
    flaws: tuple[str, ...] = _fact("packages in it with a known flaw, with their versions", ())
    new_flaws: tuple[str, ...] = _fact("packages with a known flaw that what is live does not have", ())
    worst_flaw: str = _fact("the worst of them: low, medium, high, critical, malicious or unknown; empty for none", "")
    unchecked_dependencies: int = _fact("packages that no list, or only an old one, was there to check against", 0)
    data_classes: tuple[str, ...] = _fact("classes of personal data found: email, phone, iban, card, national-id", ())
    new_data_classes: tuple[str, ...] = _fact("classes of personal data that what is live does not have", ())
    personal_data: bool = _fact("the content seems to hold personal data about several people", False)
    leaked_credentials: tuple[str, ...] = _fact("kinds of credentials found in the content", ())
    called_off: tuple[str, ...] = _fact("kinds of credentials that one person alone called a false alarm", ())
    kept_value: bool = _fact("what is called a false alarm is the value of a variable", False)
    high_entropy: int = _fact("strings that merely look random", 0)
    authorisation_removed: bool = _fact("the change takes out a check of who may do something", False)
    public_keys: tuple[str, ...] = _fact("kinds of keys found that their vendor publishes as public", ())
    # a request that waits for a person (approve, decline, send-back, confirm, withdraw)
    own_request: bool = _fact("the actor, or whom the actor acts for, asked for it or made the change", False)
    request_open: bool = _fact("the request still waits for a person", False)
    request_outdated: bool = _fact("the request changed or expired since the actor saw it", False)
    role_from_author: bool = _fact("the author gave the actor their role within the last week", False)
    let_in_by_author: bool = _fact("the author made the way in that the actor signed in with", False)
    returned_favours: int = _fact("requests of this actor that the author approved within the last 30 days", 0)
    # what a person allowed before
    envelope_in_force: bool = _fact("an approval for this app is in force", False)
    envelope_covers: bool = _fact("an approval in force covers all of this change", False)
    envelope_missing: tuple[str, ...] = _fact("what an approval in force does not cover", ())

    def as_dict(self) -> dict[str, Any]:
        """The sheet as JSON values, in the order of the declaration."""
        sheet: dict[str, Any] = {}
        for name in NAMES:
            value = getattr(self, name)
            sheet[name] = list(value) if isinstance(value, tuple) else value
        return sheet

    @classmethod
    def from_dict(cls, sheet: dict[str, Any]) -> Facts:
        """Read a recorded sheet. Facts unknown today are ignored, facts unknown then keep their default."""
        values: dict[str, Any] = {
            name: tuple(sorted(value)) if isinstance(value, list) else value
            for name, value in sheet.items()
            if name in _KNOWN
        }
        return cls(**values)


NAMES = tuple(one.name for one in fields(Facts))
"""Every fact, in the order of the declaration."""

_KNOWN = frozenset(NAMES)


def vocabulary() -> list[tuple[str, str, str]]:
    """Every fact as a row for people: its name, its kind (yes or no, number, word, list of words), what it says."""
    kinds = {"bool": "yes or no", "int": "number", "str": "word", "tuple[str, ...]": "list of words"}
    return [(one.name, kinds[str(one.type)], one.metadata["says"]) for one in fields(Facts)]


RUNGS = ("me", "named", "team", "everyone", "public")
"""The audience ladder from the narrowest to the widest."""
