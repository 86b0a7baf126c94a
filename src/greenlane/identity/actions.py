"""The verbs about people: who is here, what they may do, and how they come in.

An action that exists is well formed: what cannot be meant is refused when it is made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, Secret, verb
from greenlane.identity import names

PersonId = Annotated[str, "the person's id, p_…"]
TeamName = Annotated[str, "the team's name"]
RoleName = Annotated[
    str,
    "owner, platform-engineer, developer, reviewer, publisher, builder, auditor, billing-viewer, visitor, or one of your own; "
    "developer:staging for one environment",
]
ScopeName = Annotated[str, "where it counts: organisation, team:sales or app:offsite"]
OneTime = Annotated[str, Secret, "the secret that was shown once"]


@verb(
    "found-organisation", effect=EffectClass.WRITE, says="{actor} {founded|found} the organisation with its team {team}"
)
@dataclass(frozen=True, slots=True)
class FoundOrganisation:
    """Begin: the first owner, their team, their first API token and a link to sign in. Possible once."""

    name: Annotated[str, Private, "the first owner's name"]
    email: Annotated[str, Private, "the first owner's mail address"] = ""
    team: Annotated[str, "the first team's name"] = "home"

    def __post_init__(self) -> None:
        names.check_person(self.name)
        names.check_email(self.email)
        names.check_team(self.team)


@verb(
    "name-organisation",
    effect=EffectClass.WRITE,
    undo="name-organisation",
    says="{actor} {named|name} the organisation {name}",
)
@dataclass(frozen=True, slots=True)
class NameOrganisation:
    """Say what the organisation is called: mail and the console name it. Empty takes the name away."""

    name: Annotated[str, "the name, 1 to 60 characters, such as Acme Ltd; empty for none"]

    def __post_init__(self) -> None:
        names.check_organisation(self.name)


@verb("invite", effect=EffectClass.SEND, subject="team", says="{actor} {made|make} an invitation to {team} as {role}")
@dataclass(frozen=True, slots=True)
class Invite:
    """Make a link with which one person can join a team in a role."""

    team: TeamName
    role: RoleName = "builder"
    days: Annotated[int, "for how many days the link works, 1 to 30"] = 7

    def __post_init__(self) -> None:
        names.check_held_role(self.role)
        names.check_days(self.days, 30)


@verb(
    "withdraw-invitation",
    effect=EffectClass.WRITE,
    subject="invitation",
    says="{actor} {withdrew|withdraw} an invitation",
)
@dataclass(frozen=True, slots=True)
class WithdrawInvitation:
    """End an invitation that nobody used yet: its link stops working."""

    invitation: Annotated[str, "the invitation's id, inv_…"]


@verb("accept-invitation", effect=EffectClass.WRITE, says="{actor} {accepted|accept} an invitation")
@dataclass(frozen=True, slots=True)
class AcceptInvitation:
    """Join with an invitation: the person, their team and role, and a session."""

    secret: OneTime = field(repr=False)
    name: Annotated[str, Private, "how others see you; needed unless you are here already"] = ""
    email: Annotated[str, Private, "your mail address"] = ""

    def __post_init__(self) -> None:
        if self.name:
            names.check_person(self.name)
        names.check_email(self.email)


@verb(
    "add-person",
    effect=EffectClass.WRITE,
    subject="team",
    undo="suspend-person",
    says="{actor} {added|add} a person to {team} as {role}",
)
@dataclass(frozen=True, slots=True)
class AddPerson:
    """Add a person to a team in a role, and make the link for their first sign-in."""

    name: Annotated[str, Private, "how others see them"]
    team: TeamName
    email: Annotated[str, Private, "their mail address"] = ""
    role: RoleName = "builder"

    def __post_init__(self) -> None:
        names.check_person(self.name)
        names.check_email(self.email)
        names.check_held_role(self.role)


@verb(
    "suspend-person",
    effect=EffectClass.WRITE,
    subject="person",
    undo="restore-person",
    says="{actor} {suspended|suspend} {person}",
)
@dataclass(frozen=True, slots=True)
class SuspendPerson:
    """Shut a person out at once: their sessions, links and API tokens end. What they made stays."""

    person: PersonId


@verb(
    "restore-person",
    effect=EffectClass.WRITE,
    subject="person",
    undo="suspend-person",
    says="{actor} {restored|restore} {person}",
)
@dataclass(frozen=True, slots=True)
class RestorePerson:
    """Let a suspended person in again, with new sessions and tokens: old ones stay ended."""

    person: PersonId


@verb(
    "erase-person",
    effect=EffectClass.DESTROY,
    subject="person",
    says="{actor} {erased|erase} the name and mail address of {person}",
)
@dataclass(frozen=True, slots=True)
class ErasePerson:
    """Forget a person's name and mail address for good and shut them out. Receipts keep their id."""

    person: PersonId


@verb(
    "rename-person",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {changed|change} the name or mail address of {person}",
)
@dataclass(frozen=True, slots=True)
class RenamePerson:
    """Correct a person's name, mail address, or both. What is left out stays."""

    person: PersonId
    name: Annotated[str, Private, "how others see them"] = ""
    email: Annotated[str, Private, "their mail address"] = ""

    def __post_init__(self) -> None:
        if self.name:
            names.check_person(self.name)
        names.check_email(self.email)


@verb("create-team", effect=EffectClass.WRITE, subject="name", says="{actor} {created|create} the team {name}")
@dataclass(frozen=True, slots=True)
class CreateTeam:
    """Create a team. Its maker does not become a member by that."""

    name: Annotated[str, "the team's name: small letters, digits and hyphens"]

    def __post_init__(self) -> None:
        names.check_team(self.name)


@verb(
    "join-team",
    effect=EffectClass.WRITE,
    subject="team",
    undo="leave-team",
    says="{actor} {made|make} {person} a member of {team}",
)
@dataclass(frozen=True, slots=True)
class JoinTeam:
    """Make a person a member of a team."""

    team: TeamName
    person: PersonId


@verb(
    "leave-team",
    effect=EffectClass.WRITE,
    subject="team",
    undo="join-team",
    says="{actor} {ended|end} {person}'s membership of {team}",
)
@dataclass(frozen=True, slots=True)
class LeaveTeam:
    """End a membership, with the roles that the person has in that team."""

    team: TeamName
    person: PersonId


@verb(
    "grant-role",
    effect=EffectClass.WRITE,
    subject="person",
    undo="remove-role",
    says="{actor} {made|make} {person} {role} of {scope}",
)
@dataclass(frozen=True, slots=True)
class GrantRole:
    """Give a person a role: everywhere, in a team and its apps, or for one app."""

    person: PersonId
    role: RoleName
    scope: ScopeName = "organisation"

    def __post_init__(self) -> None:
        names.check_held_role(self.role)
        names.check_scope(self.scope)


@verb(
    "remove-role",
    effect=EffectClass.WRITE,
    subject="person",
    undo="grant-role",
    says="{actor} {took|take} the role {role} of {scope} from {person}",
)
@dataclass(frozen=True, slots=True)
class RemoveRole:
    """Take a role back."""

    person: PersonId
    role: RoleName
    scope: ScopeName = "organisation"

    def __post_init__(self) -> None:
        names.check_held_role(self.role)
        names.check_scope(self.scope)


@verb(
    "create-token",
    effect=EffectClass.WRITE,
    undo="revoke-token",
    says="{actor} {created|create} an API token for {scopes}",
)
@dataclass(frozen=True, slots=True)
class CreateToken:
    """Create an API token of your own. It is shown once."""

    name: Annotated[str, Private, "what it is for"]
    scopes: Annotated[tuple[str, ...], "what it may do: visit, read, deploy, publish, admin"] = (
        "read",
        "visit",
        "deploy",
    )
    days: Annotated[int, "for how many days it works, 1 to 365"] = 90
    agent: Annotated[str, "the agent that will use it, such as codex; empty for your own use"] = ""

    def __post_init__(self) -> None:
        names.check_token_scopes(self.scopes)
        names.check_days(self.days, 365)
        names.check_agent(self.agent)


@verb("revoke-token", effect=EffectClass.WRITE, subject="token", says="{actor} {revoked|revoke} the API token {token}")
@dataclass(frozen=True, slots=True)
class RevokeToken:
    """End an API token and the sessions that were opened with it."""

    token: Annotated[str, "the token's id, tok_…"]


@verb(
    "create-sign-in-link",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {made|make} a sign-in link for {person}",
)
@dataclass(frozen=True, slots=True)
class CreateSignInLink:
    """Make a link that signs one person in, once, within the hour."""

    person: PersonId


@verb("sign-in", effect=EffectClass.WRITE, undo="sign-out", says="{actor} {signed|sign} in")
@dataclass(frozen=True, slots=True)
class SignIn:
    """Open a session with a link, a token, a password, a passkey, a code or a company account."""

    secret: Annotated[str, Secret, "the link's or token's secret, the password, the passkey's answer or the code"] = (
        field(repr=False)
    )
    person: Annotated[str, "whose password it is, p_…; empty for what says by itself whose it is"] = ""


@verb("sign-out", effect=EffectClass.WRITE, says="{actor} {signed|sign} out")
@dataclass(frozen=True, slots=True)
class SignOut:
    """End this session, or all of one's own."""

    everywhere: Annotated[bool, "end every session, on all devices"] = False


@verb("end-session", effect=EffectClass.WRITE, subject="session", says="{actor} {ended|end} the session {session}")
@dataclass(frozen=True, slots=True)
class EndSession:
    """Sign one browser out, and with it every app that it had open."""

    session: Annotated[str, "the session's id, ses_…"]


@verb("set-password", effect=EffectClass.WRITE, says="{actor} {set|set} a password to sign in with")
@dataclass(frozen=True, slots=True)
class SetPassword:
    """Choose the password that you sign in with. It replaces the one before and ends what that one opened."""

    password: Annotated[str, Secret, "at least 12 characters that nobody would guess"] = field(repr=False)


@verb(
    "remove-password",
    effect=EffectClass.WRITE,
    subject="person",
    says="{actor} {removed|remove} the password of {person}",
)
@dataclass(frozen=True, slots=True)
class RemovePassword:
    """Let nobody sign in with a person's password any more, and end what it opened."""

    person: PersonId


@verb("add-passkey", effect=EffectClass.WRITE, undo="remove-passkey", says="{actor} {added|add} a passkey")
@dataclass(frozen=True, slots=True)
class AddPasskey:
    """Keep a passkey of your own, as your browser made it."""

    answer: Annotated[str, Secret, "what the browser answered, as JSON"] = field(repr=False)
    name: Annotated[str, Private, "what you call it"] = ""

    def __post_init__(self) -> None:
        names.check_label(self.name)


@verb(
    "remove-passkey",
    effect=EffectClass.WRITE,
    subject="passkey",
    says="{actor} {removed|remove} the passkey {passkey}",
)
@dataclass(frozen=True, slots=True)
class RemovePasskey:
    """Let nobody sign in with a passkey any more, and end what it opened."""

    passkey: Annotated[str, "the passkey's id, pky_…"]


@verb("make-recovery-codes", effect=EffectClass.WRITE, says="{actor} {made|make} new recovery codes")
@dataclass(frozen=True, slots=True)
class MakeRecoveryCodes:
    """Make ten codes that each sign you in once. They are shown once and end the codes made before."""


@verb(
    "tell-of-sign-in",
    effect=EffectClass.SEND,
    subject="person",
    says="{actor} {told|tell} {person} of a sign-in with a browser that was not seen before",
)
@dataclass(frozen=True, slots=True)
class TellOfSignIn:
    """Tell a person that somebody signed in as them with a browser that they had not signed in with before."""

    person: PersonId
    session: Annotated[str, "the session that was opened, ses_…"]


@verb("turn-away", effect=EffectClass.WRITE, says="{actor} {turned|turn} somebody away who could not sign in")
@dataclass(frozen=True, slots=True)
class TurnAway:
    """Note that somebody tried to sign in again and again and could not."""

    person: Annotated[str, "whom they wanted to sign in as, p_…; empty where that is not known"]
    way: Annotated[str, "password, passkey, recovery code or company"]
    row: Annotated[int, "which attempt in a row it was"]
