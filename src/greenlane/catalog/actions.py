"""The verbs about apps: that they exist, who may open them, what they may call, and what must not move.

An action that exists is well formed: what cannot be meant is refused when it is made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

from greenlane.catalog import hosts
from greenlane.catalog.named import Named
from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput
from greenlane.govern.facts import RUNGS
from greenlane.kit.clock import parse

AppName = Annotated[str, "the app's name"]
EnvironmentName = Annotated[str, "staging or production"]
HostEnvironment = Annotated[str, "where it counts: production, staging or preview; empty for everywhere"]
PersonId = Annotated[str, "the person's id, p_…"]
DomainName = Annotated[str, "the domain, such as board.example.com"]

LASTING = ("staging", "production")
"""The environments that stand still between publishes."""

LONGEST_SHARE = 30
"""Days after which every share link has ended."""

MOST_BYTES = 1 << 50
"""The largest quota, 1 PiB: far below what a database's integer holds."""


def _one_of(value: str, possible: Sequence[str], what: str) -> None:
    if value not in possible:
        raise WrongInput(f"{value!r} is not {what}.", next_step=f"Choose one of: {', '.join(possible)}.")


def _check_moment(text: str) -> None:
    try:
        aware = parse(text).tzinfo is not None
    except ValueError:
        aware = False
    if not aware:
        raise WrongInput(f"{text!r} is not a moment.", next_step="Write it as 2026-12-24T08:00:00Z.")


@verb("create-app", effect=EffectClass.WRITE, subject="app", undo="archive-app", says="{actor} {created|create} {app}")
@dataclass(frozen=True, slots=True)
class CreateApp:
    """Create an app. Its maker owns it, their team has it, and nobody else can open it yet."""

    app: Annotated[str, "the app's name: small letters, digits and hyphens"]
    team: Annotated[str, "the team that has it; your first team when left out"] = ""
    title: Annotated[str, Private, "what people read as its name"] = ""


@verb(
    "set-audience",
    effect=EffectClass.SEND,
    subject="app",
    undo="set-audience",
    says="{actor} {opened|open} {app} to {audience}",
)
@dataclass(frozen=True, slots=True)
class SetAudience:
    """Say who may open an app."""

    app: AppName
    audience: Annotated[str, "me, named, team, everyone or public"]
    people: Annotated[tuple[str, ...], "ids of the people, for the audience named"] = ()
    teams: Annotated[tuple[str, ...], "names of the teams, for the audience named"] = ()
    groups: Annotated[tuple[str, ...], "names of the company's groups, for the audience named"] = ()
    deploy: Annotated[str, "what they would see: the deploy that is live now, when left out"] = ""

    def __post_init__(self) -> None:
        _one_of(self.audience, RUNGS, "an audience")

    @property
    def named(self) -> Named:
        """Whom it names."""
        return Named(self.people, self.teams, self.groups)


@verb(
    "ask-to-open",
    effect=EffectClass.SEND,
    subject="app",
    undo="remove-guest",
    decided_by="set-audience",
    says="{actor} {was let in to|open} {app}",
)
@dataclass(frozen=True, slots=True)
class AskToOpen:
    """Ask to be let in to an app whose audience you are not in; those who may set its audience decide."""

    app: AppName
    because: Annotated[str, Private, "what you need it for, in your own words"]

    def __post_init__(self) -> None:
        if not self.because.strip():
            raise WrongInput("Your words are missing.", next_step="Say in a sentence what you need it for.")


@verb(
    "add-guest",
    effect=EffectClass.SEND,
    subject="app",
    undo="remove-guest",
    says="{actor} {let|let} {person} open {app}",
)
@dataclass(frozen=True, slots=True)
class AddGuest:
    """Let one person open an app, on top of its audience."""

    app: AppName
    person: PersonId


@verb(
    "remove-guest",
    effect=EffectClass.WRITE,
    subject="app",
    undo="add-guest",
    says="{actor} {stopped|stop} letting {person} open {app}",
)
@dataclass(frozen=True, slots=True)
class RemoveGuest:
    """Take back that one person may open an app; whoever is in its audience stays in."""

    app: AppName
    person: PersonId


@verb(
    "create-share-link",
    effect=EffectClass.SEND,
    subject="app",
    undo="revoke-share-link",
    says="{actor} {made|make} a link with which anybody can open {app} for {days} days",
)
@dataclass(frozen=True, slots=True)
class CreateShareLink:
    """Make a link with which whoever holds it can open what is published, for some days. It is shown once."""

    app: AppName
    meant_for: Annotated[str, Private, "who is meant to open it, such as: the buyers at Acme"]
    days: Annotated[int, "for how many days it works, 1 to 30"] = 7

    def __post_init__(self) -> None:
        if not self.meant_for.strip():
            raise WrongInput("It is not said who is meant.", next_step="Say who should open it.")
        if not 1 <= self.days <= LONGEST_SHARE:
            raise WrongInput(
                f"A share link works for 1 to {LONGEST_SHARE} days.", next_step="Give a number of days between them."
            )


@verb(
    "revoke-share-link",
    effect=EffectClass.WRITE,
    subject="app",
    says="{actor} {ended|end} a share link of {app}",
)
@dataclass(frozen=True, slots=True)
class RevokeShareLink:
    """End a share link at once, for everybody who holds it."""

    app: AppName
    link: Annotated[str, "the link's id, shr_…"]


@verb(
    "declare-host",
    effect=EffectClass.SEND,
    subject="app",
    undo="remove-host",
    says="{actor} {let|let} {app} call {host}",
)
@dataclass(frozen=True, slots=True)
class DeclareHost:
    """Allow an app's pages, or its own code where it runs, to call a host outside the platform."""

    app: AppName
    host: Annotated[str, "the host, such as api.example.com or *.example.com"]
    directives: Annotated[
        tuple[str, ...],
        "for what: connect, script, style, img, font, media, frame, form; server for the app's own code",
    ] = ("connect",)
    environment: HostEnvironment = ""

    def __post_init__(self) -> None:
        hosts.clean(self.host)
        hosts.check_purposes(self.directives)
        _one_of(self.environment, hosts.ENVIRONMENTS, "where a host can be declared")


@verb(
    "remove-host",
    effect=EffectClass.WRITE,
    subject="app",
    undo="declare-host",
    says="{actor} {stopped|stop} {app} from calling {host}",
)
@dataclass(frozen=True, slots=True)
class RemoveHost:
    """Take back what declare-host allowed, where it allowed it."""

    app: AppName
    host: Annotated[str, "the host"]
    environment: HostEnvironment = ""

    def __post_init__(self) -> None:
        _one_of(self.environment, hosts.ENVIRONMENTS, "where a host can be declared")


@verb(
    "lock", effect=EffectClass.WRITE, subject="app", undo="unlock", says="{actor} {locked|lock} {environment} of {app}"
)
@dataclass(frozen=True, slots=True)
class Lock:
    """Keep an environment as it is until it is unlocked or the time is over."""

    app: AppName
    environment: EnvironmentName = "production"
    why: Annotated[str, Private, "the reason, for the people who meet the lock"] = ""
    until: Annotated[str, "when it opens by itself, such as 2026-12-24T08:00:00Z; empty for never"] = ""

    def __post_init__(self) -> None:
        _one_of(self.environment, LASTING, "an environment that can be locked")
        if self.until:
            _check_moment(self.until)


@verb(
    "unlock",
    effect=EffectClass.WRITE,
    subject="app",
    undo="lock",
    says="{actor} {unlocked|unlock} {environment} of {app}",
)
@dataclass(frozen=True, slots=True)
class Unlock:
    """Let an environment change again."""

    app: AppName
    environment: EnvironmentName = "production"

    def __post_init__(self) -> None:
        _one_of(self.environment, LASTING, "an environment that can be locked")


@verb(
    "transfer-app",
    effect=EffectClass.WRITE,
    subject="app",
    undo="transfer-app",
    says="{actor} {handed|hand} {app} over",
)
@dataclass(frozen=True, slots=True)
class TransferApp:
    """Give an app another owner, another team, or both. What is left out stays."""

    app: AppName
    owner: Annotated[str, "the new owner's id, p_…"] = ""
    team: Annotated[str, "the new team's name"] = ""

    def __post_init__(self) -> None:
        if not (self.owner or self.team):
            raise WrongInput("Nothing would change.", next_step="Give the new owner, the new team, or both.")


@verb("archive-app", effect=EffectClass.WRITE, subject="app", undo="wake-app", says="{actor} {archived|archive} {app}")
@dataclass(frozen=True, slots=True)
class ArchiveApp:
    """Take an app off the air and keep everything of it."""

    app: AppName


@verb("wake-app", effect=EffectClass.WRITE, subject="app", undo="archive-app", says="{actor} {woke|wake} {app}")
@dataclass(frozen=True, slots=True)
class WakeApp:
    """Bring an archived app, or one that fell asleep unused, back on the air."""

    app: AppName


@verb(
    "widen-audience",
    effect=EffectClass.SEND,
    subject="app",
    undo="set-audience",
    says="{app} opened to {audience}, after a first hour for its team",
)
@dataclass(frozen=True, slots=True)
class WidenAudience:
    """Open an app to the audience that was asked for, after its narrower first hour."""

    app: AppName
    audience: Annotated[str, "the rung that was asked for"]


@verb(
    "ask-if-needed",
    effect=EffectClass.SEND,
    subject="app",
    says="{actor} {asked|ask} the owner of {app} whether it is still needed",
)
@dataclass(frozen=True, slots=True)
class AskIfNeeded:
    """Ask the owner of an app that nobody opens; a week later it falls asleep."""

    app: AppName


@verb(
    "expire-app",
    effect=EffectClass.SEND,
    subject="app",
    undo="wake-app",
    says="{app} fell asleep, because nobody opened it for 30 days",
)
@dataclass(frozen=True, slots=True)
class ExpireApp:
    """Let an app sleep that nobody opened for 30 days; its address then explains."""

    app: AppName


@verb(
    "set-quota",
    effect=EffectClass.WRITE,
    subject="app",
    undo="set-quota",
    says="{actor} {set|set} the quota of {app} to {size} bytes",
)
@dataclass(frozen=True, slots=True)
class SetQuota:
    """Say how much an app may store."""

    app: AppName
    size: Annotated[int, "bytes that all deploys of the app may take together"]

    def __post_init__(self) -> None:
        if not 0 < self.size <= MOST_BYTES:
            raise WrongInput("A quota is 1 byte to 1 PiB.", next_step="Give a size between them.")


@verb(
    "claim-domain",
    effect=EffectClass.WRITE,
    subject="app",
    undo="release-domain",
    says="{actor} {claimed|claim} {domain} for {app}",
)
@dataclass(frozen=True, slots=True)
class ClaimDomain:
    """Ask for a domain of your own, and learn which DNS record proves that it is yours."""

    app: AppName
    domain: DomainName

    def __post_init__(self) -> None:
        hosts.clean_domain(self.domain)


@verb(
    "verify-domain",
    effect=EffectClass.SEND,
    subject="app",
    undo="release-domain",
    says="{actor} {proved|prove} that {domain} is theirs, for {app}",
)
@dataclass(frozen=True, slots=True)
class VerifyDomain:
    """Look for the DNS record; once it is there the domain serves the app."""

    app: AppName
    domain: DomainName

    def __post_init__(self) -> None:
        hosts.clean_domain(self.domain)


@verb(
    "release-domain",
    effect=EffectClass.WRITE,
    subject="app",
    undo="claim-domain",
    says="{actor} {released|release} {domain} from {app}",
)
@dataclass(frozen=True, slots=True)
class ReleaseDomain:
    """Give a domain up."""

    app: AppName
    domain: DomainName

    def __post_init__(self) -> None:
        hosts.clean_domain(self.domain)
