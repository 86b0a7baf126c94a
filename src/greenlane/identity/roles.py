"""Who may do what: one table of verbs, environments and roles, and what narrows it.

A role is held somewhere: in the organisation, in a team and its apps, or for one app. It counts for what lies inside.
``docs/roles.md`` prints the whole matrix; ``tests/identity/roles.golden.txt`` makes a change of it a diff to review.
"""

from __future__ import annotations

from dataclasses import dataclass

OWNER = "owner"
PLATFORM_ENGINEER = "platform-engineer"
DEVELOPER = "developer"
REVIEWER = "reviewer"
BUILDER = "builder"
AUDITOR = "auditor"
VISITOR = "visitor"

ROLES = (OWNER, PLATFORM_ENGINEER, DEVELOPER, REVIEWER, BUILDER, AUDITOR, VISITOR)
"""Every role there is."""

OWNERS = (OWNER,)
KEEPERS = (OWNER, PLATFORM_ENGINEER)
APPROVERS = (*KEEPERS, REVIEWER)
DEVELOPERS = (*KEEPERS, DEVELOPER)
MAKERS = (*DEVELOPERS, BUILDER)
READERS = (*MAKERS, REVIEWER, AUDITOR)
AUDITORS = (*KEEPERS, AUDITOR)
NOBODY: tuple[str, ...] = ()

NO_ENVIRONMENT = ("",)
PREVIEW = ("preview",)
LASTING = ("staging", "production")
EVERY = (*PREVIEW, *LASTING)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    ``own``: everybody may, with what is their own (a token, a session, a request). ``anywhere``: the role counts
    wherever it is held, because the verb concerns no app and no team.
    """

    verb: str
    roles: tuple[str, ...]
    environments: tuple[str, ...] = NO_ENVIRONMENT
    own: bool = False
    anywhere: bool = False


TABLE = (
    # building
    Line("create-app", MAKERS),
    Line("deploy", MAKERS, PREVIEW),
    Line("create-preview-token", MAKERS, PREVIEW),
    Line("revoke-preview-token", MAKERS, PREVIEW),
    Line("publish", MAKERS, LASTING),
    Line("rollback", MAKERS, LASTING),
    Line("lock", MAKERS, LASTING),
    Line("unlock", MAKERS, LASTING),
    Line("set-audience", MAKERS),
    Line("ask-to-open", NOBODY, own=True),
    Line("add-guest", MAKERS),
    Line("remove-guest", MAKERS),
    Line("create-share-link", MAKERS),
    Line("revoke-share-link", MAKERS),
    Line("declare-host", MAKERS),
    Line("remove-host", MAKERS),
    Line("put-variable", MAKERS, EVERY),
    Line("remove-variable", MAKERS, EVERY),
    Line("archive-app", MAKERS),
    Line("wake-app", MAKERS),
    Line("claim-domain", DEVELOPERS),
    Line("verify-domain", DEVELOPERS),
    Line("release-domain", DEVELOPERS),
    Line("transfer-app", KEEPERS),
    Line("set-quota", KEEPERS),
    # deciding
    Line("approve", APPROVERS),
    Line("send-back", APPROVERS),
    Line("decline", APPROVERS),
    Line("confirm", OWNERS),
    Line("withdraw", NOBODY, own=True),
    Line("look", APPROVERS),
    Line("answer-look", APPROVERS),
    Line("set-policy", KEEPERS),
    Line("forget", OWNERS),
    # people
    Line("invite", KEEPERS),
    Line("withdraw-invitation", KEEPERS, own=True),
    Line("accept-invitation", NOBODY, own=True),
    Line("add-person", KEEPERS),
    Line("suspend-person", KEEPERS),
    Line("restore-person", KEEPERS),
    Line("erase-person", OWNERS),
    Line("rename-person", KEEPERS, own=True),
    Line("create-team", KEEPERS),
    Line("join-team", KEEPERS),
    Line("leave-team", KEEPERS, own=True),
    Line("grant-role", KEEPERS),
    Line("remove-role", KEEPERS),
    # the organisation
    Line("name-organisation", OWNERS),
    Line("add-webhook", KEEPERS),
    Line("remove-webhook", KEEPERS),
    Line("test-webhook", KEEPERS),
    Line("choose-mail", NOBODY, own=True),
    # coming in
    Line("create-token", NOBODY, own=True),
    Line("revoke-token", KEEPERS, own=True),
    Line("create-sign-in-link", KEEPERS, own=True),
    Line("sign-in", NOBODY, own=True),
    Line("sign-out", NOBODY, own=True),
    Line("end-session", KEEPERS, own=True),
    Line("set-password", NOBODY, own=True),
    Line("remove-password", KEEPERS, own=True),
    Line("add-passkey", NOBODY, own=True),
    Line("remove-passkey", KEEPERS, own=True),
    Line("make-recovery-codes", NOBODY, own=True),
    # reading
    Line("read-receipts", READERS),
    Line("read-all-receipts", AUDITORS),
    Line("read-people", READERS, anywhere=True),
    Line("read-policy", READERS, anywhere=True),
    Line("read-settings", AUDITORS, anywhere=True),
    Line("export-ledger", AUDITORS),
)
"""The table. Whether an act goes straight through is for the policy: asking the public in is allowed here, and red
there."""

VERBS = {line.verb: line for line in TABLE}
"""The lines by verb."""

RIGHTS = frozenset((role, line.verb, place) for line in TABLE for role in line.roles for place in line.environments)
"""The table as a set of (role, verb, environment)."""

PLATFORM_ONLY = frozenset(
    {"ask-if-needed", "escalate", "expire-app", "expire-request", "found-organisation", "turn-away", "widen-audience"}
)
"""What no role gives: the platform does it by itself, on time."""

NEVER_BY_AN_AGENT = frozenset(
    {
        "approve",
        "send-back",
        "decline",
        "confirm",
        "answer-look",
        "accept-invitation",
        "add-passkey",
        "add-person",
        "ask-to-open",
        "add-webhook",
        "choose-mail",
        "create-sign-in-link",
        "create-token",
        "erase-person",
        "forget",
        "grant-role",
        "invite",
        "join-team",
        "make-recovery-codes",
        "remove-passkey",
        "remove-password",
        "remove-role",
        "restore-person",
        "set-password",
        "set-policy",
        "sign-in",
        "suspend-person",
    }
)
"""What an agent lacks of its person's rights: judging, rights of people, ways in, and policies stay with people."""

NEVER_BY_THE_PLATFORM = frozenset({"approve", "send-back", "decline", "confirm", "answer-look"})
"""What the platform does not do by itself: judging."""

_READ = frozenset(line.verb for line in TABLE if line.verb.startswith(("read-", "export-")))
_DEPLOY = frozenset(
    {"create-app", "deploy", "create-preview-token", "revoke-preview-token", "put-variable", "withdraw", "ask-to-open"}
)
_PUBLISH = frozenset(
    {
        "publish",
        "rollback",
        "lock",
        "unlock",
        "set-audience",
        "ask-to-open",
        "add-guest",
        "remove-guest",
        "create-share-link",
        "revoke-share-link",
        "declare-host",
        "remove-host",
        "wake-app",
        "withdraw",
    }
)

SCOPES: dict[str, frozenset[str]] = {
    "visit": frozenset(),
    "read": _READ,
    "deploy": _DEPLOY,
    "publish": _PUBLISH,
    "admin": frozenset(VERBS),
}
"""What an API token may be used for, as verbs. ``visit`` opens apps and does nothing else; ``admin`` is every verb. A
token never does more than its person may."""

EVERY_SCOPE = tuple(SCOPES)
"""What a session has that was not opened with a token."""

_ALWAYS = frozenset({"sign-in", "sign-out"})


def may(role: str, verb: str, environment: str = "") -> bool:
    """Whether a role allows a verb in an environment (empty where the verb concerns none)."""
    return (role, verb, environment) in RIGHTS


def covers(roles: frozenset[str], others: frozenset[str]) -> bool:
    """Whether some roles together allow everything that the others allow: nobody gives away what they lack."""
    mine = {(verb, place) for role, verb, place in RIGHTS if role in roles}
    theirs = {(verb, place) for role, verb, place in RIGHTS if role in others}
    return theirs <= mine


def within_scopes(verb: str, scopes: tuple[str, ...]) -> bool:
    """Whether a token or session with these scopes may be used for a verb."""
    return verb in _ALWAYS or any(verb in SCOPES.get(scope, frozenset()) for scope in scopes)


def matrix() -> str:
    """The table as text, one line for each verb and environment, one column for each role and one for agents."""
    heads = ("verb", "environment", *ROLES, "agent")
    lines: list[tuple[str, ...]] = [heads]
    for verb, line in sorted(VERBS.items()):
        for place in line.environments:
            cells = ["yes" if may(role, verb, place) else "own" if line.own else "-" for role in ROLES]
            agent = "never" if verb in NEVER_BY_AN_AGENT else "as its person"
            lines.append((verb, place or "-", *cells, agent))
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )
