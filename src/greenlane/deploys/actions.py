"""The verbs that make deploys and move environments between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.catalog.named import Named
from greenlane.govern.action import EffectClass, Private, verb
from greenlane.govern.errors import WrongInput
from greenlane.secrets.actions import PutVariable

AppName = Annotated[str, "the app's name"]
EnvironmentName = Annotated[str, "staging or production"]
FoundIn = Annotated[str, "the id of the upload or deploy that it was found in"]
Mark = Annotated[str, "the finding's mark, as it stands beside the finding"]


@verb("deploy", effect=EffectClass.WRITE, subject="app", says="{actor} {deployed|deploy} a new version of {app}")
@dataclass(frozen=True, slots=True)
class Deploy:
    """Make an immutable deploy of what was uploaded, with a preview that the app's team can open."""

    app: AppName
    upload: Annotated[str, "the upload's id"]
    message: Annotated[str, Private, "what changed, in your own words"] = ""


@verb("build", effect=EffectClass.WRITE, subject="app", says="{actor} {had|have} {app} built")
@dataclass(frozen=True, slots=True)
class Build:
    """Build a source tree that was uploaded, in a sandbox; what it makes is another upload, which can be deployed."""

    app: AppName
    upload: Annotated[str, "the upload's id; it holds a source tree"]


@verb("stop-build", effect=EffectClass.WRITE, subject="app", says="{actor} {stopped|stop} a build of {app}")
@dataclass(frozen=True, slots=True)
class StopBuild:
    """End a build that is under way; nothing of it is kept."""

    app: AppName
    build: Annotated[str, "the build's id, bld_…"]


@verb("finish-build", effect=EffectClass.WRITE, subject="app", says="a build of {app} ended")
@dataclass(frozen=True, slots=True)
class FinishBuild:
    """Keep what a build made, and the proof of how it was made; the platform does this when the build has ended."""

    app: AppName
    build: Annotated[str, "the build's id, bld_…"]


@verb(
    "publish",
    effect=EffectClass.SEND,
    subject="app",
    undo="rollback",
    says="{actor} {published|publish} {app} to {environment}",
)
@dataclass(frozen=True, slots=True)
class Publish:
    """Put a version of an app live in production or staging, at once."""

    app: AppName
    environment: EnvironmentName = "production"
    deploy: Annotated[str, "the deploy's id; the newest one when left out"] = ""
    audience: Annotated[
        str, "who may open it from now on: me, named, team, everyone or public; as it is if left out"
    ] = ""
    people: Annotated[tuple[str, ...], "ids of people, for the audience named"] = ()
    teams: Annotated[tuple[str, ...], "names of teams, for the audience named"] = ()
    groups: Annotated[tuple[str, ...], "names of the company's groups, for the audience named"] = ()
    unlock: Annotated[bool, "lift a lock that stands in the way"] = False
    message: Annotated[str, Private, "why, in your own words"] = ""

    @property
    def named(self) -> Named:
        """Whom it names."""
        return Named(self.people, self.teams, self.groups)


@verb(
    "rollback",
    effect=EffectClass.SEND,
    subject="app",
    undo="publish",
    says="{actor} {rolled|roll} {environment} of {app} back",
)
@dataclass(frozen=True, slots=True)
class Rollback:
    """Return an environment to an earlier deploy at once, and lock it so that no automatic publish undoes that."""

    app: AppName
    environment: EnvironmentName = "production"
    deploy: Annotated[str, "an earlier deploy; the one before the present when left out"] = ""
    why: Annotated[str, Private, "the reason, for the people who meet the lock"] = ""


@verb(
    "create-preview-token",
    effect=EffectClass.WRITE,
    subject="app",
    undo="revoke-preview-token",
    says="{actor} {made|make} a preview token for {app}",
)
@dataclass(frozen=True, slots=True)
class CreatePreviewToken:
    """Let a test robot, or somebody without an account, open one deploy's preview for a while."""

    app: AppName
    deploy: Annotated[str, "the deploy's id; the newest one when left out"] = ""
    hours: Annotated[int, "for how many hours it works, 1 to 720"] = 24


@verb(
    "revoke-preview-token",
    effect=EffectClass.WRITE,
    subject="app",
    says="{actor} {revoked|revoke} a preview token of {app}",
)
@dataclass(frozen=True, slots=True)
class RevokePreviewToken:
    """End a preview token at once."""

    app: AppName
    token: Annotated[str, "the token's id, pvt_…"]


@verb("look", effect=EffectClass.SEND, subject="app", says="a sampled look at {app} was asked for")
@dataclass(frozen=True, slots=True)
class Look:
    """Ask a reviewer to look at a change that went through; it delays nobody."""

    app: AppName
    about: Annotated[str, "the action that is looked at"]


@verb("answer-look", effect=EffectClass.WRITE, subject="app", says="{actor} {looked|look} at {app}: {verdict}")
@dataclass(frozen=True, slots=True)
class AnswerLook:
    """Say what you saw: fine, or not."""

    app: AppName
    about: Annotated[str, "the action that was looked at"]
    verdict: Annotated[str, "fine or not-fine"]
    because: Annotated[str, Private, "what you saw, in your own words"] = ""


@verb(
    "move-credential",
    effect=EffectClass.WRITE,
    subject="app",
    undo="remove-variable",
    says="{actor} {moved|move} a credential out of {app}'s files into its variable {name}",
)
@dataclass(frozen=True, slots=True)
class MoveCredential:
    """Put a value that was found in the files into the app's variables. Nobody types it and nobody sees it."""

    app: AppName
    found_in: FoundIn
    mark: Mark
    name: Annotated[str, "the variable's name, such as API_KEY"]
    environments: Annotated[tuple[str, ...], "the environments that get the value, such as preview, production"] = (
        "preview",
    )
    use: Annotated[str, "what it is for: build, run or both"] = "run"

    def __post_init__(self) -> None:
        if not self.environments:
            raise WrongInput("No environment was chosen.", next_step="Name at least one, such as preview.")
        for one in self.puts("unknown yet"):
            assert one.name == self.name

    def puts(self, value: str) -> tuple[PutVariable, ...]:
        """The same as single steps, one an environment. Raises ``WrongInput`` for a name or place that cannot be."""
        return tuple(
            PutVariable(self.name, value, app=self.app, environment=one, use=self.use)
            for one in dict.fromkeys(self.environments)
        )


@verb(
    "mark-false-alarm",
    effect=EffectClass.WRITE,
    subject="app",
    undo="unmark-false-alarm",
    says="{actor} {called|call} something found in {app} a false alarm: {kind}",
)
@dataclass(frozen=True, slots=True)
class MarkFalseAlarm:
    """Say that what was found is no credential. The same value of the same kind stops holding this app up."""

    app: AppName
    found_in: FoundIn
    mark: Mark
    why: Annotated[str, Private, "how you know that it is no credential"]
    kind: Annotated[str, "the kind that it was taken for; filled in by itself"] = ""


@verb(
    "unmark-false-alarm",
    effect=EffectClass.WRITE,
    subject="app",
    says="{actor} {took|take} back that something found in {app} was a false alarm: {kind}",
)
@dataclass(frozen=True, slots=True)
class UnmarkFalseAlarm:
    """Let a finding that was called a false alarm count again."""

    app: AppName
    mark: Mark
    kind: Annotated[str, "the kind that it was taken for; filled in by itself"] = ""


@verb(
    "import-advisories",
    effect=EffectClass.WRITE,
    says="{actor} {imported|import} a list of known flaws in packages",
)
@dataclass(frozen=True, slots=True)
class ImportAdvisories:
    """Take over known flaws of packages, in the OSV format: from an upload, or from the address of a mirror."""

    upload: Annotated[str, "the id of an upload that is a zip or a JSON file"] = ""
    address: Annotated[str, "the address of a mirror, such as https://mirror.example.com/npm/all.zip"] = ""

    def __post_init__(self) -> None:
        if bool(self.upload) == bool(self.address):
            raise WrongInput("A list comes from an upload or from an address.", next_step="Give one of the two.")


@verb(
    "tell-of-flaws",
    effect=EffectClass.SEND,
    subject="app",
    says="{actor} {told|tell} the owner of {app} of known flaws in its packages",
)
@dataclass(frozen=True, slots=True)
class TellOfFlaws:
    """Tell an app's owner that packages of what is live have flaws that a newer list knows."""

    app: AppName


@verb(
    "take-picture",
    effect=EffectClass.READ,
    subject="app",
    says="{actor} {visited|visit} a preview of {app} for its picture",
)
@dataclass(frozen=True, slots=True)
class TakePicture:
    """Open a preview in a browser and keep what it looks like; the platform does this after each deploy."""

    app: AppName
    deploy: Annotated[str, "the deploy's id"]
