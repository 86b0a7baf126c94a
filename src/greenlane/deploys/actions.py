"""The verbs that make deploys and move environments between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from greenlane.govern.action import EffectClass, Private, verb

AppName = Annotated[str, "the app's name"]
EnvironmentName = Annotated[str, "staging or production"]


@verb("deploy", effect=EffectClass.WRITE, subject="app", says="{actor} {deployed|deploy} a new version of {app}")
@dataclass(frozen=True, slots=True)
class Deploy:
    """Make an immutable deploy of what was uploaded, with a preview that the app's team can open."""

    app: AppName
    upload: Annotated[str, "the upload's id"]
    message: Annotated[str, Private, "what changed, in your own words"] = ""


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
    unlock: Annotated[bool, "lift a lock that stands in the way"] = False
    message: Annotated[str, Private, "why, in your own words"] = ""


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
