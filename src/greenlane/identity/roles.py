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
PUBLISHER = "publisher"
BUILDER = "builder"
AUDITOR = "auditor"
BILLING_VIEWER = "billing-viewer"
VISITOR = "visitor"

ROLES = (OWNER, PLATFORM_ENGINEER, DEVELOPER, REVIEWER, PUBLISHER, BUILDER, AUDITOR, BILLING_VIEWER, VISITOR)
"""Every role there is."""

OWNERS = (OWNER,)
KEEPERS = (OWNER, PLATFORM_ENGINEER)
APPROVERS = (*KEEPERS, REVIEWER)
DEVELOPERS = (*KEEPERS, DEVELOPER)
MAKERS = (*DEVELOPERS, BUILDER)
PUBLISHERS = (*MAKERS, PUBLISHER)
READERS = (*PUBLISHERS, REVIEWER, AUDITOR)
COUNTERS = (*READERS, BILLING_VIEWER)
OVERSEERS = (*DEVELOPERS, REVIEWER, AUDITOR)
AUDITORS = (*KEEPERS, AUDITOR)
NOBODY: tuple[str, ...] = ()

NO_ENVIRONMENT = ("",)
PREVIEW = ("preview",)
PRODUCTION = ("production",)
LASTING = ("staging", "production")
EVERY = (*PREVIEW, *LASTING)
VALUES = (*EVERY, "dev")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table.

    ``own``: everybody may, with what is their own (a token, a session, a request). ``anywhere``: the role counts
    wherever it is held, because the verb concerns no app and no team. ``shared``: who may do it for a whole team or for
    the organisation, where that takes more than doing it for an app. ``reads``: it changes nothing, and is no verb of the
    registry.
    """

    verb: str
    roles: tuple[str, ...]
    environments: tuple[str, ...] = NO_ENVIRONMENT
    own: bool = False
    anywhere: bool = False
    shared: tuple[str, ...] | None = None
    reads: bool = False

    def by_place(self) -> dict[str, tuple[str, ...]]:
        """Who may do it, by environment, and by ``shared_place`` of each where that makes a difference."""
        found = dict.fromkeys(self.environments, self.roles)
        return found if self.shared is None else found | {shared_place(one): self.shared for one in self.environments}


def shared_place(environment: str) -> str:
    """An environment of many apps at once: of a team's, or of everybody's."""
    return f"shared {environment}".rstrip()


TABLE = (
    # building
    Line("create-app", MAKERS),
    Line("deploy", MAKERS, PREVIEW),
    Line("build", MAKERS, PREVIEW),
    Line("stop-build", MAKERS, PREVIEW),
    Line("create-preview-token", MAKERS, PREVIEW),
    Line("revoke-preview-token", MAKERS, PREVIEW),
    Line("publish", PUBLISHERS, LASTING),
    Line("rollback", PUBLISHERS, LASTING),
    Line("lock", PUBLISHERS, LASTING),
    Line("unlock", PUBLISHERS, LASTING),
    Line("pause-schedule", MAKERS, PRODUCTION),
    Line("resume-schedule", MAKERS, PRODUCTION),
    Line("run-now", MAKERS, LASTING),
    Line("set-audience", PUBLISHERS),
    Line("ask-to-open", NOBODY, own=True),
    Line("add-guest", PUBLISHERS),
    Line("remove-guest", PUBLISHERS),
    Line("create-share-link", PUBLISHERS),
    Line("revoke-share-link", PUBLISHERS),
    Line("declare-host", MAKERS),
    Line("remove-host", MAKERS),
    Line("put-variable", MAKERS, VALUES, shared=DEVELOPERS),
    Line("rotate-variable", MAKERS, VALUES, shared=DEVELOPERS),
    Line("remove-variable", MAKERS, VALUES, shared=DEVELOPERS),
    Line("revoke-variable", MAKERS, shared=DEVELOPERS),
    Line("take-values", MAKERS, ("dev",)),
    Line("rotate-key", KEEPERS),
    Line("move-credential", MAKERS),
    Line("mark-false-alarm", MAKERS),
    Line("unmark-false-alarm", MAKERS),
    Line("archive-app", MAKERS),
    Line("wake-app", MAKERS),
    Line("snapshot-data", MAKERS, EVERY),
    Line("restore-data", MAKERS, EVERY),
    Line("erase-data", DEVELOPERS, EVERY),
    Line("claim-domain", DEVELOPERS),
    Line("verify-domain", DEVELOPERS),
    Line("release-domain", DEVELOPERS),
    Line("transfer-app", KEEPERS),
    # models
    Line("send-prompt", NOBODY, own=True),
    Line("look-at-words", KEEPERS),
    Line("erase-words", KEEPERS),
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
    Line("import-advisories", KEEPERS),
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
    Line("announce-drill", KEEPERS, own=True),
    Line("start-review", KEEPERS),
    Line("keep-access", KEEPERS, own=True),
    Line("remove-access", KEEPERS, own=True),
    Line("close-review", KEEPERS, own=True),
    Line("ask-elevation", NOBODY, own=True),
    Line("end-elevation", KEEPERS, own=True),
    Line("create-role", KEEPERS),
    Line("change-role", KEEPERS),
    Line("delete-role", KEEPERS),
    Line("keep-apart", KEEPERS),
    Line("stop-keeping-apart", KEEPERS),
    # agents
    Line("register-agent", MAKERS, anywhere=True),
    Line("replace-agent-key", NOBODY, own=True),
    Line("retire-agent", KEEPERS, own=True),
    Line("delegate", NOBODY, own=True),
    Line("end-delegation", KEEPERS, own=True),
    Line("allow-once", NOBODY, own=True),
    Line("trust-workload", DEVELOPERS, anywhere=True),
    Line("end-trust", KEEPERS, own=True),
    Line("rotate-token-key", KEEPERS),
    # the organisation
    Line("name-organisation", OWNERS),
    Line("add-webhook", KEEPERS),
    Line("remove-webhook", KEEPERS),
    Line("test-webhook", KEEPERS),
    Line("choose-mail", NOBODY, own=True),
    # models
    Line("add-provider", KEEPERS),
    Line("change-provider", KEEPERS),
    Line("remove-provider", KEEPERS),
    Line("add-provider-key", KEEPERS),
    Line("move-model-key", KEEPERS),
    Line("end-provider-key", KEEPERS),
    Line("set-route", KEEPERS),
    Line("set-routes", KEEPERS),
    Line("remove-route", KEEPERS),
    Line("set-usual-provider", KEEPERS),
    Line("allow-models", KEEPERS),
    Line("set-data-rule", KEEPERS),
    Line("remove-data-rule", KEEPERS),
    Line("set-budget", KEEPERS),
    Line("end-budget", KEEPERS),
    Line("set-rate-limit", KEEPERS),
    Line("set-hidden-bound", KEEPERS),
    Line("set-price", KEEPERS),
    Line("remove-price", KEEPERS),
    Line("reprice-calls", KEEPERS),
    Line("set-model-settings", KEEPERS),
    Line("dismiss-alert", (*MAKERS, REVIEWER), anywhere=True),
    Line("make-gateway-key", MAKERS, own=True),
    Line("revoke-gateway-key", KEEPERS, own=True),
    # the company's directory
    Line("connect-directory", KEEPERS),
    Line("disconnect-directory", KEEPERS),
    Line("join-directory", KEEPERS),
    Line("leave-directory", KEEPERS, own=True),
    Line("create-directory-token", KEEPERS),
    Line("revoke-directory-token", KEEPERS),
    Line("add-group-rule", KEEPERS),
    Line("remove-group-rule", KEEPERS),
    # coming in
    Line("create-token", NOBODY, own=True),
    Line("revoke-token", KEEPERS, own=True),
    Line("create-sign-in-link", KEEPERS, own=True),
    Line("sign-in", NOBODY, own=True),
    Line("allow-login", NOBODY, own=True),
    Line("refuse-login", NOBODY, own=True),
    Line("sign-out", NOBODY, own=True),
    Line("end-session", KEEPERS, own=True),
    Line("set-password", NOBODY, own=True),
    Line("remove-password", KEEPERS, own=True),
    Line("add-passkey", NOBODY, own=True),
    Line("remove-passkey", KEEPERS, own=True),
    Line("make-recovery-codes", NOBODY, own=True),
    # the company's own sign-in
    Line("add-identity-provider", KEEPERS),
    Line("change-identity-provider", KEEPERS),
    Line("remove-identity-provider", KEEPERS),
    Line("claim-mail-domain", KEEPERS),
    Line("verify-mail-domain", KEEPERS),
    Line("release-mail-domain", KEEPERS),
    Line("link-identity", NOBODY, own=True),
    Line("join-by-sign-in", NOBODY, own=True),
    Line("unlink-identity", KEEPERS, own=True),
    # reading
    Line("read-receipts", READERS, reads=True),
    Line("read-all-receipts", AUDITORS, reads=True),
    Line("read-variables", OVERSEERS, reads=True),
    Line("read-people", READERS, anywhere=True, reads=True),
    Line("read-policy", READERS, anywhere=True, reads=True),
    Line("read-settings", AUDITORS, anywhere=True, reads=True),
    Line("read-sessions", KEEPERS, reads=True),
    Line("read-spending", COUNTERS, reads=True),
    Line("read-model-calls", READERS, reads=True),
    Line("read-all-model-calls", AUDITORS, reads=True),
    Line("export-ledger", AUDITORS, reads=True),
)
"""The table. Whether an act goes straight through is for the policy: asking the public in is allowed here, and red
there."""

VERBS = {line.verb: line for line in TABLE}
"""The lines by verb."""

ENVIRONMENTS = tuple(dict.fromkeys(place for line in TABLE for place in line.environments if place))
"""Every environment that the table knows."""

RIGHTS = frozenset(
    (role, line.verb, place) for line in TABLE for place, held_by in line.by_place().items() for role in held_by
)
"""The table as a set of (role, verb, environment)."""

Right = tuple[str, str]
"""A verb and the place where it is allowed: an environment, ``shared_place`` of one, or nothing."""

ALLOWED: dict[str, frozenset[Right]] = {
    role: frozenset((verb, place) for held_by, verb, place in RIGHTS if held_by == role) for role in ROLES
}
"""What each role allows."""

_WITHOUT_POWER = frozenset().union(*(ALLOWED[role] for role in (DEVELOPER, BUILDER, BILLING_VIEWER, VISITOR)))
_OF_OTHERS = frozenset().union(*(ALLOWED[role] for role in ROLES if role not in KEEPERS))

PLATFORM_ONLY = frozenset(
    {
        "ask-if-needed",
        "end-provider-sessions",
        "escalate",
        "expire-app",
        "expire-request",
        "finish-build",
        "found-organisation",
        "refresh-identity-provider",
        "remind-reviewers",
        "take-picture",
        "tell-of-flaws",
        "tell-of-metadata",
        "tell-of-models",
        "tell-of-runs",
        "tell-of-sign-in",
        "turn-away",
        "widen-audience",
    }
)
"""What no role gives: the platform does it by itself, on time."""

BY_A_DIRECTORY_ALONE = frozenset(
    {
        "provision-person",
        "change-provisioned-person",
        "release-person",
        "provision-group",
        "change-provisioned-group",
        "remove-provisioned-group",
        "provision-agent",
        "change-provisioned-agent",
        "remove-provisioned-agent",
    }
)
"""What no role gives: the company's directory does it, with a token of its own."""

BY_NO_ROLE = PLATFORM_ONLY | BY_A_DIRECTORY_ALONE
"""What no person does, and no agent."""

BY_A_DIRECTORY = BY_A_DIRECTORY_ALONE | {"suspend-person", "restore-person"}
"""Everything that a directory does, with whom it brought."""

NEVER_BY_AN_AGENT = frozenset(
    {
        "add-group-rule",
        "remove-group-rule",
        "connect-directory",
        "create-directory-token",
        "create-role",
        "change-role",
        "delete-role",
        "keep-apart",
        "stop-keeping-apart",
        "disconnect-directory",
        "join-directory",
        "join-by-sign-in",
        "leave-directory",
        "approve",
        "ask-elevation",
        "send-back",
        "decline",
        "confirm",
        "answer-look",
        "accept-invitation",
        "add-identity-provider",
        "add-passkey",
        "add-person",
        "add-provider",
        "add-provider-key",
        "allow-login",
        "allow-once",
        "announce-drill",
        "move-model-key",
        "ask-to-open",
        "add-webhook",
        "change-identity-provider",
        "choose-mail",
        "close-review",
        "create-sign-in-link",
        "create-token",
        "delegate",
        "end-delegation",
        "end-elevation",
        "end-trust",
        "erase-data",
        "erase-person",
        "forget",
        "grant-role",
        "invite",
        "join-team",
        "keep-access",
        "link-identity",
        "look-at-words",
        "make-gateway-key",
        "make-recovery-codes",
        "mark-false-alarm",
        "refuse-login",
        "register-agent",
        "release-mail-domain",
        "remove-access",
        "remove-identity-provider",
        "remove-passkey",
        "remove-password",
        "remove-role",
        "remove-data-rule",
        "replace-agent-key",
        "restore-person",
        "retire-agent",
        "rotate-key",
        "rotate-token-key",
        "set-budget",
        "set-data-rule",
        "set-hidden-bound",
        "set-model-settings",
        "set-password",
        "set-policy",
        "sign-in",
        "start-review",
        "suspend-person",
        "unlink-identity",
        "verify-mail-domain",
        "trust-workload",
    }
)
"""What an agent lacks of its person's rights: judging, rights of people, ways in, and policies stay with people."""

WITH_A_PERSON = frozenset({"add-webhook", "erase-data", "rotate-key", "set-budget", "suspend-person"})
"""What of that an agent does all the same once its person allowed this very action."""

NEVER_DELEGATED = NEVER_BY_AN_AGENT | {"take-values"}
"""What no grant lends: the same, and reading secrets."""

NEVER_BY_THE_PLATFORM = frozenset(
    {"approve", "send-back", "decline", "confirm", "answer-look", "keep-access", "remove-access"}
)
"""What the platform does not do by itself: judging."""

_READ = frozenset(line.verb for line in TABLE if line.reads)
_DEPLOY = frozenset(
    {
        "create-app",
        "build",
        "stop-build",
        "deploy",
        "create-preview-token",
        "revoke-preview-token",
        "put-variable",
        "rotate-variable",
        "take-values",
        "move-credential",
        "withdraw",
        "ask-to-open",
    }
)
_PUBLISH = frozenset(
    {
        "publish",
        "rollback",
        "lock",
        "pause-schedule",
        "resume-schedule",
        "run-now",
        "unlock",
        "set-audience",
        "ask-to-open",
        "add-guest",
        "remove-guest",
        "create-share-link",
        "revoke-share-link",
        "snapshot-data",
        "restore-data",
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


def powerful(rights: frozenset[Right]) -> bool:
    """Whether rights have power over the work of others: they judge it, read all of it, or go beyond building."""
    return not rights <= _WITHOUT_POWER


def keeps(rights: frozenset[Right]) -> bool:
    """Whether something among the rights is otherwise for owners and platform engineers alone."""
    return not rights <= _OF_OTHERS


def within_scopes(verb: str, scopes: tuple[str, ...]) -> bool:
    """Whether a token or session with these scopes may be used for a verb."""
    return verb in _ALWAYS or any(verb in SCOPES.get(scope, frozenset()) for scope in scopes)


def matrix() -> str:
    """The table as text, one line for each verb and environment, one column for each role and one for agents."""
    heads = ("verb", "environment", *ROLES, "agent")
    lines: list[tuple[str, ...]] = [heads]
    for verb, line in sorted(VERBS.items()):
        for place in line.by_place():
            cells = ["yes" if may(role, verb, place) else "own" if line.own else "-" for role in ROLES]
            agent = "never" if verb in NEVER_BY_AN_AGENT else "as its person"
            lines.append((verb, place or "-", *cells, agent))
    widths = [max(len(line[column]) for line in lines) for column in range(len(heads))]
    return "".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() + "\n" for line in lines
    )
